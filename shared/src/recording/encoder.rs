//! Makes the bytes of a recording, chunk by chunk, in memory.

use super::chunk::{ChunkKind, TooLarge, put_chunk, put_plain_chunk};
use super::header::Header;
use super::index::{Index, KEYFRAMES_LIMIT};
use super::mark::Mark;
use super::reader::Recording;
use super::seats::Seats;
use super::ticks::{RUN_CLOSES_AT_BYTES, RunWriter};
use crate::codec::encode_stored;
use crate::command::TickInputs;
use crate::id::Tick;
use crate::keyframe::Keyframe;
use crate::varint::put;

/// Appends a chunk to bytes.
type PutChunk = fn(ChunkKind, &[u8], &mut Vec<u8>) -> Result<(), TooLarge>;

/// Makes the bytes of one recording. What has been made is taken out with [`Encoder::take`] and appended to the file;
/// ticks and marks gather until then, so one `take` makes one chunk of ticks.
#[derive(Debug)]
pub struct Encoder {
    put: PutChunk,
    out: Vec<u8>,
    taken: u64,
    run: RunWriter,
    marks: Vec<Mark>,
    index: Index,
}

impl Encoder {
    /// Begins a recording. A keyframe must come before the first tick.
    pub fn new(header: &Header) -> Encoder {
        Encoder::with(put_chunk, header)
    }

    /// As [`new`](Encoder::new), but nothing is compressed. The bytes are the same on every machine, while those of the
    /// compressor depend on the size of its words.
    pub fn uncompressed(header: &Header) -> Encoder {
        Encoder::with(put_plain_chunk, header)
    }

    fn with(put: PutChunk, header: &Header) -> Encoder {
        let mut out = Vec::new();
        header.write(&mut out);
        Encoder { put, out, taken: 0, run: RunWriter::default(), marks: Vec::new(), index: Index::default() }
    }

    /// Continues a recording that has no index, behind its last whole chunk. A keyframe of its last tick must come
    /// first.
    pub fn resume(recording: &Recording) -> Encoder {
        Encoder {
            put: put_chunk,
            out: Vec::new(),
            taken: recording.sound_bytes(),
            run: RunWriter::default(),
            marks: Vec::new(),
            index: recording.index(),
        }
    }

    /// Whether there are as many keyframes as a recording may have.
    pub fn is_full(&self) -> bool {
        self.index.keyframes.len() >= KEYFRAMES_LIMIT
    }

    /// The whole world at a tick. Ticks that follow can be played from here.
    ///
    /// # Errors
    /// [`TooLarge`] if no reader would take it; it is not written.
    pub fn keyframe(&mut self, keyframe: &Keyframe) -> Result<(), TooLarge> {
        self.close_run()?;
        let at = self.taken + self.out.len() as u64;
        let mut body = Vec::new();
        // The tick stands before the world, so that a build that does not understand the world can still seek.
        put(&mut body, keyframe.tick.0);
        encode_stored(keyframe, &mut body);
        (self.put)(ChunkKind::Keyframe, &body, &mut self.out)?;
        self.index.keyframes.push((keyframe.tick, at));
        self.index.last_tick = keyframe.tick;
        self.run.clear_held();
        Ok(())
    }

    /// What entered the world in a tick, and the hash after it. Ticks follow each other without a gap.
    ///
    /// # Errors
    /// [`TooLarge`] if no reader would take it; the recording is then at its end.
    pub fn tick(&mut self, tick: Tick, inputs: &TickInputs, state_hash: u64) -> Result<(), TooLarge> {
        debug_assert_eq!(
            tick,
            self.index.last_tick.next(),
            "ticks are recorded without a gap, after a keyframe"
        );
        self.run.push(tick, inputs, state_hash);
        self.index.ticks += 1;
        self.index.last_tick = tick;
        if self.run.bytes() >= RUN_CLOSES_AT_BYTES { self.close_run() } else { Ok(()) }
    }

    /// Who may take which seat back, from the next tick on.
    ///
    /// # Errors
    /// [`TooLarge`] if no reader would take it; it is not written.
    pub fn seats(&mut self, seats: &Seats) -> Result<(), TooLarge> {
        self.close_run()?;
        let mut body = Vec::new();
        encode_stored(seats, &mut body);
        (self.put)(ChunkKind::Seats, &body, &mut self.out)
    }

    /// Something worth finding again.
    pub fn mark(&mut self, mark: Mark) {
        self.marks.push(mark);
        self.index.marks += 1;
    }

    /// Takes out what has been made since the last time: whole chunks, to be appended to the file as they are.
    ///
    /// # Errors
    /// [`TooLarge`] if no reader would take it; the recording is then at its end.
    pub fn take(&mut self) -> Result<Vec<u8>, TooLarge> {
        self.close_run()?;
        if !self.marks.is_empty() {
            let mut body = Vec::new();
            encode_stored(&std::mem::take(&mut self.marks), &mut body);
            (self.put)(ChunkKind::Marks, &body, &mut self.out)?;
        }
        self.taken += self.out.len() as u64;
        Ok(std::mem::take(&mut self.out))
    }

    /// Ends the recording with its index and takes out the last bytes. Nothing may follow.
    ///
    /// # Errors
    /// [`TooLarge`] if no reader would take it.
    pub fn finish(&mut self) -> Result<Vec<u8>, TooLarge> {
        let mut last = self.take()?;
        self.index.write(&mut last)?;
        Ok(last)
    }

    fn close_run(&mut self) -> Result<(), TooLarge> {
        if self.run.is_empty() {
            return Ok(());
        }
        (self.put)(ChunkKind::Ticks, &self.run.take_body(), &mut self.out)
    }
}
