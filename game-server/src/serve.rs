//! A server from its options: opens the port, serves until told to stop, and stops in order.

mod error;
#[cfg(unix)]
pub(crate) mod handover;
mod plan;
mod port;
pub(crate) mod service_manager;

use crate::cli::{ReplayOptions, ServeOptions};
use crate::fleet::Node;
use crate::host::fleet::Fleet;
use crate::host::journal::{Directory, DirectoryLock, LockError};
use crate::host::lobby::Lobby;
use crate::net::edge::acme::Acme;
use crate::net::edge::listener::Listener;
use crate::net::edge::tls::{self, Certificate};
use crate::net::guard::addresses::Addresses;
use crate::net::guard::limits::{Limits, PROBES_LIMIT_SOCKETS};
use crate::net::guard::network_limit::NetworkLimit;
use crate::net::guard::origin::PublicUrl;
use crate::net::guard::permits::ConnectionLimit;
use crate::net::http::admin::fleet::FleetModeration;
use crate::net::http::admin::{Admin, Console};
use crate::net::http::builds;
use crate::net::http::polling::Polling;
use crate::net::http::status::Observed;
use crate::net::http::{self, Entrance, Services};
use crate::net::play::context::{ConnectionContext, Purpose};
use crate::net::play::stream::Meters;
use crate::net::play::workers::SocketWorkers;
use crate::{exposition, telemetry};
pub use error::StartError;
#[cfg(unix)]
use handover::Handover;
use metrics::gauge;
use plan::Plan;
use port::{bracketed, lan_address};
use room::Stop;
use service_manager::{ServiceState, notify, watchdog_interval};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
#[cfg(unix)]
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{interval, timeout};
use tokio_rustls::TlsAcceptor;

