//! Counting what happens thousands of times a second: distributions in bounded memory, and gaps in a stream.

use crate::probe::Acked;
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// A longer silence is counted as a gap, in microseconds.
pub const GAP_MICROS: u64 = 100_000;
/// Values are kept to three decimal digits.
const DIGITS: u8 = 3;

/// A histogram with three significant digits. Values are whole numbers in the unit of their owner's name.
#[derive(Clone, Debug)]
pub struct Distribution(Histogram<u64>);

impl Distribution {
    pub fn new() -> Distribution {
        Distribution(Histogram::new(DIGITS).expect("three digits are within what the histogram can keep"))
    }

    pub fn record(&mut self, value: u64) {
        // The histogram grows as it needs to; only the machine's memory could refuse.
        let _: Result<_, _> = self.0.record(value);
    }

    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The quantile of a share; 0 without values.
    pub fn quantile(&self, share: f64) -> u64 {
        self.0.value_at_quantile(share)
    }

    /// The mean; 0 without values.
    pub fn mean(&self) -> f64 {
        self.0.mean()
    }

    /// Median, 99th percentile, maximum and mean, each multiplied by `scale`.
    pub fn summary(&self, scale: f64) -> Summary {
        let scaled = |value: u64| value as f64 * scale;
        Summary {
            p50: scaled(self.quantile(0.5)),
            p99: scaled(self.quantile(0.99)),
            max: scaled(self.0.max()),
            mean: self.mean() * scale,
        }
    }
}

impl Default for Distribution {
    fn default() -> Distribution {
        Distribution::new()
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    pub p50: f64,
    pub p99: f64,
    pub max: f64,
    pub mean: f64,
}

/// A stream of arrivals and the gaps over [`GAP_MICROS`] between them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Arrivals {
    last_micros: Option<u64>,
    pub count: u64,
    pub gaps: u64,
}

impl Arrivals {
    pub fn arrived(&mut self, now_micros: u64) {
        self.silent_until(now_micros);
        self.count += 1;
        self.last_micros = Some(now_micros);
    }

    /// Ends the stream: a silence that has not ended counts too.
    pub fn silent_until(&mut self, now_micros: u64) {
        self.gaps +=
            u64::from(self.last_micros.is_some_and(|last| now_micros.saturating_sub(last) > GAP_MICROS));
    }

    /// Restarts counting; the newest arrival remains the start of the next gap.
    pub fn restart(&mut self) {
        *self = Arrivals { last_micros: self.last_micros, ..Arrivals::default() };
    }
}

/// Prediction errors are counted in thousandths of a unit.
pub const MILLIUNITS: f32 = 1000.0;

/// The counts of all players together.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// From connecting to the first snapshot, in microseconds.
    pub join_micros: Distribution,
    /// Players who had to wait for a seat.
    pub queued: u64,
    /// The last place in the queue that a player was first told.
    pub last_position: u32,
    pub snapshot_bytes: Distribution,
    /// How far predictions were off, in thousandths of a unit.
    pub error_milliunits: Distribution,
    /// Input → ack as added by the server, in microseconds.
    pub added_micros: Distribution,
    /// Input → ack in whole, in microseconds.
    pub whole_micros: Distribution,
    /// Entities in view, summed over all snapshots.
    pub entities: u64,
    /// Bytes received, WebSocket frames included.
    pub bytes_down: u64,
    /// Bytes sent, WebSocket frames included.
    pub bytes_up: u64,
    pub snapshots: u64,
    /// Silences of more than 100 ms between two snapshots.
    pub gaps: u64,
    pub corrections: u64,
}

impl Tally {
    pub fn queued(&mut self, position: u32) {
        self.queued += 1;
        self.last_position = self.last_position.max(position);
    }

    pub fn received(&mut self, bytes: usize, measuring: bool) {
        self.bytes_down += if measuring { bytes as u64 } else { 0 };
    }

    pub fn sent(&mut self, bytes: usize, measuring: bool) {
        self.bytes_up += if measuring { bytes as u64 } else { 0 };
    }

    pub fn snapshot(&mut self, bytes: usize, entities: usize, error_units: f32) {
        self.snapshot_bytes.record(bytes as u64);
        self.entities += entities as u64;
        self.error_milliunits.record((error_units * MILLIUNITS) as u64);
    }

    pub fn acked(&mut self, acked: Acked) {
        self.added_micros.record(acked.added_micros);
        self.whole_micros.record(acked.whole_micros);
    }

    pub fn finish(&mut self, arrivals: &Arrivals) {
        self.snapshots += arrivals.count;
        self.gaps += arrivals.gaps;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_sorted_values() {
        let mut distribution = Distribution::new();
        for value in (1..=1000u64).rev() {
            distribution.record(value);
        }
        let summary = distribution.summary(0.5);
        assert_eq!((summary.p50, summary.p99, summary.max), (250.0, 495.0, 500.0));
        assert!((summary.mean - 250.25).abs() < 0.5, "{}", summary.mean);
        assert_eq!(Distribution::new().summary(1.0), Summary::default());
    }

    #[test]
    fn rare_values_show_in_the_99th_percentile_only() {
        let mut distribution = Distribution::new();
        for round in 0..1000 {
            distribution.record(if round % 50 == 0 { 9_000 } else { 10 });
        }
        assert_eq!(distribution.quantile(0.5), 10);
        assert!(distribution.quantile(0.99).abs_diff(9_000) < 10);
    }

    #[test]
    fn gaps_are_silences_between_arrivals_and_at_the_end() {
        let mut arrivals = Arrivals::default();
        arrivals.silent_until(GAP_MICROS * 9);
        assert_eq!(arrivals.gaps, 0, "nothing had arrived");
        for micros in [0, 33_000, 133_000, 233_001] {
            arrivals.arrived(micros);
        }
        assert_eq!((arrivals.count, arrivals.gaps), (4, 1), "exactly 100 ms is no gap");
        arrivals.restart();
        arrivals.silent_until(400_000);
        assert_eq!((arrivals.count, arrivals.gaps), (0, 1));
    }
}
