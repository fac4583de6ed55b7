//! Reads a recording, skipping damaged parts.

use super::chunk::{ChunkError, ChunkKind, RawChunk};
use super::ending::{Damage, Ending};
use super::header::{HEADER_LIMIT_BYTES, Header, OpenError};
use super::index::Index;
use super::mark::{Mark, Marks};
use super::seats::{SeatKey, Seats};
use super::source::{Source, Window};
use super::ticks::{Held, RecordedTick, Span, read_run, take_span};
use crate::codec::decode_stored;
use crate::id::{PlayerId, Tick};
use crate::keyframe::Keyframe;
use crate::varint::take;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Bytes of a file's start that are read where [`HEADER_LIMIT_BYTES`] cannot be: more than the header of any real game.
const HEADER_USUAL_BYTES: usize = 16 * 1024;
/// Damaged parts that are skipped; reading ends at the next one.
pub const HOLES_LIMIT: usize = 1024;
/// Marks and keys of seats that any file may hold, and one more for each of these bytes of the file: fewer than it takes to write
/// one.
pub const SMALL_FILE_ENTRIES: u64 = 4096;
const BYTES_PER_ENTRY: u64 = 8;

/// A recording, opened: its header, what is in it, and how it ends.
#[derive(Clone, Debug)]
pub struct Recording {
    source: Arc<dyn Source>,
    header: Header,
    header_bytes: usize,
    content: Content,
    ending: Ending,
    /// Where reading ends.
    end: u64,
}

/// What the chunks of a file hold.
#[derive(Clone, Debug)]
struct Content {
    keyframes: Vec<Place>,
    last_tick: Tick,
    marks: Vec<Mark>,
    marks_count: u32,
    seats: Seats,
    shares: [Share; ChunkKind::ALL.len()],
    /// Damaged parts with sound ones behind them, in the order of the file.
    holes: Vec<Damage>,
}

/// Where a keyframe's chunk begins.
#[derive(Clone, Copy, Debug)]
struct Place {
    tick: Tick,
    at: u64,
    number: u32,
}

/// What one kind of chunk takes up in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The kind.
    pub kind: ChunkKind,
    /// Chunks of the kind.
    pub chunks: u32,
    /// Their size in the file, in bytes.
    pub bytes: u64,
}

/// A position in a recording from which ticks are read.
#[derive(Clone, Debug)]
pub struct Cursor {
    window: Window,
    at: u64,
    number: u32,
    last_tick: Tick,
    held: Held,
    run: VecDeque<RecordedTick>,
    /// Holes behind this place, by their index.
    next_hole: usize,
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
    /// Opens a recording and looks through all of it: every checksum, and that each tick follows the one before. Parts that are
    /// cut off or damaged are no errors: see [`Recording::ending`] and [`Recording::holes`].
    ///
    /// # Errors
    /// [`OpenError`] if the header cannot be read.
    pub fn open(source: impl Source + 'static) -> Result<Recording, OpenError> {
        Recording::open_keeping(source, |_| true)
    }

    /// As [`open`](Recording::open), but without the marks: memory holds the players and the keyframes' places, not the file.
    ///
    /// # Errors
    /// As [`open`](Recording::open).
    pub fn open_without_marks(source: impl Source + 'static) -> Result<Recording, OpenError> {
        Recording::open_keeping(source, |_| false)
    }

    /// As [`open`](Recording::open), but with those marks only that `keep` returns true for. It is called with every mark, in
    /// the order of the file.
    ///
    /// # Errors
    /// As [`open`](Recording::open).
    pub fn open_keeping(
        source: impl Source + 'static,
        mut keep: impl FnMut(&Mark) -> bool,
    ) -> Result<Recording, OpenError> {
        Recording::scan(Arc::new(source), &mut keep)
    }

