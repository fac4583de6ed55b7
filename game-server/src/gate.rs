//! Holds back what players are told until the operating system has it: what was told survives a crash of the server.
//!
//! The room says which tick it records, the journal's writer says which tick is written, and a [link](crate::link) gives a
//! message out once the tick that it speaks of is written. The room never waits: when the disk stalls for longer than the
//! players' patience, or nothing can be recorded, the gate stands open.

use shared::id::Tick;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

/// Asks for what rooms have said to be written to the sockets.
pub type Flush = Arc<dyn Fn() + Send + Sync>;

/// As `written`: everything may be told.
const OPEN: u32 = u32::MAX;
/// As `awaited`: nobody waits.
const NOBODY: u32 = u32::MAX;

/// Between one room's journal and what its players are told.
pub struct Gate {
    recorded: AtomicU32,
    written: AtomicU32,
    /// The newest tick whose messages were not yet flushed.
    awaited: AtomicU32,
    patience_ticks: u32,
    flush: Flush,
}

impl Gate {
    /// A gate for a room that stands at a tick which everybody may know. Players wait for the disk for at most
    /// `patience_ticks`.
    #[must_use]
    pub fn new(at: Tick, patience_ticks: u32, flush: Flush) -> Gate {
        let (recorded, written) = (AtomicU32::new(at.0), AtomicU32::new(at.0));
        Gate { recorded, written, awaited: AtomicU32::new(NOBODY), patience_ticks, flush }
    }

    /// The room: this tick is handed to the journal, and what follows speaks of it. Says whether the disk has just
    /// exhausted the players' patience, so that they wait no longer.
    #[must_use]
    pub fn record(&self, tick: Tick) -> bool {
        self.recorded.store(tick.0, SeqCst);
        let written = self.written.load(SeqCst);
        let exhausted = written != OPEN && tick.0.saturating_sub(written) > self.patience_ticks;
        if exhausted {
            self.open();
        }
        exhausted
    }

    /// The room: all that is to be said of the newest tick is in the links.
    pub fn told(&self) {
        let tick = self.recorded();
        self.awaited.store(tick.0, SeqCst);
        if self.lets_pass(tick) {
            self.flush_awaited();
        }
    }

    /// The writer: everything up to this tick is written. Far behind the room, that shuts nothing again. Says whether
    /// players wait for the disk from now on.
    pub fn write(&self, tick: Tick) -> bool {
        let behind = self.recorded().0.saturating_sub(tick.0) > self.patience_ticks;
        if !behind {
            self.written.store(tick.0, SeqCst);
        }
        self.flush_awaited();
        !behind
    }

    /// Nothing is held back, until something is written again.
    pub fn open(&self) {
        self.written.store(OPEN, SeqCst);
        self.flush_awaited();
    }

    /// The tick that a message of the room speaks of now.
    #[must_use]
    pub fn recorded(&self) -> Tick {
        Tick(self.recorded.load(SeqCst))
    }

    /// Whether what speaks of a tick may be told.
    #[must_use]
    pub fn lets_pass(&self, tick: Tick) -> bool {
        tick.0 <= self.written.load(SeqCst)
    }

    fn flush_awaited(&self) {
        let awaited = self.awaited.load(SeqCst);
        if awaited == NOBODY {
            return;
        }
        // Only whoever lets the awaited tick pass ends the wait; the room may have begun another one meanwhile.
        if self.lets_pass(Tick(awaited)) {
            let _ = self.awaited.compare_exchange(awaited, NOBODY, SeqCst, SeqCst);
        }
        (self.flush)();
    }
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate").field("recorded", &self.recorded).field("written", &self.written).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    fn gate() -> (Gate, Arc<AtomicUsize>) {
        let flushes = Arc::new(AtomicUsize::new(0));
        let flush = {
            let flushes = flushes.clone();
            Arc::new(move || {
                flushes.fetch_add(1, SeqCst);
            })
        };
        (Gate::new(Tick(100), 3, flush), flushes)
    }

    #[test]
    fn what_is_said_goes_out_once_it_is_written_whoever_comes_last() {
        let (gate, flushes) = gate();
        assert!(!gate.record(Tick(101)));
        assert!(gate.lets_pass(Tick(100)) && !gate.lets_pass(Tick(101)));
        gate.told();
        assert_eq!(flushes.load(SeqCst), 0, "the disk has not got it");
        assert!(gate.write(Tick(101)));
        assert_eq!(flushes.load(SeqCst), 1);
        assert!(!gate.record(Tick(102)));
        assert!(gate.write(Tick(102)));
        assert_eq!(flushes.load(SeqCst), 1, "the room has not said it");
        gate.told();
        assert_eq!(flushes.load(SeqCst), 2);
    }

    #[test]
    fn patience_ends_and_begins_anew_once_the_disk_has_caught_up() {
        let (gate, flushes) = gate();
        for tick in 101..=103 {
            assert!(!gate.record(Tick(tick)));
            gate.told();
        }
        assert!(!gate.lets_pass(Tick(101)));
        assert!(gate.record(Tick(104)));
        assert!(flushes.load(SeqCst) > 0 && gate.lets_pass(Tick(104)));
        assert!(!gate.record(Tick(110)), "said once");
        assert!(!gate.write(Tick(105)), "still far behind");
        assert!(gate.lets_pass(Tick(110)));
        assert!(gate.write(Tick(109)));
        assert!(!gate.lets_pass(Tick(110)));
    }
}
