//! What connections need of the server that they belong to.

use crate::host::lobby::Lobby;
use crate::net::guard::bans::Bans;
use crate::net::guard::limits::Limits;
use crate::net::guard::peer_addresses::PeerAddresses;
use crate::net::guard::permits::ConnectionLimit;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
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
pub struct ConnectionContext {
    /// What the sockets are for.
    pub purpose: Purpose,
    /// The rooms.
    pub lobby: Lobby,
    /// What one connection may take up.
    pub limits: Limits,
    /// Which addresses are banned.
    pub bans: Bans,
    /// Where players come from.
    pub peer_addresses: Arc<PeerAddresses>,
    /// Connections of players: open WebSockets, and clients that poll.
    pub players: Arc<ConnectionLimit>,
    /// The last connection's number.
    pub last_connection: AtomicU64,
    /// Turns true when the server stops.
    pub stopping: watch::Receiver<bool>,
}

impl ConnectionContext {
    /// Whether the server stops.
    pub fn is_stopping(&self) -> bool {
        // A server that was dropped stops, too.
        *self.stopping.borrow() || self.stopping.has_changed().is_err()
    }

    /// Waits until the server stops.
    pub async fn stopped(&self) {
        let mut stopping = self.stopping.clone();
        // An error means that the server was dropped.
        let _ = stopping.wait_for(|stopping| *stopping).await;
    }
}
