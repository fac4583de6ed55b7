//! The web clients of earlier builds, kept beside the recordings that they made: a recording plays with the simulation that
//! made it, whatever has changed since.

use super::client_files;
use super::recording_source::Recordings;
use crate::host::journal::ListedRecording;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Beside the recordings: one folder for each build of the simulation, named by it.
pub const FOLDER: &str = "builds";
/// Longest name of a build, in bytes.
const BUILD_LIMIT_BYTES: usize = 128;

/// Keeps the client that is built in for the recordings of its simulation, unless one is kept already. Waits for the disk.
///
/// # Errors
/// The disk's. What was written is removed by the next attempt.
pub fn keep(directory: &Path, build: &str) -> io::Result<()> {
    let builds = directory.join(FOLDER);
    let kept = builds.join(build);
    if kept.is_dir() || client_files::page().is_none() {
        return Ok(());
    }
    let partial = builds.join(format!("{build}.partial"));
    if partial.is_dir() {
        fs::remove_dir_all(&partial)?;
    }
    for (name, content) in client_files::all() {
        let file = partial.join(&*name);
        fs::create_dir_all(file.parent().unwrap_or(&partial))?;
        fs::write(file, content)?;
    }
    fs::rename(partial, kept)
}

/// The folder of a build beside the recordings of a directory, if its client is kept there.
pub fn folder(directory: &Path, build: &str) -> Option<PathBuf> {
    let is_name = build.len() <= BUILD_LIMIT_BYTES
        && !build.starts_with('.')
        && build.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    let folder = is_name.then(|| directory.join(FOLDER).join(build))?;
    folder.join(client_files::PAGE).is_file().then_some(folder)
}

/// Finds the client that a recording needs.
pub struct Builds {
    pub recordings: Recordings,
    /// The build of the simulation in the client that is built in.
    pub own: &'static str,
}

impl Builds {
    pub(super) fn folder(&self, build: &str) -> Option<PathBuf> {
        folder(self.recordings.home()?, build)
    }

    /// The build that made a recording, if its client is kept and is not the one built in.
    pub(super) async fn other_build_of(self: &Arc<Builds>, name: &str) -> Option<String> {
        let path = self.recordings.path(name)?;
        let builds = self.clone();
        let find = move || {
            let build = ListedRecording::of(&path)?.sim_build;
            (build != builds.own && builds.folder(&build).is_some()).then_some(build)
        };
        tokio::task::spawn_blocking(find).await.ok()?
    }
}
