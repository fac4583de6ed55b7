//! The journal of a room: everything that enters its world, written to a recording off the room's thread.
//!
//! The room hands ticks, keyframes and marks to [`Journal`], which never waits: they go through a bounded queue to a
//! thread that writes them to the operating system at once and to the disk at least every second. When the disk fails or
//! does not keep up, recording stops, loudly, and the room continues; with the next keyframe it is tried again, in a new
//! file. The format is [`shared::recording`]'s.

mod directory;
mod list;
mod listed;
mod live;
mod lock;
mod replica;
mod retention;
mod room_files;
mod source;
mod status;
mod storage;
mod syncer;
#[cfg(test)]
mod tests;
mod unfinished;
mod writer;

pub use directory::{Directory, DiskUse, FILE_EXTENSION, Hold, is_named_as_ours};
pub use list::list;
pub use listed::ListedRecording;
pub use live::{LiveStatus, Run};
pub use lock::{DirectoryLock, LockError, process_at};
pub use replica::Replica;
pub use retention::Retention;
pub use shared::recording::{Mark, SeatKey, Seats, TokenHash};
pub use source::FileSource;
pub use status::JournalStatus;
pub use unfinished::{Held, Unfinished, unfinished};

use crate::host::commit_gate::{CommitGate, Flush};
use replica::ReplicaEnd;
use room::Record;
use room_files::{RoomFile, RoomFiles};
use shared::id::Tick;
use shared::keyframe::Keyframe;
use shared::recording::Watching;
use shared::setup::Setup;
use sim::replay::Resimulation;
use status::Reporter;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use storage::Storage;
pub use writer::QUEUE_LIMIT_ENTRIES;
use writer::{LastWord, OpenFile, Session, Writer};

/// How long the end of a room waits for its recording to be closed.
pub const FINISH_LIMIT: Duration = Duration::from_secs(3);
/// A file that is longer is closed at the next keyframe, and a new one begins, unless the host says otherwise.
pub const DEFAULT_FILE_LIMIT_BYTES: u64 = 1024 * 1024 * 1024;

/// What happens in a match is shown to those who watch after this time, unless the host says otherwise.
pub const DEFAULT_WATCH_DELAY_SECONDS: u32 = 60;

/// Players wait for the disk no longer than this, unless the host says otherwise.
pub const DEFAULT_WAIT_LIMIT_MS: u32 = 500;

/// Why nothing is recorded when the disk is slower than the room.
const BEHIND: &str = "the disk does not keep up";
/// Why nothing is recorded when the writer has panicked.
const ENDED: &str = "the journal's thread has ended";
/// Why a recording has no end.
const UNFINISHED: &str = "the disk did not take the end of the recording in time";

/// Where and how rooms are recorded.
#[derive(Clone, Debug)]
pub struct JournalOptions {
    /// Where the files go. Made if it is not there.
    pub directory: Directory,
    /// A file that is longer is closed at the next keyframe, and a new one begins.
    pub file_limit_bytes: u64,
    /// Which old recordings are deleted.
    pub retention: Retention,
    /// Longest that players wait for the disk before they are told what it has not got, in milliseconds.
    pub wait_limit_ms: u32,
    /// Who may watch the room, as far as the host has chosen it.
    pub watching: Watching,
}

impl JournalOptions {
    /// Recordings in this directory, none of them ever deleted.
    #[must_use]
    pub fn new(directory: PathBuf) -> JournalOptions {
        let retention = Retention::default();
        JournalOptions {
            directory: Directory::new(directory),
            file_limit_bytes: DEFAULT_FILE_LIMIT_BYTES,
            retention,
            wait_limit_ms: DEFAULT_WAIT_LIMIT_MS,
            watching: Watching::default(),
        }
    }
}

/// A room's end of its recording. Nothing here waits, except [`Journal::finish`].
#[derive(Debug)]
pub struct Journal(Option<Recorder>);

#[derive(Debug)]
struct Recorder {
    queue: SyncSender<Record>,
    /// Where the writer finds the room's last keyframe when the queue ends. Not in the queue, which may be full.
    last: Arc<Mutex<Option<LastWord>>>,
    ended: Receiver<()>,
    status: Arc<Reporter>,
    gate: Arc<CommitGate>,
    /// `None` if the kernel gave none.
    thread: Option<JoinHandle<()>>,
    has_begun: bool,
    /// Ticks were lost, so that those after them are of no use until a keyframe.
    gap: bool,
}

