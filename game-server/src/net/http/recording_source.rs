//! Where the recordings are that browsers may see.

use crate::host::journal::{Directory, FILE_EXTENSION, ListedRecording};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::borrow::Cow;
use std::io;
use std::path::{self, Component, PathBuf};

/// Longest name of a recording, in bytes: the limit of common file systems.
const NAME_LIMIT_BYTES: usize = 255;
/// Characters that need no encoding in a path (RFC 3986 §2.3) or a header's file name (RFC 8187 §3.2.1).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The recordings that browsers may see.
#[derive(Clone, Debug)]
pub enum Recordings {
    None,
    Directory(Directory),
    File(PathBuf),
}

impl Recordings {
    pub fn directory(&self) -> Option<&Directory> {
        match self {
            Recordings::Directory(directory) => Some(directory),
            Recordings::None | Recordings::File(_) => None,
        }
    }

    /// The directory that they are in.
    pub fn home(&self) -> Option<&path::Path> {
        match self {
            Recordings::None => None,
            Recordings::Directory(directory) => Some(directory.path()),
            Recordings::File(file) => file.parent(),
        }
    }

    pub fn list(&self) -> io::Result<Vec<ListedRecording>> {
        match self {
            Recordings::None => Ok(Vec::new()),
            Recordings::Directory(directory) => directory.list(),
            Recordings::File(file) => Ok(ListedRecording::of(file).into_iter().collect()),
        }
    }

    /// The file of a recording that may be shown.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        match self {
            Recordings::None => None,
            Recordings::Directory(directory) => {
                (is_safe(name) && !directory.is_hidden(name)).then(|| directory.path().join(name))
            }
            Recordings::File(file) => (name == file_name(file)).then(|| file.clone()),
        }
    }
}

/// The name by which a browser asks for a file.
pub fn file_name(path: &path::Path) -> Cow<'_, str> {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy()
}

/// A name as it stands in a path.
pub fn encoded(name: &str) -> String {
    utf8_percent_encode(name, ENCODED).to_string()
}

/// Whether a name is that of a recording in the directory itself.
fn is_safe(name: &str) -> bool {
    let mut components = path::Path::new(name).components();
    let is_file_name = matches!(components.next(), Some(Component::Normal(first)) if first == name);
    is_file_name
        && components.next().is_none()
        && name.len() <= NAME_LIMIT_BYTES
        && !name.starts_with('.')
        && !name.contains(['\\', '\0'])
        && name.strip_suffix(FILE_EXTENSION).is_some_and(|stem| stem.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_the_directory() {
        for name in ["belt-1-20261121T070000Z.belt", "best fight #3.belt", "é 100%.belt", "a%2fb.belt"] {
            assert!(is_safe(name), "{name}");
        }
        for name in [
            "../x.belt",
            "a/b.belt",
            ".hidden.belt",
            "x.toml",
            "xbelt",
            "a\\b.belt",
            "",
            "/a.belt",
            "a\0.belt",
        ] {
            assert!(!is_safe(name), "{name}");
        }
    }
}
