//! Probes, metrics and the state of the server.

use crate::host::lobby::is_public;
use crate::host::room_metrics::RoomStatus;
use crate::net::play::context::ConnectionContext;
use crate::net::play::workers::SocketWorkers;
use crate::{exposition, telemetry};
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
    /// Those for everybody: rooms of invite links are private.
    rooms: Vec<RoomStatus>,
}

/// What the probes and the watchdog look at.
#[derive(Clone)]
pub struct Observed {
    pub context: Arc<ConnectionContext>,
    pub workers: Arc<SocketWorkers>,
}

impl Observed {
    /// Which thread that matters has ended, if one has.
    pub fn dead_thread(&self) -> Option<&'static str> {
        // The workers end with a server that stops.
        let workers_are_alive = self.context.is_stopping() || self.workers.is_healthy();
        let workers = (!workers_are_alive).then_some("a thread that serves players has ended");
        let log = (!telemetry::is_healthy()).then_some("the thread that writes the log has ended");
        self.context.lobby.dead_thread().or(workers).or(log)
    }
}

pub(super) fn routes(observed: Observed, sim_build: &'static str) -> Router {
    let started = Instant::now();
    let status = async move |State(Observed { context, .. }): State<Observed>| {
        let rooms = context.lobby.status();
        Json(Status {
            version: env!("CARGO_PKG_VERSION"),
            protocol: PROTOCOL_VERSION,
            sim_build,
            uptime_seconds: started.elapsed().as_secs(),
            stopping: context.is_stopping(),
            connections: context.players.count(),
            players: rooms.iter().map(|room| room.players).sum(),
            rooms: rooms.into_iter().filter(|room| is_public(&room.name)).collect(),
        })
    };
    let modes = async |State(Observed { context, .. }): State<Observed>| Json(context.lobby.listed_modes());
    Router::new()
        .route("/api/modes", get(modes))
        .route("/healthz", get(healthy))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/api/status", get(status))
        .with_state(observed)
}

async fn healthy(State(observed): State<Observed>) -> (StatusCode, String) {
    match observed.dead_thread() {
        None => (StatusCode::OK, "alive\n".into()),
        Some(dead) => (StatusCode::SERVICE_UNAVAILABLE, format!("{dead}\n")),
    }
}

async fn ready(State(observed): State<Observed>) -> (StatusCode, String) {
    if observed.context.is_stopping() {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping\n".into())
    } else if observed.context.lobby.is_draining() {
        (StatusCode::SERVICE_UNAVAILABLE, "draining: newcomers are refused\n".into())
    } else if let Some(dead) = observed.dead_thread() {
        (StatusCode::SERVICE_UNAVAILABLE, format!("{dead}\n"))
    } else if observed.context.lobby.recording_failed() {
        (StatusCode::OK, "ready, but not recording: the log says why\n".into())
    } else {
        (StatusCode::OK, "ready\n".into())
    }
}

async fn metrics() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], exposition::render())
}