impl Journal {
    /// Records nothing.
    #[must_use]
    pub fn off() -> Journal {
        Journal(None)
    }

    /// Begins the recording of a room. Its file is made with the first keyframe, before which every tick counts as durable; if
    /// that fails, the status says so. `flush`
    /// is called whenever what the room has said may go out to the players.
    #[must_use]
    pub fn create(options: &JournalOptions, room: &str, setup: &Setup, flush: Flush) -> Journal {
        let storage = RoomFiles::new(options.directory.clone(), options.retention.clone(), Vec::new());
        let gate = gate(options, setup, Tick(0), flush);
        gate.open();
        let session = Session { room: room.into(), setup: setup.clone(), watching: options.watching };
        Journal::on(storage, options.file_limit_bytes, QUEUE_LIMIT_ENTRIES, session, gate, None)
    }

    /// As [`Journal::create`], of a room in a fleet: the same bytes go there, too, and the gate waits for both.
    #[must_use]
    pub fn create_replicated(
        options: &JournalOptions,
        room: &str,
        setup: &Setup,
        gate: Arc<CommitGate>,
        replica: Replica,
    ) -> Journal {
        let storage = RoomFiles::new(options.directory.clone(), options.retention.clone(), Vec::new());
        let session = Session { room: room.into(), setup: setup.clone(), watching: options.watching };
        let mut writer = writer(storage, options.file_limit_bytes, session, gate);
        writer.replica = Some(ReplicaEnd::new(replica));
        Journal::start(writer, QUEUE_LIMIT_ENTRIES)
    }

    /// Continues a recording that was not closed, in the same file if nothing of it is damaged. What a crash has left of its last
    /// chunk is cut off; a damaged file is left as it is, and the first keyframe, which must be of the restored tick, begins a
    /// new one.
    #[must_use]
    pub fn resume(options: &JournalOptions, held: Held, restored: &Resimulation, flush: Flush) -> Journal {
        let (setup, recording) = (restored.setup(), restored.recording());
        let Held { room, name, file, hold } = held;
        let watching = recording.header().watching;
        let hold = Arc::new(hold);
        let storage =
            RoomFiles::new(options.directory.clone(), options.retention.clone(), vec![hold.clone()]);
        let damage: Vec<_> =
            recording.damage().chain(restored.damage()).filter(|damage| !damage.torn).collect();
        for damage in &damage {
            let path = options.directory.path().join(&name);
            tracing::error!(
                room,
                file = %path.display(),
                bytes = format!("{}-{}", damage.offset, damage.end),
                ticks_lost = damage.lost_ticks,
                %damage,
                "the recording is damaged: the room continues in a new file, this one is left as it is"
            );
        }
        let resume = || {
            let file = RoomFile::resume(file, hold, recording.sound_bytes(), recording.seats())?;
            OpenFile::resume(name, options.directory.server()?.id, file, recording)
        };
        let open = damage.is_empty().then(resume).transpose().unwrap_or_else(|error| {
            tracing::warn!(room, %error, "the recording cannot be continued: the room continues in a new file");
            None
        });
        let gate = gate(options, setup, restored.sim().tick(), flush);
        let limit = options.file_limit_bytes;
        let session = Session { room, setup: setup.clone(), watching };
        Journal::on(storage, limit, QUEUE_LIMIT_ENTRIES, session, gate, open)
    }

    fn on<S: Storage>(
        storage: S,
        file_limit_bytes: u64,
        queue_limit_entries: usize,
        session: Session,
        gate: CommitGate,
        open: Option<OpenFile<S::File>>,
    ) -> Journal {
        let mut writer = writer(storage, file_limit_bytes, session, Arc::new(gate));
        writer.open = open;
        Journal::start(writer, queue_limit_entries)
    }

    fn start<S: Storage>(writer: Writer<S>, queue_limit_entries: usize) -> Journal {
        let (queue, entries) = sync_channel(queue_limit_entries);
        let (end, ended) = sync_channel::<()>(0);
        let (status, gate) = (writer.status.clone(), writer.gate.clone());
        let last = Arc::new(Mutex::new(None));
        let thread = std::thread::Builder::new().name(format!("journal {}", writer.session.room));
        let spawned = thread.spawn({
            let last = last.clone();
            move || {
                writer.run(&entries, &last);
                // Its end is what the room waits for.
                drop(end);
            }
        });
        let thread = spawned.map_err(|error| status.no_thread(&error)).ok();
        Journal(Some(Recorder { queue, last, ended, thread, status, gate, has_begun: false, gap: true }))
    }

