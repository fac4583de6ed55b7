//! Rocks and ore around the own ship, moved along with its prediction. They drift by a fixed way per tick until they
//! meet the border, so a tick costs each of them an addition.

use glam::{IVec2, Vec2};
use shared::entity::{EntityState, Kind};
use shared::movement::{self, Motion};
use shared::quantize;
use shared::rules::Rules;

/// Something round that moves by itself.
#[derive(Clone, Copy, Debug)]
pub struct Drifting {
    /// Where it is and how it moves.
    pub motion: Motion,
    /// Radius in units.
    pub radius: f32,
    /// The way of one tick, in position quanta.
    way: IVec2,
    /// How far from the middle of the world it comes, in position quanta.
    limit: i32,
}

/// Rocks and ore, each ascending by id: that is the order in which ships collide and load.
#[derive(Clone, Debug)]
pub struct Surroundings {
    half_size: f32,
    tick_seconds: f32,
    /// What a ship bounces off.
    pub rocks: Vec<Drifting>,
    /// What a ship loads.
    pub ores: Vec<Drifting>,
}

impl Surroundings {
    /// Nothing yet, in a world of half this size in units and with ticks of this length.
    pub fn new(half_size: f32, tick_seconds: f32) -> Surroundings {
        Surroundings { half_size, tick_seconds, rocks: Vec::new(), ores: Vec::new() }
    }

    /// What is seen at the tick from which on the ship is predicted.
    pub fn fill(&mut self, entities: &[EntityState], rules: &Rules) {
        self.rocks.clear();
        self.ores.clear();
        let limit = |radius: f32| quantize::position(Vec2::splat(self.half_size - radius)).x;
        let rock_limits = rules.asteroid.radius.map(limit);
        let ore_limit = limit(rules.ore.radius);
        for entity in entities {
            let (radius, limit, list) = match entity.kind {
                Kind::Asteroid => {
                    let size = usize::from(entity.size).min(2);
                    (rules.asteroid.radius[size], rock_limits[size], &mut self.rocks)
                }
                Kind::Ore => (rules.ore.radius, ore_limit, &mut self.ores),
                Kind::Ship | Kind::Bolt => continue,
            };
            let way = quantize::displacement(entity.motion.velocity_q, self.tick_seconds);
            list.push(Drifting { motion: entity.motion, radius, way, limit });
        }
    }

    /// A tick passes: everything moves as [`movement::drift`] moves it.
    pub fn drift(&mut self) {
        for thing in self.rocks.iter_mut().chain(&mut self.ores) {
            let at = thing.motion.position_q.wrapping_add(thing.way);
            if at == at.clamp(IVec2::splat(-thing.limit), IVec2::splat(thing.limit)) {
                thing.motion.position_q = at;
            } else {
                thing.motion =
                    movement::drift(&thing.motion, thing.radius, self.half_size, self.tick_seconds);
                thing.way = quantize::displacement(thing.motion.velocity_q, self.tick_seconds);
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
        fn drifting_is_the_drift_of_the_simulation(
            at in (-60f32..60.0, -60f32..60.0),
            speed in (-40f32..40.0, -40f32..40.0),
            size in 0u8..3,
        ) {
            let rules = setup().rules;
            let mut motion = Motion::new(at.into(), speed.into());
            let rock = EntityState { id: NetId(1), kind: Kind::Asteroid, size, motion, ..EntityState::default() };
            let mut around = Surroundings::new(HALF, TICK);
            around.fill(&[rock], &rules);
            for _ in 0..120 {
                motion = movement::drift(&motion, rules.asteroid.radius[usize::from(size)], HALF, TICK);
                around.drift();
                prop_assert_eq!(around.rocks[0].motion, motion);
            }
        }
    }
}
