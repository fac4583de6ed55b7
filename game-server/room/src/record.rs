//! What a room has to record, until the loop hands it to the journal.

use shared::command::TickInputs;
use shared::id::Tick;
use shared::keyframe::Keyframe;
use shared::recording::{Mark, Seats};
use std::collections::VecDeque;

/// Seconds between two keyframes: what seeking and crash recovery simulate at most.
pub const KEYFRAME_INTERVAL_SECONDS: f32 = 10.0;

/// One entry of a recording.
#[derive(Clone, Debug)]
pub enum Record {
    /// The whole world as of the newest tick, and who may resume which seat.
    Keyframe(Box<(Keyframe, Seats)>),
    /// Seats that differ from the next tick on.
    Seats(Seats),
    /// What entered the world in a tick, and the hash after it.
    Tick {
        /// The tick.
        tick: Tick,
        /// What entered the world.
        inputs: TickInputs,
        /// The hash after it.
        state_hash: u64,
    },
    /// Something worth finding again.
    Mark(Mark),
}

impl Record {
    /// A keyframe and the seats at it.
    pub fn keyframe(keyframe: Keyframe, seats: Seats) -> Record {
        Record::Keyframe(Box::new((keyframe, seats)))
    }
}

/// Records in the order in which they were made. A room that is not recorded makes none.
pub struct Records {
    waiting: Option<VecDeque<Record>>,
    has_begun: bool,
    keyframe_interval_ticks: u32,
    last_keyframe: Tick,
}

impl Records {
    /// No records yet; none ever, unless the room is recorded.
    pub fn new(is_recorded: bool, keyframe_interval_ticks: u32) -> Records {
        let waiting = is_recorded.then(VecDeque::new);
        Records { waiting, has_begun: false, keyframe_interval_ticks, last_keyframe: Tick(0) }
    }

    /// The first keyframe begins the recording. What comes before it is of no use and dropped.
    pub fn push(&mut self, record: Record) {
        let Some(waiting) = &mut self.waiting else { return };
        if let Record::Keyframe(keyframe) = &record {
            (self.has_begun, self.last_keyframe) = (true, keyframe.0.tick);
        }
        if self.has_begun {
            waiting.push_back(record);
        }
    }

    /// Whether there could be a recording and is none yet.
    pub fn wait_to_begin(&self) -> bool {
        self.waiting.is_some() && !self.has_begun
    }

    pub fn mark(&mut self, mark: Mark) {
        self.push(Record::Mark(mark));
    }

    /// Whether it is time for a keyframe after a tick.
    pub fn wants_keyframe(&self, tick: Tick) -> bool {
        self.has_begun && tick.since(self.last_keyframe) >= self.keyframe_interval_ticks
    }

    pub fn pop(&mut self) -> Option<Record> {
        self.waiting.as_mut()?.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyframe_is_due_one_interval_after_the_last() {
        let mut records = Records::new(true, 50);
        records.mark(Mark::left(Tick(1), shared::id::PlayerId(1)));
        assert!(records.wait_to_begin() && !records.wants_keyframe(Tick(90)) && records.pop().is_none());
        let keyframe = Keyframe { tick: Tick(50), ..Keyframe::default() };
        records.push(Record::keyframe(keyframe, Seats::default()));
        assert!(!records.wants_keyframe(Tick(99)) && records.wants_keyframe(Tick(100)));
        assert!(matches!(records.pop(), Some(Record::Keyframe(_))));
    }

    #[test]
    fn without_recording_there_are_no_records() {
        let mut records = Records::new(false, 50);
        assert!(!records.wants_keyframe(Tick(50)));
        records.mark(Mark::left(Tick(1), shared::id::PlayerId(1)));
        assert!(records.pop().is_none());
    }
}
