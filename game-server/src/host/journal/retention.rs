//! Which old recordings are deleted. Those that are being written never are.

use super::directory::{Directory, number_of, recordings};
use serde::{Deserialize, Serialize};
use std::fs::remove_file;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// What of old recordings is kept. Each limit is off when `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// All recordings together, in bytes.
    pub total_limit_bytes: Option<u64>,
    /// Days since a recording was last written.
    pub age_limit_days: Option<u32>,
    /// Number of recordings.
    pub files_limit: Option<u32>,
}

struct Old {
    /// Later files have greater numbers; those that were named otherwise are older than all.
    number: Option<u64>,
    written: SystemTime,
    path: PathBuf,
    bytes: u64,
}

impl Retention {
    /// Deletes what is over the limits, oldest first. What cannot be deleted is logged and left.
    pub fn apply(&self, directory: &Directory, now: SystemTime) {
        if *self == Retention::default() {
            return;
        }
        let mut old: Vec<Old> =
            recordings(directory.path()).unwrap_or_default().into_iter().filter_map(Old::of).collect();
        old.sort_by(|a, b| (b.number, b.written, &b.path).cmp(&(a.number, a.written, &a.path)));
        let age_limit = self.age_limit_days.map(|days| Duration::from_secs(u64::from(days) * 24 * 60 * 60));
        let (mut files, mut bytes) = (0, 0);
        for Old { path, bytes: size, written, .. } in old {
            files += 1;
            bytes += size;
            let age = now.duration_since(written).unwrap_or_default();
            let kept = self.files_limit.is_none_or(|limit| files <= limit)
                && self.total_limit_bytes.is_none_or(|limit| bytes <= limit)
                && age_limit.is_none_or(|limit| age <= limit);
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if !kept && !directory.is_running(&name) {
                match remove_file(&path) {
                    Ok(()) => tracing::info!(file = %path.display(), "old recording deleted"),
                    Err(error) => {
                        tracing::warn!(file = %path.display(), %error, "old recording not deleted");
                    }
                }
            }
        }
    }
}

impl Old {
    fn of(path: PathBuf) -> Option<Old> {
        let metadata = path.metadata().ok().filter(|metadata| metadata.is_file())?;
        let written = metadata.modified().ok()?;
        Some(Old { number: number_of(&path), written, bytes: metadata.len(), path })
    }
}

#[cfg(test)]
mod tests {
    use super::super::room_files::RoomFiles;
    use super::super::storage::Storage;
    use super::*;
    use std::fs::{File, read_dir, write};
    use std::io;
    use std::path::Path;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    /// Recordings of 100 bytes, written 0, 1, 2, … days before `now`, and a file of somebody else's.
    fn directory(now: SystemTime) -> io::Result<tempfile::TempDir> {
        let home = tempfile::tempdir()?;
        for day in 0..6 {
            let path = home.path().join(format!("{day}.belt"));
            write(&path, [0; 100])?;
            File::options().write(true).open(&path)?.set_modified(now - DAY * day)?;
        }
        write(home.path().join("notes.txt"), "mine")?;
        Ok(home)
    }

    fn names(home: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in read_dir(home)? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    #[test]
    fn each_limit_keeps_the_newest() -> io::Result<()> {
        let now = SystemTime::now();
        let limits = [
            Retention { files_limit: Some(2), ..Retention::default() },
            Retention { total_limit_bytes: Some(299), ..Retention::default() },
            Retention { age_limit_days: Some(1), ..Retention::default() },
        ];
        for retention in limits {
            let home = directory(now)?;
            retention.apply(&Directory::new(home.path().into()), now);
            assert_eq!(names(home.path())?, ["0.belt", "1.belt", "notes.txt"], "{retention:?}");
        }
        let home = directory(now)?;
        Retention::default().apply(&Directory::new(home.path().into()), now);
        assert_eq!(names(home.path())?.len(), 7);
        Ok(())
    }

    #[test]
    fn a_file_from_the_future_is_as_old_as_its_number() -> io::Result<()> {
        let now = SystemTime::now();
        let home = directory(now)?;
        for (number, days) in [(1, 900), (2, 0), (3, 5)] {
            let path = home.path().join(format!("a-20260921t141320z-{number}.belt"));
            write(&path, [0; 100])?;
            File::options().write(true).open(&path)?.set_modified(now + DAY * days - DAY)?;
        }
        Retention { files_limit: Some(2), ..Retention::default() }
            .apply(&Directory::new(home.path().into()), now);
        let kept = ["a-20260921t141320z-2.belt", "a-20260921t141320z-3.belt", "notes.txt"];
        assert_eq!(names(home.path())?, kept);
        Ok(())
    }

    #[test]
    fn what_is_held_stays() -> io::Result<()> {
        let now = SystemTime::now();
        let home = directory(now)?;
        let directory = Directory::new(home.path().into());
        let _hold = directory.hold("5.belt");
        Retention { files_limit: Some(1), ..Retention::default() }.apply(&directory, now);
        assert_eq!(names(home.path())?, ["0.belt", "5.belt", "notes.txt"]);
        Ok(())
    }

    #[test]
    fn a_new_recording_counts() -> io::Result<()> {
        let home = directory(SystemTime::now())?;
        let retention = Retention { files_limit: Some(2), ..Retention::default() };
        let mut files = RoomFiles::new(Directory::new(home.path().into()), retention, Vec::new());
        let (_file, name) = files.create("new", SystemTime::now())?;
        assert_eq!(names(home.path())?, ["0.belt", name.as_str(), "notes.txt"]);
        Ok(())
    }
}
