//! Which drone is after which ore or ship: what one is fetching another leaves alone, and few hunt the same ship.

use glam::Vec2;
use shared::id::{NetId, PlayerId};
use shared::keyframe::{DroneKey, Goal};

use super::sight::OwnShip;
use crate::players::Players;
use crate::spatial_grid::{Body, SpatialGrid};
use crate::tuning::drones::mind::ATTACKERS;

/// A drone that is after something.
#[derive(Clone, Copy, Debug)]
struct Pursuit {
    target: NetId,
    player: PlayerId,
    at: Vec2,
}

/// All pursuits, ascending by target, then by player.
#[derive(Debug, Default)]
pub struct Pursuits(Vec<Pursuit>);

/// What a drone is after that others care about.
fn pursued(key: &DroneKey) -> Option<NetId> {
    key.target.filter(|_| matches!(key.goal, Goal::Collect | Goal::Fight))
}

impl Pursuits {
    /// Reads what all drones that fly are after.
    pub fn rebuild(&mut self, players: &Players, ships: &SpatialGrid) {
        self.0.clear();
        self.0.extend(players.all().iter().filter_map(|player| {
            let target = pursued(player.state.drone.as_ref()?)?;
            let at = ships.find(player.state.ship?)?.at;
            Some(Pursuit { target, player: player.state.player, at })
        }));
        self.0.sort_unstable_by_key(|pursuit| (pursuit.target, pursuit.player));
    }

    /// A drone changed its mind.
    pub fn change(&mut self, own: &OwnShip, before: &DroneKey, now: &DroneKey) {
        let (before, now) = (pursued(before), pursued(now));
        if before == now {
            return;
        }
        let place = |all: &[Pursuit], target| {
            all.binary_search_by_key(&(target, own.player), |pursuit| (pursuit.target, pursuit.player))
        };
        if let Some(Ok(index)) = before.map(|target| place(&self.0, target)) {
            self.0.remove(index);
        }
        if let Some(target) = now
            && let Err(index) = place(&self.0, target)
        {
            self.0.insert(index, Pursuit { target, player: own.player, at: own.at });
        }
    }

    /// Whether the drone is the nearest of those that are after an ore; of equally near ones, that with the lowest id.
    pub fn may_fetch(&self, own: &OwnShip, ore: &Body) -> bool {
        let own_claim = (own.at.distance_squared(ore.at), own.player);
        self.others(own, ore.id).all(|other| own_claim < (other.at.distance_squared(ore.at), other.player))
    }

    /// Whether fewer drones than are allowed hunt a ship.
    pub fn may_hunt(&self, own: &OwnShip, ship: NetId) -> bool {
        self.others(own, ship).count() < ATTACKERS as usize
    }

    fn others(&self, own: &OwnShip, target: NetId) -> impl Iterator<Item = &Pursuit> {
        let from = self.0.partition_point(|pursuit| pursuit.target < target);
        let same = self.0[from..].iter().take_while(move |pursuit| pursuit.target == target);
        let player = own.player;
        same.filter(move |pursuit| pursuit.player != player)
    }
}

/// Whether as many drones hunt a ship as may, `except` not counted.
pub fn is_hunted_by_enough(players: &Players, ship: NetId, except: PlayerId) -> bool {
    let hunts = |key: &DroneKey| key.goal == Goal::Fight && key.target == Some(ship);
    let hunters = players.all().iter().filter(|player| player.state.player != except);
    let hunters = hunters.filter(|player| player.state.drone.as_ref().is_some_and(hunts));
    hunters.count() >= ATTACKERS as usize
}
