//! Why a server does not start.

use crate::assets::AssetError;
use crate::fleet::ConnectError;
use crate::host::journal::LockError;
use crate::net::edge::tls::TlsError;
use crate::net::guard::bans::BansError;
use crate::net::http::admin::BadToken;
use shared::recording::OpenError;
use shared::rules::RuleError;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("port {0} is taken: stop what listens there, or choose another with --port")]
    PortTaken(u16),
    #[error("cannot listen on {address}: {error}")]
    Listen { address: SocketAddr, error: io::Error },
    /// Plain HTTP for other machines.
    #[error(
        "--no-tls works on a loopback address only, not on {0}: browsers give pages without TLS neither secure sockets \
         nor many of their functions; leave --no-tls out, or name the proxy with TLS that is in front (--trusted-proxy)"
    )]
    PlainBeyondLoopback(IpAddr),
    /// The running server does not listen where these options say.
    #[error(
        "--host, --port and --no-tls cannot change while the server runs, at {0}: stop it and start it again"
    )]
    Elsewhere(String),
    #[error("the inherited listening socket cannot be used: {0}")]
    Listener(io::Error),
    #[error("cannot start the threads that serve sockets: {0}")]
    Threads(io::Error),
    #[error("the machine has no randomness: {0}")]
    Randomness(io::Error),
    #[error("--cert and --key belong together")]
    HalfCertificate,
    /// Two sources for one certificate.
    #[error("--acme-domain obtains the certificate and cannot be combined with {0}: leave one of them out")]
    AcmeBeside(&'static str),
    #[error("{}: {error}", file.display())]
    Unreadable { file: PathBuf, error: io::Error },
    #[error("{}: {error}", file.display())]
    Recording { file: PathBuf, error: OpenError },
    #[error("--admin-token-file {}: {error}", file.display())]
    AdminTokenFile { file: PathBuf, error: io::Error },
    /// The option, with the file that it names.
    #[error("{option}: {error}; `openssl rand -hex 24` makes one")]
    AdminToken { option: String, error: BadToken },
    #[error("--frame-ancestors must name origins in ASCII")]
    FrameAncestors,
    #[error("--fleet needs {0}")]
    Fleet(&'static str),
    #[error("--fleet: {0}")]
    FleetEngine(#[from] ConnectError),
    #[error(transparent)]
    Recordings(#[from] LockError),
    #[error(transparent)]
    Bans(#[from] BansError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Assets(#[from] AssetError),
    #[error(transparent)]
    Rule(#[from] RuleError),
}
