//! Where the player of each connection comes from, for moderators.

use room::ConnectionId;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The addresses of all connections with a seat.
#[derive(Debug, Default)]
pub struct Whereabouts(Mutex<HashMap<ConnectionId, IpAddr>>);

/// One connection with a seat, until dropped.
#[derive(Debug)]
pub struct Located {
    whereabouts: Arc<Whereabouts>,
    connection: ConnectionId,
}

impl Whereabouts {
    /// A connection takes a seat.
    #[must_use]
    pub fn enter(self: &Arc<Whereabouts>, connection: ConnectionId, address: IpAddr) -> Located {
        self.known().insert(connection, address);
        Located { whereabouts: self.clone(), connection }
    }

    /// The address of a connection, while it has a seat.
    #[must_use]
    pub fn of(&self, connection: ConnectionId) -> Option<IpAddr> {
        self.known().get(&connection).copied()
    }

    fn known(&self) -> MutexGuard<'_, HashMap<ConnectionId, IpAddr>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Located {
    fn drop(&mut self) {
        self.whereabouts.known().remove(&self.connection);
    }
}
