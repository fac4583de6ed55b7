//! The table that `bench-replay` prints.

use super::costs::Costs;
use crate::playing_time::playing_time;
use shared::recording::Recording;
use shared::spent::Spent;
use std::io::{self, Write};

/// Writes costs by stage, and bytes by what they say.
pub fn write(recording: &Recording, costs: &Costs, out: &mut impl Write) -> io::Result<()> {
    let header = recording.header();
    let ticks = costs.stages.step.len();
    let duration = playing_time(ticks as u32, header.tick_rate_hz);
    writeln!(out, "recording  {}, {duration}, {ticks} ticks at {} Hz", header.room, header.tick_rate_hz)?;
    writeln!(out, "viewers    {}, of which up to {} follow a player", costs.viewers, costs.following)?;
    write_stages(costs, out)?;
    write_snapshots(costs, out)
}

fn write_stages(costs: &Costs, out: &mut impl Write) -> io::Result<()> {
    let stages = costs.stages.named();
    let total: u64 = stages.iter().flat_map(|(_, times)| *times).sum();
    writeln!(out, "\n{:<14}{:>12}{:>12}{:>12}{:>9}", "stage", "p50 µs", "p99 µs", "mean µs", "share")?;
    for (name, times) in stages {
        let share = times.iter().sum::<u64>() as f64 * 100.0 / total.max(1) as f64;
        write_row(name, times, share, out)?;
    }
    let ticks = (0..costs.stages.step.len()).map(|tick| stages.iter().map(|(_, times)| times[tick]).sum());
    write_row("tick", &ticks.collect::<Vec<u64>>(), 100.0, out)
}

fn write_row(name: &str, nanos: &[u64], share: f64, out: &mut impl Write) -> io::Result<()> {
    let mut sorted = nanos.to_vec();
    sorted.sort_unstable();
    let at = |share: f64| micros(sorted.get((sorted.len() as f64 * share) as usize).copied().unwrap_or(0));
    let mean = micros(nanos.iter().sum()) / nanos.len().max(1) as f64;
    writeln!(out, "{name:<14}{:>12.1}{:>12.1}{mean:>12.1}{share:>7.1} %", at(0.5), at(0.99))
}

fn write_snapshots(costs: &Costs, out: &mut impl Write) -> io::Result<()> {
    let snapshots = costs.snapshots().max(1);
    let each = micros(costs.stages.snapshots.iter().sum()) / snapshots as f64;
    let bytes: u64 = (0u64..).zip(&costs.sizes).map(|(bytes, count)| bytes * count).sum();
    let at = |share: f64| {
        let mut left = (snapshots as f64 * share) as u64;
        costs.sizes.iter().position(|count| {
            let here = left < *count;
            left = left.saturating_sub(*count);
            here
        })
    };
    let (half, most) = (at(0.5).unwrap_or(0), at(0.99).unwrap_or(0));
    let mean = bytes as f64 / snapshots as f64;
    writeln!(out, "\nper snapshot  {each:.2} µs, bytes p50 {half}, p99 {most}, mean {mean:.1}")?;
    for (name, bytes) in by_name(&costs.spent) {
        let each = f64::from(bytes) / costs.read.max(1) as f64;
        let share = f64::from(bytes) * 100.0 / f64::from(costs.spent.total().max(1));
        writeln!(out, "  {name:<32}{each:>8.1} bytes{share:>7.1} %")?;
    }
    Ok(())
}

fn by_name(spent: &Spent) -> [(&'static str, u32); 8] {
    let Spent { appeared, gone, ids, motion, heading, state, events, own } = *spent;
    [
        ("new in sight", appeared),
        ("out of sight", gone),
        ("which changed, and in what", ids),
        ("places and speeds", motion),
        ("headings", heading),
        ("health, holds, scores", state),
        ("events", events),
        ("own seat, tick, ack", own),
    ]
}

fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1000.0
}
