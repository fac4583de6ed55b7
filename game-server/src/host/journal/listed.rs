//! What a recording says of itself, for lists.

use serde::Serialize;
use shared::recording::{Audience, HEADER_LIMIT_BYTES, Header, Index};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// A recording in a list. As JSON this is what `/api/recordings` shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedRecording {
    /// The file's name.
    pub name: String,
    /// The file's size.
    pub bytes: u64,
    /// Ticks recorded, if the recording was closed.
    pub ticks: Option<u32>,
    /// Ticks per second.
    pub tick_rate: u16,
    /// When the recording began, in milliseconds since 1970 (UTC).
    pub started_at: u64,
    /// The mode's title.
    pub mode: String,
    /// The room's name.
    pub room: String,
    /// The build of the simulation that made it.
    pub sim_build: String,
    /// Who may watch; `None` if the room does not say.
    #[serde(skip)]
    pub audience: Option<Audience>,
    /// The watch delay, if one was chosen for the room.
    #[serde(skip)]
    pub delay_seconds: Option<u32>,
}

impl ListedRecording {
    /// What a file says of itself; `None` if it is no recording, or cannot be read.
    #[must_use]
    pub fn of(path: &Path) -> Option<ListedRecording> {
        let name = path.file_name()?.to_string_lossy().into_owned();
        // Opening a pipe would wait for its other end.
        let bytes = path.metadata().ok().filter(|metadata| metadata.is_file())?.len();
        let mut file = File::open(path).ok()?;
        let mut start = Vec::new();
        (&file).take(HEADER_LIMIT_BYTES as u64).read_to_end(&mut start).ok()?;
        let (header, _) = Header::read(&start).ok()?;
        let ticks = read_index(&mut file, bytes).map(|index| index.ticks);
        Some(ListedRecording {
            name,
            bytes,
            ticks,
            tick_rate: header.tick_rate_hz,
            started_at: header.started_at_unix_ms,
            mode: header.mode,
            room: header.room,
            sim_build: header.build,
            audience: header.watching.audience,
            delay_seconds: header.watching.delay_seconds,
        })
    }
}

/// The index at the end of a file, without reading the rest.
fn read_index(file: &mut File, bytes: u64) -> Option<Index> {
    let mut last = [0; 4];
    file.seek(SeekFrom::End(-4)).ok()?;
    file.read_exact(&mut last).ok()?;
    let length = Index::length(last)? as u64;
    file.seek(SeekFrom::Start(bytes.checked_sub(length)?)).ok()?;
    let mut tail = Vec::new();
    file.take(length).read_to_end(&mut tail).ok()?;
    Index::read(&tail)
}