    /// Looks through what its source has grown by since. A recording with its index, or with a damaged end, does not grow.
    pub fn catch_up(&mut self) {
        if self.ending != Ending::Unfinished {
            return;
        }
        let content = std::mem::replace(&mut self.content, Content::empty());
        let mut keep_all = |_: &Mark| true;
        let mut scan = Scan::new(self.end, &mut keep_all, entries_limit(&*self.source));
        scan.number = content.shares.iter().map(|share| share.chunks).sum::<u32>() + 1;
        scan.keys = content.seats.keys.iter().map(|key| (key.player, *key)).collect();
        scan.content = content;
        self.finish_scan(scan);
    }

    fn finish_scan(&mut self, mut scan: Scan<'_>) {
        let bytes = self.source.bytes();
        self.ending = scan.run(&mut Window::new(self.source.clone()), bytes);
        self.end = if let Ending::Damaged(damage) = &self.ending { damage.offset } else { bytes };
        self.content = scan.content;
        self.content.marks.sort_by_key(|mark| mark.tick);
        self.content.seats.keys = scan.keys.into_values().collect();
    }

    fn scan(source: Arc<dyn Source>, keep: &mut KeepMark<'_>) -> Result<Recording, OpenError> {
        let mut window = Window::new(source.clone());
        let start = match window.view(0, HEADER_LIMIT_BYTES) {
            Err(_) => window.view(0, HEADER_USUAL_BYTES),
            start => start,
        };
        let start = start.map_err(|error| OpenError::Unreadable(error.to_string()))?;
        let (header, header_bytes) = Header::read(start)?;
        let mut scan = Scan::new(header_bytes as u64, keep, entries_limit(&*source));
        scan.content.holes.extend(header.was_repaired.then(|| Damage::of_header(header_bytes as u64)));
        let (content, ending) = (Content::empty(), Ending::Unfinished);
        let mut recording =
            Recording { source, header, header_bytes, content, ending, end: header_bytes as u64 };
        recording.finish_scan(scan);
        Ok(recording)
    }

    /// What was played, by which build, from which start.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Bytes of the header in the file.
    pub fn header_bytes(&self) -> usize {
        self.header_bytes
    }

    /// Bytes of the file.
    pub fn file_bytes(&self) -> u64 {
        self.source.bytes()
    }

    /// What each kind of chunk takes up.
    pub fn shares(&self) -> &[Share] {
        &self.content.shares
    }

    /// The tick of the first keyframe: where playing can begin. 0 if there is none.
    pub fn first_tick(&self) -> Tick {
        self.content.first_tick()
    }

    /// The last tick that can be played.
    pub fn last_tick(&self) -> Tick {
        self.content.last_tick
    }

    /// Ticks recorded, without those lost in holes.
    pub fn ticks(&self) -> u32 {
        let all = self.last_tick().since(self.first_tick());
        self.content.holes.iter().fold(all, |ticks, hole| ticks.saturating_sub(hole.jump_ticks()))
    }

    /// The marks that are kept, ascending by tick.
    pub fn marks(&self) -> &[Mark] {
        &self.content.marks
    }

    /// Who may take which seat back, and who is muted, as of the end. Players who have left may still be among them.
    pub fn seats(&self) -> &Seats {
        &self.content.seats
    }

    /// Bytes up to the end of the last whole chunk that can be used.
    pub fn sound_bytes(&self) -> u64 {
        self.end
    }

    /// The index that stands, or should stand, at the end of this recording.
    pub fn index(&self) -> Index {
        self.content.index()
    }

    /// How the recording ends.
    pub fn ending(&self) -> &Ending {
        &self.ending
    }

    /// The damaged parts with sound ones behind them, in their order.
    pub fn holes(&self) -> &[Damage] {
        &self.content.holes
    }

    /// All damaged parts, in their order.
    pub fn damage(&self) -> impl Iterator<Item = &Damage> {
        let last = if let Ending::Damaged(damage) = &self.ending { Some(damage) } else { None };
        self.content.holes.iter().chain(last)
    }

