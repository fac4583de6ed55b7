//! The titles of recordings, for link previews, and the best moments of the day. Reading a recording's marks takes a pass over its
//! file: what was found is kept in memory.

use super::audience::{Admission, ShownSeats};
use crate::host::journal::{Directory, FileSource, ListedRecording, LiveStatus};
use crate::host::titles::{self, name_of, title};
use serde::Serialize;
use shared::highlights::highlights;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Recordings whose marks are kept in memory; beyond it, all are read again.
const KEPT_RECORDINGS: usize = 256;
/// The best are looked for among those that began within this time, and among this many of them, the newest.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const DAY_LIMIT_RECORDINGS: usize = 64;
/// Best moments shown.
const BEST_LIMIT: usize = 10;
/// The best are looked for again after this time, and the title of a match that runs on.
const AGE_LIMIT: Duration = Duration::from_secs(30);

/// One of the best moments of the day. As JSON this is what `/api/watch` shows.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BestMoment {
    /// The file's name.
    pub recording: String,
    /// The room's name.
    pub room: String,
    /// As [`shared::highlights::MomentKind::name`] has it.
    pub kind: &'static str,
    /// The player's name.
    pub name: String,
    pub value: u32,
    pub seconds: u32,
    /// Where it begins, in seconds from the recording's start.
    pub from_seconds: u32,
    #[serde(skip)]
    rank: u32,
}

/// What the marks of a recording say.
struct Told {
    /// Bytes of it that were read.
    bytes: u64,
    read: Instant,
    title: String,
    best: Vec<BestMoment>,
}

/// What the marks of the recordings say.
pub struct Highlights {
    admission: Admission,
    told: Mutex<HashMap<String, Arc<Told>>>,
    /// Files are read one after the other: whoever asks for many takes one thread.
    reading: tokio::sync::Mutex<()>,
    best: tokio::sync::Mutex<Option<(Instant, Arc<[BestMoment]>)>>,
}

impl Highlights {
    pub fn new(admission: Admission) -> Highlights {
        Highlights {
            admission,
            told: Mutex::default(),
            reading: tokio::sync::Mutex::default(),
            best: tokio::sync::Mutex::default(),
        }
    }

    /// The title of a recording that is for everybody.
    pub async fn title_of(self: &Arc<Highlights>, name: &str) -> Option<String> {
        let (highlights, name) = (self.clone(), name.to_owned());
        let find = move || {
            let path = highlights.admission.recordings.path(&name)?;
            highlights.admission.to_file(&path, &ShownSeats::default())?;
            let bytes = path.metadata().ok().filter(std::fs::Metadata::is_file)?.len();
            Some(highlights.told(&path, &name, bytes)?.title.clone())
        };
        let _reading = self.reading.lock().await;
        tokio::task::spawn_blocking(find).await.ok()?
    }

    /// The title of a room's match that runs on and is for everybody: only what may be watched of it counts.
    pub async fn title_of_match(self: &Arc<Highlights>, room: &str) -> Option<String> {
        let directory = self.admission.recordings.directory().cloned()?;
        let (highlights, room) = (self.clone(), room.to_owned());
        let find = move || {
            let may_be_shown =
                |live: &LiveStatus| highlights.admission.is_for_everybody(&live.room, live.audience);
            let live = directory.live(&room, may_be_shown)?;
            let path = directory.path().join(&live.recording);
            Some(highlights.told(&path, &live.recording, live.bytes)?.title.clone())
        };
        let _reading = self.reading.lock().await;
        tokio::task::spawn_blocking(find).await.ok()?
    }

    /// The best moments of the day, of finished recordings that may be shown, the best first. Concurrent callers wait on the lock
    /// and share one search.
    pub async fn best_of_the_day(self: &Arc<Highlights>) -> Arc<[BestMoment]> {
        let mut newest = self.best.lock().await;
        if let Some((found, best)) = &*newest
            && found.elapsed() < AGE_LIMIT
        {
            return best.clone();
        }
        let highlights = self.clone();
        let best = tokio::task::spawn_blocking(move || highlights.find_best(SystemTime::now())).await;
        let best: Arc<[BestMoment]> = best.unwrap_or_default().into();
        *newest = Some((Instant::now(), best.clone()));
        best
    }

    fn find_best(&self, now: SystemTime) -> Vec<BestMoment> {
        let Some(directory) = self.admission.recordings.directory() else { return Vec::new() };
        let since = now.checked_sub(DAY).and_then(|since| since.duration_since(UNIX_EPOCH).ok());
        let since_ms = since.unwrap_or_default().as_millis() as u64;
        let listed = directory.list().unwrap_or_default();
        let of_the_day = listed.iter().filter(|one| {
            one.started_at >= since_ms && self.admission.is_for_everybody(&one.room, one.audience)
        });
        let told = of_the_day.take(DAY_LIMIT_RECORDINGS).filter_map(|one| self.told_of(directory, one));
        let mut best: Vec<_> = told.flat_map(|told| told.best.clone()).collect();
        best.sort_by_key(|moment| std::cmp::Reverse(moment.rank));
        best.truncate(BEST_LIMIT);
        best
    }

