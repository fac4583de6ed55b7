//! What the console does with rooms besides moderation: opens them, changes their limits, reads their recordings, forks them.

use super::body::JsonBody;
use super::console::Console;
use crate::host::lobby::OpenError;
use crate::net::http::refusal::Refusal;
use axum::Json;
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use mime_guess::mime::APPLICATION_OCTET_STREAM;
use serde::Deserialize;
use serde_json::{Value, json};
use shared::command::Admin as Order;
use shared::id::Tick;
use shared::recording::{Audience, WATCH_DELAY_LIMIT_SECONDS, Watching};
use std::sync::Arc;
use tower::ServiceExt;
use tower_http::services::ServeFile;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Open {
    name: String,
    mode: String,
    watch: Option<Audience>,
    watch_delay_seconds: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Drones {
    drones: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Capacity {
    capacity: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fork {
    tick: u32,
}

type On = State<Arc<Console>>;
type Done = Result<Json<Value>, Refusal>;

pub fn routes(console: Arc<Console>) -> Router {
    Router::new()
        .route("/rooms", post(open))
        .route("/rooms/{room}/drones", post(set_drones))
        .route("/rooms/{room}/capacity", post(set_capacity))
        .route("/rooms/{room}/fork", post(fork))
        .route("/rooms/{room}/recording", get(show_recording))
        .with_state(console)
}

async fn open(State(console): On, JsonBody(order): JsonBody<Open>) -> Done {
    let Open { name, mode, watch, watch_delay_seconds } = order;
    if watch_delay_seconds.is_some_and(|delay| delay > WATCH_DELAY_LIMIT_SECONDS) {
        let reason = format!("watchDelaySeconds must be at most {WATCH_DELAY_LIMIT_SECONDS}");
        return Err((StatusCode::BAD_REQUEST, reason.into()));
    }
    let watching = Watching { audience: watch, delay_seconds: watch_delay_seconds };
    console.context.lobby.open_room(&name, &mode, watching).map_err(refusal)?;
    Ok(Json(json!({ "room": name })))
}

/// In the recording, like every order that changes the world.
async fn set_drones(
    State(console): On,
    Path(room): Path<String>,
    JsonBody(Drones { drones }): JsonBody<Drones>,
) -> Done {
    let set = console.context.lobby.administer(&room, Order::SetDrones(drones));
    set.map(|()| done()).map_err(|error| refusal(error.into()))
}

async fn set_capacity(
    State(console): On,
    Path(room): Path<String>,
    JsonBody(Capacity { capacity }): JsonBody<Capacity>,
) -> Done {
    let set = console.context.lobby.set_capacity(&room, capacity);
    set.map(|()| done()).map_err(|error| refusal(error.into()))
}

async fn fork(State(console): On, Path(room): Path<String>, JsonBody(Fork { tick }): JsonBody<Fork>) -> Done {
    let lobby = console.context.lobby.clone();
    let forked = tokio::task::spawn_blocking(move || lobby.fork(&room, Tick(tick))).await;
    let broken = |error| (StatusCode::INTERNAL_SERVER_ERROR, format!("the fork failed: {error}").into());
    let name = forked.map_err(broken)?.map_err(refusal)?;
    Ok(Json(json!({ "room": name })))
}

/// The recording as far as it is written. Its last chunk may be cut, which readers know to handle.
async fn show_recording(
    State(console): On,
    Path(room): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let path = console.context.lobby.recording_of(&room).map_err(|error| refusal(error.into()))?;
    let path = path.ok_or_else(|| refusal(OpenError::Unrecorded))?;
    let Ok(response) =
        ServeFile::new_with_mime(path, &APPLICATION_OCTET_STREAM).oneshot(request.map(drop)).await;
    Ok(response.map(axum::body::Body::new))
}

fn refusal(error: OpenError) -> Refusal {
    let status = match &error {
        OpenError::NoRoom(_) => StatusCode::NOT_FOUND,
        OpenError::NoMode(_) | OpenError::Outside { .. } => StatusCode::BAD_REQUEST,
        OpenError::Refused(_) | OpenError::Exists(_) | OpenError::Unrecorded => StatusCode::CONFLICT,
        OpenError::Unreadable(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, error.to_string().into())
}

fn done() -> Json<Value> {
    Json(json!({ "done": true }))
}
