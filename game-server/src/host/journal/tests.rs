//! The journal against disks that work, fail, fill up and stall.

use super::storage::RecordingFile;
use super::*;
use crate::assets::belt;
use shared::command::TickInputs;
use shared::id::PlayerId;
use shared::recording::{Encoder, Ending, FORMAT_VERSION, Header, KEYFRAMES_LIMIT, Recording};
use std::io;
use std::sync::{Condvar, MutexGuard};
use std::time::SystemTime;

fn session() -> Session {
    Session { room: "belt".into(), setup: setup(), watching: Watching::default() }
}

/// A disk in memory that fails and stalls as told.
#[derive(Clone, Default)]
struct Disk(Arc<(Mutex<DiskState>, Condvar)>);

#[derive(Default)]
struct DiskState {
    files: Vec<Vec<u8>>,
    /// Bytes that still fit; `None` is endless.
    room_bytes: Option<usize>,
    unwritable: bool,
    stalled: bool,
    /// The call that panics.
    panics_in: Option<&'static str>,
    /// Syncs take for ever, while bytes are taken.
    syncs_stalled: bool,
    /// The files that were made sure of, in order.
    synced: Vec<usize>,
}

#[derive(Clone)]
struct DiskFile {
    disk: Disk,
    index: usize,
}

impl Disk {
    fn state(&self) -> MutexGuard<'_, DiskState> {
        self.0.0.lock().expect("no test panics with the disk")
    }

    fn set(&self, change: impl FnOnce(&mut DiskState)) {
        change(&mut self.state());
        self.0.1.notify_all();
    }

    /// The state, once the disk does not stall.
    fn ready(&self) -> MutexGuard<'_, DiskState> {
        self.0.1.wait_while(self.state(), |state| state.stalled).expect("no test panics with the disk")
    }

    fn panic_if_told(&self, call: &str) {
        let panics = self.state().panics_in == Some(call);
        assert!(!panics, "the disk panics");
    }

    fn recordings(&self) -> Vec<Recording> {
        let files = self.state().files.clone();
        files.into_iter().map(|file| Recording::open(file).expect("a recording")).collect()
    }
}

impl Storage for Disk {
    type File = DiskFile;

    fn server_id(&mut self) -> io::Result<TokenHash> {
        Ok(TokenHash([7; 16]))
    }

    fn explain(&self, error: &io::Error) -> String {
        error.to_string()
    }

    fn create(&mut self, room: &str, _: SystemTime) -> io::Result<(DiskFile, String)> {
        let mut state = self.ready();
        if state.unwritable {
            return Err(io::Error::other("read-only"));
        }
        state.files.push(Vec::new());
        let index = state.files.len() - 1;
        Ok((DiskFile { disk: self.clone(), index }, format!("{room}-{index}")))
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        let newest = self.ready().files.pop();
        assert!(newest.is_some() && name.starts_with("belt-"));
        Ok(())
    }
}

impl RecordingFile for DiskFile {
    fn seated(&self, _: &Seats) {}

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.disk.panic_if_told("append");
        let mut state = self.disk.ready();
        let fits = state.room_bytes.map_or(bytes.len(), |room| room.min(bytes.len()));
        state.files[self.index].extend(&bytes[..fits]);
        if let Some(room) = &mut state.room_bytes {
            *room -= fits;
        }
        if fits < bytes.len() { Err(io::Error::other("no space left")) } else { Ok(()) }
    }

    fn sync(&mut self) -> io::Result<()> {
        self.disk.panic_if_told("sync");
        let ready = self.disk.0.1.wait_while(self.disk.state(), |state| state.stalled || state.syncs_stalled);
        ready.expect("no test panics with the disk").synced.push(self.index);
        Ok(())
    }

    fn another(&self) -> io::Result<DiskFile> {
        Ok(self.clone())
    }

    fn cut_to(&mut self, bytes: u64) -> io::Result<()> {
        self.disk.ready().files[self.index].truncate(bytes as usize);
        Ok(())
    }
}

