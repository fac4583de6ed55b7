//! Rocks: how they drift, break down to smaller rocks and ore, and how the belt fills up again.

use bevy_ecs::prelude::{Local, Query, Res, ResMut, Resource, Without};
use glam::Vec2;
use shared::entity::{BOULDER, Kind};
use shared::event::Happening;
use shared::id::Tick;
use shared::movement::{self, Motion};
use std::collections::VecDeque;

use crate::components::{Drift, Ore, Rock};
use crate::entity_index::Spawner;
use crate::places::{Clearance, free_place};
use crate::rules::WorldRules;
use crate::spatial_grid::{RockGrid, ShipGrid};
use crate::tick_context::{Clock, EventQueue, Rng};
use crate::tuning::spawns;

/// The ticks at which new large asteroids appear, ascending.
#[derive(Resource, Debug, Default)]
pub struct RocksDue(pub VecDeque<Tick>);

/// Moves rocks and ore by one tick.
pub fn drift(
    rules: Res<WorldRules>,
    mut rocks: Query<(&mut Drift, &Rock)>,
    mut ores: Query<&mut Drift, (bevy_ecs::query::With<Ore>, Without<Rock>)>,
) {
    for (mut drift, rock) in &mut rocks {
        let radius = rules.rock_radius(rock.size);
        drift.0 = movement::drift(&drift.0, radius, rules.half_size, rules.tick_seconds);
    }
    let radius = rules.ore.radius;
    for mut drift in &mut ores {
        drift.0 = movement::drift(&drift.0, radius, rules.half_size, rules.tick_seconds);
    }
}

/// Turns rocks without health into pieces or ore.
pub fn shatter(
    rules: Res<WorldRules>,
    rocks: Query<(&Drift, &Rock)>,
    mut spawner: Spawner,
    mut rng: ResMut<Rng>,
    mut events: ResMut<EventQueue>,
) {
    for index in 0..spawner.entities.entries().len() {
        let entry = spawner.entities.entries()[index];
        if entry.kind != Kind::Asteroid {
            continue;
        }
        let Ok((Drift(motion), rock)) = rocks.get(entry.entity) else { continue };
        if rock.health > 0 {
            continue;
        }
        spawner.remove(entry);
        events.push(motion, Happening::Broken { asteroid: entry.id, size: rock.size });
        match rock.size.checked_sub(1) {
            Some(size) => leave_pieces(motion, size, &rules, &mut rng, &mut spawner),
            None => leave_ore(motion, &rules, &mut rng, &mut spawner),
        }
    }
}

fn leave_pieces(motion: &Motion, size: u8, rules: &WorldRules, rng: &mut Rng, spawner: &mut Spawner) {
    let asteroid = &rules.asteroid;
    let drift_speed = rules.drift_speed();
    let away = rng.angle();
    for piece in 0..asteroid.pieces {
        let turn = 1024 / i16::from(asteroid.pieces) * i16::from(piece);
        let direction = away.turned(turn).vector();
        let at = motion.position() + direction * (rules.rock_radius(size) * 0.8);
        let apart = direction * (drift_speed * spawns::rock::PIECES_SPEED * rng.between(0.5, 1.0));
        let velocity = (motion.velocity() + apart).clamp_length_max(drift_speed * 2.0);
        let rock = Rock { size, health: rules.rock_health_q(size) };
        spawner.rock(Motion::new(inside(at, rules), velocity), rock);
    }
}

fn leave_ore(motion: &Motion, rules: &WorldRules, rng: &mut Rng, spawner: &mut Spawner) {
    let ticks = rules.setup.ticks(rules.ore.lifetime_seconds);
    for _ in 0..rules.asteroid.ore {
        let apart = rng.vector(spawns::ore::BREAK_SPEED_MIN, spawns::ore::BREAK_SPEED_MAX);
        let at = inside(motion.position() + apart * 0.3, rules);
        spawner.ore(at, motion.velocity() * 0.5 + apart, ticks);
    }
}

/// The nearest point inside the border.
pub fn inside(at: Vec2, rules: &WorldRules) -> Vec2 {
    at.clamp(Vec2::splat(-rules.half_size), Vec2::splat(rules.half_size))
}

/// Schedules a new large asteroid for each one's worth of rock that was mined, and places those that are due.
pub fn replenish(
    rules: Res<WorldRules>,
    clock: Res<Clock>,
    rocks: Query<&Rock>,
    ships: Res<ShipGrid>,
    rock_grid: Res<RockGrid>,
    mut due: ResMut<RocksDue>,
    mut rng: ResMut<Rng>,
    mut spawner: Spawner,
    mut near: Local<Vec<u32>>,
) {
    let large = rules.weight(2);
    let mut weight: u32 = rocks.iter().map(|rock| rules.weight(rock.size)).sum();
    while due.0.front().is_some_and(|tick| *tick <= clock.0) {
        due.0.pop_front();
        weight += large;
        let clearance = Clearance {
            ships: &ships.0,
            rocks: &rock_grid.0,
            from_ships: spawns::rock::SHIP_CLEARANCE,
            from_rocks: spawns::rock::ROCK_CLEARANCE,
        };
        let at = free_place(&clearance, &mut near, || field_place(&rules, &mut rng));
        place_large(at, &rules, &mut rng, &mut spawner);
    }
    let respawn_ticks = rules.setup.ticks(rules.asteroid.respawn_seconds);
    while weight + (due.0.len() as u32 + 1) * large <= rules.belt_weight {
        due.0.push_back(clock.0.plus(respawn_ticks));
    }
}

fn place_large(at: Vec2, rules: &WorldRules, rng: &mut Rng, spawner: &mut Spawner) {
    let speed = rules.drift_speed();
    let motion = Motion::new(at, rng.vector(speed * 0.2, speed));
    spawner.rock(motion, Rock { size: 2, health: rules.rock_health_q(2) });
}

/// Fills a new world with boulders and rocks.
pub fn seed(rules: Res<WorldRules>, mut rng: ResMut<Rng>, mut spawner: Spawner) {
    fill(&rules, &mut rng, &mut spawner);
}

/// Fills a world that has no rocks.
pub fn fill(rules: &WorldRules, rng: &mut Rng, spawner: &mut Spawner) {
    for at in rules.walls.boulders() {
        let motion = Motion::new(inside(at, rules), Vec2::ZERO);
        spawner.rock(motion, Rock { size: BOULDER, health: rules.rock_health_q(BOULDER) });
    }
    for _ in 0..rules.large_asteroids() {
        let at = field_place(rules, rng);
        place_large(at, rules, rng, spawner);
    }
}

/// Places tried until one is clear of the walls.
const FIELD_TRIES: u32 = 16;

/// A place in one of the arena's fields.
fn field_place(rules: &WorldRules, rng: &mut Rng) -> Vec2 {
    let radius = rules.rock_radius(2);
    let half_size = (rules.half_size - radius).max(0.0);
    let fields = &rules.arena().fields;
    let mut at = rng.region(fields.iter(), half_size);
    for _ in 1..FIELD_TRIES {
        if rules.walls.are_clear(at, radius) {
            break;
        }
        at = rng.region(fields.iter(), half_size);
    }
    at
}
