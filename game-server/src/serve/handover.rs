//! A new binary takes over in place: the process becomes it, and keeps its number, its port and, through their recordings, its
//! rooms.
//!
//! First the new binary is asked, as a process beside this one, whether it can: it reads the same options and must simulate
//! in the same way. Then the rooms leave their recordings to be gone on with, players are told to come back at once, and
//! the process executes the binary with the listening socket as its standard input. The port never closes: who knocks
//! meanwhile waits.

use crate::cli::ServeOptions;
use crate::serve::Server;
use sim::Sim;
use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio::time::timeout;

/// Set for a server whose standard input is the socket to listen on.
const LISTENER_VARIABLE: &str = "GAME_SERVER_LISTENER_ON_STDIN";
/// Set for a binary that is asked whether it can take over: the build of the simulation that it must have, and how and where
/// the server listens that it would follow.
const SUCCESSION_VARIABLE: &str = "GAME_SERVER_SUCCEEDS_SIMULATION";
const ORIGIN_VARIABLE: &str = "GAME_SERVER_SUCCEEDS_ORIGIN";
/// How long a binary may take to answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// The file, beside the recordings, that says which process is writing them.
const PROCESS_FILE: &str = "server.pid";

/// Why a binary cannot take over.
#[derive(Debug, thiserror::Error)]
pub enum UpgradeError {
    /// It cannot be started.
    #[error("{} cannot be started: {error}", binary.display())]
    Start {
        /// The binary.
        binary: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It does not want to.
    #[error("{} refuses: {reason}", binary.display())]
    Refused {
        /// The binary.
        binary: PathBuf,
        /// Its words.
        reason: String,
    },
    /// It gives no answer.
    #[error("{} gives no answer within {} s", binary.display(), ANSWER_LIMIT.as_secs())]
    Silent {
        /// The binary.
        binary: PathBuf,
    },
}

/// This process's binary, by its path, and how it was called.
#[derive(Clone, Debug)]
pub struct Binary {
    path: PathBuf,
    arguments: Vec<OsString>,
}

impl Binary {
    /// Where this process's binary is. To be asked at the start: once the file is replaced, the system no longer knows.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn of_this_process() -> io::Result<Binary> {
        Ok(Binary { path: std::env::current_exe()?, arguments: std::env::args_os().skip(1).collect() })
    }

    /// Asks what is at the path now whether it can take over from the server of this origin.
    ///
    /// # Errors
    /// [`UpgradeError`] says why it cannot.
    pub async fn ask(&self, origin: &str) -> Result<(), UpgradeError> {
        let binary = self.path.clone();
        let mut command = tokio::process::Command::new(&binary);
        command.args(&self.arguments).env_remove(LISTENER_VARIABLE);
        command.env(SUCCESSION_VARIABLE, Sim::BUILD).env(ORIGIN_VARIABLE, origin);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        let output = match timeout(ANSWER_LIMIT, command.output()).await {
            Err(_) => return Err(UpgradeError::Silent { binary }),
            Ok(Err(error)) => return Err(UpgradeError::Start { binary, error }),
            Ok(Ok(output)) => output,
        };
        if output.status.success() {
            return Ok(());
        }
        let words = String::from_utf8_lossy(&output.stderr);
        let reason = words.lines().last().unwrap_or("it says nothing").trim_start_matches("error: ").into();
        Err(UpgradeError::Refused { binary, reason })
    }

    /// Becomes what is at the path, with this socket to listen on. Returns only with an error.
    #[must_use]
    pub fn become_it(&self, listener: OwnedFd) -> io::Error {
        Command::new(&self.path)
            .args(&self.arguments)
            .env(LISTENER_VARIABLE, "1")
            .env_remove(SUCCESSION_VARIABLE)
            .env_remove(ORIGIN_VARIABLE)
            .stdin(Stdio::from(listener))
            .exec()
    }
}

/// The build of the simulation that this process is asked to succeed, if it is only asked whether it can.
#[must_use]
pub fn asked_to_succeed() -> Option<String> {
    std::env::var(SUCCESSION_VARIABLE).ok()
}

/// The answer of a binary that is asked: an error, in words, if the server of this simulation cannot become it.
///
/// # Errors
/// If it simulates otherwise, or cannot use these options.
pub fn answer(options: &ServeOptions, build: &str) -> anyhow::Result<()> {
    anyhow::ensure!(
        build == Sim::BUILD,
        "it simulates as {}, the running rooms as {build}: let them end, and start it then",
        Sim::BUILD
    );
    // A server from before this was asked does not say where it listens.
    if let Ok(origin) = std::env::var(ORIGIN_VARIABLE) {
        Server::check_origin(options, &origin)?;
    }
    Server::check(options)?;
    Ok(())
}

/// The socket that this process is to listen on, if the one before has left it.
///
/// # Errors
/// If the standard input is no such socket.
pub fn inherited_listener() -> io::Result<Option<TcpListener>> {
    if std::env::var_os(LISTENER_VARIABLE).is_none() {
        return Ok(None);
    }
    let listener = TcpListener::from(io::stdin().as_fd().try_clone_to_owned()?);
    listener.local_addr()?;
    Ok(Some(listener))
}

/// Says in a directory of recordings which process is writing there. The file is locked for as long as it lives.
///
/// # Errors
/// If the file cannot be written.
pub fn sign(recordings: &Path) -> io::Result<File> {
    std::fs::create_dir_all(recordings)?;
    let mut file =
        File::options().write(true).create(true).truncate(false).open(recordings.join(PROCESS_FILE))?;
    // Of two servers with one directory, the first is the one that is asked to upgrade.
    if file.try_lock().is_ok() {
        file.set_len(0)?;
        write!(file, "{}", std::process::id())?;
    }
    Ok(file)
}

/// Tells the server that records into this directory to become its newest binary.
///
/// # Errors
/// If there is none, or it cannot be told.
pub fn request(recordings: &Path) -> anyhow::Result<()> {
    let path = recordings.join(PROCESS_FILE);
    let nobody = || anyhow::anyhow!("no server records into {}", recordings.display());
    let mut file = File::open(&path).map_err(|_| nobody())?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => {}
        _ => return Err(nobody()),
    }
    let mut number = String::new();
    file.read_to_string(&mut number)?;
    let process = number.trim().parse().ok().and_then(rustix::process::Pid::from_raw).ok_or_else(nobody)?;
    rustix::process::kill_process(process, rustix::process::Signal::HUP)?;
    Ok(())
}
