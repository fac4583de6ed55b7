//! Where the rooms of a fleet are: what a page asks that was sent away.

use super::entrance::Entrance;
use crate::host::fleet::Fleet;
use crate::host::lobby::is_public;
use axum::extract::{Path, State};
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, RETRY_AFTER};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use fleet::directory::Whereabouts;
use serde::Serialize;
use std::sync::Arc;

/// A room of which nobody knows where it is has a node again after a few seconds.
const RETRY_AFTER_SECONDS: &str = "1";
/// Pages of every node may ask; there is nothing here that a stranger may not know.
const ANY_ORIGIN: [(HeaderName, &str); 1] = [(ACCESS_CONTROL_ALLOW_ORIGIN, "*")];

/// Where a room is.
#[derive(Serialize)]
struct Place {
    url: String,
    epoch: u64,
    /// `here` or `elsewhere`, seen from the node that was asked.
    state: &'static str,
}

#[derive(Clone)]
struct Asked {
    entrance: Arc<Entrance>,
    fleet: Arc<dyn Fleet>,
}

/// No routes for a server that stands alone.
pub(super) fn routes(entrance: Arc<Entrance>) -> Router {
    let Some(fleet) = entrance.fleet.clone() else { return Router::new() };
    Router::new()
        .route("/api/rooms/{room}", get(find))
        .route("/api/fleet", get(nodes))
        .with_state(Asked { entrance, fleet })
}

async fn find(State(Asked { fleet, .. }): State<Asked>, Path(room): Path<String>) -> Response {
    let place = match (fleet.epoch_of(&room), fleet.find(&room)) {
        (Some(epoch), _) => Place { url: fleet.url().into(), epoch, state: "here" },
        (None, Whereabouts::At { url, epoch, .. }) => Place { url, epoch, state: "elsewhere" },
        (None, Whereabouts::Unsure) => {
            let line = "nobody serves this room now: ask again in a moment";
            let retry = [(RETRY_AFTER, RETRY_AFTER_SECONDS)];
            return (StatusCode::SERVICE_UNAVAILABLE, ANY_ORIGIN, retry, line).into_response();
        }
        (None, Whereabouts::Nowhere) => {
            return (StatusCode::NOT_FOUND, ANY_ORIGIN, "there is no such room").into_response();
        }
    };
    (ANY_ORIGIN, Json(place)).into_response()
}

async fn nodes(State(Asked { entrance, fleet }): State<Asked>) -> Response {
    let lobby = &entrance.context.lobby;
    let mut status = fleet.status(lobby.occupancy(), lobby.is_draining());
    for node in &mut status.nodes {
        // Those of invite links are for who has the link.
        node.rooms.retain(|room| is_public(&room.name));
    }
    (ANY_ORIGIN, Json(status)).into_response()
}
