//! A token bucket: a rate limit that allows bursts.

use std::time::Instant;

#[derive(Clone, Debug)]
pub struct TokenBucket {
    per_second: f64,
    burst: f64,
    tokens: f64,
    refilled: Instant,
}

impl TokenBucket {
    /// A full bucket of `burst` tokens.
    pub fn new(per_second: u32, burst: u32, now: Instant) -> TokenBucket {
        let burst = f64::from(burst);
        TokenBucket { per_second: per_second.into(), burst, tokens: burst, refilled: now }
    }

    pub fn is_full(&self, now: Instant) -> bool {
        self.tokens_at(now) >= self.burst
    }

    /// Takes tokens; `false`, and takes none, if there are fewer.
    pub fn take(&mut self, tokens: usize, now: Instant) -> bool {
        let (available, tokens) = (self.tokens_at(now), tokens as f64);
        let is_enough = available >= tokens;
        self.refilled = now;
        self.tokens = if is_enough { available - tokens } else { available };
        is_enough
    }

    fn tokens_at(&self, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(self.refilled).as_secs_f64();
        (self.tokens + passed * self.per_second).min(self.burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(10, 3, start);
        assert!((0..3).all(|_| bucket.take(1, start)));
        assert!(!bucket.take(1, start));
        assert!(!bucket.take(1, start + Duration::from_millis(50)));
        assert!(bucket.take(1, start + Duration::from_millis(110)));
        assert!(!bucket.take(1, start + Duration::from_millis(120)));
    }

    #[test]
    fn a_long_pause_fills_the_bucket_to_the_burst_only() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(10, 3, start);
        let later = start + Duration::from_secs(3600);
        assert!(!bucket.take(4, later));
        assert!(bucket.take(3, later));
    }
}
