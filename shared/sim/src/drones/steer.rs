//! The controls by which a drone does what it decided.

use glam::Vec2;
use shared::angle::Angle;
use shared::input::{Buttons, Controls};
use shared::keyframe::{DroneKey, Goal};
use shared::levels::HullKind;

use super::sight::{OwnShip, Sight};
use crate::rules::PRICE_SCALE;
use crate::spatial_grid::Body;
use crate::tuning::drones::flight;
use crate::walls::StationRing;

/// From one drone to the next, directions differ by the golden angle, in steps: no two neighbours are alike.
const GOLDEN_STEPS: u32 = 391;

/// The controls for this tick.
pub fn controls(own: &OwnShip, key: &DroneKey, sight: &Sight<'_>, near: &mut Vec<u32>) -> Controls {
    match (key.goal, sight.target(key)) {
        (Goal::Mine, Some(rock)) => mine(own, key, rock, sight, near),
        (Goal::Collect, Some(ore)) => fetch(own, ore, sight, near),
        (Goal::Fight, Some(ship)) => fight(own, key, ship, sight, near),
        (Goal::Haul, _) => match best_station(own, sight) {
            Some(ring) => dock(own, ring, Buttons::default(), sight, near),
            None => roam(own, key, sight, near),
        },
        (Goal::Flee, _) => flee(own, key, sight, near),
        _ => roam(own, key, sight, near),
    }
}

/// Flies on its course. Among walls, which a course would end at, it goes from station to station.
fn roam(own: &OwnShip, key: &DroneKey, sight: &Sight<'_>, near: &mut Vec<u32>) -> Controls {
    let patrol = sight.tick.0 / sight.rules.setup.ticks(flight::PATROL_SECONDS) + own.player.0;
    let station = sight.rules.stations.get(patrol as usize % sight.rules.stations.len().max(1));
    if let Some(to) = station.and_then(|ring| sight.rules.walls.waypoint(own.at, ring)) {
        let direction = (to - own.at).normalize_or_zero();
        return fly(own, direction * flight::ROAM_SPEED, Buttons::default(), sight, near);
    }
    let outside = own.at.abs().max_element() > sight.rules.half_size * flight::ROAM_REGION;
    let direction = if outside { (-own.at).normalize_or_zero() } else { key.course.vector() };
    fly(own, direction * flight::ROAM_SPEED, Buttons::default(), sight, near)
}

fn mine(own: &OwnShip, key: &DroneKey, rock: &Body, sight: &Sight<'_>, near: &mut Vec<u32>) -> Controls {
    let offset = rock.at - own.at;
    let gap = offset.length() - rock.radius;
    if gap > flight::MINING_RANGE {
        let wish = offset.normalize_or_zero() * (gap - flight::MINING_RANGE * 0.6).min(flight::CRUISE_SPEED);
        return fly(own, wish + rock.motion.velocity(), Buttons::default(), sight, near);
    }
    if let Some(aside) = evade(own, sight, near) {
        return burn(own, aside, Buttons::default());
    }
    if is_in_line(own, rock, sight, near) {
        let aside = offset.perp().normalize_or_zero() * flight::ROAM_SPEED;
        return burn(own, aside + rock.motion.velocity(), Buttons::default());
    }
    let steady = (own.velocity - rock.motion.velocity()).length() < 3.0;
    let buttons = if steady { Buttons::FIRE } else { Buttons::FIRE.with(Buttons::BRAKE) };
    let aim = lead(own, rock, sight).turned(key.aim_error / 3);
    Controls { buttons, aim, ..Controls::default() }
}

/// Flies onto an ore. Near it, the ship gives way to no other: nobody else fetches this ore.
fn fetch(own: &OwnShip, ore: &Body, sight: &Sight<'_>, near: &mut Vec<u32>) -> Controls {
    let distance = ore.at.distance(own.at);
    let ahead = ore.at + ore.motion.velocity() * (distance / flight::CRUISE_SPEED).min(1.5);
    let offset = ahead - own.at;
    let speed = (offset.length() * 1.2 + 3.0).min(flight::CRUISE_SPEED);
    let wish = offset.normalize_or_zero() * speed + ore.motion.velocity();
    let pull = ability(own, HullKind::Miner, distance < flight::TRACTOR_DISTANCE);
    match evade(own, sight, near) {
        None if distance < flight::SHIP_GAP => burn(own, wish, pull),
        _ => fly(own, wish, pull, sight, near),
    }
}

