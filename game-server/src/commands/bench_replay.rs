//! `bench-replay`: plays a recording to viewers without sockets, and measures what each stage of a tick costs and what the
//! bytes of a snapshot are spent on.

mod costs;
mod table;
mod viewers;

use crate::host::journal::FileSource;
use anyhow::Context;
use costs::{BenchError, Costs};
use indicatif::{ProgressBar, ProgressStyle};
use room::snapshot::Replicator;
use shared::delta::View;
use shared::recording::Recording;
use shared::snapshot::WorldSnapshot;
use sim::replay::Resimulation;
use std::io;
use std::path::Path;
use std::time::Instant;
pub use table::write;
use viewers::Viewers;

/// Viewers whose snapshots are decoded, to see what their bytes are spent on.
const READ_VIEWERS: usize = 64;
/// Ticks between two updates of the progress bar.
const PROGRESS_TICKS: usize = 64;

/// The command: measures a recording and writes the table on the standard output.
pub fn run(file: &Path, viewers: usize) -> anyhow::Result<()> {
    let source = FileSource::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let recording = Recording::open_without_marks(source).with_context(|| file.display().to_string())?;
    let style = ProgressStyle::with_template("{bar:32} {percent:>3} % {msg}")?;
    let bar = ProgressBar::new(recording.ticks().into()).with_style(style);
    let measured = measure(recording, viewers, |ticks| bar.set_position(ticks as u64));
    bar.finish_and_clear();
    let (recording, costs) = measured.with_context(|| file.display().to_string())?;
    write(&recording, &costs, &mut io::stdout().lock())?;
    Ok(())
}

/// Plays a recording to a number of viewers. `progress` is called with the number of ticks done.
pub fn measure(
    recording: Recording,
    viewers: usize,
    mut progress: impl FnMut(usize),
) -> Result<(Recording, Costs), BenchError> {
    let mut replay = Resimulation::from_setup(recording)?;
    let setup = replay.setup().clone();
    let mut replicator = Replicator::new(&setup);
    let mut world = WorldSnapshot::default();
    let mut all = Viewers::new(viewers, &setup);
    let mut readers = vec![View::new(setup.tick_seconds()); viewers.min(READ_VIEWERS)];
    let mut costs = Costs::new(viewers);
    while let Some(recorded) = replay.read() {
        let mut watch = Stopwatch(Instant::now());
        replay.step_by(&recorded);
        watch.lap(&mut costs.stages.step);
        replay.compare(&recorded);
        watch.lap(&mut costs.stages.hash);
        replay.sim().capture_into(&mut world);
        watch.lap(&mut costs.stages.capture);
        replicator.observe(|out| std::mem::swap(out, &mut world));
        watch.lap(&mut costs.stages.observe);
        replay.check()?;
        costs.following = costs.following.max(all.follow_players(replicator.world()));
        let mut watch = Stopwatch(Instant::now());
        all.write_snapshots(&mut replicator);
        watch.lap(&mut costs.stages.snapshots);
        costs.count(recorded.tick, &all, &mut readers)?;
        let ticks = costs.stages.step.len();
        if ticks.is_multiple_of(PROGRESS_TICKS) {
            progress(ticks);
        }
    }
    replay.check()?;
    Ok((replay.into_parts().0, costs))
}

struct Stopwatch(Instant);

impl Stopwatch {
    fn lap(&mut self, times: &mut Vec<u64>) {
        let now = Instant::now();
        times.push((now - self.0).as_nanos() as u64);
        self.0 = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::id::Tick;
    use shared::recording::{Encoder, Header};
    use sim::Sim;
    use sim::scripted::{inputs, setup};

    const TICKS: u32 = 200;

    fn recording(tamper: Option<u32>) -> Recording {
        let mut sim = Sim::new(&setup()).expect("the script's own setup");
        let mut encoder = Encoder::new(&Header::new(&setup(), Sim::BUILD, "script", 0));
        let mut file = Vec::new();
        encoder.keyframe(&sim.keyframe()).expect("small");
        for tick in 1..=TICKS {
            sim.step(&inputs(tick));
            let wrong = u64::from(tamper == Some(tick));
            encoder.tick(Tick(tick), &inputs(tick), sim.state_hash() ^ wrong).expect("small");
        }
        file.extend(encoder.take().expect("small"));
        Recording::open(file).expect("a sound recording")
    }

    #[test]
    fn every_viewer_gets_a_snapshot_of_every_tick_and_every_byte_is_accounted_for() {
        let (recording, costs) = measure(recording(None), 30, |_| {}).expect("it plays");
        assert_eq!(costs.snapshots(), u64::from(TICKS) * 30);
        assert!(costs.stages.named().iter().all(|(_, times)| times.len() == TICKS as usize));
        assert!((5..30).contains(&costs.following), "{} follow, the rest stand", costs.following);
        let bytes: u64 = (0u64..).zip(&costs.sizes).map(|(bytes, count)| bytes * count).sum();
        assert_eq!((costs.read, u64::from(costs.spent.total())), (costs.snapshots(), bytes));
        let spent = costs.spent;
        assert!(spent.appeared > 0 && spent.motion > 0 && spent.events > 0 && spent.heading > 0, "{spent:?}");
        let mut table = Vec::new();
        write(&recording, &costs, &mut table).expect("a Vec takes it");
        let table = String::from_utf8(table).expect("text");
        for word in ["step", "snapshots", "per snapshot", "headings", "30, of which"] {
            assert!(table.contains(word), "no `{word}` in\n{table}");
        }
    }

    #[test]
    fn what_was_not_played_like_this_is_not_measured() {
        let diverged = measure(recording(Some(77)), 2, |_| {}).err().expect("its hash was changed");
        assert!(diverged.to_string().contains("from tick 77"), "{diverged}");
    }
}
