//! Bolts in flight: they hit the first thing in their way, however fast either goes.

use bevy_ecs::prelude::{Entity, Local, Query, Res, ResMut};
use glam::Vec2;
use shared::entity::Kind;
use shared::event::Happening;
use shared::id::NetId;
use shared::movement::{Motion, sweep};
use shared::quantize::HEALTH_SCALE;

use crate::chart::{Chart, RockChart, ShipChart, Spot};
use crate::components::{Bolt, Crew, Drift, Hull, Rock};
use crate::drones;
use crate::moment::Happenings;
use crate::players::Players;
use crate::roster::Spawner;
use crate::rulebook::Rulebook;

/// The way of a bolt in this tick.
struct Way {
    from: Vec2,
    to: Vec2,
    radius: f32,
}

/// What a bolt meets: when, as a share of its way, and what.
#[derive(Clone, Copy)]
struct Meeting {
    share: f32,
    id: NetId,
    entity: Entity,
}

/// Moves the bolts that were fired before this tick, and deals their damage.
pub fn fly_bolts(
    book: Res<Rulebook>,
    rock_chart: Res<RockChart>,
    ship_chart: Res<ShipChart>,
    mut bolts: Query<(&mut Drift, &mut Bolt)>,
    mut rocks: Query<&mut Rock>,
    mut ships: Query<(&mut Hull, &Crew)>,
    mut players: ResMut<Players>,
    mut spawner: Spawner,
    mut happenings: ResMut<Happenings>,
    mut near: Local<Vec<u32>>,
) {
    for index in 0..spawner.roster.slots().len() {
        let slot = spawner.roster.slots()[index];
        if slot.kind != Kind::Bolt || spawner.roster.is_new(slot.id) {
            continue;
        }
        let Ok((mut drift, mut bolt)) = bolts.get_mut(slot.entity) else { continue };
        let from = drift.0.position();
        drift.0 = drift.0.drifted(1, book.tick_seconds);
        bolt.ticks_left = bolt.ticks_left.saturating_sub(1);
        let way = Way { from, to: drift.0.position(), radius: book.rules().bolt.radius };
        let rock = first(&way, &rock_chart.0, &mut near, |spot| {
            rocks.get(spot.entity).is_ok_and(|rock| rock.health > 0)
        });
        let ship = first(&way, &ship_chart.0, &mut near, |spot| {
            ships.get(spot.entity).is_ok_and(|(hull, crew)| can_hit(&bolt, hull, crew))
        });
        if let Some(met) = earlier(rock, ship) {
            let place = Motion::new(way.from.lerp(way.to, met.share), drift.0.speed());
            let hit = Happening::Hit { target: met.id, by: bolt.owner, damage: bolt.damage };
            happenings.tell(&place, hit);
            if let Ok(mut rock) = rocks.get_mut(met.entity) {
                rock.health = rock.health.saturating_sub(bolt.damage);
            } else if let Ok((mut hull, crew)) = ships.get_mut(met.entity) {
                hull.health = hull.health.saturating_sub(bolt.damage);
                hull.killer = bolt.owner;
                let full = book.rules().ship.health * HEALTH_SCALE;
                drones::provoke(&mut players, crew.player, bolt.owner, f32::from(hull.health) / full);
            }
        }
        let beyond = way.to.abs().max_element() > book.half_size;
        if rock.or(ship).is_some() || bolt.ticks_left == 0 || beyond {
            spawner.remove(slot);
        }
    }
}

/// A bolt passes through its own ship, mates, the protected, and those who are destroyed already.
fn can_hit(bolt: &Bolt, hull: &Hull, crew: &Crew) -> bool {
    let mate = bolt.team != 0 && crew.team == bolt.team;
    hull.health > 0 && hull.protection_ticks == 0 && crew.player != bolt.owner && !mate
}

/// What of a chart a bolt meets first; the lowest id of those it meets at once.
fn first(way: &Way, chart: &Chart, near: &mut Vec<u32>, stands: impl Fn(&Spot) -> bool) -> Option<Meeting> {
    let radius = Vec2::splat(way.radius);
    chart.near(way.from.min(way.to) - radius, way.from.max(way.to) + radius, near);
    let mut met: Option<Meeting> = None;
    for spot in near.iter().map(|index| &chart.spots()[*index as usize]) {
        let share = sweep(way.from, way.to, spot.from, spot.at, spot.radius + way.radius);
        let Some(share) = share.filter(|share| met.is_none_or(|met| *share < met.share)) else { continue };
        if stands(spot) {
            met = Some(Meeting { share, id: spot.id, entity: spot.entity });
        }
    }
    met
}

fn earlier(one: Option<Meeting>, other: Option<Meeting>) -> Option<Meeting> {
    match (one, other) {
        (Some(one), Some(other)) => {
            Some(if (other.share, other.id) < (one.share, one.id) { other } else { one })
        }
        _ => one.or(other),
    }
}