/// A queue that no test fills: the tests tick faster than the writer's thread may be scheduled.
const AMPLE: usize = 1 << 20;

const KEYFRAME_INTERVAL_TICKS: u32 = 50;

/// A tick in which nothing happened; its hash is its number.
fn tick(tick: Tick) -> Record {
    Record::Tick { tick, inputs: TickInputs::default(), state_hash: tick.0.into() }
}

/// A room without a world.
struct TestRoom {
    journal: Journal,
    tick: Tick,
}

fn setup() -> Setup {
    Setup { tick_rate_hz: 5, ..belt() }
}

impl TestRoom {
    fn new(disk: &Disk, file_limit_bytes: u64, queue_limit_entries: usize) -> TestRoom {
        TestRoom::of_patience(disk, file_limit_bytes, queue_limit_entries, u32::MAX)
    }

    fn of_patience(
        disk: &Disk,
        file_limit_bytes: u64,
        queue_limit_entries: usize,
        patience_ticks: u32,
    ) -> TestRoom {
        let gate = CommitGate::new(Tick(0), patience_ticks, Arc::new(|| {}));
        let storage = disk.clone();
        let mut journal = Journal::on(storage, file_limit_bytes, queue_limit_entries, session(), gate, None);
        journal.take(Record::keyframe(Keyframe::default(), Seats::default()));
        TestRoom { journal, tick: Tick(0) }
    }

    fn keyframe(&self) -> Keyframe {
        Keyframe { tick: self.tick, next_net_id: self.tick.0, ..Keyframe::default() }
    }

    fn record_keyframe(&mut self) {
        self.journal.take(Record::keyframe(self.keyframe(), Seats::default()));
    }

    fn tick(&mut self) {
        self.tick = self.tick.next();
        self.journal.take(tick(self.tick));
        if self.journal.gate().is_some_and(|gate| gate.flush_requested(self.tick)) {
            self.journal.note_late();
        }
        if self.tick.0.is_multiple_of(KEYFRAME_INTERVAL_TICKS) {
            self.record_keyframe();
        }
    }

    fn ticks(&mut self, count: u32) {
        (0..count).for_each(|_| self.tick());
    }

    fn tick_until(&mut self, happened: impl Fn(&Journal) -> bool) {
        for _ in 0..10_000_000 {
            if happened(&self.journal) {
                return;
            }
            self.tick();
            std::thread::yield_now();
        }
        panic!("it did not happen: {:?}", self.journal.status());
    }

    fn finish(self) {
        let keyframe = self.keyframe();
        self.journal.finish(keyframe);
    }
}

fn hashes_from(recording: &Recording, tick: Tick) -> Vec<u64> {
    let (_, mut cursor) = recording.seek(tick).expect("a keyframe");
    std::iter::from_fn(|| recording.next_tick(&mut cursor).expect("a sound chunk"))
        .map(|tick| tick.state_hash)
        .collect()
}

#[test]
fn a_room_is_recorded_from_its_first_to_its_last_tick() {
    let disk = Disk::default();
    let mut room = TestRoom::new(&disk, u64::MAX, AMPLE);
    room.ticks(30);
    room.journal.take(Record::Mark(Mark::banked(Tick(30), PlayerId(1), 640)));
    room.journal.take(Record::Mark(Mark::left(Tick(33), PlayerId(2))));
    room.ticks(101);
    room.tick_until(|journal| journal.status().recording);
    assert_eq!(room.journal.status().file.as_deref(), Some("belt-0"));
    let last = room.tick;
    room.finish();
    let [recording] = &disk.recordings()[..] else { panic!("one file") };
    assert_eq!(recording.ending(), &Ending::Complete);
    assert_eq!((recording.first_tick(), recording.last_tick()), (Tick(0), last));
    assert_eq!(hashes_from(recording, Tick(0)), (1..=u64::from(last.0)).collect::<Vec<_>>());
    let keyframes: Vec<u32> = recording.keyframe_ticks().map(|tick| tick.0).collect();
    assert_eq!(keyframes[..3], [0, 50, 100]);
    assert_eq!(keyframes.last(), Some(&last.0));
    assert_eq!(
        recording.marks(),
        [Mark::banked(Tick(30), PlayerId(1), 640), Mark::left(Tick(33), PlayerId(2))]
    );
}

