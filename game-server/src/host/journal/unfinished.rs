//! Recordings that were not closed, because their server was stopped hard: their rooms can go on.

use super::directory::try_hold;
use super::list::{ListedRecording, list};
use super::source::FileSource;
use shared::recording::{Ending, Recording};
use sim::replay::{ReplayError, Resimulation};
use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::Path;

/// A recording that was not closed.
#[derive(Debug)]
pub struct Unfinished {
    held: Held,
    recording: Recording,
}

/// The file of a recording that was not closed, locked, so that nobody else goes on with it.
#[derive(Debug)]
pub struct Held {
    /// The room.
    pub room: String,
    /// The file's name.
    pub name: String,
    pub(super) file: File,
}

impl Unfinished {
    /// The room's name.
    #[must_use]
    pub fn room(&self) -> &str {
        &self.held.room
    }

    /// The file's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.held.name
    }

    /// The room's world, as of the last whole tick, and the file to go on with.
    ///
    /// # Errors
    /// [`ReplayError`] says why there is none.
    pub fn restore(self) -> Result<(Resimulation, Held), ReplayError> {
        Ok((Resimulation::restore(self.recording)?, self.held))
    }
}

/// For every room whose newest recording was not closed, that recording, one by one: each may be large. All are held from the
/// start, since a room that goes on may begin a new file, for which old ones are deleted. What cannot be read is logged and left
/// as it is.
///
/// # Errors
/// If the directory cannot be read.
pub fn unfinished(directory: &Path) -> io::Result<impl Iterator<Item = Unfinished>> {
    let mut settled = BTreeSet::new();
    let mut left = Vec::new();
    for ListedRecording { name, room, ticks, live, .. } in list(directory)? {
        if settled.contains(&room) {
            continue;
        }
        if live || ticks.is_some() {
            settled.insert(room);
            continue;
        }
        match hold(directory, &name) {
            Ok(Some(file)) => left.push(Held { room, name, file }),
            Ok(None) => drop(settled.insert(room)),
            Err(error) => tracing::warn!(file = name, %error, "an unfinished recording cannot be opened"),
        }
    }
    let mut settled = BTreeSet::new();
    Ok(left.into_iter().filter_map(move |held| {
        if settled.contains(&held.room) {
            return None;
        }
        let recording = match read(&held.file) {
            Ok(recording) => recording,
            Err(error) => {
                tracing::warn!(file = held.name, %error, "an unfinished recording cannot be read");
                return None;
            }
        };
        // Nothing had been played yet: an older one may be what the room's server was at.
        if recording.keyframe_ticks().len() == 0 {
            return None;
        }
        settled.insert(held.room.clone());
        // A list does not see an index that is too long for it.
        (*recording.ending() != Ending::Complete).then_some(Unfinished { held, recording })
    }))
}

/// The file, locked; `None` if somebody is writing it.
fn hold(directory: &Path, name: &str) -> io::Result<Option<File>> {
    let file = File::options().read(true).append(true).open(directory.join(name))?;
    Ok(try_hold(&file, name).then_some(file))
}

fn read(file: &File) -> io::Result<Recording> {
    Recording::open_without_marks(FileSource::new(file.try_clone()?)?).map_err(io::Error::other)
}
