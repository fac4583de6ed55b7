//! The administrator's API, under `/api/admin/`: off unless the host has set a token. The rooms carry out its orders and their
//! journals contain them; every order, also one about an address, is logged.

mod body;
mod console;
pub mod fleet;
pub mod login;
mod rooms;
mod token;

use super::admin_log::AdminLog;
use super::refusal::{Refusal, method_not_allowed};
use crate::files::rfc3339;
use crate::host::fleet::{Fleet, FleetOrder};
use crate::net::guard::addresses::parse_network;
use crate::net::guard::bans::{Ban, Bannable, Protected, shown};
use crate::net::guard::proxies::Proxies;
use crate::net::guard::socket_permit::SocketPermit;
use crate::net::play::context::ConnectionContext;
use crate::telemetry;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Path, Request, State};
use axum::http::header::WWW_AUTHENTICATE;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use body::JsonBody;
use console::WRONG_TOKEN_DELAY;
pub use console::{ADDRESS_FILE, Console};
use ipnet::IpNet;
use room::SeatStatus;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use shared::command::Admin as Order;
use shared::id::PlayerId;
use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
pub use token::{AdminToken, BadToken};
use tower_http::limit::RequestBodyLimitLayer;

const BODY_LIMIT_BYTES: usize = 4096;
/// How long a room may take to list its players: many ticks.
const ROSTER_TIMEOUT: Duration = Duration::from_secs(2);

