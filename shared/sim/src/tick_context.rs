//! The context of one tick: its number, inputs, random numbers and events.

use bevy_ecs::prelude::{Res, ResMut, Resource};
use glam::Vec2;
use rand::{Rng as _, RngExt};
use rand_pcg::Pcg32;
use shared::angle::Angle;
use shared::command::TickInputs;
use shared::event::{Event, Happening};
use shared::evidence::HitEvidence;
use shared::id::Tick;
use shared::movement::Motion;
use shared::rules::Region;

use crate::entity_index::EntityIndex;
use crate::rules::WorldRules;

/// The tick that is being stepped, or was last.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub struct Clock(pub Tick);

/// The inputs of this tick.
#[derive(Resource, Default)]
pub struct Inputs(pub TickInputs);

/// What happened in this tick.
#[derive(Resource, Default)]
pub struct EventQueue {
    pub events: Vec<Event>,
    /// The hits on ships. Nothing in the world depends on them.
    pub hits: Vec<HitEvidence>,
}

impl EventQueue {
    /// Adds an event at the position of a motion.
    pub fn push(&mut self, motion: &Motion, what: Happening) {
        self.events.push(Event { at: (motion.position_q.x, motion.position_q.y), what });
    }
}

/// Random numbers, seeded every tick from the setup's seed and the tick, so the generator is not part of the state.
#[derive(Resource)]
pub struct Rng(Pcg32);

impl Rng {
    pub fn for_tick(seed: u64, tick: Tick) -> Rng {
        Rng(Pcg32::new(scatter(seed ^ scatter(u64::from(tick.0))), u64::from(tick.0)))
    }

    /// From `low` to below `high`; `low` if the range is empty.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        if low < high { self.0.random_range(low..high) } else { low }
    }

    /// Below `count`; 0 if `count` is 0.
    pub fn below(&mut self, count: u32) -> u32 {
        if count == 0 { 0 } else { self.0.random_range(0..count) }
    }

    pub fn chance(&mut self, probability: f32) -> bool {
        self.between(0.0, 1.0) < probability
    }

    pub fn angle(&mut self) -> Angle {
        Angle::from_step((self.0.next_u32() >> 22) as u16)
    }

    /// A vector of any direction, with a length from `low` to below `high`.
    pub fn vector(&mut self, low: f32, high: f32) -> Vec2 {
        self.angle().vector() * self.between(low, high)
    }

    /// A place in one of some circles, larger ones more often; without any, anywhere in the square of a half size.
    pub fn region<'a>(&mut self, regions: impl Iterator<Item = &'a Region> + Clone, half_size: f32) -> Vec2 {
        let area = |region: &Region| region.radius * region.radius;
        let mut left = self.between(0.0, regions.clone().map(area).sum());
        let chosen = regions.clone().find(|region| {
            left -= area(region);
            left < 0.0
        });
        let Some(region) = chosen.or(regions.last()) else { return self.place(half_size) };
        let distance = region.radius * self.between(0.0, 1.0).sqrt();
        let at = (Vec2::new(region.x, region.y) + self.angle().vector() * distance) * half_size;
        at.clamp(Vec2::splat(-half_size), Vec2::splat(half_size))
    }

    /// A place in the square of a half size.
    pub fn place(&mut self, half_size: f32) -> Vec2 {
        Vec2::new(self.between(-half_size, half_size), self.between(-half_size, half_size))
    }
}

/// The finalizer of SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014): seeds that
/// differ in one bit make states that differ in half of theirs.
fn scatter(value: u64) -> u64 {
    let mut mixed = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Advances the clock, seeds the random numbers and clears the events.
pub fn begin(
    rules: Res<WorldRules>,
    mut clock: ResMut<Clock>,
    mut rng: ResMut<Rng>,
    mut entities: ResMut<EntityIndex>,
    mut events: ResMut<EventQueue>,
) {
    clock.0 = clock.0.next();
    *rng = Rng::for_tick(rules.setup.seed, clock.0);
    entities.begin_tick();
    events.events.clear();
    events.hits.clear();
}
