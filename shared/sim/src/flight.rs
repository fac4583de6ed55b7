//! Moves ships, collides them with rocks and fires their guns, by the functions that the browser predicts with.

use bevy_ecs::prelude::{Local, Query, Res, ResMut};
use glam::Vec2;
use shared::entity::{Kind, MINE, ShipFlags};
use shared::event::Happening;
use shared::id::PlayerId;
use shared::input::{Buttons, Controls, ViewLag};
use shared::levels::HullKind;
use shared::movement::{self, Handling, IMPACT_EVENT_UNITS_PER_SECOND, Motion, Moved};
use shared::quantize;

use crate::components::{Bolt, Cargo, Crew, Flight, Hull, Trail};
use crate::entity_index::EntityIndex;
use crate::players::{Player, Players};
use crate::rewind::{FiredBolt, FiredBolts};
use crate::rules::WorldRules;
use crate::spatial_grid::{Body, RockGrid};
use crate::tick_context::EventQueue;

/// Moves every ship by one tick.
pub fn fly(
    rules: Res<WorldRules>,
    rocks: Res<RockGrid>,
    players: Res<Players>,
    mut ships: Query<(&mut Flight, &mut Hull, &mut Trail, &Cargo, &Crew)>,
    entities: Res<EntityIndex>,
    mut fired: ResMut<FiredBolts>,
    mut events: ResMut<EventQueue>,
    mut near: Local<Vec<u32>>,
) {
    for entry in entities.of(Kind::Ship) {
        let Ok((mut flight, mut hull, mut trail, cargo, crew)) = ships.get_mut(entry.entity) else {
            continue;
        };
        let Some(player) = players.get(crew.player) else { continue };
        let controls = player.state.controls;
        let handling = rules.handling(player.state.levels, cargo.hold);
        flight.from = flight.state.motion.position();
        let moved = movement::step(&mut flight.state, controls, &handling, rules.tick_seconds);
        let crash = bump(&mut flight, &handling, &rocks, &mut near);
        trail.push(flight.state.motion.position_q, rules.rewind_limit.whole_ticks());
        hull.protection_ticks = hull.protection_ticks.saturating_sub(1);
        hurt_by_crash(&mut hull, crash, &rules);
        let impact = crash.max(moved.bounced.unwrap_or(0.0));
        if impact >= IMPACT_EVENT_UNITS_PER_SECOND {
            let bounced = Happening::Bounced { ship: entry.id, speed: impact as u16 };
            events.push(&flight.state.motion, bounced);
        }
        if moved.used {
            let kind = player.state.levels.hull();
            events.push(&flight.state.motion, Happening::Used { ship: entry.id, hull: kind });
            fired.0.extend((kind == HullKind::Scout).then(|| mine(&flight, crew, &rules)));
        }
        let shot = if hull.health > 0 { fire(&mut flight, player, &handling, crew, &rules) } else { None };
        if shot.is_some() {
            hull.protection_ticks = 0;
        }
        let using = handling.is_using(&flight.state);
        flight.shown = shown(moved, shot.is_some(), using, controls, flight.state.cooldown);
        fired.0.extend(shot);
    }
}

/// Pushes the ship out of the rocks that it touches, in the order of their ids; returns the speed of the hardest impact
/// in units per second, 0 without one.
fn bump(flight: &mut Flight, handling: &Handling, rocks: &RockGrid, near: &mut Vec<u32>) -> f32 {
    let at = flight.state.motion.position();
    rocks.0.near(at - handling.radius, at + handling.radius, near);
    let touches = |rock: &Body| rock.at.distance_squared(at) < square(rock.radius + handling.radius);
    if !near.iter().any(|index| touches(&rocks.0.bodies()[*index as usize])) {
        return 0.0;
    }
    // Being pushed out of one rock can push into another, which must be among the candidates.
    let farthest = handling.radius * 2.0 + rocks.0.reach();
    rocks.0.near(at - farthest, at + farthest, near);
    let mut hardest = 0.0f32;
    for rock in near.iter().map(|index| &rocks.0.bodies()[*index as usize]) {
        let impact = movement::collide(&mut flight.state.motion, handling, &rock.motion, rock.radius);
        hardest = hardest.max(impact.unwrap_or(0.0));
    }
    hardest
}

fn square(value: f32) -> f32 {
    value * value
}

fn hurt_by_crash(hull: &mut Hull, impact: f32, rules: &WorldRules) {
    let ship = &rules.ship;
    if impact > ship.crash_speed && hull.protection_ticks == 0 {
        let damage = quantize::health((impact - ship.crash_speed) * ship.crash_damage);
        hull.health = hull.health.saturating_sub(damage);
        hull.killer = PlayerId::NOBODY;
    }
}

fn fire(
    flight: &mut Flight,
    player: &Player,
    handling: &Handling,
    crew: &Crew,
    rules: &WorldRules,
) -> Option<FiredBolt> {
    let controls = player.state.controls;
    let muzzle = movement::try_fire(&mut flight.state, controls, handling)?;
    let ticks_left = rules.setup.ticks(rules.bolt.lifetime_seconds).min(u32::from(u16::MAX)) as u16;
    let damage = quantize::health(rules.bolt_damage(player.state.levels));
    let bolt = Bolt { owner: crew.player, team: crew.team, ticks_left, damage, size: 0 };
    Some(FiredBolt { muzzle, bolt, lag: controls.lag })
}

/// A mine that stays where the ship is.
fn mine(flight: &Flight, crew: &Crew, rules: &WorldRules) -> FiredBolt {
    let bolt = Bolt {
        owner: crew.player,
        team: crew.team,
        ticks_left: rules.mine_ticks(),
        damage: quantize::health(rules.ability.mine_damage),
        size: MINE,
    };
    let muzzle = Motion::new(flight.state.motion.position(), Vec2::ZERO);
    FiredBolt { muzzle, bolt, lag: ViewLag::default() }
}

/// What others see of the engine, the gun and the ability.
fn shown(moved: Moved, fired: bool, using: bool, controls: Controls, cooldown: u8) -> u8 {
    let firing = controls.buttons.any(Buttons::FIRE) && (fired || cooldown > 0);
    let flag = |on: bool, flag: u8| if on { flag } else { 0 };
    flag(moved.thrusting, ShipFlags::THRUST)
        | flag(moved.boosting, ShipFlags::BOOST)
        | flag(firing, ShipFlags::FIRING)
        | flag(using, ShipFlags::ABILITY)
}
