//! A server from its options: opens the port, serves until told to stop, and stops in order.

use crate::assets::{AssetError, Assets, Choice};
use crate::cli::{ReplayOptions, ServeOptions};
use crate::journal::{JournalOptions, Retention};
use crate::lobby::{Lobby, LobbyOptions};
use crate::net::acme::{Acme, Wanted};
use crate::net::addresses::Addresses;
use crate::net::admin::{AdminToken, TOKEN_FLOOR_BYTES};
use crate::net::admin_log::AdminLog;
use crate::net::bans::{Bans, BansError};
use crate::net::limits::{Limits, REFUSALS_LIMIT_CONNECTIONS};
use crate::net::listener;
use crate::net::origin::Origins;
use crate::net::polling::Polling;
use crate::net::presence::Presence;
use crate::net::proxies::Proxies;
use crate::net::pump::Pump;
use crate::net::recordings::Recordings;
use crate::net::site::{Purpose, Site};
use crate::net::sockets::SocketMethod;
use crate::net::stream::Meters;
use crate::net::tls::{self, Certificate, CertificateFiles, TlsError, default_directory};
use crate::speech::Words;
use crate::telemetry;
#[cfg(unix)]
use crate::upgrade;
use shared::message::CloseCode;
use shared::recording::{HEADER_LIMIT_BYTES, Header, OpenError};
use shared::rules::RuleError;
use shared::setup::{DEFAULT_TICK_RATE_HZ, Setup};
use std::fs::File;
use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
#[cfg(unix)]
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::time::{interval, timeout};
use tokio_rustls::TlsAcceptor;

/// What a stop may take before it goes on without the rooms.
const ROOMS_STOP_LIMIT: Duration = Duration::from_millis(3500);
/// What the goodbyes may take before the process ends without them.
const GOODBYES_LIMIT: Duration = Duration::from_millis(1200);
/// What the goodbyes may take before another binary takes over.
#[cfg(unix)]
const HAND_OVER_GOODBYES_LIMIT: Duration = Duration::from_millis(250);
/// How often the certificate's files are looked at.
const CERTIFICATE_REFRESH_INTERVAL: Duration = Duration::from_secs(60);
/// How often the metrics are tidied.
const METRICS_UPKEEP_INTERVAL: Duration = Duration::from_secs(5);
/// Beside the recordings: who is banned.
const BANS_FILE: &str = "bans.toml";
/// Beside the recordings: what administrators have ordered.
const ADMIN_LOG_FILE: &str = "admin.log";
/// Files that are kept for recordings and the process itself.
const RESERVED_FILES: usize = 256;
const BYTES_PER_MIB: u64 = 1024 * 1024;

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

/// A running server.
pub struct Server {
    address: SocketAddr,
    tls: bool,
    site: Arc<Site>,
    stop: watch::Sender<bool>,
    /// A second handle on the socket that is listened on, for a successor.
    #[cfg(unix)]
    listener: OwnedFd,
    /// Says, while it lives, that this process records there.
    _signed: Option<File>,
}

/// What a server is made of.
struct Plan {
    purpose: Purpose,
    host: Option<IpAddr>,
    port: u16,
    certificate: Option<CertificateFiles>,
    acme: Option<Wanted>,
    lobby: LobbyOptions,
    recordings: Recordings,
    origins: Origins,
    words: Words,
    admin: Option<AdminToken>,
    admin_log: AdminLog,
    bans: Bans,
    proxies: Proxies,
    limits: Limits,
    sockets: SocketMethod,
}

impl Server {
    /// Opens a server for the game.
    ///
    /// # Errors
    /// [`StartError`] says what to change.
    pub async fn start(options: &ServeOptions, limits: Limits) -> Result<Server, StartError> {
        Server::start_for(Purpose::Game, options, limits).await
    }

