//! What this process can be asked for by a signal: from outside by `game-server stop`, `drain` and `upgrade`, from inside by the
//! administrator's API.

#[cfg(unix)]
use nix::sys::signal::{Signal, kill};
#[cfg(unix)]
use nix::unistd::Pid;
use std::io;

/// Sent by `game-server stop --for-good`.
#[cfg(unix)]
pub const STOP_FOR_GOOD: Signal = Signal::SIGUSR1;
/// Sent by `game-server upgrade`. SIGHUP asks for the same, but a process that was started by `nohup` ignores that one.
#[cfg(unix)]
pub const UPGRADE: Signal = Signal::SIGUSR2;

/// Sent by `game-server drain`.
#[cfg(unix)]
pub const DRAIN: Signal = Signal::SIGQUIT;

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Stop; rooms continue when the server is started again.
    Stop,
    /// Stop; matches are over.
    StopForGood,
    /// Let the newest binary take over.
    Upgrade,
    /// Take no newcomers, and give the rooms to the other nodes of the fleet.
    Drain,
}

/// Asks this process.
///
/// # Errors
/// The kernel's; always, where there are no signals.
#[cfg(unix)]
pub fn ask(request: Request) -> io::Result<()> {
    let signal = match request {
        Request::Stop => Signal::SIGTERM,
        Request::StopForGood => STOP_FOR_GOOD,
        Request::Upgrade => UPGRADE,
        Request::Drain => DRAIN,
    };
    Ok(kill(Pid::this(), signal)?)
}

#[cfg(not(unix))]
pub fn ask(_: Request) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
