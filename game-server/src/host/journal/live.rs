//! What of a running recording may be watched: its pieces that are older than the watch delay.

use room::KEYFRAME_INTERVAL_SECONDS;
use serde::Serialize;
use shared::recording::{Audience, HEADER_LIMIT_BYTES, Header, Landmark, PieceCounter, Watching};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::ops::Range;
use std::time::{Duration, Instant};

/// After an outage the loop hurries by so much: ticks that a restart has found may be younger than their number says.
const HURRY_LIMIT: Duration = Duration::from_secs(1);
/// Bytes of a file that are read at once.
const PORTION_BYTES: usize = 64 * 1024;

/// The recording of a match that may be watched. As JSON this is what `/api/watch` shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LiveStatus {
    /// The room's name.
    pub room: String,
    /// The file's name.
    pub recording: String,
    /// The mode's title.
    pub mode: String,
    /// Ticks per second.
    pub tick_rate: u16,
    /// When the recording began, in milliseconds since 1970 (UTC).
    pub started_at: u64,
    /// How far behind the match those who watch are, in seconds.
    pub delay_seconds: u64,
    /// Who may watch; `None` if the room does not say.
    #[serde(skip)]
    pub audience: Option<Audience>,
    /// Pieces that may be fetched.
    pub pieces: usize,
    /// Their bytes.
    pub bytes: u64,
    /// No piece follows.
    pub ended: bool,
}

/// The pieces of one recording.
#[derive(Debug)]
pub(super) struct LivePieces {
    header: Header,
    header_bytes: u64,
    counter: PieceCounter,
    /// Where keyframes begin.
    keyframes: Vec<u64>,
    /// Of all that was written.
    bytes: u64,
    /// In the order of the file.
    pieces: Vec<Piece>,
    ended: bool,
}

#[derive(Clone, Copy, Debug)]
struct Piece {
    /// Where it ends, in bytes from the start of the file.
    end: u64,
    /// When its last byte was written.
    written: Instant,
}

impl LivePieces {
    /// Of a file that begins with these bytes; `None` if they are not a whole header.
    pub fn new(start: &[u8]) -> Option<LivePieces> {
        let (header, header_bytes) = Header::read(start).ok()?;
        let counter = PieceCounter::new(header.format, header_bytes);
        let header_bytes = header_bytes as u64;
        let (keyframes, pieces) = (Vec::new(), Vec::new());
        Some(LivePieces { header, header_bytes, counter, keyframes, bytes: 0, pieces, ended: false })
    }

    /// Of a file that was written up to `bytes` before this process continues it. How old its parts are is known by the ticks
    /// behind them, which took their time.
    pub fn of_file(file: &File, bytes: u64, now: Instant) -> io::Result<LivePieces> {
        let mut start = Vec::new();
        let mut reader = BufReader::with_capacity(PORTION_BYTES, file);
        io::Seek::rewind(&mut reader)?;
        reader.by_ref().take(HEADER_LIMIT_BYTES as u64).read_to_end(&mut start)?;
        let mut live = LivePieces::new(&start).ok_or(io::ErrorKind::InvalidData)?;
        io::Seek::rewind(&mut reader)?;
        let (mut left, mut portion) = (bytes, vec![0; PORTION_BYTES]);
        while left > 0 {
            portion.truncate(left.min(PORTION_BYTES as u64) as usize);
            reader.read_exact(&mut portion)?;
            live.push(&portion, now);
            left -= portion.len() as u64;
        }
        let tick = Duration::from_secs(1) / u32::from(live.header.tick_rate_hz.max(1));
        let piece_chunks = live.counter.piece_chunks();
        let mut ticks_behind = live.counter.chunks();
        for piece in live.pieces.iter_mut().rev() {
            let age = (tick * ticks_behind).saturating_sub(HURRY_LIMIT);
            piece.written = now.checked_sub(age).unwrap_or(now);
            ticks_behind = ticks_behind.saturating_add(piece_chunks);
        }
        Ok(live)
    }

    /// The next bytes were written to the file.
    pub fn push(&mut self, bytes: &[u8], now: Instant) {
        let LivePieces { keyframes, pieces, .. } = self;
        self.bytes += bytes.len() as u64;
        self.counter.push(bytes, |found| match found {
            Landmark::Keyframe(at) => keyframes.push(at),
            Landmark::PieceEnd(end) => pieces.push(Piece { end, written: now }),
        });
    }

    /// No bytes follow.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// Where the header ends, and where the last seconds of the recording stand, from a keyframe on; `None` if it has none.
    pub fn newest_part(&self, seconds: u32) -> Option<(u64, Range<u64>)> {
        let keyframes = (seconds as f32 / KEYFRAME_INTERVAL_SECONDS).ceil() as usize + 1;
        let from = self.keyframes.get(self.keyframes.len().saturating_sub(keyframes))?;
        Some((self.header_bytes, *from..self.bytes))
    }

    pub fn watching(&self) -> Watching {
        self.header.watching
    }

    pub fn room(&self) -> &str {
        &self.header.room
    }

    /// How many pieces are older than the delay.
    fn old(&self, delay: Duration, now: Instant) -> usize {
        self.pieces.partition_point(|piece| piece.written + delay <= now)
    }

    pub fn status(&self, name: &str, delay: Duration, now: Instant) -> LiveStatus {
        let pieces = self.old(delay, now);
        LiveStatus {
            room: self.header.room.clone(),
            recording: name.into(),
            mode: self.header.mode.clone(),
            tick_rate: self.header.tick_rate_hz,
            started_at: self.header.started_at_unix_ms,
            delay_seconds: delay.as_secs(),
            audience: self.header.watching.audience,
            pieces,
            bytes: pieces.checked_sub(1).map_or(0, |last| self.pieces[last].end),
            ended: self.ended && pieces == self.pieces.len(),
        }
    }

