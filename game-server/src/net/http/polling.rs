//! The game over plain HTTP, for clients whose network passes no WebSocket: what the server says comes as answers to polls, what
//! the client says goes up in posts. The messages and the sessions are the same, in [batches](shared::batch).
//!
//! - `POST /poll?version=<protocol>[&room=<name>]`, the Hello as body: 201 and the connection's id, a secret. A refusal
//!   is a batch that ends with a close.
//! - `GET /poll/<id>/<n>[?wait=<milliseconds>]`, n = 0, 1, 2…: a batch as soon as there is something to say, an empty one when
//!   the wait is over. Two polls may wait at the same time.
//! - `POST /poll/<id>/<n>`, a batch as body: 204.
//! - `DELETE /poll/<id>`: 204, the client has closed.
//!
//! 404 means that the connection is not known (any more), 409 that the number makes no sense now.

use crate::net::guard::limits::POST_LIMIT_BYTES;
use crate::net::http::body::{Answer, set, text, whole};
use crate::net::http::{Slot, parameter};
use crate::net::play::ending::{Ending, close, version_mismatch};
pub use crate::net::play::polling::POLLS_LIMIT;
use crate::net::play::polling::{Poll, PollingConnection, Posted, Turn};
use crate::net::play::seat::Seat;
use crate::net::play::site::{Purpose, Site};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header;
use hyper::{Method, Request, Response, StatusCode};
use shared::batch::{put_close, put_message};
use shared::codec::{decode_client, encode_server};
use shared::message::{ClientMessage, CloseCode, ServerMessage};
use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::Notify;
use tokio::time::{interval, sleep_until, timeout};

/// Path of polls and posts.
pub const POLL_PATH: &str = "/poll";
/// The type of a batch.
pub use shared::batch::BATCH_TYPE;
/// How often the times of connections are looked at.
const CHECK_INTERVAL: Duration = Duration::from_millis(250);

/// The clients that poll.
#[derive(Default)]
pub struct Polling {
    connections: Mutex<HashMap<Id, Arc<PollingConnection>>>,
    /// Wakes the polls that wait.
    said: Notify,
}

/// Names a connection; whoever knows it speaks for the player.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Id(u128);

impl Polling {
    /// A room has ticked: what it said is to be sent.
    pub fn flush(&self) {
        self.said.notify_waiters();
    }

    /// Looks at the times of all connections until the server stops.
    pub async fn keep_times(site: Arc<Site>) {
        let mut checks = interval(CHECK_INTERVAL);
        loop {
            tokio::select! {
                _ = checks.tick() => {}
                () = site.stopped() => return,
            }
            let now = Instant::now();
            site.polling.open().retain(|_, connection| !connection.check_times(&site, now));
            site.polling.flush();
        }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<Id, Arc<PollingConnection>>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, id: &str) -> Option<(Id, Arc<PollingConnection>)> {
        let id = Id(u128::from_str_radix(id, 16).ok()?);
        self.open().get(&id).map(|connection| (id, connection.clone()))
    }
}

/// Answers a request whose path, behind [`POLL_PATH`], is `path`.
pub async fn answer(site: &Arc<Site>, slot: &Slot, path: &str, request: Request<Incoming>) -> Answer {
    if site.purpose != Purpose::Game {
        return text(StatusCode::NOT_FOUND, "there is no game here");
    }
    if !site.origins.allow(request.headers()) {
        return text(
            StatusCode::FORBIDDEN,
            "this page may not play here: its origin is not allowed by the server (--origin)",
        );
    }
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let (id, number) = match (request.method(), &segments[..]) {
        (&Method::POST, []) => return welcome(site, slot, request).await,
        (&Method::DELETE, [id]) => return farewell(site, id),
        (&Method::GET | &Method::POST, [id, number]) => (*id, number.parse()),
        (_, [] | [_] | [_, _]) => {
            return text(
                StatusCode::METHOD_NOT_ALLOWED,
                "polls are GET, what is said is POST, the end is DELETE",
            );
        }
        _ => return text(StatusCode::NOT_FOUND, "there is nothing here"),
    };
    let (Some((id, connection)), Ok(number)) = (site.polling.find(id), number) else { return unknown() };
    if request.method() == Method::POST {
        return match read(site, request).await {
            Ok(batch) => posted(connection.post(site, number, &batch, Instant::now())),
            Err(refusal) => *refusal,
        };
    }
    let limit = site.limits.poll_wait_limit;
    let wanted = parameter(&request, "wait").and_then(|wait| wait.parse().ok());
    let patience = wanted.map_or(limit, |wait| limit.min(Duration::from_millis(wait)));
    match connection.poll(number, patience, Instant::now()) {
        Some(poll) => wait(site, id, poll, patience).await,
        None => misplaced(),
    }
}