#[test]
fn a_room_that_is_dropped_leaves_a_recording_without_an_end() {
    let disk = Disk::default();
    let mut room = TestRoom::new(&disk, u64::MAX, AMPLE);
    room.ticks(20);
    let ended = room.journal.0.take().expect("a recorder");
    drop(ended.queue);
    assert_eq!(ended.ended.recv(), Err(std::sync::mpsc::RecvError));
    let [recording] = &disk.recordings()[..] else { panic!("one file") };
    assert_eq!((recording.ending(), recording.last_tick()), (&Ending::Unfinished, Tick(20)));
}

#[test]
fn a_full_disk_stops_the_recording_and_not_the_room_and_it_resumes_by_itself() {
    let disk = Disk::default();
    disk.set(|state| state.room_bytes = Some(4000));
    let mut room = TestRoom::new(&disk, u64::MAX, AMPLE);
    room.tick_until(|journal| journal.status().problem.is_some());
    let status = room.journal.status();
    assert!(!status.recording && status.file.is_none());
    assert_eq!(status.problem.as_deref(), Some("no space left"));
    disk.set(|state| state.room_bytes = None);
    room.tick_until(|journal| journal.status().recording);
    let resumed_before = room.tick;
    room.ticks(5);
    let last = room.tick;
    room.finish();
    let recordings = disk.recordings();
    let [first, resumed] = &recordings[..] else { panic!("two files, not {}", recordings.len()) };
    assert_eq!(first.ending(), &Ending::Unfinished, "half a chunk was left in the file");
    assert_eq!(resumed.ending(), &Ending::Complete);
    assert!(first.last_tick() < resumed.first_tick());
    assert!(resumed.first_tick() <= resumed_before);
    assert_eq!(resumed.last_tick(), last);
}

#[test]
fn a_thread_that_panics_is_replaced_or_noticed() {
    let disk = Disk::default();
    let mut room = TestRoom::new(&disk, u64::MAX, AMPLE);
    disk.set(|state| state.panics_in = Some("sync"));
    room.tick_until(|journal| journal.status().problem.is_some());
    disk.set(|state| state.panics_in = None);
    room.tick_until(|journal| journal.status().recording && !disk.state().synced.is_empty());
    assert!(!room.journal.has_ended());
    disk.set(|state| state.panics_in = Some("append"));
    room.tick_until(|journal| journal.has_ended() && !journal.status().recording);
}

#[test]
fn a_directory_that_cannot_be_written_is_tried_again() {
    let disk = Disk::default();
    disk.set(|state| state.unwritable = true);
    let mut room = TestRoom::new(&disk, u64::MAX, AMPLE);
    room.tick_until(|journal| journal.status().problem.is_some());
    disk.set(|state| state.unwritable = false);
    room.tick_until(|journal| journal.status().recording);
    room.finish();
    assert_eq!(disk.recordings().len(), 1);
}

#[test]
fn a_stalled_disk_holds_up_nothing_and_loses_nothing_that_fits_the_queue() {
    let disk = Disk::default();
    let mut room = TestRoom::new(&disk, u64::MAX, QUEUE_LIMIT_ENTRIES);
    disk.set(|state| state.stalled = true);
    // With the keyframes among them, these fit.
    room.ticks(QUEUE_LIMIT_ENTRIES as u32 * 9 / 10);
    disk.set(|state| state.stalled = false);
    let last = room.tick;
    room.finish();
    let [recording] = &disk.recordings()[..] else { panic!("one file") };
    assert_eq!((recording.ending(), recording.last_tick()), (&Ending::Complete, last));
}

