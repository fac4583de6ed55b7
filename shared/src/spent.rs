//! What the bytes of a snapshot were spent on: counted while it is read.

use core::ops::AddAssign;
use serde::Serialize;

/// Bytes by what they say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Spent {
    /// Everything about entities that came into view.
    pub appeared: u32,
    /// Which entities left the view.
    pub gone: u32,
    /// Which entities changed, and in what.
    pub ids: u32,
    /// Places and velocities.
    pub motion: u32,
    /// Where ships point.
    pub heading: u32,
    /// Health, flags, hold, upgrades and score.
    pub state: u32,
    /// What happened.
    pub events: u32,
    /// The viewer's own seat, tick and acknowledgement.
    pub own: u32,
}

impl Spent {
    /// All bytes.
    pub fn total(&self) -> u32 {
        let Spent { appeared, gone, ids, motion, heading, state, events, own } = *self;
        appeared + gone + ids + motion + heading + state + events + own
    }

    /// The same spread over a number of seconds.
    pub fn per_second(self, seconds: f64) -> Spent {
        let rate = |bytes: u32| (f64::from(bytes) / seconds) as u32;
        Spent {
            appeared: rate(self.appeared),
            gone: rate(self.gone),
            ids: rate(self.ids),
            motion: rate(self.motion),
            heading: rate(self.heading),
            state: rate(self.state),
            events: rate(self.events),
            own: rate(self.own),
        }
    }
}

impl AddAssign for Spent {
    fn add_assign(&mut self, more: Spent) {
        self.appeared += more.appeared;
        self.gone += more.gone;
        self.ids += more.ids;
        self.motion += more.motion;
        self.heading += more.heading;
        self.state += more.state;
        self.events += more.events;
        self.own += more.own;
    }
}

/// Counts the bytes that a reader takes off the front of a slice.
pub(crate) struct ByteCounter(usize);

impl ByteCounter {
    /// Reading begins with these bytes left.
    pub fn new(bytes: &[u8]) -> ByteCounter {
        ByteCounter(bytes.len())
    }

    /// These are left: what was taken since the last time was spent on one thing.
    pub fn spend(&mut self, left: &[u8], on: &mut u32) {
        *on += (self.0 - left.len()) as u32;
        self.0 = left.len();
    }
}
