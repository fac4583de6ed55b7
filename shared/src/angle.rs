//! Directions on the wire: 1,024 steps to the full turn, clockwise on a screen whose y axis points down.

use glam::Vec2;
use serde::{Deserialize, Serialize};

/// A direction, as a step of [`Angle::STEPS`]. 0 points along +x; a quarter turn points along +y.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Angle(u16);

impl Angle {
    /// Steps to the full turn. At 60 units the half step is off by 0.18 units, less than a ship's radius.
    pub const STEPS: u16 = 1024;

    /// The direction of a step; steps beyond the full turn wrap around.
    pub fn from_step(step: u16) -> Angle {
        Angle(step % Self::STEPS)
    }

    /// The nearest direction to an angle in radians. Not-a-number and infinities point along +x.
    pub fn from_radians(radians: f32) -> Angle {
        if !radians.is_finite() {
            return Angle(0);
        }
        let turns = f64::from(radians) / core::f64::consts::TAU;
        let step = libm::round((turns - libm::floor(turns)) * f64::from(Self::STEPS)) as u16;
        Angle(step % Self::STEPS)
    }

    /// The nearest direction to a vector; the zero vector points along +x.
    pub fn from_vector(vector: Vec2) -> Angle {
        Angle::from_radians(libm::atan2f(vector.y, vector.x))
    }

    /// The step, below [`Angle::STEPS`].
    pub fn step(self) -> u16 {
        // Deserialized values may lie beyond the turn.
        self.0 % Self::STEPS
    }

    /// Radians, from 0 to below 2π.
    pub fn radians(self) -> f32 {
        f32::from(self.step()) * (core::f32::consts::TAU / f32::from(Self::STEPS))
    }

    /// The unit vector in this direction.
    pub fn vector(self) -> Vec2 {
        let radians = self.radians();
        Vec2::new(libm::cosf(radians), libm::sinf(radians))
    }

    /// The smaller turn to `other` in steps, from −512 to 511.
    pub fn steps_to(self, other: Angle) -> i16 {
        let turn = i32::from(Self::STEPS);
        let difference = (i32::from(other.step()) - i32::from(self.step())).rem_euclid(turn);
        (if difference >= turn / 2 { difference - turn } else { difference }) as i16
    }

    /// This direction turned by a number of steps.
    pub fn turned(self, steps: i16) -> Angle {
        Angle((i32::from(self.step()) + i32::from(steps)).rem_euclid(i32::from(Self::STEPS)) as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_survives_radians_and_vectors() {
        for step in 0..Angle::STEPS {
            let angle = Angle::from_step(step);
            assert_eq!(Angle::from_radians(angle.radians()), angle);
            assert_eq!(Angle::from_vector(angle.vector()), angle);
            assert_eq!(Angle::from_step(17).turned(Angle::from_step(17).steps_to(angle)), angle);
        }
        assert_eq!(Angle::from_radians(f32::NAN), Angle::default());
        assert_eq!(Angle::from_radians(-core::f32::consts::FRAC_PI_2).step(), 768);
    }
}
