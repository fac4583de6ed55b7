//! Rounds: the parts of a match that are won. Each begins with nothing earned and ends with a podium.

use crate::id::{PlayerId, Tick};
use crate::text::Name;
use serde::{Deserialize, Serialize};

/// The present part of a match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// From 1.
    pub number: u32,
    /// What goes on.
    pub phase: RoundPhase,
    /// The tick at which the phase ends; `None` in a mode without rounds.
    pub ends: Option<Tick>,
}

/// What goes on in a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RoundPhase {
    /// Ships fly.
    #[default]
    Running,
    /// The best are shown; no ship flies.
    Podium,
}

/// Something that a player did best in a round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Award {
    /// What for.
    pub kind: AwardKind,
    /// Who.
    pub player: PlayerId,
    /// What others call the player.
    pub name: Name,
    /// Score, kills, deaths or points of health, by kind.
    pub value: u32,
}

/// What an award is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AwardKind {
    /// The highest score.
    Winner,
    /// The haul that earned the most.
    Haul,
    /// The most kills.
    Hunter,
    /// The least health with which a ship that had just been hit reached a station.
    Escape,
    /// The fewest deaths of those who earned something.
    Survivor,
}

/// Most awards of a round.
pub const AWARDS_LIMIT: usize = 5;
