//! Reads a recording that is held in memory.

use super::chunk::{ChunkError, ChunkKind, RawChunk};
use super::ending::{Damage, Ending};
use super::header::{Header, OpenError};
use super::index::Index;
use super::mark::Mark;
use super::seats::Seats;
use super::ticks::{Held, RecordedTick, Span, read_run, take_span};
use crate::codec::decode_stored;
use crate::id::Tick;
use crate::keyframe::Keyframe;
use crate::varint::take;
use std::collections::VecDeque;

/// A recording, opened: its header, what is in it, and how it ends.
#[derive(Clone, Debug)]
pub struct Recording {
    file: Vec<u8>,
    header: Header,
    header_bytes: usize,
    keyframes: Vec<Place>,
    last_tick: Tick,
    marks: Vec<Mark>,
    seats: Seats,
    shares: [Share; ChunkKind::ALL.len()],
    ending: Ending,
    /// Where the sound chunks end.
    end: usize,
}

/// Where a keyframe's chunk begins.
#[derive(Clone, Copy, Debug)]
struct Place {
    tick: Tick,
    at: usize,
    number: u32,
}

/// What one kind of chunk takes up in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The kind.
    pub kind: ChunkKind,
    /// Chunks of the kind.
    pub chunks: u32,
    /// Bytes that they take in the file.
    pub bytes: u64,
}

/// A place in a recording from which ticks are read on.
#[derive(Clone, Debug)]
pub struct Cursor {
    at: usize,
    number: u32,
    last_tick: Tick,
    held: Held,
    run: VecDeque<RecordedTick>,
}

/// Why a recording cannot be played from a tick.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SeekError {
    /// The file has no sound keyframe.
    #[error("there is nothing to play in this recording: it ends before its first keyframe")]
    Empty,
    /// The keyframe cannot be read.
    #[error("{0}")]
    Damaged(Damage),
}

impl Recording {
    /// Opens a recording and looks through all of it: every checksum, and that each tick follows the one before. What is
    /// cut off or damaged is not an error but an [`Ending`].
    ///
    /// # Errors
    /// [`OpenError`] if the header cannot be read.
    pub fn open(file: Vec<u8>) -> Result<Recording, OpenError> {
        let (header, header_bytes) = Header::read(&file)?;
        let mut scan = Scan::new(header_bytes);
        let ending = scan.run(&file);
        let Scan { mut marks, seats, keyframes, last_tick, shares, at: end, .. } = scan;
        marks.sort_by_key(|mark| mark.tick);
        Ok(Recording { file, header, header_bytes, keyframes, last_tick, marks, seats, shares, ending, end })
    }

    /// What was played, by which build, from which start.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Bytes of the header in the file.
    #[must_use]
    pub fn header_bytes(&self) -> usize {
        self.header_bytes
    }

    /// Bytes of the file.
    #[must_use]
    pub fn file_bytes(&self) -> usize {
        self.file.len()
    }

    /// What each kind of chunk takes up.
    #[must_use]
    pub fn shares(&self) -> &[Share] {
        &self.shares
    }

    /// The tick of the first keyframe: where playing can begin. 0 if there is none.
    #[must_use]
    pub fn first_tick(&self) -> Tick {
        self.keyframes.first().map_or(Tick(0), |place| place.tick)
    }

    /// The last tick that can be played.
    #[must_use]
    pub fn last_tick(&self) -> Tick {
        self.last_tick
    }

    /// Ticks recorded.
    #[must_use]
    pub fn ticks(&self) -> u32 {
        self.last_tick.since(self.first_tick())
    }

    /// What a viewer looks for, ascending by tick.
    #[must_use]
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// Who may take which seat back, and who is muted, as of the end. Players who have left may still be among them.
    #[must_use]
    pub fn seats(&self) -> &Seats {
        &self.seats
    }

    /// Bytes up to the end of the last whole chunk.
    #[must_use]
    pub fn sound_bytes(&self) -> usize {
        self.end
    }

    /// The index that stands, or should stand, at the end of this recording.
    #[must_use]
    pub fn index(&self) -> Index {
        index_of(&self.keyframes, self.last_tick, self.marks.len())
    }

