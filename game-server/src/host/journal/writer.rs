//! The thread behind a journal: encodes what the room hands over, appends it to the file, and starts a new file after an error.

use super::replica::ReplicaEnd;
use super::status::Reporter;
use super::storage::{RecordingFile, Storage};
use super::syncer::Syncer;
use crate::host::commit_gate::CommitGate;
use metrics::counter;
use room::Record;
use shared::id::Tick;
use shared::keyframe::Keyframe;
use shared::recording::{Encoder, FORMAT_VERSION, Header, Recording, Seats, TokenHash, TooLarge, Watching};
use shared::setup::Setup;
use sim::Sim;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// Entries that wait for the disk at most: half a minute at the usual rate.
pub const QUEUE_LIMIT_ENTRIES: usize = 1024;

/// What has been written goes to the disk after this time, so that a power cut costs less than a second.
const SYNC_INTERVAL: Duration = Duration::from_millis(500);

/// Why a file is given up.
#[derive(Debug, thiserror::Error)]
enum WriteError {
    #[error(transparent)]
    Disk(#[from] io::Error),
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
}

/// What becomes of a recording when its room is done with it.
pub(super) enum LastWord {
    /// The room has ended in this world.
    Close(Keyframe),
    /// This node continues the room.
    Release { to: String },
    /// Another node has continued it from this tick.
    Cut(Tick),
}

impl std::fmt::Debug for LastWord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            LastWord::Close(_) => "Close",
            LastWord::Release { .. } => "Release",
            LastWord::Cut(_) => "Cut",
        })
    }
}

/// What stands in the headers of a room's files.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub room: String,
    pub setup: Setup,
    pub watching: Watching,
}

/// Writes one room's recordings.
pub(super) struct Writer<S: Storage> {
    pub storage: S,
    pub file_limit_bytes: u64,
    pub session: Session,
    pub status: Arc<Reporter>,
    pub gate: Arc<CommitGate>,
    /// The recording to continue; `None` begins a new one with the first keyframe.
    pub open: Option<OpenFile<S::File>>,
    /// Takes the same bytes to the fleet.
    pub replica: Option<ReplicaEnd>,
}

/// A recording that is being written.
pub(super) struct OpenFile<F> {
    name: String,
    server: TokenHash,
    file: F,
    encoder: Encoder,
    /// Bytes in the file, all of them whole chunks.
    bytes: u64,
    last_tick: Tick,
    last_keyframe: Option<Tick>,
    unsynced_since: Option<Instant>,
    /// The file was started by an older format version; its readers could not parse what we would append.
    is_outdated: bool,
}

