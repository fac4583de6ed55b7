//! The numbers that every system reads: the setup, and what is derived from it once.

use bevy_ecs::prelude::Resource;
use glam::Vec2;
use shared::entity::BOULDER;
use shared::id::Tick;
use shared::input::ViewLag;
use shared::levels::Levels;
use shared::movement::Handling;
use shared::quantize;
use shared::round::Round;
use shared::rules::{Arena, RuleError, Rules, Station};
use shared::setup::Setup;
use std::ops::Deref;

use crate::tuning::drones::mind::NEWCOMER_CALM_SECONDS;
use crate::walls::{StationRing, Walls};

/// Price quanta per point of score.
pub const PRICE_SCALE: f32 = 100.0;

/// The setup and what is derived from it.
#[derive(Resource)]
pub struct WorldRules {
    pub setup: Setup,
    pub tick_seconds: f32,
    /// Half the side of the world, in units.
    pub half_size: f32,
    /// The arena of the round: its place in the setup's list.
    pub arena: u8,
    pub stations: Vec<StationRing>,
    /// Ways around the walls.
    pub walls: Walls,
    /// The rocks of an unmined belt, in units of [`WorldRules::weight`].
    pub belt_weight: u32,
    /// The largest lag of the view that shots are compensated for.
    pub rewind_limit: ViewLag,
}

impl Deref for WorldRules {
    type Target = Rules;

    fn deref(&self) -> &Rules {
        &self.setup.rules
    }
}

impl WorldRules {
    /// In a round's arena.
    pub fn new(setup: &Setup, round: &Round) -> Result<WorldRules, RuleError> {
        setup.check()?;
        let mut rules = WorldRules {
            tick_seconds: setup.tick_seconds(),
            half_size: 0.0,
            arena: 0,
            stations: Vec::new(),
            walls: Walls::default(),
            belt_weight: 0,
            rewind_limit: setup.rewind_limit(),
            setup: setup.clone(),
        };
        rules.enter(round);
        Ok(rules)
    }

    /// Changes to a round's arena.
    pub fn enter(&mut self, round: &Round) {
        let half_size = self.setup.half_size(round);
        let arena = self.setup.arena(round);
        let ring = |(station, index): (&Station, u8)| StationRing {
            index,
            at: Vec2::new(station.x, station.y) * half_size,
            radius: station.radius,
        };
        self.stations = arena.stations.iter().zip(0..).map(ring).collect();
        self.walls = Walls::new(arena, &self.setup.rules, half_size, &self.stations);
        self.arena = round.arena;
        self.half_size = half_size;
        self.belt_weight = self.large_asteroids() * self.weight(2);
    }

    /// The arena of the round.
    pub fn arena(&self) -> &Arena {
        &self.setup.arenas[usize::from(self.arena).min(self.setup.arenas.len() - 1)]
    }

    /// Large asteroids that the belt starts with.
    pub fn large_asteroids(&self) -> u32 {
        let mode = &self.setup.mode;
        (f32::from(mode.capacity) * mode.asteroids_per_player * self.arena().rocks).round() as u32
    }

    /// Fastest drift of new rocks, in units per second.
    pub fn drift_speed(&self) -> f32 {
        self.asteroid.drift_speed * self.arena().drift
    }

    /// How many small rocks an asteroid of this size is worth; nothing comes out of a boulder.
    pub fn weight(&self, size: u8) -> u32 {
        if size == BOULDER {
            return 0;
        }
        u32::from(self.asteroid.pieces.max(1)).pow(u32::from(size))
    }

    pub fn handling(&self, levels: Levels, hold: u16) -> Handling {
        Handling::of(self, self.half_size, self.tick_seconds, levels, hold)
    }

    /// Ticks of a mine's life.
    pub fn mine_ticks(&self) -> u16 {
        self.setup.ticks(self.ability.mine_lifetime_seconds).min(u32::from(u16::MAX)) as u16
    }

    /// For how long drones leave newcomers in peace.
    pub fn calm_ticks(&self) -> u32 {
        self.setup.ticks(NEWCOMER_CALM_SECONDS)
    }

    /// Full health of a ship with these upgrades, in quanta.
    pub fn ship_health_q(&self, levels: Levels) -> u16 {
        quantize::health(Rules::ship_health(self, levels))
    }

    /// Full health of an asteroid, in quanta.
    pub fn rock_health_q(&self, size: u8) -> u16 {
        quantize::health(self.asteroid.health[usize::from(size.min(2))]).max(1)
    }

    /// The price of a load at rest, in hundredths of a point of score.
    pub fn price_at_rest(&self) -> u32 {
        (self.station.price * PRICE_SCALE).round() as u32
    }

    /// The lowest price of a load, in hundredths of a point of score.
    pub fn price_floor(&self) -> u32 {
        (self.station.price_floor * PRICE_SCALE).round() as u32
    }

    /// The station whose ring contains a point.
    pub fn station_at(&self, at: Vec2) -> Option<u8> {
        let inside = |ring: &StationRing| at.distance_squared(ring.at) < ring.radius * ring.radius;
        self.stations.iter().position(inside).map(|index| index as u8)
    }

    /// The share of a rate per second for one tick, in whole numbers: those of a second add up to the rate.
    pub fn portion(&self, per_second: u32, tick: Tick) -> u32 {
        let rate = u64::from(self.setup.tick_rate_hz.max(1));
        let until = |tick: u32| u64::from(per_second) * u64::from(tick) / rate;
        (until(tick.0) - until(tick.0.saturating_sub(1))) as u32
    }
}
