//! Why a server does not start.

use crate::assets::AssetError;
use crate::net::edge::tls::TlsError;
use crate::net::guard::bans::BansError;
use crate::net::http::admin::TOKEN_FLOOR_BYTES;
use shared::recording::OpenError;
use shared::rules::RuleError;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another program listens there.
    #[error("port {0} is taken: stop what listens there, or choose another with --port")]
    PortTaken(u16),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
    /// Plain HTTP for others than this machine.
    #[error(
        "--no-tls works on a loopback address only, not on {0}: browsers give pages without TLS neither secure sockets \
         nor many of their functions; leave --no-tls out, or put a proxy with TLS in front of 127.0.0.1"
    )]
    PlainBeyondLoopback(IpAddr),
    /// The server that is followed listens elsewhere than these options say.
    #[error(
        "--host, --port and --no-tls cannot change while the server runs, at {0}: stop it and start it anew"
    )]
    Elsewhere(String),
    /// The socket to listen on.
    #[error("the socket that was left to listen on cannot be used: {0}")]
    Listener(io::Error),
    /// The threads that serve sockets.
    #[error("the system gives no threads for the sockets: {0}")]
    Threads(io::Error),
    /// One of two files.
    #[error("--cert and --key belong together")]
    HalfCertificate,
    /// Two ways to one certificate.
    #[error(
        "--acme-domain gets the certificate by itself and cannot be used with {0}: leave one of them out"
    )]
    AcmeBeside(&'static str),
    /// The recording to replay cannot be read.
    #[error("{}: {error}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The file to replay is no recording that this version reads.
    #[error("{}: {error}", file.display())]
    Recording {
        /// The file.
        file: PathBuf,
        /// Why.
        error: OpenError,
    },
    /// The administrator's token cannot be read.
    #[error("--admin-token-file {}: {error}", file.display())]
    AdminTokenFile {
        /// The file.
        file: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The administrator's token can be guessed.
    #[error(
        "the administrator's token must have at least {TOKEN_FLOOR_BYTES} characters: `openssl rand -hex 24` makes one"
    )]
    AdminTokenShort,
    /// The file of bans.
    #[error(transparent)]
    Bans(#[from] BansError),
    /// The certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Rules, modes and arenas.
    #[error(transparent)]
    Assets(#[from] AssetError),
    /// A number of the game.
    #[error(transparent)]
    Rule(#[from] RuleError),
}
