//! What the system tells the process: Ctrl-C and, where they exist, SIGTERM and SIGHUP.

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Stop in order.
    Stop,
    /// Let the newest binary take over.
    Upgrade,
}

/// Waits for signals. Made before the server says that it is open: from then on a signal finds somebody who listens.
#[cfg(unix)]
pub struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    /// Listens from now on.
    ///
    /// # Errors
    /// The system's.
    pub fn new() -> std::io::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// The next one.
    pub async fn next(&mut self) -> Told {
        tokio::select! {
            _ = self.interrupt.recv() => Told::Stop,
            _ = self.terminate.recv() => Told::Stop,
            _ = self.hangup.recv() => Told::Upgrade,
        }
    }
}

/// Waits for Ctrl-C.
#[cfg(windows)]
pub struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    /// Listens from now on.
    ///
    /// # Errors
    /// The system's.
    pub fn new() -> std::io::Result<Signals> {
        Ok(Signals(tokio::signal::windows::ctrl_c()?))
    }

    /// The next one.
    pub async fn next(&mut self) -> Told {
        self.0.recv().await;
        Told::Stop
    }
}
