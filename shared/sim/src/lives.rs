//! How ships end and begin: death, spilled ore, bounty, assist and streak; respawns at a free place.

use bevy_ecs::prelude::{Local, Query, Res, ResMut};
use glam::Vec2;
use shared::angle::Angle;
use shared::entity::Kind;
use shared::event::Happening;
use shared::id::{NetId, PlayerId};
use shared::input::Buttons;
use shared::keyframe::PlayerKey;
use shared::levels::HullKind;
use shared::movement::{Motion, ShipMotion};
use shared::quantize;
use shared::round::RoundPhase;

use crate::asteroids::inside;
use crate::components::{Cargo, Crew, Flight, Hull};
use crate::entity_index::{Spawner, unharmed};
use crate::places::{Clearance, free_place};
use crate::players::{Player, Players};
use crate::rounds::CurrentRound;
use crate::rules::WorldRules;
use crate::spatial_grid::{RockGrid, ShipGrid};
use crate::stations::close_haul;
use crate::tick_context::{Clock, EventQueue, Rng};
use crate::tuning::spawns;

/// Removes destroyed ships and rewards their killers.
pub fn bury(
    rules: Res<WorldRules>,
    clock: Res<Clock>,
    mut ships: Query<(&Flight, &Hull, &mut Cargo, &Crew)>,
    mut players: ResMut<Players>,
    mut spawner: Spawner,
    mut rng: ResMut<Rng>,
    mut events: ResMut<EventQueue>,
) {
    for index in 0..spawner.entities.entries().len() {
        let entry = spawner.entities.entries()[index];
        if entry.kind != Kind::Ship {
            continue;
        }
        let Ok((flight, hull, mut cargo, crew)) = ships.get_mut(entry.entity) else { continue };
        if hull.health > 0 {
            continue;
        }
        let motion = flight.state.motion;
        spawner.remove(entry);
        close_haul(entry.id, &motion, crew, &mut cargo, &mut events);
        spill(&motion, cargo.hold, &rules, &mut rng, &mut spawner);
        let streak = players.get_mut(crew.player).map_or(0, |victim| die(&mut victim.state, &rules));
        let (hull, killed_by) = (*hull, hull.killer);
        let (killer, bounty) = reward(&mut players, killed_by, streak, &rules);
        let death = Happening::Death { ship: entry.id, victim: crew.player, killer, bounty };
        events.push(&motion, death);
        let assistant = hull.assistant(killed_by, clock.0).and_then(|player| players.get_mut(player));
        let Some(assistant) = assistant else { continue };
        assistant.earn(rules.bounty.assist);
        let entry = assistant.state.ship.and_then(|ship| spawner.entities.find(ship));
        if let Some(entry) = entry
            && let Ok((flight, ..)) = ships.get(entry.entity)
        {
            let (player, gained) = (assistant.state.player, rules.bounty.assist);
            events.push(&flight.state.motion, Happening::Assisted { ship: entry.id, player, gained });
        }
    }
}

/// Takes the ship away from its player; returns the streak that ended.
fn die(victim: &mut PlayerKey, rules: &WorldRules) -> u16 {
    victim.ship = None;
    victim.deaths = victim.deaths.saturating_add(1);
    victim.respawn_ticks = rules.setup.ticks(rules.ship.respawn_seconds).min(u32::from(u16::MAX)) as u16;
    std::mem::take(&mut victim.streak)
}

/// Gives the killer the bounty, unless the killer has left.
fn reward(players: &mut Players, killer: PlayerId, streak: u16, rules: &WorldRules) -> (PlayerId, u32) {
    let Some(killer) = players.get_mut(killer) else { return (PlayerId::NOBODY, 0) };
    let won = &rules.bounty;
    let bounty = won.base.saturating_add(won.per_streak.saturating_mul(u32::from(streak)));
    killer.state.kills = killer.state.kills.saturating_add(1);
    killer.state.streak = killer.state.streak.saturating_add(1);
    killer.earn(bounty);
    (killer.state.player, bounty)
}

/// Removes the ship of a player who left, and spills its hold.
pub fn retire(
    gone: &PlayerKey,
    ships: &mut Query<(&Flight, &mut Cargo, &Crew)>,
    rules: &WorldRules,
    rng: &mut Rng,
    events: &mut EventQueue,
    spawner: &mut Spawner,
) {
    let Some(entry) = gone.ship.and_then(|ship| spawner.entities.find(ship)) else { return };
    spawner.remove(entry);
    if let Ok((flight, mut cargo, crew)) = ships.get_mut(entry.entity) {
        close_haul(entry.id, &flight.state.motion, crew, &mut cargo, events);
        spill(&flight.state.motion, cargo.hold, rules, rng, spawner);
    }
}

