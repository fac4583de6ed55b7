//! Bolts in flight: swept tests find the first thing in their path at any speed.

use bevy_ecs::prelude::{Entity, Local, Query, Res, ResMut};
use bevy_ecs::system::SystemParam;
use glam::{IVec2, Vec2};
use shared::angle::Angle;
use shared::entity::{BOULDER, Kind, MINE};
use shared::event::Happening;
use shared::evidence::HitEvidence;
use shared::id::NetId;
use shared::input::ViewLag;
use shared::levels::{HullKind, Levels};
use shared::movement::{Motion, sweep};
use shared::quantize::{self, HEALTH_SCALE};

use crate::components::{Bolt, Crew, Drift, Flight, Hull, Rock, Trail};
use crate::drones;
use crate::entity_index::Spawner;
use crate::players::Players;
use crate::rules::WorldRules;
use crate::spatial_grid::{Body, RockGrid, ShipGrid, SpatialGrid};
use crate::tick_context::{Clock, EventQueue};

/// A straight part of a bolt's flight.
#[derive(Clone, Copy)]
pub struct Path {
    pub from: Vec2,
    pub to: Vec2,
    pub radius: f32,
}

/// The entity that a bolt meets, and where, as a share of the path.
#[derive(Clone, Copy)]
pub struct Contact {
    pub share: f32,
    pub id: NetId,
    pub entity: Entity,
}

/// How a bolt came to a hit. Positions are in position quanta.
pub struct Flown {
    /// The bolt as an entity, if it became one.
    pub id: Option<NetId>,
    pub muzzle: IVec2,
    /// Rounded up.
    pub ticks: u16,
    /// How far the target was taken back.
    pub rewound: ViewLag,
    /// From the target's position to where the shooter saw it.
    pub seen: IVec2,
}

/// Everything that a bolt can hit, and what a hit does.
#[derive(SystemParam)]
pub struct Targets<'w, 's> {
    pub rules: Res<'w, WorldRules>,
    clock: Res<'w, Clock>,
    pub rock_grid: Res<'w, RockGrid>,
    pub ship_grid: Res<'w, ShipGrid>,
    pub rocks: Query<'w, 's, &'static mut Rock>,
    pub ships: Query<'w, 's, (&'static mut Hull, &'static Crew, &'static Trail, &'static Flight)>,
    players: ResMut<'w, Players>,
    events: ResMut<'w, EventQueue>,
    pub near: Local<'s, Vec<u32>>,
}

impl Targets<'_, '_> {
    /// Deals a bolt's damage to what it met at `place`, relative to the target's present position.
    pub fn strike(&mut self, met: &Contact, bolt: &Bolt, place: &Motion, flown: &Flown) {
        let course = Angle::from_vector(place.velocity());
        let (by, damage) = (bolt.owner, self.damage(met, bolt));
        let seen = flown.seen.clamp(IVec2::splat(i16::MIN.into()), IVec2::splat(i16::MAX.into()));
        let seen = (seen.x as i16, seen.y as i16);
        self.events.push(place, Happening::Hit { target: met.id, by, damage, course, seen });
        self.keep_evidence(met, bolt, damage, place, flown);
        if let Ok(mut rock) = self.rocks.get_mut(met.entity) {
            if rock.size != BOULDER {
                rock.health = rock.health.saturating_sub(damage);
            }
        } else if let Ok((mut hull, crew, ..)) = self.ships.get_mut(met.entity) {
            hull.health = hull.health.saturating_sub(damage);
            let assist_ticks = self.rules.setup.ticks(self.rules.bounty.assist_seconds);
            hull.hit(bolt.owner, self.clock.0.plus(assist_ticks));
            let full = self.rules.ship.health * HEALTH_SCALE;
            drones::provoke(&mut self.players, crew.player, bolt.owner, f32::from(hull.health) / full);
        }
    }

    /// A bolt's damage to what it met: a shield takes a share.
    fn damage(&self, met: &Contact, bolt: &Bolt) -> u16 {
        let Ok((_, crew, _, flight)) = self.ships.get(met.entity) else { return bolt.damage };
        let levels = self.players.get(crew.player).map_or(Levels::default(), |player| player.state.levels);
        if !flight.uses(levels, HullKind::Raider) {
            return bolt.damage;
        }
        (f32::from(bolt.damage) * (1.0 - self.rules.ability.shield_share)).round() as u16
    }

    fn keep_evidence(&mut self, met: &Contact, bolt: &Bolt, damage: u16, place: &Motion, flown: &Flown) {
        let Ok((_, crew, trail, _)) = self.ships.get(met.entity) else { return };
        let stood = trail.0.front().copied().unwrap_or(place.position_q);
        let shooter = self.players.get(bolt.owner);
        self.events.hits.push(HitEvidence {
            shooter: bolt.owner,
            victim: crew.player,
            ship: met.id,
            bolt: flown.id,
            damage,
            view_age: shooter.map_or(ViewLag::default(), |shooter| shooter.state.controls.lag),
            rewound: flown.rewound,
            flown_ticks: flown.ticks,
            muzzle: flown.muzzle.into(),
            met: place.position_q.wrapping_add(flown.seen).into(),
            seen: stood.wrapping_add(flown.seen).into(),
            stood: stood.into(),
        });
    }

