//! The WebSocket handshake (RFC 6455 §4.2). After the 101 the socket belongs to the [workers](crate::net::play::workers).

use super::entrance::Entrance;
use super::refusal::Refusal;
use crate::host::lobby::Destination;
use crate::net::guard::socket_permit::SocketPermit;
use crate::net::play::close::version_mismatch;
use crate::net::play::connection::Arrival;
use crate::net::play::context::Purpose;
use crate::net::play::stream::HttpStream;
use crate::net::play::workers::SocketWorkers;
use crate::telemetry;
use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Extension, Router};
use hyper_util::rt::TokioIo;
use shared::PROTOCOL_VERSION;
use std::sync::Arc;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;

/// Of the subprotocol: the protocol version follows.
const PROTOCOL_PREFIX: &str = "driftbelt.";

#[derive(Clone)]
struct Door {
    entrance: Arc<Entrance>,
    workers: Arc<SocketWorkers>,
}

pub(super) fn routes(entrance: Arc<Entrance>, workers: Arc<SocketWorkers>) -> Router {
    // tungstenite checks the method.
    Router::new().route("/ws", any(open)).with_state(Door { entrance, workers })
}

async fn open(
    State(Door { entrance, workers }): State<Door>,
    Extension(socket): Extension<Arc<SocketPermit>>,
    Query(to): Query<Destination>,
    request: Request,
) -> axum::response::Result<Response> {
    let headers = request.headers();
    let asked = entrance.forwarding(socket.peer, headers)?;
    entrance.check_origin(&asked, headers)?;
    if headers.get_all(header::SEC_WEBSOCKET_KEY).iter().count() > 1 {
        return Err((StatusCode::BAD_REQUEST, "exactly one Sec-WebSocket-Key is needed").into());
    }
    let mut response = create_response_with_body(&request, Body::empty).map_err(refuse)?;
    let mut mismatch = None;
    if entrance.context.purpose == Purpose::Game {
        let (protocol, reason) = choose_protocol(headers).inspect_err(|(_, told)| {
            telemetry::refused("version", asked.client, told);
        })?;
        response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
        mismatch = reason;
    }
    let address = asked.client;
    let behind_proxy = match address == socket.peer.to_canonical() {
        true => None,
        false => Some(entrance.admit(address)?),
    };
    let opened = hyper::upgrade::on(request);
    tokio::spawn(async move {
        let Ok(upgraded) = opened.await else { return };
        let Ok(parts) = upgraded.downcast::<TokioIo<HttpStream>>() else { return };
        // A copy: hyper's buffer is larger, and would live as long as the connection.
        let (stream, early) = (parts.io.into_inner(), parts.read_buf.to_vec());
        let to = to.without_empty();
        workers.adopt(Arrival { stream, early, to, mismatch, address, socket, behind_proxy });
    });
    Ok(response)
}

fn refuse(error: Error) -> Response {
    let Error::Protocol(error) = error else { return StatusCode::BAD_REQUEST.into_response() };
    match error {
        ProtocolError::WrongHttpMethod => {
            let allow = [(header::ALLOW, "GET")];
            (StatusCode::METHOD_NOT_ALLOWED, allow, "a WebSocket is opened with GET").into_response()
        }
        ProtocolError::MissingConnectionUpgradeHeader
        | ProtocolError::MissingUpgradeWebSocketHeader
        | ProtocolError::MissingSecWebSocketVersionHeader => {
            let upgrade = [
                (header::UPGRADE, "websocket"),
                (header::CONNECTION, "Upgrade"),
                (header::SEC_WEBSOCKET_VERSION, "13"),
            ];
            let line = "This is the game's WebSocket. To play, open this server's page in a browser. Other clients connect \
                        here with `Upgrade: websocket` and `Sec-WebSocket-Version: 13`.";
            (StatusCode::UPGRADE_REQUIRED, upgrade, line).into_response()
        }
        error => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
}

/// The subprotocol of this server if it is offered, else the first of another version, with what its page is to be told.
fn choose_protocol(headers: &HeaderMap) -> Result<(HeaderValue, Option<&'static str>), Refusal> {
    let lines = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|line| line.to_str().ok());
    let offers = lines.flat_map(|line| line.split(',')).map(str::trim);
    let version = |offer: &str| offer.strip_prefix(PROTOCOL_PREFIX)?.parse::<u16>().ok();
    let offers: Vec<_> = offers.filter_map(|offer| Some((offer, version(offer)?))).collect();
    let own = offers.iter().find(|(_, version)| *version == PROTOCOL_VERSION).or(offers.first());
    let chosen = own.and_then(|(offer, version)| Some((offer.parse().ok()?, version_mismatch(*version))));
    let offer = || format!("offer the subprotocol {PROTOCOL_PREFIX}{PROTOCOL_VERSION}");
    chosen.ok_or_else(|| (StatusCode::BAD_REQUEST, offer().into()))
}
