//! Checks before a connection is opened: the page's origin, bans and limits of the address.

use super::refusal::Refusal;
use crate::net::guard::addresses::{AddressPermit, Addresses};
use crate::net::guard::origin::Origins;
use crate::net::guard::proxies::Proxies;
use crate::net::play::context::ConnectionContext;
use axum::http::{HeaderMap, StatusCode};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

pub struct Entrance {
    pub context: Arc<ConnectionContext>,
    pub origins: Origins,
    pub proxies: Proxies,
    /// The server listens for other machines without TLS.
    pub only_proxies: bool,
    pub addresses: Arc<Addresses>,
}

impl Entrance {
    pub fn check_origin(&self, peer: IpAddr, headers: &HeaderMap) -> Result<(), Refusal> {
        if self.origins.allow(self.proxies.host(peer, headers), headers) {
            return Ok(());
        }
        let reason = "this page may not play here: its origin is not allowed by the server (--origin)";
        Err((StatusCode::FORBIDDEN, reason.into()))
    }

    /// Refuses whoever reaches plain HTTP past the proxy.
    pub fn check_peer(&self, peer: IpAddr) -> Result<(), Refusal> {
        if self.proxies.may_speak_plainly(peer) {
            return Ok(());
        }
        let reason =
            "this server speaks plain HTTP to its proxies only (--trusted-proxy): open the proxy's address";
        Err((StatusCode::FORBIDDEN, reason.into()))
    }

    /// Refuses banned addresses (403) and those over their limits (429).
    pub fn admit(&self, address: IpAddr) -> Result<AddressPermit, Refusal> {
        if self.context.bans.is_banned(address, SystemTime::now()) {
            return Err((StatusCode::FORBIDDEN, "this address is banned".into()));
        }
        let permit = self.addresses.acquire(address, Instant::now());
        permit.map_err(|refusal| (StatusCode::TOO_MANY_REQUESTS, refusal.to_string().into()))
    }
}
