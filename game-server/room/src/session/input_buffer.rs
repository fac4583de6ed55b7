//! A player's input frames until they enter the world: at most one per tick, within a window, in order.

use shared::id::Tick;
use shared::input::{Buttons, Controls, InputFrame};
use smallvec::SmallVec;

/// Frames are accepted for at most this many ticks ahead of the world.
pub const INPUT_WINDOW_TICKS: u32 = 64;

/// Frames that usually wait at a time.
const USUALLY_WAITING: usize = 4;

/// Frames that wait for their tick.
///
/// A frame takes effect at its own tick. One that comes late takes effect at the next tick, unless a newer one already
/// did. A tick without a frame holds what was held. A frame replaces those that wait for its tick and for later ones: its
/// client has set its clock back. Frames older than one that took effect and frames beyond the window are dropped: no
/// sequence of frames gives a player more than one set of controls per tick.
#[derive(Debug, Default)]
pub struct InputBuffer {
    /// Ascending. Inline, because a heap buffer would be one more cache miss per message.
    waiting: SmallVec<[InputFrame; USUALLY_WAITING]>,
    applied: Tick,
    newest: Tick,
    held: Controls,
}

impl InputBuffer {
    /// Inserts a frame; `now` is the tick last stepped.
    pub fn insert(&mut self, mut frame: InputFrame, now: Tick) {
        if frame.tick <= self.applied {
            return;
        }
        self.newest = frame.tick;
        self.waiting.truncate(self.waiting.partition_point(|waiting| waiting.tick < frame.tick));
        if frame.tick.since(now) > INPUT_WINDOW_TICKS {
            return;
        }
        frame.controls.buttons = frame.controls.buttons.known();
        self.waiting.push(frame);
        // Late frames could pile up in a session whose world stands still.
        if self.waiting.len() > INPUT_WINDOW_TICKS as usize {
            self.waiting.remove(0);
        }
    }

    /// The player is away, or on a new connection: waiting frames are dropped, and no button is held. Frames that took effect
    /// stay known, so that they take none again when they are resent.
    pub fn release(&mut self) {
        self.waiting.clear();
        self.newest = self.applied;
        self.held.buttons = Buttons::default();
    }

    /// The controls for a tick if they differ from those held before it: the newest frame up to it.
    pub fn take(&mut self, tick: Tick) -> Option<Controls> {
        let before = self.held;
        let due = self.waiting.partition_point(|frame| frame.tick <= tick);
        if let Some(newest) = self.waiting.drain(..due).next_back() {
            self.applied = newest.tick;
            self.held = newest.controls;
        }
        (self.held != before).then_some(self.held)
    }

    /// The newest tick whose frame took effect.
    pub fn applied(&self) -> Tick {
        self.applied
    }

    /// How many ticks the newest frame was ahead of a tick, also if that was too far; negative if it is behind.
    pub fn lead(&self, tick: Tick) -> i8 {
        let lead = i64::from(self.newest.0) - i64::from(tick.0);
        lead.clamp(i8::MIN.into(), i8::MAX.into()) as i8
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::input::Buttons;

    fn frame(tick: u32, buttons: u16) -> InputFrame {
        let controls = Controls { buttons: Buttons(buttons), ..Controls::default() };
        InputFrame { tick: Tick(tick), controls }
    }

    fn buttons(controls: Option<Controls>) -> Option<u16> {
        controls.map(|controls| controls.buttons.0)
    }

    #[test]
    fn a_frame_takes_effect_at_its_tick_and_is_held() {
        let mut buffer = InputBuffer::default();
        buffer.insert(frame(11, 1), Tick(10));
        buffer.insert(frame(12, 2), Tick(10));
        assert_eq!(buffer.lead(Tick(10)), 2);
        assert_eq!(buttons(buffer.take(Tick(11))), Some(1));
        assert_eq!(buttons(buffer.take(Tick(12))), Some(2));
        assert_eq!(buttons(buffer.take(Tick(13))), None, "nothing new: what is held stays");
        assert_eq!((buffer.applied(), buffer.lead(Tick(15))), (Tick(12), -3));
    }

    #[test]
    fn late_frames_count_once_and_never_overtake() {
        let mut buffer = InputBuffer::default();
        buffer.insert(frame(8, 1), Tick(10));
        assert_eq!(buttons(buffer.take(Tick(11))), Some(1), "late, but the newest there is");
        buffer.insert(frame(7, 2), Tick(11));
        buffer.insert(frame(8, 4), Tick(11));
        assert_eq!(buttons(buffer.take(Tick(12))), None, "older than what took effect");
    }

    #[test]
    fn a_clock_that_is_set_back_replaces_what_waits() {
        let mut buffer = InputBuffer::default();
        for tick in 11..=15 {
            buffer.insert(frame(tick, 1), Tick(10));
        }
        buffer.insert(frame(12, 2), Tick(10));
        assert_eq!(buffer.lead(Tick(10)), 2);
        assert_eq!(buttons(buffer.take(Tick(11))), Some(1));
        assert_eq!(buttons(buffer.take(Tick(12))), Some(2));
        assert_eq!(buttons(buffer.take(Tick(13))), None, "what waited for later ticks is void");
        buffer.insert(frame(12, 4), Tick(13));
        assert_eq!(buttons(buffer.take(Tick(14))), None, "what took effect stays");
    }

    #[test]
    fn frames_beyond_the_window_are_dropped_and_tell_how_far_they_are() {
        let mut buffer = InputBuffer::default();
        let limit = INPUT_WINDOW_TICKS;
        buffer.insert(frame(10 + limit, 1), Tick(10));
        buffer.insert(frame(10 + limit + 1, 0xfe00 | 4), Tick(10));
        assert_eq!(u32::try_from(buffer.lead(Tick(10))), Ok(limit + 1));
        assert_eq!(buttons(buffer.take(Tick(10 + limit))), Some(1));
        assert_eq!(buttons(buffer.take(Tick(10 + limit + 1))), None);
        buffer.insert(frame(10 + limit + 2, 0xfe00 | 1), Tick(10 + limit + 1));
        assert_eq!(buttons(buffer.take(Tick(10 + limit + 2))), None, "unknown buttons are cleared");
    }

    #[test]
    fn what_is_resent_after_a_release_counts_if_it_had_not_counted_before() {
        let mut buffer = InputBuffer::default();
        for tick in 11..=13 {
            buffer.insert(frame(tick, 1), Tick(10));
        }
        assert_eq!(buttons(buffer.take(Tick(11))), Some(1));
        buffer.release();
        assert_eq!(buffer.lead(Tick(11)), 0, "what was dropped is not ahead");
        assert_eq!(buttons(buffer.take(Tick(12))), None, "nobody steers");
        for tick in 11..=13 {
            buffer.insert(frame(tick, if tick == 13 { 2 } else { 1 }), Tick(12));
        }
        assert_eq!(buttons(buffer.take(Tick(13))), Some(2));
        assert_eq!(buffer.applied(), Tick(13));
    }

    #[test]
    fn a_flood_of_late_frames_stays_bounded() {
        let mut buffer = InputBuffer::default();
        for tick in 1..1000 {
            buffer.insert(frame(tick, 1), Tick(2000));
        }
        assert!(buffer.waiting.len() <= INPUT_WINDOW_TICKS as usize);
    }
}
