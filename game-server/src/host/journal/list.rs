//! The recordings of a directory, for those who want to watch one.

use super::directory::{Directory, number_of, recordings};
use super::listed::ListedRecording;
use std::io;
use std::path::Path;

/// Lists the recordings of a directory, the newest first. Files that are none, or cannot be read, are left out; a directory
/// that is not there is empty.
///
/// # Errors
/// If the directory cannot be read.
pub fn list(directory: &Path) -> io::Result<Vec<ListedRecording>> {
    let mut listed: Vec<_> =
        recordings(directory)?.iter().filter_map(|path| ListedRecording::of(path)).collect();
    // A file without a number in its name is ordered by the date in its header.
    let age = |one: &ListedRecording| (number_of(Path::new(&one.name)), one.started_at, one.name.clone());
    listed.sort_by_cached_key(|one| std::cmp::Reverse(age(one)));
    Ok(listed)
}

impl Directory {
    /// The recordings that may be shown, the newest first. Files that are none, or cannot be read, are left out; a directory
    /// that is not there is empty.
    pub fn list(&self) -> io::Result<Vec<ListedRecording>> {
        let mut listed = list(self.path())?;
        listed.retain(|recording| !self.is_hidden(&recording.name));
        Ok(listed)
    }
}