    /// As [`start`](Server::start), for the game or for a conformance suite.
    ///
    /// # Errors
    /// [`StartError`] says what to change.
    pub async fn start_for(
        purpose: Purpose,
        options: &ServeOptions,
        limits: Limits,
    ) -> Result<Server, StartError> {
        let lobby = LobbyOptions {
            setup: setup(options)?,
            fixed_seed: options.seed.is_some(),
            rooms_limit: options.rooms_limit,
            seat_grace_seconds: options.seat_grace_seconds,
            viewer_bytes_per_second: options.viewer_bytes_per_second,
            journal: (!options.no_record).then(|| journal_options(options)),
        };
        let host = options.host;
        let acme = acme(options)?;
        let certificate = match (&options.cert, &options.key) {
            (Some(cert), Some(key)) => Some(CertificateFiles { cert: cert.clone(), key: key.clone() }),
            (None, None) if options.no_tls => None,
            (None, None) => {
                let addresses: Vec<_> = lan_address().into_iter().chain(host).collect();
                Some(CertificateFiles::self_signed(&data(options), &addresses)?)
            }
            _ => return Err(StartError::HalfCertificate),
        };
        let plan = Plan {
            purpose,
            host,
            port: options.port,
            certificate: certificate.filter(|_| !options.no_tls),
            acme,
            lobby,
            recordings: Recordings::Directory(options.recordings.clone()),
            origins: Origins::new(&options.origin),
            words: assets(options).words()?,
            admin: admin_token(options)?,
            admin_log: AdminLog::new(options.recordings.join(ADMIN_LOG_FILE)),
            bans: Bans::open(options.recordings.join(BANS_FILE))?,
            proxies: Proxies::new(options.trusted_proxy.clone()),
            limits: Limits {
                connections: options.connections_limit.min(files_for_connections()),
                connections_per_address: options.connections_per_address_limit,
                ..limits
            },
            sockets: options.sockets,
        };
        Server::open(plan).await
    }

    /// Whether the options make a server, as far as can be told without opening it.
    ///
    /// # Errors
    /// [`StartError`] says what to change.
    pub fn check(options: &ServeOptions) -> Result<(), StartError> {
        acme(options)?;
        Ok(setup(options)?.check()?)
    }

    /// Opens a server that shows one recording, on this machine only.
    ///
    /// # Errors
    /// [`StartError`] says what to change.
    pub async fn start_replay(options: &ReplayOptions) -> Result<Server, StartError> {
        let unreadable = |error| StartError::Unreadable { file: options.file.clone(), error };
        let file = std::path::absolute(&options.file).map_err(unreadable)?;
        let mut start = Vec::new();
        let opened = std::fs::File::open(&file).map_err(unreadable)?;
        opened.take(HEADER_LIMIT_BYTES as u64).read_to_end(&mut start).map_err(unreadable)?;
        Header::read(&start).map_err(|error| StartError::Recording { file: options.file.clone(), error })?;
        let choice =
            Choice { mode: "belt".into(), drones: None, seed: 0, tick_rate_hz: DEFAULT_TICK_RATE_HZ };
        let setup = Assets::Embedded.setup(&choice)?;
        let plan = Plan {
            purpose: Purpose::Game,
            host: None,
            port: options.port,
            certificate: None,
            acme: None,
            lobby: LobbyOptions {
                setup,
                fixed_seed: false,
                rooms_limit: 0,
                seat_grace_seconds: 0,
                viewer_bytes_per_second: 0,
                journal: None,
            },
            recordings: Recordings::File(file),
            origins: Origins::Own,
            words: Words::default(),
            admin: None,
            admin_log: AdminLog::default(),
            bans: Bans::default(),
            proxies: Proxies::default(),
            limits: Limits::default(),
            sockets: SocketMethod::default(),
        };
        Server::open(plan).await
    }