/// Longest wait of a stop for its rooms.
const ROOMS_STOP_LIMIT: Duration = Duration::from_millis(3500);
/// What the goodbyes may take before the process ends without them.
const GOODBYES_LIMIT: Duration = Duration::from_millis(1200);
/// What the goodbyes may take before another binary takes over.
#[cfg(unix)]
const HAND_OVER_GOODBYES_LIMIT: Duration = Duration::from_millis(250);
/// How often the certificate's files are looked at.
const CERTIFICATE_REFRESH_INTERVAL: Duration = Duration::from_secs(10);
/// How often the recordings are measured.
const DISK_USAGE_INTERVAL: Duration = Duration::from_secs(15);
/// How often the metrics are tidied.
const METRICS_UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// A running server.
pub struct Server {
    address: SocketAddr,
    tls: bool,
    public_url: Option<PublicUrl>,
    context: Arc<ConnectionContext>,
    fleet: Option<Node>,
    sockets: Arc<ConnectionLimit>,
    stop: watch::Sender<bool>,
    /// A second handle on the socket that is listened on, for a successor.
    #[cfg(unix)]
    listener: OwnedFd,
    lock: Option<DirectoryLock>,
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
        Server::open(Plan::of_game(purpose, options, limits)?).await
    }

    /// Whether the options make a server, as far as can be told without opening it.
    ///
    /// # Errors
    /// [`StartError`] says what to change.
    pub fn check(options: &ServeOptions) -> Result<(), StartError> {
        Plan::check(options)
    }

    /// Whether a server of these options could follow the one of this [origin](Server::origin), which cannot change while
    /// it runs.
    ///
    /// # Errors
    /// [`StartError`] says what to change.
    pub fn check_origin(options: &ServeOptions, origin: &str) -> Result<(), StartError> {
        let tls = !options.listen.no_tls;
        let address = origin.strip_prefix(scheme(tls)).and_then(|rest| rest.strip_prefix("://"));
        match address.and_then(|address| address.parse().ok()) {
            Some(address) if port::would_open(options.listen.host, options.listen.port, tls, address) => {
                Ok(())
            }
            _ => Err(StartError::Elsewhere(origin.into())),
        }
    }

    /// Opens a server that shows one recording, on this machine only.
    ///
    /// # Errors
    /// [`StartError`] says what to change.
    pub async fn start_replay(options: &ReplayOptions) -> Result<Server, StartError> {
        Server::open(Plan::of_replay(options)?).await
    }

    /// Opens a server again with what it has left to a successor that could not be executed.
    ///
    /// # Errors
    /// [`StartError`] says what to change.
    #[cfg(unix)]
    pub async fn resume(
        options: &ServeOptions,
        limits: Limits,
        handover: Handover,
    ) -> Result<Server, StartError> {
        let plan = Plan::of_game(Purpose::Game, options, limits)?;
        let listener = TcpListener::from_std(handover.listener.into()).map_err(StartError::Listener)?;
        Server::run(plan, listener, handover.lock).await
    }

    async fn open(plan: Plan) -> Result<Server, StartError> {
        let listener = port::open(plan.host, plan.port, plan.certificate.is_some(), &plan.proxies)?;
        let lock = take_directory(&plan)?;
        Server::run(plan, listener, lock).await
    }

    async fn run(
        plan: Plan,
        listener: TcpListener,
        lock: Option<DirectoryLock>,
    ) -> Result<Server, StartError> {
        exposition::metrics();
        let certificate = plan.certificate.map(Certificate::load).transpose()?;
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
        let workers = Arc::new(SocketWorkers::default());
        let polling = Arc::new(Polling::default());
        let flush = {
            let (workers, polling) = (workers.clone(), polling.clone());
            Arc::new(move || {
                workers.flush();
                polling.flush();
            })
        };
        let recordings = plan.lobby.journal.as_ref().map(|journal| journal.directory.clone());
        let fleet = match plan.fleet {
            Some(options) => Some(Node::join(options).await?),
            None => None,
        };
        let seen = fleet.clone().map(|node| Arc::new(node) as Arc<dyn Fleet>);
        let lobby = Lobby::new(plan.lobby, seen.clone(), flush)?;
        if let Some(node) = &fleet {
            node.start(&lobby);
        }
        lobby.restore();
        if let Some(directory) = plan.recordings.directory() {
            directory.hide_newest();
            let home = directory.path();
            if recordings.is_some()
                && let Err(error) = builds::keep(home, sim::Sim::BUILD)
            {
                let home = home.display();
                tracing::warn!(%home, %error, "the client cannot be kept: later builds will not play these recordings");
            }
        }
        plan.clips.iter().for_each(|kept| kept.clips.prepare());
        let context = Arc::new(ConnectionContext {
            purpose: plan.purpose,
            lobby,
            bans: plan.bans,
            peer_addresses: Arc::default(),
            players: ConnectionLimit::new("driftbelt_connections", plan.limits.connections),
            last_connection: 0.into(),
            stopping,
            limits: plan.limits,
        });
        workers.start(&context).map_err(StartError::Threads)?;
        let limits = &context.limits;
        let entrance = Arc::new(Entrance {
            context: context.clone(),
            origins: plan.origins,
            proxies: plan.proxies,
            public_url: plan.public_url.clone(),
            tls: certificate.is_some(),
            only_proxies: certificate.is_none() && !address.ip().is_loopback(),
            addresses: Addresses::new(limits),
            fleet: seen.clone(),
            fleet_url: plan.fleet_url,
        });
        let sockets = ConnectionLimit::new("driftbelt_sockets", limits.connections + limits.refusals);
        let admin = plan.admin.map(|token| {
            let local = || url(certificate.is_some(), &local_host(address.ip()), address.port());
            let page = plan.public_url.as_ref().map_or_else(local, PublicUrl::to_string);
            let console =
                Arc::new(Console::open(context.clone(), seen.clone(), plan.directory.clone(), &page));
            let (log, proxies) = (plan.admin_log, entrance.proxies.clone());
            Admin { token, log, context: context.clone(), console, fleet: seen, proxies }
        });
        if let Some(node) = &fleet {
            let (context, directory) = (context.clone(), plan.directory);
            node.moderate(Arc::new(FleetModeration { context, directory })).await;
        }
        let observed = Observed { context: context.clone(), workers: workers.clone() };
        let routes_in_need = http::routes_in_need(observed.clone(), sim::Sim::BUILD);
        let routes = http::router(Services {
            context: context.clone(),
            entrance: entrance.clone(),
            workers,
            polling: polling.clone(),
            recordings: plan.recordings,
            watch: plan.watch,
            clips: plan.clips,
            admin,
            sim_build: sim::Sim::BUILD,
            security_policy: plan.security_policy.clone(),
        });
        tracing::info!(%address, tls = tls.is_some(), connections_limit = limits.connections, "listening");
        let meters = Meters::default();
        let edge = Listener {
            routes,
            redirect: http::redirect_to_tls(plan.security_policy),
            routes_in_need,
            tls,
            context: context.clone(),
            entrance,
            sockets: sockets.clone(),
            probes: NetworkLimit::new("driftbelt_sockets", PROBES_LIMIT_SOCKETS, 1),
            local_probes: NetworkLimit::new("driftbelt_sockets", PROBES_LIMIT_SOCKETS, 1),
            meters,
        };
        tokio::spawn(Arc::new(edge).run(listener));
        if let Some(acme) = acme {
            tokio::spawn(acme.renew(context.clone()));
        }
        tokio::spawn(polling.check_timeouts(context.clone()));
        tokio::spawn(keep_up(observed, certificate.clone(), recordings));
        Ok(Server {
            address,
            tls: certificate.is_some(),
            public_url: plan.public_url,
            context,
            fleet,
            sockets,
            stop,
            #[cfg(unix)]
            listener: second,
            lock,
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
        self.url(&local_host(self.address.ip()))
    }

    /// Where a browser on another machine of the network finds the page, if it can.
    #[must_use]
    pub fn lan_url(&self) -> Option<String> {
        let ip = self.address.ip();
        ip.is_unspecified().then(lan_address).flatten().map(|ip| self.url(&bracketed(ip)))
    }

    /// Where players find the page, if the options say so.
    #[must_use]
    pub fn public_url(&self) -> Option<String> {
        self.public_url.as_ref().map(PublicUrl::to_string)
    }

    fn url(&self, host: &str) -> String {
        url(self.tls, host, self.address.port())
    }

    /// How and where the server listens.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("{}://{}", scheme(self.tls), self.address)
    }

    /// Stops for a successor: refuses new clients, tells players to reconnect at once, and leaves the recordings open. Hands over the listening socket, where new connections wait, and the directory of recordings.
    #[cfg(unix)]
    pub async fn leave_to_successor(self) -> Handover {
        self.stop.send_replace(true);
        self.end_rooms(Stop::ForSuccessor).await;
        if let Some(node) = &self.fleet {
            node.finish().await;
        }
        // A slower reader sees a broken connection instead, and reconnects.
        let _ = timeout(HAND_OVER_GOODBYES_LIMIT, self.context.players.emptied()).await;
        Handover { listener: self.listener, lock: self.lock }
    }

    async fn end_rooms(&self, stop: Stop) {
        let lobby = self.context.lobby.clone();
        let (ended, end) = tokio::sync::oneshot::channel();
        let stop = move || {
            lobby.stop(stop);
            let _ = ended.send(());
        };
        // A separate thread, since the runtime's may all be waiting for a disk.
        if let Err(error) = std::thread::Builder::new().name("rooms' end".into()).spawn(stop) {
            tracing::error!(%error, "no thread to stop the rooms");
        }
        match timeout(ROOMS_STOP_LIMIT, end).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => tracing::error!("the rooms did not stop in order"),
            Err(_) => tracing::error!("the rooms did not stop in time"),
        }
    }

    /// Takes no newcomers, and gives the rooms to the other nodes of the fleet, if there are any.
    pub async fn drain(&self) {
        match &self.fleet {
            Some(node) => node.drain(&self.context.lobby).await,
            None => self.context.lobby.set_draining(true),
        }
    }

    /// Stops: accepts nobody, tells the players, waits for the goodbyes. Takes less than 5 s. Rooms continue at the next start if
    /// the options say so; in a fleet, where there is another node for them.
    pub async fn stop(self) {
        if let Some(node) = &self.fleet
            && node.has_peer()
        {
            node.drain(&self.context.lobby).await;
        }
        let usual = self.context.lobby.usual_stop();
        self.stop_rooms_and_sockets(usual).await;
    }

    /// As [`stop`](Server::stop), but ends the matches and closes their recordings.
    pub async fn stop_for_good(self) {
        self.stop_rooms_and_sockets(Stop::ForGood).await;
    }

    async fn stop_rooms_and_sockets(self, stop: Stop) {
        self.stop.send_replace(true);
        self.end_rooms(stop).await;
        if let Some(node) = &self.fleet {
            node.leave(&self.context.lobby).await;
        }
        if timeout(GOODBYES_LIMIT, self.sockets.emptied()).await.is_err() {
            tracing::info!(left = self.sockets.count(), "some peers did not take their leave");
        }
    }
}

