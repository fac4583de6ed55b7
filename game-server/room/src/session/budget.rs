//! How many bytes of entities one viewer is sent: an average over seconds, so that a crowd in view slows down the far and
//! the unimportant instead of everything.

/// Bytes of entities in a second, unless the host says otherwise. A usual view takes a quarter.
pub const DEFAULT_VIEWER_BYTES_PER_SECOND: u32 = 16 * 1024;
/// The last part of a second's bytes is kept: snapshots must then fit into what comes in.
const RESERVE_PART: i64 = 4;

/// What a viewer has been sent beyond what it had earned; negative if it has saved.
#[derive(Clone, Debug)]
pub struct Budget {
    /// `None` before the first snapshot, when a second's bytes are saved.
    saved: Option<i64>,
}

impl Budget {
    /// A budget with a second's bytes saved.
    pub fn new() -> Budget {
        Budget { saved: None }
    }

    /// What the records of a snapshot may take that comes `ticks` after the one before; `None` if there is enough for all of
    /// them.
    pub fn for_snapshot(&mut self, ticks: u32, bytes_per_second: u32, tick_rate_hz: u16) -> Option<usize> {
        let per_second = i64::from(bytes_per_second);
        let per_tick = per_second / i64::from(tick_rate_hz.max(1));
        let earned = per_tick.saturating_mul(ticks.into());
        let saved = self.saved.map_or(per_second, |saved| saved.saturating_add(earned)).min(per_second);
        self.saved = Some(saved);
        (saved < per_second / RESERVE_PART).then_some(per_tick as usize)
    }

    /// Takes what was sent.
    pub fn spend(&mut self, bytes: usize) {
        if let Some(saved) = &mut self.saved {
            *saved -= bytes as i64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_average_no_more_is_sent_than_comes_in() {
        let mut budget = Budget::new();
        let mut sent = 0;
        for _ in 0..300 {
            let bytes = budget.for_snapshot(1, 3000, 30).map_or(250, |allowed| allowed.min(250));
            budget.spend(bytes);
            sent += bytes;
        }
        assert!((30_000..=33_000).contains(&sent), "{sent} bytes in ten seconds at 3,000 a second");
    }

    #[test]
    fn who_needs_less_is_never_limited() {
        let mut budget = Budget::new();
        for _ in 0..300 {
            assert_eq!(budget.for_snapshot(1, 3000, 30), None);
            budget.spend(99);
        }
    }
}
