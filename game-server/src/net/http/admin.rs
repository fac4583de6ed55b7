//! The administrator's API, under [`ADMIN_PATH`]: off unless the host has set a token. What it orders is done by the rooms and
//! stands in their journals; every order, those on addresses too, stands in the log.

use crate::net::http::body::{Answer, json, set, text};
use crate::net::play::site::Site;
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap};
use hyper::{Method, Request, StatusCode};
use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use room::SeatStatus;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use shared::command::Admin;
use shared::id::PlayerId;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use subtle::ConstantTimeEq;

/// Where the API lives.
pub const ADMIN_PATH: &str = "/api/admin/";
/// Shortest token: one that nobody guesses.
pub const TOKEN_FLOOR_BYTES: usize = 16;
/// Largest body of a request, in bytes.
const BODY_LIMIT_BYTES: usize = 4096;
/// What somebody who guesses has to wait for the answer.
const WRONG_TOKEN_DELAY: Duration = Duration::from_millis(500);
/// What a room may take to say who is in it: many ticks.
const ROSTER_TIMEOUT: Duration = Duration::from_secs(2);

/// What an administrator has to show. Only its digest is kept, so that a comparison tells nothing by its time.
#[derive(Clone)]
pub struct AdminToken([u8; SHA256_OUTPUT_LEN]);

impl AdminToken {
    /// The token of a text; `None` if it is too short.
    #[must_use]
    pub fn new(token: &str) -> Option<AdminToken> {
        (token.len() >= TOKEN_FLOOR_BYTES).then(|| AdminToken(digest_of(token)))
    }

    fn is_shown(&self, headers: &HeaderMap) -> bool {
        let shown = headers.get(header::AUTHORIZATION).and_then(|line| line.to_str().ok());
        let shown = shown.and_then(|line| line.split_once(' '));
        let shown = shown.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        shown.is_some_and(|(_, token)| digest_of(token.trim()).ct_eq(&self.0).into())
    }
}

