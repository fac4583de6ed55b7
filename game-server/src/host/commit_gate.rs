//! Holds messages to players back until the operating system has what they speak of: what was sent survives a crash.
//!
//! The room loop says which tick the journal has, the journal's writer says which tick is written, and a connection drains its
//! outbox once the newest tick in it is durable. The room never waits: when the disk stalls for longer than the players'
//! patience, or nothing can be recorded, every tick counts as durable.

use shared::id::Tick;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

/// Wakes the sockets to drain the outboxes.
pub type Flush = Arc<dyn Fn() + Send + Sync>;

/// As `written`: every tick counts as durable.
const OPEN: u32 = u32::MAX;
/// As `awaited`: no flush is requested.
const NONE: u32 = u32::MAX;

/// Between one room's journal and its outboxes.
pub struct CommitGate {
    recorded: AtomicU32,
    written: AtomicU32,
    /// The newest tick whose messages were not flushed yet.
    awaited: AtomicU32,
    patience_ticks: u32,
    flush: Flush,
}

impl CommitGate {
    /// A gate for a room at a tick that is durable already. Players wait for the disk for at most `patience_ticks`.
    pub fn new(at: Tick, patience_ticks: u32, flush: Flush) -> CommitGate {
        let (recorded, written) = (AtomicU32::new(at.0), AtomicU32::new(at.0));
        CommitGate { recorded, written, awaited: AtomicU32::new(NONE), patience_ticks, flush }
    }

    /// A gate for a room that is not recorded: every tick counts as durable.
    pub fn unrecorded(flush: Flush) -> CommitGate {
        let gate = CommitGate::new(Tick(0), u32::MAX, flush);
        gate.written.store(OPEN, SeqCst);
        gate
    }

    /// For the room loop: the journal has this tick, and its messages are in the outboxes. Says whether the disk has just
    /// exhausted the players' patience, so that they wait no longer.
    pub fn flush_requested(&self, tick: Tick) -> bool {
        self.recorded.store(tick.0, SeqCst);
        let written = self.written.load(SeqCst);
        let exhausted = written != OPEN && tick.0.saturating_sub(written) > self.patience_ticks;
        if exhausted {
            self.written.store(OPEN, SeqCst);
        }
        self.awaited.store(tick.0, SeqCst);
        if self.is_durable(tick) {
            self.flush_awaited();
        }
        exhausted
    }

    /// For the writer: everything up to this tick is written. A writer far behind the room does not make players wait again.
    /// Says whether they wait for the disk from now on.
    pub fn write(&self, tick: Tick) -> bool {
        let behind = self.recorded.load(SeqCst).saturating_sub(tick.0) > self.patience_ticks;
        if !behind {
            self.written.store(tick.0, SeqCst);
        }
        self.flush_awaited();
        !behind
    }

    /// The recording begins with the world of this tick: later ticks wait for the disk.
    pub fn begin(&self, tick: Tick) {
        self.written.store(tick.0, SeqCst);
    }

    /// Every tick counts as durable, until something is written again.
    pub fn open(&self) {
        self.written.store(OPEN, SeqCst);
        self.flush_awaited();
    }

    /// Whether messages that speak of a tick may go out.
    pub fn is_durable(&self, tick: Tick) -> bool {
        tick.0 <= self.written.load(SeqCst)
    }

    fn flush_awaited(&self) {
        let awaited = self.awaited.load(SeqCst);
        if awaited == NONE {
            return;
        }
        // The exchange fails if the room has requested another flush since.
        if self.is_durable(Tick(awaited)) {
            let _ = self.awaited.compare_exchange(awaited, NONE, SeqCst, SeqCst);
        }
        (self.flush)();
    }
}

impl std::fmt::Debug for CommitGate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CommitGate")
            .field("recorded", &self.recorded)
            .field("written", &self.written)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    fn gate() -> (CommitGate, Arc<AtomicUsize>) {
        let flushes = Arc::new(AtomicUsize::new(0));
        let flush = {
            let flushes = flushes.clone();
            Arc::new(move || {
                flushes.fetch_add(1, SeqCst);
            })
        };
        (CommitGate::new(Tick(100), 3, flush), flushes)
    }

    #[test]
    fn messages_go_out_when_written_and_requested_in_either_order() {
        let (gate, flushes) = gate();
        assert!(gate.is_durable(Tick(100)) && !gate.is_durable(Tick(101)));
        assert!(!gate.flush_requested(Tick(101)));
        assert_eq!(flushes.load(SeqCst), 0, "not written");
        assert!(gate.write(Tick(101)));
        assert_eq!(flushes.load(SeqCst), 1);
        assert!(gate.write(Tick(102)));
        assert_eq!(flushes.load(SeqCst), 1, "not requested");
        assert!(!gate.flush_requested(Tick(102)));
        assert_eq!(flushes.load(SeqCst), 2);
    }

    #[test]
    fn patience_ends_and_starts_again_once_the_disk_has_caught_up() {
        let (gate, flushes) = gate();
        for tick in 101..=103 {
            assert!(!gate.flush_requested(Tick(tick)));
        }
        assert!(!gate.is_durable(Tick(101)));
        assert!(gate.flush_requested(Tick(104)));
        assert!(flushes.load(SeqCst) > 0 && gate.is_durable(Tick(104)));
        assert!(!gate.flush_requested(Tick(110)), "said once");
        assert!(!gate.write(Tick(105)), "still far behind");
        assert!(gate.is_durable(Tick(110)));
        assert!(gate.write(Tick(109)));
        assert!(!gate.is_durable(Tick(110)));
    }
}
