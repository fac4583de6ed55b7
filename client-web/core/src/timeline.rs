//! The time line on which others are shown: the server's ticks as they arrive, less a delay that follows the jitter.

use crate::average::Average;
use shared::id::Tick;

/// Least and most delay behind the newest snapshot's schedule, in ticks.
const DELAY_RANGE_TICKS: (f64, f64) = (1.5, 8.0);
/// A single late snapshot counts for at most this much, in ticks: a stall is not jitter.
const LATENESS_LIMIT_TICKS: f64 = 12.0;
/// The rate is never bent by more than this share.
const BEND_LIMIT: f64 = 0.05;
/// An error beyond this is jumped over, in ticks.
const JUMP_TICKS: f64 = 8.0;
/// The best arrival of this long is the schedule, in milliseconds: it outlasts a stall, and follows a drifting clock.
const SCHEDULE_WINDOW_MS: f64 = 4000.0;
/// After this long without an arrival that is nearly on schedule the server has stood still: there is a new schedule. In
/// milliseconds; what a stall has held back arrives at once, the last of it on schedule.
const STANDSTILL_MS: f64 = 500.0;
/// Weight of a new measurement of lateness.
const LATENESS_WEIGHT: f64 = 1.0 / 16.0;

/// The server's time as far as it has arrived, and the delayed time that is shown.
#[derive(Clone, Debug)]
pub struct Timeline {
    tick_ms: f64,
    /// When tick 0 would have arrived with the least delay: the least of this window and of the one before.
    schedule: Option<[f64; 2]>,
    window_began_ms: f64,
    /// Since when every arrival has been late beyond measure, and the least offset among these.
    late: Option<(f64, f64)>,
    newest: Tick,
    lateness: Average,
    shown: Option<(f64, f64)>,
}

impl Timeline {
    /// A time line for ticks of this many milliseconds.
    pub fn new(tick_ms: f64) -> Timeline {
        Timeline {
            tick_ms,
            schedule: None,
            window_began_ms: 0.0,
            late: None,
            newest: Tick(0),
            lateness: Average::new(LATENESS_WEIGHT),
            shown: None,
        }
    }

    /// The snapshot of a tick has arrived.
    pub fn arrived(&mut self, tick: Tick, now_ms: f64) {
        let offset = now_ms - f64::from(tick.0) * self.tick_ms;
        match &mut self.schedule {
            None => self.begin_schedule(offset, now_ms),
            Some(windows) => {
                if now_ms - self.window_began_ms > SCHEDULE_WINDOW_MS {
                    *windows = [windows[1], offset];
                    self.window_began_ms = now_ms;
                }
                windows[1] = windows[1].min(offset);
                // Just before the arrival, the newest tick held was this far behind schedule.
                let behind = self.server_tick(now_ms) - f64::from(self.newest.0);
                self.lateness.add(behind.clamp(0.0, LATENESS_LIMIT_TICKS));
                self.notice_standstill(tick, offset, now_ms);
            }
        }
        self.newest = self.newest.max(tick);
    }

    fn begin_schedule(&mut self, offset: f64, now_ms: f64) {
        self.schedule = Some([offset; 2]);
        self.window_began_ms = now_ms;
    }

    fn notice_standstill(&mut self, tick: Tick, offset: f64, now_ms: f64) {
        if self.server_tick(now_ms) - f64::from(tick.0) <= LATENESS_LIMIT_TICKS {
            self.late = None;
            return;
        }
        let (since_ms, best) = self.late.map_or((now_ms, offset), |(since, best)| (since, best.min(offset)));
        self.late = Some((since_ms, best));
        if now_ms - since_ms > STANDSTILL_MS {
            self.begin_schedule(best, now_ms);
            self.late = None;
        }
    }

    /// The tick that has arrived at a time if it came with the least delay.
    pub fn server_tick(&self, now_ms: f64) -> f64 {
        match self.schedule {
            Some([before, current]) => (now_ms - before.min(current)) / self.tick_ms,
            None => f64::from(self.newest.0),
        }
    }

    fn delay_ticks(&self) -> f64 {
        let lateness = self.lateness.value().unwrap_or(1.0) + 2.5 * self.lateness.deviation();
        (lateness + 0.25).clamp(DELAY_RANGE_TICKS.0, DELAY_RANGE_TICKS.1)
    }

    /// The tick to show at a time, with its fraction. It flows evenly: a new delay is reached by a bent rate.
    pub fn advance(&mut self, now_ms: f64) -> f64 {
        let target = self.server_tick(now_ms) - self.delay_ticks();
        let shown = match self.shown {
            Some((shown, at_ms)) => {
                let passed = (now_ms - at_ms).max(0.0) / self.tick_ms;
                let error = target - (shown + passed);
                if error.abs() > JUMP_TICKS {
                    target
                } else {
                    // What is left of the error shrinks by a tenth per tick at most.
                    let bend = (error * 0.1).clamp(-BEND_LIMIT, BEND_LIMIT);
                    shown + passed * (1.0 + bend)
                }
            }
            None => target,
        };
        self.shown = Some((shown, now_ms));
        shown
    }

    /// How far behind the server's newest schedule the shown time is, in milliseconds.
    pub fn delay_ms(&self) -> f64 {
        let ticks = match self.shown {
            Some((shown, at_ms)) => self.server_tick(at_ms) - shown,
            None => self.delay_ticks(),
        };
        ticks * self.tick_ms
    }
}