    /// The first rock or ship in a path, with their own motion in this tick.
    fn first(&mut self, bolt: &Bolt, path: &Path) -> Option<Contact> {
        let (rocks, ships) = (&self.rocks, &self.ships);
        if bolt.size == MINE {
            return first(path, &self.ship_grid.0, &mut self.near, |body| {
                ships.get(body.entity).is_ok_and(|(hull, crew, ..)| can_hit(bolt, hull, crew))
            });
        }
        let rock = first(path, &self.rock_grid.0, &mut self.near, |body| {
            rocks.get(body.entity).is_ok_and(|rock| rock.health > 0)
        });
        let ship = first(path, &self.ship_grid.0, &mut self.near, |body| {
            ships.get(body.entity).is_ok_and(|(hull, crew, ..)| can_hit(bolt, hull, crew))
        });
        earlier(rock, ship)
    }
}

/// Moves the bolts that were fired before this tick, and deals their damage.
pub fn fly_bolts(
    mut bolts: Query<(&mut Drift, &mut Bolt)>,
    mut targets: Targets<'_, '_>,
    mut spawner: Spawner<'_, '_>,
) {
    for index in 0..spawner.entities.entries().len() {
        let entry = spawner.entities.entries()[index];
        if entry.kind != Kind::Bolt {
            continue;
        }
        let Ok((mut drift, mut bolt)) = bolts.get_mut(entry.entity) else { continue };
        let from = drift.0.position();
        drift.0 = drift.0.drifted(1, targets.rules.tick_seconds);
        bolt.ticks_left = bolt.ticks_left.saturating_sub(1);
        let path = Path { from, to: drift.0.position(), radius: reach(&bolt, &targets.rules) };
        let met = if is_armed(&bolt, &targets.rules) { targets.first(&bolt, &path) } else { None };
        if let Some(met) = &met {
            let place = Motion::new(path.from.lerp(path.to, met.share), drift.0.velocity());
            let lifetime = lifetime(&bolt, &targets.rules);
            let ticks = lifetime.saturating_sub(bolt.ticks_left.into());
            let back = quantize::displacement(-drift.0.velocity_q, targets.rules.tick_seconds);
            let flown = Flown {
                id: Some(entry.id),
                muzzle: drift.0.position_q.wrapping_add(back.wrapping_mul(IVec2::splat(ticks as i32))),
                ticks: ticks.min(u16::MAX.into()) as u16,
                rewound: ViewLag::default(),
                seen: IVec2::ZERO,
            };
            targets.strike(met, &bolt, &place, &flown);
        }
        let beyond = path.to.abs().max_element() > targets.rules.half_size;
        if met.is_some() || bolt.ticks_left == 0 || beyond {
            spawner.remove(entry);
        }
    }
}

fn reach(bolt: &Bolt, rules: &WorldRules) -> f32 {
    if bolt.size == MINE { rules.ability.mine_radius } else { rules.bolt.radius }
}

/// In ticks.
fn lifetime(bolt: &Bolt, rules: &WorldRules) -> u32 {
    if bolt.size == MINE { rules.mine_ticks().into() } else { rules.setup.ticks(rules.bolt.lifetime_seconds) }
}

fn is_armed(bolt: &Bolt, rules: &WorldRules) -> bool {
    let age = u32::from(rules.mine_ticks()) - u32::from(bolt.ticks_left).min(rules.mine_ticks().into());
    bolt.size != MINE || age >= rules.setup.ticks(rules.ability.mine_arm_seconds)
}

/// A bolt passes through its owner's ship and those of mates, and through protected and destroyed ones.
pub fn can_hit(bolt: &Bolt, hull: &Hull, crew: &Crew) -> bool {
    let mate = bolt.team != 0 && crew.team == bolt.team;
    hull.health > 0 && hull.protection_ticks == 0 && crew.player != bolt.owner && !mate
}

/// The first body of a grid in a path; of those met at the same time, the one with the lowest id.
fn first(
    path: &Path,
    grid: &SpatialGrid,
    near: &mut Vec<u32>,
    stands: impl Fn(&Body) -> bool,
) -> Option<Contact> {
    let radius = Vec2::splat(path.radius);
    grid.near(path.from.min(path.to) - radius, path.from.max(path.to) + radius, near);
    let mut met: Option<Contact> = None;
    for body in near.iter().map(|index| &grid.bodies()[*index as usize]) {
        let share = sweep(path.from, path.to, body.from, body.at, body.radius + path.radius);
        let Some(share) = share.filter(|share| met.is_none_or(|met| *share < met.share)) else { continue };
        if stands(body) {
            met = Some(Contact { share, id: body.id, entity: body.entity });
        }
    }
    met
}

/// The earlier of two contacts; at the same time, the one with the lower id.
pub fn earlier(one: Option<Contact>, other: Option<Contact>) -> Option<Contact> {
    match (one, other) {
        (Some(one), Some(other)) => {
            Some(if (other.share, other.id) < (one.share, one.id) { other } else { one })
        }
        _ => one.or(other),
    }
}
