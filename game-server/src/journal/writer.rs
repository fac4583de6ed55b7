//! The thread behind a journal: encodes what the room hands over, appends it to the file, and starts anew after trouble.

use super::status::Reporter;
use super::storage::{RecordingFile, Storage};
use metrics::{Counter, Histogram, counter, histogram};
use shared::command::TickInputs;
use shared::id::Tick;
use shared::keyframe::Keyframe;
use shared::recording::{Encoder, Header, Mark, TooLarge};
use shared::setup::Setup;
use sim::Sim;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// What has been written goes to the disk after this time, so that a power cut costs less than a second.
const SYNC_INTERVAL: Duration = Duration::from_millis(500);

/// What a room hands over.
#[derive(Debug)]
pub(super) enum Entry {
    /// The whole world as of the newest tick.
    Keyframe(Box<Keyframe>),
    /// What entered the world in a tick, and the hash after it.
    Tick { tick: Tick, inputs: TickInputs, state_hash: u64 },
    /// Something worth finding again.
    Mark(Mark),
}

/// Why a file is given up.
#[derive(Debug, thiserror::Error)]
enum WriteError {
    #[error(transparent)]
    Disk(#[from] io::Error),
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
}

/// Writes one room's recordings.
pub(super) struct Writer<S: Storage> {
    storage: S,
    file_limit_bytes: u64,
    room: String,
    setup: Setup,
    status: Arc<Reporter>,
    open: Option<OpenFile<S::File>>,
    bytes_written: Counter,
    sync_seconds: Histogram,
}

struct OpenFile<F> {
    name: String,
    file: F,
    encoder: Encoder,
    /// Bytes in the file, all of them whole chunks.
    bytes: u64,
    last_tick: Tick,
    last_keyframe: Tick,
    unsynced_since: Option<Instant>,
}

impl<S: Storage> Writer<S> {
    pub fn new(
        storage: S,
        file_limit_bytes: u64,
        room: &str,
        setup: Setup,
        status: Arc<Reporter>,
    ) -> Writer<S> {
        Writer {
            storage,
            file_limit_bytes,
            room: room.into(),
            setup,
            status,
            open: None,
            bytes_written: counter!("driftbelt_journal_bytes_total"),
            sync_seconds: histogram!("driftbelt_journal_sync_seconds"),
        }
    }

    /// Writes until the room lets go of the queue. With a keyframe in `last` the room has ended, and the recording gets
    /// its index; without one something went wrong, and the recording stays open-ended.
    pub fn run(mut self, entries: &Receiver<Entry>, last: &Mutex<Option<Keyframe>>) {
        loop {
            match entries.recv_timeout(self.until_sync()) {
                Ok(entry) => {
                    let waiting = std::iter::once(entry).chain(entries.try_iter());
                    let done =
                        waiting.take(super::QUEUE_LIMIT_ENTRIES).try_for_each(|entry| self.take(entry));
                    let written = done.and_then(|()| self.write());
                    self.settle(written);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if self.until_sync().is_zero() {
                let synced = self.sync();
                self.settle(synced);
            }
        }
        let last = last.lock().unwrap_or_else(PoisonError::into_inner).take();
        let ended = match last {
            Some(last) => self.end(&last),
            None => self.write().and_then(|()| self.sync()),
        };
        self.settle(ended);
    }

    fn take(&mut self, entry: Entry) -> Result<(), WriteError> {
        match entry {
            Entry::Keyframe(keyframe) => {
                // What waits counts toward the file's length.
                self.write()?;
                match &mut self.open {
                    Some(open) if open.last_tick == keyframe.tick && open.bytes < self.file_limit_bytes => {
                        open.last_keyframe = keyframe.tick;
                        open.encoder.keyframe(&keyframe)?;
                    }
                    Some(_) => {
                        self.close()?;
                        self.begin(&keyframe)?;
                    }
                    None => self.begin(&keyframe)?,
                }
            }
            Entry::Tick { tick, inputs, state_hash } => {
                // Without a file, ticks are lost until the next keyframe; so are those behind a gap.
                let Some(open) = &mut self.open else { return Ok(()) };
                if tick == open.last_tick.next() {
                    open.last_tick = tick;
                    open.encoder.tick(tick, &inputs, state_hash)?;
                }
            }
            Entry::Mark(mark) => {
                if let Some(open) = &mut self.open {
                    open.encoder.mark(mark);
                }
            }
        }
        Ok(())
    }

    fn begin(&mut self, keyframe: &Keyframe) -> Result<(), WriteError> {
        let at = SystemTime::now();
        let (file, name) = self.storage.create(&self.room, at)?;
        let started_at = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis() as u64;
        let header = Header::new(&self.setup, Sim::BUILD, &self.room, started_at);
        let mut encoder = Encoder::new(&header);
        encoder.keyframe(keyframe)?;
        self.open = Some(OpenFile {
            name: name.clone(),
            file,
            encoder,
            bytes: 0,
            last_tick: keyframe.tick,
            last_keyframe: keyframe.tick,
            unsynced_since: None,
        });
        self.write()?;
        self.status.recording(&name);
        Ok(())
    }

    /// Hands what is encoded to the operating system.
    fn write(&mut self) -> Result<(), WriteError> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let bytes = open.encoder.take()?;
        self.bytes_written.increment(bytes.len() as u64);
        open.append(&bytes)
    }

    fn until_sync(&self) -> Duration {
        let since = self.open.as_ref().and_then(|open| open.unsynced_since);
        since.map_or(SYNC_INTERVAL, |since| SYNC_INTERVAL.saturating_sub(since.elapsed()))
    }

    fn sync(&mut self) -> Result<(), WriteError> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let start = Instant::now();
        open.file.sync()?;
        open.unsynced_since = None;
        self.sync_seconds.record(start.elapsed());
        Ok(())
    }

    /// Ends the room's recording.
    fn end(&mut self, last: &Keyframe) -> Result<(), WriteError> {
        let Some(open) = &mut self.open else { return Ok(()) };
        // The last keyframe lets the world go on from the very end; after a gap it belongs to another world.
        if open.last_tick == last.tick && open.last_keyframe != last.tick {
            open.encoder.keyframe(last)?;
        }
        self.close()?;
        self.status.ended();
        Ok(())
    }

    /// Closes the file with its index.
    fn close(&mut self) -> Result<(), WriteError> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let bytes = open.encoder.finish()?;
        self.bytes_written.increment(bytes.len() as u64);
        open.append(&bytes)?;
        self.sync()?;
        self.open = None;
        Ok(())
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
        self.status.stopped(&error.to_string());
    }
}

impl<F: RecordingFile> OpenFile<F> {
    fn append(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.file.append(bytes)?;
        self.bytes += bytes.len() as u64;
        self.unsynced_since.get_or_insert_with(Instant::now);
        Ok(())
    }
}
