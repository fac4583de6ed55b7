//! Counts who is there: all sockets, the sockets of one address, the open WebSockets.

use metrics::{Gauge, gauge};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Counts those present, up to a limit.
pub struct Presence {
    count: watch::Sender<usize>,
    limit: usize,
    gauge: Gauge,
}

/// One of those present, until dropped.
pub struct Present(Arc<Presence>);

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

/// Counts those present by address. This machine's own addresses are not counted.
pub struct Addresses {
    counts: Mutex<HashMap<IpAddr, usize>>,
    limit: usize,
}

/// One of those present at an address, until dropped.
pub struct AtAddress {
    addresses: Arc<Addresses>,
    address: IpAddr,
}

impl Addresses {
    /// Nobody yet, and at most so many at each address.
    #[must_use]
    pub fn new(limit: usize) -> Arc<Addresses> {
        Arc::new(Addresses { counts: Mutex::default(), limit })
    }

    /// One more at an address; `None` if that would be too many.
    #[must_use]
    pub fn enter(self: &Arc<Addresses>, address: IpAddr) -> Option<AtAddress> {
        let address = address.to_canonical();
        if !address.is_loopback() {
            let mut counts = self.counts();
            let count = counts.entry(address).or_default();
            if *count >= self.limit {
                return None;
            }
            *count += 1;
        }
        Some(AtAddress { addresses: self.clone(), address })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for AtAddress {
    fn drop(&mut self) {
        let mut counts = self.addresses.counts();
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
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

    #[test]
    fn each_address_has_its_own_limit() {
        let addresses = Addresses::new(1);
        let (one, other) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let first = addresses.enter(one).unwrap();
        assert!(addresses.enter("::ffff:192.0.2.1".parse().unwrap()).is_none());
        let _other = addresses.enter(other).unwrap();
        drop(first);
        assert!(addresses.enter(one).is_some());
        let local: Vec<_> = (0..9).filter_map(|_| addresses.enter("127.0.0.1".parse().unwrap())).collect();
        assert_eq!(local.len(), 9);
    }
}
