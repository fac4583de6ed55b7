//! What a run found, for people and for programs.

use crate::observer::ServerReport;
use crate::options::RunOptions;
use crate::tally::{Distribution, MILLIUNITS, Summary, Tally};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write;

/// With a larger share of its core, the generator is the bottleneck.
const LOAD_LIMIT: f64 = 0.95;
/// Also when it is later than this, in milliseconds: a tick at 30 per second.
const LATE_LIMIT_MS: f64 = 1000.0 / 30.0;
/// Quantile of the rounds' lateness that is judged: other programs delay a few.
const LATE_QUANTILE: f64 = 0.999;

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GeneratorReport {
    /// Share of a core that it took.
    pub load: f64,
    /// How late its rounds were, in milliseconds.
    pub late_ms: Summary,
    /// Whether it was the bottleneck: the other numbers are then its own.
    pub bottleneck: bool,
}

impl GeneratorReport {
    /// Judges by the share of its core and by how late its rounds were.
    pub fn new(load: f64, late_micros: &Distribution) -> GeneratorReport {
        let mostly_ms = late_micros.quantile(LATE_QUANTILE) as f64 / 1000.0;
        let bottleneck = load > LOAD_LIMIT || mostly_ms > LATE_LIMIT_MS;
        GeneratorReport { load, late_ms: late_micros.summary(1e-3), bottleneck }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub url: String,
    pub players: u32,
    pub joined: usize,
    /// Why others did not join, or left again, with their number.
    pub failures: BTreeMap<String, usize>,
    pub seconds: f64,
    /// From connecting to the first snapshot, in milliseconds.
    pub join_ms: Summary,
    /// Players who had to wait for a seat, and the last place in the queue that one was first told.
    #[serde(default)]
    pub queued: (u64, u32),
    pub snapshots_per_player_second: f64,
    /// Silences of more than 100 ms.
    pub gaps: u64,
    pub gap_share: f64,
    /// Bytes received per player and second, WebSocket frames included.
    pub bytes_down_per_player_second: f64,
    /// Bytes sent per player and second, WebSocket frames included.
    pub bytes_up_per_player_second: f64,
    pub snapshot_bytes: Summary,
    pub visible_entities: f64,
    pub bytes_per_visible_entity: f64,
    /// How far predictions were off, in units.
    pub prediction_error_units: Summary,
    /// Predictions that the server corrected, per player and second.
    pub corrections_per_player_second: f64,
    /// Input → ack as added by the server, in milliseconds.
    pub added_ms: Summary,
    /// Input → ack in whole, the lead included, in milliseconds.
    pub whole_ms: Summary,
    pub server: ServerReport,
    pub generator: GeneratorReport,
}

impl Report {
    /// Draws the sums.
    pub fn new(
        options: &RunOptions,
        tally: &Tally,
        joined: usize,
        seconds: f64,
        server: ServerReport,
        generator: GeneratorReport,
        failures: BTreeMap<String, usize>,
    ) -> Report {
        let player_seconds = (joined as f64 * seconds).max(f64::MIN_POSITIVE);
        let snapshots = tally.snapshot_bytes.count().max(1) as f64;
        let snapshot_bytes = tally.snapshot_bytes.summary(1.0);
        let visible_entities = tally.entities as f64 / snapshots;
        Report {
            url: options.url.clone(),
            players: options.players,
            joined,
            failures,
            seconds,
            join_ms: tally.join_micros.summary(1e-3),
            queued: (tally.queued, tally.last_position),
            snapshots_per_player_second: tally.snapshots as f64 / player_seconds,
            gaps: tally.gaps,
            gap_share: tally.gaps as f64 / snapshots,
            bytes_down_per_player_second: tally.bytes_down as f64 / player_seconds,
            bytes_up_per_player_second: tally.bytes_up as f64 / player_seconds,
            snapshot_bytes,
            visible_entities,
            bytes_per_visible_entity: snapshot_bytes.mean / visible_entities.max(1.0),
            prediction_error_units: tally.error_milliunits.summary(1.0 / f64::from(MILLIUNITS)),
            corrections_per_player_second: tally.corrections as f64 / player_seconds,
            added_ms: tally.added_micros.summary(1e-3),
            whole_ms: tally.whole_micros.summary(1e-3),
            server,
            generator,
        }
    }

    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut row = |name: &str, value: String| {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{name:<28} {value}");
        };
        let spread = |of: &Summary, unit: &str| {
            format!("p50 {:.1} · p99 {:.1} · max {:.1} {unit}", of.p50, of.p99, of.max)
        };
        let known = |value: Option<f64>| value.map_or_else(|| "?".into(), |value| format!("{value:.1}"));
        row("players", format!("{} of {} at {}, {:.0} s", self.joined, self.players, self.url, self.seconds));
        for (reason, players) in &self.failures {
            row("", format!("{players} out: {reason}"));
        }
        row("join", spread(&self.join_ms, "ms"));
        if let (waited @ 1.., last) = self.queued {
            row("waited for a seat", format!("{waited}, the last as number {last}"));
        }
        row("snapshots", format!("{:.2} per player-second", self.snapshots_per_player_second));
        row("gaps over 100 ms", format!("{} ({:.1} in 10,000)", self.gaps, self.gap_share * 1e4));
        let (down, up) = (self.bytes_down_per_player_second, self.bytes_up_per_player_second);
        row("bytes per player-second", format!("{down:.0} down · {up:.0} up"));
        row("bytes per snapshot", spread(&self.snapshot_bytes, "bytes"));
        row(
            "entities in view",
            format!("{:.1} · {:.2} bytes each", self.visible_entities, self.bytes_per_visible_entity),
        );
        let error = &self.prediction_error_units;
        row(
            "prediction error",
            format!("p50 {:.3} · p99 {:.3} · max {:.3} units", error.p50, error.p99, error.max),
        );
        row("corrections", format!("{:.3} per player-second", self.corrections_per_player_second));
        let ticks = |ms: f64| ms / LATE_LIMIT_MS;
        let added = &self.added_ms;
        row("input to ack, added", spread(added, "ms"));
        row("", format!("p50 {:.2} · p99 {:.2} ticks", ticks(added.p50), ticks(added.p99)));
        row("input to ack, whole", spread(&self.whole_ms, "ms"));
        let server = &self.server;
        row(
            "server",
            format!(
                "{} µs per player-second, {} of them in the kernel",
                known(server.cpu_micros_per_player_second),
                known(server.kernel_micros_per_player_second)
            ),
        );
        row(
            "server tick",
            format!(
                "p50 {} · p99 {} · worst window's p99 {} ms",
                known(server.tick_ms_p50),
                known(server.tick_ms_p99),
                known(server.tick_ms_p99_worst)
            ),
        );
        row("server ticks lost", server.ticks_lost.map_or_else(|| "?".into(), |lost| lost.to_string()));
        row(
            "server memory",
            format!(
                "{} MiB · {} KiB per player",
                known(server.resident_mib),
                known(server.resident_kib_per_player)
            ),
        );
        row("other programs", format!("{} cores", known(server.foreign_cores)));
        let generator = &self.generator;
        row(
            "generator",
            format!("{:.0} % of a core · late {}", generator.load * 100.0, spread(&generator.late_ms, "ms")),
        );
        if generator.bottleneck {
            row("", "THE GENERATOR WAS THE BOTTLENECK: these numbers are its own, not the server's".into());
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_or_overloaded_generator_says_so() {
        let mut late = Distribution::new();
        (0..10_000).for_each(|round| late.record(if round % 100 == 0 { 50_000 } else { 100 }));
        assert!(GeneratorReport::new(0.5, &late).bottleneck, "late once in a hundred rounds");
        let mut fine = Distribution::new();
        (0..10_000).for_each(|round| fine.record(if round % 5_000 == 0 { 50_000 } else { 100 }));
        assert!(!GeneratorReport::new(0.5, &fine).bottleneck);
        assert!(GeneratorReport::new(0.96, &fine).bottleneck);
    }
}
