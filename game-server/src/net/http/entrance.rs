//! Who may open a connection: by the page's origin, the address, its bans and its limits.

use super::Refusal;
use crate::net::guard::addresses::{Addresses, AtAddress};
use crate::net::guard::origin::Origins;
use crate::net::guard::proxies::Proxies;
use crate::net::play::context::ConnectionContext;
use axum::http::{HeaderMap, StatusCode};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

/// What decides who may open a connection.
pub struct Entrance {
    /// What connections share.
    pub context: Arc<ConnectionContext>,
    /// Whose pages may open connections.
    pub origins: Origins,
    /// Proxies whose word counts.
    pub proxies: Proxies,
    /// What each address takes up.
    pub addresses: Arc<Addresses>,
}

impl Entrance {
    /// # Errors
    /// 403 for a page of another origin.
    pub fn check_origin(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        if self.origins.allow(headers) {
            return Ok(());
        }
        let reason = "this page may not play here: its origin is not allowed by the server (--origin)";
        Err((StatusCode::FORBIDDEN, reason.into()))
    }

    /// A place for one more connection of an address.
    ///
    /// # Errors
    /// 403 for a banned address, 429 for one with too many connections.
    pub fn admit(&self, address: IpAddr) -> Result<AtAddress, Refusal> {
        if self.context.bans.is_banned(address, SystemTime::now()) {
            return Err((StatusCode::FORBIDDEN, "this address is banned".into()));
        }
        let permit = self.addresses.enter(address, Instant::now());
        permit.map_err(|refusal| (StatusCode::TOO_MANY_REQUESTS, refusal.to_string().into()))
    }
}
