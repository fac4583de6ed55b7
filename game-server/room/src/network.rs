//! What the clients of one network hold together: seats, kept seats, rooms. A network is what is banned together: an IPv4
//! address, or the /64 of an IPv6 address.

use crate::by_network::ByNetwork;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

/// With more networks than this, those that hold nothing are forgotten.
const SWEEP_FLOOR_NETWORKS: usize = 1024;

/// What one network may hold. This machine is not limited.
#[derive(Clone, Copy, Debug)]
pub struct NetworkLimits {
    /// Seats and places in queues, those of players who are away included.
    pub seats: usize,
    /// Seats of players who are away.
    pub kept_seats: usize,
    /// Rooms that it has opened.
    pub rooms: usize,
}

impl Default for NetworkLimits {
    fn default() -> NetworkLimits {
        NetworkLimits { seats: 128, kept_seats: 16, rooms: 4 }
    }
}

/// What each network holds, in all rooms that share this.
#[derive(Clone, Debug)]
pub struct Networks(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    limits: NetworkLimits,
    holdings: Mutex<ByNetwork<Arc<Holdings>>>,
}

#[derive(Debug, Default)]
struct Holdings {
    seats: AtomicUsize,
    kept_seats: AtomicUsize,
    rooms: AtomicUsize,
}

/// Counts one thing that a network holds until dropped.
#[derive(Debug)]
struct Permit {
    holdings: Arc<Holdings>,
    count: fn(&Holdings) -> &AtomicUsize,
}

/// A seat, or a place in a queue, counted until dropped.
#[derive(Debug)]
pub struct SeatPermit {
    /// Whose seat.
    pub network: IpAddr,
    seat: Permit,
    kept: Option<Permit>,
}

/// A room, counted until dropped.
#[derive(Debug)]
pub struct RoomPermit {
    _room: Permit,
}

impl Default for Networks {
    fn default() -> Networks {
        Networks::new(NetworkLimits::default())
    }
}

impl Networks {
    /// Nothing is held yet.
    pub fn new(limits: NetworkLimits) -> Networks {
        let holdings = Mutex::new(ByNetwork::new(SWEEP_FLOOR_NETWORKS));
        Networks(Arc::new(Shared { limits, holdings }))
    }

    /// A seat for a client of a network; `None` if it has as many as it may have.
    pub fn seat(&self, network: IpAddr) -> Option<SeatPermit> {
        self.seat_within(network, self.limit(network, self.0.limits.seats))
    }

    /// A seat that a client resumes, or that a recording names: it counts, and is never refused.
    pub fn resumed_seat(&self, network: IpAddr) -> SeatPermit {
        self.seat_within(network, usize::MAX).expect("no limit")
    }

    /// A room that a client of a network opens; `None` if it has as many as it may have.
    pub fn room(&self, network: IpAddr) -> Option<RoomPermit> {
        let limit = self.limit(network, self.0.limits.rooms);
        Permit::take(self.holdings(network), |holdings| &holdings.rooms, limit)
            .map(|room| RoomPermit { _room: room })
    }

    /// The player is away. Says whether the network may keep one more such seat.
    pub fn keep(&self, permit: &mut SeatPermit) -> bool {
        let limit = self.limit(permit.network, self.0.limits.kept_seats);
        permit.kept = Permit::take(permit.seat.holdings.clone(), |holdings| &holdings.kept_seats, limit);
        permit.kept.is_some()
    }

    fn seat_within(&self, network: IpAddr, limit: usize) -> Option<SeatPermit> {
        let seat = Permit::take(self.holdings(network), |holdings| &holdings.seats, limit)?;
        Some(SeatPermit { network, seat, kept: None })
    }

    fn limit(&self, network: IpAddr, limit: usize) -> usize {
        if network.is_loopback() { usize::MAX } else { limit }
    }

    fn holdings(&self, network: IpAddr) -> Arc<Holdings> {
        let mut all = self.0.holdings.lock().unwrap_or_else(PoisonError::into_inner);
        let holds_nothing = |holdings: &Arc<Holdings>| Arc::strong_count(holdings) == 1;
        all.get_or_insert_with(network, holds_nothing, Arc::default).clone()
    }
}

impl Permit {
    fn take(holdings: Arc<Holdings>, count: fn(&Holdings) -> &AtomicUsize, limit: usize) -> Option<Permit> {
        let permit = Permit { holdings, count };
        // One too many gives itself back.
        (permit.counter().fetch_add(1, Relaxed) < limit).then_some(permit)
    }

    fn counter(&self) -> &AtomicUsize {
        (self.count)(&self.holdings)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.counter().fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn networks() -> Networks {
        Networks::new(NetworkLimits { seats: 2, kept_seats: 1, rooms: 1 })
    }

    fn ip(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    #[test]
    fn a_network_holds_as_many_seats_as_it_may_and_a_resumed_one_counts() {
        let networks = networks();
        let mut seats: Vec<_> = (0..2).filter_map(|_| networks.seat(ip(1))).collect();
        assert_eq!(seats.len(), 2);
        assert!(networks.seat(ip(1)).is_none() && networks.seat(ip(2)).is_some());
        let resumed = networks.resumed_seat(ip(1));
        let kept: Vec<_> = seats.iter_mut().map(|seat| networks.keep(seat)).collect();
        assert_eq!(kept, [true, false]);
        seats.truncate(1);
        assert!(networks.seat(ip(1)).is_none(), "the resumed one took its place");
        drop(resumed);
        assert!(networks.seat(ip(1)).is_some());
    }

    #[test]
    fn rooms_are_limited_but_not_for_this_machine() {
        let networks = networks();
        let room = networks.room(ip(1));
        assert!(room.is_some() && networks.room(ip(1)).is_none());
        drop(room);
        assert!(networks.room(ip(1)).is_some());
        let local: Vec<_> = (0..9).map(|_| networks.room(Ipv4Addr::LOCALHOST.into())).collect();
        assert!(local.iter().all(Option::is_some));
    }

    #[test]
    fn networks_that_hold_nothing_are_forgotten() {
        let networks = networks();
        for number in 0..10 * SWEEP_FLOOR_NETWORKS as u32 {
            networks.seat(Ipv4Addr::from_bits(0x0a00_0000 + number).into());
        }
        assert!(networks.0.holdings.lock().expect("no panic").len() <= SWEEP_FLOOR_NETWORKS);
    }
}