pub struct Admin {
    pub token: AdminToken,
    pub log: AdminLog,
    pub context: Arc<ConnectionContext>,
    pub console: Arc<Console>,
    pub fleet: Option<Arc<dyn Fleet>>,
    pub proxies: Proxies,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kick {
    player: u32,
    /// For the log.
    #[serde(rename = "reason")]
    _reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mute {
    player: u32,
    muted: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BanPlayer {
    player: u32,
    seconds: u64,
    reason: Option<String>,
    author: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BanAddress {
    #[serde(deserialize_with = "read_network")]
    address: IpNet,
    seconds: u64,
    reason: Option<String>,
    author: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pardon {
    #[serde(deserialize_with = "read_network")]
    address: IpNet,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Announce {
    text: String,
}

fn read_network<'de, D: Deserializer<'de>>(deserializer: D) -> Result<IpNet, D::Error> {
    parse_network(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

/// From where a request comes.
struct Asker(Option<IpAddr>);

impl FromRequestParts<Arc<Admin>> for Asker {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, admin: &Arc<Admin>) -> Result<Asker, Infallible> {
        let socket = parts.extensions.get::<Arc<SocketPermit>>();
        let client = |socket: &Arc<SocketPermit>| {
            let forwarding = admin.proxies.forwarding(socket.peer, &parts.headers);
            forwarding.map_or(socket.peer, |forwarding| forwarding.client)
        };
        Ok(Asker(socket.map(client)))
    }
}

type On = State<Arc<Admin>>;
type Done = Result<Json<Value>, Refusal>;

pub(super) fn routes(admin: Option<Admin>) -> Router {
    let Some(admin) = admin.map(Arc::new) else {
        let line = "administration is off: start the server with --admin-token-file";
        return Router::new().fallback(async move || (StatusCode::NOT_FOUND, line));
    };
    tokio::spawn(admin.clone().log_reports());
    Router::new()
        .route("/rooms", get(show_rooms))
        .route("/rooms/{room}", get(show_players))
        .route("/rooms/{room}/kick", post(kick))
        .route("/rooms/{room}/mute", post(mute))
        .route("/rooms/{room}/ban", post(ban_player))
        .route("/rooms/{room}/announce", post(announce))
        .route("/rooms/{room}/close", post(close))
        .route("/announce", post(announce_everywhere))
        .route("/bans", get(show_bans).post(ban_address))
        .route("/pardons", post(pardon))
        .route("/reports", get(show_reports))
        .route("/fleet", get(show_fleet))
        .with_state(admin.clone())
        .merge(console::routes(admin.console.clone()))
        .merge(rooms::routes(admin.console.clone()))
        .fallback(async || (StatusCode::NOT_FOUND, "there is nothing here for administrators"))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(admin.clone(), authorize))
        .merge(console::entrance(admin.console.clone()))
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(BODY_LIMIT_BYTES))
}

/// Checks the token, and logs the orders that are carried out.
async fn authorize(
    State(admin): State<Arc<Admin>>,
    request: Request,
    next: Next,
) -> axum::response::Result<Response> {
    let is_shown = |token: &str| admin.token.is(token) || admin.console.sessions.knows(token);
    if !token::shown(request.headers()).is_some_and(is_shown) {
        let line = "show the token: Authorization: Bearer …";
        if let Some(socket) = request.extensions().get::<Arc<SocketPermit>>() {
            telemetry::refused("token", admin.proxies.client(socket.peer, request.headers()), line);
        }
        tokio::time::sleep(WRONG_TOKEN_DELAY).await;
        return Err((StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer")], line).into());
    }
    if request.method() != Method::POST {
        return Ok(next.run(request).await);
    }
    let path = request.uri().path().trim_start_matches('/').to_owned();
    let (parts, body) = request.into_parts();
    let body = Bytes::from_request(Request::from_parts(parts.clone(), body), &()).await?;
    let response = next.run(Request::from_parts(parts, Body::from(body.clone()))).await;
    // An order whose bans could not be written is in force until a restart.
    if response.status().is_success() || response.status() == StatusCode::INTERNAL_SERVER_ERROR {
        let body = serde_json::from_slice(&body).unwrap_or_default();
        log_line(&path, &body);
        admin.log(path, body).await;
    }
    Ok(response)
}

/// The log has no addresses.
fn log_line(order: &str, body: &Value) {
    let number = |field: &str| body[field].as_u64();
    let text = |field: &str| body[field].as_str();
    tracing::info!(
        order,
        player = number("player"),
        seconds = number("seconds"),
        text = text("text"),
        reason = text("reason"),
        author = text("author"),
        "an administrator's order"
    );
}

async fn show_rooms(admin: On) -> Json<Value> {
    Json(json!({ "rooms": admin.context.lobby.status() }))
}

async fn show_players(admin: On, Path(room): Path<String>) -> Done {
    let player = |seat: SeatStatus| {
        json!({
            "player": seat.player,
            "name": seat.name,
            "away": seat.away,
            "muted": seat.muted,
            "score": seat.score,
            "seconds": seat.seconds,
            "pingMs": seat.ping_ms,
            "address": admin.address_of(&seat),
            "reports": admin.context.lobby.reports().count(&room, seat.player),
        })
    };
    let players: Vec<_> = admin.roster(&room).await?.into_iter().map(player).collect();
    Ok(Json(json!({ "players": players })))
}

async fn kick(admin: On, Path(room): Path<String>, JsonBody(Kick { player, .. }): JsonBody<Kick>) -> Done {
    admin.seat(&room, player).await?;
    admin.order(&room, Order::Kick(PlayerId(player))).map(done)
}

async fn mute(admin: On, Path(room): Path<String>, JsonBody(Mute { player, muted }): JsonBody<Mute>) -> Done {
    admin.seat(&room, player).await?;
    admin.order(&room, Order::Mute { player: PlayerId(player), muted }).map(done)
}

async fn ban_player(
    admin: On,
    Asker(asker): Asker,
    Path(room): Path<String>,
    JsonBody(BanPlayer { player, seconds, reason, author }): JsonBody<BanPlayer>,
) -> Done {
    let ban = ban_of(seconds, reason, author)?;
    let address = admin.address_of(&admin.seat(&room, player).await?).ok_or((
        StatusCode::CONFLICT,
        "this player is away, and the address not known: kick the player, or ban an address".into(),
    ))?;
    let network = admin.bannable(address.into(), asker)?;
    admin.order(&room, Order::Ban(PlayerId(player)))?;
    admin.ban(network, ban).await.map(done)
}

async fn announce(
    admin: On,
    Path(room): Path<String>,
    JsonBody(Announce { text }): JsonBody<Announce>,
) -> Done {
    admin.order(&room, Order::Announce { text }).map(done)
}

async fn close(admin: On, Path(room): Path<String>) -> Done {
    admin.order(&room, Order::Close).map(done)
}

async fn announce_everywhere(admin: On, JsonBody(Announce { text }): JsonBody<Announce>) -> Done {
    admin.context.lobby.administer_all(&Order::Announce { text: text.clone() });
    admin.tell_fleet(FleetOrder::Announce { text });
    Ok(done(()))
}

async fn show_bans(admin: On) -> Json<Value> {
    let ban = |(network, ban): (IpNet, Ban)| {
        json!({
            "address": shown(network),
            "reason": ban.reason,
            "author": ban.author,
            "since": ban.since.map(rfc3339),
            "until": rfc3339(ban.until),
        })
    };
    let bans: Vec<_> = admin.context.bans.all(SystemTime::now()).into_iter().map(ban).collect();
    Json(json!({ "bans": bans }))
}

async fn show_reports(admin: On) -> Json<Value> {
    Json(json!({ "reports": admin.context.lobby.reports().all() }))
}

/// All nodes and their rooms; none without a fleet.
async fn show_fleet(admin: On) -> Json<Value> {
    let lobby = &admin.context.lobby;
    let status = admin.fleet.as_ref().map(|fleet| fleet.status(lobby.occupancy(), lobby.is_draining()));
    Json(json!({ "fleet": status }))
}

async fn ban_address(
    admin: On,
    Asker(asker): Asker,
    JsonBody(BanAddress { address, seconds, reason, author }): JsonBody<BanAddress>,
) -> Done {
    let ban = ban_of(seconds, reason, author)?;
    let network = admin.bannable(address, asker)?;
    admin.context.lobby.administer_all(&Order::BanAddress { seconds });
    admin.ban(network, ban).await.map(done)
}

fn ban_of(seconds: u64, reason: Option<String>, author: Option<String>) -> Result<Ban, Refusal> {
    let ban = Ban::new(seconds, reason, author, SystemTime::now());
    ban.map_err(|error| (StatusCode::BAD_REQUEST, error.to_string().into()))
}

async fn pardon(admin: On, JsonBody(Pardon { address }): JsonBody<Pardon>) -> Done {
    let pardoned = admin.on_disk(move |context| context.bans.pardon(address, SystemTime::now())).await;
    if let Ok(false) = pardoned {
        let wider = admin.context.bans.banned_within(address.addr(), SystemTime::now());
        return Err(match wider {
            Some(wider) => not_found(format!("only the network {wider} is banned: pardon that")),
            None => not_found("this address is not banned"),
        });
    }
    admin.context.lobby.administer_all(&Order::PardonAddress);
    admin.tell_fleet(FleetOrder::Pardon { network: address });
    pardoned.map(drop).map(done)
}

fn done((): ()) -> Json<Value> {
    Json(json!({ "done": true }))
}

impl Admin {
    fn order(&self, room: &str, order: Order) -> Result<(), Refusal> {
        self.context.lobby.administer(room, order).map_err(not_found)
    }

    fn tell_fleet(&self, order: FleetOrder) {
        if let Some(fleet) = &self.fleet {
            fleet.tell(order);
        }
    }

    async fn roster(&self, room: &str) -> Result<Vec<SeatStatus>, Refusal> {
        let roster = self.context.lobby.ask_roster(room).map_err(not_found)?;
        match tokio::task::spawn_blocking(move || roster.recv_timeout(ROSTER_TIMEOUT)).await {
            Ok(Ok(seats)) => Ok(seats),
            _ => Err((StatusCode::SERVICE_UNAVAILABLE, "the room does not answer: try again".into())),
        }
    }

    async fn seat(&self, room: &str, player: u32) -> Result<SeatStatus, Refusal> {
        let seat = self.roster(room).await?.into_iter().find(|seat| seat.player == player);
        seat.ok_or_else(|| not_found(format!("there is no player {player} with a seat in this room")))
    }

    fn address_of(&self, seat: &SeatStatus) -> Option<IpAddr> {
        self.context.peer_addresses.of(seat.connection?)
    }

    fn bannable(&self, network: IpNet, asker: Option<IpAddr>) -> Result<Bannable, Refusal> {
        self.context.bans.bannable(network, asker).map_err(|error| {
            let status = match error {
                Protected::TooLarge { .. } => StatusCode::BAD_REQUEST,
                _ => StatusCode::CONFLICT,
            };
            (status, error.to_string().into())
        })
    }

    async fn ban(&self, network: Bannable, ban: Ban) -> Result<(), Refusal> {
        self.tell_fleet(FleetOrder::Ban {
            network: network.network(),
            seconds: ban.seconds_left(SystemTime::now()),
            reason: ban.reason.clone(),
            author: ban.author.clone(),
        });
        self.on_disk(move |context| context.bans.ban(network, ban, SystemTime::now())).await
    }

    /// Changes the bans, which waits for the disk.
    async fn on_disk<T: Send + 'static>(
        &self,
        change: impl FnOnce(&ConnectionContext) -> io::Result<T> + Send + 'static,
    ) -> Result<T, Refusal> {
        let context = self.context.clone();
        let changed = tokio::task::spawn_blocking(move || change(&context)).await.map_err(io::Error::other);
        changed.flatten().map_err(|error| {
            tracing::error!(%error, "the bans cannot be written");
            let line = format!("done, but until a restart only: the bans cannot be written: {error}");
            (StatusCode::INTERNAL_SERVER_ERROR, line.into())
        })
    }

    /// What players report stands in the log, too.
    async fn log_reports(self: Arc<Self>) {
        let reports = self.context.lobby.reports().clone();
        loop {
            let report = tokio::select! {
                report = reports.unlogged() => report,
                () = self.context.stopped() => return,
            };
            for report in report {
                self.clone().log("report".into(), json!(report)).await;
            }
        }
    }

    /// An order that cannot be logged is carried out nonetheless: a full disk must not protect anybody.
    async fn log(self: Arc<Self>, order: String, body: Value) {
        let logged = tokio::task::spawn_blocking(move || {
            self.log.append(&order, &body, SystemTime::now()).map_err(|error| (order, error))
        });
        if let Ok(Err((order, error))) = logged.await {
            tracing::error!(order, %error, "an administrator's order could not be logged");
        }
    }
}

fn not_found(reason: impl ToString) -> Refusal {
    (StatusCode::NOT_FOUND, reason.to_string().into())
}
