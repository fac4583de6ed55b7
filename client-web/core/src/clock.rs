//! The client's tick clock. It runs ahead of the server, so that the input for a tick arrives before the server steps that
//! tick; the server's reports of how early inputs arrive steer it. Time is passed in.

use crate::average::Average;
use shared::id::Tick;

/// Ticks by which inputs should arrive early on a link without jitter.
const LEAD_TARGET_TICKS: f64 = 2.0;
/// Ticks by which they should arrive early at most, whatever the jitter.
const LEAD_LIMIT_TICKS: f64 = 10.0;
/// The rate changes by at most this share, which no player notices.
const BEND_LIMIT: f64 = 0.04;
/// Rate change per tick of error.
const BEND_PER_TICK: f64 = 0.015;
/// A rate change ends this long after the report that caused it, in milliseconds.
const BEND_LASTS_MS: f64 = 500.0;
/// An error beyond this is corrected at once: inputs that arrive too late on average, or a single one too early.
const JUMP_TICKS: f64 = 10.0;
/// Weight of a new report: at 30 reports per second the average follows within half a second.
const LEAD_WEIGHT: f64 = 1.0 / 12.0;

/// The client's position in ticks.
#[derive(Clone, Debug)]
pub struct TickClock {
    tick_ms: f64,
    at_ms: f64,
    at_tick: f64,
    bend: f64,
    lead: Average,
    /// The newest input that a report was about.
    reported: Option<Tick>,
    /// Reports about inputs before this tick, or not issued yet, describe the clock before its last jump.
    valid_from: Tick,
    /// The first report after a start sets the clock without averaging.
    settled: bool,
}

impl TickClock {
    /// A clock for a server that had stepped `server_tick` when it sent what arrived at `now_ms`, over a link with this
    /// round trip.
    pub fn start(tick_ms: f64, server_tick: Tick, round_trip_ms: f64, now_ms: f64) -> TickClock {
        let at_tick = f64::from(server_tick.0) + round_trip_ms / tick_ms + LEAD_TARGET_TICKS;
        TickClock {
            tick_ms,
            at_ms: now_ms,
            at_tick,
            bend: 0.0,
            lead: Average::new(LEAD_WEIGHT),
            reported: None,
            valid_from: Tick(at_tick as u32),
            settled: false,
        }
    }

    /// The position in ticks at a time, with its fraction.
    pub fn position(&self, now_ms: f64) -> f64 {
        let passed = (now_ms - self.at_ms).max(0.0);
        self.at_tick + (passed + passed.min(BEND_LASTS_MS) * self.bend) / self.tick_ms
    }

    pub fn tick(&self, now_ms: f64) -> Tick {
        Tick(self.position(now_ms) as u32)
    }

    /// When the clock reaches a position, unless it is steered before.
    pub fn time_of(&self, position: f64) -> f64 {
        let distance_ms = (position - self.at_tick) * self.tick_ms;
        let bent_ms = distance_ms / (1.0 + self.bend);
        self.at_ms + if bent_ms <= BEND_LASTS_MS { bent_ms } else { distance_ms - BEND_LASTS_MS * self.bend }
    }

    /// Takes the server's report, in its snapshot of `tick`, that the newest input arrived `lead` ticks early.
    pub fn steer(&mut self, tick: Tick, lead: i8, round_trip_ms: f64, now_ms: f64) {
        let newest = Tick((i64::from(tick.0) + i64::from(lead)).clamp(0, u32::MAX.into()) as u32);
        // Without a new input, the lead falls by one per tick down to `i8::MIN`: the link stalls, the clock is right.
        if lead == i8::MIN
            || newest < self.valid_from
            || newest > self.tick(now_ms)
            || self.reported.is_some_and(|reported| newest <= reported)
        {
            return;
        }
        self.reported = Some(newest);
        let early = f64::from(lead) - self.target();
        if early > JUMP_TICKS {
            // No link delivers inputs early: the server has paused.
            self.settled = true;
            return self.jump(-early, round_trip_ms, now_ms);
        }
        self.lead.add(f64::from(lead));
        let error = self.error();
        if error > JUMP_TICKS || !self.settled {
            self.settled = true;
            if error.abs() >= 1.0 {
                self.lead.shift(error);
                self.jump(error, round_trip_ms, now_ms);
            }
        } else {
            self.turn(now_ms, (error * BEND_PER_TICK).clamp(-BEND_LIMIT, BEND_LIMIT));
        }
    }

    /// Moves the clock at once. Reports about inputs from before the jump arrive for one more round trip; they are ignored.
    fn jump(&mut self, ticks: f64, round_trip_ms: f64, now_ms: f64) {
        let before = self.position(now_ms);
        self.turn(now_ms, 0.0);
        self.at_tick = (self.at_tick + ticks).max(0.0);
        let after = self.at_tick;
        self.valid_from = Tick(before.min(after + round_trip_ms / self.tick_ms).max(after) as u32).next();
        self.reported = None;
    }

    fn turn(&mut self, now_ms: f64, bend: f64) {
        self.at_tick = self.position(now_ms);
        self.at_ms = now_ms.max(self.at_ms);
        self.bend = bend;
    }

    /// Ticks by which inputs should arrive early.
    fn target(&self) -> f64 {
        // Up to half a tick of deviation comes from the frame rate, not from the link.
        let jitter = (self.lead.deviation() - 0.5).max(0.0);
        (LEAD_TARGET_TICKS + 2.5 * jitter).min(LEAD_LIMIT_TICKS)
    }

    /// Ticks by which inputs should arrive earlier, on average.
    fn error(&self) -> f64 {
        let target = self.target();
        target - self.lead.value().unwrap_or(target)
    }

    /// Ticks by which inputs arrive early, on average.
    pub fn lead_ticks(&self) -> f64 {
        self.lead.value().unwrap_or(0.0)
    }

    /// The share by which the clock runs faster than the server's tick rate.
    pub fn rate_bend(&self) -> f64 {
        self.bend
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_clock_reaches_a_position_at_the_time_of_it(
            leads in prop::collection::vec(-5i8..15, 0..20),
            ahead_ticks in 0.0..60.0,
        ) {
            let (tick_ms, mut now_ms) = (1000.0 / 30.0, 500.0);
            let mut clock = TickClock::start(tick_ms, Tick(100), 80.0, now_ms);
            for (tick, lead) in (100..).zip(leads) {
                now_ms += tick_ms;
                clock.steer(Tick(tick), lead, 80.0, now_ms);
            }
            let position = clock.position(now_ms) + ahead_ticks;
            let time = clock.time_of(position);
            prop_assert!(time >= now_ms - 1e-6);
            prop_assert!((clock.position(time) - position).abs() < 1e-6);
        }
    }
}