#[test]
fn a_disk_whose_syncs_are_slow_holds_up_neither_players_nor_the_recording() {
    let disk = Disk::default();
    disk.set(|state| state.syncs_stalled = true);
    let mut room = TestRoom::of_patience(&disk, u64::MAX, AMPLE, u32::MAX);
    let gate = room.journal.gate().expect("it records").clone();
    room.ticks(100);
    while !gate.is_durable(room.tick) {
        std::thread::yield_now();
    }
    assert!(room.journal.status().recording && disk.state().synced.is_empty());
    disk.set(|state| state.syncs_stalled = false);
    room.finish();
    let [recording] = &disk.recordings()[..] else { panic!("one file") };
    assert_eq!((recording.ending(), recording.last_tick()), (&Ending::Complete, Tick(100)));
}

#[test]
fn a_room_without_a_file_holds_nobody_up_and_one_with_a_file_does() {
    let disk = Disk::default();
    let gate = CommitGate::new(Tick(0), u32::MAX, Arc::new(|| {}));
    gate.open();
    let mut journal = Journal::on(disk.clone(), u64::MAX, AMPLE, session(), gate, None);
    let gate = journal.gate().expect("it records").clone();
    journal.take(tick(Tick(1)));
    assert!(gate.is_durable(Tick(7)) && disk.state().files.is_empty());
    disk.set(|state| state.stalled = true);
    let keyframe = Keyframe { tick: Tick(7), ..Keyframe::default() };
    journal.take(Record::keyframe(keyframe, Seats::default()));
    assert!(gate.is_durable(Tick(7)) && !gate.is_durable(Tick(8)));
    disk.set(|state| state.stalled = false);
    journal.abandon();
}

#[test]
fn a_disk_that_stalls_for_long_stops_the_recording_until_it_is_back() {
    let disk = Disk::default();
    disk.set(|state| state.stalled = true);
    let mut room = TestRoom::new(&disk, u64::MAX, 100);
    room.ticks(1000);
    assert_eq!(room.journal.status().problem.as_deref(), Some("the disk does not keep up"));
    disk.set(|state| state.stalled = false);
    room.tick_until(|_| disk.state().files.len() > 1);
    room.finish();
    let recordings = disk.recordings();
    assert_eq!(recordings[0].first_tick(), Tick(0));
    assert!((90..=101).contains(&recordings[0].last_tick().0), "{:?}", recordings[0].last_tick());
    assert!(recordings[1].first_tick() >= Tick(1000));
    for recording in &recordings {
        assert_eq!(recording.ending(), &Ending::Complete);
        let (first, last) = (u64::from(recording.first_tick().0), u64::from(recording.last_tick().0));
        assert_eq!(hashes_from(recording, Tick(0)), (first + 1..=last).collect::<Vec<_>>());
    }
}

#[test]
fn a_long_recording_goes_on_in_a_new_file_that_stands_for_itself() {
    let disk = Disk::default();
    let mut room = TestRoom::new(&disk, 1, AMPLE);
    room.ticks(400);
    room.finish();
    let recordings = disk.recordings();
    assert_eq!(recordings.len(), 9, "one for each keyframe");
    for pair in recordings.windows(2) {
        assert_eq!(pair[0].ending(), &Ending::Complete);
        assert_eq!(pair[0].last_tick(), pair[1].first_tick());
    }
    assert_eq!(recordings[recordings.len() - 1].last_tick(), Tick(400));
    let synced = &disk.state().synced;
    for file in 1..recordings.len() {
        let begun = synced.iter().position(|synced| *synced == file);
        let closed = synced.iter().rposition(|synced| *synced == file - 1);
        assert!(begun < closed, "a power cut between two files loses nothing: {synced:?}");
    }
}

#[test]
fn a_full_recording_whose_successor_cannot_begin_can_still_be_gone_on_with() {
    let disk = Disk::default();
    let mut room = TestRoom::new(&disk, 1, AMPLE);
    room.tick_until(|journal| journal.status().recording);
    disk.set(|state| state.unwritable = true);
    room.tick_until(|journal| journal.status().problem.is_some());
    let recordings = disk.recordings();
    assert_eq!(recordings[recordings.len() - 1].ending(), &Ending::Unfinished);
}

