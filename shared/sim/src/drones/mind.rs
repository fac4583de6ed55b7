//! What a drone decides: what to do next, and what to buy.

use glam::Vec2;
use shared::id::NetId;
use shared::keyframe::{DroneKey, Goal};
use shared::levels::Upgrade;

use super::pursuits::Pursuits;
use super::sight::{Foe, OwnShip, Sight};
use super::temperament::Temperament;
use crate::rules::WorldRules;
use crate::spatial_grid::Body;
use crate::tick_context::Rng;
use crate::tuning::drones::mind;

/// Chooses the next goal and the time to think again.
pub fn decide(
    own: &OwnShip,
    key: DroneKey,
    sight: &Sight<'_>,
    pursuits: &Pursuits,
    rng: &mut Rng,
    near: &mut Vec<u32>,
) -> DroneKey {
    let drone = &sight.rules.drone;
    let pause = sight.rules.setup.ticks(drone.think_seconds);
    let think_ticks = (pause + rng.below(pause / 2 + 1)).min(u32::from(u16::MAX)) as u16;
    let error = f32::from(drone.aim_error_steps);
    let aim_error = rng.between(-error, error) as i16;
    let mut course = key.course;
    if rng.chance(mind::CHANGE_COURSE) {
        course = rng.angle();
    }
    let (goal, target) = choose(own, &key, sight, pursuits, rng, near);
    DroneKey { think_ticks, goal, target, course, aim_error }
}

fn choose(
    own: &OwnShip,
    key: &DroneKey,
    sight: &Sight<'_>,
    pursuits: &Pursuits,
    rng: &mut Rng,
    near: &mut Vec<u32>,
) -> (Goal, Option<NetId>) {
    let drone = &sight.rules.drone;
    let stations = !sight.rules.stations.is_empty();
    let hurt = own.health < drone.flee_health * own.temperament.caution
        || (key.goal == Goal::Flee && own.health < mind::RECOVERED_HEALTH);
    if hurt && (stations || sight.nearest_foe(own, drone.sight, near, |_| true).is_some()) {
        return (Goal::Flee, None);
    }
    if key.goal == Goal::Fight && !rng.chance(mind::ABANDON_FIGHT) {
        let in_reach = |at: Vec2| at.distance(own.at) < drone.sight && sight.can_reach(own, at);
        if let Some(target) = sight.target(key).filter(|target| in_reach(target.at)) {
            return (Goal::Fight, Some(target.id));
        }
    }
    let hauling = own.hold >= own.temperament.haul_hold || (key.goal == Goal::Haul && own.hold > 0.0);
    if hauling && stations {
        return (Goal::Haul, None);
    }
    let is_prey = |foe: &Foe| {
        !foe.protected && !foe.newcomer && pursuits.may_hunt(own, foe.ship) && sight.can_reach(own, foe.at)
    };
    if own.health >= own.temperament.fight_health
        && let Some(prey) = sight.nearest_foe(own, drone.sight * mind::FIGHT_SIGHT, near, is_prey)
        && rng.chance(eagerness(own.temperament, &prey))
    {
        return (Goal::Fight, Some(prey.ship));
    }
    let has_room = own.hold < 1.0;
    let may_fetch = |ore: &Body| has_room && pursuits.may_fetch(own, ore) && sight.can_reach(own, ore.at);
    if let Some(ore) = sight.ores.nearest(own.at, drone.sight, near, may_fetch) {
        return (Goal::Collect, Some(ore.id));
    }
    let may_mine = |rock: &Body| sight.is_minable(rock) && sight.can_reach(own, rock.at);
    if let Some(rock) = sight.target(key).filter(|rock| key.goal == Goal::Mine && may_mine(rock)) {
        return (Goal::Mine, Some(rock.id));
    }
    match sight.rocks.nearest(own.at, drone.sight, near, may_mine) {
        Some(rock) => (Goal::Mine, Some(rock.id)),
        None => (Goal::Roam, None),
    }
}

/// The probability that a drone attacks a ship in sight.
fn eagerness(own: &Temperament, prey: &Foe) -> f32 {
    let rich = if prey.hold >= mind::PREY_HOLD { own.attack_rich } else { own.attack_anybody };
    if prey.hunter { rich.max(own.attack_hunter) } else { rich }
}

/// What a docked drone buys, if anything.
pub fn purchase(own: &OwnShip, rules: &WorldRules, rng: &mut Rng) -> Option<Upgrade> {
    if !rng.chance(mind::BUY) {
        return None;
    }
    let upgrade = Upgrade::ALL[rng.below(Upgrade::ALL.len() as u32) as usize];
    let cost = rules.upgrade_cost(own.levels, upgrade)?;
    (cost <= own.purse).then_some(upgrade)
}
