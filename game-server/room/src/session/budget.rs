//! How many bytes of entities one viewer is sent: a token bucket, so that a crowd in view delays only the less urgent records.

/// Bytes of entities per second, unless the host says otherwise. A usual view takes a quarter.
pub const DEFAULT_VIEWER_BYTES_PER_SECOND: u32 = 16 * 1024;
/// Below this part of a second's bytes, snapshots are cut to what a tick earns.
const RESERVE_PART: i64 = 4;

/// Bytes that a viewer may be sent.
#[derive(Clone, Debug, Default)]
pub struct Budget {
    /// Negative when overdrawn; `None` before the first snapshot stands for a full second's bytes.
    saved: Option<i64>,
}

impl Budget {
    /// How many bytes the records of a snapshot may take, `ticks` after the one before; `None` if there is no need to cut it.
    pub fn for_snapshot(&mut self, ticks: u32, bytes_per_second: u32, tick_rate_hz: u16) -> Option<usize> {
        let per_second = i64::from(bytes_per_second);
        let per_tick = per_second / i64::from(tick_rate_hz.max(1));
        let earned = per_tick.saturating_mul(ticks.into());
        let saved = self.saved.map_or(per_second, |saved| saved.saturating_add(earned)).min(per_second);
        self.saved = Some(saved);
        (saved < per_second / RESERVE_PART).then_some(per_tick as usize)
    }

    /// Counts what was sent.
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
    fn the_average_stays_within_the_rate() {
        let mut budget = Budget::default();
        let mut sent = 0;
        for _ in 0..300 {
            let bytes = budget.for_snapshot(1, 3000, 30).map_or(250, |allowed| allowed.min(250));
            budget.spend(bytes);
            sent += bytes;
        }
        assert!((30_000..=33_000).contains(&sent), "{sent} bytes in ten seconds at 3,000 a second");
    }

    #[test]
    fn a_viewer_below_the_rate_is_never_limited() {
        let mut budget = Budget::default();
        for _ in 0..300 {
            assert_eq!(budget.for_snapshot(1, 3000, 30), None);
            budget.spend(99);
        }
    }
}
