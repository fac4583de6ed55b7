//! Checks before a connection is opened: the page's origin, bans and limits of the address.

use super::refusal::Refusal;
use crate::net::guard::addresses::{AddressPermit, Addresses};
use crate::net::guard::origin::{Origins, PublicUrl};
use crate::net::guard::proxies::{Forwarding, Proxies};
use crate::net::play::context::ConnectionContext;
use axum::http::uri::Scheme;
use axum::http::{HeaderMap, StatusCode};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// A refusal for reasons of the configuration is logged once in this time.
const REFUSAL_LOG_INTERVAL: Duration = Duration::from_secs(60);

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
    /// When a refusal was last logged.
    pub refusal_logged: Mutex<Option<Instant>>,
}

impl Entrance {
    /// Who asks, and for what; refuses headers that no proxy should let through (400).
    pub fn forwarding(&self, peer: IpAddr, headers: &HeaderMap) -> Result<Forwarding, Refusal> {
        let mut forwarding = self.proxies.forwarding(peer, headers).map_err(|error| {
            self.log_refusal(&error.to_string());
            (StatusCode::BAD_REQUEST, error.to_string().into())
        })?;
        if self.tls && forwarding.scheme.is_none() {
            forwarding.scheme = Some(Scheme::HTTPS);
        }
        Ok(forwarding)
    }

    /// Refuses pages of other origins (403).
    pub fn check_origin(&self, asked: &Forwarding, headers: &HeaderMap) -> Result<(), Refusal> {
        self.origins.check(asked, headers).map_err(|refused| {
            let reason = refused.to_string();
            self.log_refusal(&reason);
            (StatusCode::FORBIDDEN, reason.into())
        })
    }

    fn log_refusal(&self, reason: &str) {
        let mut logged = self.refusal_logged.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if logged.is_none_or(|last| now.duration_since(last) >= REFUSAL_LOG_INTERVAL) {
            *logged = Some(now);
            tracing::warn!("a client is refused: {reason}");
        }
    }

    /// Refuses whoever reaches plain HTTP past the proxy.
    pub fn check_peer(&self, peer: IpAddr) -> Result<(), Refusal> {
        if self.proxies.may_speak_plainly(peer) {
            return Ok(());
        }
        let reason =
            "this server speaks plain HTTP to its proxies only (--trusted-proxy): open the proxy's address";
        self.log_refusal(reason);
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
