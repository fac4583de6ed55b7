//! Marks: moments on the timeline of a recording.

use crate::codec::bounded;
use crate::id::{PlayerId, Tick};
use crate::round::{AWARDS_LIMIT, Award};
use crate::text::Name;
use serde::{Deserialize, Serialize};

/// Most marks of a chunk.
pub const CHUNK_MARKS_LIMIT: usize = 65_536;

/// The marks of a chunk.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Marks(#[serde(deserialize_with = "bounded::<_, _, CHUNK_MARKS_LIMIT>")] pub Vec<Mark>);

/// A moment on the timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// When.
    pub tick: Tick,
    /// What.
    pub what: Marked,
}

/// What happened at a mark. The order of variants and fields is the format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Marked {
    /// A player came in.
    Joined {
        /// Who.
        player: PlayerId,
        /// What others call the player.
        name: Name,
    },
    /// A player left.
    Left {
        /// Who.
        player: PlayerId,
    },
    /// A ship was destroyed.
    Killed {
        /// Who did it; [`PlayerId::NOBODY`] for an asteroid.
        killer: PlayerId,
        /// Whose ship.
        victim: PlayerId,
        /// Score the killer won.
        bounty: u32,
    },
    /// A haul was banked.
    Banked {
        /// Who.
        player: PlayerId,
        /// Score won.
        gained: u32,
    },
    /// Somebody said something.
    Said {
        /// Who; [`PlayerId::NOBODY`] is the server.
        player: PlayerId,
        /// The line.
        text: String,
    },
    /// A round ended. Since format 3.
    RoundEnded {
        /// From 1.
        number: u32,
        /// Who did what best.
        #[serde(deserialize_with = "bounded::<_, _, AWARDS_LIMIT>")]
        awards: Vec<Award>,
    },
    /// A ship that had just been hit reached a station. Since format 4; told within a second.
    Escaped {
        /// Who.
        player: PlayerId,
        /// Points of health left.
        health: u16,
    },
    /// A bolt destroyed a ship from far away. Since format 4.
    FarShot {
        /// Who fired.
        killer: PlayerId,
        /// Whose ship.
        victim: PlayerId,
        /// In units.
        distance: u16,
    },
}

impl Mark {
    /// A player came in.
    pub fn joined(tick: Tick, player: PlayerId, name: &Name) -> Mark {
        Mark { tick, what: Marked::Joined { player, name: name.clone() } }
    }

    /// A player left.
    pub fn left(tick: Tick, player: PlayerId) -> Mark {
        Mark { tick, what: Marked::Left { player } }
    }

    /// A ship was destroyed.
    pub fn killed(tick: Tick, killer: PlayerId, victim: PlayerId, bounty: u32) -> Mark {
        Mark { tick, what: Marked::Killed { killer, victim, bounty } }
    }

    /// Ore was banked.
    pub fn banked(tick: Tick, player: PlayerId, gained: u32) -> Mark {
        Mark { tick, what: Marked::Banked { player, gained } }
    }

    /// A round ended.
    pub fn round_ended(tick: Tick, number: u32, awards: Vec<Award>) -> Mark {
        Mark { tick, what: Marked::RoundEnded { number, awards } }
    }

    /// A ship that had just been hit reached a station.
    pub fn escaped(tick: Tick, player: PlayerId, health: u16) -> Mark {
        Mark { tick, what: Marked::Escaped { player, health } }
    }

    /// A bolt destroyed a ship from far away.
    pub fn far_shot(tick: Tick, killer: PlayerId, victim: PlayerId, distance: u16) -> Mark {
        Mark { tick, what: Marked::FarShot { killer, victim, distance } }
    }

    /// Somebody said something.
    pub fn said(tick: Tick, player: PlayerId, text: &str) -> Mark {
        Mark { tick, what: Marked::Said { player, text: text.into() } }
    }
}
