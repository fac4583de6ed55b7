//! Measurements of one connection: round trips, bytes, silence.

use crate::average::Average;
use shared::message::LoadLevel;
use shared::spent::Spent;

/// Milliseconds between two pings.
const PING_INTERVAL_MS: f64 = 1000.0;
/// A ping is lost if it is not answered within this time, in milliseconds.
const PING_TIMEOUT_MS: f64 = 10_000.0;
/// Ping stamps per millisecond.
const STAMPS_PER_MS: f64 = 16.0;
/// Bytes per second are averages over this time, in milliseconds.
const RATE_WINDOW_MS: f64 = 1000.0;

/// Measurements of one connection.
#[derive(Clone, Debug)]
pub struct Traffic {
    round_trip: Average,
    /// The newest one.
    pub newest_round_trip_ms: f64,
    /// How many were measured.
    pub round_trips: u32,
    /// Stamp and time of the ping that is not answered yet.
    waiting: Option<(u32, f64)>,
    next_ping_ms: f64,
    received_ms: f64,
    window_began_ms: f64,
    window_bytes: usize,
    window_spent: Spent,
    /// Received in the last whole window.
    pub bytes_per_second: f64,
    /// What those of snapshots were spent on.
    pub spent_bytes_per_second: Spent,
    /// Of the newest snapshot.
    pub snapshot_bytes: usize,
    server_tick_micros: u32,
    load: LoadLevel,
}

impl Traffic {
    pub fn new(now_ms: f64) -> Traffic {
        Traffic {
            round_trip: Average::new(1.0 / 8.0),
            newest_round_trip_ms: 0.0,
            round_trips: 0,
            waiting: None,
            next_ping_ms: now_ms,
            received_ms: now_ms,
            window_began_ms: now_ms,
            window_bytes: 0,
            window_spent: Spent::default(),
            bytes_per_second: 0.0,
            spent_bytes_per_second: Spent::default(),
            snapshot_bytes: 0,
            server_tick_micros: 0,
            load: LoadLevel::Normal,
        }
    }

    pub fn received(&mut self, bytes: usize, now_ms: f64) {
        self.roll(now_ms);
        self.received_ms = now_ms;
        self.window_bytes += bytes;
    }

    /// The message that arrived last was a snapshot of this many bytes; those not `spent` on events and payload are about
    /// the viewer's own seat.
    pub fn snapshot(&mut self, bytes: usize, spent: Spent) {
        self.snapshot_bytes = bytes;
        let own = (bytes as u32).saturating_sub(spent.total());
        self.window_spent += Spent { own, ..spent };
    }

    /// The stamp of the ping to send now, if one is due.
    pub fn ping_due(&mut self, now_ms: f64) -> Option<u32> {
        self.roll(now_ms);
        let waiting = self.waiting.is_some_and(|(_, at_ms)| now_ms - at_ms < PING_TIMEOUT_MS);
        if now_ms < self.next_ping_ms || waiting {
            return None;
        }
        self.next_ping_ms = now_ms + PING_INTERVAL_MS;
        let stamp = (now_ms * STAMPS_PER_MS) as u64 as u32;
        self.waiting = Some((stamp, now_ms));
        Some(stamp)
    }

    /// The answer to the newest ping, with the duration of the server's newest tick in microseconds and the room's load.
    /// Other answers are ignored.
    pub fn pong(&mut self, stamp: u32, (tick_micros, load): (u32, LoadLevel), now_ms: f64) {
        if let Some((sent, at_ms)) = self.waiting
            && sent == stamp
        {
            self.waiting = None;
            self.newest_round_trip_ms = now_ms - at_ms;
            self.round_trips += 1;
            self.round_trip.add(self.newest_round_trip_ms);
            self.server_tick_micros = tick_micros;
            self.load = load;
        }
    }

    fn roll(&mut self, now_ms: f64) {
        let passed = now_ms - self.window_began_ms;
        if passed >= RATE_WINDOW_MS {
            self.bytes_per_second = self.window_bytes as f64 * 1000.0 / passed;
            self.spent_bytes_per_second = std::mem::take(&mut self.window_spent).per_second(passed / 1000.0);
            self.window_bytes = 0;
            self.window_began_ms = now_ms;
        }
    }

    /// The round trip in milliseconds; `None` before the first answer.
    pub fn round_trip_ms(&self) -> Option<f64> {
        self.round_trip.value()
    }

    pub fn jitter_ms(&self) -> f64 {
        self.round_trip.deviation()
    }

    pub fn silent_ms(&self, now_ms: f64) -> f64 {
        (now_ms - self.received_ms).max(0.0)
    }

    /// Duration of the server's newest tick when it last answered a ping, in milliseconds.
    pub fn server_tick_ms(&self) -> f64 {
        f64::from(self.server_tick_micros) / 1000.0
    }

    /// The room's [`LoadLevel`] when the server last answered a ping.
    pub fn load_level(&self) -> u8 {
        self.load as u8
    }
}
