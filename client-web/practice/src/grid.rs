//! When ticks are due: on a fixed grid of time, so that the rate does not drift.

/// Ticks that are caught up with after a stall; more are skipped.
const CATCH_UP_LIMIT_TICKS: f64 = 3.0;

/// The grid of time that ticks lie on.
#[derive(Clone, Copy, Debug)]
pub struct TickGrid {
    tick_ms: f64,
    /// When the next tick is due; `None` before the first call.
    next_ms: Option<f64>,
}

impl TickGrid {
    pub fn new(rate_hz: u16) -> TickGrid {
        TickGrid { tick_ms: 1000.0 / f64::from(rate_hz), next_ms: None }
    }

    /// When the next tick is due.
    pub fn next_ms(&self) -> f64 {
        self.next_ms.unwrap_or(0.0)
    }

    /// How many ticks are due by now. They count as done.
    pub fn due(&mut self, now_ms: f64) -> u32 {
        let next = self.next_ms.get_or_insert(now_ms);
        let mut ticks = ((now_ms - *next) / self.tick_ms).floor() + 1.0;
        if ticks > CATCH_UP_LIMIT_TICKS {
            *next += (ticks - 1.0) * self.tick_ms;
            ticks = 1.0;
        }
        if ticks < 1.0 {
            return 0;
        }
        *next += ticks * self.tick_ms;
        ticks as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_keep_their_rate_and_a_stall_is_not_caught_up_with() {
        let mut grid = TickGrid::new(50);
        assert_eq!(grid.due(1000.0), 1);
        assert_eq!((grid.due(1019.0), grid.next_ms()), (0, 1020.0));
        assert_eq!((grid.due(1061.0), grid.next_ms()), (3, 1080.0));
        assert_eq!((grid.due(9090.0), grid.next_ms()), (1, 9100.0));
    }
}