    /// Where the pieces from `first` up to `end` stand in the file.
    pub fn run(&self, first: usize, end: usize, delay: Duration, now: Instant) -> Run {
        if first < end && end <= self.old(delay, now) {
            let from = first.checked_sub(1).map_or(0, |before| self.pieces[before].end);
            return Run::At { from, to: self.pieces[end - 1].end };
        }
        let next = self.old(delay, now);
        match self.pieces.get(next) {
            _ if (first, end) != (next, next + 1) => Run::Missing,
            Some(piece) => Run::Due(piece.written + delay),
            None if self.ended => Run::Missing,
            None => Run::Unwritten,
        }
    }
}

/// Where pieces stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// Here, in bytes from the start of the file.
    At {
        from: u64,
        to: u64,
    },
    /// The next piece, which may be shown from this time on.
    Due(Instant),
    /// The next piece, which is not written to its end.
    Unwritten,
    Missing,
}

#[cfg(test)]
mod tests {
    use super::super::room_files::RoomFiles;
    use super::super::storage::{RecordingFile, Storage};
    use super::super::{Directory, Retention};
    use super::*;
    use crate::assets::belt;
    use shared::command::TickInputs;
    use shared::id::Tick;
    use shared::keyframe::Keyframe;
    use shared::recording::{Encoder, PIECE_CHUNKS};
    use std::time::SystemTime;

    const DELAY: Duration = Duration::from_secs(60);
    const TICKS: u32 = PIECE_CHUNKS * 10 + 7;

    /// What the disk is given of a recording, by tick, and its end.
    fn written() -> Vec<Vec<u8>> {
        let mut encoder = Encoder::new(&Header::new(&belt(), "any build", "belt-1", 0));
        encoder.keyframe(&Keyframe::default()).expect("a small keyframe");
        let ticks = (1..=TICKS).map(|tick| {
            encoder.tick(Tick(tick), &TickInputs::default(), 0).expect("a small tick");
            encoder.take().expect("small")
        });
        let mut written: Vec<_> = ticks.collect();
        written.push(encoder.finish().expect("small"));
        written
    }

    #[test]
    fn nothing_younger_than_the_delay_is_shown_and_the_end_is() {
        let written = written();
        let start = Instant::now();
        let mut live = LivePieces::new(&written[0]).expect("a header");
        let at = |tick: usize| start + Duration::from_millis(100) * tick as u32;
        let mut bytes_at = Vec::new();
        for (tick, bytes) in written.iter().enumerate() {
            live.push(bytes, at(tick));
            bytes_at.push(bytes.len() as u64 + bytes_at.last().copied().unwrap_or_default());
        }
        live.end();
        for tick in 0..written.len() * 2 {
            let now = at(tick);
            let shown = live.status("x", DELAY, now);
            let old_enough = (tick.checked_sub(600)).map_or(0, |old| bytes_at[old.min(written.len() - 1)]);
            assert!(shown.bytes <= old_enough, "at {tick}");
            let next = shown.pieces;
            assert_eq!(shown.ended, next == 11, "at {tick}");
            match live.run(next, next + 1, DELAY, now) {
                Run::Due(due) => assert!(due > now && live.run(next, next + 1, DELAY, due) != Run::Due(due)),
                run => assert!(shown.ended && run == Run::Missing, "{run:?}"),
            }
            assert_eq!(
                live.run(0, next + 1, DELAY, now),
                if next == 0 { live.run(0, 1, DELAY, now) } else { Run::Missing }
            );
            if next > 0 {
                assert_eq!(live.run(0, next, DELAY, now), Run::At { from: 0, to: shown.bytes });
            }
        }
        assert_eq!(live.status("x", DELAY, at(5000)).bytes, bytes_at[bytes_at.len() - 1]);
    }

    #[test]
    fn a_server_that_continues_a_recording_cuts_it_as_the_one_before() -> io::Result<()> {
        let written = written();
        let home = tempfile::tempdir()?;
        let directory = Directory::new(home.path().into()).with_delay(Duration::ZERO);
        let mut files = RoomFiles::new(directory.clone(), Retention::default(), Vec::new());
        let (mut file, name) = files.create("belt-1", SystemTime::now())?;
        written[..TICKS as usize].iter().try_for_each(|bytes| file.append(bytes))?;
        let before = directory.live("belt-1", |_| true).expect("a running recording");
        assert_eq!((before.pieces, before.ended), (10, false));
        let opened = File::open(home.path().join(&name))?;
        let now = Instant::now() + DELAY * 9;
        let again = LivePieces::of_file(&opened, opened.metadata()?.len(), now)?;
        assert_eq!(again.status(&name, Duration::ZERO, now), before);
        // Seven ticks are behind the last piece, and 60 more behind each before it.
        let seconds = |ticks: u32| f64::from(ticks) / 30.0;
        let age = |piece: u32| (seconds(7 + PIECE_CHUNKS * (9 - piece)) - 1.0).max(0.0);
        for (piece, held) in (0..).zip(&again.pieces) {
            assert!(((now - held.written).as_secs_f64() - age(piece)).abs() < 0.01, "piece {piece}");
        }
        drop((file, files));
        assert!(directory.live("belt-1", |_| true).is_some_and(|live| live.ended));
        Ok(())
    }
}
