//! Probes, metrics and the state of the server.

use crate::host::room_metrics::RoomStatus;
use crate::net::play::context::ConnectionContext;
use crate::telemetry;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use shared::PROTOCOL_VERSION;
use std::sync::Arc;
use std::time::Instant;

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
    rooms: Vec<RoomStatus>,
}

pub(super) fn routes(context: Arc<ConnectionContext>, sim_build: &'static str) -> Router {
    let started = Instant::now();
    let status = async move |State(context): State<Arc<ConnectionContext>>| {
        let rooms = context.lobby.status();
        Json(Status {
            version: env!("CARGO_PKG_VERSION"),
            protocol: PROTOCOL_VERSION,
            sim_build,
            uptime_seconds: started.elapsed().as_secs(),
            stopping: context.is_stopping(),
            connections: context.players.count(),
            players: rooms.iter().map(|room| room.players).sum(),
            rooms,
        })
    };
    Router::new()
        .route("/healthz", get(healthy))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/api/status", get(status))
        .with_state(context)
}

async fn healthy(State(context): State<Arc<ConnectionContext>>) -> (StatusCode, &'static str) {
    if context.lobby.is_healthy() {
        (StatusCode::OK, "alive\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the thread of a room has ended\n")
    }
}

async fn ready(State(context): State<Arc<ConnectionContext>>) -> (StatusCode, &'static str) {
    if context.is_stopping() {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
    } else if context.lobby.is_draining() {
        (StatusCode::SERVICE_UNAVAILABLE, "draining: newcomers are refused\n")
    } else if !context.lobby.is_healthy() {
        (StatusCode::SERVICE_UNAVAILABLE, "the thread of a room has ended\n")
    } else if context.lobby.recording_failed() {
        (StatusCode::OK, "ready, but not recording: the log says why\n")
    } else {
        (StatusCode::OK, "ready\n")
    }
}

async fn metrics() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], telemetry::metrics().render())
}
