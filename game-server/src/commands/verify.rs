//! `verify`: re-simulates recordings and compares the hash of every tick.

use crate::host::journal::FileSource;
use crate::net::http::builds;
use crate::playing_time::{moment, playing_time};
use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use shared::id::Tick;
use shared::recording::{Damage, Ending, Recording};
use sim::replay::{ReplayError, Resimulation};
use sim::{Difference, Sim};
use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Differences between two worlds that are printed; the first matters most.
const DIFFERENCES_TOLD: usize = 8;
/// Ticks between two updates of the progress bar.
const PROGRESS_TICKS: u32 = 256;

/// The result of re-simulating a recording.
#[derive(Debug)]
pub struct Verdict {
    pub recording: Recording,
    pub ticks: u32,
    pub took: Duration,
    /// The last simulated tick and its hash.
    pub last: Option<(Tick, u64)>,
    pub divergence: Option<Divergence>,
    /// The parts of the file that cannot be used, in their order.
    pub damage: Vec<Damage>,
}

/// Where the simulation diverged from the recording.
#[derive(Debug)]
pub struct Divergence {
    pub tick: Tick,
    /// Its recorded and its simulated hash; `None` if the hashes agree and only the stored keyframe differs.
    pub hashes: Option<(u64, u64)>,
    /// The keyframe that the worlds were compared at, the first from the tick on, and what differs there: in each
    /// difference the recorded value comes first. `None` if the recording holds no keyframe from the tick on.
    pub compared: Option<(Tick, Vec<Difference>)>,
}

/// Re-simulates a recording up to its end, or to its first divergence and on to the next keyframe. `progress` is called with
/// the number of ticks done.
pub fn verify(recording: Recording, mut progress: impl FnMut(u32)) -> Result<Verdict, ReplayError> {
    let start = Instant::now();
    let mut replay = Resimulation::from_setup(recording)?;
    let mut ticks = 0;
    let divergence = loop {
        let tick = replay.sim().tick();
        let wrong = replay.divergence().map(|wrong| Divergence {
            tick: wrong.tick,
            hashes: Some((wrong.recorded, wrong.simulated)),
            compared: None,
        });
        if let Some(differences) = replay.compare_keyframe()?
            && (wrong.is_some() || !differences.is_empty())
        {
            let wrong = wrong.unwrap_or(Divergence { tick, hashes: None, compared: None });
            break Some(Divergence { compared: Some((tick, differences)), ..wrong });
        }
        if !replay.step() {
            break wrong;
        }
        ticks += 1;
        if ticks % PROGRESS_TICKS == 0 {
            progress(ticks);
        }
    };
    let damage = replay.recording().damage().chain(replay.damage()).cloned().collect();
    let took = start.elapsed();
    let (recording, _, sim) = replay.into_parts();
    let last = (ticks > 0).then(|| (sim.tick(), sim.state_hash()));
    Ok(Verdict { recording, ticks, took, last, divergence, damage })
}

