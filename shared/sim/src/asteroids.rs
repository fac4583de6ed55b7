//! Rocks: how they drift, break down to smaller rocks and ore, and how the belt fills up again.

use bevy_ecs::prelude::{Local, Query, Res, ResMut, Resource, Without};
use glam::Vec2;
use shared::entity::Kind;
use shared::event::Happening;
use shared::id::Tick;
use shared::movement::{self, Motion};
use std::collections::VecDeque;

use crate::components::{Drift, Ore, Rock};
use crate::entity_index::Spawner;
use crate::places::{Free, free_place};
use crate::rulebook::Rulebook;
use crate::spatial_grid::{RockGrid, ShipGrid};
use crate::tick_context::{Clock, EventQueue, Rng};

/// How far a new rock keeps from ships if it can, in units: out of most players' sight.
const NEW_ROCK_CLEARANCE_UNITS: f32 = 40.0;
/// The share of a rock's fastest drift with which its pieces fly apart.
const PIECES_APART: f32 = 1.0;
/// How fast ore leaves a broken rock at most, in units per second.
const ORE_APART_UNITS_PER_SECOND: f32 = 1.5;

/// The ticks at which new large asteroids appear, ascending.
#[derive(Resource, Debug, Default)]
pub struct RocksDue(pub VecDeque<Tick>);

/// Moves rocks and ore by one tick.
pub fn drift(
    book: Res<Rulebook>,
    mut rocks: Query<(&mut Drift, &Rock)>,
    mut ores: Query<&mut Drift, (bevy_ecs::query::With<Ore>, Without<Rock>)>,
) {
    for (mut drift, rock) in &mut rocks {
        let radius = book.rock_radius(rock.size);
        drift.0 = movement::drift(&drift.0, radius, book.half_size, book.tick_seconds);
    }
    let radius = book.rules().ore.radius;
    for mut drift in &mut ores {
        drift.0 = movement::drift(&drift.0, radius, book.half_size, book.tick_seconds);
    }
}

/// Turns rocks without health into pieces or ore.
pub fn shatter(
    book: Res<Rulebook>,
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
            Some(size) => leave_pieces(motion, size, &book, &mut rng, &mut spawner),
            None => leave_ore(motion, &book, &mut rng, &mut spawner),
        }
    }
}

fn leave_pieces(motion: &Motion, size: u8, book: &Rulebook, rng: &mut Rng, spawner: &mut Spawner) {
    let rules = &book.rules().asteroid;
    let away = rng.angle();
    for piece in 0..rules.pieces {
        let turn = 1024 / i16::from(rules.pieces) * i16::from(piece);
        let direction = away.turned(turn).vector();
        let at = motion.position() + direction * (book.rock_radius(size) * 0.8);
        let apart = direction * (rules.drift_speed * PIECES_APART * rng.between(0.5, 1.0));
        let velocity = (motion.velocity() + apart).clamp_length_max(rules.drift_speed * 2.0);
        let rock = Rock { size, health: book.rock_health(size) };
        spawner.rock(Motion::new(inside(at, book), velocity), rock);
    }
}

fn leave_ore(motion: &Motion, book: &Rulebook, rng: &mut Rng, spawner: &mut Spawner) {
    let ticks = book.setup.ticks(book.rules().ore.lifetime_seconds);
    for _ in 0..book.rules().asteroid.ore {
        let apart = rng.vector(0.5, ORE_APART_UNITS_PER_SECOND);
        let at = inside(motion.position() + apart * 0.3, book);
        spawner.ore(at, motion.velocity() * 0.5 + apart, ticks);
    }
}

/// The place, or the nearest one inside the border.
pub fn inside(at: Vec2, book: &Rulebook) -> Vec2 {
    at.clamp(Vec2::splat(-book.half_size), Vec2::splat(book.half_size))
}

/// Keeps the belt as rich as it was: for every large asteroid's worth of rock that was mined a new one is due later.
pub fn replenish(
    book: Res<Rulebook>,
    clock: Res<Clock>,
    rocks: Query<&Rock>,
    ships: Res<ShipGrid>,
    rock_grid: Res<RockGrid>,
    mut due: ResMut<RocksDue>,
    mut rng: ResMut<Rng>,
    mut spawner: Spawner,
    mut near: Local<Vec<u32>>,
) {
    let large = book.weight(2);
    let mut weight: u32 = rocks.iter().map(|rock| book.weight(rock.size)).sum();
    while due.0.front().is_some_and(|tick| *tick <= clock.0) {
        due.0.pop_front();
        weight += large;
        let free = Free {
            ships: &ships.0,
            rocks: &rock_grid.0,
            from_ships: NEW_ROCK_CLEARANCE_UNITS,
            from_rocks: 2.0,
        };
        let half_size = (book.half_size - book.rock_radius(2)).max(0.0);
        let at = free_place(&free, &mut near, || rng.place(half_size));
        place_large(at, &book, &mut rng, &mut spawner);
    }
    let respawn_ticks = book.setup.ticks(book.rules().asteroid.respawn_seconds);
    while weight + (due.0.len() as u32 + 1) * large <= book.belt_weight {
        due.0.push_back(clock.0.plus(respawn_ticks));
    }
}

fn place_large(at: Vec2, book: &Rulebook, rng: &mut Rng, spawner: &mut Spawner) {
    let speed = book.rules().asteroid.drift_speed;
    let motion = Motion::new(at, rng.vector(speed * 0.2, speed));
    spawner.rock(motion, Rock { size: 2, health: book.rock_health(2) });
}

/// Fills a new world with rocks.
pub fn seed(book: Res<Rulebook>, mut rng: ResMut<Rng>, mut spawner: Spawner) {
    let half_size = (book.half_size - book.rock_radius(2)).max(0.0);
    for _ in 0..book.large_asteroids() {
        let at = rng.place(half_size);
        place_large(at, &book, &mut rng, &mut spawner);
    }
}
