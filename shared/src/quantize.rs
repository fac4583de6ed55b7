//! Wire precision. The simulation is rounded to it at every tick, so a value on the wire is the value itself.

use glam::{IVec2, Vec2};

/// Position quanta per world unit. Exact in `f32` up to ±65,536 units.
pub const POSITION_SCALE: f32 = 256.0;
/// Velocity quanta per unit per second.
pub const VELOCITY_SCALE: f32 = 32.0;
/// Energy quanta per point of energy.
pub const ENERGY_SCALE: f32 = 64.0;
/// Health quanta per point of health.
pub const HEALTH_SCALE: f32 = 8.0;

/// The largest speed component that the wire carries, in units per second.
pub const SPEED_LIMIT: f32 = 1000.0;
/// The largest half size of a world, in units.
pub const WORLD_LIMIT: f32 = 16_384.0;

/// Fractions of a position quantum in which displacements are computed, as a power of two.
const WAY_FRACTION_BITS: u32 = 32;

/// The largest number below one half.
const NEARLY_HALF: f32 = 0.5 - f32::EPSILON / 4.0;

/// The nearest whole number, halves away from zero. Only the cast truncates: a call of `libm::roundf`, which would do it too,
/// costs several times as much.
fn round(value: f32) -> i32 {
    (value + NEARLY_HALF.copysign(value)) as i32
}

fn round_both(value: Vec2) -> IVec2 {
    IVec2::new(round(value.x), round(value.y))
}

/// Position in quanta.
pub fn position(at: Vec2) -> IVec2 {
    round_both(clamp(at, WORLD_LIMIT) * POSITION_SCALE)
}

/// Position in units.
pub fn position_from(quanta: IVec2) -> Vec2 {
    quanta.as_vec2() / POSITION_SCALE
}

/// Velocity in quanta.
pub fn velocity(of: Vec2) -> IVec2 {
    round_both(clamp(of, SPEED_LIMIT) * VELOCITY_SCALE)
}

/// Velocity in units per second.
pub fn velocity_from(quanta: IVec2) -> Vec2 {
    quanta.as_vec2() / VELOCITY_SCALE
}

/// The displacement of one tick at a velocity, in position quanta: the nearest whole number, halves away from zero. Every mover
/// uses this one rounding, so the drift of `n` ticks is exactly `n` times the drift of one. Whole numbers take a third of the
/// instructions that floats would, since a cast of a float has to mind those that are out of range.
pub fn displacement(velocity_quanta: IVec2, tick_seconds: f32) -> IVec2 {
    const ONE: i64 = 1 << WAY_FRACTION_BITS;
    let per_quantum = (tick_seconds * (POSITION_SCALE / VELOCITY_SCALE) * ONE as f32) as i64;
    let rounded = |quanta: i32| {
        let below_zero = i64::from(quanta >> (i32::BITS - 1));
        let exact = i64::from(quanta).wrapping_mul(per_quantum);
        (exact.wrapping_add(ONE / 2 + below_zero) >> WAY_FRACTION_BITS) as i32
    };
    IVec2::new(rounded(velocity_quanta.x), rounded(velocity_quanta.y))
}

/// Rounds a position to wire precision.
pub fn snap_position(at: Vec2) -> Vec2 {
    position_from(position(at))
}

/// Rounds a velocity to wire precision.
pub fn snap_velocity(of: Vec2) -> Vec2 {
    velocity_from(velocity(of))
}

/// Energy in quanta, from points.
pub fn energy(points: f32) -> u16 {
    round(points * ENERGY_SCALE).clamp(0, u16::MAX.into()) as u16
}

/// Energy in points.
pub fn energy_from(quanta: u16) -> f32 {
    f32::from(quanta) / ENERGY_SCALE
}

/// Health in quanta, from points.
pub fn health(points: f32) -> u16 {
    round(points * HEALTH_SCALE).clamp(0, u16::MAX.into()) as u16
}

/// Health in points.
pub fn health_from(quanta: u16) -> f32 {
    f32::from(quanta) / HEALTH_SCALE
}

fn clamp(value: Vec2, limit: f32) -> Vec2 {
    value.clamp(Vec2::splat(-limit), Vec2::splat(limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapping_is_idempotent_and_drift_is_linear() {
        for i in 0..2000 {
            let at = Vec2::new(i as f32 * 0.377 - 300.0, 500.0 - i as f32 * 0.913);
            assert_eq!(snap_position(snap_position(at)), snap_position(at));
            let speed = velocity(at * 0.1);
            assert_eq!(velocity(velocity_from(speed)), speed);
            let one = displacement(speed, 1.0 / 30.0);
            let mut walked = position(at);
            for _ in 0..64 {
                walked += one;
            }
            assert_eq!(walked, position(at) + one * 64);
        }
    }

    #[test]
    fn a_way_is_the_velocity_times_the_tick() {
        let limit = (SPEED_LIMIT * VELOCITY_SCALE) as i32;
        for tick_rate_hz in [10, 20, 30, 32, 60] {
            let tick_seconds = 1.0 / tick_rate_hz as f32;
            for quanta in -limit..=limit {
                let exact = f64::from(quanta) * f64::from(POSITION_SCALE / VELOCITY_SCALE);
                let moved = displacement(IVec2::new(quanta, -quanta), tick_seconds);
                let expected = (exact / f64::from(tick_rate_hz)).round() as i32;
                assert_eq!(moved, IVec2::new(expected, -expected), "{quanta} at {tick_rate_hz} Hz");
            }
        }
    }

    #[test]
    fn rounding_is_that_of_the_library() {
        let mut value = 1.0e-9f32;
        while value < 4.0e6 {
            for value in [value, -value, value.floor() + 0.5, value.next_down(), -(value.floor() + 0.5)] {
                assert_eq!(round(value), libm::roundf(value) as i32, "{value}");
            }
            value *= 1.000_7;
        }
        assert_eq!((round(f32::NAN), round(f32::INFINITY)), (0, i32::MAX));
    }

    #[test]
    fn values_beyond_the_limits_are_clamped() {
        assert_eq!(position(Vec2::splat(1e9)), position(Vec2::splat(WORLD_LIMIT)));
        assert_eq!(velocity(Vec2::splat(-1e9)), velocity(Vec2::splat(-SPEED_LIMIT)));
        assert_eq!(energy(1e9), u16::MAX);
        assert_eq!(health(-5.0), 0);
    }
}