fn url(tls: bool, host: &str, port: u16) -> String {
    format!("{}://{host}:{port}/", scheme(tls))
}

/// How a browser on this machine names the address.
fn local_host(ip: IpAddr) -> String {
    if ip.is_unspecified() || ip.is_loopback() { "localhost".into() } else { bracketed(ip) }
}

fn scheme(tls: bool) -> &'static str {
    if tls { "https" } else { "http" }
}

/// What has to be done now and then.
async fn keep_up(observed: Observed, certificate: Option<Arc<Certificate>>, recordings: Option<Directory>) {
    let mut refresh = interval(CERTIFICATE_REFRESH_INTERVAL);
    let mut disk = interval(DISK_USAGE_INTERVAL);
    let mut upkeep = interval(METRICS_UPKEEP_INTERVAL);
    let mut watchdog = interval(watchdog_interval());
    loop {
        tokio::select! {
            _ = refresh.tick() => if let Some(certificate) = certificate.clone() {
                // A reader of files; its end is not waited for.
                drop(tokio::task::spawn_blocking(move || certificate.refresh(SystemTime::now())));
            },
            _ = disk.tick() => if let Some(recordings) = recordings.clone() {
                drop(tokio::task::spawn_blocking(move || show_disk_use(&recordings)));
            },
            _ = upkeep.tick() => {
                exposition::metrics().run_upkeep();
                telemetry::end_episodes();
            }
            _ = watchdog.tick() => if observed.dead_thread().is_none() {
                notify(ServiceState::Alive);
            },
            () = observed.context.stopped() => return,
        }
    }
}

fn show_disk_use(recordings: &Directory) {
    let Ok(disk) = recordings.disk_use() else { return };
    gauge!("driftbelt_recordings_files").set(disk.files as f64);
    gauge!("driftbelt_recordings_bytes").set(disk.bytes as f64);
    if let Some(free) = disk.free_bytes {
        gauge!("driftbelt_recordings_free_bytes").set(free as f64);
    }
}

/// Takes the directory of recordings for this process. Where nothing can be recorded, the server runs without it.
fn take_directory(plan: &Plan) -> Result<Option<DirectoryLock>, StartError> {
    let Some(journal) = &plan.lobby.journal else { return Ok(None) };
    #[cfg(unix)]
    let inherited = handover::inherits_lock();
    #[cfg(not(unix))]
    let inherited = false;
    let taken = DirectoryLock::take(journal.directory.path(), inherited);
    if let Err(error @ LockError::Taken { .. }) = taken {
        return Err(error.into());
    }
    journal.directory.prepare();
    if let (Err(error), false) = (&taken, journal.directory.has_failed()) {
        tracing::warn!(%error, "a second server here would not be noticed");
    }
    Ok(taken.ok())
}
