//! Counts who is there: all sockets, the connections of players.

use crate::net::guard::addresses::AtAddress;
use metrics::{Gauge, gauge};
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::watch;

/// Counts those present, up to a limit.
pub struct Presence {
    count: watch::Sender<usize>,
    limit: usize,
    gauge: Gauge,
}

/// One of those present, until dropped.
pub struct Present(Arc<Presence>);

/// A socket's place among all sockets, held until its last byte.
pub struct Slot {
    /// Among those of the server.
    pub _socket: Present,
    /// Among those of its address, unless that is a proxy, which has the sockets of many.
    pub _address: Option<AtAddress>,
    /// Who is at the other end.
    pub peer: IpAddr,
}

impl Presence {
    /// Nobody yet. The gauge of this name shows the number.
    #[must_use]
    pub fn new(name: &'static str, limit: usize) -> Arc<Presence> {
        Arc::new(Presence { count: watch::Sender::new(0), limit, gauge: gauge!(name) })
    }

    /// One more; `None` if that would be too many.
    #[must_use]
    pub fn enter(self: &Arc<Presence>) -> Option<Present> {
        let entered = self.count.send_if_modified(|count| {
            let free = *count < self.limit;
            *count += usize::from(free);
            free
        });
        entered.then(|| {
            self.gauge.increment(1);
            Present(self.clone())
        })
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        *self.count.borrow()
    }

    /// Waits until nobody is left.
    pub async fn emptied(&self) {
        // The sender is borrowed, so it cannot be gone.
        let _ = self.count.subscribe().wait_for(|count| *count == 0).await;
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0.count.send_modify(|count| *count -= 1);
        self.0.gauge.decrement(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_its_holder_goes() {
        let presence = Presence::new("test_present", 2);
        let first = presence.enter().unwrap();
        let _second = presence.enter().unwrap();
        assert!(presence.enter().is_none());
        drop(first);
        assert_eq!(presence.count(), 1);
        assert!(presence.enter().is_some());
    }
}
