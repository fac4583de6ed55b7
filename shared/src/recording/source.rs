//! Where the bytes of a recording come from, and the window through which they are read: memory holds the window, not the file.

use super::chunk::{CHUNK_HEAD_BYTES, ChunkError, ChunkKind, Head, RawChunk};
use std::sync::{Arc, PoisonError, RwLock};

/// Bytes that the window holds after its first read, and after many; a larger chunk is held whole.
const WINDOW_BYTES: (usize, usize) = (8 * 1024, 256 * 1024);
/// Bytes of a large chunk that are read at once to compute its checksum.
const PIECE_BYTES: usize = 64 * 1024;
/// Disks fail by whole sectors of at least this size.
const SECTOR_BYTES: u64 = 512;
/// Bytes of checksums that the search may compute: at once, and for each byte that it passes. Heads that are no heads are rare in
/// honest files; in a hostile one, every byte can begin a chunk of 64 MiB.
const SEARCH_CREDIT_BYTES: u64 = 64 * 1024 * 1024;
const SEARCH_CREDIT_BYTES_PER_BYTE: u64 = 16;

/// The bytes of a recording.
pub trait Source: core::fmt::Debug + Send + Sync {
    /// Bytes in all. Never shrinks; see [`Recording::catch_up`](super::Recording::catch_up).
    fn bytes(&self) -> u64;

    /// Fills `buffer` with the bytes from `at` on, which are there.
    ///
    /// # Errors
    /// Why they cannot be read.
    fn read(&self, at: u64, buffer: &mut [u8]) -> Result<(), String>;
}

impl Source for Vec<u8> {
    fn bytes(&self) -> u64 {
        self.len() as u64
    }

    fn read(&self, at: u64, buffer: &mut [u8]) -> Result<(), String> {
        let from = usize::try_from(at).map_err(|error| error.to_string())?;
        let bytes = self.get(from..).and_then(|bytes| bytes.get(..buffer.len()));
        buffer.copy_from_slice(bytes.ok_or("the bytes are not there")?);
        Ok(())
    }
}

/// Bytes in memory that are added to while they are read: a recording that is watched as it goes on.
#[derive(Clone, Debug, Default)]
pub struct Growing(Arc<RwLock<Vec<u8>>>);

impl Growing {
    /// Begins with these bytes.
    pub fn new(bytes: Vec<u8>) -> Growing {
        Growing(Arc::new(RwLock::new(bytes)))
    }

    /// Appends bytes.
    pub fn push(&self, bytes: &[u8]) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
    }
}

impl Source for Growing {
    fn bytes(&self) -> u64 {
        self.0.read().unwrap_or_else(PoisonError::into_inner).bytes()
    }

    fn read(&self, at: u64, buffer: &mut [u8]) -> Result<(), String> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).read(at, buffer)
    }
}

/// Reads chunks of a source.
#[derive(Clone, Debug)]
pub(super) struct Window {
    source: Arc<dyn Source>,
    at: u64,
    held: Vec<u8>,
    credit_bytes: u64,
}

impl Window {
    pub fn new(source: Arc<dyn Source>) -> Window {
        Window { source, at: 0, held: Vec::new(), credit_bytes: SEARCH_CREDIT_BYTES }
    }

    /// Up to `length` bytes from `at` on: fewer at the end of the file.
    pub fn view(&mut self, at: u64, length: usize) -> Result<&[u8], ChunkError> {
        let left = self.source.bytes().saturating_sub(at);
        let length = left.min(length as u64) as usize;
        let from = at.checked_sub(self.at).filter(|from| from + length as u64 <= self.held.len() as u64);
        let from = match from {
            Some(from) => from as usize,
            None => {
                let ahead = (self.held.len() * 2).clamp(WINDOW_BYTES.0, WINDOW_BYTES.1);
                let ahead = left.min(ahead as u64) as usize;
                // What is read ahead may be unreadable where the chunk is not.
                self.fill(at, length.max(ahead)).or_else(|_| self.fill(at, length))?;
                0
            }
        };
        Ok(&self.held[from..from + length])
    }

    fn fill(&mut self, at: u64, length: usize) -> Result<(), ChunkError> {
        self.at = at;
        self.held.resize(length, 0);
        self.source.read(at, &mut self.held).map_err(|error| {
            self.held.clear();
            ChunkError::Unreadable(error)
        })
    }

    /// The chunk that begins at `at`. The kind comes with an error where it can be told.
    pub fn chunk(&mut self, at: u64) -> Result<RawChunk<'_>, (Option<ChunkKind>, ChunkError)> {
        let kind = self.view(at, 1).ok().and_then(|kind| ChunkKind::of(*kind.first()?));
        self.whole_chunk(at).map_err(|error| (kind, error))
    }

    fn whole_chunk(&mut self, at: u64) -> Result<RawChunk<'_>, ChunkError> {
        let head = self.head(at)?;
        // A length that is wrong must not make the window large.
        if head.file_bytes() > WINDOW_BYTES.1 as u64 && !self.is_sound(at, head)? {
            return Err(ChunkError::Checksum);
        }
        RawChunk::read(self.view(at, head.file_bytes() as usize)?)
    }

    fn head(&mut self, at: u64) -> Result<Head, ChunkError> {
        let left = self.source.bytes().saturating_sub(at);
        Head::read(self.view(at, CHUNK_HEAD_BYTES)?, left)
    }

    /// Where the first sound chunk begins, from `from` on. Takes time in proportion to the bytes that it passes, whatever they
    /// are; where they are mostly heads of large chunks that are not sound, a large one that is may be passed too.
    pub fn find_chunk(&mut self, from: u64) -> Option<u64> {
        let mut at = from;
        while at < self.source.bytes() {
            self.credit_bytes += SEARCH_CREDIT_BYTES_PER_BYTE;
            match self.head(at) {
                Ok(head) if head.kind().is_some() && head.file_bytes() <= self.credit_bytes => {
                    self.credit_bytes -= head.file_bytes();
                    if self.is_sound(at, head) == Ok(true) {
                        return Some(at);
                    }
                    at += 1;
                }
                Err(ChunkError::Unreadable(_)) => at = (at / SECTOR_BYTES + 1) * SECTOR_BYTES,
                _ => at += 1,
            }
        }
        None
    }

    fn is_sound(&mut self, at: u64, head: Head) -> Result<bool, ChunkError> {
        let mut hasher = head.hasher();
        if head.file_bytes() <= WINDOW_BYTES.1 as u64 {
            hasher.update(&self.view(at, head.file_bytes() as usize)?[CHUNK_HEAD_BYTES..]);
            return Ok(head.matches(hasher));
        }
        // In pieces that leave the window where it is.
        let (mut from, end) = (at + CHUNK_HEAD_BYTES as u64, at + head.file_bytes());
        let mut piece = vec![0; PIECE_BYTES];
        while from < end {
            piece.truncate((end - from).min(PIECE_BYTES as u64) as usize);
            self.source.read(from, &mut piece).map_err(ChunkError::Unreadable)?;
            hasher.update(&piece);
            from += piece.len() as u64;
        }
        Ok(head.matches(hasher))
    }

    /// Whether all bytes from `at` to the end of the file are 0.
    pub fn is_zero_from(&mut self, at: u64) -> bool {
        let mut at = at;
        while at < self.source.bytes() {
            let Ok(bytes) = self.view(at, PIECE_BYTES) else { return false };
            if bytes.iter().any(|byte| *byte != 0) {
                return false;
            }
            at += bytes.len() as u64;
        }
        true
    }
}
