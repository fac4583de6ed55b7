//! Asteroids and ore around the own ship, moved along with its prediction. Until one reaches the border, its displacement
//! per tick is constant, so that a tick costs one addition each.

use glam::{IVec2, Vec2};
use shared::entity::{BOULDER, EntityState, Kind};
use shared::movement::{self, Motion};
use shared::quantize;
use shared::rules::Rules;

/// An asteroid or a load of ore.
#[derive(Clone, Copy, Debug)]
pub struct Obstacle {
    pub motion: Motion,
    pub radius: f32,
    /// Displacement per tick, in position quanta.
    step: IVec2,
    /// Largest coordinate that it reaches, in position quanta.
    limit: i32,
}

/// Asteroids and ore, each ascending by id: the order in which a ship collides and loads.
#[derive(Clone, Debug, Default)]
pub struct Obstacles {
    half_size: f32,
    tick_seconds: f32,
    /// What a ship bounces off.
    pub asteroids: Vec<Obstacle>,
    /// What a ship loads.
    pub ores: Vec<Obstacle>,
}

impl Obstacles {
    pub fn new(half_size: f32, tick_seconds: f32) -> Obstacles {
        Obstacles { half_size, tick_seconds, ..Obstacles::default() }
    }

    /// Takes them from a snapshot, of the tick from which the ship is predicted.
    pub fn fill(&mut self, entities: &[EntityState], rules: &Rules) {
        self.asteroids.clear();
        self.ores.clear();
        let limit = |radius: f32| quantize::position(Vec2::splat(self.half_size - radius)).x;
        let asteroid_limits = [0, 1, 2, BOULDER].map(|size| limit(rules.rock_radius(size)));
        let ore_limit = limit(rules.ore.radius);
        for entity in entities {
            let (radius, limit, list) = match entity.kind {
                Kind::Asteroid => {
                    let size = entity.size.min(BOULDER);
                    (rules.rock_radius(size), asteroid_limits[usize::from(size)], &mut self.asteroids)
                }
                Kind::Ore => (rules.ore.radius, ore_limit, &mut self.ores),
                Kind::Ship | Kind::Bolt => continue,
            };
            let step = quantize::displacement(entity.motion.velocity_q, self.tick_seconds);
            list.push(Obstacle { motion: entity.motion, radius, step, limit });
        }
    }

    /// Moves everything by one tick, as [`movement::drift`] does.
    pub fn drift(&mut self) {
        for it in self.asteroids.iter_mut().chain(&mut self.ores) {
            let at = it.motion.position_q.wrapping_add(it.step);
            if at == at.clamp(IVec2::splat(-it.limit), IVec2::splat(it.limit)) {
                it.motion.position_q = at;
            } else {
                it.motion = movement::drift(&it.motion, it.radius, self.half_size, self.tick_seconds);
                it.step = quantize::displacement(it.motion.velocity_q, self.tick_seconds);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::belt::setup;
    use proptest::prelude::*;
    use shared::id::NetId;

    const TICK: f32 = 1.0 / 30.0;
    const HALF: f32 = 60.0;

    proptest! {
        #[test]
        fn obstacles_move_as_in_the_simulation(
            at in (-60f32..60.0, -60f32..60.0),
            speed in (-40f32..40.0, -40f32..40.0),
            size in 0u8..3,
        ) {
            let rules = setup().rules;
            let mut motion = Motion::new(at.into(), speed.into());
            let rock = EntityState { id: NetId(1), kind: Kind::Asteroid, size, motion, ..EntityState::default() };
            let mut obstacles = Obstacles::new(HALF, TICK);
            obstacles.fill(&[rock], &rules);
            for _ in 0..120 {
                motion = movement::drift(&motion, rules.asteroid.radius[usize::from(size)], HALF, TICK);
                obstacles.drift();
                prop_assert_eq!(obstacles.asteroids[0].motion, motion);
            }
        }
    }
}