fn fight(own: &OwnShip, key: &DroneKey, ship: &Body, sight: &Sight<'_>, near: &mut Vec<u32>) -> Controls {
    if let Some(aside) = evade(own, sight, near) {
        return burn(own, aside, Buttons::default());
    }
    let offset = ship.at - own.at;
    let distance = offset.length();
    let direction = offset.normalize_or_zero();
    let room = elbow_room(own, sight, near);
    let shield = ability(own, HullKind::Raider, distance < flight::FIGHT_RANGE);
    let mine = ability(own, HullKind::Scout, distance < flight::MINE_DISTANCE);
    if distance > flight::FIGHT_RANGE {
        let eager = if own.energy > flight::CHASE_BOOST_ENERGY { Buttons::BOOST } else { Buttons::default() };
        return burn(
            own,
            direction * flight::CRUISE_SPEED * 1.2 + ship.motion.velocity() * 0.5 + room,
            eager,
        );
    }
    if room.length() > flight::CRUISE_SPEED * 0.5 {
        return burn(own, room + ship.motion.velocity() * 0.5, Buttons::default());
    }
    let beat = sight.tick.0 / sight.rules.setup.ticks(flight::CIRCLE_SECONDS) + own.player.0;
    if beat.is_multiple_of(3) {
        let side = if (beat / 3).is_multiple_of(2) { direction.perp() } else { -direction.perp() };
        return burn(own, side * flight::CRUISE_SPEED + ship.motion.velocity() * 0.5, shield.with(mine));
    }
    let fire = if is_in_line(own, ship, sight, near) { Buttons::default() } else { Buttons::FIRE };
    let push = if distance > flight::FIGHT_MIN_RANGE { Buttons::THRUST } else { Buttons::default() };
    Controls {
        buttons: fire.with(push).with(shield).with(mine),
        aim: lead(own, ship, sight).turned(key.aim_error),
        ..Controls::default()
    }
}

fn flee(own: &OwnShip, key: &DroneKey, sight: &Sight<'_>, near: &mut Vec<u32>) -> Controls {
    let hunter = sight.nearest_foe(own, sight.rules.drone.sight, near, |foe| !foe.protected);
    let afraid = hunter.is_some() && own.energy > flight::FLEE_BOOST_ENERGY;
    let haste = if afraid { Buttons::BOOST } else { Buttons::default() };
    let is_near = hunter.as_ref().is_some_and(|foe| foe.at.distance(own.at) < flight::FIGHT_RANGE);
    let shield = ability(own, HullKind::Raider, is_near).with(ability(own, HullKind::Scout, is_near));
    let haste = haste.with(shield);
    let to = |ring: &&StationRing| ring.at.distance_squared(own.at);
    let refuge = sight.rules.stations.iter().min_by(|a, b| to(a).total_cmp(&to(b)));
    match (refuge, hunter) {
        (Some(ring), _) => dock(own, ring, haste, sight, near),
        (None, Some(foe)) => {
            let away = (own.at - foe.at).normalize_or_zero();
            fly(own, away * flight::CRUISE_SPEED * 1.2, haste, sight, near)
        }
        (None, None) => roam(own, key, sight, near),
    }
}

/// The button of the ability, for a hull that has it and in a moment for it.
fn ability(own: &OwnShip, hull: HullKind, is_time: bool) -> Buttons {
    if is_time && own.levels.hull() == hull { Buttons::ABILITY } else { Buttons::default() }
}

/// The station with the best price, less a cost per distance.
fn best_station<'a>(own: &OwnShip, sight: &Sight<'a>) -> Option<&'a StationRing> {
    let worth = |(ring, price): &(&StationRing, &u32)| {
        **price as f32 / PRICE_SCALE - ring.at.distance(own.at) * flight::DISTANCE_COST
    };
    let rings = sight.rules.stations.iter().zip(sight.prices);
    rings.max_by(|a, b| worth(a).total_cmp(&worth(b))).map(|(ring, _)| ring)
}

/// Flies to a berth in a ring and stays there.
fn dock(
    own: &OwnShip,
    ring: &StationRing,
    haste: Buttons,
    sight: &Sight<'_>,
    near: &mut Vec<u32>,
) -> Controls {
    if let Some(to) = sight.rules.walls.waypoint(own.at, ring) {
        let wish = (to - own.at).normalize_or_zero() * flight::CRUISE_SPEED;
        return fly(own, wish, Buttons::default(), sight, near);
    }
    let berth = ring.at + bearing(own).vector() * ring.radius * flight::BERTH_OFFSET;
    let offset = berth - own.at;
    let distance = offset.length();
    if distance < flight::BERTH_TOLERANCE {
        return Controls { buttons: Buttons::BRAKE, aim: Angle::from_vector(offset), ..Controls::default() };
    }
    let haste = if distance > ring.radius * 2.0 { haste } else { Buttons::default() };
    let speed = if haste.any(Buttons::BOOST) { flight::CRUISE_SPEED * 1.5 } else { flight::CRUISE_SPEED };
    fly(own, offset.normalize_or_zero() * (distance * 0.9).min(speed), haste, sight, near)
}

/// Flies at a velocity, around rocks.
fn fly(own: &OwnShip, wish: Vec2, haste: Buttons, sight: &Sight<'_>, near: &mut Vec<u32>) -> Controls {
    match evade(own, sight, near) {
        Some(aside) => burn(own, wish * 0.5 + aside, Buttons::default()),
        None => burn(own, wish + elbow_room(own, sight, near), haste),
    }
}

