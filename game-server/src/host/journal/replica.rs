//! The same bytes that go into the recording, handed to the fleet in portions.

use fleet::owner::{Farewell, Portion};
use shared::id::Tick;
use shared::recording::{Encoder, Header};
use std::collections::VecDeque;
use std::sync::Arc;

/// Takes portions, never waits.
pub type Replica = Arc<dyn Fn(Portion) + Send + Sync>;

/// Portions whose places in the file are remembered: more than are ever on their way.
const PLACES_LIMIT: usize = 1024;

/// The journal's end.
pub(super) struct ReplicaEnd {
    replica: Replica,
    /// Of the file, as bytes.
    header: Vec<u8>,
    /// The next portion begins a file, or with a keyframe inside one.
    begins_file: bool,
    begins_with_keyframe: bool,
    last_tick: Tick,
    /// The last ticks of the newest portions, and where each portion ends in the file.
    places: VecDeque<(Tick, u64)>,
}

impl ReplicaEnd {
    pub fn new(replica: Replica) -> ReplicaEnd {
        ReplicaEnd {
            replica,
            header: Vec::new(),
            begins_file: false,
            begins_with_keyframe: false,
            last_tick: Tick(0),
            places: VecDeque::new(),
        }
    }

    /// The next portion begins with the header of a new file, the seats and a keyframe.
    pub fn begin_file(&mut self, header: &Header) {
        // A header alone is never too large to take.
        self.header = Encoder::new(header).take().unwrap_or_default();
        (self.begins_file, self.begins_with_keyframe) = (true, true);
        self.places.clear();
    }

    /// The next portion begins with the seats and a keyframe.
    pub fn begin_with_keyframe(&mut self) {
        self.begins_with_keyframe = true;
    }

    /// Hands on what was appended to the file, which has this many bytes now.
    pub fn hand_on(&mut self, mut bytes: Vec<u8>, last_tick: Tick, file_bytes: u64) {
        let begins_file = std::mem::take(&mut self.begins_file);
        let has_keyframe = std::mem::take(&mut self.begins_with_keyframe);
        if has_keyframe && !begins_file {
            bytes.splice(0..0, self.header.iter().copied());
        }
        self.last_tick = last_tick;
        if self.places.len() == PLACES_LIMIT {
            self.places.pop_front();
        }
        self.places.push_back((last_tick, file_bytes));
        (self.replica)(Portion { bytes, tick: last_tick, has_keyframe, farewell: None });
    }

    /// The room is over.
    pub fn end(&self) {
        self.leave(Farewell::End);
    }

    /// The room is another node's.
    pub fn release(&self, to: String) {
        self.leave(Farewell::Release { to });
    }

    fn leave(&self, farewell: Farewell) {
        let portion = Portion {
            bytes: Vec::new(),
            tick: self.last_tick,
            has_keyframe: false,
            farewell: Some(farewell),
        };
        (self.replica)(portion);
    }

    /// How many bytes the file had with this tick and none behind it; `None` if that is too long ago.
    pub fn bytes_at(&self, tick: Tick) -> Option<u64> {
        self.places.iter().rev().find(|(last, _)| *last <= tick).map(|(_, bytes)| *bytes)
    }
}
