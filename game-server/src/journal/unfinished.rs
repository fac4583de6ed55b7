//! Recordings that were not closed, because their server was stopped hard: their rooms can go on.

use super::directory::try_hold;
use super::list::{ListedRecording, list};
use super::restore::{RestoreError, Restored, restore_recording};
use shared::recording::Recording;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
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
    /// [`RestoreError`] says why there is none.
    pub fn restore(self) -> Result<(Restored, Held), RestoreError> {
        Ok((restore_recording(self.recording)?, self.held))
    }
}

/// For every room whose newest recording was not closed, that recording, one by one: each may be large. What cannot be
/// read is logged and left as it is.
///
/// # Errors
/// If the directory cannot be read.
pub fn unfinished(directory: &Path) -> io::Result<impl Iterator<Item = Unfinished>> {
    let listed = list(directory)?;
    let mut seen = BTreeSet::new();
    Ok(listed.into_iter().filter_map(move |listed| {
        let ListedRecording { name, room, ticks, live, .. } = listed;
        if seen.contains(&room) {
            return None;
        }
        if live || ticks.is_some() {
            seen.insert(room);
            return None;
        }
        match look_at(directory, &name) {
            Ok(Some((file, recording))) => {
                seen.insert(room.clone());
                Some(Unfinished { held: Held { room, name, file }, recording })
            }
            // Nothing had been played yet: an older one may be what the room's server was at.
            Ok(None) => None,
            Err(error) => {
                tracing::warn!(file = name, %error, "an unfinished recording cannot be read");
                None
            }
        }
    }))
}

/// The file and what is in it, if there is anything to go on from and nobody is writing it.
fn look_at(directory: &Path, name: &str) -> io::Result<Option<(File, Recording)>> {
    let mut file = File::options().read(true).append(true).open(directory.join(name))?;
    if !try_hold(&file, name) {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let recording = Recording::open(bytes).map_err(io::Error::other)?;
    let has_keyframe = recording.keyframe_ticks().len() > 0;
    Ok(has_keyframe.then_some((file, recording)))
}
