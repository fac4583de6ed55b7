//! A token bucket that counts in ticks.

use shared::id::Tick;

/// What is left of a rate.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    left: u32,
    refilled: Tick,
}

impl Rate {
    /// All of a burst is left.
    pub fn full(burst: u32, now: Tick) -> Rate {
        Rate { left: burst, refilled: now }
    }

    /// Nothing is left.
    pub fn empty(now: Tick) -> Rate {
        Rate { left: 0, refilled: now }
    }

    /// Takes one, if one is left. One more is earned every `interval_ticks`, up to `burst`.
    pub fn take(&mut self, burst: u32, interval_ticks: u32, now: Tick) -> bool {
        let earned = now.since(self.refilled) / interval_ticks.max(1);
        self.refilled = self.refilled.plus(earned.saturating_mul(interval_ticks));
        self.left = self.left.saturating_add(earned).min(burst);
        let allowed = self.left > 0;
        self.left = self.left.saturating_sub(1);
        allowed
    }

    /// When all of a burst is left, unless some is taken before.
    pub fn full_at(&self, burst: u32, interval_ticks: u32) -> Tick {
        self.refilled.plus(burst.saturating_sub(self.left).saturating_mul(interval_ticks))
    }
}
