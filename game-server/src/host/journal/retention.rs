//! Which old recordings are deleted. Those that are being written never are.

use super::FILE_EXTENSION;
use super::directory::is_live;
use serde::{Deserialize, Serialize};
use std::fs::{File, read_dir, remove_file};
use std::path::{Path, PathBuf};
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
    path: PathBuf,
    bytes: u64,
    written: SystemTime,
}

impl Retention {
    /// Deletes what is over the limits, oldest first. What cannot be deleted is logged and left.
    pub(super) fn apply(&self, directory: &Path, now: SystemTime) {
        if *self == Retention::default() {
            return;
        }
        let mut old = recordings(directory);
        old.sort_by(|a, b| (b.written, &b.path).cmp(&(a.written, &a.path)));
        let age_limit = self.age_limit_days.map(|days| Duration::from_secs(u64::from(days) * 24 * 60 * 60));
        let (mut files, mut bytes) = (0, 0);
        for Old { path, bytes: size, written } in old {
            files += 1;
            bytes += size;
            let age = now.duration_since(written).unwrap_or_default();
            let kept = self.files_limit.is_none_or(|limit| files <= limit)
                && self.total_limit_bytes.is_none_or(|limit| bytes <= limit)
                && age_limit.is_none_or(|limit| age <= limit);
            if !kept && File::open(&path).is_ok_and(|file| !is_live(&file)) {
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

fn recordings(directory: &Path) -> Vec<Old> {
    let Ok(entries) = read_dir(directory) else { return Vec::new() };
    let recordings = entries.filter_map(|entry| {
        let path = entry.ok()?.path();
        let metadata = path.metadata().ok()?;
        let is_recording =
            metadata.is_file() && path.extension().is_some_and(|ending| ending == FILE_EXTENSION);
        let written = metadata.modified().ok()?;
        is_recording.then_some(Old { path, bytes: metadata.len(), written })
    });
    recordings.collect()
}

#[cfg(test)]
mod tests {
    use super::super::directory::Directory;
    use super::super::storage::Storage;
    use super::super::unfinished::unfinished;
    use super::*;
    use crate::assets::belt;
    use shared::keyframe::Keyframe;
    use shared::recording::{Encoder, Header};
    use std::fs::write;
    use std::io;

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

    fn names(home: &tempfile::TempDir) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in read_dir(home.path())? {
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
            retention.apply(home.path(), now);
            assert_eq!(names(&home)?, ["0.belt", "1.belt", "notes.txt"], "{retention:?}");
        }
        let home = directory(now)?;
        Retention::default().apply(home.path(), now);
        assert_eq!(names(&home)?.len(), 7);
        Ok(())
    }

    #[test]
    fn what_is_being_written_stays() -> io::Result<()> {
        let now = SystemTime::now();
        let home = directory(now)?;
        let live = File::open(home.path().join("5.belt"))?;
        live.lock()?;
        Retention { files_limit: Some(1), ..Retention::default() }.apply(home.path(), now);
        assert_eq!(names(&home)?, ["0.belt", "5.belt", "notes.txt"]);
        Ok(())
    }

    #[test]
    fn what_waits_to_be_gone_on_with_stays() -> io::Result<()> {
        let home = tempfile::tempdir()?;
        for (room, started_at) in [("a", 2), ("b", 1)] {
            let mut encoder = Encoder::new(&Header::new(&belt(), "any build", room, started_at));
            encoder.keyframe(&Keyframe::default()).map_err(io::Error::other)?;
            write(home.path().join(format!("{room}.belt")), encoder.take().map_err(io::Error::other)?)?;
        }
        let b = File::options().write(true).open(home.path().join("b.belt"))?;
        b.set_modified(SystemTime::now() - DAY)?;
        let mut left = unfinished(home.path())?;
        assert_eq!(left.next().map(|first| first.room().to_owned()).as_deref(), Some("a"));
        Retention { files_limit: Some(1), ..Retention::default() }.apply(home.path(), SystemTime::now());
        assert_eq!(left.next().map(|second| second.room().to_owned()).as_deref(), Some("b"));
        Ok(())
    }

    #[test]
    fn a_new_recording_counts() -> io::Result<()> {
        let home = directory(SystemTime::now())?;
        let retention = Retention { files_limit: Some(2), ..Retention::default() };
        let mut recordings = Directory::new(home.path().into(), retention);
        let (_file, name) = recordings.create("new", SystemTime::now())?;
        assert_eq!(names(&home)?, ["0.belt", name.as_str(), "notes.txt"]);
        Ok(())
    }
}
