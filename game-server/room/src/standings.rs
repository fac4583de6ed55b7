//! Players by score, and what else they have in this round.

use shared::id::PlayerId;
use shared::message::{SCOREBOARD_ROWS, ScoreRow, Scoreboard};
use shared::snapshot::{Pilot, WorldSnapshot};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// All players by score, as of one tick.
#[derive(Debug, Default)]
pub struct Standings {
    /// The best first; equal scores in order of arrival.
    best: Vec<ScoreRow>,
    /// Each player's rank, ascending by player.
    ranks: Vec<(PlayerId, u32)>,
    humans: u32,
    /// The score of each team.
    teams: Vec<u32>,
}

impl Standings {
    /// The standings of a world.
    pub fn of(world: &WorldSnapshot, teams: u8) -> Standings {
        let mut ranked: Vec<&Pilot> = world.pilots.iter().collect();
        ranked.sort_by_key(|pilot| (Reverse(pilot.score), pilot.player));
        let best = (1..)
            .zip(&ranked)
            .map(|(rank, pilot)| ScoreRow::new(rank, pilot))
            .take(SCOREBOARD_ROWS)
            .collect();
        let mut ranks: Vec<_> = (1..).zip(&ranked).map(|(rank, pilot)| (pilot.player, rank)).collect();
        ranks.sort_unstable();
        let humans = ranked.iter().filter(|pilot| !pilot.drone).count() as u32;
        let score = |team| {
            let mates = world.pilots.iter().filter(|pilot| pilot.team == team);
            mates.fold(0, |sum: u32, pilot| sum.saturating_add(pilot.score))
        };
        Standings { best, ranks, humans, teams: (1..=teams).map(score).collect() }
    }

    /// Whether there are no players.
    pub fn is_empty(&self) -> bool {
        self.ranks.is_empty()
    }

    /// What one player is shown: the best, and the player's own row as of now.
    pub fn scoreboard(&self, viewer: PlayerId, world: &WorldSnapshot) -> Scoreboard {
        let found = self.ranks.binary_search_by_key(&viewer, |(player, _)| *player);
        let own_rank = found.map_or(0, |index| self.ranks[index].1);
        let mut rows = self.best.clone();
        if own_rank as usize > SCOREBOARD_ROWS {
            rows.extend(world.pilot(viewer).map(|pilot| ScoreRow::new(own_rank, pilot)));
        }
        Scoreboard {
            players: self.ranks.len() as u32,
            humans: self.humans,
            own_rank,
            rows,
            teams: self.teams.clone(),
        }
    }
}

/// The least health, in quanta, with which each pilot has escaped to a station in this round.
pub(crate) fn escapes_of(world: &WorldSnapshot) -> BTreeMap<PlayerId, u16> {
    let escaped = world.pilots.iter().filter(|pilot| pilot.escape > 0);
    escaped.map(|pilot| (pilot.player, pilot.escape)).collect()
}

/// The team of a player; 0 without one.
pub(crate) fn team_of(world: &WorldSnapshot, player: PlayerId) -> u8 {
    world.pilot(player).map_or(0, |pilot| pilot.team)
}
