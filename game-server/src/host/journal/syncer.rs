//! Waits for the disk on a separate thread, so that neither the writer nor players wait for it.

use super::storage::RecordingFile;
use metrics::histogram;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::time::Instant;

/// Hands files to the thread, one at a time. The thread ends with this.
pub(super) struct Syncer<F> {
    files: SyncSender<F>,
    results: Receiver<io::Result<()>>,
    busy: bool,
    has_ended: bool,
}

impl<F: RecordingFile + Send + 'static> Syncer<F> {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the operating system creates none.
    pub fn start(room: &str) -> io::Result<Syncer<F>> {
        let (files, waiting) = sync_channel::<F>(1);
        let (done, results) = sync_channel(1);
        std::thread::Builder::new().name(format!("disk {room}")).spawn(move || {
            let seconds = histogram!("driftbelt_journal_sync_seconds");
            for mut file in waiting {
                let start = Instant::now();
                let result = file.sync();
                seconds.record(start.elapsed());
                if done.send(result).is_err() {
                    return;
                }
            }
        })?;
        Ok(Syncer { files, results, busy: false, has_ended: false })
    }

    /// Whether the disk is still at it.
    pub fn is_busy(&self) -> bool {
        self.busy
    }

    /// Everything appended to the file so far is to reach the disk.
    ///
    /// # Errors
    /// If the file handle cannot be duplicated, or the thread has ended.
    pub fn begin(&mut self, file: &F) -> io::Result<()> {
        let file = file.another()?;
        self.busy = true;
        self.files.try_send(file).map_err(|error| io::Error::other(error.to_string()))
    }

    /// What came of it, if it has ended since.
    ///
    /// # Errors
    /// The disk's.
    pub fn poll(&mut self) -> io::Result<()> {
        match self.results.try_recv() {
            Ok(result) => {
                self.busy = false;
                result
            }
            Err(TryRecvError::Empty) => Ok(()),
            Err(TryRecvError::Disconnected) => {
                self.has_ended = true;
                Err(io::Error::other("the thread that waits for the disk has ended"))
            }
        }
    }

    /// Whether the thread has ended: another one is needed.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }
}