    /// How the recording ends.
    #[must_use]
    pub fn ending(&self) -> &Ending {
        &self.ending
    }

    /// The ticks of the keyframes, ascending.
    pub fn keyframe_ticks(&self) -> impl DoubleEndedIterator<Item = Tick> + ExactSizeIterator + '_ {
        self.keyframes.iter().map(|place| place.tick)
    }

    /// The tick of the newest keyframe at or before a tick.
    #[must_use]
    pub fn keyframe_before(&self, tick: Tick) -> Option<Tick> {
        let after = self.keyframes.partition_point(|place| place.tick <= tick);
        after.checked_sub(1).map(|newest| self.keyframes[newest].tick)
    }

    /// The newest keyframe at or before a tick, and the place from which the ticks after it are read on. A tick before
    /// the first keyframe gives the first.
    ///
    /// # Errors
    /// [`SeekError`] if there is no keyframe, or if this build does not understand it.
    pub fn seek(&self, tick: Tick) -> Result<(Keyframe, Cursor), SeekError> {
        let after = self.keyframes.partition_point(|place| place.tick <= tick);
        let place = self.keyframes.get(after.saturating_sub(1)).ok_or(SeekError::Empty)?;
        let mut cursor = Cursor {
            at: place.at,
            number: place.number,
            last_tick: place.tick,
            held: Held::default(),
            run: VecDeque::new(),
        };
        let keyframe =
            cursor.take_chunk(self, |chunk, _| read_keyframe(chunk)).map_err(SeekError::Damaged)?;
        Ok((keyframe, cursor))
    }

    /// The next tick; `None` at the end. After an error the cursor stands at the end.
    ///
    /// # Errors
    /// [`Damage`] if a chunk makes no sense although its checksum is right.
    pub fn next_tick(&self, cursor: &mut Cursor) -> Result<Option<RecordedTick>, Damage> {
        while cursor.run.is_empty() && cursor.at < self.end {
            cursor.run = cursor.take_chunk(self, |chunk, held| match chunk.kind {
                ChunkKind::Ticks => read_run(&chunk.body()?, held),
                ChunkKind::Keyframe | ChunkKind::Marks | ChunkKind::Seats | ChunkKind::Index => {
                    Ok(VecDeque::new())
                }
            })?;
        }
        let next = cursor.run.pop_front();
        if let Some(next) = &next {
            cursor.last_tick = next.tick;
        }
        Ok(next)
    }
}

impl Cursor {
    fn take_chunk<T>(
        &mut self,
        recording: &Recording,
        read: impl FnOnce(&RawChunk<'_>, &mut Held) -> Result<T, ChunkError>,
    ) -> Result<T, Damage> {
        let Cursor { at, number, last_tick, .. } = *self;
        let mut bytes = &recording.file[at..recording.end];
        let chunk = RawChunk::take(&mut bytes).map_err(|(kind, error)| (kind, error.to_string()));
        let taken = chunk.and_then(|chunk| match read(&chunk, &mut self.held) {
            Ok(value) => Ok((value, chunk.file_bytes())),
            Err(error) => Err((Some(chunk.kind), error.to_string())),
        });
        match taken {
            Ok((value, bytes)) => {
                self.at += bytes;
                self.number += 1;
                Ok(value)
            }
            Err((kind, problem)) => {
                self.at = recording.end;
                Err(Damage { number, kind, offset: at, problem, last_tick })
            }
        }
    }
}

/// A look through all chunks of a file.
struct Scan {
    at: usize,
    number: u32,
    last_tick: Tick,
    keyframes: Vec<Place>,
    marks: Vec<Mark>,
    seats: Seats,
    shares: [Share; ChunkKind::ALL.len()],
    index_seen: bool,
}

impl Scan {
    fn new(at: usize) -> Scan {
        let shares = ChunkKind::ALL.map(|kind| Share { kind, chunks: 0, bytes: 0 });
        Scan {
            at,
            number: 1,
            last_tick: Tick(0),
            keyframes: Vec::new(),
            marks: Vec::new(),
            seats: Seats::default(),
            shares,
            index_seen: false,
        }
    }

