//! Who has the highest score.

use shared::id::PlayerId;
use shared::message::{SCOREBOARD_ROWS, ScoreRow, Scoreboard};
use shared::snapshot::{Pilot, WorldSnapshot};

/// All players by score.
pub struct Standings<'a> {
    /// The best first; equal scores by who came first.
    ranked: Vec<&'a Pilot>,
    /// Each player's place in `ranked`, ascending by player.
    places: Vec<(PlayerId, usize)>,
    humans: u32,
}

impl Standings<'_> {
    /// The standings of a world.
    pub fn of(world: &WorldSnapshot) -> Standings<'_> {
        let mut ranked: Vec<&Pilot> = world.pilots.iter().collect();
        ranked.sort_by_key(|pilot| (std::cmp::Reverse(pilot.score), pilot.player));
        let mut places: Vec<_> =
            ranked.iter().enumerate().map(|(place, pilot)| (pilot.player, place)).collect();
        places.sort_unstable();
        let humans = ranked.iter().filter(|pilot| !pilot.drone).count() as u32;
        Standings { ranked, places, humans }
    }

    /// What one player is shown: the best, and the player.
    pub fn scoreboard(&self, viewer: PlayerId) -> Scoreboard {
        let found = self.places.binary_search_by_key(&viewer, |(player, _)| *player);
        let own = found.ok().map(|index| self.places[index].1);
        let mut rows: Vec<ScoreRow> =
            (0..self.ranked.len().min(SCOREBOARD_ROWS)).map(|place| self.row(place)).collect();
        rows.extend(own.filter(|place| *place >= SCOREBOARD_ROWS).map(|place| self.row(place)));
        Scoreboard {
            players: self.ranked.len() as u32,
            humans: self.humans,
            own_rank: own.map_or(0, |place| place as u32 + 1),
            rows,
        }
    }

    fn row(&self, place: usize) -> ScoreRow {
        let pilot = self.ranked[place];
        ScoreRow {
            rank: place as u32 + 1,
            player: pilot.player,
            name: pilot.name.clone(),
            team: pilot.team,
            drone: pilot.drone,
            score: pilot.score,
            kills: pilot.kills,
            deaths: pilot.deaths,
        }
    }
}
