//! The movement step: one function, compiled into server and browser, so that the own ship can be predicted bit for
//! bit. All state is in wire quanta.

use crate::angle::Angle;
use crate::input::{Buttons, Controls, ViewLag};
use crate::levels::{HullKind, Levels, Upgrade};
use crate::quantize;
use crate::rules::Rules;
use glam::{IVec2, Vec2};
use serde::{Deserialize, Serialize};

/// A slower impact causes no event, in units per second: a ship that leans on an asteroid is not worth one.
pub const IMPACT_EVENT_UNITS_PER_SECOND: f32 = 3.0;

/// Where something is and how it moves, in wire quanta.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Motion {
    /// Position in quanta of [`quantize::POSITION_SCALE`].
    #[serde(with = "ivec2")]
    pub position_q: IVec2,
    /// Velocity in quanta of [`quantize::VELOCITY_SCALE`].
    #[serde(with = "ivec2")]
    pub velocity_q: IVec2,
}

impl Motion {
    /// From units and units per second, rounded to wire precision.
    pub fn new(at: Vec2, velocity: Vec2) -> Motion {
        Motion { position_q: quantize::position(at), velocity_q: quantize::velocity(velocity) }
    }

    /// Position in units.
    pub fn position(&self) -> Vec2 {
        quantize::position_from(self.position_q)
    }

    /// Velocity in units per second.
    pub fn velocity(&self) -> Vec2 {
        quantize::velocity_from(self.velocity_q)
    }

    /// The motion a number of ticks later if nothing touches it.
    pub fn drifted(&self, ticks: u32, tick_seconds: f32) -> Motion {
        let step = quantize::displacement(self.velocity_q, tick_seconds);
        let ticks = ticks.min(i32::MAX as u32) as i32;
        let moved = IVec2::new(step.x.wrapping_mul(ticks), step.y.wrapping_mul(ticks));
        Motion { position_q: self.position_q.wrapping_add(moved), velocity_q: self.velocity_q }
    }

    /// As [`Motion::drifted`], for parts of a tick too: whole steps of a tick are never rounded.
    pub fn drifted_by(&self, lag: ViewLag, tick_seconds: f32) -> Motion {
        let parts = ViewLag::PARTS_PER_TICK;
        let whole = self.drifted(u32::from(lag.0 / parts), tick_seconds);
        let step = quantize::displacement(self.velocity_q, tick_seconds);
        let part = |full: i32| (i64::from(full) * i64::from(lag.0 % parts) / i64::from(parts)) as i32;
        Motion {
            position_q: whole.position_q.wrapping_add(IVec2::new(part(step.x), part(step.y))),
            velocity_q: self.velocity_q,
        }
    }
}

/// What of a ship the movement step reads and writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipMotion {
    /// Where it is and how it moves.
    pub motion: Motion,
    /// Where it points.
    pub heading: Angle,
    /// Energy in quanta of [`quantize::ENERGY_SCALE`].
    pub energy: u16,
    /// Ticks until the gun may fire again.
    pub cooldown: u8,
    /// Ticks until the ability may be used again.
    pub ability: u16,
}

/// How a ship handles: the rules, with its upgrades and its load worked in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Handling {
    /// Acceleration under thrust and under boost, in units per second squared.
    pub thrust: f32,
    /// As `thrust`, while boosting.
    pub boost: f32,
    /// How fast the brake takes speed away, per second.
    pub brake: f32,
    /// Fraction of the speed lost to drag per second.
    pub drag: f32,
    /// Energy spent by a second of boost, in points.
    pub boost_drain: f32,
    /// Energy won back by a second without boost, in points.
    pub energy_regen: f32,
    /// The most energy it holds, in points.
    pub energy_max: f32,
    /// Radius in units.
    pub radius: f32,
    /// Share of speed kept in a bounce.
    pub restitution: f32,
    /// Half the side of the world, in units.
    pub half_size: f32,
    /// Ticks between two bolts.
    pub cooldown_ticks: u8,
    /// Energy of one bolt, in points.
    pub bolt_energy: f32,
    /// Muzzle velocity, in units per second.
    pub bolt_speed: f32,
    /// Ticks from one use of the ability to the next.
    pub ability_cooldown_ticks: u16,
    /// Ticks for which the ability is in effect.
    pub ability_ticks: u16,
    /// How far from its edge the ship loads ore while its ability is in effect, in units.
    pub tractor_range: f32,
}

