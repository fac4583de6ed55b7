//! The game over plain HTTP, for clients whose network blocks WebSockets: the responses to polls carry what the server sends,
//! posts what the client sends. The messages and the sessions are the same, in [batches](shared::batch).
//!
//! - `POST /poll?version=<protocol>[&room=<name>][&mode=<name>]`, the Hello as body: 201 and the connection's id, a secret. A refusal
//!   is a batch that ends with a close.
//! - `GET /poll/<id>/<n>[?wait=<milliseconds>]`, n = 0, 1, 2…: a batch as soon as there is a message, an empty one when the wait
//!   is over. Two polls may wait at the same time.
//! - `POST /poll/<id>/<n>`, a batch as body: 204.
//! - `DELETE /poll/<id>`: 204, the client has closed.
//!
//! 404 means that the connection is unknown or over, 409 that the number is not one that is expected now.

use super::entrance::Entrance;
use super::refusal::{Refusal, method_not_allowed};
use crate::host::lobby::Destination;
use crate::net::guard::proxies::Forwarding;
use crate::net::guard::socket_permit::SocketPermit;
use crate::net::play::close::{CloseCause, close, version_mismatch};
use crate::net::play::context::ConnectionContext;
use crate::net::play::polling::{Poll, PollingConnection, Posted, Turn};
use crate::net::play::seat::Seat;
use crate::telemetry;
use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response, Result};
use axum::routing::{delete, get, post};
use axum::{Extension, Router};
use serde::Deserialize;
use shared::batch::{BATCH_TYPE, POST_LIMIT_BYTES, put_close, put_message};
use shared::codec::{decode_client, encode_server};
use shared::message::{ClientMessage, CloseCode, ServerMessage};
use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::time::{interval, sleep_until};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::RequestBodyDeadlineLayer;

/// How often the timeouts of connections are checked.
const CHECK_INTERVAL: Duration = Duration::from_millis(250);

/// The connections of clients that poll.
#[derive(Default)]
pub struct Polling {
    connections: Mutex<HashMap<Id, Arc<PollingConnection>>>,
    /// Wakes the polls that wait.
    flushed: Notify,
}

/// Names a connection. A secret: it authenticates the player.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Id(u128);

#[derive(Clone)]
struct Polls {
    entrance: Arc<Entrance>,
    polling: Arc<Polling>,
}

#[derive(Deserialize)]
struct Version {
    version: u16,
}

#[derive(Deserialize)]
struct Patience {
    /// In milliseconds.
    wait: Option<u64>,
}

/// A path with a connection's id and a number.
type Numbered = std::result::Result<Path<(String, u64)>, PathRejection>;

const UNKNOWN: (StatusCode, &str) = (StatusCode::NOT_FOUND, "this connection is over: open another one");
const MISPLACED: (StatusCode, &str) = (StatusCode::CONFLICT, "this number is not expected now");

impl Polling {
    /// Wakes the polls that wait: rooms have ticked.
    pub fn flush(&self) {
        self.flushed.notify_waiters();
    }

    /// Checks the timeouts of all connections until the server stops.
    pub async fn check_timeouts(self: Arc<Polling>, context: Arc<ConnectionContext>) {
        let mut checks = interval(CHECK_INTERVAL);
        loop {
            tokio::select! {
                _ = checks.tick() => {}
                () = context.stopped() => return,
            }
            let now = Instant::now();
            self.open().retain(|_, connection| !connection.check_times(&context, now));
            self.flush();
        }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<Id, Arc<PollingConnection>>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(
        &self,
        id: &str,
    ) -> std::result::Result<(Id, Arc<PollingConnection>), (StatusCode, &'static str)> {
        let id = Id(u128::from_str_radix(id, 16).map_err(|_| UNKNOWN)?);
        self.open().get(&id).map(|connection| (id, connection.clone())).ok_or(UNKNOWN)
    }
}

pub(super) fn routes(entrance: Arc<Entrance>, polling: Arc<Polling>) -> Router {
    let deadline = entrance.context.limits.request_timeout;
    Router::new()
        .route("/poll", post(open))
        .route("/poll/{id}", delete(leave))
        .route("/poll/{id}/{number}", get(poll).post(take_batch))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(POST_LIMIT_BYTES))
        .layer(RequestBodyDeadlineLayer::new(deadline))
        .layer(from_fn_with_state(entrance.clone(), check_origin))
        .with_state(Polls { entrance, polling })
}

async fn check_origin(
    State(entrance): State<Arc<Entrance>>,
    Extension(socket): Extension<Arc<SocketPermit>>,
    mut request: Request,
    next: Next,
) -> std::result::Result<Response, Refusal> {
    let asked = entrance.forwarding(socket.peer, request.headers())?;
    entrance.check_origin(&asked, request.headers())?;
    request.extensions_mut().insert(asked);
    Ok(next.run(request).await)
}

