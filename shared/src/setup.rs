//! What a world starts from: rules, mode, arena, seed and tick rate. Equal setups and equal inputs make equal worlds.

use crate::input::ViewLag;
use crate::round::Round;
use crate::rules::{ARENAS_LIMIT, Arena, Mode, RuleError, Rules, check_range};
use serde::{Deserialize, Serialize};

/// Slowest and fastest tick rate, in ticks per second.
pub const TICK_RATE_RANGE_HZ: (u16, u16) = (5, 128);
/// The usual tick rate, in ticks per second.
pub const DEFAULT_TICK_RATE_HZ: u16 = 30;

/// What a world starts from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    /// The numbers of the game.
    pub rules: Rules,
    /// What is played, and how densely.
    pub mode: Mode,
    /// The mode's arenas, in the mode's order; at least one.
    pub arenas: Vec<Arena>,
    /// Ticks per second.
    pub tick_rate_hz: u16,
    /// Drones and humans together are kept at this number while humans are fewer.
    pub drones: u16,
    /// Where chance begins.
    pub seed: u64,
}

impl Setup {
    /// Checks every number against its allowed range.
    ///
    /// # Errors
    /// The first value that is out of range, with its file, key and range.
    pub fn check(&self) -> Result<(), RuleError> {
        self.rules.check()?;
        self.mode.check()?;
        let count = self.arenas.len() as f64;
        check_range("setup", "arenas (their number)", count, 1.0, ARENAS_LIMIT as f64)?;
        self.arenas.iter().try_for_each(Arena::check)?;
        let (low, high) = TICK_RATE_RANGE_HZ;
        check_range("setup", "tick_rate_hz", f64::from(self.tick_rate_hz), f64::from(low), f64::from(high))?;
        check_range("setup", "drones", f64::from(self.drones), 0.0, 10_000.0)
    }

    /// Seconds per tick.
    pub fn tick_seconds(&self) -> f32 {
        1.0 / f32::from(self.tick_rate_hz.max(1))
    }

    /// A time in ticks, at least 1.
    pub fn ticks(&self, seconds: f32) -> u32 {
        libm::roundf(seconds * f32::from(self.tick_rate_hz)).max(1.0) as u32
    }

    /// The oldest view of others that a shot is made good for.
    pub fn rewind_limit(&self) -> ViewLag {
        let ticks = f64::from(self.rules.bolt.rewind_seconds) * f64::from(self.tick_rate_hz);
        ViewLag((ticks * f64::from(ViewLag::PARTS_PER_TICK)) as u16)
    }

    /// The arena of a round.
    pub fn arena(&self, round: &Round) -> &Arena {
        let index = usize::from(round.arena).min(self.arenas.len() - 1);
        &self.arenas[index]
    }

    /// Half the side of the square world in a round, in units: it follows the mode's density, so that a room for 8 and a room
    /// for 5,000 feel the same.
    pub fn half_size(&self, round: &Round) -> f32 {
        self.half_size_of(self.arena(round))
    }

    /// Half the side of the largest arena, in units.
    pub fn largest_half_size(&self) -> f32 {
        self.arenas.iter().map(|arena| self.half_size_of(arena)).fold(0.0, f32::max)
    }

    fn half_size_of(&self, arena: &Arena) -> f32 {
        libm::sqrtf(f32::from(self.mode.capacity) * self.mode.area_per_player) / 2.0 * arena.size
    }
}
