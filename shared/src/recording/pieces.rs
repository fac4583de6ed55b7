//! Where a recording that grows is cut into pieces for those who watch it: by its bytes alone, so that every server that
//! continues the file cuts it at the same places.

use super::chunk::{CHUNK_HEAD_BYTES, ChunkKind, Head};

/// A piece ends behind this many chunks of ticks, six seconds of a match if every tick is written by itself, and behind the
/// index.
pub const PIECE_CHUNKS: u32 = 180;
/// Before format version 5. Caches keep pieces for good: those of a file never change.
const SHORT_PIECE_CHUNKS: u32 = 60;
const SHORT_PIECES_UNTIL: u16 = 4;

/// What a watcher of a growing file needs to know of its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landmark {
    /// A keyframe's chunk begins here, in bytes from the start of the file.
    Keyframe(u64),
    /// A piece ends here.
    PieceEnd(u64),
}

/// Counts the chunks in the bytes of a file, in any portions, from the file's first byte on.
#[derive(Clone, Debug)]
pub struct PieceCounter {
    /// Where the next byte belongs.
    at: u64,
    /// Where the next chunk begins.
    next: u64,
    head: Vec<u8>,
    /// Of the chunk before `next`.
    kind: Option<ChunkKind>,
    chunks: u32,
    piece_chunks: u32,
}

impl PieceCounter {
    /// Of a file of a format version with a header of this many bytes.
    pub fn new(format: u16, header_bytes: usize) -> PieceCounter {
        let piece_chunks = if format <= SHORT_PIECES_UNTIL { SHORT_PIECE_CHUNKS } else { PIECE_CHUNKS };
        PieceCounter {
            at: 0,
            next: header_bytes as u64,
            head: Vec::new(),
            kind: None,
            chunks: 0,
            piece_chunks,
        }
    }

    /// Chunks of ticks in a piece.
    pub fn piece_chunks(&self) -> u32 {
        self.piece_chunks
    }

    /// Chunks of ticks behind the end of the last piece.
    pub fn chunks(&self) -> u32 {
        self.chunks
    }

    /// Takes the next bytes, and calls `found` with what is in them.
    pub fn push(&mut self, mut bytes: &[u8], mut found: impl FnMut(Landmark)) {
        loop {
            let skipped = (self.next - self.at).min(bytes.len() as u64);
            self.at += skipped;
            bytes = &bytes[skipped as usize..];
            let ended = if self.at == self.next { self.kind.take() } else { None };
            self.chunks += u32::from(ended == Some(ChunkKind::Ticks));
            if self.chunks == self.piece_chunks || ended == Some(ChunkKind::Index) {
                self.chunks = 0;
                found(Landmark::PieceEnd(self.at));
            }
            if bytes.is_empty() {
                return;
            }
            let taken = (CHUNK_HEAD_BYTES - self.head.len()).min(bytes.len());
            self.head.extend_from_slice(&bytes[..taken]);
            self.at += taken as u64;
            self.next = self.at;
            bytes = &bytes[taken..];
            // What is no chunk is passed byte by byte; no piece ends in it.
            if self.head.len() == CHUNK_HEAD_BYTES
                && let Ok(head) = Head::read(&std::mem::take(&mut self.head), u64::MAX)
            {
                let begin = self.at - CHUNK_HEAD_BYTES as u64;
                self.next = begin + head.file_bytes();
                self.kind = head.kind();
                if self.kind == Some(ChunkKind::Keyframe) {
                    found(Landmark::Keyframe(begin));
                }
            }
        }
    }
}