/// Seats a client that says Hello.
async fn open(
    State(Polls { entrance, polling }): State<Polls>,
    Extension(Forwarding { client: address, .. }): Extension<Forwarding>,
    Query(Version { version }): Query<Version>,
    Query(to): Query<Destination>,
    hello: Bytes,
) -> Result<Response> {
    if let Some(reason) = version_mismatch(version) {
        telemetry::refused("version", address, reason);
        // A page of another version could not read a Goodbye.
        let mut batch = Vec::new();
        put_close(CloseCode::VersionMismatch as u16, reason, &mut batch);
        return Ok(batch_response(batch.into()));
    }
    let context = &entrance.context;
    let of_address = entrance.admit(address)?;
    if polling.open().len() >= context.limits.polling_connections {
        let reason = "too many players play without a WebSocket: try again later";
        telemetry::refused("full", address, reason);
        return Ok(refuse(close(CloseCode::Full, reason)));
    }
    let Some(permit) = context.players.acquire() else {
        let reason = "the server is full: try again later";
        telemetry::refused("full", address, reason);
        return Ok(refuse(close(CloseCode::Full, reason)));
    };
    let seat = match decode_client(&hello) {
        Ok(ClientMessage::Hello(hello)) => Seat::enter(context, address, &to.without_empty(), hello),
        Ok(_) => Err(close(CloseCode::BadMessage, "the first message must be Hello")),
        Err(error) => Err(close(CloseCode::BadMessage, error.to_string())),
    };
    let mut id = [0; 16];
    let drawn = getrandom::fill(&mut id).map_err(|_| close(CloseCode::Full, "no randomness"));
    match seat.and_then(|seat| drawn.map(|()| seat)) {
        Ok(seat) => {
            let id = Id(u128::from_le_bytes(id));
            let permits = (permit, of_address);
            let connection = PollingConnection::new(seat, address, permits, &context.limits, Instant::now());
            polling.open().insert(id, Arc::new(connection));
            Ok((StatusCode::CREATED, format!("{:032x}", id.0)).into_response())
        }
        Err(ending) => Ok(refuse(ending)),
    }
}

async fn leave(State(Polls { polling, .. }): State<Polls>, Path(id): Path<String>) -> Result<StatusCode> {
    polling.find(&id)?.1.end();
    polling.flush();
    Ok(StatusCode::NO_CONTENT)
}

async fn take_batch(
    State(Polls { entrance, polling }): State<Polls>,
    path: Numbered,
    batch: Bytes,
) -> Result<StatusCode> {
    let Path((id, number)) = path.map_err(|_| UNKNOWN)?;
    match polling.find(&id)?.1.post(&entrance.context, number, &batch, Instant::now()) {
        Posted::Taken => Ok(StatusCode::NO_CONTENT),
        Posted::Misplaced => Err(MISPLACED.into()),
        Posted::Over => Err(UNKNOWN.into()),
    }
}

async fn poll(
    State(Polls { entrance, polling }): State<Polls>,
    path: Numbered,
    Query(Patience { wait }): Query<Patience>,
) -> Result<Response> {
    let Path((id, number)) = path.map_err(|_| UNKNOWN)?;
    let (id, connection) = polling.find(&id)?;
    let context = &entrance.context;
    let limit = context.limits.poll_wait_limit;
    let patience = wait.map_or(limit, |wait| limit.min(Duration::from_millis(wait)));
    let poll = connection.poll(number, patience, Instant::now()).ok_or(MISPLACED)?;
    match polling.wait(context, &poll, patience).await {
        Turn::Answer(batch) => Ok(batch_response(batch)),
        Turn::Last(batch) => {
            polling.open().remove(&id);
            // A poll for the number after this one has nothing to wait for.
            polling.flush();
            Ok(batch_response(batch))
        }
        Turn::Wait | Turn::Misplaced => Err(MISPLACED.into()),
        Turn::Over => Err(UNKNOWN.into()),
    }
}

impl Polling {
    /// Waits until a poll has its answer.
    async fn wait(&self, context: &ConnectionContext, poll: &Poll<'_>, patience: Duration) -> Turn {
        if poll.replaces {
            self.flush();
        }
        let mut patience = pin!(sleep_until(tokio::time::Instant::now() + patience));
        loop {
            let mut flushed = pin!(self.flushed.notified());
            // A flush after this point is noticed.
            flushed.as_mut().enable();
            match poll.turn(context, Instant::now()) {
                Turn::Wait => {}
                turn => return turn,
            }
            tokio::select! {
                () = flushed => {}
                () = &mut patience, if !patience.is_elapsed() => {}
            }
        }
    }
}

/// Tells a client that gets no seat why.
fn refuse(ending: CloseCause) -> Response {
    let (CloseCause::Close(code, reason) | CloseCause::Breach(code, reason)) = ending else {
        return UNKNOWN.into_response();
    };
    let (code, mut goodbye, mut batch) = (code as u16, Vec::new(), Vec::new());
    encode_server(&ServerMessage::Goodbye { code, reason: reason.clone().into_owned() }, &mut goodbye);
    put_message(&goodbye, &mut batch);
    put_close(code, &reason, &mut batch);
    batch_response(batch.into())
}

fn batch_response(batch: Bytes) -> Response {
    ([(CONTENT_TYPE, BATCH_TYPE)], batch).into_response()
}