/// Seats a client that says Hello.
async fn welcome(site: &Arc<Site>, slot: &Slot, request: Request<Incoming>) -> Answer {
    let Some(version) = parameter(&request, "version").and_then(|version| version.parse().ok()) else {
        return text(StatusCode::BAD_REQUEST, "name the protocol's version: ?version=…");
    };
    if let Some(reason) = version_mismatch(version) {
        // A page of another version could not read a goodbye.
        let mut batch = Vec::new();
        put_close(CloseCode::VersionMismatch as u16, reason, &mut batch);
        return batch_answer(batch.into());
    }
    let address = site.proxies.client(slot.peer, request.headers());
    if site.bans.is_banned(address, SystemTime::now()) {
        return text(StatusCode::FORBIDDEN, "you are banned from this server");
    }
    let at_address = match site.addresses.enter(address, Instant::now()) {
        Ok(place) => place,
        Err(refusal) => return text(StatusCode::TOO_MANY_REQUESTS, &refusal.to_string()),
    };
    let Some(present) = site.players.enter() else {
        return refuse(close(CloseCode::Full, "the server is full: try again later"));
    };
    let room = parameter(&request, "room").filter(|room| !room.is_empty()).map(str::to_owned);
    let hello = match read(site, request).await {
        Ok(hello) => hello,
        Err(refusal) => return *refusal,
    };
    let seat = match decode_client(&hello) {
        Ok(ClientMessage::Hello(hello)) => Seat::enter(site, address, room.as_deref(), hello),
        Ok(_) => Err(close(CloseCode::BadMessage, "the first message must be Hello")),
        Err(error) => Err(close(CloseCode::BadMessage, error.to_string())),
    };
    let mut id = [0; 16];
    let drawn = getrandom::fill(&mut id).map_err(|_| close(CloseCode::Full, "no randomness"));
    match seat.and_then(|seat| drawn.map(|()| seat)) {
        Ok(seat) => {
            let id = Id(u128::from_le_bytes(id));
            let held = (present, at_address);
            let connection = PollingConnection::new(seat, address, held, &site.limits, Instant::now());
            site.polling.open().insert(id, Arc::new(connection));
            let mut answer = text(StatusCode::CREATED, "");
            *answer.body_mut() = whole(format!("{:032x}", id.0));
            answer
        }
        Err(ending) => refuse(ending),
    }
}

/// Lets a client go that has closed.
fn farewell(site: &Site, id: &str) -> Answer {
    let Some((_, connection)) = site.polling.find(id) else { return unknown() };
    connection.end();
    site.polling.flush();
    done()
}

/// Waits until a poll has its answer.
async fn wait(site: &Site, id: Id, poll: Poll<'_>, patience: Duration) -> Answer {
    if poll.replaces {
        site.polling.flush();
    }
    let mut patience = pin!(sleep_until(tokio::time::Instant::now() + patience));
    loop {
        let mut said = pin!(site.polling.said.notified());
        // What is said from here on is heard.
        said.as_mut().enable();
        match poll.turn(site, Instant::now()) {
            Turn::Wait => {}
            Turn::Answer(batch) => return batch_answer(batch),
            Turn::Last(batch) => {
                site.polling.open().remove(&id);
                // The one behind it has nothing to wait for.
                site.polling.flush();
                return batch_answer(batch);
            }
            Turn::Misplaced => return misplaced(),
            Turn::Over => return unknown(),
        }
        tokio::select! {
            () = said => {}
            () = &mut patience, if !patience.is_elapsed() => {}
        }
    }
}

/// The body of a post, as far as the limits allow.
async fn read(site: &Site, request: Request<Incoming>) -> Result<Bytes, Box<Answer>> {
    let body = Limited::new(request.into_body(), POST_LIMIT_BYTES).collect();
    let refusal = match timeout(site.limits.request_timeout, body).await {
        Ok(Ok(body)) => return Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            text(StatusCode::PAYLOAD_TOO_LARGE, &format!("a post may have {POST_LIMIT_BYTES} bytes"))
        }
        Ok(Err(error)) => text(StatusCode::BAD_REQUEST, &format!("the body cannot be read: {error}")),
        Err(_) => text(StatusCode::REQUEST_TIMEOUT, "the body took too long"),
    };
    Err(Box::new(refusal))
}

/// Tells a client that gets no seat why.
fn refuse(ending: Ending) -> Answer {
    let (Ending::Close(code, reason) | Ending::Broken(code, reason)) = ending else { return unknown() };
    let (code, mut goodbye, mut batch) = (code as u16, Vec::new(), Vec::new());
    encode_server(&ServerMessage::Goodbye { code, reason: reason.clone().into_owned() }, &mut goodbye);
    put_message(&goodbye, &mut batch);
    put_close(code, &reason, &mut batch);
    batch_answer(batch.into())
}

fn batch_answer(batch: Bytes) -> Answer {
    let mut answer = Response::new(whole(batch));
    set(&mut answer, header::CONTENT_TYPE, BATCH_TYPE);
    set(&mut answer, header::CACHE_CONTROL, "no-store");
    set(&mut answer, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    answer
}

fn posted(posted: Posted) -> Answer {
    match posted {
        Posted::Taken => done(),
        Posted::Misplaced => misplaced(),
        Posted::Over => unknown(),
    }
}

fn done() -> Answer {
    let mut answer = Response::new(whole(""));
    *answer.status_mut() = StatusCode::NO_CONTENT;
    answer
}

fn unknown() -> Answer {
    text(StatusCode::NOT_FOUND, "this connection is over: open another one")
}

fn misplaced() -> Answer {
    text(StatusCode::CONFLICT, "this number is not waited for")
}
