//! `clip`: cuts a part out of a recording.

use crate::cli::ClipOptions;
use crate::host::journal::FileSource;
use crate::playing_time::playing_time;
use anyhow::Context;
use indicatif::HumanBytes;
use shared::id::Tick;
use shared::recording::Recording;
use sim::clip::cut;
use std::fs::File;
use std::io::Write;
use std::time::Duration;

pub fn run(options: &ClipOptions) -> anyhow::Result<()> {
    let ClipOptions { file, from, to, output } = options;
    anyhow::ensure!(from < to, "--to must be later than --from");
    let source = || FileSource::open(file).with_context(|| format!("{} cannot be read", file.display()));
    let recording = Recording::open_without_marks(source()?).with_context(|| file.display().to_string())?;
    let rate = recording.header().tick_rate_hz;
    let first = recording.first_tick();
    let length = recording.last_tick().since(first);
    let tick = |time: &Duration| {
        let ticks = (time.as_secs_f64() * f64::from(rate)).round() as u32;
        let end = playing_time(length, rate);
        anyhow::ensure!(ticks <= length, "{} ends at {end}: name earlier times", file.display());
        Ok(first.plus(ticks))
    };
    let (from, to): (Tick, Tick) = (tick(from)?, tick(to)?);
    // Once more for the marks of the clip: memory holds no others.
    let recording = Recording::open_keeping(source()?, |mark| (from..=to).contains(&mark.tick))
        .with_context(|| file.display().to_string())?;
    let clip = cut(&recording, from, to).with_context(|| file.display().to_string())?;
    let written = File::create_new(output).and_then(|mut file| file.write_all(&clip));
    written.with_context(|| format!("{} cannot be written", output.display()))?;
    let (duration, bytes) = (playing_time(to.since(from), rate), HumanBytes(clip.len() as u64));
    writeln!(std::io::stdout().lock(), "{}: {duration}, {bytes}", output.display())?;
    Ok(())
}