    /// The ticks of the keyframes, ascending.
    pub fn keyframe_ticks(&self) -> impl DoubleEndedIterator<Item = Tick> + ExactSizeIterator + '_ {
        self.content.keyframes.iter().map(|place| place.tick)
    }

    /// The tick of the newest keyframe at or before a tick.
    pub fn keyframe_before(&self, tick: Tick) -> Option<Tick> {
        let after = self.content.keyframes.partition_point(|place| place.tick <= tick);
        after.checked_sub(1).map(|newest| self.content.keyframes[newest].tick)
    }

    /// The newest keyframe at or before a tick, and the place from which the ticks after it are read on. A tick before
    /// the first keyframe gives the first.
    ///
    /// # Errors
    /// [`SeekError`] if there is no keyframe, or if this build does not understand it.
    pub fn seek(&self, tick: Tick) -> Result<(Keyframe, Cursor), SeekError> {
        let Content { keyframes, holes, .. } = &self.content;
        let after = keyframes.partition_point(|place| place.tick <= tick);
        let place = keyframes.get(after.saturating_sub(1)).ok_or(SeekError::Empty)?;
        let mut cursor = Cursor {
            window: Window::new(self.source.clone()),
            at: place.at,
            number: place.number,
            last_tick: place.tick,
            held: Held::default(),
            run: VecDeque::new(),
            next_hole: holes.partition_point(|hole| hole.offset <= place.at),
        };
        let keyframe =
            cursor.take_chunk(self, |chunk, _| read_keyframe(chunk)).map_err(SeekError::Damaged)?;
        Ok((keyframe, cursor))
    }

    /// The next tick; `None` at the end. After an error the cursor stands at the end: [`seek`](Recording::seek) the damage's
    /// next tick to continue.
    ///
    /// # Errors
    /// [`Damage`] at a hole in which ticks were lost, and where a chunk makes no sense although its checksum is right.
    pub fn next_tick(&self, cursor: &mut Cursor) -> Result<Option<RecordedTick>, Damage> {
        while cursor.run.is_empty() && cursor.at < self.end {
            match self.content.holes.get(cursor.next_hole).filter(|hole| hole.offset == cursor.at) {
                Some(hole) if hole.interrupts() => {
                    cursor.at = self.end;
                    return Err(hole.clone());
                }
                Some(hole) => {
                    cursor.at = hole.end;
                    cursor.next_hole += 1;
                }
                None => {
                    cursor.run = cursor.take_chunk(self, |chunk, held| match chunk.kind {
                        ChunkKind::Ticks => read_run(&chunk.body()?, held),
                        ChunkKind::Keyframe | ChunkKind::Marks | ChunkKind::Seats | ChunkKind::Index => {
                            Ok(VecDeque::new())
                        }
                    })?;
                }
            }
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
        let held = &mut self.held;
        let taken = self.window.chunk(at).and_then(|chunk| match read(&chunk, held) {
            Ok(value) => Ok((value, chunk.file_bytes())),
            Err(error) => Err((Some(chunk.kind), error)),
        });
        match taken {
            Ok((value, bytes)) => {
                self.at += bytes;
                self.number += 1;
                Ok(value)
            }
            Err((kind, error)) => {
                self.at = recording.end;
                let keyframes = &recording.content.keyframes;
                let after = keyframes.get(keyframes.partition_point(|place| place.at <= at));
                let mut damage = Damage::new(number, kind, at, &error, last_tick);
                damage.end = after.map_or(recording.end, |place| place.at);
                match after {
                    Some(place) => damage.continue_at(place.tick),
                    None => damage.lost_ticks = recording.last_tick().since(last_tick),
                }
                Err(damage)
            }
        }
    }
}

/// Whether a mark is kept in memory.
type KeepMark<'a> = dyn FnMut(&Mark) -> bool + 'a;

/// A look through all chunks of a file.
struct Scan<'a> {
    at: u64,
    number: u32,
    keep: &'a mut KeepMark<'a>,
    content: Content,
    /// The damage whose end is being looked for: the next tick that can be played.
    gap: Option<Damage>,
    index_seen: bool,
    /// The newest key of each seat.
    keys: BTreeMap<PlayerId, SeatKey>,
    entries_limit: u64,
}

