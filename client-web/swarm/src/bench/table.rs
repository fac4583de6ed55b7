//! The table of the benchmark, as Markdown: what was to be reached, what was measured, all numbers behind it.

use super::rig::Transport;
use crate::floor::FloorReport;
use crate::report::Report;
use std::fmt::Write;

/// Players of the run over TLS.
pub const TLS_PLAYERS: u32 = 1000;
/// The median snapshot may have this many bytes.
const SNAPSHOT_BYTES: f64 = 260.0;
/// The server's time, as a multiple of the floor's with inputs.
const FLOOR_RATIO: f64 = 1.6;
const SNAPSHOTS: f64 = 29.5;
const GAP_SHARE: f64 = 1e-4;
/// The 99th percentile of a tick's duration, in milliseconds.
const TICK_MS: f64 = 20.0;
/// Input → ack as added by the server, in ticks: the median and the 99th percentile.
const ADDED_TICKS: (f64, f64) = (1.0, 2.0);
/// The time per player-second with most players, as a multiple of that with fewest.
const GROWTH: f64 = 1.15;
/// Memory per player, in KiB.
const MEMORY_KIB: f64 = 24.0;
/// The time over TLS, as a multiple of that without.
const TLS_RATIO: f64 = 1.3;
const MS_PER_TICK: f64 = 1000.0 / 30.0;
/// With more cores busy with other programs, a run is called disturbed.
const FOREIGN_CORES: f64 = 0.1;

/// One run and the floor beside it.
pub struct Measurement {
    pub players: u32,
    pub transport: Transport,
    pub report: Report,
    pub floor: FloorReport,
    /// With an answer for each frame, of the size of an input.
    pub two_way_floor: FloorReport,
}

/// One line of the table of bars.
struct Bar {
    what: String,
    bar: String,
    measured: String,
    /// What was measured as a multiple of what is allowed; at most 1 is a pass.
    used: Option<f64>,
}

impl Bar {
    /// No more than `limit` of what `show` prints.
    fn at_most(what: String, value: Option<f64>, limit: f64, unit: &str, digits: usize) -> Bar {
        let number = |value: f64| format!("{value:.digits$}{unit}");
        Bar {
            what,
            bar: format!("≤ {}", number(limit)),
            measured: value.map_or_else(|| "unknown".into(), number),
            used: value.map(|value| value / limit),
        }
    }

    fn line(&self) -> String {
        let verdict = match self.used {
            None => "unknown",
            Some(used) if used <= 1.0 => "pass",
            Some(_) => "**fail**",
        };
        let used = self.used.map_or_else(|| "?".into(), |used| format!("{used:.2}"));
        format!("| {} | {} | {} | {used} | {verdict} |\n", self.what, self.bar, self.measured)
    }
}

pub(super) fn markdown(machine: &[String], measurements: &[Measurement]) -> String {
    let mut out = String::from(
        "# Benchmarks\n\n\
         Made by `cargo xtask bench`, except for the decisions at the end. The workload is arena-N: N players in one world, one per 20 × 20 units,\n\
         two moving asteroids per player, 30 ticks per second; every player gets a snapshot of everything in a view of\n\
         100 × 60 units and sends its input, every tick. The server, with simulation, recording and replication, is pinned\n\
         to one core; the generator, which runs the real client core for every player, to another.\n\n\
         The *floor* is a bare epoll loop that only writes frames of the same size to as many sockets at the same rate,\n\
         measured right after each run (`swarm floor`). With inputs, the same loop also reads as many bytes as players send\n\
         for each frame (`swarm floor --answer-bytes`): what the kernel takes for such traffic before any server has done\n\
         anything. Absolute numbers belong to the machine; ratios can be compared.\n\n## Machine\n\n",
    );
    for line in machine {
        out += &format!("- {line}\n");
    }
    out += "\n## What is to be reached\n\n| | bar | measured | share of the bar | |\n|---|---|---|---|---|\n";
    for bar in bars(measurements) {
        out += &bar.line();
    }
    out += "\n## All numbers\n\n";
    out += &numbers(measurements);
    out += &warnings(measurements);
    out
}

