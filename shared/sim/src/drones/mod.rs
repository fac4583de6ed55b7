//! The server's own pilots: they decide now and then, and steer in every tick. Their controls are those of people; they
//! know no more than what is in sight.

mod mind;
mod names;
mod steer;

use bevy_ecs::prelude::{Local, Query, Res, ResMut};
use glam::Vec2;
use shared::entity::Levels;
use shared::id::{NetId, PlayerId, Tick};
use shared::input::Controls;
use shared::keyframe::{DroneKey, Goal};
use shared::quantize;

use crate::components::{Cargo, Crew, Flight, Hull};
use crate::entity_index::EntityIndex;
use crate::players::Players;
use crate::rules::WorldRules;
use crate::spatial_grid::{Body, OreGrid, RockGrid, ShipGrid, SpatialGrid};
use crate::stations::{Prices, button};
use crate::tick_context::{Clock, Inputs, Rng};

pub use names::call_sign;

type ShipParts = (&'static Flight, &'static Hull, &'static Cargo, &'static Crew);

/// While drones think in turns, each has its turn once in so many ticks.
pub const TURN_TICKS: u32 = 3;
/// Above this share of health, a drone takes a hit for a stray bolt.
const PATIENCE: f32 = 0.85;

/// What a drone knows of the world.
struct Sight<'a> {
    rules: &'a WorldRules,
    tick: Tick,
    rocks: &'a SpatialGrid,
    ores: &'a SpatialGrid,
    ships: &'a SpatialGrid,
    prices: &'a [u32],
    crews: &'a Query<'a, 'a, ShipParts>,
}

/// What a drone knows of itself.
struct Own {
    player: PlayerId,
    ship: NetId,
    team: u8,
    at: Vec2,
    velocity: Vec2,
    /// Shares of what its ship can have, 0 to 1.
    health: f32,
    energy: f32,
    hold: f32,
    docked: bool,
    score: u32,
    levels: Levels,
}

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
) {
    let sight = Sight {
        rules: &rules,
        tick: clock.0,
        rocks: &rocks.0,
        ores: &ores.0,
        ships: &ships.0,
        prices: &prices.0,
        crews: &crews,
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
        let own = Own {
            player: player.player,
            ship,
            team: crew.team,
            at: flight.state.motion.position(),
            velocity: flight.state.motion.velocity(),
            health: f32::from(hull.health) / f32::from(rules.ship_health_q(player.levels).max(1)),
            energy: quantize::energy_from(flight.state.energy) / rules.ship.energy,
            hold: f32::from(cargo.hold) / f32::from(rules.hold_capacity(player.levels).max(1)),
            docked: rules.station_at(flight.state.motion.position()).is_some(),
            score: player.score,
            levels: player.levels,
        };
        let mut bought = None;
        key.think_ticks = key.think_ticks.saturating_sub(1);
        if key.think_ticks == 0 || sight.lost_target(key) {
            *key = mind::decide(&own, *key, &sight, &mut rng, &mut near);
            bought = own.docked.then(|| mind::purchase(&own, &rules, &mut rng)).flatten();
        }
        player.controls = steer::controls(&own, key, &sight, &mut near);
        if let Some(upgrade) = bought {
            player.controls.buttons = player.controls.buttons.with(button(upgrade));
        }
    }
}

/// A drone that was hit in earnest turns on who fired, unless it is fleeing. `health` is what is left, as a share: a stray
/// bolt is forgiven.
pub fn provoke(players: &mut Players, victim: PlayerId, shooter: PlayerId, health: f32) {
    if health > PATIENCE {
        return;
    }
    let Some(attacker) = players.get(shooter).and_then(|player| player.state.ship) else { return };
    let Some(drone) = players.get_mut(victim).and_then(|player| player.state.drone.as_mut()) else { return };
    if drone.goal != Goal::Flee {
        drone.goal = Goal::Fight;
        drone.target = Some(attacker);
    }
}

impl Sight<'_> {
    /// Where the target is, if the goal has one that is still there.
    fn target(&self, key: &DroneKey) -> Option<&Body> {
        let grid = match key.goal {
            Goal::Mine => self.rocks,
            Goal::Collect => self.ores,
            Goal::Fight => self.ships,
            Goal::Roam | Goal::Haul | Goal::Flee => return None,
        };
        grid.find(key.target?)
    }

    fn lost_target(&self, key: &DroneKey) -> bool {
        matches!(key.goal, Goal::Mine | Goal::Collect | Goal::Fight) && self.target(key).is_none()
    }

    /// The nearest ship that is no mate's and for which `fits` holds.
    fn nearest_foe(
        &self,
        own: &Own,
        within: f32,
        near: &mut Vec<u32>,
        fits: impl Fn(&Foe) -> bool,
    ) -> Option<(NetId, Foe)> {
        let foe = |body: &Body| self.foe(own, body);
        let body =
            self.ships.nearest(own.at, within, near, |body| foe(body).is_some_and(|foe| fits(&foe)))?;
        Some((body.id, foe(body)?))
    }

    fn foe(&self, own: &Own, body: &Body) -> Option<Foe> {
        let (_, hull, cargo, crew) = self.crews.get(body.entity).ok()?;
        let mate = crew.team != 0 && crew.team == own.team;
        if mate || crew.player == own.player {
            return None;
        }
        let hold = f32::from(cargo.hold) / f32::from(self.rules.ore.hold);
        let drone = crate::players::is_drone_id(crew.player);
        Some(Foe { at: body.at, hold, drone, protected: hull.protection_ticks > 0 })
    }
}

/// A ship that may be shot at, as others see it.
struct Foe {
    at: Vec2,
    /// Loads as a share of a hold without upgrades.
    hold: f32,
    drone: bool,
    protected: bool,
}