impl<'a> Scan<'a> {
    fn new(at: u64, keep: &'a mut KeepMark<'a>, entries_limit: u64) -> Scan<'a> {
        let (content, keys) = (Content::empty(), BTreeMap::new());
        Scan { at, number: 1, keep, content, gap: None, index_seen: false, keys, entries_limit }
    }

    fn run(&mut self, window: &mut Window, file_bytes: u64) -> Ending {
        while self.at < file_bytes && self.content.holes.len() < HOLES_LIMIT {
            match window.chunk(self.at) {
                Ok(chunk) => self.take(&chunk),
                Err((kind, error)) => {
                    let next = window.find_chunk(self.at + 1);
                    let is_cut_off = matches!(error, ChunkError::CutOff { .. });
                    let torn =
                        self.gap.is_none() && next.is_none() && (is_cut_off || window.is_zero_from(self.at));
                    let end = next.unwrap_or(file_bytes);
                    self.damaged(kind, &error, end).torn |= torn;
                    self.at = end;
                }
            }
            self.number += 1;
        }
        if self.at < file_bytes {
            let error = ChunkError::Body(format!("{HOLES_LIMIT} parts before it are damaged"));
            self.damaged(None, &error, file_bytes);
        }
        match self.gap.take() {
            Some(gap) => Ending::Damaged(gap),
            None if self.index_seen => Ending::Complete,
            None => Ending::Unfinished,
        }
    }

    /// Nothing up to `end` can be used.
    fn damaged(&mut self, kind: Option<ChunkKind>, error: &ChunkError, end: u64) -> &mut Damage {
        let Scan { at, number, .. } = *self;
        let last_tick = self.content.last_tick;
        let gap = self.gap.get_or_insert_with(|| Damage::new(number, kind, at, error, last_tick));
        gap.end = end;
        gap
    }

    /// What follows can be played from a tick on.
    fn close_gap(&mut self, next_tick: Tick) {
        let Some(mut gap) = self.gap.take() else { return };
        let lost_ticks = gap.lost_ticks;
        if self.content.keyframes.is_empty() {
            // The recording begins here, whatever stood before.
            gap.last_tick = next_tick;
            gap.continue_at(next_tick);
            gap.lost_ticks = lost_ticks;
        } else {
            gap.continue_at(next_tick);
        }
        self.content.holes.push(gap);
    }

    fn take(&mut self, chunk: &RawChunk<'_>) {
        let share = &mut self.content.shares[chunk.kind as usize - 1];
        share.chunks += 1;
        share.bytes += chunk.file_bytes();
        let kind = Some(chunk.kind);
        if let Err(error) = self.read(chunk) {
            let is_first = self.gap.is_none();
            if is_first {
                self.damaged(kind, &error, self.at);
            }
            // What does not follow the chunk before may be the first after a gap.
            if !is_first || self.read(chunk).is_err() {
                self.damaged(kind, &error, self.at + chunk.file_bytes());
            }
        }
        self.at += chunk.file_bytes();
    }

    fn read(&mut self, chunk: &RawChunk<'_>) -> Result<(), ChunkError> {
        if self.index_seen {
            return Err(ChunkError::Body("it stands behind the index, where the recording ends".into()));
        }
        let last_tick = self.content.last_tick;
        match chunk.kind {
            ChunkKind::Keyframe => {
                let tick = Tick(take(&mut &*chunk.body()?)?);
                let follows = tick == last_tick || self.gap.is_some() && tick > last_tick;
                if !self.content.keyframes.is_empty() && !follows {
                    return Err(out_of_order(tick, last_tick));
                }
                self.close_gap(tick);
                self.content.keyframes.push(Place { tick, at: self.at, number: self.number });
                self.content.last_tick = tick;
            }
            ChunkKind::Ticks => {
                let span = take_span(&mut &*chunk.body()?)?;
                self.follow(&span).inspect_err(|_| self.lose(&span))?;
                self.close_gap(last_tick);
                self.content.last_tick = last_tick.plus(span.count);
            }
            ChunkKind::Marks => {
                let Marks(marks) = decode_stored(&chunk.body()?).map_err(body_error)?;
                let count = self.content.marks_count + marks.len() as u32;
                self.check_entries(count.into(), "marks")?;
                self.content.marks_count = count;
                self.content.marks.extend(marks.into_iter().filter(|mark| (self.keep)(mark)));
            }
            ChunkKind::Seats => {
                let Seats { next_player, keys, muted } = Seats::read(&chunk.body()?).map_err(body_error)?;
                self.check_entries((self.keys.len() + keys.len()) as u64, "keys of seats")?;
                let seats = &mut self.content.seats;
                seats.next_player = seats.next_player.max(next_player);
                seats.muted = muted;
                self.keys.extend(keys.into_iter().map(|key| (key.player, key)));
            }
            ChunkKind::Index => {
                let index = Index::decode(chunk)?;
                match self.gap.take() {
                    None if self.content.holes.is_empty() && !self.content.agrees_with(&index) => {
                        return Err(ChunkError::Body("it does not agree with what stands before it".into()));
                    }
                    None => {}
                    Some(gap) => {
                        let lost_ticks = index.last_tick.since(last_tick);
                        self.content.holes.push(Damage { lost_ticks, ..gap });
                    }
                }
                self.index_seen = true;
            }
        }
        Ok(())
    }

    fn check_entries(&self, count: u64, what: &str) -> Result<(), ChunkError> {
        if count <= self.entries_limit {
            return Ok(());
        }
        let limit = self.entries_limit;
        Err(ChunkError::Body(format!("more than the {limit} {what} that a file of this length may hold")))
    }

    /// Whether a run can be played behind what was read before it.
    fn follow(&self, span: &Span) -> Result<(), ChunkError> {
        let Content { keyframes, last_tick, .. } = &self.content;
        if keyframes.is_empty() || span.first.0.checked_sub(1) != Some(last_tick.0) {
            return Err(out_of_order(span.first, *last_tick));
        }
        let after_keyframe = keyframes.last().is_some_and(|place| place.tick == *last_tick);
        // A run that starts from cleared inputs needs the world before it, not the keyframe.
        if span.clears_held == after_keyframe || span.clears_held && self.gap.is_some() {
            Ok(())
        } else {
            Err(ChunkError::Body("the keyframe before it is missing or not its own".into()))
        }
    }

    /// A run in a gap cannot be played.
    fn lose(&mut self, span: &Span) {
        if let Some(gap) = &mut self.gap {
            if self.content.keyframes.is_empty() && gap.lost_ticks == 0 {
                gap.last_tick = Tick(span.first.0.saturating_sub(1));
            }
            let lost_ticks = span.first.plus(span.count - 1).since(gap.last_tick);
            gap.lost_ticks = gap.lost_ticks.max(lost_ticks);
        }
    }
}

/// Marks, and keys of seats, that a file may hold.
fn entries_limit(source: &dyn Source) -> u64 {
    SMALL_FILE_ENTRIES + source.bytes() / BYTES_PER_ENTRY
}

impl Content {
    fn empty() -> Content {
        Content {
            keyframes: Vec::new(),
            last_tick: Tick(0),
            marks: Vec::new(),
            marks_count: 0,
            seats: Seats::default(),
            shares: ChunkKind::ALL.map(|kind| Share { kind, chunks: 0, bytes: 0 }),
            holes: Vec::new(),
        }
    }

    fn first_tick(&self) -> Tick {
        self.keyframes.first().map_or(Tick(0), |place| place.tick)
    }

    /// Whether an index is that of this content. Takes time in proportion to the shorter of the two.
    fn agrees_with(&self, index: &Index) -> bool {
        index.keyframes.len() == self.keyframes.len() && *index == self.index()
    }

    fn index(&self) -> Index {
        Index {
            last_tick: self.last_tick,
            ticks: self.last_tick.since(self.first_tick()),
            marks: self.marks_count,
            keyframes: self.keyframes.iter().map(|place| (place.tick, place.at)).collect(),
        }
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
