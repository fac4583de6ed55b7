//! The address of each seated connection, for moderators.

use room::ConnectionId;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The addresses of all connections with a seat.
#[derive(Debug, Default)]
pub struct PeerAddresses(Mutex<HashMap<ConnectionId, IpAddr>>);

/// Keeps the address of a connection until dropped.
#[derive(Debug)]
pub struct Registered {
    addresses: Arc<PeerAddresses>,
    connection: ConnectionId,
}

impl PeerAddresses {
    pub fn register(self: &Arc<PeerAddresses>, connection: ConnectionId, address: IpAddr) -> Registered {
        self.known().insert(connection, address);
        Registered { addresses: self.clone(), connection }
    }

    /// The address of a connection, while it has a seat.
    pub fn of(&self, connection: ConnectionId) -> Option<IpAddr> {
        self.known().get(&connection).copied()
    }

    fn known(&self) -> MutexGuard<'_, HashMap<ConnectionId, IpAddr>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.addresses.known().remove(&self.connection);
    }
}
