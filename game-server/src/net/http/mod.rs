//! One HTTP request, one answer: the page and its files, the API, the probes, and the way to the socket.

pub mod admin;
pub mod admin_log;
pub mod body;
pub mod client_files;
pub mod polling;
pub mod recordings;
pub mod upgrade;

use crate::net::guard::addresses::AtAddress;
use crate::net::guard::presence::Present;
use crate::net::http::admin::ADMIN_PATH;
use crate::net::http::body::{Answer, harden, json, set, text, whole};
use crate::net::http::polling::POLL_PATH;
use crate::net::http::upgrade::Upgrade;
use crate::net::play::connection::{Arrival, Connection};
use crate::net::play::site::Site;
use crate::net::play::stream::Stream;
use crate::telemetry;
use hyper::body::Incoming;
use hyper::header::{self, HOST, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, Version};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde_json::json;
use shared::PROTOCOL_VERSION;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

/// Path of the socket.
pub const SOCKET_PATH: &str = "/ws";

/// A socket's place among all sockets, held until its last byte.
pub struct Slot {
    /// Among those of the server.
    pub _socket: Present,
    /// Among those of its address, unless that is a proxy, which has the sockets of many.
    pub _address: Option<AtAddress>,
    /// Who is at the other end.
    pub peer: IpAddr,
}

/// What `/api/status` shows.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    version: &'static str,
    protocol: u16,
    sim_build: &'static str,
    uptime_seconds: u64,
    stopping: bool,
    connections: usize,
    players: usize,
    rooms: Vec<crate::host::room_metrics::RoomStatus>,
}

/// Answers a request. Its `slot` goes on to the WebSocket.
///
/// # Errors
/// Never; the signature is hyper's.
pub async fn answer(
    site: Arc<Site>,
    slot: Arc<Slot>,
    request: Request<Incoming>,
) -> Result<Answer, Infallible> {
    if let Some(path) = request.uri().path().strip_prefix(POLL_PATH)
        && (path.is_empty() || path.starts_with('/'))
    {
        let path = path.to_owned();
        // These go to scripts, dozens per second: the headers for pages would be most of their bytes.
        return Ok(polling::answer(&site, &slot, &path, request).await);
    }
    let mut answer = route(&site, &slot, request).await;
    harden(&mut answer);
    Ok(answer)
}

/// The value of a name in the query, as it stands there.
pub fn parameter<'a, B>(request: &'a Request<B>, name: &str) -> Option<&'a str> {
    let pairs = request.uri().query()?.split('&');
    let mut values = pairs.filter_map(|pair| pair.split_once('=').filter(|(known, _)| *known == name));
    values.next().map(|(_, value)| value)
}

async fn route(site: &Arc<Site>, slot: &Arc<Slot>, request: Request<Incoming>) -> Answer {
    if request.version() == Version::HTTP_11 && !request.headers().contains_key(HOST) {
        return text(StatusCode::BAD_REQUEST, "an HTTP/1.1 request needs a Host");
    }
    let path = request.uri().path();
    if path == SOCKET_PATH {
        return open_socket(site, slot, request);
    }
    if let Some(path) = path.strip_prefix(ADMIN_PATH) {
        let path = path.to_owned();
        return admin::answer(site, &path, request).await;
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut answer = text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are understood here");
        set(&mut answer, header::ALLOW, "GET, HEAD");
        return answer;
    }
    match path {
        "/healthz" => text(StatusCode::OK, "alive"),
        "/readyz" if site.is_stopping() => text(StatusCode::SERVICE_UNAVAILABLE, "stopping"),
        "/readyz" => text(StatusCode::OK, "ready"),
        "/metrics" => metrics(),
        "/api/status" => json(&status(site)),
        "/api/recordings" => recordings(site).await,
        _ => match path.strip_prefix("/recordings/") {
            Some(name) => site.recordings.answer(name).await,
            None => client_files::answer(&client_files::BuiltIn, path, request.headers())
                .unwrap_or_else(|| text(StatusCode::NOT_FOUND, "there is nothing here")),
        },
    }
}