    /// What holds back what players are told until it is written; `None` if nothing is recorded.
    #[must_use]
    pub fn gate(&self) -> Option<&Arc<CommitGate>> {
        self.0.as_ref().map(|recorder| &recorder.gate)
    }

    /// Takes a room's record. Never waits: what the disk is too slow for is dropped.
    pub fn take(&mut self, record: Record) {
        let Some(recorder) = &mut self.0 else { return };
        match record {
            Record::Tick { .. } if recorder.gap => {}
            Record::Tick { .. } => {
                let problem = match recorder.queue.try_send(record) {
                    Ok(()) => return,
                    Err(TrySendError::Full(_)) => BEHIND,
                    Err(TrySendError::Disconnected(_)) => ENDED,
                };
                recorder.gap = true;
                recorder.status.stopped(problem, problem);
            }
            // A dropped keyframe leaves no gap: the file only has one less.
            Record::Keyframe(ref keyframe) => {
                if !std::mem::replace(&mut recorder.has_begun, true) {
                    recorder.gate.begin(keyframe.0.tick);
                }
                recorder.gap &= recorder.queue.try_send(record).is_err();
            }
            // The next keyframe has the seats, too.
            Record::Seats(_) => drop(recorder.queue.try_send(record)),
            Record::Mark(_) => {
                if recorder.queue.try_send(record).is_err() {
                    recorder.status.mark_dropped();
                }
            }
        }
    }

    /// Notes that the gate opened before the disk had the newest ticks: a crash could undo what players saw.
    pub fn note_late(&self) {
        if let Some(recorder) = &self.0 {
            recorder.status.late();
        }
    }

    /// Whether the room is recorded now, and where.
    #[must_use]
    pub fn status(&self) -> JournalStatus {
        self.0.as_ref().map_or_else(JournalStatus::default, |recorder| recorder.status.status())
    }

    /// Whether the thread that writes has ended although the room goes on.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        let thread = self.0.as_ref().and_then(|recorder| recorder.thread.as_ref());
        thread.is_some_and(JoinHandle::is_finished)
    }

    /// Leaves the recording without an index, so that the next server continues it from this keyframe. Waits as [`Journal::finish`] does.
    pub fn leave(mut self, keyframe: Keyframe, seats: Seats) {
        self.take(Record::keyframe(keyframe, seats));
        self.end();
    }

    /// Ends the recording with this keyframe and its index. Waits for the disk, but no longer than [`FINISH_LIMIT`].
    pub fn finish(self, keyframe: Keyframe) {
        self.end_with(LastWord::Close(keyframe));
    }

    /// Leaves the room to another node, which continues it from this keyframe. Waits as [`Journal::finish`] does.
    pub fn release(mut self, keyframe: Keyframe, seats: Seats, to: String) {
        self.take(Record::keyframe(keyframe, seats));
        self.end_with(LastWord::Release { to });
    }

    /// Another node has continued the room from this tick on. Waits as [`Journal::finish`] does.
    pub fn cut(self, tick: Tick) {
        self.end_with(LastWord::Cut(tick));
    }

    fn end_with(self, word: LastWord) {
        let Some(recorder) = &self.0 else { return };
        *recorder.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(word);
        self.end();
    }

    /// Waits for what was recorded to be written, after a panic of the room. The recording stays open.
    pub fn abandon(self) {
        self.end();
    }

    fn end(self) {
        let Some(recorder) = self.0 else { return };
        drop(recorder.queue);
        if recorder.ended.recv_timeout(FINISH_LIMIT) == Err(RecvTimeoutError::Timeout) {
            recorder.status.stopped(UNFINISHED, UNFINISHED);
        }
    }
}

/// What writes the recording of a new room.
fn writer<S: Storage>(
    storage: S,
    file_limit_bytes: u64,
    session: Session,
    gate: Arc<CommitGate>,
) -> Writer<S> {
    let status = Arc::new(Reporter::new(&session.room));
    Writer { storage, file_limit_bytes, session, status, gate, open: None, replica: None }
}

/// A gate for a room that stands at a tick.
pub fn gate(options: &JournalOptions, setup: &Setup, at: Tick, flush: Flush) -> CommitGate {
    CommitGate::new(at, setup.ticks(options.wait_limit_ms as f32 / 1000.0), flush)
}
