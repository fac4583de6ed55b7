//! Recordings of this server that were not closed, because it was stopped hard: their rooms can continue.

use super::directory::{Directory, Hold, Server, number_of, recordings};
use super::list::list;
use super::listed::ListedRecording;
use super::source::FileSource;
use shared::recording::{
    Ending, HEADER_LIMIT_BYTES, Header, Recording, SERVER_KEY_LIMIT_BYTES, TokenHash, server_of,
};
use sim::replay::{ReplayError, Resimulation};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// A room whose recording was not closed.
#[derive(Debug)]
pub struct Unfinished {
    held: Held,
    recording: Recording,
    /// What to restore where this cannot be: the recordings before it.
    before: Candidates,
}

/// The file of a recording that was not closed. Until it is dropped, it is neither shown nor deleted.
#[derive(Debug)]
pub struct Held {
    /// The room.
    pub room: String,
    /// The file's name.
    pub name: String,
    pub(super) file: File,
    pub(super) hold: Hold,
}

/// The recordings of a room that were not closed, the newest last.
#[derive(Debug)]
struct Candidates {
    server: Server,
    files: Vec<Held>,
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

    /// The room's world, as of the last tick that can be played, and the file that it is from. What cannot be restored is logged,
    /// left as it is, and the recording before it restored instead.
    ///
    /// # Errors
    /// [`ReplayError`] says why there is none.
    pub fn restore(self) -> Result<(Resimulation, Held), ReplayError> {
        let Unfinished { held, recording, before } = self;
        let error = match Resimulation::restore(recording) {
            Ok(restored) => return Ok((restored, held)),
            Err(error) => error,
        };
        let Some(older) = before.newest() else { return Err(error) };
        tracing::error!(room = held.room, file = held.name, %error, "the room cannot be restored from its newest recording");
        older.restore()
    }
}

impl Candidates {
    /// The newest that is a recording of this server and was not closed.
    fn newest(mut self) -> Option<Unfinished> {
        while let Some(held) = self.files.pop() {
            let recording = match read(&held.file) {
                Ok(recording) => recording,
                Err(error) => {
                    tracing::warn!(file = held.name, %error, "an unfinished recording cannot be read");
                    continue;
                }
            };
            if !self.server.owns(recording.seats().server()) {
                tracing::info!(
                    file = held.name,
                    "an unfinished recording of another server is left as it is"
                );
                continue;
            }
            // Nothing had been played yet: an older one may be what the room's server was at.
            if recording.keyframe_ticks().len() == 0 {
                continue;
            }
            // A list does not see an index that is too long for it.
            return (*recording.ending() != Ending::Complete).then_some(Unfinished {
                held,
                recording,
                before: self,
            });
        }
        None
    }
}

/// For every room whose newest recording was not closed, that recording, one by one: each may be large. All are held from the
/// start, since a restored room may begin a new file, for which old ones are deleted.
///
/// # Errors
/// If the directory cannot be read, or does not say whose it is.
pub fn unfinished(directory: &Directory) -> io::Result<impl Iterator<Item = Unfinished>> {
    let server = directory.server()?;
    let mut rooms = BTreeMap::<String, Vec<Held>>::new();
    let mut settled = Vec::new();
    report_unreadable(directory)?;
    for ListedRecording { name, room, ticks, .. } in list(directory.path())? {
        if settled.contains(&room) {
            continue;
        }
        let path = directory.path().join(&name);
        if directory.is_running(&name) || ticks.is_some() && server.owns(server_at(&path)) {
            settled.push(room);
        } else if ticks.is_none() {
            match File::options().read(true).append(true).open(&path) {
                Ok(file) => {
                    let hold = directory.hold(&name);
                    let held = Held { room: room.clone(), name, file, hold };
                    rooms.entry(room).or_default().push(held);
                }
                Err(error) => tracing::warn!(file = name, %error, "an unfinished recording cannot be opened"),
            }
        }
    }
    Ok(rooms.into_values().filter_map(move |mut files| {
        files.reverse();
        Candidates { server, files }.newest()
    }))
}

/// Logs the recordings that do not even say which room they are of. They are left as they are.
fn report_unreadable(directory: &Directory) -> io::Result<()> {
    for path in recordings(directory.path())? {
        let is_recording = number_of(&path).is_some() && path.is_file();
        if is_recording && ListedRecording::of(&path).is_none() {
            let problem = read_start(&path).err().map(|error| error.to_string());
            tracing::error!(file = %path.display(), problem, "a recording cannot be read: its room is not restored, the file is left as it is");
        }
    }
    Ok(())
}

/// The header of a file.
fn read_start(path: &Path) -> io::Result<()> {
    let mut start = Vec::new();
    File::open(path)?.take(HEADER_LIMIT_BYTES as u64).read_to_end(&mut start)?;
    Header::read(&start).map(drop).map_err(io::Error::other)
}

fn read(file: &File) -> io::Result<Recording> {
    Recording::open_without_marks(FileSource::new(file.try_clone()?)?).map_err(io::Error::other)
}

/// Whose recording a file is, told by its first bytes.
fn server_at(path: &Path) -> Option<TokenHash> {
    let mut start = Vec::new();
    File::open(path).ok()?.take(SERVER_KEY_LIMIT_BYTES as u64).read_to_end(&mut start).ok()?;
    server_of(&start)
}