fn bars(measurements: &[Measurement]) -> Vec<Bar> {
    let plain = measurements.iter().filter(|one| one.transport == Transport::Plain);
    let fewest = plain.clone().min_by_key(|one| one.players);
    let most = plain.clone().max_by_key(|one| one.players);
    let beside_tls = plain.clone().find(|one| one.players == TLS_PLAYERS);
    let tls = measurements.iter().find(|one| one.transport == Transport::Tls);
    let cpu = |one: Option<&Measurement>| one.and_then(|one| one.server().cpu_micros_per_player_second);
    let times = |above: Option<f64>, below: Option<f64>| above.zip(below).map(|(above, below)| above / below);
    let mut bars = Vec::new();
    for one in measurements {
        let (scheme, n) = (one.transport.scheme(), one.players);
        let what = format!(
            "server CPU per player-second over {scheme}, N = {n}, as a multiple of the floor with inputs"
        );
        bars.push(Bar::at_most(what, one.two_way_ratio(), FLOOR_RATIO, " ×", 2));
    }
    let Some(most) = most else { return bars };
    let n = most.players;
    bars.push(Bar {
        what: format!("snapshots per player-second, N = {n}"),
        bar: format!("≥ {SNAPSHOTS}"),
        measured: format!("{:.2}", most.report.snapshots_per_player_second),
        used: Some(SNAPSHOTS / most.report.snapshots_per_player_second.max(f64::MIN_POSITIVE)),
    });
    let per_ten_thousand = Some(most.report.gap_share * 1e4);
    bars.push(Bar::at_most(
        format!("gaps over 100 ms in 10,000 snapshots, N = {n}"),
        per_ten_thousand,
        GAP_SHARE * 1e4,
        "",
        2,
    ));
    let bytes = Some(most.report.snapshot_bytes.p50);
    let what = format!("median snapshot, {:.0} entities in view, N = {n}", most.report.visible_entities);
    bars.push(Bar::at_most(what, bytes, SNAPSHOT_BYTES, " bytes", 0));
    let tick = most.server().tick_ms_p99;
    bars.push(Bar::at_most(format!("tick duration p99, N = {n}"), tick, TICK_MS, " ms", 1));
    for (name, ms, limit) in
        [("p50", most.report.added_ms.p50, ADDED_TICKS.0), ("p99", most.report.added_ms.p99, ADDED_TICKS.1)]
    {
        let what = format!("input → ack added by the server, {name}, N = {n}");
        bars.push(Bar::at_most(what, Some(ms / MS_PER_TICK), limit, " ticks", 2));
    }
    if let Some(fewest) = fewest {
        let what = format!("growth: CPU per player-second at N = {n} over that at N = {}", fewest.players);
        bars.push(Bar::at_most(what, times(cpu(Some(most)), cpu(Some(fewest))), GROWTH, " ×", 2));
    }
    let memory = most.server().resident_kib_per_player;
    bars.push(Bar::at_most(format!("memory per playing client, N = {n}"), memory, MEMORY_KIB, " KiB", 1));
    let what = format!("CPU over wss as a multiple of ws, N = {TLS_PLAYERS}");
    bars.push(Bar::at_most(what, times(cpu(tls), cpu(beside_tls)), TLS_RATIO, " ×", 2));
    bars
}