impl Handling {
    /// How a ship with these upgrades and this load handles.
    pub fn of(rules: &Rules, half_size: f32, tick_seconds: f32, levels: Levels, hold: u16) -> Handling {
        let ship = &rules.ship;
        let hull = rules.hull(levels.hull());
        let ticks = |seconds: f32| libm::ceilf(seconds / tick_seconds).clamp(0.0, f32::from(u16::MAX)) as u16;
        let full = f32::from(hold) / f32::from(rules.hold_capacity(levels).max(1));
        let push = (1.0 + rules.upgrades.engine_per_level * f32::from(levels.of(Upgrade::Engine)))
            * (1.0 - ship.load_slowdown * full.min(1.0))
            * hull.thrust;
        Handling {
            thrust: ship.thrust * push,
            boost: ship.boost_thrust * push,
            brake: ship.brake,
            drag: ship.drag,
            boost_drain: ship.boost_drain,
            energy_regen: ship.energy_regen,
            energy_max: ship.energy,
            radius: ship.radius,
            restitution: ship.restitution,
            half_size,
            cooldown_ticks: libm::ceilf(rules.bolt.cooldown_seconds / tick_seconds).clamp(1.0, 255.0) as u8,
            bolt_energy: rules.bolt.energy,
            bolt_speed: rules.bolt.speed,
            ability_cooldown_ticks: ticks(hull.ability_cooldown_seconds),
            ability_ticks: ticks(hull.ability_seconds),
            tractor_range: if levels.hull() == HullKind::Miner { rules.ability.tractor_range } else { 0.0 },
        }
    }

    /// Whether a ship's ability is in effect.
    pub fn is_using(&self, ship: &ShipMotion) -> bool {
        ship.ability > self.ability_cooldown_ticks - self.ability_ticks.min(self.ability_cooldown_ticks)
    }

    /// How far from its edge a ship loads ore, in units.
    pub fn reach(&self, ship: &ShipMotion) -> f32 {
        if self.is_using(ship) { self.tractor_range } else { 0.0 }
    }
}

/// What the movement step did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moved {
    /// The engine burned.
    pub thrusting: bool,
    /// The boost burned.
    pub boosting: bool,
    /// The ability was used.
    pub used: bool,
    /// The ship hit the border at this speed, in units per second.
    pub bounced: Option<f32>,
}

/// Moves a ship by one tick. Drag and acceleration are integrated semi-implicitly; the result is in wire precision.
pub fn step(ship: &mut ShipMotion, controls: Controls, handling: &Handling, tick_seconds: f32) -> Moved {
    let mut moved = Moved::default();
    let mut velocity = ship.motion.velocity();
    let energy = quantize::energy_from(ship.energy);
    ship.heading = Angle::from_step(controls.aim.step());

    let drain = handling.boost_drain * tick_seconds;
    moved.boosting = controls.buttons.any(Buttons::BOOST) && energy >= drain;
    moved.thrusting = moved.boosting || controls.buttons.any(Buttons::THRUST.with(Buttons::BOOST));
    let push = match (moved.boosting, moved.thrusting) {
        (true, _) => handling.boost,
        (false, true) => handling.thrust,
        (false, false) => 0.0,
    };
    velocity += ship.heading.vector() * (push * tick_seconds);
    let braking = if controls.buttons.any(Buttons::BRAKE) { handling.brake } else { 0.0 };
    velocity *= 1.0 - ((handling.drag + braking) * tick_seconds).min(1.0);

    let won = if moved.boosting { -drain } else { handling.energy_regen * tick_seconds };
    ship.energy = quantize::energy((energy + won).clamp(0.0, handling.energy_max));
    ship.cooldown = ship.cooldown.saturating_sub(1);
    ship.ability = ship.ability.saturating_sub(1);
    moved.used = controls.buttons.any(Buttons::ABILITY) && ship.ability == 0;
    if moved.used {
        ship.ability = handling.ability_cooldown_ticks;
    }
    ship.motion.velocity_q = quantize::velocity(velocity);
    ship.motion = ship.motion.drifted(1, tick_seconds);
    moved.bounced =
        bounce_off_border(&mut ship.motion, handling.half_size - handling.radius, handling.restitution);
    moved
}

