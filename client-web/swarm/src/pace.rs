//! A fixed grid of time: what is due at a rate stays due at that rate, whatever a single round takes.

use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug)]
pub struct Pace {
    origin: Instant,
    rate_hz: f64,
    round: u64,
}

impl Pace {
    pub fn new(origin: Instant, rate_hz: f64) -> Pace {
        Pace { origin, rate_hz, round: 0 }
    }

    pub fn due(&self) -> Instant {
        self.origin + Duration::from_secs_f64(self.round as f64 / self.rate_hz)
    }

    pub fn advance(&mut self) {
        self.round += 1;
    }

    pub fn round(&self) -> u64 {
        self.round
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_round_moves_no_later_one() {
        let origin = Instant::now();
        let mut pace = Pace::new(origin, 30.0);
        assert_eq!(pace.due(), origin);
        for _ in 0..90 {
            pace.advance();
        }
        assert_eq!(pace.due(), origin + Duration::from_secs(3));
    }
}
