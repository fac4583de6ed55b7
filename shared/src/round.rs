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
    /// The arena: its place in the mode's list.
    pub arena: u8,
}

/// Most arenas to vote on.
pub const CANDIDATES_LIMIT: usize = 3;

/// How many players want each arena of the vote.
pub type Votes = [u16; CANDIDATES_LIMIT];

impl Round {
    /// The arenas to vote on during the podium: those that come next in the mode's list of this length.
    pub fn candidates(&self, arenas: usize) -> impl Iterator<Item = u8> + use<> {
        let (present, count) = (usize::from(self.arena), arenas.max(1));
        (1..=count).map(move |step| ((present + step) % count) as u8).take(CANDIDATES_LIMIT)
    }

    /// The next arena: the one with the most votes, among equals the first.
    pub fn next_arena(&self, arenas: usize, votes: &Votes) -> u8 {
        let best =
            self.candidates(arenas).zip(votes).zip(0..).max_by_key(|((_, votes), place)| (**votes, -place));
        best.map_or(self.arena, |((arena, _), _)| arena)
    }
}

/// Counts votes: of each player, the place of the arena on the list from 1, 0 for none.
pub fn count_votes(votes: impl Iterator<Item = u8>) -> Votes {
    let mut counts = Votes::default();
    for vote in votes {
        let place = usize::from(vote).checked_sub(1);
        if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
            *count = count.saturating_add(1);
        }
    }
    counts
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