#[test]
fn a_recording_of_too_many_keyframes_for_its_index_goes_on_in_a_new_file() {
    let disk = Disk::default();
    let mut room = TestRoom::new(&disk, u64::MAX, AMPLE);
    for _ in 0..KEYFRAMES_LIMIT {
        room.record_keyframe();
    }
    let written = room.journal.0.take().expect("a recorder");
    drop(written.queue);
    assert_eq!(written.ended.recv(), Err(std::sync::mpsc::RecvError));
    let kept: Vec<usize> = disk.recordings().iter().map(|file| file.keyframe_ticks().len()).collect();
    assert_eq!(kept, [KEYFRAMES_LIMIT, 1]);
}

#[test]
fn a_session_in_the_format_before_goes_on_in_a_new_file() {
    let mut header = Header::new(&setup(), "any build", "belt", 0);
    header.format = FORMAT_VERSION - 1;
    let mut encoder = Encoder::new(&header);
    encoder.keyframe(&Keyframe::default()).expect("a small keyframe");
    let begun = encoder.take().expect("small chunks");
    let disk = Disk::default();
    disk.set(|state| state.files.push(begun.clone()));
    let old = Recording::open(begun).expect("a sound file");
    let file = DiskFile { disk: disk.clone(), index: 0 };
    let open = OpenFile::resume("belt-0".into(), TokenHash([7; 16]), file, &old).expect("a disk that works");
    let gate = CommitGate::new(Tick(0), u32::MAX, Arc::new(|| {}));
    let mut journal = Journal::on(disk.clone(), u64::MAX, AMPLE, session(), gate, Some(open));
    journal.take(Record::keyframe(Keyframe::default(), Seats::default()));
    let mut room = TestRoom { journal, tick: Tick(0) };
    room.ticks(10);
    room.finish();
    let [old, new] = &disk.recordings()[..] else { panic!("two files") };
    assert_eq!((old.header().format, old.ending()), (FORMAT_VERSION - 1, &Ending::Complete));
    assert_eq!((new.header().format, new.ending()), (FORMAT_VERSION, &Ending::Complete));
    assert_eq!((old.last_tick(), new.first_tick(), new.last_tick()), (Tick(0), Tick(0), Tick(10)));
}

#[test]
fn players_are_told_what_the_disk_has_and_wait_no_longer_than_their_patience() {
    let disk = Disk::default();
    let mut room = TestRoom::of_patience(&disk, u64::MAX, AMPLE, 20);
    let gate = room.journal.gate().expect("it records").clone();
    room.tick();
    while !gate.is_durable(room.tick) {
        std::thread::yield_now();
    }
    disk.set(|state| state.stalled = true);
    room.tick();
    assert!(!gate.is_durable(room.tick), "the disk has not got it");
    disk.set(|state| state.stalled = false);
    while !gate.is_durable(room.tick) {
        std::thread::yield_now();
    }

    disk.set(|state| state.stalled = true);
    room.ticks(20);
    assert!(!gate.is_durable(room.tick));
    assert_eq!(room.journal.status().problem, None);
    room.tick();
    assert!(gate.is_durable(room.tick), "the game continues without the disk");
    let status = room.journal.status();
    assert_eq!((status.recording, status.problem.as_deref()), (true, Some(status::LATE)));
    disk.set(|state| state.stalled = false);
    // Nothing was lost: the file continues, and players wait for it again.
    while !(room.journal.status().recording
        && gate.is_durable(room.tick)
        && !gate.is_durable(room.tick.next()))
    {
        std::thread::yield_now();
    }
    let last = room.tick;
    room.finish();
    let [recording] = &disk.recordings()[..] else { panic!("one file") };
    assert_eq!((recording.ending(), recording.last_tick()), (&Ending::Complete, last));
}

#[test]
fn without_recording_nothing_happens() {
    let mut journal = Journal::off();
    journal.take(tick(Tick(1)));
    journal.take(Record::Mark(Mark::left(Tick(1), PlayerId(1))));
    assert_eq!(journal.status(), JournalStatus::default());
    journal.finish(Keyframe::default());
}
