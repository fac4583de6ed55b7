//! Limits of what runs at a time, on the whole and for one network.

use crate::net::guard::addresses::network_of;
use crate::net::guard::permits::{ConnectionLimit, Permit};
use room::by_network::ByNetwork;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// With more networks than this, those that hold nothing are forgotten.
const SWEEP_FLOOR_NETWORKS: usize = 256;

/// Which limit is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    OfNetwork,
    OfAll,
}

/// Counts up to a limit, and up to another one for each network.
pub struct NetworkLimit {
    all: Arc<ConnectionLimit>,
    per_network: Mutex<ByNetwork<usize>>,
    per_network_limit: usize,
}

/// Counts as one until dropped.
pub struct NetworkPermit {
    _one: Permit,
    limit: Arc<NetworkLimit>,
    network: IpAddr,
}

impl NetworkLimit {
    /// The gauge of this name shows the count.
    pub fn new(gauge: &'static str, limit: usize, per_network_limit: usize) -> Arc<NetworkLimit> {
        Arc::new(NetworkLimit {
            all: ConnectionLimit::new(gauge, limit),
            per_network: Mutex::new(ByNetwork::new(SWEEP_FLOOR_NETWORKS)),
            per_network_limit,
        })
    }

    pub fn acquire(self: &Arc<NetworkLimit>, address: IpAddr) -> Result<NetworkPermit, Reached> {
        let network = network_of(address);
        let mut per_network = self.per_network();
        let held = per_network.get_or_insert_with(network, |held| *held == 0, || 0);
        if *held >= self.per_network_limit {
            return Err(Reached::OfNetwork);
        }
        let one = self.all.acquire().ok_or(Reached::OfAll)?;
        *held += 1;
        Ok(NetworkPermit { _one: one, limit: self.clone(), network })
    }

    fn per_network(&self) -> MutexGuard<'_, ByNetwork<usize>> {
        self.per_network.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for NetworkPermit {
    fn drop(&mut self) {
        if let Some(held) = self.limit.per_network().get_mut(self.network) {
            *held -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_a_share_of_the_whole() {
        let limit = NetworkLimit::new("test_downloads", 3, 2);
        let acquire = |address: &str| limit.acquire(address.parse().unwrap());
        let (first, _second) = (acquire("192.0.2.1").unwrap(), acquire("::ffff:192.0.2.1").unwrap());
        assert_eq!(acquire("192.0.2.1").err(), Some(Reached::OfNetwork));
        let _third = acquire("192.0.2.2").unwrap();
        assert_eq!(acquire("192.0.2.3").err(), Some(Reached::OfAll));
        drop(first);
        assert!(acquire("192.0.2.1").is_ok());
    }
}