    async fn open(plan: Plan) -> Result<Server, StartError> {
        telemetry::metrics();
        let certificate = plan.certificate.map(Certificate::load).transpose()?;
        let listener = match inherited()? {
            Some(listener) => listener,
            None => match (plan.host, &certificate) {
                (Some(host), None) if !host.is_loopback() => {
                    return Err(StartError::PlainBeyondLoopback(host));
                }
                (Some(host), _) => listen(host, plan.port)?,
                (None, None) => listen(Ipv4Addr::LOCALHOST.into(), plan.port)?,
                // A machine without IPv6 has no address for both.
                (None, Some(_)) => match listen(Ipv6Addr::UNSPECIFIED.into(), plan.port) {
                    Err(StartError::Listen { .. }) => listen(Ipv4Addr::UNSPECIFIED.into(), plan.port)?,
                    listener => listener?,
                },
            },
        };
        let address = listener.local_addr().map_err(|error| StartError::Listen {
            address: (Ipv4Addr::UNSPECIFIED, plan.port).into(),
            error,
        })?;
        #[cfg(unix)]
        let second = listener.as_fd().try_clone_to_owned().map_err(StartError::Listener)?;
        let acme = match (plan.acme, &certificate) {
            (Some(wanted), Some(own)) => Some(Acme::open(wanted, own.clone()).await?),
            _ => None,
        };
        let tls = match (&acme, &certificate) {
            (Some(acme), _) => Some(acme.server_config()?),
            (None, Some(certificate)) => Some(tls::server_config(certificate.clone())?),
            (None, None) => None,
        };
        let tls = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
        let (stop, stopping) = watch::channel(false);
        let pump = Arc::new(Pump::start(plan.sockets).map_err(StartError::Threads)?);
        let polling = Arc::new(Polling::default());
        let flush = {
            let (pump, polling) = (pump.clone(), polling.clone());
            Arc::new(move || {
                pump.flush();
                polling.flush();
            })
        };
        let lobby = Lobby::new(plan.lobby, flush)?;
        let signed = lobby.recordings().and_then(sign);
        lobby.restore();
        let site = Arc::new(Site {
            purpose: plan.purpose,
            lobby,
            pump,
            polling,
            origins: plan.origins,
            recordings: plan.recordings,
            sim_build: sim::Sim::BUILD,
            started: Instant::now(),
            stopping,
            meters: Meters::default(),
            addresses: Addresses::new(&plan.limits),
            words: plan.words,
            admin: plan.admin,
            admin_log: plan.admin_log,
            bans: plan.bans,
            whereabouts: Arc::default(),
            proxies: plan.proxies,
            sockets: Presence::new("driftbelt_sockets", plan.limits.connections + REFUSALS_LIMIT_CONNECTIONS),
            players: Presence::new("driftbelt_connections", plan.limits.connections),
            limits: plan.limits,
            last_connection: 0.into(),
        });
        tracing::info!(%address, tls = tls.is_some(), connections_limit = site.limits.connections, "listening");
        tokio::spawn(listener::run(site.clone(), listener, tls));
        if let Some(acme) = acme {
            tokio::spawn(acme.renew(site.clone()));
        }
        tokio::spawn(Polling::keep_times(site.clone()));
        tokio::spawn(keep_up(site.clone(), certificate.clone()));
        Ok(Server {
            address,
            tls: certificate.is_some(),
            site,
            stop,
            #[cfg(unix)]
            listener: second,
            _signed: signed,
        })
    }

    /// Where the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where a browser on this machine finds the page, with a slash at the end.
    #[must_use]
    pub fn local_url(&self) -> String {
        let ip = self.address.ip();
        let host = if ip.is_unspecified() || ip.is_loopback() { "localhost".into() } else { bracketed(ip) };
        self.url(&host)
    }

    /// Where a browser on another machine of the network finds the page, if it can.
    #[must_use]
    pub fn lan_url(&self) -> Option<String> {
        let ip = self.address.ip();
        ip.is_unspecified().then(lan_address).flatten().map(|ip| self.url(&bracketed(ip)))
    }

    fn url(&self, host: &str) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{host}:{}/", self.address.port())
    }

    /// Stops for a successor: accepts nobody, tells the players to come back at once, leaves the recordings to be gone on
    /// with. Hands over the listening socket, where those who knock wait.
    #[cfg(unix)]
    pub async fn leave_to_successor(self) -> OwnedFd {
        self.stop.send_replace(true);
        self.end_rooms(CloseCode::Restarting).await;
        // Whoever reads slower than this finds the connection broken instead, and comes back all the same.
        let _ = timeout(HAND_OVER_GOODBYES_LIMIT, self.site.players.emptied()).await;
        self.listener
    }

    async fn end_rooms(&self, code: CloseCode) {
        let lobby = self.site.lobby.clone();
        match timeout(ROOMS_STOP_LIMIT, tokio::task::spawn_blocking(move || lobby.stop(code))).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the rooms did not stop in order"),
            Err(_) => tracing::error!("the rooms did not stop in time"),
        }
    }

    /// Stops: accepts nobody, tells the players, closes the recordings, waits for the goodbyes. Takes less than 5 s.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        self.end_rooms(CloseCode::GoingAway).await;
        if timeout(GOODBYES_LIMIT, self.site.sockets.emptied()).await.is_err() {
            tracing::info!(left = self.site.sockets.count(), "some peers did not take their leave");
        }
    }
}

/// The administrator's token: the file's, else the one in the options; `None` if there is none.
fn admin_token(options: &ServeOptions) -> Result<Option<AdminToken>, StartError> {
    let token = match &options.admin_token_file {
        Some(file) => Some(
            std::fs::read_to_string(file)
                .map_err(|error| StartError::AdminTokenFile { file: file.clone(), error })?,
        ),
        None => options.admin_token.clone(),
    };
    match token {
        Some(token) => AdminToken::new(token.trim()).map(Some).ok_or(StartError::AdminTokenShort),
        None => Ok(None),
    }
}