/// The command: verifies files and prints the results. The exit code is 0 if every file is sound.
pub fn run(files: &[PathBuf]) -> anyhow::Result<ExitCode> {
    let sound = report(files, &mut io::stdout().lock())?;
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Verifies files and writes the results: a paragraph for one, a table for several. Says whether every file is sound.
pub fn report(files: &[PathBuf], out: &mut impl Write) -> io::Result<bool> {
    let mut reports = Vec::new();
    for path in files {
        let report = FileReport::of(path);
        if files.len() == 1 {
            report.write(out)?;
        }
        reports.push(report);
    }
    if reports.len() > 1 {
        write_table(&reports, out)?;
    }
    Ok(reports.iter().all(FileReport::is_sound))
}

/// A file and its verdict.
struct FileReport {
    name: String,
    /// The directory of the file.
    home: PathBuf,
    result: anyhow::Result<Verdict>,
}

impl FileReport {
    fn of(path: &Path) -> FileReport {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let bar = ProgressBar::no_length().with_message(name.clone());
        let style = ProgressStyle::with_template("{msg} {wide_bar} {pos} of {len} ticks");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let result = simulate(path, &bar);
        bar.finish_and_clear();
        let home = path.parent().filter(|home| !home.as_os_str().is_empty());
        FileReport { name, home: home.unwrap_or(Path::new(".")).into(), result }
    }

    fn is_sound(&self) -> bool {
        self.result.as_ref().is_ok_and(|verdict| verdict.divergence.is_none() && verdict.damage.is_empty())
    }

    fn outcome(&self) -> String {
        match &self.result {
            Err(error) => format!("{error:#}"),
            Ok(Verdict { recording, divergence: Some(divergence), .. }) => {
                format!("diverged at {}", moment(divergence.tick, recording.header().tick_rate_hz))
            }
            Ok(Verdict { recording, damage, .. }) => match (&damage[..], recording.ending()) {
                ([], Ending::Complete) => "sound".into(),
                ([], _) => "sound, but not closed".into(),
                ([damage], _) => format!("damaged in chunk {}", damage.number),
                ([damage, more @ ..], _) => {
                    format!("damaged in chunk {} and {} more places", damage.number, more.len())
                }
            },
        }
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let name = &self.name;
        let verdict = match &self.result {
            Err(error) => return writeln!(out, "{name}: {error:#}"),
            Ok(verdict) => verdict,
        };
        let Verdict { recording, ticks, took, last, divergence, damage } = verdict;
        let header = recording.header();
        let rate = header.tick_rate_hz;
        let simulated = playing_time(*ticks, rate);
        let (took_seconds, speed) = (took.as_secs_f32(), Speed::of(verdict, rate));
        writeln!(
            out,
            "{name}: {ticks} ticks ({simulated}) simulated in {took_seconds:.2} s, {speed} real time"
        )?;
        if header.build != Sim::BUILD {
            writeln!(out, "  made by simulation {}; this is {}", header.build, Sim::BUILD)?;
            let home = self.home.display();
            match builds::folder(&self.home, &header.build) {
                Some(kept) => writeln!(out, "  a server of {home} plays it with {}", kept.display())?,
                None => writeln!(out, "  no client of that build is kept in {home}/{}", builds::FOLDER)?,
            }
        }
        match divergence {
            Some(divergence) => write_divergence(divergence, rate, out)?,
            None => match last {
                Some((tick, hash)) => {
                    writeln!(out, "  every hash matches, the last one {hash:016x} at tick {}", tick.0)?
                }
                None => writeln!(out, "  every hash matches")?,
            },
        }
        for damage in damage {
            writeln!(out, "  {damage}")?;
        }
        match recording.ending() {
            Ending::Unfinished => writeln!(out, "  {}", Ending::Unfinished),
            Ending::Complete | Ending::Damaged(_) => Ok(()),
        }
    }
}

fn simulate(path: &Path, bar: &ProgressBar) -> anyhow::Result<Verdict> {
    let recording = Recording::open_without_marks(FileSource::open(path).context("cannot be read")?)?;
    bar.set_length(recording.ticks().into());
    Ok(verify(recording, |ticks| bar.set_position(ticks.into()))?)
}

fn write_divergence(divergence: &Divergence, rate: u16, out: &mut impl Write) -> io::Result<()> {
    let Divergence { tick, hashes, compared } = divergence;
    writeln!(out, "  DIVERGED at {}", moment(*tick, rate))?;
    if let Some((recorded, simulated)) = hashes {
        writeln!(out, "    hash: recorded {recorded:016x}, simulated {simulated:016x}")?;
    }
    match compared {
        None => {
            writeln!(out, "    the recording holds no keyframe from there on that could say what differs")
        }
        Some((at, differences)) if differences.is_empty() => {
            writeln!(out, "    at the keyframe of {} the worlds are equal", moment(*at, rate))
        }
        Some((at, differences)) => {
            writeln!(out, "    at the keyframe of {} these differ:", moment(*at, rate))?;
            for Difference { subject, component, left, right } in differences.iter().take(DIFFERENCES_TOLD) {
                writeln!(out, "    {subject}, {component}: recorded {left}, simulated {right}")?;
            }
            match differences.len().saturating_sub(DIFFERENCES_TOLD) {
                0 => Ok(()),
                more => writeln!(out, "    and {more} more"),
            }
        }
    }
}

fn write_table(reports: &[FileReport], out: &mut impl Write) -> io::Result<()> {
    let width = reports.iter().map(|report| report.name.chars().count()).max().unwrap_or(0).max("file".len());
    writeln!(out, "{:width$}  {:>9}  {:>9}  {:>8}  result", "file", "ticks", "time", "speed")?;
    for report in reports {
        let (ticks, time, speed) = match &report.result {
            Ok(verdict) => {
                let rate = verdict.recording.header().tick_rate_hz;
                let speed = Speed::of(verdict, rate).to_string();
                (verdict.ticks.to_string(), playing_time(verdict.ticks, rate), speed)
            }
            Err(_) => ("-".into(), "-".into(), "-".into()),
        };
        let (name, outcome) = (&report.name, report.outcome());
        writeln!(out, "{name:width$}  {ticks:>9}  {time:>9}  {speed:>8}  {outcome}")?;
    }
    Ok(())
}

/// How many times faster than it was played.
struct Speed(f32);

impl Speed {
    fn of(verdict: &Verdict, tick_rate_hz: u16) -> Speed {
        let played_seconds = verdict.ticks as f32 / f32::from(tick_rate_hz);
        Speed(played_seconds / verdict.took.as_secs_f32().max(1e-6))
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:.0}×", self.0))
    }
}
