//! The number of drones: they fill the belt while few people are in it, and make room for people who join.

use bevy_ecs::prelude::{Query, Res, ResMut};
use glam::Vec2;
use shared::id::{PlayerId, Tick};
use shared::keyframe::DroneKey;

use crate::components::{Cargo, Crew, Flight};
use crate::drones::{call_sign, hull};
use crate::entity_index::Spawner;
use crate::lives::retire;
use crate::players::{Player, Players};
use crate::rules::WorldRules;
use crate::tick_context::{EventQueue, Rng};

/// Drones added or removed in one tick at most.
const CHANGES_PER_TICK: usize = 4;
/// The newest drones, of which one is chosen to be removed.
const CANDIDATES: usize = 32;

/// Adds or removes drones until people and drones are the wanted number.
pub fn adjust(
    rules: Res<WorldRules>,
    mut players: ResMut<Players>,
    mut ships: Query<(&Flight, &mut Cargo, &Crew)>,
    mut rng: ResMut<Rng>,
    mut spawner: Spawner,
    mut events: ResMut<EventQueue>,
) {
    let wanted = usize::from(players.wanted).saturating_sub(players.humans());
    for _ in players.drones()..wanted.min(players.drones() + CHANGES_PER_TICK) {
        let Some(next) = players.next_drone.checked_add(1) else { return };
        let player = PlayerId(players.next_drone);
        players.next_drone = next;
        let team = players.team_for(&rules.setup.mode, true);
        let key = DroneKey { course: rng.angle(), ..DroneKey::default() };
        players.seat(player, call_sign(player), team, Tick(0), hull(player), Some(key));
    }
    for _ in wanted.max(players.drones().saturating_sub(CHANGES_PER_TICK))..players.drones() {
        let place = |player: &Player| {
            let entry = spawner.entities.find(player.state.ship?)?;
            ships.get(entry.entity).ok().map(|(flight, ..)| flight.state.motion.position())
        };
        let Some(leaving) = least_missed(&players, place) else { return };
        let Some(gone) = players.unseat(leaving) else { return };
        retire(&gone.state, &mut ships, &rules, &mut rng, &mut events, &mut spawner);
    }
}

/// The drone to remove: one without a ship, else the one farthest from all people.
fn least_missed(players: &Players, place: impl Fn(&Player) -> Option<Vec2>) -> Option<PlayerId> {
    let people: Vec<Vec2> =
        players.all().iter().filter(|player| !player.is_drone()).filter_map(&place).collect();
    let mut farthest = None;
    let mut farthest_distance = -1.0;
    for drone in players.all().iter().rev().filter(|player| player.is_drone()).take(CANDIDATES) {
        let Some(at) = place(drone) else { return Some(drone.state.player) };
        let distance = people.iter().map(|person| person.distance_squared(at)).fold(f32::MAX, f32::min);
        if distance > farthest_distance {
            farthest = Some(drone.state.player);
            farthest_distance = distance;
        }
    }
    farthest
}
