//! `info`: prints what a recording holds.

use crate::host::journal::FileSource;
use crate::playing_time::{moment, playing_time};
use anyhow::Context;
use indicatif::HumanBytes;
use shared::recording::{Mark, Marked, OpenError, ROSTER_LIMIT_PLAYERS, Recording, Seated, Source};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

pub fn run(file: &Path) -> anyhow::Result<()> {
    let source = FileSource::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let (recording, marks) = open(source).with_context(|| file.display().to_string())?;
    write_all(&recording, &marks, &mut io::stdout().lock())?;
    Ok(())
}

/// Writes what a recording holds: header, duration, players, marks, and what each kind of chunk takes up.
///
/// # Errors
/// Why it is no recording, or cannot be written.
pub fn describe(source: impl Source + 'static, out: &mut impl Write) -> anyhow::Result<()> {
    let (recording, marks) = open(source)?;
    Ok(write_all(&recording, &marks, out)?)
}

/// A recording with the marks that tell its players, and the numbers of all marks.
fn open(source: impl Source + 'static) -> Result<(Recording, MarkCounts), OpenError> {
    let mut counts = MarkCounts::default();
    let recording = Recording::open_keeping(source, |mark| counts.add(mark))?;
    Ok((recording, counts))
}

/// Marks by their kind.
#[derive(Default)]
struct MarkCounts {
    joins: usize,
    leaves: usize,
    kills: usize,
    hauls: usize,
    rounds: usize,
    lines: usize,
}

impl MarkCounts {
    /// Whether the roster is made of it.
    fn add(&mut self, mark: &Mark) -> bool {
        let count = match mark.what {
            Marked::Joined { .. } => &mut self.joins,
            Marked::Left { .. } => &mut self.leaves,
            Marked::Killed { .. } => &mut self.kills,
            Marked::Banked { .. } => &mut self.hauls,
            Marked::RoundEnded { .. } => &mut self.rounds,
            Marked::Said { .. } => &mut self.lines,
            Marked::Escaped { .. } | Marked::FarShot { .. } => return false,
        };
        *count += 1;
        let tells_a_player = matches!(mark.what, Marked::Joined { .. } | Marked::Left { .. });
        tells_a_player && *count <= ROSTER_LIMIT_PLAYERS
    }
}

fn write_all(recording: &Recording, marks: &MarkCounts, out: &mut impl Write) -> io::Result<()> {
    let header = recording.header();
    let rate = header.tick_rate_hz;
    let started = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(header.started_at_unix_ms));
    let started = started.unwrap_or(SystemTime::UNIX_EPOCH);
    let (first, last) = (recording.first_tick().0, recording.last_tick().0);
    writeln!(out, "room        {}", header.room)?;
    writeln!(out, "mode        {}, arena {}, seed {}", header.mode, header.arena, header.seed)?;
    writeln!(out, "started     {}", humantime::format_rfc3339_seconds(started))?;
    let ticks = recording.ticks();
    let duration = playing_time(ticks, rate);
    writeln!(out, "duration    {duration} ({ticks} ticks at {rate} Hz, from {first} to {last})")?;
    writeln!(out, "simulation  {}, rules {:016x}", header.build, header.rules_hash)?;
    writeln!(out, "protocol    {}", header.protocol)?;
    writeln!(out, "ending      {}", recording.ending())?;
    for hole in recording.holes() {
        writeln!(out, "damage      {hole}")?;
    }
    write_players(&recording.roster(), rate, out)?;
    write_marks(marks, out)?;
    write_sizes(recording, out)
}

fn write_players(roster: &[Seated], rate: u16, out: &mut impl Write) -> io::Result<()> {
    let drones = roster.iter().filter(|seated| seated.drone).count();
    let more = if roster.len() < ROSTER_LIMIT_PLAYERS { "" } else { ", or more" };
    writeln!(out, "players     {} and {drones} drones{more}", roster.len() - drones)?;
    for Seated { player, name, team, joined, left, .. } in roster.iter().filter(|seated| !seated.drone) {
        let team = if *team == 0 { String::new() } else { format!(", team {team}") };
        let left = left.map_or_else(|| "the end".into(), |left| moment(left, rate));
        writeln!(
            out,
            "  {:>6}  {}{team}, from {} to {left}",
            player.0,
            name.as_str(),
            moment(*joined, rate)
        )?;
    }
    Ok(())
}

fn write_marks(marks: &MarkCounts, out: &mut impl Write) -> io::Result<()> {
    let MarkCounts { joins, leaves, kills, hauls, rounds, lines } = marks;
    writeln!(
        out,
        "marks       {joins} joins, {leaves} leaves, {kills} kills, {hauls} hauls banked, {rounds} rounds, \
         {lines} lines of chat"
    )
}

fn write_sizes(recording: &Recording, out: &mut impl Write) -> io::Result<()> {
    let bytes = recording.file_bytes();
    writeln!(out, "size        {}", HumanBytes(bytes))?;
    writeln!(out, "  header     {:>12}", HumanBytes(recording.header_bytes() as u64).to_string())?;
    for share in recording.shares().iter().filter(|share| share.chunks > 0) {
        let size = HumanBytes(share.bytes).to_string();
        let percent = share.bytes as f64 * 100.0 / bytes.max(1) as f64;
        writeln!(out, "  {:9}  {size:>12}  {percent:>5.1} %  {} chunks", share.kind.name(), share.chunks)?;
    }
    Ok(())
}
