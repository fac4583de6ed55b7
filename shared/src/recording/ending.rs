//! How a recording ends: as it should, in the midst of things, or at a damaged chunk.

use super::chunk::ChunkKind;
use crate::id::Tick;
use core::fmt;

/// How a recording ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With its index.
    Complete,
    /// Between two chunks, without an index: it is still being written, or the server was stopped hard.
    Unfinished,
    /// At a chunk that cannot be read. What stands before it is sound, what stands behind it is not looked at.
    Damaged(Damage),
}

/// A chunk that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Its number, from 1.
    pub number: u32,
    /// Its kind, if that much can be told.
    pub kind: Option<ChunkKind>,
    /// Where it begins, in bytes from the start of the file.
    pub offset: usize,
    /// What is wrong with it.
    pub problem: String,
    /// The last tick before it.
    pub last_tick: Tick,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Damage { number, kind, offset, problem, last_tick } = self;
        let kind = kind.map_or("unknown kind", ChunkKind::name);
        let last = last_tick.0;
        write!(
            f,
            "chunk {number} ({kind}) at byte {offset}: {problem}; everything up to tick {last} is sound"
        )
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
