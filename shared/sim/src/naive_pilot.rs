//! A pilot without skill, for measurements: flies straight, dodges nothing and knows only what its screen shows.

use glam::Vec2;
use shared::angle::Angle;
use shared::entity::{BOULDER, EntityState, Kind, ShipFlags};
use shared::id::Tick;
use shared::input::{Buttons, Controls};
use shared::levels::Upgrade;
use shared::round::Round;
use shared::setup::Setup;

use crate::stations::button;

/// What the pilot is after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// Mines, fetches the ore, banks at half a hold, and buys what it can afford.
    Mine,
    /// Hunts the nearest drone; is repaired when badly hurt.
    Fight,
    /// Touches nothing.
    Idle,
}

/// What the pilot's screen shows.
pub struct Screen<'a> {
    /// The rules and the arenas.
    pub setup: &'a Setup,
    /// The present round.
    pub round: &'a Round,
    /// The present tick.
    pub tick: Tick,
    /// The own ship.
    pub own: &'a EntityState,
    /// What the pilot may spend.
    pub purse: u32,
    /// All entities in view.
    pub entities: &'a [EntityState],
}

const CRUISE_SPEED: f32 = 18.0;
const MINING_RANGE: f32 = 16.0;
const FIGHT_RANGE: f32 = 30.0;
/// A ship this near to the line of fire is in the way, also this far behind what is shot at.
const LINE_UNITS: f32 = 3.0;
const BEHIND_UNITS: f32 = 20.0;
/// Between two presses of a button.
const PRESS_TICKS: u32 = 10;
/// A patrol goes to another station after this time.
const PATROL_TICKS: u32 = 300;
/// A fighter goes to be repaired below this share of its health.
const REPAIR_HEALTH: f32 = 0.35;

impl Errand {
    /// The controls for this tick.
    pub fn controls(self, screen: &Screen<'_>) -> Controls {
        let controls = match self {
            Errand::Mine => mine(screen),
            Errand::Fight => fight(screen),
            Errand::Idle => return Controls::default(),
        };
        let docked = screen.own.flags.any(ShipFlags::DOCKED);
        let buys = docked && screen.tick.0.is_multiple_of(PRESS_TICKS);
        let bought = affordable(screen).filter(|_| buys).map_or(Buttons::default(), button);
        Controls { buttons: controls.buttons.with(bought), ..controls }
    }
}

fn mine(screen: &Screen<'_>) -> Controls {
    let own = screen.own;
    let capacity = screen.setup.rules.hold_capacity(own.levels);
    let docked = own.flags.any(ShipFlags::DOCKED);
    if own.hold * 2 >= capacity || (docked && own.hold > 0) {
        return dock(screen);
    }
    if let Some(ore) = screen.nearest(|entity| entity.kind == Kind::Ore) {
        return fly(own, ore.motion.position(), ore.motion.velocity());
    }
    match screen.nearest(|entity| entity.kind == Kind::Asteroid && entity.size != BOULDER) {
        Some(rock) => {
            let controls = shoot(own, rock, MINING_RANGE);
            if screen.is_in_line(rock) { Controls { buttons: Buttons::BRAKE, ..controls } } else { controls }
        }
        None => fly(own, Vec2::ZERO, Vec2::ZERO),
    }
}

fn fight(screen: &Screen<'_>) -> Controls {
    let own = screen.own;
    let full = screen.setup.rules.ship_health(own.levels);
    let share = shared::quantize::health_from(own.health) / full;
    let docked = own.flags.any(ShipFlags::DOCKED);
    if share < REPAIR_HEALTH || (docked && share < 1.0) {
        return dock(screen);
    }
    let is_foe = |entity: &EntityState| {
        let mate = entity.team != 0 && entity.team == own.team;
        entity.kind == Kind::Ship && !mate && !entity.flags.any(ShipFlags::PROTECTED)
    };
    match screen.nearest(|entity| is_foe(entity) && entity.is_drone()) {
        Some(ship) => shoot(own, ship, FIGHT_RANGE),
        None => patrol(screen),
    }
}

