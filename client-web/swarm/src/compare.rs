//! Two servers under the same load, one after the other, and their numbers side by side.

use crate::options::RunOptions;
use crate::report::Report;
use crate::run;
use anyhow::Context;
use clap::Args;
use serde::{Deserialize, Serialize};
use std::fmt::Write;

#[derive(Clone, Debug, Args)]
pub struct CompareOptions {
    #[command(flatten)]
    pub run: RunOptions,
    /// The other server, which must speak the same protocol: ws://HOST:PORT or (on this machine) wss://HOST:PORT
    #[arg(long, value_name = "URL")]
    pub against: String,
    /// Process of the other server, for its time and memory
    #[arg(long, value_name = "PID")]
    pub against_pid: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    pub one: Report,
    pub other: Report,
}

/// Runs the same load against one server and then the other; `progress` gets lines of progress.
pub fn compare(options: &CompareOptions, progress: impl Fn(&str)) -> anyhow::Result<Comparison> {
    let against =
        RunOptions { url: options.against.clone(), server_pid: options.against_pid, ..options.run.clone() };
    let measure = |run: &RunOptions| {
        let report = run::run(run, |line| progress(&format!("{}: {line}", run.url)));
        report.with_context(|| run.url.clone())
    };
    Ok(Comparison { one: measure(&options.run)?, other: measure(&against)? })
}

/// A row of the table: its name, and the number with its digits.
type Row = (&'static str, usize, fn(&Report) -> Option<f64>);

const ROWS: [Row; 24] = [
    ("players in", 0, |report| Some(report.joined as f64)),
    ("join p50, ms", 1, |report| Some(report.join_ms.p50)),
    ("join p99, ms", 1, |report| Some(report.join_ms.p99)),
    ("snapshots per player-second", 2, |report| Some(report.snapshots_per_player_second)),
    ("gaps in 10,000 snapshots", 1, |report| Some(report.gap_share * 1e4)),
    ("bytes down per player-second", 0, |report| Some(report.bytes_down_per_player_second)),
    ("bytes up per player-second", 0, |report| Some(report.bytes_up_per_player_second)),
    ("bytes per snapshot p50", 0, |report| Some(report.snapshot_bytes.p50)),
    ("bytes per snapshot p99", 0, |report| Some(report.snapshot_bytes.p99)),
    ("entities in view", 1, |report| Some(report.visible_entities)),
    ("bytes per entity in view", 2, |report| Some(report.bytes_per_visible_entity)),
    ("prediction error p50, units", 3, |report| Some(report.prediction_error_units.p50)),
    ("prediction error p99, units", 3, |report| Some(report.prediction_error_units.p99)),
    ("corrections per player-second", 3, |report| Some(report.corrections_per_player_second)),
    ("input to ack, added p50, ms", 1, |report| Some(report.added_ms.p50)),
    ("input to ack, added p99, ms", 1, |report| Some(report.added_ms.p99)),
    ("input to ack, whole p50, ms", 1, |report| Some(report.whole_ms.p50)),
    ("input to ack, whole p99, ms", 1, |report| Some(report.whole_ms.p99)),
    ("server µs per player-second", 0, |report| report.server.cpu_micros_per_player_second),
    ("server tick p50, ms", 2, |report| report.server.tick_ms_p50),
    ("server tick p99, ms", 2, |report| report.server.tick_ms_p99),
    ("server KiB per player", 1, |report| report.server.resident_kib_per_player),
    ("server MiB", 1, |report| report.server.resident_mib),
    ("generator, % of a core", 0, |report| Some(report.generator.load * 100.0)),
];

impl Comparison {
    /// Both servers, and the first as a multiple of the other.
    pub fn text(&self) -> String {
        let (one, other) = (&self.one, &self.other);
        let mut text = String::new();
        let mut line = |cells: [&str; 4]| {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{:<30}{:>24}{:>24}{:>8}", cells[0], cells[1], cells[2], cells[3]);
        };
        line(["", &one.url, &other.url, "ratio"]);
        for (name, digits, number) in ROWS {
            let cell = |of: &Report| number(of).map_or("?".into(), |value| format!("{value:.digits$}"));
            let ratio = number(one).zip(number(other)).filter(|(_, other)| *other != 0.0);
            let ratio = ratio.map_or(String::new(), |(one, other)| format!("{:.2}", one / other));
            line([name, &cell(one), &cell(other), &ratio]);
        }
        for report in [one, other] {
            for (reason, players) in &report.failures {
                let _ = writeln!(text, "{}: {players} out: {reason}", report.url);
            }
            if report.generator.bottleneck {
                let _ =
                    writeln!(text, "{}: THE GENERATOR WAS THE BOTTLENECK: numbers are its own", report.url);
            }
        }
        text
    }
}