impl<S: Storage> Writer<S> {
    /// Writes until the room drops its end of the queue. With a keyframe in `last` the room has ended, and the recording gets
    /// its index; without one something went wrong, and the recording stays open-ended.
    pub fn run(mut self, entries: &Receiver<Record>, last: &Mutex<Option<LastWord>>) {
        let mut syncer = match Syncer::start(&self.session.room) {
            Ok(syncer) => syncer,
            Err(error) => return self.status.no_thread(&error),
        };
        if let Some(open) = &self.open {
            self.status.recording(&open.name);
        }
        loop {
            match entries.recv_timeout(self.until_sync(&syncer)) {
                Ok(entry) => {
                    let waiting = std::iter::once(entry).chain(entries.try_iter());
                    let done = waiting.take(QUEUE_LIMIT_ENTRIES).try_for_each(|entry| self.take(entry));
                    let written = done.and_then(|()| self.write());
                    self.settle(written);
                    self.publish();
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let synced = self.sync(&mut syncer);
            self.settle(synced);
            if syncer.has_ended() {
                syncer = match Syncer::start(&self.session.room) {
                    Ok(syncer) => syncer,
                    Err(error) => return self.status.no_thread(&error),
                };
            }
        }
        let last = last.lock().unwrap_or_else(PoisonError::into_inner).take();
        let ended = match last {
            Some(LastWord::Close(last)) => self.end(&last),
            Some(LastWord::Release { to }) => self.release(to).and_then(|()| self.wait_for_disk()),
            Some(LastWord::Cut(tick)) => self.cut_to(tick),
            None => self.write().and_then(|()| self.wait_for_disk()),
        };
        self.settle(ended);
    }

    fn take(&mut self, record: Record) -> Result<(), WriteError> {
        match record {
            Record::Keyframe(keyframe) => {
                let (keyframe, seats) = *keyframe;
                if let Some(open) = &mut self.open
                    && open.last_tick == keyframe.tick
                    && !open.is_full(self.file_limit_bytes, self.replica.as_mut())?
                {
                    // What came before it was written when the file's size was asked.
                    self.replica.iter_mut().for_each(ReplicaEnd::begin_with_keyframe);
                    return open.put_keyframe(&keyframe, &seats);
                }
                let Some(mut old) = self.open.take() else { return self.begin(&keyframe, &seats) };
                // The disk has the new file before the index of the old one says that it is over: neither a crash nor a power
                // cut between the two loses the session.
                self.begin(&keyframe, &seats).and_then(|()| self.wait_for_disk())?;
                if let Err(error) = old.close() {
                    tracing::warn!(room = self.session.room, file = old.name, %error, "a full recording could not be closed");
                }
            }
            Record::Seats(seats) => {
                if let Some(open) = &mut self.open {
                    open.file.seated(&seats);
                    open.encoder.seats(&seats)?;
                }
            }
            Record::Tick { tick, inputs, state_hash } => {
                // Without a file, ticks are lost until the next keyframe; so are those behind a gap.
                let Some(open) = &mut self.open else { return Ok(()) };
                if tick == open.last_tick.next() && open.last_keyframe.is_some() {
                    open.last_tick = tick;
                    open.encoder.tick(tick, &inputs, state_hash)?;
                }
            }
            Record::Mark(mark) => {
                if let Some(open) = &mut self.open {
                    open.encoder.mark(mark);
                }
            }
        }
        Ok(())
    }

    fn begin(&mut self, keyframe: &Keyframe, seats: &Seats) -> Result<(), WriteError> {
        let at = SystemTime::now();
        let server = self.storage.server_id()?;
        let Session { room, setup, watching } = &self.session;
        let (file, name) = self.storage.create(room, at)?;
        let started_at = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis() as u64;
        let header = Header::new(setup, Sim::BUILD, room, started_at).with_watching(*watching);
        let open = self.open.insert(OpenFile {
            name: name.clone(),
            server,
            file,
            encoder: Encoder::new(&header),
            bytes: 0,
            last_tick: keyframe.tick,
            last_keyframe: None,
            unsynced_since: None,
            is_outdated: false,
        });
        if let Some(replica) = &mut self.replica {
            self.gate.await_replica(keyframe.tick);
            replica.begin_file(&header);
        }
        open.put_keyframe(keyframe, seats)?;
        open.write(self.replica.as_mut())?;
        self.status.recording(&name);
        Ok(())
    }

    /// Hands what is encoded to the operating system.
    fn write(&mut self) -> Result<(), WriteError> {
        let Some(open) = &mut self.open else { return Ok(()) };
        open.write(self.replica.as_mut())
    }

    /// Says what players may be told now.
    fn publish(&self) {
        let Some(open) = &self.open else { return self.gate.open() };
        if self.gate.write(open.last_tick) {
            self.status.in_time();
        }
    }

    fn until_sync(&self, syncer: &Syncer<S::File>) -> Duration {
        let since = self.open.as_ref().and_then(|open| open.unsynced_since).filter(|_| !syncer.is_busy());
        since.map_or(SYNC_INTERVAL, |since| SYNC_INTERVAL.saturating_sub(since.elapsed()))
    }

    fn sync(&mut self, syncer: &mut Syncer<S::File>) -> Result<(), WriteError> {
        syncer.poll()?;
        if !syncer.is_busy()
            && let Some(open) = &mut self.open
            && open.unsynced_since.is_some_and(|since| since.elapsed() >= SYNC_INTERVAL)
        {
            open.unsynced_since = None;
            syncer.begin(&open.file)?;
        }
        Ok(())
    }

    fn wait_for_disk(&mut self) -> Result<(), WriteError> {
        let Some(open) = &mut self.open else { return Ok(()) };
        Ok(open.file.sync()?)
    }

    /// Ends the room's recording.
    fn end(&mut self, last: &Keyframe) -> Result<(), WriteError> {
        let Some(open) = &mut self.open else {
            self.replica.iter().for_each(ReplicaEnd::end);
            return Ok(());
        };
        open.write(self.replica.as_mut())?;
        self.replica.iter().for_each(ReplicaEnd::end);
        // The last keyframe lets the world go on from the very end; after a gap it belongs to another world.
        let is_new = open.last_tick == last.tick && open.last_keyframe != Some(last.tick);
        if is_new && !open.encoder.is_full() {
            open.encoder.keyframe(last)?;
        }
        open.close()?;
        self.open = None;
        self.status.ended();
        Ok(())
    }

    /// Leaves the room to another node, which begins a recording of its own.
    fn release(&mut self, to: String) -> Result<(), WriteError> {
        self.write()?;
        self.replica.iter().for_each(|replica| replica.release(to.clone()));
        Ok(())
    }

    /// Another node continues the room from a tick: what this one has recorded since has not happened.
    fn cut_to(&mut self, tick: Tick) -> Result<(), WriteError> {
        self.write()?;
        let (Some(open), Some(replica)) = (&mut self.open, &self.replica) else { return Ok(()) };
        if let Some(bytes) = replica.bytes_at(tick) {
            open.file.cut_to(bytes)?;
        }
        self.wait_for_disk()
    }

    /// Gives the file up after an error. The next keyframe begins a new one.
    fn settle(&mut self, result: Result<(), WriteError>) {
        let Err(error) = result else { return };
        if let Some(mut open) = self.open.take() {
            // A disk that has failed may refuse this too; the reader finds the last whole chunk either way.
            let _ = match open.bytes {
                0 => self.storage.remove(&open.name),
                bytes => open.file.cut_to(bytes),
            };
        }
        let problem = match &error {
            WriteError::Disk(error) => self.storage.explain(error),
            WriteError::TooLarge(error) => error.to_string(),
        };
        self.status.stopped(&error.to_string(), &problem);
        self.gate.open();
    }
}

impl<S: Storage> Drop for Writer<S> {
    /// Whatever ended it: nobody waits for what is not written any more.
    fn drop(&mut self) {
        self.gate.open_disk();
    }
}

impl<F: RecordingFile> OpenFile<F> {
    /// Continues a recording that was not closed; bytes behind its last whole chunk are cut off.
    ///
    /// # Errors
    /// The disk's.
    pub fn resume(
        name: String,
        server: TokenHash,
        mut file: F,
        recording: &Recording,
    ) -> io::Result<OpenFile<F>> {
        let bytes = recording.sound_bytes();
        if bytes < recording.file_bytes() {
            file.cut_to(bytes)?;
        }
        Ok(OpenFile {
            name,
            server,
            file,
            encoder: Encoder::resume(recording),
            bytes,
            last_tick: recording.last_tick(),
            last_keyframe: None,
            unsynced_since: None,
            is_outdated: recording.header().format < FORMAT_VERSION,
        })
    }

    fn put_keyframe(&mut self, keyframe: &Keyframe, seats: &Seats) -> Result<(), WriteError> {
        // In this order, so that a file which is worth going on with, having a keyframe, has its seats too.
        self.file.seated(seats);
        self.encoder.seats(&seats.clone().with_server(self.server))?;
        self.encoder.keyframe(keyframe)?;
        self.last_keyframe = Some(keyframe.tick);
        Ok(())
    }

    /// Whether the next keyframe belongs into a new file: this one has reached a limit, with all that waits to be written, or is
    /// of an older format.
    fn is_full(&mut self, limit_bytes: u64, replica: Option<&mut ReplicaEnd>) -> Result<bool, WriteError> {
        self.write(replica)?;
        Ok(self.is_outdated || self.encoder.is_full() || self.bytes >= limit_bytes)
    }

    /// Hands what is encoded to the operating system.
    fn write(&mut self, replica: Option<&mut ReplicaEnd>) -> Result<(), WriteError> {
        let bytes = self.encoder.take()?;
        self.append(&bytes)?;
        if let Some(replica) = replica
            && !bytes.is_empty()
        {
            replica.hand_on(bytes, self.last_tick, self.bytes);
        }
        Ok(())
    }

    /// Ends the file with its index and waits for the disk.
    fn close(&mut self) -> Result<(), WriteError> {
        let bytes = self.encoder.finish()?;
        self.append(&bytes)?;
        Ok(self.file.sync()?)
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.file.append(bytes)?;
        self.bytes += bytes.len() as u64;
        self.unsynced_since.get_or_insert_with(Instant::now);
        counter!("driftbelt_journal_bytes_total").increment(bytes.len() as u64);
        Ok(())
    }
}