/// One column per run.
fn numbers(measurements: &[Measurement]) -> String {
    let mut out = String::from("| |");
    for one in measurements {
        // Writing to a String cannot fail.
        let _ = write!(out, " {} N = {} |", one.transport.scheme(), one.players);
    }
    out += "\n|---|";
    out += &"---:|".repeat(measurements.len());
    out.push('\n');
    let mut row = |name: &str, value: &dyn Fn(&Measurement) -> Option<f64>, digits: usize| {
        let _ = write!(out, "| {name} |");
        for one in measurements {
            let shown = value(one).map_or_else(|| "?".into(), |value| format!("{value:.digits$}"));
            let _ = write!(out, " {shown} |");
        }
        out.push('\n');
    };
    row("players who joined", &|one| Some(one.report.joined as f64), 0);
    row("server CPU, µs per player-second", &|one| one.server().cpu_micros_per_player_second, 1);
    row("floor, µs per player-second", &|one| Some(one.floor.cpu_micros_per_client_second), 1);
    row("server as a multiple of the floor", &Measurement::ratio, 2);
    row("server in the kernel, µs per player-second", &|one| one.server().kernel_micros_per_player_second, 1);
    let kernel = |one: &Measurement| {
        Some(one.server().kernel_micros_per_player_second? / one.floor.cpu_micros_per_client_second)
    };
    row("the kernel's part alone as a multiple of the floor", &kernel, 2);
    let two_way = |one: &Measurement| one.two_way_floor.cpu_micros_per_client_second;
    row("floor with inputs, µs per player-second", &|one| Some(two_way(one)), 1);
    row("server as a multiple of it", &Measurement::two_way_ratio, 2);
    row("snapshots per player-second", &|one| Some(one.report.snapshots_per_player_second), 2);
    row("gaps over 100 ms in 10,000", &|one| Some(one.report.gap_share * 1e4), 2);
    row("bytes per snapshot, p50", &|one| Some(one.report.snapshot_bytes.p50), 0);
    row("bytes per snapshot, p99", &|one| Some(one.report.snapshot_bytes.p99), 0);
    row("entities in view", &|one| Some(one.report.visible_entities), 1);
    row("bytes per entity in view", &|one| Some(one.report.bytes_per_visible_entity), 2);
    row("bytes per player-second, down", &|one| Some(one.report.bytes_down_per_player_second), 0);
    row("bytes per player-second, up", &|one| Some(one.report.bytes_up_per_player_second), 0);
    row("tick, ms, p50", &|one| one.server().tick_ms_p50, 2);
    row("tick, ms, p99", &|one| one.server().tick_ms_p99, 2);
    row("input → ack added, ticks, p50", &|one| Some(one.report.added_ms.p50 / MS_PER_TICK), 2);
    row("input → ack added, ticks, p99", &|one| Some(one.report.added_ms.p99 / MS_PER_TICK), 2);
    row("input → ack with the lead, ms, p50", &|one| Some(one.report.whole_ms.p50), 1);
    row("prediction error, units, p50", &|one| Some(one.report.prediction_error_units.p50), 3);
    row("prediction error, units, p99", &|one| Some(one.report.prediction_error_units.p99), 3);
    row("corrections per player-second", &|one| Some(one.report.corrections_per_player_second), 3);
    row("join, ms, p50", &|one| Some(one.report.join_ms.p50), 1);
    row("join, ms, p99", &|one| Some(one.report.join_ms.p99), 1);
    row("server memory, MiB", &|one| one.server().resident_mib, 1);
    row("server memory per player, KiB", &|one| one.server().resident_kib_per_player, 1);
    row("generator, share of its core", &|one| Some(one.report.generator.load), 2);
    row("generator late, ms, p99", &|one| Some(one.report.generator.late_ms.p99), 1);
    row("cores busy with other programs", &|one| one.server().foreign_cores, 2);
    out
}

fn warnings(measurements: &[Measurement]) -> String {
    let mut out = String::new();
    for one in measurements {
        let name = format!("{} N = {}", one.transport.scheme(), one.players);
        if one.server().foreign_cores.is_some_and(|cores| cores > FOREIGN_CORES) {
            let _ = write!(
                out,
                "\nThe machine was also busy with other programs at {name}: the times are too long.\n"
            );
        }
        for (reason, players) in &one.report.failures {
            let _ = write!(out, "\n{players} players were out at {name}: {reason}\n");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_passed_up_to_its_limit() {
        let line = |value| Bar::at_most("x".into(), value, 2.0, " ms", 1).line();
        assert_eq!(line(Some(2.0)), "| x | ≤ 2.0 ms | 2.0 ms | 1.00 | pass |\n");
        assert!(line(Some(2.1)).ends_with("| 1.05 | **fail** |\n"));
        assert!(line(None).contains("unknown"));
    }
}
