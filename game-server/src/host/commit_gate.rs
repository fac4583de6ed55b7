//! Holds messages to players back until the operating system has what they speak of: what was sent survives a crash.
//!
//! The room loop says which tick the journal has, the journal's writer says which tick is written, and a connection drains its
//! outbox once the newest tick in it is durable. The room never waits: when the disk stalls for longer than the players'
//! patience, or nothing can be recorded, every tick counts as durable.
//!
//! In a fleet, a tick is durable once other machines have it, too. For those the room does wait: it pauses.

use shared::id::Tick;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

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
    /// The newest tick that the fleet has.
    replicated: AtomicU32,
    is_paused: AtomicBool,
    patience_ticks: u32,
    flush: Flush,
}

impl CommitGate {
    /// A gate for a room at a tick that is durable already. Players wait for the disk for at most `patience_ticks`.
    pub fn new(at: Tick, patience_ticks: u32, flush: Flush) -> CommitGate {
        let (recorded, written) = (AtomicU32::new(at.0), AtomicU32::new(at.0));
        let (awaited, replicated) = (AtomicU32::new(NONE), AtomicU32::new(OPEN));
        let is_paused = AtomicBool::new(false);
        CommitGate { recorded, written, awaited, replicated, is_paused, patience_ticks, flush }
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
        self.replicated.store(OPEN, SeqCst);
        self.open_disk();
    }

    /// Nobody waits for the disk, until something is written again.
    pub fn open_disk(&self) {
        self.written.store(OPEN, SeqCst);
        self.flush_awaited();
    }

    /// Whether messages that speak of a tick may go out.
    pub fn is_durable(&self, tick: Tick) -> bool {
        tick.0 <= self.written.load(SeqCst).min(self.replicated.load(SeqCst))
    }

    /// From the world of this tick on, ticks wait for the fleet, unless they do already.
    pub fn await_replica(&self, tick: Tick) {
        let _ = self.replicated.compare_exchange(OPEN, tick.0, SeqCst, SeqCst);
    }

    /// The fleet has everything up to this tick. Where nobody waits for it, nobody begins to.
    pub fn replicate(&self, tick: Tick) {
        let moved = |replicated| (replicated != OPEN).then_some(tick.0);
        let _ = self.replicated.fetch_update(SeqCst, SeqCst, moved);
        self.flush_awaited();
    }

    /// The newest tick that the fleet has.
    pub fn replicated(&self) -> Tick {
        Tick(self.replicated.load(SeqCst))
    }

    /// Nobody waits for the fleet.
    pub fn open_replica(&self) {
        self.replicated.store(OPEN, SeqCst);
        self.flush_awaited();
    }

    /// The room stands still until the fleet answers.
    pub fn set_paused(&self, is_paused: bool) {
        self.is_paused.store(is_paused, SeqCst);
    }

    pub fn is_paused(&self) -> bool {
        self.is_paused.load(SeqCst)
    }

    /// Wakes the sockets for messages that wait for no tick.
    pub fn flush(&self) {
        (self.flush)();
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
    fn a_fleet_is_waited_for_besides_the_disk() {
        let (gate, flushes) = gate();
        gate.await_replica(Tick(100));
        gate.await_replica(Tick(90));
        assert!(!gate.flush_requested(Tick(101)));
        gate.write(Tick(101));
        assert!(!gate.is_durable(Tick(101)));
        gate.replicate(Tick(101));
        assert!(gate.is_durable(Tick(101)) && !gate.is_durable(Tick(102)));
        assert!(flushes.load(SeqCst) > 0);
        gate.open_replica();
        assert!(!gate.is_durable(Tick(102)), "the disk has not got it");
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