fn digest_of(token: &str) -> [u8; SHA256_OUTPUT_LEN] {
    let mut bytes = [0; SHA256_OUTPUT_LEN];
    bytes.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    bytes
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whom {
    player: u32,
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
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BanAddress {
    address: IpAddr,
    seconds: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pardon {
    address: IpAddr,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Announce {
    text: String,
}

/// What is wrong with an order.
enum OrderError {
    /// It is not carried out.
    Refused(StatusCode, String),
    /// It is carried out, but lasts until a restart only.
    Unwritten(io::Error),
}

impl OrderError {
    fn refused(status: StatusCode, why: impl Into<String>) -> OrderError {
        OrderError::Refused(status, why.into())
    }

    fn answer(self) -> Answer {
        match self {
            OrderError::Refused(status, why) => text(status, &why),
            OrderError::Unwritten(error) => text(
                StatusCode::INTERNAL_SERVER_ERROR,
                &format!("done, but until a restart only: the bans cannot be written: {error}"),
            ),
        }
    }
}

/// Answers a request whose path, behind [`ADMIN_PATH`], is `path`.
pub async fn answer(site: &Arc<Site>, path: &str, request: Request<Incoming>) -> Answer {
    let Some(token) = &site.admin else {
        return text(
            StatusCode::NOT_FOUND,
            "administration is off: start the server with --admin-token-file",
        );
    };
    if !token.is_shown(request.headers()) {
        tokio::time::sleep(WRONG_TOKEN_DELAY).await;
        let mut answer = text(StatusCode::UNAUTHORIZED, "show the token: Authorization: Bearer …");
        set(&mut answer, header::WWW_AUTHENTICATE, "Bearer");
        return answer;
    }
    let segments: Vec<&str> = path.split('/').collect();
    let done = match (request.method(), &segments[..]) {
        (&Method::GET, ["rooms"]) => return json(&json!({ "rooms": site.lobby.status() })),
        (&Method::GET, ["rooms", room]) => match roster(site, room).await {
            Ok(seats) => return json(&json!({ "players": shown(site, &seats) })),
            Err(refusal) => Err(refusal),
        },
        (&Method::POST, _) => order(site, path, &segments, request).await,
        _ => Err(OrderError::refused(StatusCode::NOT_FOUND, "there is nothing here for administrators")),
    };
    done.map_or_else(OrderError::answer, |()| json(&json!({ "done": true })))
}

async fn order(
    site: &Arc<Site>,
    path: &str,
    segments: &[&str],
    request: Request<Incoming>,
) -> Result<(), OrderError> {
    let body = body_of(request.into_body()).await?;
    let done = carry_out(site, segments, &body).await;
    if !matches!(done, Err(OrderError::Refused(..))) {
        log(site, path, &body).await;
    }
    done
}

async fn carry_out(site: &Arc<Site>, segments: &[&str], body: &[u8]) -> Result<(), OrderError> {
    match segments {
        ["rooms", room, "kick"] => {
            let Whom { player } = read(body)?;
            seat_of(site, room, player).await?;
            administer(site, room, Admin::Kick(PlayerId(player)))
        }
        ["rooms", room, "mute"] => {
            let Mute { player, muted } = read(body)?;
            seat_of(site, room, player).await?;
            administer(site, room, Admin::Mute { player: PlayerId(player), muted })
        }
        ["rooms", room, "ban"] => {
            let BanPlayer { player, seconds } = read(body)?;
            let seat = seat_of(site, room, player).await?;
            let address = seat.connection.and_then(|connection| site.whereabouts.of(connection));
            let address = address.ok_or_else(|| {
                OrderError::refused(
                    StatusCode::CONFLICT,
                    "this player is away, and the address not known: kick the player, or ban an address",
                )
            })?;
            administer(site, room, Admin::Ban(PlayerId(player)))?;
            ban(site, address, seconds).await
        }
        ["rooms", room, "announce"] => {
            let Announce { text } = read(body)?;
            administer(site, room, Admin::Announce { text })
        }
        ["rooms", room, "close"] => administer(site, room, Admin::Close),
        ["announce"] => {
            let Announce { text } = read(body)?;
            administer_all(site, &Admin::Announce { text });
            Ok(())
        }
        ["bans"] => {
            let BanAddress { address, seconds } = read(body)?;
            administer_all(site, &Admin::BanAddress { seconds });
            ban(site, address, seconds).await
        }
        ["pardons"] => {
            let Pardon { address } = read(body)?;
            let pardoned = on_disk(site, move |site| site.bans.pardon(address, SystemTime::now())).await;
            match pardoned {
                Ok(true) | Err(OrderError::Unwritten(_)) => administer_all(site, &Admin::PardonAddress),
                Ok(false) => {
                    return Err(OrderError::refused(StatusCode::NOT_FOUND, "this address is not banned"));
                }
                Err(OrderError::Refused(..)) => {}
            }
            pardoned.map(drop)
        }
        _ => Err(OrderError::refused(StatusCode::NOT_FOUND, "there is nothing here for administrators")),
    }
}

/// Gives every room an order.
fn administer_all(site: &Site, act: &Admin) {
    for room in site.lobby.status() {
        // A room that has ended meanwhile has nobody to hear it.
        drop(site.lobby.administer(&room.name, act.clone()));
    }
}

async fn body_of(body: Incoming) -> Result<Bytes, OrderError> {
    let read = Limited::new(body, BODY_LIMIT_BYTES).collect().await.map_err(|error| {
        OrderError::refused(
            StatusCode::BAD_REQUEST,
            format!("the body, of {BODY_LIMIT_BYTES} bytes at most: {error}"),
        )
    })?;
    Ok(read.to_bytes())
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, OrderError> {
    serde_json::from_slice(body).map_err(|error| {
        OrderError::refused(StatusCode::BAD_REQUEST, format!("the body is not what is needed: {error}"))
    })
}

async fn ban(site: &Arc<Site>, address: IpAddr, seconds: u64) -> Result<(), OrderError> {
    let time = Duration::from_secs(seconds);
    on_disk(site, move |site| site.bans.ban(address, time, SystemTime::now())).await
}

/// Changes the bans, which waits for the disk.
async fn on_disk<T: Send + 'static>(
    site: &Arc<Site>,
    change: impl FnOnce(&Site) -> io::Result<T> + Send + 'static,
) -> Result<T, OrderError> {
    let site = site.clone();
    let changed = tokio::task::spawn_blocking(move || change(&site)).await.map_err(|error| {
        OrderError::refused(StatusCode::INTERNAL_SERVER_ERROR, format!("not done: {error}"))
    })?;
    changed.map_err(|error| {
        tracing::error!(%error, "the bans cannot be written");
        OrderError::Unwritten(error)
    })
}

/// An order that cannot be logged was carried out all the same: a full disk must not protect anybody.
async fn log(site: &Arc<Site>, path: &str, body: &[u8]) {
    let order = path.to_owned();
    let body = serde_json::from_slice(body).unwrap_or_default();
    let logging = site.clone();
    let logged =
        tokio::task::spawn_blocking(move || logging.admin_log.append(&order, &body, SystemTime::now())).await;
    if let Err(error) = logged.map_err(io::Error::other).flatten() {
        tracing::error!(order = path, %error, "an administrator's order could not be logged");
    }
}

fn administer(site: &Site, room: &str, act: Admin) -> Result<(), OrderError> {
    tracing::info!(room, ?act, "an administrator's order");
    site.lobby
        .administer(room, act)
        .map_err(|error| OrderError::refused(StatusCode::NOT_FOUND, error.to_string()))
}

async fn roster(site: &Arc<Site>, room: &str) -> Result<Vec<SeatStatus>, OrderError> {
    let asked = site.lobby.ask_roster(room);
    let answer = asked.map_err(|error| OrderError::refused(StatusCode::NOT_FOUND, error.to_string()))?;
    match tokio::task::spawn_blocking(move || answer.recv_timeout(ROSTER_TIMEOUT)).await {
        Ok(Ok(seats)) => Ok(seats),
        _ => Err(OrderError::refused(StatusCode::SERVICE_UNAVAILABLE, "the room does not answer: try again")),
    }
}

async fn seat_of(site: &Arc<Site>, room: &str, player: u32) -> Result<SeatStatus, OrderError> {
    let mut seats = roster(site, room).await?.into_iter();
    let found = seats.find(|seat| seat.player == player);
    found.ok_or_else(|| {
        OrderError::refused(
            StatusCode::NOT_FOUND,
            format!("there is no player {player} with a seat in this room"),
        )
    })
}

/// Seats with the addresses of their players.
fn shown(site: &Site, seats: &[SeatStatus]) -> Vec<serde_json::Value> {
    let address = |seat: &SeatStatus| site.whereabouts.of(seat.connection?);
    let with_address = seats.iter().map(|seat| {
        json!({
            "player": seat.player,
            "name": seat.name,
            "away": seat.away,
            "muted": seat.muted,
            "address": address(seat),
        })
    });
    with_address.collect()
}
