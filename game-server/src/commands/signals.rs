//! Signals: Ctrl-C and, on Unix, SIGTERM, SIGHUP and those that the commands `stop`, `drain` and `upgrade` send.

#[cfg(windows)]
use crate::process::Request;
#[cfg(unix)]
pub use unix::Signals;

#[cfg(unix)]
mod unix {
    use crate::process::{DRAIN, Request, STOP_FOR_GOOD, UPGRADE};
    use nix::sys::signal::{SigHandler, SigSet, Signal, kill, signal};
    use nix::unistd::Pid;
    use std::io;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
    use std::thread::JoinHandle;
    use tokio::sync::Notify;

    /// Takes signals on a thread. All threads block them, and a program that the process executes inherits that: none is lost
    /// while a new binary takes over, and none ends the process before it can be handled.
    pub struct Signals {
        set: SigSet,
        asked: Arc<Asked>,
        thread: Option<JoinHandle<()>>,
    }

    #[derive(Default)]
    struct Asked {
        stop: AtomicBool,
        stop_for_good: AtomicBool,
        upgrade: AtomicBool,
        drain: AtomicBool,
        /// The thread is to end.
        end: AtomicBool,
        changed: Notify,
    }

    impl Signals {
        /// To be called before any other thread is started: threads inherit which signals are blocked.
        pub fn block() -> io::Result<Signals> {
            let mut set = SigSet::empty();
            [Signal::SIGINT, Signal::SIGTERM, STOP_FOR_GOOD, UPGRADE, DRAIN]
                .into_iter()
                .for_each(|signal| set.add(signal));
            if !is_ignored(Signal::SIGHUP)? {
                set.add(Signal::SIGHUP);
            }
            // A file over the limit of the process is an error like a full disk.
            let mut blocked = set;
            blocked.add(Signal::SIGXFSZ);
            blocked.thread_block()?;
            let mut signals = Signals { set, asked: Arc::default(), thread: None };
            signals.begin()?;
            Ok(signals)
        }

        /// Takes signals, again after [`end`](Signals::end).
        pub fn begin(&mut self) -> io::Result<()> {
            let (set, asked) = (self.set, self.asked.clone());
            asked.end.store(false, SeqCst);
            let thread = std::thread::Builder::new().name("signals".into());
            self.thread = Some(thread.spawn(move || take(set, &asked))?);
            Ok(())
        }

        /// Leaves the signals that come from now on to the next program of this process. Says whether a stop was asked for
        /// before.
        pub fn end(&mut self) -> io::Result<bool> {
            self.asked.end.store(true, SeqCst);
            kill(Pid::this(), UPGRADE)?;
            // It has no reason to panic.
            let _ = self.thread.take().map(JoinHandle::join);
            Ok(self.asked.stop.load(SeqCst) || self.asked.stop_for_good.load(SeqCst))
        }

        pub async fn next(&mut self) -> Request {
            loop {
                if let Some(stop) = self.asked.take_stop() {
                    return stop;
                }
                if self.asked.upgrade.swap(false, SeqCst) {
                    return Request::Upgrade;
                }
                if self.asked.drain.swap(false, SeqCst) {
                    return Request::Drain;
                }
                self.asked.changed.notified().await;
            }
        }

        /// Like [`next`](Signals::next), but leaves upgrades for later.
        pub async fn next_stop(&mut self) -> Request {
            loop {
                if let Some(stop) = self.asked.take_stop() {
                    return stop;
                }
                self.asked.changed.notified().await;
            }
        }
    }

    impl Asked {
        fn take_stop(&self) -> Option<Request> {
            let (for_good, stop) = (self.stop_for_good.swap(false, SeqCst), self.stop.swap(false, SeqCst));
            if for_good { Some(Request::StopForGood) } else { stop.then_some(Request::Stop) }
        }
    }

    fn take(set: SigSet, asked: &Asked) {
        while let Ok(signal) = set.wait() {
            let flag = match signal {
                _ if asked.end.load(SeqCst) && signal == UPGRADE => return,
                STOP_FOR_GOOD => &asked.stop_for_good,
                UPGRADE | Signal::SIGHUP => &asked.upgrade,
                DRAIN => &asked.drain,
                _ => &asked.stop,
            };
            flag.store(true, SeqCst);
            asked.changed.notify_one();
        }
    }

    /// Whether the process was started with a signal ignored, as `nohup` does.
    #[allow(unsafe_code)]
    fn is_ignored(which: Signal) -> io::Result<bool> {
        // SAFETY: neither disposition runs code of this process.
        let before = unsafe { signal(which, SigHandler::SigIgn)? };
        if matches!(before, SigHandler::SigIgn) {
            return Ok(true);
        }
        // SAFETY: as above.
        unsafe { signal(which, SigHandler::SigDfl)? };
        Ok(false)
    }
}

/// Waits for Ctrl-C.
#[cfg(windows)]
pub struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    /// To be called within a runtime.
    pub fn block() -> std::io::Result<Signals> {
        Ok(Signals(tokio::signal::windows::ctrl_c()?))
    }

    pub async fn next(&mut self) -> Request {
        self.next_stop().await
    }

    pub async fn next_stop(&mut self) -> Request {
        self.0.recv().await;
        Request::Stop
    }
}
