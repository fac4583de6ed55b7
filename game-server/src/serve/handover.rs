//! A new binary takes over in place: the process executes it, and keeps its id, its port and, through their recordings, its
//! rooms.
//!
//! First the new binary is asked, as a child process, whether it can: it must accept the same options and be the same build
//! of the simulation. Then the rooms leave their recordings open, players are told to reconnect at once, and the process
//! executes the binary with the listening socket as its standard input. The port stays open: new connections wait in its
//! backlog.

use crate::host::journal::{DirectoryLock, process_at};
use anyhow::Context;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, dup2_stdin, execve};
use sim::Sim;
use std::convert::Infallible;
use std::ffi::{CString, OsString};
use std::io;
use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// Set for a server whose standard input is the socket to listen on.
const LISTENER_VARIABLE: &str = "GAME_SERVER_LISTENER_ON_STDIN";
/// Set for a server to which the lock on the directory of recordings was left.
const LOCK_VARIABLE: &str = "GAME_SERVER_INHERITS_LOCK";
/// Set for a binary that is asked whether it can take over: the build of the simulation that it must be, and the origin that
/// the running server listens at.
const SUCCESSION_VARIABLE: &str = "GAME_SERVER_SUCCEEDS_SIMULATION";
const ORIGIN_VARIABLE: &str = "GAME_SERVER_SUCCEEDS_ORIGIN";
/// How long a binary may take to answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// How long a server may take to stop.
const STOP_LIMIT: Duration = Duration::from_secs(8);
const STOP_POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Why a binary cannot take over.
#[derive(Debug, thiserror::Error)]
pub enum UpgradeError {
    #[error("{} cannot be started: {error}", binary.display())]
    Start { binary: PathBuf, error: io::Error },
    #[error("{} refuses: {reason}", binary.display())]
    Refused { binary: PathBuf, reason: String },
    #[error("{} gives no answer within {} s", binary.display(), ANSWER_LIMIT.as_secs())]
    Silent { binary: PathBuf },
}

/// The path of this process's binary, and its arguments.
#[derive(Clone, Debug)]
pub struct Binary {
    path: PathBuf,
    arguments: Vec<OsString>,
}

impl Binary {
    /// This process's binary. To be called at the start: once the file is replaced, the kernel no longer knows its path.
    pub fn of_this_process() -> io::Result<Binary> {
        Ok(Binary { path: std::env::current_exe()?, arguments: std::env::args_os().skip(1).collect() })
    }

    /// Asks the binary that is at the path now whether it can take over from the server at this origin.
    pub async fn ask(&self, origin: &str) -> Result<(), UpgradeError> {
        let binary = self.path.clone();
        let mut command = tokio::process::Command::new(&binary);
        command.args(&self.arguments).env_remove(LISTENER_VARIABLE).env_remove(LOCK_VARIABLE);
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
        let reason = words.lines().last().unwrap_or("no reason given").trim_start_matches("error: ").into();
        Err(UpgradeError::Refused { binary, reason })
    }

    /// Executes the binary that is at the path now. Returns only with an error: this process is as it was, but for its standard
    /// input.
    pub fn execute(&self, handover: &Handover) -> io::Error {
        let inherit = |inherit| handover.lock.as_ref().map_or(Ok(()), |lock| lock.set_inheritable(inherit));
        let executed = inherit(true).and_then(|()| self.try_execute(handover));
        let _ = inherit(false);
        executed.map_or_else(|error| error, |never| match never {})
    }

    /// Not by `Command::exec`, which leaves this process without its signal handlers when it fails.
    fn try_execute(&self, handover: &Handover) -> io::Result<Infallible> {
        let path = CString::new(self.path.as_os_str().as_bytes())?;
        let arguments = self.arguments.iter().map(|argument| CString::new(argument.as_bytes()));
        let arguments = std::iter::once(Ok(path.clone())).chain(arguments).collect::<Result<Vec<_>, _>>()?;
        let left = [SUCCESSION_VARIABLE, ORIGIN_VARIABLE, LISTENER_VARIABLE, LOCK_VARIABLE];
        let kept = std::env::vars_os().filter(|(name, _)| left.iter().all(|left| name != left));
        let new = [(LISTENER_VARIABLE, true), (LOCK_VARIABLE, handover.lock.is_some())];
        let new = new.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| (name.into(), "1".into()));
        let variable = |(name, value): (OsString, OsString)| {
            CString::new([name.as_bytes(), b"=", value.as_bytes()].concat())
        };
        let variables = kept.chain(new).map(variable).collect::<Result<Vec<_>, _>>()?;
        dup2_stdin(&handover.listener)?;
        Ok(execve(&path, &arguments, &variables)?)
    }
}

/// What a server leaves to the next one in its process.
pub struct Handover {
    pub listener: OwnedFd,
    pub lock: Option<DirectoryLock>,
}

/// The running server that this process is asked whether it could follow.
pub struct Predecessor {
    pub build: String,
    /// Where it listens; `None` for a server of a version that did not say.
    pub origin: Option<String>,
}

/// The running server, if this process is only asked whether it could take over.
pub fn predecessor() -> Option<Predecessor> {
    let build = std::env::var(SUCCESSION_VARIABLE).ok()?;
    Some(Predecessor { build, origin: std::env::var(ORIGIN_VARIABLE).ok() })
}

/// The listening socket of the previous process, if it left one.
pub fn inherited_listener() -> io::Result<Option<TcpListener>> {
    if std::env::var_os(LISTENER_VARIABLE).is_none() {
        return Ok(None);
    }
    let listener = TcpListener::from(io::stdin().as_fd().try_clone_to_owned()?);
    listener.local_addr()?;
    Ok(Some(listener))
}

/// Whether the previous process has left its [lock](DirectoryLock) on the directory of recordings to this one.
pub fn inherits_lock() -> bool {
    std::env::var_os(LOCK_VARIABLE).is_some()
}

/// Sends a signal to the server that records into this directory.
pub fn send(recordings: &Path, signal: Signal) -> anyhow::Result<u32> {
    let process = process_at(recordings)?;
    let process = process.with_context(|| format!("no server records into {}", recordings.display()))?;
    kill(Pid::from_raw(i32::try_from(process)?), signal)?;
    Ok(process)
}

/// Stops the server that records into this directory, and waits until it has ended.
pub fn stop(recordings: &Path, signal: Signal) -> anyhow::Result<()> {
    let process = send(recordings, signal)?;
    let limit = Instant::now() + STOP_LIMIT;
    while process_at(recordings)? == Some(process) {
        let seconds = STOP_LIMIT.as_secs();
        anyhow::ensure!(
            Instant::now() < limit,
            "process {process} was told to stop, but runs after {seconds} s"
        );
        std::thread::sleep(STOP_POLL_INTERVAL);
    }
    Ok(())
}
