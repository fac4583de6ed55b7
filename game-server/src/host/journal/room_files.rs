//! The recordings of one room on the disk.

use super::directory::{Directory, Hold, explain, file_name};
use super::retention::Retention;
use super::storage::{RecordingFile, Storage};
use crate::files;
use shared::recording::{Seats, TokenHash};
use std::fs::{File, create_dir_all, remove_file};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

/// The files of one room in a directory.
#[derive(Debug)]
pub(super) struct RoomFiles {
    directory: Directory,
    retention: Retention,
    /// On all of them so far: what was played may be shown once the match is over.
    holds: Vec<Arc<Hold>>,
}

/// A recording that is written, and told to those who watch.
#[derive(Clone, Debug)]
pub(super) struct RoomFile {
    file: Arc<File>,
    hold: Arc<Hold>,
}

impl RoomFile {
    /// Of a recording that was written up to this many bytes before, with these seats.
    pub fn resume(file: File, hold: Arc<Hold>, bytes: u64, seats: &Seats) -> io::Result<RoomFile> {
        hold.resume(&file, bytes)?;
        hold.seated(seats);
        Ok(RoomFile { file: Arc::new(file), hold })
    }
}

impl RoomFiles {
    /// Those of a running match are held already.
    pub fn new(directory: Directory, retention: Retention, holds: Vec<Arc<Hold>>) -> RoomFiles {
        RoomFiles { directory, retention, holds }
    }

    fn create_numbered(&mut self, room: &str, at: SystemTime) -> io::Result<(RoomFile, String)> {
        create_dir_all(self.directory.path())?;
        // Before the new recording, which may need the place, and after it, since it counts.
        self.retention.apply(&self.directory, at);
        let (file, name) = loop {
            let name = file_name(room, at, self.directory.next_number());
            match File::create_new(self.directory.path().join(&name)) {
                Ok(file) => break (file, name),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        };
        let hold = Arc::new(self.directory.hold(&name));
        self.holds.push(hold.clone());
        self.retention.apply(&self.directory, at);
        self.directory.sync();
        Ok((RoomFile { file: Arc::new(file), hold }, name))
    }
}

impl Storage for RoomFiles {
    type File = RoomFile;

    fn server_id(&mut self) -> io::Result<TokenHash> {
        Ok(self.directory.server()?.id)
    }

    fn create(&mut self, room: &str, at: SystemTime) -> io::Result<(RoomFile, String)> {
        let created = self.create_numbered(room, at);
        self.directory.note(&created);
        created
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        self.holds.retain(|hold| hold.name() != name);
        remove_file(self.directory.path().join(name))
    }

    fn explain(&self, error: &io::Error) -> String {
        explain(self.directory.path(), error)
    }
}

impl RecordingFile for RoomFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        (&*self.file).write_all(bytes)?;
        self.hold.grown(bytes);
        Ok(())
    }

    fn seated(&self, seats: &Seats) {
        self.hold.seated(seats);
    }

    fn sync(&mut self) -> io::Result<()> {
        files::sync(self.file.sync_data())?;
        // A file that was moved or deleted, or whose disk was unmounted, takes everything, and nobody will find it here.
        if is_gone(&self.file, &self.hold.path())? {
            return Err(io::Error::new(io::ErrorKind::NotFound, "the recording was moved or deleted"));
        }
        Ok(())
    }

    fn another(&self) -> io::Result<RoomFile> {
        Ok(self.clone())
    }

    fn cut_to(&mut self, bytes: u64) -> io::Result<()> {
        self.file.set_len(bytes)
    }
}

#[cfg(unix)]
fn is_gone(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let is_there = match path.try_exists() {
        // Something else has the name of the directory.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => false,
        is_there => is_there?,
    };
    Ok(file.metadata()?.nlink() == 0 || !is_there)
}

/// Elsewhere a file cannot be moved or deleted while it is open.
#[cfg(not(unix))]
fn is_gone(_: &File, _: &Path) -> io::Result<bool> {
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn files_on_a_file_system_that_cannot_sync_directories_are_files() -> io::Result<()> {
        let home = tempfile::tempdir()?;
        let directory = Directory::with_sync(home.path().into(), |_| Err(io::ErrorKind::InvalidInput.into()));
        let mut files = RoomFiles::new(directory.clone(), Retention::default(), Vec::new());
        for _ in 0..2 {
            let (mut file, name) = files.create("a", SystemTime::now())?;
            file.append(b"BELT")?;
            file.sync()?;
            assert!(directory.is_unsynced() && directory.is_running(&name));
            drop(file);
            files.remove(&name)?;
            assert!(!directory.is_running(&name) && !home.path().join(name).exists());
        }
        assert!(!directory.has_failed());
        Ok(())
    }

    #[test]
    fn a_later_file_has_a_greater_number_whatever_the_clock_says() -> io::Result<()> {
        let home = tempfile::tempdir()?;
        let directory = Directory::new(home.path().join("made"));
        let mut files = RoomFiles::new(directory.clone(), Retention::default(), Vec::new());
        let late = SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000);
        let (_, first) = files.create("a", late)?;
        let (_, second) = files.create("a", SystemTime::UNIX_EPOCH)?;
        assert_eq!(second, "a-19700101t000000z-2.belt");
        let mut again =
            RoomFiles::new(Directory::new(home.path().join("made")), Retention::default(), Vec::new());
        let (_, third) = again.create("b", SystemTime::UNIX_EPOCH)?;
        assert_eq!(third, "b-19700101t000000z-3.belt");

        for name in [&first, &second] {
            assert!(directory.is_running(name) && directory.is_running(&name.to_uppercase()));
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&first, home.path().join("made/link.belt"))?;
            assert!(directory.is_running("link.belt"));
        }
        assert!(!directory.is_running(&third) && !directory.is_running("another.belt"));
        drop(files);
        assert!(!directory.is_running(&first));
        Ok(())
    }
}
