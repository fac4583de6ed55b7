//! Checks before a connection is opened: the page's origin, bans and limits of the address.

use super::refusal::Refusal;
use crate::host::fleet::Fleet;
use crate::net::guard::addresses::{AddressPermit, Addresses};
use crate::net::guard::origin::{Origin, Origins, PublicUrl};
use crate::net::guard::proxies::{Forwarding, Proxies};
use crate::net::play::context::ConnectionContext;
use crate::telemetry;
use axum::http::header::ORIGIN;
use axum::http::uri::Scheme;
use axum::http::{HeaderMap, StatusCode};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

pub struct Entrance {
    pub context: Arc<ConnectionContext>,
    pub origins: Origins,
    pub proxies: Proxies,
    pub public_url: Option<PublicUrl>,
    /// The server does the TLS.
    pub tls: bool,
    /// The server listens for other machines without TLS.
    pub only_proxies: bool,
    pub addresses: Arc<Addresses>,
    /// The pages of its other nodes may open connections here.
    pub fleet: Option<Arc<dyn Fleet>>,
    /// Where players find this node and no other.
    pub fleet_url: Option<PublicUrl>,
}

impl Entrance {
    /// Who asks, and for what; refuses headers that no proxy should let through (400).
    pub fn forwarding(&self, peer: IpAddr, headers: &HeaderMap) -> Result<Forwarding, Refusal> {
        let mut forwarding = self.proxies.forwarding(peer, headers).map_err(|error| {
            telemetry::refused("proxy", peer, &error.to_string());
            (StatusCode::BAD_REQUEST, error.to_string().into())
        })?;
        if self.tls && forwarding.scheme.is_none() {
            forwarding.scheme = Some(Scheme::HTTPS);
        }
        Ok(forwarding)
    }

    /// Refuses pages of other origins (403).
    pub fn check_origin(&self, asked: &Forwarding, headers: &HeaderMap) -> Result<(), Refusal> {
        let origin = || headers.get(ORIGIN)?.to_str().ok()?.parse::<Origin>().ok();
        if let (Some(fleet), Some(origin)) = (&self.fleet, origin()) {
            let is_of = |url: &String| url.parse::<PublicUrl>().is_ok_and(|url| url.origin == origin);
            if fleet.urls().iter().any(is_of) {
                return Ok(());
            }
        }
        self.origins.check(asked, headers).map_err(|refused| {
            let reason = refused.to_string();
            telemetry::refused("origin", asked.client, &reason);
            (StatusCode::FORBIDDEN, reason.into())
        })
    }

    /// Refuses whoever reaches plain HTTP past the proxy.
    pub fn check_peer(&self, peer: IpAddr) -> Result<(), Refusal> {
        if self.proxies.may_speak_plainly(peer) {
            return Ok(());
        }
        let reason =
            "this server speaks plain HTTP to its proxies only (--trusted-proxy): open the proxy's address";
        telemetry::refused("proxy", peer, reason);
        Err((StatusCode::FORBIDDEN, reason.into()))
    }

    /// Refuses banned addresses (403) and those over their limits (429).
    pub fn admit(&self, address: IpAddr) -> Result<AddressPermit, Refusal> {
        if self.context.bans.is_banned(address, SystemTime::now()) {
            let reason = "this address is banned";
            telemetry::refused("ban", address, reason);
            return Err((StatusCode::FORBIDDEN, reason.into()));
        }
        self.addresses.acquire(address, Instant::now()).map_err(|refusal| {
            let reason = refusal.to_string();
            telemetry::refused("limit", address, &reason);
            (StatusCode::TOO_MANY_REQUESTS, reason.into())
        })
    }
}
