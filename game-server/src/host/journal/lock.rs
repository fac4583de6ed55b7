//! One server per directory of recordings: a lock on the file with the server's process id. Where the file system has no locks, the
//! server rewrites the file every second, and the next one watches for that before it takes the directory.

use std::fs::{File, TryLockError, create_dir_all};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

/// The file beside the recordings with the id of the process that writes them.
pub(super) const PROCESS_FILE: &str = "server.pid";
/// Interval at which a server without locks rewrites its file.
const BEAT_INTERVAL: Duration = Duration::from_secs(1);
/// A server that misses this many intervals counts as dead.
const BEATS_LIMIT: u32 = 4;

/// Keeps other servers from a directory of recordings, for as long as it lives.
#[derive(Debug)]
pub struct DirectoryLock {
    file: File,
    /// Ends the beats, where there are no locks.
    _beats: Option<SyncSender<()>>,
}

/// Why a directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another server uses it.
    #[error(
        "another server{} records into {}: stop it, or name another directory with --recordings",
        process.map(|id| format!(" (process {id})")).unwrap_or_default(),
        directory.display()
    )]
    Taken {
        /// The directory.
        directory: PathBuf,
        /// The process of the other server, if it says so.
        process: Option<u32>,
    },
    /// The file cannot be written.
    #[error("{} cannot be written: {error}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl DirectoryLock {
    /// Takes a directory for this process, which has taken it already if it was `inherited`.
    ///
    /// # Errors
    /// [`LockError`] if another process has it, or if it cannot be written.
    pub fn take(directory: &Path, inherited: bool) -> Result<DirectoryLock, LockError> {
        DirectoryLock::take_by(directory, inherited, File::try_lock)
    }

    fn take_by(
        directory: &Path,
        inherited: bool,
        try_lock: impl Fn(&File) -> Result<(), TryLockError>,
    ) -> Result<DirectoryLock, LockError> {
        let path = directory.join(PROCESS_FILE);
        let unwritable = |error| LockError::File { file: path.clone(), error };
        create_dir_all(directory).map_err(unwritable)?;
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path).map_err(unwritable)?;
        let taken =
            |file: &mut File| LockError::Taken { directory: directory.into(), process: process_of(file) };
        let lockless = match try_lock(&file) {
            Ok(()) => false,
            // The open file that the program before this one in the process has left has the lock.
            Err(TryLockError::WouldBlock) if inherited => false,
            Err(TryLockError::WouldBlock) => return Err(taken(&mut file)),
            Err(TryLockError::Error(error)) => {
                tracing::warn!(
                    file = %path.display(), %error,
                    "the file system has no locks: a second server here is noticed by what it writes"
                );
                if !inherited && is_beating(&mut file).map_err(unwritable)? {
                    return Err(taken(&mut file));
                }
                true
            }
        };
        let beats = lockless.then(|| keep_beating(&file, path.clone())).transpose().map_err(unwritable)?;
        if !lockless {
            write(&mut file, &std::process::id().to_string()).map_err(unwritable)?;
        }
        Ok(DirectoryLock { file, _beats: beats })
    }

    /// Whether the lock stays with the program that this process executes next.
    ///
    /// # Errors
    /// The kernel's.
    #[cfg(unix)]
    pub fn set_inheritable(&self, inheritable: bool) -> io::Result<()> {
        use nix::fcntl::{FcntlArg, FdFlag, fcntl};
        let flags = if inheritable { FdFlag::empty() } else { FdFlag::FD_CLOEXEC };
        fcntl(&self.file, FcntlArg::F_SETFD(flags))?;
        Ok(())
    }
}

/// The id of the process that uses a directory: the first line of its file. `None` if the directory is free.
///
/// # Errors
/// If the file cannot be read.
pub fn process_at(directory: &Path) -> io::Result<Option<u32>> {
    let mut file = match File::open(directory.join(PROCESS_FILE)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let is_used = match file.try_lock_shared() {
        Ok(()) => false,
        Err(TryLockError::WouldBlock) => true,
        Err(TryLockError::Error(_)) => is_beating(&mut file)?,
    };
    Ok(process_of(&mut file).filter(|_| is_used))
}

fn process_of(file: &mut File) -> Option<u32> {
    read(file).ok()?.lines().next()?.trim().parse().ok()
}

fn read(file: &mut File) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn write(file: &mut File, content: &str) -> io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    file.write_all(content.as_bytes())?;
    file.set_len(content.len() as u64)
}

