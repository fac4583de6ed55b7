//! Lag compensation: the first stretch of a bolt's flight is tested against where its targets were on the shooter's screen.
//!
//! The shooter's screen shows other ships as they were a short time ago: the lag of the view. A bolt therefore starts that
//! long ago. It is tested tick by tick against the past positions of ships, then enters the world at its present position.
//! From there on it flies in the present, where its victim can see it and dodge it. On the shooter's screen, bolt and
//! targets are in step during the whole flight.
//!
//! Rocks move at constant velocity, and screens show them where they are now: they are tested where they will be when the
//! bolt is shown there.

use bevy_ecs::prelude::{ResMut, Resource};
use glam::Vec2;
use shared::input::ViewLag;
use shared::movement::{Motion, sweep};
use shared::quantize;

use crate::bolts::{Contact, Flown, Path, Targets, can_hit, earlier};
use crate::components::{Bolt, Trail};
use crate::entity_index::Spawner;

/// A gun fired in this tick.
pub struct FiredBolt {
    /// The bolt at the muzzle.
    pub muzzle: Motion,
    pub bolt: Bolt,
    /// How old the others were on the shooter's screen.
    pub lag: ViewLag,
}

/// The shots of this tick, by the ids of those who fired.
#[derive(Resource, Default)]
pub struct FiredBolts(pub Vec<FiredBolt>);

/// How far a ship or rock can have moved within the longest rewind, in units.
struct Farthest {
    ship: f32,
    rock: f32,
}

/// Spawns the bolts that were fired in this tick, except those that hit something in the past.
pub fn launch(mut fired: ResMut<FiredBolts>, mut targets: Targets<'_, '_>, mut spawner: Spawner<'_, '_>) {
    let mut farthest = None;
    for FiredBolt { muzzle, mut bolt, lag } in fired.0.drain(..) {
        let lag = lag.min(ViewLag(bolt.ticks_left.saturating_mul(ViewLag::PARTS_PER_TICK)));
        let end = muzzle.drifted_by(lag, targets.rules.tick_seconds);
        if lag > ViewLag::default() {
            let farthest = farthest.get_or_insert_with(|| Farthest::of(&targets));
            let path =
                Path { from: muzzle.position(), to: end.position(), radius: targets.rules.bolt.radius };
            if hit(&mut targets, &bolt, &Stretch { path, ticks: lag.ticks() }, muzzle.velocity(), farthest) {
                continue;
            }
        }
        bolt.ticks_left -= lag.whole_ticks();
        let inside = end.position().abs().max_element() <= targets.rules.half_size;
        if bolt.ticks_left > 0 && inside {
            spawner.bolt(end, bolt);
        }
    }
}

/// The path of a bolt through the past: it began `ticks` ago and ends now.
struct Stretch {
    path: Path,
    ticks: f32,
}

impl Stretch {
    /// Where the bolt was `ago` ticks ago.
    fn at(&self, ago: f32) -> Vec2 {
        self.path.from.lerp(self.path.to, self.share(ago))
    }

    /// The share of the path that it had flown `ago` ticks ago.
    fn share(&self, ago: f32) -> f32 {
        1.0 - ago / self.ticks
    }

    /// When the bolt first came within reach of a ship, in ticks ago.
    fn meets(&self, trail: &Trail, reach: f32) -> Option<f32> {
        let ticks = self.ticks.ceil() as usize;
        (0..ticks).rev().find_map(|end| {
            let (older, newer) = (*trail.0.get(end + 1)?, *trail.0.get(end)?);
            let (older, newer) = (quantize::position_from(older), quantize::position_from(newer));
            let (begin, end) = (self.ticks.min((end + 1) as f32), end as f32);
            let from = newer.lerp(older, begin - end);
            let share = sweep(self.at(begin), self.at(end), from, newer, reach)?;
            Some(begin - share * (begin - end))
        })
    }
}

/// Where a ship was `ago` ticks ago, relative to where it is, in units.
fn back(trail: &Trail, ago: f32) -> Vec2 {
    let place = |ticks: usize| {
        trail.0.get(ticks).or(trail.0.back()).map_or(Vec2::ZERO, |at| quantize::position_from(*at))
    };
    let whole = ago as usize;
    place(whole).lerp(place(whole + 1), ago - whole as f32) - place(0)
}