fn metrics() -> Answer {
    let mut answer = Response::new(whole(telemetry::metrics().render()));
    set(&mut answer, header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
    set(&mut answer, header::CACHE_CONTROL, "no-store");
    answer
}

fn status(site: &Site) -> Status {
    let rooms = site.lobby.status();
    Status {
        version: env!("CARGO_PKG_VERSION"),
        protocol: PROTOCOL_VERSION,
        sim_build: site.sim_build,
        uptime_seconds: site.started.elapsed().as_secs(),
        stopping: site.is_stopping(),
        connections: site.players.count(),
        players: rooms.iter().map(|room| room.players).sum(),
        rooms,
    }
}

async fn recordings(site: &Arc<Site>) -> Answer {
    match site.listing.of(&site.recordings, Instant::now()).await {
        Ok(listed) => json(&json!({ "recordings": *listed })),
        Err(error) => {
            tracing::warn!(%error, "the recordings cannot be listed");
            text(StatusCode::INTERNAL_SERVER_ERROR, "the recordings cannot be listed")
        }
    }
}

/// Sends a plain request on to where TLS is spoken.
///
/// # Errors
/// Never; the signature is hyper's.
pub async fn redirect_to_tls(request: Request<Incoming>) -> Result<Answer, Infallible> {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let mut answer = match HeaderValue::from_str(&format!("https://{host}{path}")) {
        Ok(location) if is_authority(host) && path.starts_with('/') => {
            let mut answer = text(StatusCode::PERMANENT_REDIRECT, "this port speaks https");
            answer.headers_mut().insert(header::LOCATION, location);
            answer
        }
        _ => text(StatusCode::BAD_REQUEST, "this port speaks https"),
    };
    harden(&mut answer);
    Ok(answer)
}

fn is_authority(host: &str) -> bool {
    host.parse::<hyper::http::uri::Authority>().is_ok_and(|host| !host.as_str().contains('@'))
}

/// Answers the 101 and hands the socket to the pump: the memory of the HTTP connection goes.
fn open_socket(site: &Arc<Site>, slot: &Arc<Slot>, request: Request<Incoming>) -> Answer {
    let upgrade = match Upgrade::check(&request, site) {
        Ok(upgrade) => upgrade,
        Err(refusal) => return *refusal,
    };
    let address = site.proxies.client(slot.peer, request.headers());
    let behind_proxy = if address == slot.peer.to_canonical() {
        None
    } else if site.bans.is_banned(address, SystemTime::now()) {
        return text(StatusCode::FORBIDDEN, "this address is banned");
    } else {
        match site.addresses.enter(address, Instant::now()) {
            Ok(place) => Some(place),
            Err(refusal) => return text(StatusCode::TOO_MANY_REQUESTS, &refusal.to_string()),
        }
    };
    let answer = upgrade.answer();
    let room = parameter(&request, "room").filter(|room| !room.is_empty()).map(str::to_owned);
    let (site, slot) = (site.clone(), slot.clone());
    let opened = hyper::upgrade::on(request);
    tokio::spawn(async move {
        let Ok(upgraded) = opened.await else { return };
        let Ok(parts) = upgraded.downcast::<TokioIo<Stream>>() else { return };
        match parts.io.into_inner().into_socket() {
            Ok((socket, tls)) => {
                // A copy of its size: the buffer that it lies in is large, and would stay with the connection.
                let early = parts.read_buf.to_vec();
                let mismatch = upgrade.mismatch;
                let arrival = Arrival { tls, early, room, mismatch, slot, address, behind_proxy };
                site.pump.adopt(socket, Connection::new(site.clone(), arrival, Instant::now()));
            }
            Err(error) => tracing::debug!(%error, "a socket is gone before it was open"),
        }
    });
    answer
}
