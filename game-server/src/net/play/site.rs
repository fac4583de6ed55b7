//! What all connections of one server share.

use crate::host::lobby::Lobby;
use crate::net::guard::addresses::Addresses;
use crate::net::guard::bans::Bans;
use crate::net::guard::limits::Limits;
use crate::net::guard::origin::Origins;
use crate::net::guard::presence::Presence;
use crate::net::guard::proxies::Proxies;
use crate::net::guard::whereabouts::Whereabouts;
use crate::net::http::admin::AdminToken;
use crate::net::http::admin_log::AdminLog;
use crate::net::http::polling::Polling;
use crate::net::http::recordings::{Listing, Recordings};
use crate::net::play::pump::Pump;
use crate::net::play::stream::Meters;
use room::speech::Words;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;
use tokio::sync::watch;

/// What a server's sockets are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The game.
    Game,
    /// Every message comes back, and no subprotocol is asked for: what conformance suites talk to.
    Echo,
}

/// What all connections of one server share.
pub struct Site {
    /// What the sockets are for.
    pub purpose: Purpose,
    /// The rooms.
    pub lobby: Lobby,
    /// The open WebSockets.
    pub pump: Arc<Pump>,
    /// The clients without one.
    pub polling: Arc<Polling>,
    /// What one connection may take up.
    pub limits: Limits,
    /// Whose pages may open sockets.
    pub origins: Origins,
    /// What browsers may watch.
    pub recordings: Recordings,
    /// The list of those.
    pub listing: Listing,
    /// The build of the simulation.
    pub sim_build: &'static str,
    /// When the server started.
    pub started: Instant,
    /// Turns true when the server stops.
    pub stopping: watch::Receiver<bool>,
    /// Counts bytes.
    pub meters: Meters,
    /// Words that nobody should have to read.
    pub words: Words,
    /// What an administrator shows; nothing turns administration off.
    pub admin: Option<AdminToken>,
    /// Where players come from.
    pub whereabouts: Arc<Whereabouts>,
    /// What each address takes up.
    pub addresses: Arc<Addresses>,
    /// Which addresses are banned.
    pub bans: Bans,
    /// What administrators have ordered.
    pub admin_log: AdminLog,
    /// Who may say on whose behalf it comes.
    pub proxies: Proxies,
    /// All sockets.
    pub sockets: Arc<Presence>,
    /// Connections of players: open WebSockets, and clients that poll.
    pub players: Arc<Presence>,
    /// The last connection's number.
    pub last_connection: AtomicU64,
}

impl Site {
    /// Whether the server stops.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Waits until the server stops.
    pub async fn stopped(&self) {
        let mut stopping = self.stopping.clone();
        // An error means that nobody is left who could stop it, which is the same.
        let _ = stopping.wait_for(|stopping| *stopping).await;
    }
}
