//! Whether a room is recorded: for the status page, the log and the metrics.

use metrics::{counter, gauge};
use serde::Serialize;
use std::sync::{Mutex, PoisonError};

/// Whether a room is recorded, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct JournalStatus {
    /// Whether what happens now is recorded.
    pub recording: bool,
    /// The file being written, by its name in the recordings' directory.
    pub file: Option<String>,
    /// Why nothing is recorded although it should be.
    pub problem: Option<String>,
}

/// Says of one journal what it is doing.
#[derive(Debug)]
pub(super) struct Reporter {
    room: String,
    status: Mutex<JournalStatus>,
}

impl Reporter {
    pub fn new(room: &str) -> Reporter {
        Reporter { room: room.into(), status: Mutex::default() }
    }

    pub fn status(&self) -> JournalStatus {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether it was said that nothing is recorded.
    pub fn is_troubled(&self) -> bool {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).problem.is_some()
    }

    /// A file is being written.
    pub fn recording(&self, file: &str) {
        let before = self.replace(JournalStatus { recording: true, file: Some(file.into()), problem: None });
        if before.problem.is_some() {
            tracing::warn!(room = self.room, file, "recording again");
        } else {
            tracing::info!(room = self.room, file, "recording");
        }
    }

    /// Nothing is recorded any more although it should be.
    pub fn stopped(&self, problem: &str) {
        let before =
            self.replace(JournalStatus { recording: false, file: None, problem: Some(problem.into()) });
        // Said once, not at every attempt to begin again.
        if before.problem.is_none() {
            counter!("driftbelt_journal_failures_total", "reason" => problem.to_owned()).increment(1);
            tracing::error!(
                room = self.room,
                file = before.file,
                problem,
                "recording stopped; the room goes on"
            );
        }
    }

    /// The recording has come to its end.
    pub fn ended(&self) {
        self.replace(JournalStatus::default());
    }

    /// A mark found no place in the queue.
    pub fn mark_dropped(&self) {
        counter!("driftbelt_journal_marks_dropped_total").increment(1);
    }

    fn replace(&self, status: JournalStatus) -> JournalStatus {
        let mut held = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        let step = |before: bool, after: bool| f64::from(i8::from(after) - i8::from(before));
        gauge!("driftbelt_journals_recording").increment(step(held.recording, status.recording));
        gauge!("driftbelt_journals_failed").increment(step(held.problem.is_some(), status.problem.is_some()));
        std::mem::replace(&mut held, status)
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        self.ended();
    }
}