/// The directory for data.
fn data(options: &ServeOptions) -> PathBuf {
    options.data.clone().unwrap_or_else(default_directory)
}

/// The certificate to get by ACME; `None` if there is none to get.
fn acme(options: &ServeOptions) -> Result<Option<Wanted>, StartError> {
    let given = &options.acme;
    if given.acme_domain.is_empty() {
        return Ok(None);
    }
    let others =
        [("--no-tls", options.no_tls), ("--cert", options.cert.is_some()), ("--key", options.key.is_some())];
    if let Some((other, _)) = others.into_iter().find(|(_, stands)| *stands) {
        return Err(StartError::AcmeBeside(other));
    }
    Ok(Some(Wanted {
        domains: given.acme_domain.clone(),
        contact: given.acme_contact.clone(),
        directory_url: given.acme_directory.clone(),
        authority: given.acme_ca.clone(),
        data: data(options),
    }))
}

fn assets(options: &ServeOptions) -> Assets {
    options.assets.clone().map_or(Assets::Embedded, Assets::Directory)
}

/// What rooms start from.
fn setup(options: &ServeOptions) -> Result<Setup, AssetError> {
    let choice = Choice {
        mode: options.mode.clone(),
        drones: options.drones,
        seed: options.seed.unwrap_or_default(),
        tick_rate_hz: options.tick_rate,
    };
    assets(options).setup(&choice)
}

fn journal_options(options: &ServeOptions) -> JournalOptions {
    JournalOptions {
        directory: options.recordings.clone(),
        wait_limit_ms: options.recording_wait_limit_ms,
        file_limit_bytes: options.recording_limit_mib * BYTES_PER_MIB,
        retention: Retention {
            total_limit_bytes: options.recordings_limit_mib.map(|limit| limit * BYTES_PER_MIB),
            age_limit_days: options.recordings_limit_days,
            files_limit: options.recordings_limit_files,
        },
    }
}

/// What has to be done now and then.
async fn keep_up(site: Arc<Site>, certificate: Option<Arc<Certificate>>) {
    let mut refresh = interval(CERTIFICATE_REFRESH_INTERVAL);
    let mut upkeep = interval(METRICS_UPKEEP_INTERVAL);
    loop {
        tokio::select! {
            _ = refresh.tick() => if let Some(certificate) = certificate.clone() {
                // A reader of files; its end is not waited for.
                drop(tokio::task::spawn_blocking(move || certificate.refresh()));
            },
            _ = upkeep.tick() => telemetry::metrics().run_upkeep(),
            () = site.stopped() => return,
        }
    }
}

/// The socket that the process before this one listened on.
#[cfg(unix)]
fn inherited() -> Result<Option<tokio::net::TcpListener>, StartError> {
    let listener = upgrade::inherited_listener().map_err(StartError::Listener)?;
    listener.map(tokio::net::TcpListener::from_std).transpose().map_err(StartError::Listener)
}

#[cfg(not(unix))]
fn inherited() -> Result<Option<tokio::net::TcpListener>, StartError> {
    Ok(None)
}

/// Says in the directory of recordings who is writing there.
#[cfg(unix)]
fn sign(recordings: &Path) -> Option<File> {
    let signed = upgrade::sign(recordings);
    signed.inspect_err(|error| tracing::warn!(%error, "`game-server upgrade` will not find this server")).ok()
}

#[cfg(not(unix))]
fn sign(_: &Path) -> Option<File> {
    None
}

fn listen(host: IpAddr, port: u16) -> Result<tokio::net::TcpListener, StartError> {
    let address = SocketAddr::new(host, port);
    listener::listen(address).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => StartError::PortTaken(port),
        _ => StartError::Listen { address, error },
    })
}

/// Raises the soft limit of open files as far as it goes, and says how many sockets that leaves.
fn files_for_connections() -> usize {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(files) => {
            tracing::info!(files, "files that this process may open");
            usize::try_from(files).unwrap_or(usize::MAX).saturating_sub(RESERVED_FILES).max(1)
        }
        Err(error) => {
            tracing::warn!(%error, "the limit of open files is unknown");
            usize::MAX
        }
    }
}

/// This machine's address on its network. Connecting a UDP socket sends nothing; it only picks the way out.
fn lan_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    // An address for documentation (RFC 5737): any outside address picks the same way.
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_loopback() && !ip.is_unspecified()).then_some(ip)
}

fn bracketed(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}