/// The velocity that leads away from ships that are too near, at most [`flight::CRUISE_SPEED`].
fn elbow_room(own: &OwnShip, sight: &Sight<'_>, near: &mut Vec<u32>) -> Vec2 {
    sight.ships.near(own.at - flight::SHIP_GAP, own.at + flight::SHIP_GAP, near);
    let ships = near.iter().map(|index| &sight.ships.bodies()[*index as usize]);
    let mut room = Vec2::ZERO;
    for other in ships.filter(|other| other.id != own.ship) {
        let away = own.at - other.at;
        let distance = away.length();
        if distance < flight::SHIP_GAP {
            let out = if distance > 0.01 { away / distance } else { bearing(own).vector() };
            room += out * (1.0 - distance / flight::SHIP_GAP) * flight::CRUISE_SPEED;
        }
    }
    room.clamp_length_max(flight::CRUISE_SPEED)
}

/// A direction that differs from drone to drone.
fn bearing(own: &OwnShip) -> Angle {
    Angle::from_step((own.player.0.wrapping_mul(GOLDEN_STEPS) % u32::from(Angle::STEPS)) as u16)
}

/// Burns toward a velocity.
fn burn(own: &OwnShip, wish: Vec2, haste: Buttons) -> Controls {
    let change = wish - own.velocity;
    if change.length_squared() < flight::VELOCITY_TOLERANCE * flight::VELOCITY_TOLERANCE {
        return Controls {
            buttons: Buttons::default(),
            aim: Angle::from_vector(wish),
            ..Controls::default()
        };
    }
    let turning_back = change.dot(own.velocity) < 0.0 && own.velocity.length_squared() > 36.0;
    let buttons =
        if turning_back { Buttons::THRUST.with(Buttons::BRAKE) } else { Buttons::THRUST.with(haste) };
    Controls { buttons, aim: Angle::from_vector(change), ..Controls::default() }
}

/// The velocity that leads aside from the rock that the drone would hit next, if there is one.
fn evade(own: &OwnShip, sight: &Sight<'_>, near: &mut Vec<u32>) -> Option<Vec2> {
    let reach = own.velocity.length() * flight::ROCK_LOOKAHEAD_SECONDS + flight::ROCK_GAP;
    sight.rocks.near(own.at - reach, own.at + reach, near);
    let mut soonest = flight::ROCK_LOOKAHEAD_SECONDS;
    let mut aside = None;
    for rock in near.iter().map(|index| &sight.rocks.bodies()[*index as usize]) {
        let offset = rock.at - own.at;
        let closing = own.velocity - rock.motion.velocity();
        let approach = offset.dot(closing);
        if approach <= 0.0 {
            continue;
        }
        let seconds = approach / closing.length_squared();
        let miss = closing * seconds - offset;
        let gap = miss.length() - rock.radius - sight.rules.ship.radius;
        if seconds < soonest && gap < flight::ROCK_GAP {
            soonest = seconds;
            let out = if miss.length_squared() > 0.01 { miss } else { offset.perp() };
            aside = Some(out.normalize_or_zero() * flight::CRUISE_SPEED);
        }
    }
    aside
}

/// Whether a ship, other than the target, is in the line of fire or close behind the target.
fn is_in_line(own: &OwnShip, target: &Body, sight: &Sight<'_>, near: &mut Vec<u32>) -> bool {
    let offset = target.at - own.at;
    let direction = offset.normalize_or_zero();
    let end = own.at + offset + direction * flight::LINE_BEHIND;
    let reach = Vec2::splat(flight::LINE_GAP);
    sight.ships.near(own.at.min(end) - reach, own.at.max(end) + reach, near);
    let ships = near.iter().map(|index| &sight.ships.bodies()[*index as usize]);
    let mut others = ships.filter(|ship| ship.id != own.ship && ship.id != target.id);
    others.any(|ship| {
        let to = ship.at - own.at;
        let along = to.dot(direction);
        along > 0.0
            && along < offset.length() + flight::LINE_BEHIND
            && to.perp_dot(direction).abs() < flight::LINE_GAP
    })
}

/// The direction in which a bolt meets a target of constant velocity.
fn lead(own: &OwnShip, target: &Body, sight: &Sight<'_>) -> Angle {
    let offset = target.at - own.at;
    let velocity = target.motion.velocity() - own.velocity;
    let muzzle = sight.rules.bolt.speed;
    // |offset + velocity·t| = muzzle·t
    let a = muzzle * muzzle - velocity.length_squared();
    let b = offset.dot(velocity);
    let discriminant = b * b + a * offset.length_squared();
    let seconds = if a > 1.0 && discriminant >= 0.0 { (b + discriminant.sqrt()) / a } else { 0.0 };
    Angle::from_vector(offset + velocity * seconds.clamp(0.0, 3.0))
}
