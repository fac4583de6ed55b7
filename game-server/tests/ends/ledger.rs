//! What one player earns, counted from outside: every point must come from a load of ore or a kill.

use shared::entity::{EntityState, Kind};
use shared::event::Happening;
use shared::id::PlayerId;
use shared::levels::{Levels, Upgrade};
use shared::round::Round;
use shared::setup::Setup;
use shared::snapshot::WorldSnapshot;

/// Error of a position by wire precision, in units.
const ROUNDING_UNITS: f32 = 0.1;

/// The accounts of one player.
pub struct Ledger {
    setup: Setup,
    player: PlayerId,
    /// At the tick before.
    ship: Option<EntityState>,
    prices: Vec<u32>,
    earned: u32,
    /// Loads taken in, and loads sold.
    pub loaded: u32,
    pub sold: u32,
}

impl Ledger {
    pub fn new(setup: Setup, player: PlayerId) -> Ledger {
        Ledger { setup, player, ship: None, prices: Vec::new(), earned: 0, loaded: 0, sold: 0 }
    }

    /// Accounts for a tick; says what the rules do not allow.
    pub fn watch(&mut self, world: &WorldSnapshot) -> Result<(), String> {
        let Some(pilot) = world.pilot(self.player) else { return Ok(()) };
        let mut ships = world.entities.iter().filter(|it| it.kind == Kind::Ship && it.owner == self.player);
        let ship = ships.next().copied();
        let same = self.ship.filter(|before| ship.is_none_or(|ship| ship.id == before.id));
        let flown = same.or(ship);
        let (mut loaded, mut won) = (0, 0);
        for event in &world.events {
            match event.what {
                Happening::Loaded { ship } if flown.is_some_and(|flown| flown.id == ship) => loaded += 1,
                Happening::Death { killer, bounty, .. } if killer == self.player => won += bounty,
                _ => {}
            }
        }
        let aboard = same.map_or(0, |before| u32::from(before.hold)) + loaded;
        let kept = ship.map_or(0, |ship| u32::from(ship.hold));
        let capacity = self.setup.rules.hold_capacity(pilot.levels);
        if kept > aboard || kept > u32::from(capacity) {
            return Err(format!("{kept} loads are held, {aboard} were taken in, {capacity} fit"));
        }
        // What is not there any more was sold, or spilled with the ship.
        let gone = aboard - kept;
        let earned = pilot.score;
        let spent = self.spent(pilot.levels);
        if pilot.purse + spent != earned {
            return Err(format!("{earned} earned, {spent} spent, {} in the purse", pilot.purse));
        }
        let Some(gained) = earned.checked_sub(self.earned + won) else {
            return Err(format!("{earned} earned, after {} and a bounty of {won}", self.earned));
        };
        if gained > 0 {
            let docked = [same, ship].into_iter().flatten().any(|ship| self.is_at_station(&ship));
            let price = self.prices.iter().max().copied().unwrap_or_default() as f32 / 100.0;
            if !docked || gained as f32 > gone as f32 * price.round() {
                return Err(format!("{gained} for {gone} loads at {price}, docked: {docked}"));
            }
            self.sold += gone;
        }
        self.loaded += loaded;
        if self.sold > self.loaded {
            return Err(format!("{} loads sold, {} taken in", self.sold, self.loaded));
        }
        (self.ship, self.earned) = (ship, earned);
        self.prices.clone_from(&world.prices);
        Ok(())
    }

    /// Points in all.
    pub fn earned(&self) -> u32 {
        self.earned
    }

    /// What upgrades of these levels have cost.
    fn spent(&self, levels: Levels) -> u32 {
        let cost = &self.setup.rules.upgrades.cost;
        let of = |upgrade: &Upgrade| cost.iter().take(levels.of(*upgrade).into()).sum::<u32>();
        Upgrade::ALL.iter().map(of).sum()
    }

    fn is_at_station(&self, ship: &EntityState) -> bool {
        let half_size = self.setup.half_size(&Round::default());
        // A ship of the tick before may have come this much nearer since.
        let way = ship.motion.velocity().length() * self.setup.tick_seconds() + ROUNDING_UNITS;
        self.setup.arenas[0].stations.iter().any(|station| {
            let place = glam::Vec2::new(station.x, station.y) * half_size;
            ship.motion.position().distance(place) <= station.radius + way
        })
    }
}