    fn told_of(&self, directory: &Directory, listed: &ListedRecording) -> Option<Arc<Told>> {
        self.told(&directory.path().join(&listed.name), &listed.name, listed.bytes)
    }

    /// What the marks in the first bytes of a file say. Waits for the disk, unless it is known.
    fn told(&self, path: &Path, name: &str, bytes: u64) -> Option<Arc<Told>> {
        let known = self.told.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        let is_fresh =
            |told: &Arc<Told>| told.bytes == bytes || told.bytes < bytes && told.read.elapsed() < AGE_LIMIT;
        if let Some(told) = known.filter(is_fresh) {
            return Some(told);
        }
        let told = Arc::new(Told::read(path, name, bytes)?);
        let mut all = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= KEPT_RECORDINGS {
            all.clear();
        }
        all.insert(name.to_owned(), told.clone());
        Some(told)
    }
}

impl Told {
    fn read(path: &Path, name: &str, bytes: u64) -> Option<Told> {
        let recording = titles::open(FileSource::open(path).ok()?.up_to(bytes)).ok()?;
        let header = recording.header();
        let (rate, last, first) = (header.tick_rate_hz, recording.last_tick(), recording.first_tick());
        let moments = highlights(recording.marks(), rate);
        let best = moments.iter().take(BEST_LIMIT).filter_map(|moment| {
            let (from, _) = moment.span(last, rate);
            Some(BestMoment {
                recording: name.into(),
                room: header.room.clone(),
                kind: moment.kind.name(),
                name: name_of(&recording, moment.player)?,
                value: moment.value,
                seconds: moment.seconds(rate),
                from_seconds: from.since(first) / u32::from(rate),
                rank: moment.rank,
            })
        });
        let best = best.collect();
        Some(Told { bytes, read: Instant::now(), title: title(&recording), best })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::belt;
    use crate::net::http::audience::Watch;
    use crate::net::http::recording_source::Recordings;
    use shared::command::{Join, TickInputs};
    use shared::id::{PlayerId, Tick};
    use shared::recording::{Encoder, Header, Mark};
    use shared::text::Name;
    use sim::Sim;

    /// A recording of three seconds, in which one player destroys a ship in each.
    fn write(directory: &Path, room: &str, age: Duration) {
        let setup = belt();
        let mut sim = Sim::new(&setup).unwrap();
        let join = Join { player: PlayerId(1), name: Name::from_input("Comet"), hull: Default::default() };
        let joins = TickInputs { joins: vec![join.clone()], ..TickInputs::default() };
        let started = (SystemTime::now() - age).duration_since(UNIX_EPOCH).unwrap();
        let header = Header::new(&setup, Sim::BUILD, room, started.as_millis() as u64);
        let mut encoder = Encoder::new(&header);
        encoder.keyframe(&sim.keyframe()).unwrap();
        encoder.mark(Mark::joined(Tick(1), join.player, &join.name));
        for tick in 1..=90 {
            let inputs = if tick == 1 { joins.clone() } else { TickInputs::default() };
            sim.step(&inputs);
            encoder.tick(Tick(tick), &inputs, sim.state_hash()).unwrap();
            if tick % 30 == 0 {
                encoder.mark(Mark::killed(Tick(tick), join.player, PlayerId(9), 25));
            }
        }
        std::fs::write(directory.join(format!("{room}.belt")), encoder.finish().unwrap()).unwrap();
    }

    #[tokio::test]
    async fn titles_and_the_best_of_the_day_are_those_of_recordings_that_may_be_shown() {
        let home = tempfile::tempdir().unwrap();
        write(home.path(), "belt-1", Duration::from_secs(60));
        write(home.path(), "belt-2", DAY * 2);
        write(home.path(), "ours", Duration::ZERO);
        let directory = Directory::new(home.path().into());
        let hold = directory.hold("belt-3.belt");
        write(home.path(), "belt-3", Duration::ZERO);
        let recordings = Recordings::Directory(directory);
        let highlights = Arc::new(Highlights::new(Admission { recordings, watch: Watch::Public }));
        assert_eq!(highlights.title_of("belt-1.belt").await.as_deref(), Some("Comet, 3 in 2 seconds"));
        assert_eq!(highlights.title_of("belt-3.belt").await, None, "it runs on");
        assert_eq!(highlights.title_of("ours.belt").await, None, "it is closed");
        let best = highlights.best_of_the_day().await;
        let told: Vec<_> =
            best.iter().map(|best| (&*best.room, best.kind, &*best.name, best.value)).collect();
        assert_eq!(told, [("belt-1", "streak", "Comet", 3)]);

        // Of a match that runs on, what is older than the delay.
        hold.grown(&std::fs::read(home.path().join("belt-3.belt")).unwrap());
        assert_eq!(highlights.title_of_match("belt-3").await.as_deref(), Some("Comet, 3 in 2 seconds"));
        assert_eq!(highlights.title_of_match("ours").await, None);
    }
}