/// Turns a hold into ore adrift.
fn spill(motion: &Motion, hold: u16, rules: &WorldRules, rng: &mut Rng, spawner: &mut Spawner) {
    let ticks = rules.setup.ticks(rules.ore.lifetime_seconds);
    for _ in 0..hold {
        let apart = rng.vector(spawns::ore::SPILL_SPEED_MIN, spawns::ore::SPILL_SPEED_MAX);
        spawner.ore(inside(motion.position() + apart * 0.2, rules), motion.velocity() * 0.2 + apart, ticks);
    }
}

/// The buttons that choose the hull of the next ship, in the order of [`HullKind::ALL`].
const HULL_BUTTONS: [Buttons; 3] = [Buttons::BUY_HULL, Buttons::BUY_ENGINE, Buttons::BUY_GUN];

/// Gives ships to players whose respawn time has passed, except those who are away; none while the podium is shown.
pub fn respawn(
    rules: Res<WorldRules>,
    round: Res<CurrentRound>,
    ships: Res<ShipGrid>,
    rocks: Res<RockGrid>,
    mut players: ResMut<Players>,
    mut rng: ResMut<Rng>,
    mut spawner: Spawner,
    mut events: ResMut<EventQueue>,
    mut near: Local<Vec<u32>>,
) {
    if round.0.phase == RoundPhase::Podium {
        return;
    }
    let clearance = Clearance {
        ships: &ships.0,
        rocks: &rocks.0,
        from_ships: spawns::ship::SHIP_CLEARANCE,
        from_rocks: spawns::ship::ROCK_CLEARANCE,
    };
    for Player { state: player, held } in players.all_mut().filter(|player| player.state.ship.is_none()) {
        let pressed = player.controls.buttons.pressed_since(*held);
        let chosen = HULL_BUTTONS.into_iter().zip(HullKind::ALL).find(|(button, _)| pressed.any(*button));
        if let Some((_, hull)) = chosen.filter(|_| player.drone.is_none()) {
            player.levels = player.levels.with_hull(hull);
        }
        player.respawn_ticks = player.respawn_ticks.saturating_sub(1);
        if player.respawn_ticks > 0 || player.away {
            continue;
        }
        let at = free_place(&clearance, &mut near, || spawn_place(player.team, &rules, &mut rng));
        player.ship = launch(player, at, &rules, &mut spawner, &mut events);
    }
}

fn launch(
    player: &PlayerKey,
    at: Vec2,
    rules: &WorldRules,
    spawner: &mut Spawner,
    events: &mut EventQueue,
) -> Option<NetId> {
    let ship = &rules.ship;
    let state = ShipMotion {
        motion: Motion::new(at, Vec2::ZERO),
        heading: player.controls.aim,
        energy: quantize::energy(ship.energy),
        cooldown: 0,
        ability: 0,
    };
    let protection_ticks = (ship.protection_seconds / rules.tick_seconds).round() as u16;
    let hull = unharmed(rules.ship_health_q(player.levels), protection_ticks);
    let crew = Crew { player: player.player, team: player.team, calm_until: player.calm_until };
    let entry = spawner.ship(crew, state, hull)?;
    events.push(&state.motion, Happening::Spawned { ship: entry.id });
    Some(entry.id)
}

/// In one of the arena's spawn regions, of which each team has its own. Where there are none: anywhere in a free-for-all; with
/// teams, each in its own sector of the belt.
fn spawn_place(team: u8, rules: &WorldRules, rng: &mut Rng) -> Vec2 {
    let region = rules.half_size * spawns::ship::REGION;
    let teams = rules.setup.mode.teams;
    let regions = &rules.arena().spawns;
    if !regions.is_empty() && regions.len() >= usize::from(teams.max(1)) {
        let own = regions.iter().skip(usize::from(team.saturating_sub(1))).step_by(teams.max(1).into());
        return rng.region(own, rules.half_size);
    }
    if team == 0 || teams < 2 {
        return rng.place(region);
    }
    let sector = f32::from(Angle::STEPS) / f32::from(teams);
    let middle = sector * (f32::from(team) - 1.0) + f32::from(Angle::STEPS) / 2.0;
    let step = middle + rng.between(-0.4, 0.4) * sector;
    let at = Angle::from_step(step as u16).vector() * (region * rng.between(0.4, 1.2));
    at.clamp(Vec2::splat(-region), Vec2::splat(region))
}
