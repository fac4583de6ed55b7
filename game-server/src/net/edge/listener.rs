//! Accepts sockets, does their TLS handshakes, and serves HTTP on them.

#[cfg(unix)]
use crate::files::has_no_files_left;
use crate::net::edge::acme;
use crate::net::guard::limits::{BACKLOG_CONNECTIONS, REQUEST_HEAD_LIMIT_BYTES, REQUEST_HEADERS_LIMIT};
use crate::net::guard::network_limit::NetworkLimit;
use crate::net::guard::permits::ConnectionLimit;
use crate::net::guard::socket_permit::{SocketPermit, SocketShare};
use crate::net::http::Entrance;
use crate::net::play::context::ConnectionContext;
use crate::net::play::stream::{HttpStream, MeteredSocket, Meters};
use crate::telemetry;
use axum::Router;
use axum::http::Request;
#[cfg(unix)]
use futures_util::FutureExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use metrics::counter;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, SocketAddr};
#[cfg(unix)]
use std::os::fd::{AsFd, OwnedFd};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::{interval_at, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

/// Pause after a failed accept, such as for lack of file descriptors.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(50);
/// First byte of a TLS handshake record (RFC 8446 §5.1).
const TLS_HANDSHAKE_RECORD: u8 = 22;
/// Files that are kept for sockets when there are no others.
#[cfg(unix)]
const RESERVE_FILES: usize = 4;
/// How long a socket beyond the limits is served, whether or not it asks for something: others wait for its place.
const IN_NEED_LIMIT: Duration = Duration::from_secs(1);

/// Opens the port. The unspecified IPv6 address accepts IPv4 too.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    // Takes a port with connections in TIME_WAIT, but not one that is listened on.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG_CONNECTIONS)?;
    TcpListener::from_std(socket.into())
}

/// Files that are closed when there are no others, so that probes are answered and other clients refused instead of waiting in
/// vain.
#[cfg(unix)]
#[derive(Default)]
struct Reserve(Vec<OwnedFd>);

#[cfg(unix)]
impl Reserve {
    fn fill(&mut self, listener: &TcpListener) {
        while self.0.len() < RESERVE_FILES {
            let Ok(file) = listener.as_fd().try_clone_to_owned() else { return };
            self.0.push(file);
        }
    }

    fn accept(&mut self, listener: &TcpListener) -> Option<(TcpStream, SocketAddr)> {
        drop(self.0.pop()?);
        listener.accept().now_or_never()?.ok()
    }
}

/// Serves the sockets of the port.
pub struct Listener {
    pub routes: Router,
    /// For plain HTTP on a port that serves TLS.
    pub redirect: Router,
    /// For sockets beyond the limit.
    pub routes_in_need: Router,
    /// `None` for plain HTTP.
    pub tls: Option<TlsAcceptor>,
    pub context: Arc<ConnectionContext>,
    pub entrance: Arc<Entrance>,
    pub sockets: Arc<ConnectionLimit>,
    /// Sockets beyond the limit.
    pub probes: Arc<NetworkLimit>,
    /// Those of this machine.
    pub local_probes: Arc<NetworkLimit>,
    pub meters: Meters,
}

