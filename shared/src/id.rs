//! Identities of ticks, entities and players: distinct types, so that they cannot be mixed up.

use serde::{Deserialize, Serialize};

/// The number of steps a world has taken since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tick(pub u32);

impl Tick {
    /// The tick after this one.
    pub fn next(self) -> Tick {
        Tick(self.0.saturating_add(1))
    }

    /// This tick plus a number of ticks.
    pub fn plus(self, ticks: u32) -> Tick {
        Tick(self.0.saturating_add(ticks))
    }

    /// Ticks from `earlier` to this one; 0 if `earlier` is not earlier.
    pub fn since(self, earlier: Tick) -> u32 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Names one entity on the wire. Given out in ascending order and never reused within a room's life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NetId(pub u32);

/// Names one player (human or drone) of a room. Never reused within a room's life; 0 is nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlayerId(pub u32);

impl PlayerId {
    /// No player: what an asteroid's damage is attributed to.
    pub const NOBODY: PlayerId = PlayerId(0);
}
