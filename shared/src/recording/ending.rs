//! How a recording ends, and where parts of it cannot be read.

use super::chunk::{ChunkError, ChunkKind};
use crate::id::Tick;
use core::fmt;

/// How a recording ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With its index.
    Complete,
    /// Between two chunks, without an index: it is still being written, or the server was stopped hard.
    Unfinished,
    /// In a part that cannot be read.
    Damaged(Damage),
}

/// A part of a recording that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The number of its first chunk, from 1, as far as chunks could be counted; 0 for the header.
    pub number: u32,
    /// The kind of that chunk, if that much can be told.
    pub kind: Option<ChunkKind>,
    /// Where the part begins, in bytes from the start of the file.
    pub offset: u64,
    /// Where it ends: what stands behind can be read, or is the end of the file.
    pub end: u64,
    /// What is wrong with its first chunk.
    pub problem: String,
    /// The last tick before it.
    pub last_tick: Tick,
    /// The tick from which the recording can be played on; `None` if it cannot.
    pub next_tick: Option<Tick>,
    /// Ticks that were recorded in it and cannot be played, as far as is known.
    pub lost_ticks: u32,
    /// It looks as a crash leaves it in the midst of writing: the file ends inside a chunk, or in zeros.
    pub torn: bool,
}

impl Damage {
    pub(super) fn new(
        number: u32,
        kind: Option<ChunkKind>,
        offset: u64,
        error: &ChunkError,
        last_tick: Tick,
    ) -> Damage {
        let (problem, end) = (error.to_string(), offset);
        Damage { number, kind, offset, end, problem, last_tick, next_tick: None, lost_ticks: 0, torn: false }
    }

    /// One wrong bit of a header, which was put right.
    pub(super) fn of_header(end: u64) -> Damage {
        let problem = "one of its bits was wrong and is put right".into();
        let (number, kind, last_tick, next_tick) = (0, None, Tick(0), None);
        Damage { number, kind, offset: 0, end, problem, last_tick, next_tick, lost_ticks: 0, torn: false }
    }

    /// The recording can be played on from a tick, of which the world is known.
    pub(super) fn continue_at(&mut self, tick: Tick) {
        self.next_tick = Some(tick);
        self.lost_ticks = self.jump_ticks().saturating_sub(1);
    }

    /// Ticks between the last tick before it and the one from which the recording can be played on.
    pub(super) fn jump_ticks(&self) -> u32 {
        self.next_tick.map_or(0, |next| next.since(self.last_tick))
    }

    /// Whether playing needs a keyframe to continue.
    pub(super) fn interrupts(&self) -> bool {
        self.jump_ticks() > 0 || self.next_tick.is_none() && self.lost_ticks > 0
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Damage { number, kind, offset, end, problem, last_tick, lost_ticks, .. } = self;
        let kind = kind.map_or("unknown kind", ChunkKind::name);
        let last = last_tick.0;
        if *number == 0 {
            return write!(f, "header: {problem}; no tick is lost");
        }
        write!(f, "chunk {number} ({kind}) at byte {offset}: {problem}; ")?;
        match (*lost_ticks, self.next_tick) {
            (0, None) => write!(f, "everything up to tick {last} is sound"),
            (lost, None) => write!(f, "the {lost} ticks behind tick {last} cannot be played"),
            (0, Some(_)) => write!(f, "bytes {offset} to {end} cannot be used, no tick is lost"),
            (lost, Some(next)) => {
                let to = next.0.saturating_sub(1);
                write!(f, "bytes {offset} to {end} cannot be used, the {lost} ticks up to {to} are lost")
            }
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ending::Complete => f.write_str("complete"),
            Ending::Unfinished => f.write_str(
                "the recording was not closed: it is still being written, or its server stopped hard",
            ),
            Ending::Damaged(damage) => damage.fmt(f),
        }
    }
}