/// Where a rock or an ore is one tick later: it drifts, and bounces off the border without loss.
pub fn drift(motion: &Motion, radius: f32, half_size: f32, tick_seconds: f32) -> Motion {
    let mut moved = motion.drifted(1, tick_seconds);
    bounce_off_border(&mut moved, half_size - radius, 1.0);
    moved
}

/// Keeps a motion inside the square of a half size in units; returns the speed of the impact in units per second if it
/// hit the border.
pub fn bounce_off_border(motion: &mut Motion, half_size: f32, restitution: f32) -> Option<f32> {
    let limit = quantize::position(Vec2::splat(half_size));
    let inside = motion.position_q.clamp(-limit, limit);
    if inside == motion.position_q {
        return None;
    }
    let mut velocity = motion.velocity();
    let mut impact = 0.0f32;
    if inside.x != motion.position_q.x && velocity.x * (motion.position_q.x as f32) > 0.0 {
        impact = impact.max(velocity.x.abs());
        velocity.x *= -restitution;
    }
    if inside.y != motion.position_q.y && velocity.y * (motion.position_q.y as f32) > 0.0 {
        impact = impact.max(velocity.y.abs());
        velocity.y *= -restitution;
    }
    motion.position_q = inside;
    motion.velocity_q = quantize::velocity(velocity);
    Some(impact)
}

/// Pushes a ship out of a round obstacle of unlimited mass and reflects its velocity; returns the speed of the impact in
/// units per second, or `None` if they do not touch.
pub fn collide(
    ship: &mut Motion,
    handling: &Handling,
    obstacle: &Motion,
    obstacle_radius: f32,
) -> Option<f32> {
    let reach = handling.radius + obstacle_radius;
    let apart = ship.position() - obstacle.position();
    let distance_squared = apart.length_squared();
    if distance_squared >= reach * reach {
        return None;
    }
    let distance = libm::sqrtf(distance_squared);
    let normal = if distance > 0.0 { apart / distance } else { Vec2::X };
    let limit = Vec2::splat(handling.half_size - handling.radius);
    let out = (obstacle.position() + normal * reach).clamp(-limit, limit);
    let closing = (ship.velocity() - obstacle.velocity()).dot(normal);
    let velocity = ship.velocity() - normal * (closing.min(0.0) * (1.0 + handling.restitution));
    *ship = Motion::new(out, velocity);
    Some((-closing).max(0.0))
}

/// Fires if the trigger is held, the gun is ready and the energy suffices: takes the energy, starts the cooldown and
/// returns the motion of the bolt at the muzzle.
pub fn try_fire(ship: &mut ShipMotion, controls: Controls, handling: &Handling) -> Option<Motion> {
    let energy = quantize::energy_from(ship.energy);
    if !controls.buttons.any(Buttons::FIRE) || ship.cooldown > 0 || energy < handling.bolt_energy {
        return None;
    }
    ship.energy = quantize::energy(energy - handling.bolt_energy);
    ship.cooldown = handling.cooldown_ticks;
    let forward = ship.heading.vector();
    let muzzle = ship.motion.position() + forward * handling.radius;
    Some(Motion::new(muzzle, ship.motion.velocity() + forward * handling.bolt_speed))
}

/// When a moving point first comes as near as `reach` to another, each moving in a straight line from its first to its
/// second place: as a share of the movement, 0 to 1.
pub fn sweep(from: Vec2, to: Vec2, other_from: Vec2, other_to: Vec2, reach: f32) -> Option<f32> {
    let apart = from - other_from;
    let relative = (to - other_to) - apart;
    let beyond = apart.length_squared() - reach * reach;
    if beyond <= 0.0 {
        return Some(0.0);
    }
    let closing = -apart.dot(relative);
    let relative_squared = relative.length_squared();
    let discriminant = closing * closing - relative_squared * beyond;
    if closing <= 0.0 || discriminant < 0.0 {
        return None;
    }
    let share = (closing - libm::sqrtf(discriminant)) / relative_squared;
    (share <= 1.0).then_some(share)
}

/// `IVec2` as two numbers.
mod ivec2 {
    use glam::IVec2;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(value: &IVec2, serializer: S) -> Result<S::Ok, S::Error> {
        (value.x, value.y).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<IVec2, D::Error> {
        <(i32, i32)>::deserialize(deserializer).map(IVec2::from)
    }
}
