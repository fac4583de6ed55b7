//! Notifies systemd of the state of this process (`Type=notify-reload`, `WatchdogSec=`). Does nothing without `NOTIFY_SOCKET`.

use std::time::Duration;

/// How often the server reports that it is alive if the service manager gives no limit.
const USUAL_WATCHDOG_INTERVAL: Duration = Duration::from_secs(5);

/// A state of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceState {
    /// Its port is open. Also ends an upgrade, whether the new binary took over or was refused.
    Ready,
    /// A new binary is to take over. The process id stays.
    Reloading,
    Stopping,
    /// The threads that matter run.
    Alive,
}

#[cfg(target_os = "linux")]
pub use linux::{notify, watchdog_interval};

#[cfg(target_os = "linux")]
mod linux {
    use super::{ServiceState, USUAL_WATCHDOG_INTERVAL};
    use sd_notify::NotifyState;
    use std::io;
    use std::sync::OnceLock;
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
    use std::time::Duration;

    /// States that wait for a service manager that reads slowly; later ones are dropped.
    const QUEUE_LIMIT_STATES: usize = 16;
    /// A shorter limit of the service manager is not believed.
    const WATCHDOG_INTERVAL_MIN: Duration = Duration::from_millis(10);

    /// Sends from a separate thread: a service manager that does not read would block the caller.
    pub fn notify(state: ServiceState) {
        static QUEUE: OnceLock<Option<SyncSender<ServiceState>>> = OnceLock::new();
        if let Some(queue) = QUEUE.get_or_init(start) {
            let _ = queue.try_send(state);
        }
    }

    fn start() -> Option<SyncSender<ServiceState>> {
        std::env::var_os("NOTIFY_SOCKET").filter(|socket| !socket.is_empty())?;
        let (queue, states) = sync_channel(QUEUE_LIMIT_STATES);
        let thread = std::thread::Builder::new().name("service manager".into());
        let started = thread.spawn(move || send_all(&states));
        started
            .inspect_err(|error| tracing::warn!(%error, "no thread to notify the service manager"))
            .ok()?;
        Some(queue)
    }

    fn send_all(states: &Receiver<ServiceState>) {
        let mut has_failed = false;
        for state in states {
            if let Err(error) = send(state)
                && !std::mem::replace(&mut has_failed, true)
            {
                tracing::warn!(%error, ?state, "the service manager cannot be notified: NOTIFY_SOCKET");
            }
        }
    }

    fn send(state: ServiceState) -> io::Result<()> {
        match state {
            ServiceState::Ready => sd_notify::notify(&[NotifyState::Ready]),
            // Without the time, systemd cannot tell that the reload began after it asked for one.
            ServiceState::Reloading => {
                sd_notify::notify(&[NotifyState::Reloading, NotifyState::monotonic_usec_now()?])
            }
            ServiceState::Stopping => sd_notify::notify(&[NotifyState::Stopping]),
            ServiceState::Alive => sd_notify::notify(&[NotifyState::Watchdog]),
        }
    }

    /// Half of the service manager's limit, as sd_watchdog_enabled(3) advises.
    pub fn watchdog_interval() -> Duration {
        let limit = sd_notify::watchdog_enabled().filter(|limit| !limit.is_zero());
        limit.map_or(USUAL_WATCHDOG_INTERVAL, |limit| (limit / 2).max(WATCHDOG_INTERVAL_MIN))
    }
}

#[cfg(not(target_os = "linux"))]
pub fn notify(_: ServiceState) {}

#[cfg(not(target_os = "linux"))]
pub fn watchdog_interval() -> Duration {
    USUAL_WATCHDOG_INTERVAL
}
