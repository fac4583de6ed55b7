//! The clock by which other players are shown: the server's ticks as they arrive, minus a delay that follows the jitter.

use crate::average::Average;
use shared::id::Tick;

/// Least and most delay behind the newest snapshot's schedule, in ticks.
const DELAY_RANGE_TICKS: (f64, f64) = (1.5, 8.0);
/// A single late snapshot counts for at most this much, in ticks: a stall is not jitter.
const LATENESS_LIMIT_TICKS: f64 = 12.0;
/// The rate changes by at most this share.
const BEND_LIMIT: f64 = 0.05;
/// An error beyond this is corrected at once, in ticks.
const JUMP_TICKS: f64 = 8.0;
/// The schedule is the earliest arrival of one to two windows of this length, in milliseconds: it outlasts a stall, and
/// follows a drifting clock.
const SCHEDULE_WINDOW_MS: f64 = 4000.0;
/// After this long without an arrival that is nearly on schedule, the server has paused: a new schedule starts. In
/// milliseconds. (A stalled link delivers what it held back at once, the last of it on schedule.)
const PAUSE_MS: f64 = 500.0;
/// Weight of a new measurement of lateness.
const LATENESS_WEIGHT: f64 = 1.0 / 16.0;

/// The server's time as far as it has arrived, and the delayed time that is shown.
#[derive(Clone, Debug)]
pub struct InterpolationClock {
    tick_ms: f64,
    /// When tick 0 would have arrived with the least delay: the earliest of this window and of the one before.
    schedule: Option<[f64; 2]>,
    window_began_ms: f64,
    /// Since when every arrival has been later than the limit, and the earliest offset among these.
    late: Option<(f64, f64)>,
    newest: Tick,
    lateness: Average,
    /// The tick last shown, and when.
    shown: Option<(f64, f64)>,
}

impl InterpolationClock {
    /// A clock for ticks of this many milliseconds.
    pub fn new(tick_ms: f64) -> InterpolationClock {
        InterpolationClock {
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
            None => self.start_schedule(offset, now_ms),
            Some(windows) => {
                if now_ms - self.window_began_ms > SCHEDULE_WINDOW_MS {
                    *windows = [windows[1], offset];
                    self.window_began_ms = now_ms;
                }
                windows[1] = windows[1].min(offset);
                // Just before the arrival, the newest tick held was this far behind schedule.
                let behind = self.server_tick(now_ms) - f64::from(self.newest.0);
                self.lateness.add(behind.clamp(0.0, LATENESS_LIMIT_TICKS));
                self.detect_pause(tick, offset, now_ms);
            }
        }
        self.newest = self.newest.max(tick);
    }

    fn start_schedule(&mut self, offset: f64, now_ms: f64) {
        self.schedule = Some([offset; 2]);
        self.window_began_ms = now_ms;
    }

    fn detect_pause(&mut self, tick: Tick, offset: f64, now_ms: f64) {
        if self.server_tick(now_ms) - f64::from(tick.0) <= LATENESS_LIMIT_TICKS {
            self.late = None;
            return;
        }
        let (since_ms, best) = self.late.map_or((now_ms, offset), |(since, best)| (since, best.min(offset)));
        self.late = Some((since_ms, best));
        if now_ms - since_ms > PAUSE_MS {
            self.start_schedule(best, now_ms);
            self.late = None;
        }
    }

    /// The tick that has arrived at a time if its snapshot was on schedule.
    fn server_tick(&self, now_ms: f64) -> f64 {
        match self.schedule {
            Some([before, current]) => (now_ms - before.min(current)) / self.tick_ms,
            None => f64::from(self.newest.0),
        }
    }

    fn delay_ticks(&self) -> f64 {
        let lateness = self.lateness.value().unwrap_or(1.0) + 2.5 * self.lateness.deviation();
        (lateness + 0.25).clamp(DELAY_RANGE_TICKS.0, DELAY_RANGE_TICKS.1)
    }

    /// The tick to show at a time, with its fraction. It flows evenly: the rate changes until a new delay is reached.
    pub fn advance(&mut self, now_ms: f64) -> f64 {
        let target = self.server_tick(now_ms) - self.delay_ticks();
        let shown = match self.shown {
            Some((shown, at_ms)) => {
                let passed = (now_ms - at_ms).max(0.0) / self.tick_ms;
                let error = target - (shown + passed);
                if error.abs() > JUMP_TICKS {
                    target
                } else {
                    // The error shrinks by at most a tenth per tick.
                    let bend = (error * 0.1).clamp(-BEND_LIMIT, BEND_LIMIT);
                    shown + passed * (1.0 + bend)
                }
            }
            None => target,
        };
        self.shown = Some((shown, now_ms));
        shown
    }

    /// How far behind the server's schedule the shown time is, in milliseconds.
    pub fn delay_ms(&self) -> f64 {
        let ticks = match self.shown {
            Some((shown, at_ms)) => self.server_tick(at_ms) - shown,
            None => self.delay_ticks(),
        };
        ticks * self.tick_ms
    }
}
