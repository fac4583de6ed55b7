//! Chunks: kind, length, checksum, body. The only file that knows the checksum and the compression.

use crate::varint::{Malformed, take_byte, take_slice};
use crc32fast::Hasher;

/// Bytes of kind, length and checksum.
pub(super) const CHUNK_HEAD_BYTES: usize = 9;
/// Largest body of a chunk, in bytes, before and after compression.
pub const CHUNK_LIMIT_BYTES: usize = 64 * 1024 * 1024;

/// The bit of a kind that says: the body is compressed.
const COMPRESSED: u8 = 0x80;
/// Shorter bodies are not worth compressing.
const COMPRESS_FROM_BYTES: usize = 160;
/// A compressed body unpacks to at most this many times its bytes, so that a file takes memory and time in proportion to its
/// length. Bodies that compress better are stored as they are; those of real matches stay below 2.
pub const UNPACK_RATIO_LIMIT: usize = 8;
/// Any compressed body may unpack to this many bytes.
const UNPACK_ALLOWANCE_BYTES: usize = 512;

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

    /// The kind that the first byte of a chunk stands for.
    pub(super) fn of(byte: u8) -> Option<ChunkKind> {
        ChunkKind::ALL.into_iter().find(|known| *known as u8 == byte & !COMPRESSED)
    }

    /// What it is called.
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
    #[error("the file ends inside it: {have_bytes} of {need_bytes} bytes are there")]
    CutOff { have_bytes: u64, need_bytes: u64 },
    #[error("its length of {0} bytes is over the limit")]
    TooLong(usize),
    #[error("its bytes cannot be read: {0}")]
    Unreadable(String),
    #[error("its checksum does not match")]
    Checksum,
    #[error("its kind {0} is unknown")]
    Kind(u8),
    #[error("its compressed body does not unpack")]
    Compression,
    #[error("it unpacks to {0} bytes, more than {UNPACK_RATIO_LIMIT} times its length")]
    Ratio(usize),
    #[error("its body makes no sense: {0}")]
    Body(String),
}

impl From<Malformed> for ChunkError {
    fn from(error: Malformed) -> ChunkError {
        ChunkError::Body(error.to_string())
    }
}

/// Appends a chunk, its body compressed if that is worth it.
pub(super) fn put_chunk(kind: ChunkKind, body: &[u8], out: &mut Vec<u8>) -> Result<(), TooLarge> {
    // The index is found from the end of the file, so it must stand there as it is.
    if (COMPRESS_FROM_BYTES..=CHUNK_LIMIT_BYTES).contains(&body.len()) && kind != ChunkKind::Index {
        let packed = lz4_flex::block::compress_prepend_size(body);
        if packed.len() < body.len() && body.len() <= unpack_limit_bytes(packed.len()) {
            put_stored(kind as u8 | COMPRESSED, &packed, out);
            return Ok(());
        }
    }
    put_plain_chunk(kind, body, out)
}

/// Appends a chunk whose body is not compressed.
pub(super) fn put_plain_chunk(kind: ChunkKind, body: &[u8], out: &mut Vec<u8>) -> Result<(), TooLarge> {
    if body.len() > CHUNK_LIMIT_BYTES {
        return Err(TooLarge { bytes: body.len() });
    }
    put_stored(kind as u8, body, out);
    Ok(())
}

fn unpack_limit_bytes(packed_bytes: usize) -> usize {
    UNPACK_ALLOWANCE_BYTES.max(packed_bytes.saturating_mul(UNPACK_RATIO_LIMIT))
}

fn put_stored(kind: u8, body: &[u8], out: &mut Vec<u8>) {
    let head = Head { kind, length: body.len() as u32, checksum: 0 };
    let mut hasher = head.hasher();
    hasher.update(body);
    out.push(kind);
    out.extend_from_slice(&head.length.to_le_bytes());
    out.extend_from_slice(&hasher.finalize().to_le_bytes());
    out.extend_from_slice(body);
}