    fn run(&mut self, file: &[u8]) -> Ending {
        while self.at < file.len() {
            let mut bytes = &file[self.at..];
            let chunk = RawChunk::take(&mut bytes);
            let taken = chunk.and_then(|chunk| match self.take(&chunk) {
                Ok(()) => Ok(chunk),
                Err(error) => Err((Some(chunk.kind), error)),
            });
            match taken {
                Ok(chunk) => {
                    let share = &mut self.shares[chunk.kind as usize - 1];
                    share.chunks += 1;
                    share.bytes += chunk.file_bytes() as u64;
                    self.at += chunk.file_bytes();
                    self.number += 1;
                }
                Err((kind, error)) => {
                    return Ending::Damaged(Damage {
                        number: self.number,
                        kind,
                        offset: self.at,
                        problem: error.to_string(),
                        last_tick: self.last_tick,
                    });
                }
            }
        }
        if self.index_seen { Ending::Complete } else { Ending::Unfinished }
    }

    fn take(&mut self, chunk: &RawChunk<'_>) -> Result<(), ChunkError> {
        if self.index_seen {
            return Err(ChunkError::Body("it stands behind the index, where the recording ends".into()));
        }
        match chunk.kind {
            ChunkKind::Keyframe => {
                let tick = Tick(take(&mut &*chunk.body()?)?);
                if !self.keyframes.is_empty() && tick != self.last_tick {
                    return Err(out_of_order(tick, self.last_tick));
                }
                self.keyframes.push(Place { tick, at: self.at, number: self.number });
                self.last_tick = tick;
            }
            ChunkKind::Ticks => {
                let Span { first, count, anew } = take_span(&mut &*chunk.body()?)?;
                if self.keyframes.is_empty() || first.0.checked_sub(1) != Some(self.last_tick.0) {
                    return Err(out_of_order(first, self.last_tick));
                }
                let after_keyframe = self.keyframes.last().is_some_and(|place| place.tick == self.last_tick);
                if anew != after_keyframe {
                    return Err(ChunkError::Body("the keyframe before it is missing or not its own".into()));
                }
                self.last_tick = self.last_tick.plus(count);
            }
            ChunkKind::Marks => {
                let marks: Vec<Mark> = decode_stored(&chunk.body()?).map_err(body_error)?;
                self.marks.extend(marks);
            }
            ChunkKind::Seats => self.seats.update(Seats::read(&chunk.body()?).map_err(body_error)?),
            ChunkKind::Index => {
                if Index::decode(chunk)? != index_of(&self.keyframes, self.last_tick, self.marks.len()) {
                    return Err(ChunkError::Body("it does not agree with what stands before it".into()));
                }
                self.index_seen = true;
            }
        }
        Ok(())
    }
}

fn index_of(keyframes: &[Place], last_tick: Tick, marks: usize) -> Index {
    let first_tick = keyframes.first().map_or(Tick(0), |place| place.tick);
    Index {
        last_tick,
        ticks: last_tick.since(first_tick),
        marks: marks as u32,
        keyframes: keyframes.iter().map(|place| (place.tick, place.at as u64)).collect(),
    }
}

fn read_keyframe(chunk: &RawChunk<'_>) -> Result<Keyframe, ChunkError> {
    let body = chunk.body()?;
    let mut bytes = &*body;
    let tick = Tick(take(&mut bytes)?);
    let keyframe: Keyframe = decode_stored(bytes).map_err(body_error)?;
    if keyframe.tick == tick {
        Ok(keyframe)
    } else {
        Err(ChunkError::Body(format!("it is of tick {} but says {}", keyframe.tick.0, tick.0)))
    }
}

fn body_error(error: crate::codec::DecodeError) -> ChunkError {
    ChunkError::Body(error.to_string())
}

fn out_of_order(tick: Tick, last: Tick) -> ChunkError {
    ChunkError::Body(format!("tick {} does not follow tick {}", tick.0, last.0))
}
