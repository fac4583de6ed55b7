//! Whether a room is recorded: for the status page, the log and the metrics.

use metrics::{counter, gauge};
use serde::Serialize;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The problem of a disk that stalls for longer than players wait.
pub(super) const LATE: &str = "the disk is slow: a crash would undo what players have been told since";

/// Whether a room is recorded, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct JournalStatus {
    /// Whether what happens now is recorded.
    pub recording: bool,
    /// The file being written, by its name in the recordings' directory.
    pub file: Option<String>,
    /// Why nothing is recorded although it should be, or only later than players are told.
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
        self.held().clone()
    }

    /// A file is being written.
    pub fn recording(&self, file: &str) {
        let now = |before: &JournalStatus| JournalStatus {
            recording: true,
            file: Some(file.into()),
            problem: before.problem.clone().filter(|problem| problem == LATE),
        };
        match self.change(now).problem.as_deref() {
            None | Some(LATE) => tracing::info!(room = self.room, file, "recording"),
            Some(_) => tracing::warn!(room = self.room, file, "recording again"),
        }
    }

    /// The disk has what players are told.
    pub fn in_time(&self) {
        let was_late = self.held().problem.as_deref() == Some(LATE);
        if was_late {
            self.change(|before| JournalStatus { problem: None, ..before.clone() });
            tracing::info!(room = self.room, "the disk keeps up again");
        }
    }

    /// What happens is recorded, but players are told before the disk has it.
    pub fn late(&self) {
        let late = |before: &JournalStatus| {
            let problem = before.problem.clone().or_else(|| Some(LATE.into()));
            JournalStatus { problem, ..before.clone() }
        };
        let before = self.change(late);
        if before.problem.is_none() {
            counter!("driftbelt_journal_failures_total", "reason" => LATE).increment(1);
            tracing::warn!(room = self.room, file = before.file, "{LATE}");
        }
    }

    /// The journal's thread could not be started.
    pub fn no_thread(&self, error: &io::Error) {
        self.stopped("no thread", &format!("the journal's thread could not be started: {error}"));
    }

    /// Nothing is recorded any more although it should be. The problem says more than the reason.
    pub fn stopped(&self, reason: &str, problem: &str) {
        let now = JournalStatus { recording: false, file: None, problem: Some(reason.into()) };
        let before = self.change(|_| now);
        // Said once, not at every attempt to begin again.
        if before.recording || before.problem.is_none_or(|problem| problem == LATE) {
            counter!("driftbelt_journal_failures_total", "reason" => reason.to_owned()).increment(1);
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
        self.change(|_| JournalStatus::default());
    }

    /// A mark found no place in the queue.
    pub fn mark_dropped(&self) {
        counter!("driftbelt_journal_marks_dropped_total").increment(1);
    }

    fn held(&self) -> MutexGuard<'_, JournalStatus> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns what was before.
    fn change(&self, to: impl FnOnce(&JournalStatus) -> JournalStatus) -> JournalStatus {
        let mut held = self.held();
        let status = to(&held);
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