/// Whether a server without a lock still rewrites the file. An orderly stop leaves a file without a beat.
fn is_beating(file: &mut File) -> io::Result<bool> {
    let before = read(file)?;
    if before.lines().count() < 2 {
        return Ok(false);
    }
    for _ in 0..BEATS_LIMIT * 10 {
        std::thread::sleep(BEAT_INTERVAL / 10);
        if read(file)? != before {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Shows that this server lives until the sender is dropped.
fn keep_beating(file: &File, path: PathBuf) -> io::Result<SyncSender<()>> {
    let mut file = file.try_clone()?;
    let token = getrandom::u64().map_err(io::Error::other)?;
    let owner = format!("{}\n{token:016x} ", std::process::id());
    let mut beat = 0u64;
    let mut show = move |file: &mut File| {
        beat += 1;
        write(file, &format!("{owner}{beat:016x}\n")).map(|()| owner.clone())
    };
    show(&mut file)?;
    let (end, ended) = sync_channel(0);
    std::thread::Builder::new().name("directory lock".into()).spawn(move || {
        let mut owner = None::<String>;
        while ended.recv_timeout(BEAT_INTERVAL) == Err(RecvTimeoutError::Timeout) {
            let is_other = |owner: &String| read(&mut file).is_ok_and(|content| !content.starts_with(owner));
            if owner.as_ref().is_some_and(is_other) {
                tracing::error!(file = %path.display(), "another server has taken the directory of recordings: stop one of the two");
                return;
            }
            // A file system that fails says so where it is recorded.
            owner = show(&mut file).ok();
        }
        let _ = write(&mut file, &std::process::id().to_string());
    })?;
    Ok(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no_locks(_: &File) -> Result<(), TryLockError> {
        Err(TryLockError::Error(io::ErrorKind::Unsupported.into()))
    }

    fn process(error: &LockError) -> Option<u32> {
        let LockError::Taken { process, .. } = error else { panic!("{error}") };
        *process
    }

    #[test]
    fn a_directory_is_taken_once_and_free_again_after_its_server() -> io::Result<()> {
        let home = tempfile::tempdir()?;
        let first = DirectoryLock::take(home.path(), false).map_err(io::Error::other)?;
        let error = DirectoryLock::take(home.path(), false).expect_err("it is taken");
        assert_eq!(process(&error), Some(std::process::id()));
        let words = error.to_string();
        assert!(
            words.contains(&home.path().display().to_string()) && words.contains("--recordings"),
            "{words}"
        );
        assert_eq!(process_at(home.path())?, Some(std::process::id()));
        assert!(DirectoryLock::take(home.path(), true).is_ok(), "the program before this one had it");
        drop(first);
        assert_eq!(process_at(home.path())?, None);
        DirectoryLock::take(home.path(), false).map(drop).map_err(io::Error::other)
    }

    #[test]
    fn without_locks_a_second_server_sees_the_first_one_write() -> io::Result<()> {
        let home = tempfile::tempdir()?;
        let first = DirectoryLock::take_by(home.path(), false, no_locks).map_err(io::Error::other)?;
        let error = DirectoryLock::take_by(home.path(), false, no_locks).expect_err("it is taken");
        assert_eq!(process(&error), Some(std::process::id()));
        assert!(DirectoryLock::take_by(home.path(), true, no_locks).is_ok());
        drop(first);
        Ok(())
    }

    #[test]
    fn without_locks_a_server_that_died_is_followed() -> io::Result<()> {
        let home = tempfile::tempdir()?;
        std::fs::write(home.path().join(PROCESS_FILE), "7\n0123456789abcdef 0000000000000003\n")?;
        let next = DirectoryLock::take_by(home.path(), false, no_locks).map_err(io::Error::other)?;
        let text = std::fs::read_to_string(home.path().join(PROCESS_FILE))?;
        assert!(text.starts_with(&std::process::id().to_string()), "{text}");
        drop(next);
        Ok(())
    }
}
