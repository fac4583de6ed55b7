//! Chunks: kind, length, checksum, body. The only file that knows the checksum and the compression.

use crate::varint::{Malformed, take_byte, take_slice};

/// Bytes of kind, length and checksum.
pub(super) const CHUNK_HEAD_BYTES: usize = 9;
/// Largest body of a chunk, in bytes, before and after compression.
pub const CHUNK_LIMIT_BYTES: usize = 64 * 1024 * 1024;

/// The bit of a kind that says: the body is compressed.
const COMPRESSED: u8 = 0x80;
/// Shorter bodies are not worth compressing.
const COMPRESS_FROM_BYTES: usize = 160;
/// LZ4 turns one byte into 255 at most, so a body that claims more is lying about its length.
const LZ4_RATIO_LIMIT: usize = 255;

/// What a chunk holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum ChunkKind {
    /// The whole world at a tick.
    Keyframe = 1,
    /// A run of inputs with their hashes.
    Ticks = 2,
    /// What a viewer looks for.
    Marks = 3,
    /// Where everything is.
    Index = 4,
    /// Who may take which seat back.
    Seats = 5,
}

impl ChunkKind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [ChunkKind; 5] =
        [ChunkKind::Keyframe, ChunkKind::Ticks, ChunkKind::Marks, ChunkKind::Index, ChunkKind::Seats];

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ChunkKind::Keyframe => "keyframe",
            ChunkKind::Ticks => "ticks",
            ChunkKind::Marks => "marks",
            ChunkKind::Index => "index",
            ChunkKind::Seats => "seats",
        }
    }
}

/// A body over [`CHUNK_LIMIT_BYTES`]: no reader would take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{bytes} bytes are more than a chunk of a recording holds ({CHUNK_LIMIT_BYTES})")]
pub struct TooLarge {
    /// Bytes of the body.
    pub bytes: usize,
}

/// What is wrong with a chunk.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ChunkError {
    #[error("the file ends inside it: {have} of {need} bytes are there")]
    CutOff { have: usize, need: usize },
    #[error("its length of {0} bytes is over the limit")]
    TooLong(usize),
    #[error("its checksum does not match")]
    Checksum,
    #[error("its kind {0} is unknown")]
    Kind(u8),
    #[error("its compressed body does not unpack")]
    Compression,
    #[error("its body makes no sense: {0}")]
    Body(String),
}

impl From<Malformed> for ChunkError {
    fn from(error: Malformed) -> ChunkError {
        ChunkError::Body(error.to_string())
    }
}

/// Appends a chunk.
pub(super) fn put_chunk(kind: ChunkKind, body: &[u8], out: &mut Vec<u8>) -> Result<(), TooLarge> {
    if body.len() > CHUNK_LIMIT_BYTES {
        return Err(TooLarge { bytes: body.len() });
    }
    // The index is found from the end of the file, so it must stand there as it is.
    if body.len() >= COMPRESS_FROM_BYTES && kind != ChunkKind::Index {
        let packed = lz4_flex::block::compress_prepend_size(body);
        if packed.len() < body.len() {
            put_stored(kind as u8 | COMPRESSED, &packed, out);
            return Ok(());
        }
    }
    put_stored(kind as u8, body, out);
    Ok(())
}

fn put_stored(kind: u8, body: &[u8], out: &mut Vec<u8>) {
    let length = (body.len() as u32).to_le_bytes();
    out.push(kind);
    out.extend_from_slice(&length);
    out.extend_from_slice(&checksum(kind, length, body).to_le_bytes());
    out.extend_from_slice(body);
}

/// A whole chunk of a file, its checksum verified.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawChunk<'a> {
    pub kind: ChunkKind,
    compressed: bool,
    stored: &'a [u8],
}

impl<'a> RawChunk<'a> {
    /// Takes a chunk off the front. The kind comes with an error where it can be told.
    pub fn take(bytes: &mut &'a [u8]) -> Result<RawChunk<'a>, (Option<ChunkKind>, ChunkError)> {
        let kind = bytes.first().and_then(|kind| kind_of(*kind));
        Self::take_checked(bytes).map_err(|error| (kind, error))
    }

    fn take_checked(bytes: &mut &'a [u8]) -> Result<RawChunk<'a>, ChunkError> {
        let have = bytes.len();
        let cut = |need| move |_: Malformed| ChunkError::CutOff { have, need };
        let kind = take_byte(bytes).map_err(cut(CHUNK_HEAD_BYTES))?;
        let length = take_u32(bytes).map_err(cut(CHUNK_HEAD_BYTES))?;
        let checksum_read = take_u32(bytes).map_err(cut(CHUNK_HEAD_BYTES))?;
        let body_bytes = length as usize;
        if body_bytes > CHUNK_LIMIT_BYTES {
            return Err(ChunkError::TooLong(body_bytes));
        }
        let stored = take_slice(bytes, body_bytes).map_err(cut(CHUNK_HEAD_BYTES + body_bytes))?;
        if checksum(kind, length.to_le_bytes(), stored) != checksum_read {
            return Err(ChunkError::Checksum);
        }
        let known = kind_of(kind).ok_or(ChunkError::Kind(kind))?;
        Ok(RawChunk { kind: known, compressed: kind & COMPRESSED != 0, stored })
    }

    /// Bytes that the chunk takes in the file.
    pub fn file_bytes(&self) -> usize {
        CHUNK_HEAD_BYTES + self.stored.len()
    }

    /// The body, unpacked.
    pub fn body(&self) -> Result<std::borrow::Cow<'a, [u8]>, ChunkError> {
        if !self.compressed {
            return Ok(self.stored.into());
        }
        let mut packed = self.stored;
        let length = take_u32(&mut packed).map_err(|_| ChunkError::Compression)? as usize;
        if length > CHUNK_LIMIT_BYTES || length > packed.len().saturating_mul(LZ4_RATIO_LIMIT) {
            return Err(ChunkError::Compression);
        }
        let mut body = vec![0; length];
        match lz4_flex::block::decompress_into(packed, &mut body) {
            Ok(written) if written == length => Ok(body.into()),
            _ => Err(ChunkError::Compression),
        }
    }
}

fn kind_of(kind: u8) -> Option<ChunkKind> {
    ChunkKind::ALL.into_iter().find(|known| *known as u8 == kind & !COMPRESSED)
}

fn checksum(kind: u8, length: [u8; 4], body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&[kind]);
    hasher.update(&length);
    hasher.update(body);
    hasher.finalize()
}

pub(super) fn take_u32(bytes: &mut &[u8]) -> Result<u32, Malformed> {
    let mut word = [0; 4];
    word.copy_from_slice(take_slice(bytes, 4)?);
    Ok(u32::from_le_bytes(word))
}