impl Listener {
    /// Accepts until the server stops.
    pub async fn run(self: Arc<Self>, listener: TcpListener) {
        let failures = counter!("driftbelt_accept_failures_total");
        #[cfg(unix)]
        let mut reserve = Reserve::default();
        // Their files come back to the reserve before anything else takes them.
        let closed_in_need = Arc::new(Notify::new());
        let mut stopped = pin!(self.context.stopped());
        loop {
            #[cfg(unix)]
            reserve.fill(&listener);
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = closed_in_need.notified() => continue,
                () = &mut stopped => return,
            };
            match accepted {
                Ok((socket, peer)) => {
                    if let Some(permit) = self.admit(peer.ip()) {
                        drop(tokio::spawn(self.clone().serve(socket, Arc::new(permit), self.routes.clone())));
                    } else if let Some(permit) = self.admit_in_need(peer.ip()) {
                        telemetry::refused("full", peer.ip(), "all sockets are taken");
                        drop(tokio::spawn(self.clone().serve_in_need(socket, permit)));
                    }
                }
                Err(error) => {
                    failures.increment(1);
                    if telemetry::allows("accept") {
                        tracing::warn!(%error, "no socket can be accepted now");
                    }
                    #[cfg(unix)]
                    if has_no_files_left(&error)
                        && let Some((socket, peer)) = reserve.accept(&listener)
                    {
                        let closed = closed_in_need.clone();
                        let served = self
                            .admit_in_need(peer.ip())
                            .map(|permit| self.clone().serve_in_need(socket, permit));
                        drop(tokio::spawn(async move {
                            if let Some(served) = served {
                                served.await;
                            }
                            closed.notify_one();
                        }));
                    }
                    sleep(ACCEPT_RETRY_DELAY).await;
                }
            }
        }
    }

    /// The permit of a socket, before any work is done for it.
    fn admit(&self, peer: IpAddr) -> Option<SocketPermit> {
        self.counted(SocketShare::Server(self.sockets.acquire()?), peer)
    }

    /// As [`Listener::admit`], of a socket for which there is no place, or no file but the reserve. Probes of this machine do not
    /// compete with other networks.
    fn admit_in_need(&self, peer: IpAddr) -> Option<SocketPermit> {
        let probes = if peer.is_loopback() { &self.local_probes } else { &self.probes };
        self.counted(SocketShare::Probes(probes.acquire(peer).ok()?), peer)
    }

    fn counted(&self, server: SocketShare, peer: IpAddr) -> Option<SocketPermit> {
        let is_proxy = self.entrance.proxies.trust(peer);
        let address = if is_proxy { None } else { Some(self.entrance.admit(peer).ok()?) };
        Some(SocketPermit { _server: server, _address: address, peer })
    }

    /// Serves a socket beyond the limits, for a short time.
    async fn serve_in_need(self: Arc<Self>, socket: TcpStream, permit: SocketPermit) {
        let routes = self.routes_in_need.clone();
        let _ = timeout(IN_NEED_LIMIT, self.serve(socket, Arc::new(permit), routes)).await;
    }

    /// Serves TLS, or plain HTTP: all routes if that is what the port serves, else the redirect to https.
    async fn serve(self: Arc<Self>, socket: TcpStream, permit: Arc<SocketPermit>, routes: Router) {
        if let Err(error) = socket.set_nodelay(true) {
            tracing::debug!(%error, "a socket was closed before it was served");
            return;
        }
        let mut socket = MeteredSocket::new(socket, self.meters.clone());
        let moved_bytes = socket.moved_bytes();
        let Some(tls) = &self.tls else {
            return self.serve_http(HttpStream::Left(socket), moved_bytes, routes, permit).await;
        };
        let handshake = timeout(self.context.limits.handshake_timeout, async {
            if socket.peek().await? != TLS_HANDSHAKE_RECORD {
                return Ok(Some((HttpStream::Left(socket), self.redirect.clone())));
            }
            let mut stream = tls.accept(socket).await?;
            if acme::is_challenge(stream.get_ref().1) {
                stream.shutdown().await?;
                return Ok(None);
            }
            Ok(Some((HttpStream::Right(Box::new(stream)), routes)))
        });
        let handshake = tokio::select! {
            handshake = handshake => handshake,
            () = self.context.stopped() => return,
        };
        match handshake {
            Ok(Ok(Some((stream, routes)))) => self.serve_http(stream, moved_bytes, routes, permit).await,
            Ok(Ok(None)) => tracing::debug!("an ACME challenge was answered"),
            Ok::<_, _>(Err::<_, io::Error>(error)) => {
                counter!("driftbelt_handshakes_failed_total").increment(1);
                tracing::debug!(%error, "a TLS handshake failed");
            }
            Err(_) => counter!("driftbelt_handshakes_failed_total").increment(1),
        }
    }

    /// Serves HTTP until the connection is closed, upgraded, or transfers nothing for too long. hyper counts its time for the
    /// head of a request from the end of the one before, so it is longer than that between two requests; the first head has a
    /// limit here.
    async fn serve_http(
        &self,
        stream: HttpStream,
        moved_bytes: Arc<AtomicU64>,
        routes: Router,
        permit: Arc<SocketPermit>,
    ) {
        let limits = &self.context.limits;
        let has_request = Arc::new(AtomicBool::new(false));
        let service = service_fn({
            let has_request = has_request.clone();
            move |mut request: Request<Incoming>| {
                has_request.store(true, Relaxed);
                request.extensions_mut().insert(permit.clone());
                routes.clone().oneshot(request)
            }
        });
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(2 * limits.transfer_timeout)
            .max_headers(REQUEST_HEADERS_LIMIT)
            .max_buf_size(REQUEST_HEAD_LIMIT_BYTES);
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service).with_upgrades());
        let every = limits.transfer_timeout;
        let mut checks = interval_at(tokio::time::Instant::now() + every, every);
        let mut moved_before = 0;
        let mut first_request = pin!(sleep(limits.request_timeout));
        let mut stopping = false;
        loop {
            tokio::select! {
                // hyper has told the peer what is wrong.
                _ = connection.as_mut() => return,
                () = &mut first_request, if !first_request.is_elapsed() => if !has_request.load(Relaxed) {
                    return;
                },
                _ = checks.tick() => {
                    let moved_now = moved_bytes.load(Relaxed);
                    if moved_now == moved_before {
                        return;
                    }
                    moved_before = moved_now;
                }
                () = self.context.stopped(), if !stopping => {
                    stopping = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}