/// Deals the damage if the bolt hit something on its stretch; returns whether it did.
fn hit(
    targets: &mut Targets<'_, '_>,
    bolt: &Bolt,
    stretch: &Stretch,
    velocity: Vec2,
    farthest: &Farthest,
) -> bool {
    let rock = first_rock(targets, stretch, farthest.rock);
    let ship = first_ship(targets, bolt, stretch, farthest.ship);
    let Some(met) = earlier(rock, ship) else { return false };
    let ago = stretch.ticks * (1.0 - met.share);
    // The event's place is relative to the target's present position, where everybody else sees it.
    let moved = match targets.ships.get(met.entity) {
        Ok((_, _, trail, _)) => back(trail, ago),
        Err(_) => rock_drift(targets, &met, stretch.ticks - ago),
    };
    let place = Motion::new(stretch.at(ago) - moved, velocity);
    let seen = if rock.is_some_and(|rock| rock.id == met.id) { Vec2::ZERO } else { moved };
    let flown = Flown {
        id: None,
        muzzle: quantize::position(stretch.path.from),
        ticks: (stretch.ticks - ago).ceil() as u16,
        rewound: ViewLag::of_ticks(ago.into()),
        seen: quantize::position(seen),
    };
    targets.strike(&met, bolt, &place, &flown);
    true
}

/// How far a rock drifts in a number of ticks, in units.
fn rock_drift(targets: &Targets<'_, '_>, met: &Contact, ticks: f32) -> Vec2 {
    let velocity = targets.rock_grid.0.find(met.id).map_or(Vec2::ZERO, |body| body.motion.velocity());
    velocity * (ticks * targets.rules.tick_seconds)
}

fn first_rock(targets: &mut Targets<'_, '_>, stretch: &Stretch, farthest: f32) -> Option<Contact> {
    let Stretch { path, ticks } = stretch;
    let (rocks, grid) = (&targets.rocks, &targets.rock_grid.0);
    let pad = path.radius + farthest;
    grid.near(path.from.min(path.to) - pad, path.from.max(path.to) + pad, &mut targets.near);
    let seconds = ticks * targets.rules.tick_seconds;
    let contacts = targets.near.iter().filter_map(|index| {
        let body = &grid.bodies()[*index as usize];
        let later = body.at + body.motion.velocity() * seconds;
        let share = sweep(path.from, path.to, body.at, later, body.radius + path.radius)?;
        let stands = rocks.get(body.entity).is_ok_and(|rock| rock.health > 0);
        stands.then_some(Contact { share, id: body.id, entity: body.entity })
    });
    contacts.fold(None, |first, met| earlier(first, Some(met)))
}

fn first_ship(
    targets: &mut Targets<'_, '_>,
    bolt: &Bolt,
    stretch: &Stretch,
    farthest: f32,
) -> Option<Contact> {
    let path = &stretch.path;
    let (ships, grid) = (&targets.ships, &targets.ship_grid.0);
    let pad = path.radius + farthest;
    grid.near(path.from.min(path.to) - pad, path.from.max(path.to) + pad, &mut targets.near);
    let contacts = targets.near.iter().filter_map(|index| {
        let body = &grid.bodies()[*index as usize];
        let (hull, crew, trail, _) = ships.get(body.entity).ok()?;
        let ago = stretch.meets(trail, body.radius + path.radius).filter(|_| can_hit(bolt, hull, crew))?;
        Some(Contact { share: stretch.share(ago), id: body.id, entity: body.entity })
    });
    contacts.fold(None, |first, met| earlier(first, Some(met)))
}

impl Farthest {
    fn of(targets: &Targets<'_, '_>) -> Farthest {
        let distances = targets.ships.iter().map(|(_, _, trail, _)| {
            let here = trail.0.front().copied().unwrap_or_default();
            let far = trail.0.iter().map(|at| at.wrapping_sub(here).as_vec2().length_squared());
            far.fold(0.0, f32::max)
        });
        let ship = distances.fold(0.0, f32::max).sqrt() / quantize::POSITION_SCALE;
        let speeds = targets.rock_grid.0.bodies().iter().map(|body| body.motion.velocity().length_squared());
        let seconds = targets.rules.rewind_limit.ticks() * targets.rules.tick_seconds;
        let rock = speeds.fold(0.0, f32::max).sqrt() * seconds;
        Farthest { ship, rock }
    }
}
