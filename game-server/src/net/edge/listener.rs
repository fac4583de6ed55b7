//! Accepts sockets, lets them shake hands, and serves HTTP on them.

use crate::net::edge::acme;
use crate::net::guard::limits::{BACKLOG_CONNECTIONS, REQUEST_HEAD_LIMIT_BYTES, REQUEST_HEADERS_LIMIT};
use crate::net::http::{self, Slot};
use crate::net::play::site::Site;
use crate::net::play::stream::Stream;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use metrics::counter;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant, SystemTime};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{interval_at, sleep, timeout};
use tokio_rustls::TlsAcceptor;

/// How long accepting rests when the machine has nothing left for another socket.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(50);
/// First byte of a TLS handshake record (RFC 8446 §5.1).
const TLS_HANDSHAKE_RECORD: u8 = 22;

/// Opens the port. The IPv6 address for all takes IPv4 as well.
///
/// # Errors
/// If the port is taken or the address is not this machine's.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    // A port whose last connections are still fading is free; one that is listened on is not.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG_CONNECTIONS)?;
    TcpListener::from_std(socket.into())
}

/// Accepts until the server stops.
pub async fn run(site: Arc<Site>, listener: TcpListener, tls: Option<TlsAcceptor>) {
    let refused = counter!("driftbelt_connections_refused_total");
    let mut stopped = pin!(site.stopped());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stopped => return,
        };
        match accepted {
            Ok((socket, peer)) => match enter(&site, peer.ip()) {
                Some(slot) => drop(tokio::spawn(welcome(site.clone(), socket, tls.clone(), Arc::new(slot)))),
                None => refused.increment(1),
            },
            Err(error) => {
                tracing::warn!(%error, "no socket can be accepted now");
                sleep(ACCEPT_RETRY_DELAY).await;
            }
        }
    }
}

/// A place for a socket, before any work is done for it.
fn enter(site: &Site, peer: IpAddr) -> Option<Slot> {
    let socket = site.sockets.enter()?;
    let address = match site.proxies.trust(peer) {
        true => None,
        false if site.bans.is_banned(peer, SystemTime::now()) => return None,
        false => Some(site.addresses.enter(peer, Instant::now()).ok()?),
    };
    Some(Slot { _socket: socket, _address: address, peer })
}

/// Finds out what a peer speaks, and serves it.
async fn welcome(site: Arc<Site>, socket: TcpStream, tls: Option<TlsAcceptor>, slot: Arc<Slot>) {
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%error, "a socket is gone before it was served");
        return;
    }
    let Some(tls) = tls else {
        return serve_http(site.clone(), Stream::plain(socket, site.meters.clone()), slot, true).await;
    };
    let handshake = timeout(site.limits.handshake_timeout, async {
        let mut first = [0];
        socket.peek(&mut first).await?;
        if first[0] == TLS_HANDSHAKE_RECORD {
            let mut stream = tls.accept(socket).await?;
            if acme::is_challenge(stream.get_ref().1) {
                stream.shutdown().await?;
                return Ok(None);
            }
            Ok(Some((Stream::tls(stream, site.meters.clone()), true)))
        } else {
            Ok(Some((Stream::plain(socket, site.meters.clone()), false)))
        }
    });
    let handshake = tokio::select! {
        handshake = handshake => handshake,
        () = site.stopped() => return,
    };
    match handshake {
        Ok(Ok(Some((stream, at_home)))) => serve_http(site, stream, slot, at_home).await,
        Ok(Ok(None)) => tracing::debug!("an ACME challenge was answered"),
        Ok::<_, _>(Err::<_, io::Error>(error)) => {
            counter!("driftbelt_handshakes_failed_total").increment(1);
            tracing::debug!(%error, "a TLS handshake failed");
        }
        Err(_) => counter!("driftbelt_handshakes_failed_total").increment(1),
    }
}

/// Serves HTTP until the peer goes, is upgraded, or stops moving. `at_home` is false for plain HTTP where TLS is spoken.
async fn serve_http(site: Arc<Site>, stream: Stream, slot: Arc<Slot>, at_home: bool) {
    let moved = stream.moved();
    let service = service_fn({
        let site = site.clone();
        move |request| {
            let (site, slot) = (site.clone(), slot.clone());
            async move {
                if at_home {
                    http::answer(site, slot, request).await
                } else {
                    http::redirect_to_tls(request).await
                }
            }
        }
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(site.limits.request_timeout)
        .max_headers(REQUEST_HEADERS_LIMIT)
        .max_buf_size(REQUEST_HEAD_LIMIT_BYTES);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service).with_upgrades());
    let every = site.limits.transfer_timeout;
    let mut checks = interval_at(tokio::time::Instant::now() + every, every);
    let mut moved_before = 0;
    let mut stopping = false;
    loop {
        tokio::select! {
            // What goes wrong here is the peer's doing, and it has been told.
            _ = connection.as_mut() => return,
            _ = checks.tick() => {
                let moved_now = moved.load(Relaxed);
                if moved_now == moved_before {
                    return;
                }
                moved_before = moved_now;
            }
            () = site.stopped(), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}
