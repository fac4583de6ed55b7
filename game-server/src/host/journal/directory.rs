//! Recordings as files of a directory.

use super::FILE_EXTENSION;
use super::retention::Retention;
use super::storage::{RecordingFile, Storage};
use std::fs::{File, create_dir_all, remove_file};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Rooms that begin in the same second get numbers; beyond this many something else is wrong.
const SAME_NAME_LIMIT: u32 = 1000;

/// A directory of recordings.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    retention: Retention,
}

impl Directory {
    pub fn new(path: PathBuf, retention: Retention) -> Directory {
        Directory { path, retention }
    }
}

impl Storage for Directory {
    type File = File;

    fn create(&mut self, room: &str, at: SystemTime) -> io::Result<(File, String)> {
        create_dir_all(&self.path)?;
        // Before the new recording, which may need the place, and after it, since it counts.
        self.retention.apply(&self.path, at);
        let base = base_name(room, at);
        for number in 1..=SAME_NAME_LIMIT {
            let suffix = if number == 1 { String::new() } else { format!("-{number}") };
            let name = format!("{base}{suffix}.{FILE_EXTENSION}");
            match File::create_new(self.path.join(&name)) {
                Ok(file) => {
                    hold(&file, &name);
                    self.retention.apply(&self.path, at);
                    sync_directory(&self.path)?;
                    return Ok((file, name));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("too many recordings are called {base}")))
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        remove_file(self.path.join(name))
    }
}

impl RecordingFile for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()?;
        // A file that was deleted takes everything, and nobody will ever find it.
        if is_deleted(self)? {
            return Err(io::Error::new(io::ErrorKind::NotFound, "the recording was deleted"));
        }
        Ok(())
    }

    fn another(&self) -> io::Result<File> {
        self.try_clone()
    }

    fn cut_to(&mut self, bytes: u64) -> io::Result<()> {
        self.set_len(bytes)
    }
}

#[cfg(unix)]
fn is_deleted(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    Ok(file.metadata()?.nlink() == 0)
}

/// Elsewhere a file cannot be deleted while it is open.
#[cfg(not(unix))]
fn is_deleted(_: &File) -> io::Result<bool> {
    Ok(false)
}

/// Whether a recording is being written, by this process or another. Its writer holds a lock on it.
pub(super) fn is_live(file: &File) -> bool {
    match file.try_lock_shared() {
        Ok(()) => {
            // A lock goes with its file anyway; giving it back early only spares others a wait.
            let _ = file.unlock();
            false
        }
        Err(std::fs::TryLockError::WouldBlock) => true,
        Err(std::fs::TryLockError::Error(_)) => false,
    }
}

/// Locks a new recording, so that nobody deletes it or takes it for an abandoned one.
fn hold(file: &File, name: &str) {
    if let Err(error) = file.lock() {
        tracing::warn!(name, %error, "the recording cannot be locked: it will be listed as abandoned while it is written");
    }
}

/// Locks a recording that was left, unless somebody is writing it.
pub(super) fn try_hold(file: &File, name: &str) -> bool {
    match file.try_lock() {
        Ok(()) => true,
        Err(std::fs::TryLockError::WouldBlock) => false,
        Err(std::fs::TryLockError::Error(error)) => {
            tracing::warn!(name, %error, "the recording cannot be locked");
            true
        }
    }
}

/// Makes the new file's entry last through a power cut.
fn sync_directory(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

/// `<room>-<UTC time>`, of characters that are safe in a file name and an URL.
fn base_name(room: &str, at: SystemTime) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c.to_ascii_lowercase() } else { '-' };
    let room: String = room.chars().map(safe).collect();
    let time = humantime::format_rfc3339_seconds(at).to_string().replace(['-', ':'], "").to_ascii_lowercase();
    format!("{room}-{time}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn names_are_safe_and_say_when() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
        assert_eq!(base_name("belt-1", at), "belt-1-20260921t141320z");
        assert_eq!(base_name("../Ä b", at), "-----b-20260921t141320z");
    }

    #[test]
    fn two_rooms_of_one_second_get_two_files_and_are_live_while_written() -> io::Result<()> {
        let home = tempfile::tempdir()?;
        let mut directory = Directory::new(home.path().join("made"), Retention::default());
        let at = SystemTime::UNIX_EPOCH;
        let (first, first_name) = directory.create("a", at)?;
        let (_second, second_name) = directory.create("a", at)?;
        assert_eq!(first_name, "a-19700101t000000z.belt");
        assert_eq!(second_name, "a-19700101t000000z-2.belt");
        let opened = File::open(home.path().join("made").join(&first_name))?;
        assert!(is_live(&opened));
        drop(first);
        assert!(!is_live(&opened));
        Ok(())
    }
}
