//! A rate with a burst: what a peer may send (a token bucket).

use std::time::Instant;

/// What is left of a rate.
#[derive(Clone, Debug)]
pub struct Allowance {
    per_second: f64,
    burst: f64,
    left: f64,
    counted: Instant,
}

impl Allowance {
    /// A full allowance.
    #[must_use]
    pub fn new(per_second: u32, burst: u32, now: Instant) -> Allowance {
        let burst = f64::from(burst);
        Allowance { per_second: per_second.into(), burst, left: burst, counted: now }
    }

    /// Whether nothing of it is missing.
    #[must_use]
    pub fn is_full(&self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.counted).as_secs_f64();
        self.left + passed * self.per_second >= self.burst
    }

    /// Takes an amount; `false` if there is not that much left.
    pub fn take(&mut self, amount: usize, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.counted).as_secs_f64();
        self.counted = now;
        self.left = (self.left + passed * self.per_second).min(self.burst);
        let amount = amount as f64;
        let enough = self.left >= amount;
        if enough {
            self.left -= amount;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let start = Instant::now();
        let mut allowance = Allowance::new(10, 3, start);
        assert!((0..3).all(|_| allowance.take(1, start)));
        assert!(!allowance.take(1, start));
        assert!(!allowance.take(1, start + Duration::from_millis(50)));
        assert!(allowance.take(1, start + Duration::from_millis(110)));
        assert!(!allowance.take(1, start + Duration::from_millis(120)));
    }

    #[test]
    fn a_long_rest_saves_up_no_more_than_the_burst() {
        let start = Instant::now();
        let mut allowance = Allowance::new(10, 3, start);
        let later = start + Duration::from_secs(3600);
        assert!(!allowance.take(4, later));
        assert!(allowance.take(3, later));
    }
}
