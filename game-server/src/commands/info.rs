//! `info`: prints what a recording holds.

use crate::host::journal::FileSource;
use crate::playing_time::{moment, playing_time};
use anyhow::Context;
use indicatif::HumanBytes;
use shared::recording::{Marked, Recording, Seated};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

pub fn run(file: &Path) -> anyhow::Result<()> {
    let source = FileSource::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let recording = Recording::open(source).with_context(|| file.display().to_string())?;
    describe(&recording, &mut io::stdout().lock())?;
    Ok(())
}

/// Writes what a recording holds: header, duration, players, marks, and what each kind of chunk takes up.
pub fn describe(recording: &Recording, out: &mut impl Write) -> io::Result<()> {
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
    write_marks(recording, out)?;
    write_sizes(recording, out)
}

fn write_players(roster: &[Seated], rate: u16, out: &mut impl Write) -> io::Result<()> {
    let drones = roster.iter().filter(|seated| seated.drone).count();
    writeln!(out, "players     {} and {drones} drones", roster.len() - drones)?;
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

fn write_marks(recording: &Recording, out: &mut impl Write) -> io::Result<()> {
    let count =
        |wanted: fn(&Marked) -> bool| recording.marks().iter().filter(|mark| wanted(&mark.what)).count();
    let joins = count(|what| matches!(what, Marked::Joined { .. }));
    let leaves = count(|what| matches!(what, Marked::Left { .. }));
    let kills = count(|what| matches!(what, Marked::Killed { .. }));
    let hauls = count(|what| matches!(what, Marked::Banked { .. }));
    let rounds = count(|what| matches!(what, Marked::RoundEnded { .. }));
    let lines = count(|what| matches!(what, Marked::Said { .. }));
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
