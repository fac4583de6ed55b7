//! What each address takes up: its sockets, and how fast it opens new ones. This machine's own addresses are not counted.

use crate::net::guard::allowance::Allowance;
use crate::net::guard::limits::Limits;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Addresses that are remembered before those that have nothing open are looked for.
const SWEEP_FLOOR_ADDRESSES: usize = 1024;
/// A household gets at least this much of an IPv6 address for itself, in bits: it counts as one.
const NETWORK_BITS: u32 = 64;

/// Why an address gets no socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It has as many as it may have.
    #[error("too many connections from this address")]
    TooMany,
    /// It opens them faster than it may.
    #[error("too many new connections from this address: try again in a few seconds")]
    TooFast,
}

/// What each address takes up.
pub struct Addresses {
    places: Mutex<Places>,
    sockets_limit: usize,
    per_second: u32,
    burst: u32,
}

#[derive(Default)]
struct Places {
    known: HashMap<IpAddr, Place>,
    sweep_at: usize,
}

struct Place {
    sockets: usize,
    opened: Allowance,
}

/// One of the sockets of an address, until dropped.
pub struct AtAddress {
    addresses: Arc<Addresses>,
    network: IpAddr,
}

impl Addresses {
    /// Nobody yet.
    #[must_use]
    pub fn new(limits: &Limits) -> Arc<Addresses> {
        Arc::new(Addresses {
            places: Mutex::new(Places { sweep_at: SWEEP_FLOOR_ADDRESSES, ..Places::default() }),
            sockets_limit: limits.connections_per_address,
            per_second: limits.handshakes_per_second_and_address,
            burst: limits.handshakes_burst_per_address,
        })
    }

    /// One more socket of an address.
    ///
    /// # Errors
    /// [`Refusal`] if the address may not have it.
    pub fn enter(self: &Arc<Addresses>, address: IpAddr, now: Instant) -> Result<AtAddress, Refusal> {
        let network = network_of(address);
        let mut places = self.places();
        if !network.is_loopback() {
            places.sweep(now);
            let new = || Place { sockets: 0, opened: Allowance::new(self.per_second, self.burst, now) };
            let place = places.known.entry(network).or_insert_with(new);
            if !place.opened.take(1, now) {
                return Err(Refusal::TooFast);
            }
            if place.sockets >= self.sockets_limit {
                return Err(Refusal::TooMany);
            }
            place.sockets += 1;
        }
        Ok(AtAddress { addresses: self.clone(), network })
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Places {
    /// Forgets addresses of which nothing is worth knowing, whenever their number has doubled.
    fn sweep(&mut self, now: Instant) {
        if self.known.len() >= self.sweep_at {
            self.known.retain(|_, place| place.sockets > 0 || !place.opened.is_full(now));
            self.sweep_at = (2 * self.known.len()).max(SWEEP_FLOOR_ADDRESSES);
        }
    }
}

/// What counts as one address.
#[must_use]
pub fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << NETWORK_BITS)).into()
        }
        address => address,
    }
}

impl Drop for AtAddress {
    fn drop(&mut self) {
        if let Some(place) = self.addresses.places().known.get_mut(&self.network) {
            place.sockets = place.sockets.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const ONE: &str = "192.0.2.1";

    fn addresses(sockets: usize, per_second: u32, burst: u32) -> Arc<Addresses> {
        let limits = Limits {
            connections_per_address: sockets,
            handshakes_per_second_and_address: per_second,
            handshakes_burst_per_address: burst,
            ..Limits::default()
        };
        Addresses::new(&limits)
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn each_address_has_its_own_limit() {
        let (addresses, now) = (addresses(1, 100, 100), Instant::now());
        let first = addresses.enter(ip(ONE), now).unwrap();
        assert_eq!(addresses.enter(ip("::ffff:192.0.2.1"), now).err(), Some(Refusal::TooMany));
        let _other = addresses.enter(ip("192.0.2.2"), now).unwrap();
        drop(first);
        assert!(addresses.enter(ip(ONE), now).is_ok());
        let local: Vec<_> = (0..9).filter_map(|_| addresses.enter(ip("127.0.0.1"), now).ok()).collect();
        assert_eq!(local.len(), 9);
        let _household = addresses.enter(ip("2001:db8:1:2::3"), now).unwrap();
        assert_eq!(addresses.enter(ip("2001:db8:1:2:ffff::9"), now).err(), Some(Refusal::TooMany));
        assert!(addresses.enter(ip("2001:db8:1:3::3"), now).is_ok());
    }

    #[test]
    fn new_sockets_come_at_a_rate_and_refused_ones_count() {
        let (addresses, start) = (addresses(100, 1, 3), Instant::now());
        let opened = (0..5).filter(|_| addresses.enter(ip(ONE), start).is_ok()).count();
        assert_eq!(opened, 3);
        let later = start + Duration::from_millis(1100);
        assert!(addresses.enter(ip(ONE), later).is_ok());
        assert_eq!(addresses.enter(ip(ONE), later).err(), Some(Refusal::TooFast));
    }

    #[test]
    fn addresses_that_come_once_are_forgotten() {
        let (addresses, start) = (addresses(1, 1, 1), Instant::now());
        for number in 0..100_000_u32 {
            let now = start + Duration::from_millis(number.into());
            drop(addresses.enter(IpAddr::V4((0x0a00_0000 + number).into()), now));
        }
        assert!(addresses.places().known.len() <= 4 * SWEEP_FLOOR_ADDRESSES);
    }
}