/// Kind, length and checksum of a chunk that fits the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    kind: u8,
    length: u32,
    checksum: u32,
}

impl Head {
    /// Reads the head of a chunk. `left_bytes` are in the file from its first byte on.
    pub fn read(mut bytes: &[u8], left_bytes: u64) -> Result<Head, ChunkError> {
        let cut_off = |need_bytes| ChunkError::CutOff { have_bytes: left_bytes, need_bytes };
        let kind = take_byte(&mut bytes);
        let (Ok(kind), Ok(length), Ok(checksum)) = (kind, take_u32(&mut bytes), take_u32(&mut bytes)) else {
            return Err(cut_off(CHUNK_HEAD_BYTES as u64));
        };
        let head = Head { kind, length, checksum };
        match length as usize {
            length if length > CHUNK_LIMIT_BYTES => Err(ChunkError::TooLong(length)),
            _ if head.file_bytes() > left_bytes => Err(cut_off(head.file_bytes())),
            _ => Ok(head),
        }
    }

    /// Size of the chunk in the file, in bytes.
    pub fn file_bytes(self) -> u64 {
        CHUNK_HEAD_BYTES as u64 + u64::from(self.length)
    }

    pub fn kind(self) -> Option<ChunkKind> {
        ChunkKind::of(self.kind)
    }

    /// Begins the checksum that [`Head::matches`] once it was updated with the body.
    pub fn hasher(self) -> Hasher {
        let mut hasher = Hasher::new();
        hasher.update(&[self.kind]);
        hasher.update(&self.length.to_le_bytes());
        hasher
    }

    pub fn matches(self, hasher: Hasher) -> bool {
        hasher.finalize() == self.checksum
    }

    /// The chunk, if this is the body that belongs to the head.
    fn with_body(self, stored: &[u8]) -> Result<RawChunk<'_>, ChunkError> {
        let mut hasher = self.hasher();
        hasher.update(stored);
        if !self.matches(hasher) {
            return Err(ChunkError::Checksum);
        }
        let kind = self.kind().ok_or(ChunkError::Kind(self.kind))?;
        Ok(RawChunk { kind, compressed: self.kind & COMPRESSED != 0, stored })
    }
}

/// A whole chunk of a file, its checksum verified.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawChunk<'a> {
    pub kind: ChunkKind,
    compressed: bool,
    stored: &'a [u8],
}

impl<'a> RawChunk<'a> {
    /// The chunk at the front of `bytes`.
    pub fn read(bytes: &'a [u8]) -> Result<RawChunk<'a>, ChunkError> {
        let head = Head::read(bytes, bytes.len() as u64)?;
        head.with_body(&bytes[CHUNK_HEAD_BYTES..head.file_bytes() as usize])
    }

    /// Size of the chunk in the file, in bytes.
    pub fn file_bytes(&self) -> u64 {
        (CHUNK_HEAD_BYTES + self.stored.len()) as u64
    }

    /// The body, unpacked.
    pub fn body(&self) -> Result<std::borrow::Cow<'a, [u8]>, ChunkError> {
        if !self.compressed {
            return Ok(self.stored.into());
        }
        let mut packed = self.stored;
        let length = take_u32(&mut packed).map_err(|_| ChunkError::Compression)? as usize;
        if length > CHUNK_LIMIT_BYTES || length > unpack_limit_bytes(self.stored.len()) {
            return Err(ChunkError::Ratio(length));
        }
        let mut body = vec![0; length];
        match lz4_flex::block::decompress_into(packed, &mut body) {
            Ok(written) if written == length => Ok(body.into()),
            _ => Err(ChunkError::Compression),
        }
    }
}

pub(super) fn take_u32(bytes: &mut &[u8]) -> Result<u32, Malformed> {
    let mut word = [0; 4];
    word.copy_from_slice(take_slice(bytes, 4)?);
    Ok(u32::from_le_bytes(word))
}
