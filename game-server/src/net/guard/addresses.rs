//! Limits per address: its open connections and its rate of new ones. Loopback addresses are not limited.

use crate::net::guard::limits::Limits;
use crate::net::guard::token_bucket::TokenBucket;
use ipnet::{IpNet, Ipv4Net};
use room::by_network::ByNetwork;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// With more addresses than this, those without an open connection are forgotten.
const SWEEP_FLOOR_ADDRESSES: usize = 1024;
/// IPv6 addresses that share this many bits count as one: a household gets at least such a network.
pub const NETWORK_BITS: u8 = 64;
/// Bits before the IPv4 address in an IPv4-mapped one (RFC 4291 §2.5.5.2).
const V4_MAPPED_PREFIX_BITS: u8 = 96;

/// Why an address gets no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("too many connections from this address")]
    TooMany,
    #[error("too many new connections from this address: try again in a few seconds")]
    TooFast,
}

pub struct Addresses {
    usage: Mutex<ByNetwork<Usage>>,
    connections_limit: usize,
    per_second: u32,
    burst: u32,
}

struct Usage {
    connections: usize,
    handshakes: TokenBucket,
}

/// Counts as one connection of an address until dropped.
pub struct AddressPermit {
    addresses: Arc<Addresses>,
    network: IpAddr,
}

impl Addresses {
    pub fn new(limits: &Limits) -> Arc<Addresses> {
        Arc::new(Addresses {
            usage: Mutex::new(ByNetwork::new(SWEEP_FLOOR_ADDRESSES)),
            connections_limit: limits.connections_per_address,
            per_second: limits.handshakes_per_second_and_address,
            burst: limits.handshakes_burst_per_address,
        })
    }

    /// Refused connections count against the rate too.
    pub fn acquire(self: &Arc<Addresses>, address: IpAddr, now: Instant) -> Result<AddressPermit, Refusal> {
        let network = network_of(address);
        let mut usage = self.usage();
        if !network.is_loopback() {
            let is_idle = |usage: &Usage| usage.connections == 0 && usage.handshakes.is_full(now);
            let usage = usage.get_or_insert_with(network, is_idle, || Usage {
                connections: 0,
                handshakes: TokenBucket::new(self.per_second, self.burst, now),
            });
            if !usage.handshakes.take(1, now) {
                return Err(Refusal::TooFast);
            }
            if usage.connections >= self.connections_limit {
                return Err(Refusal::TooMany);
            }
            usage.connections += 1;
        }
        Ok(AddressPermit { addresses: self.clone(), network })
    }

    fn usage(&self) -> MutexGuard<'_, ByNetwork<Usage>> {
        self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The addresses that are limited and banned together.
pub fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << NETWORK_BITS)).into()
        }
        address => address,
    }
}

/// A network such as `10.0.0.0/8`, or one address. The error says so to a person.
pub fn parse_network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    network.map(normalized).map_err(|_| "must be a network such as 10.0.0.0/8, or one address".into())
}

/// Without host bits, and IPv4 as IPv4: addresses are compared in this form.
fn normalized(network: IpNet) -> IpNet {
    let v4 = match network {
        IpNet::V6(v6) if v6.prefix_len() >= V4_MAPPED_PREFIX_BITS => v6.addr().to_ipv4_mapped(),
        _ => None,
    };
    let v4 = v4.and_then(|address| Ipv4Net::new(address, network.prefix_len() - V4_MAPPED_PREFIX_BITS).ok());
    v4.map_or(network, IpNet::V4).trunc()
}

impl Drop for AddressPermit {
    fn drop(&mut self) {
        if let Some(usage) = self.addresses.usage().get_mut(self.network) {
            usage.connections = usage.connections.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const ONE: &str = "192.0.2.1";

    fn addresses(connections: usize, per_second: u32, burst: u32) -> Arc<Addresses> {
        let limits = Limits {
            connections_per_address: connections,
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
        let first = addresses.acquire(ip(ONE), now).unwrap();
        assert_eq!(addresses.acquire(ip("::ffff:192.0.2.1"), now).err(), Some(Refusal::TooMany));
        let _other = addresses.acquire(ip("192.0.2.2"), now).unwrap();
        drop(first);
        assert!(addresses.acquire(ip(ONE), now).is_ok());
        let local: Vec<_> = (0..9).filter_map(|_| addresses.acquire(ip("127.0.0.1"), now).ok()).collect();
        assert_eq!(local.len(), 9);
        let _household = addresses.acquire(ip("2001:db8:1:2::3"), now).unwrap();
        assert_eq!(addresses.acquire(ip("2001:db8:1:2:ffff::9"), now).err(), Some(Refusal::TooMany));
        assert!(addresses.acquire(ip("2001:db8:1:3::3"), now).is_ok());
    }

    #[test]
    fn new_connections_are_limited_by_a_rate_and_refused_ones_count() {
        let (addresses, start) = (addresses(100, 1, 3), Instant::now());
        let opened = (0..5).filter(|_| addresses.acquire(ip(ONE), start).is_ok()).count();
        assert_eq!(opened, 3);
        let later = start + Duration::from_millis(1100);
        assert!(addresses.acquire(ip(ONE), later).is_ok());
        assert_eq!(addresses.acquire(ip(ONE), later).err(), Some(Refusal::TooFast));
    }

    #[test]
    fn idle_addresses_are_forgotten() {
        let (addresses, start) = (addresses(1, 1, 1), Instant::now());
        for number in 0..100_000_u32 {
            let now = start + Duration::from_millis(number.into());
            drop(addresses.acquire(IpAddr::V4((0x0a00_0000 + number).into()), now));
        }
        assert!(addresses.usage().len() <= 4 * SWEEP_FLOOR_ADDRESSES);
    }
}