/// Flies into range of a target, then shoots at where it is.
fn shoot(own: &EntityState, target: &EntityState, range: f32) -> Controls {
    let offset = target.motion.position() - own.motion.position();
    if offset.length() > range {
        return fly(
            own,
            target.motion.position() - offset.normalize() * (range * 0.8),
            target.motion.velocity(),
        );
    }
    let fast = (own.motion.velocity() - target.motion.velocity()).length() > 3.0;
    let buttons = if fast { Buttons::FIRE.with(Buttons::BRAKE) } else { Buttons::FIRE };
    Controls { buttons, aim: Angle::from_vector(offset), ..Controls::default() }
}

/// Flies into the nearest station and stays.
fn dock(screen: &Screen<'_>) -> Controls {
    let at = screen.own.motion.position();
    let stations = screen.stations();
    let nearest = stations.min_by(|(a, _), (b, _)| a.distance_squared(at).total_cmp(&b.distance_squared(at)));
    match nearest {
        Some((station, radius)) if station.distance(at) < radius * 0.6 => {
            Controls { buttons: Buttons::BRAKE, ..Controls::default() }
        }
        Some((station, _)) => fly(screen.own, station, Vec2::ZERO),
        None => patrol(screen),
    }
}

/// Flies from station to station.
fn patrol(screen: &Screen<'_>) -> Controls {
    let turn = screen.tick.0 / PATROL_TICKS + screen.own.owner.0;
    let count = screen.setup.arena(screen.round).stations.len().max(1);
    let to = screen.stations().nth(turn as usize % count).map_or(Vec2::ZERO, |(at, _)| at);
    fly(screen.own, to, Vec2::ZERO)
}

fn fly(own: &EntityState, to: Vec2, velocity: Vec2) -> Controls {
    let offset = to - own.motion.position();
    let wish = offset.normalize_or_zero() * (offset.length() * 1.2 + 2.0).min(CRUISE_SPEED) + velocity;
    let change = wish - own.motion.velocity();
    let buttons = if change.length() > 1.5 { Buttons::THRUST } else { Buttons::default() };
    Controls { buttons, aim: Angle::from_vector(change), ..Controls::default() }
}

/// The first upgrade that the purse suffices for.
fn affordable(screen: &Screen<'_>) -> Option<Upgrade> {
    let cost = |upgrade: &Upgrade| screen.setup.rules.upgrade_cost(screen.own.levels, *upgrade);
    Upgrade::ALL.into_iter().find(|upgrade| cost(upgrade).is_some_and(|cost| cost <= screen.purse))
}

impl Screen<'_> {
    fn nearest(&self, fits: impl Fn(&EntityState) -> bool) -> Option<&EntityState> {
        let at = self.own.motion.position();
        let distance = |entity: &EntityState| entity.motion.position().distance_squared(at);
        let fitting = self.entities.iter().filter(|entity| entity.id != self.own.id && fits(entity));
        fitting.min_by(|a, b| distance(a).total_cmp(&distance(b)))
    }

    /// Whether a ship is in the line of fire at a rock, or close behind the rock.
    fn is_in_line(&self, rock: &EntityState) -> bool {
        let at = self.own.motion.position();
        let offset = rock.motion.position() - at;
        let (direction, distance) = (offset.normalize_or_zero(), offset.length() + BEHIND_UNITS);
        let ships =
            self.entities.iter().filter(|entity| entity.kind == Kind::Ship && entity.id != self.own.id);
        ships.map(|ship| ship.motion.position() - at).any(|ship| {
            (0.0..distance).contains(&ship.dot(direction)) && ship.perp_dot(direction).abs() < LINE_UNITS
        })
    }

    /// Where the stations are and how large, in units.
    fn stations(&self) -> impl Iterator<Item = (Vec2, f32)> {
        let half_size = self.setup.half_size(self.round);
        let stations = self.setup.arena(self.round).stations.iter();
        stations.map(move |station| (Vec2::new(station.x, station.y) * half_size, station.radius))
    }
}
