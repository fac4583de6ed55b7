//! The server's pilots: they decide now and then, and steer every tick. They use people's controls and know only what is in
//! sight.

mod mind;
mod pursuits;
mod sight;
mod steer;
mod temperament;

use bevy_ecs::prelude::{Local, Query, Res, ResMut};
use shared::id::{NetId, PlayerId};
use shared::input::Controls;
use shared::keyframe::{DroneKey, Goal, PlayerKey};
use shared::quantize;

use crate::entity_index::EntityIndex;
use crate::players::Players;
use crate::rules::WorldRules;
use crate::spatial_grid::{OreGrid, RockGrid, ShipGrid};
use crate::stations::{Prices, button};
use crate::tick_context::{Clock, Inputs, Rng};
use crate::tuning::drones::mind::HUNTER_STREAK;

use pursuits::{Pursuits, is_hunted_by_enough};
use sight::{OwnShip, ShipParts, Sight};
pub use temperament::{Temperament, call_sign, hull, temperament};

/// While drones think in turns, each thinks once in this many ticks.
pub const TURN_TICKS: u32 = 3;

/// Drones decide, if it is time, and steer; those whose turn it is, if they think in turns.
pub fn think(
    (rules, clock, entities, prices): (Res<WorldRules>, Res<Clock>, Res<EntityIndex>, Res<Prices>),
    inputs: Res<Inputs>,
    rocks: Res<RockGrid>,
    ores: Res<OreGrid>,
    ships: Res<ShipGrid>,
    crews: Query<ShipParts>,
    mut players: ResMut<Players>,
    mut rng: ResMut<Rng>,
    mut near: Local<Vec<u32>>,
    mut pursuits: Local<Pursuits>,
    mut hunters: Local<Vec<NetId>>,
) {
    pursuits.rebuild(&players, &ships.0);
    hunters.clear();
    let hunting = players.all().iter().filter(|player| is_hunter(&player.state));
    hunters.extend(hunting.filter_map(|player| player.state.ship));
    hunters.sort_unstable();
    let sight = Sight {
        rules: &rules,
        tick: clock.0,
        rocks: &rocks.0,
        ores: &ores.0,
        ships: &ships.0,
        prices: &prices.0,
        crews: &crews,
        hunters: &hunters,
    };
    for player in players.all_mut().map(|player| &mut player.state) {
        let Some(key) = &mut player.drone else { continue };
        if inputs.0.drones_in_turns && !player.player.0.wrapping_add(clock.0.0).is_multiple_of(TURN_TICKS) {
            continue;
        }
        let entry = player.ship.and_then(|ship| Some((ship, entities.find(ship)?)));
        let parts = entry.and_then(|(ship, entry)| Some((ship, crews.get(entry.entity).ok()?)));
        let Some((ship, (flight, hull, cargo, crew))) = parts else {
            *key = DroneKey { course: key.course, ..DroneKey::default() };
            player.controls = Controls::default();
            continue;
        };
        let own = OwnShip {
            player: player.player,
            temperament: temperament(player.player),
            ship,
            team: crew.team,
            at: flight.state.motion.position(),
            velocity: flight.state.motion.velocity(),
            health: f32::from(hull.health) / f32::from(rules.ship_health_q(player.levels).max(1)),
            energy: quantize::energy_from(flight.state.energy) / rules.ship.energy,
            hold: f32::from(cargo.hold) / f32::from(rules.hold_capacity(player.levels).max(1)),
            docked: rules.station_at(flight.state.motion.position()).is_some(),
            purse: player.purse,
            levels: player.levels,
        };
        let mut bought = None;
        key.think_ticks = key.think_ticks.saturating_sub(1);
        if key.think_ticks == 0 || sight.lost_target(key) {
            let before = *key;
            *key = mind::decide(&own, before, &sight, &pursuits, &mut rng, &mut near);
            pursuits.change(&own, &before, key);
            bought = own.docked.then(|| mind::purchase(&own, &rules, &mut rng)).flatten();
        }
        player.controls = steer::controls(&own, key, &sight, &mut near);
        if let Some(upgrade) = bought {
            player.controls.buttons = player.controls.buttons.with(button(upgrade));
        }
    }
}

/// Whether a player raids, which everybody can see: a drone that hunts a ship, or whoever has destroyed several.
pub fn is_hunter(player: &PlayerKey) -> bool {
    let hunts = player.drone.is_some_and(|drone| drone.goal == Goal::Fight);
    hunts || f32::from(player.streak) >= HUNTER_STREAK
}

/// A drone attacks whoever hit it, unless it is fleeing; it flees if others do that already. `health` is what is left, as a
/// share: a stray bolt is forgiven.
pub fn provoke(players: &mut Players, victim: PlayerId, shooter: PlayerId, health: f32) {
    let retaliation_health = temperament(victim).retaliation_health;
    if health > retaliation_health && retaliation_health > 0.0 {
        return;
    }
    let Some(attacker) = players.get(shooter).and_then(|player| player.state.ship) else { return };
    let is_calm = |drone: &DroneKey| drone.goal != Goal::Flee && drone.target != Some(attacker);
    let drone = players.get(victim).and_then(|player| player.state.drone);
    if !drone.as_ref().is_some_and(is_calm) {
        return;
    }
    let enough = retaliation_health <= 0.0 || is_hunted_by_enough(players, attacker, victim);
    let Some(drone) = players.get_mut(victim).and_then(|player| player.state.drone.as_mut()) else { return };
    (drone.goal, drone.target) = if enough { (Goal::Flee, None) } else { (Goal::Fight, Some(attacker)) };
}
