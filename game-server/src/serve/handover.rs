//! A new binary takes over in place: the process executes it, and keeps its id, its port and, through their recordings, its
//! rooms.
//!
//! First the new binary is asked, as a child process, whether it can: it must accept the same options and be the same build
//! of the simulation. Then the rooms leave their recordings open, players are told to reconnect at once, and the process
//! executes the binary with the listening socket as its standard input. The port stays open: new connections wait in its
//! backlog.

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
/// Set for a binary that is asked whether it can take over: the build of the simulation that it must be, and the origin that
/// the running server listens at.
const SUCCESSION_VARIABLE: &str = "GAME_SERVER_SUCCEEDS_SIMULATION";
const ORIGIN_VARIABLE: &str = "GAME_SERVER_SUCCEEDS_ORIGIN";
/// How long a binary may take to answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// The file beside the recordings with the id of the process that writes them.
const PROCESS_FILE: &str = "server.pid";

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
        let reason = words.lines().last().unwrap_or("no reason given").trim_start_matches("error: ").into();
        Err(UpgradeError::Refused { binary, reason })
    }

    /// Executes the binary that is at the path now, with this socket to listen on. Returns only with an error.
    pub fn execute(&self, listener: OwnedFd) -> io::Error {
        Command::new(&self.path)
            .args(&self.arguments)
            .env(LISTENER_VARIABLE, "1")
            .env_remove(SUCCESSION_VARIABLE)
            .env_remove(ORIGIN_VARIABLE)
            .stdin(Stdio::from(listener))
            .exec()
    }
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

/// Writes the id of this process into a directory of recordings. The file is locked for as long as it lives.
pub fn sign(recordings: &Path) -> io::Result<File> {
    std::fs::create_dir_all(recordings)?;
    let mut file =
        File::options().write(true).create(true).truncate(false).open(recordings.join(PROCESS_FILE))?;
    // Of two servers with one directory, the first gets upgrade requests.
    if file.try_lock().is_ok() {
        file.set_len(0)?;
        write!(file, "{}", std::process::id())?;
    }
    Ok(file)
}

/// Tells the server that records into this directory to execute its newest binary.
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
