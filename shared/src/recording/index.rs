//! The index: written at a clean end, so that a listing needs only the last bytes of a file.

use super::chunk::{CHUNK_HEAD_BYTES, ChunkError, ChunkKind, RawChunk, TooLarge, put_chunk};
use crate::codec::{decode_stored, encode_stored};
use crate::id::Tick;
use serde::{Deserialize, Serialize};

/// Largest index of a recording, in bytes: the end of a file that a listing reads.
pub const INDEX_LIMIT_BYTES: usize = 1024 * 1024;

/// Most keyframes of a recording: their index stays within [`INDEX_LIMIT_BYTES`].
pub const KEYFRAMES_LIMIT: usize = 65_536;

/// Where the keyframes are, and totals.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// The last tick.
    pub last_tick: Tick,
    /// Ticks recorded.
    pub ticks: u32,
    /// Marks recorded.
    pub marks: u32,
    /// Tick of each keyframe and where its chunk begins in the file, ascending.
    pub keyframes: Vec<(Tick, u64)>,
}

impl Index {
    /// How many bytes at the end of a file are its index, told by the last four of them; `None` if they cannot say so.
    pub fn length(last: [u8; 4]) -> Option<usize> {
        let length = u32::from_le_bytes(last) as usize;
        (CHUNK_HEAD_BYTES + last.len()..=INDEX_LIMIT_BYTES).contains(&length).then_some(length)
    }

    /// Finds the index in the last bytes of a file, of which there must be [`Index::length`]; `None` if the file has
    /// none at its end.
    pub fn read(tail: &[u8]) -> Option<Index> {
        let (_, last) = tail.split_last_chunk::<4>()?;
        let from = tail.len().checked_sub(Index::length(*last)?)?;
        let chunk = RawChunk::read(&tail[from..]).ok()?;
        let is_last = chunk.kind == ChunkKind::Index && chunk.file_bytes() == (tail.len() - from) as u64;
        if is_last { Index::decode(&chunk).ok() } else { None }
    }

    /// Appends the index as it stands in a file. Its last four bytes are the length of the whole chunk, by which it is
    /// found from the end.
    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), TooLarge> {
        let mut body = Vec::new();
        encode_stored(self, &mut body);
        let length = CHUNK_HEAD_BYTES + body.len() + 4;
        body.extend_from_slice(&(length as u32).to_le_bytes());
        put_chunk(ChunkKind::Index, &body, out)
    }

    pub(super) fn decode(chunk: &RawChunk<'_>) -> Result<Index, ChunkError> {
        if chunk.file_bytes() > INDEX_LIMIT_BYTES as u64 {
            return Err(ChunkError::TooLong(chunk.file_bytes() as usize));
        }
        let body = chunk.body()?;
        let (index, _) = body.split_last_chunk::<4>().ok_or(crate::varint::Malformed)?;
        decode_stored(index).map_err(|error| ChunkError::Body(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_of_as_many_keyframes_as_may_be_is_found_from_the_end() {
        let keyframe = (Tick(u32::MAX), u64::MAX);
        let (last_tick, ticks, marks) = (keyframe.0, u32::MAX, u32::MAX);
        let index = Index { last_tick, ticks, marks, keyframes: vec![keyframe; KEYFRAMES_LIMIT] };
        let mut file = vec![7; 100];
        index.write(&mut file).expect("within every limit");
        assert_eq!(Index::read(&file), Some(index));
    }
}
