//! What the core tells its host besides the picture: names, chat, kills, tables.

use crate::shown::station_place;
use serde::Serialize;
use shared::id::PlayerId;
use shared::message;
use shared::setup::Setup;
use shared::text::Name;
use std::collections::BTreeMap;

/// Something to be read rather than seen.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub enum Notice {
    /// The seat is taken; everything from before is forgotten.
    Welcome {
        /// The own player.
        player: u32,
        /// The own name, as others see it.
        name: String,
        /// The room, as in an invite link.
        room: String,
        /// What is played.
        mode: String,
        /// Whether it is played in teams.
        teams: bool,
        /// Ticks per second.
        tick_rate: u16,
    },
    /// The seat is taken back; what was known of the world goes on.
    Resumed,
    /// No seat yet: the client waits in the room's queue.
    Queued {
        /// Its place, from 1.
        position: u32,
        /// How many wait.
        waiting: u32,
    },
    /// What a player is called. Comes before the first frame that shows the player, and after a change.
    Name {
        /// Who.
        player: u32,
        /// The name.
        name: String,
        /// 0 in a free-for-all, else the team from 1.
        team: u8,
        /// Flown by the server.
        drone: bool,
    },
    /// A ship was destroyed.
    Kill {
        /// Who did it; 0 for an asteroid.
        killer: u32,
        /// Empty for an asteroid.
        killer_name: String,
        /// Whose ship.
        victim: u32,
        /// The name.
        victim_name: String,
        /// Score the killer won.
        bounty: u32,
        /// "killer" or "victim" if that is the own player, else empty.
        #[serde(rename = "self")]
        own: &'static str,
    },
    /// A line of chat.
    Chat {
        /// Who said it; 0 is the server.
        player: u32,
        /// The name.
        name: String,
        /// The line.
        text: String,
    },
    /// A text of the host's own, by its key.
    System {
        /// Which text.
        key: &'static str,
        /// What to put into it.
        values: BTreeMap<&'static str, String>,
    },
    /// The best players.
    Scoreboard {
        /// Players in the room, drones included.
        players: u32,
        /// By rank; the own row last if it is not among the best.
        rows: Vec<ScoreRow>,
    },
    /// What every station pays.
    Quotes {
        /// In the arena's order.
        stations: Vec<Quote>,
    },
    /// The server ends the connection.
    Goodbye {
        /// The close code.
        code: u16,
        /// What a person can do about it.
        reason: String,
    },
}

/// One player's standing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScoreRow {
    /// Rank from 1.
    pub rank: u32,
    /// Who.
    pub player: u32,
    /// The name.
    pub name: String,
    /// Banked score.
    pub score: u32,
    /// Kills in all.
    pub kills: u16,
    /// Deaths in all.
    pub deaths: u16,
    /// 0 in a free-for-all, else the team from 1.
    pub team: u8,
    /// Flown by the server.
    pub drone: bool,
    /// The own row.
    #[serde(rename = "self")]
    pub own: bool,
}

/// What a station pays for a load of ore.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Quote {
    /// Its place in the arena's list.
    pub index: u32,
    /// What players call it.
    pub name: String,
    /// Where it stands, in units.
    pub x: f32,
    /// As `x`.
    pub y: f32,
    /// Radius of its ring, in units.
    pub radius: f32,
    /// Score for a load now.
    pub price: f64,
    /// Score for a load at rest.
    pub base: f64,
}

impl Notice {
    /// A kill, as told to the player who watches.
    pub(crate) fn kill(
        (killer, killer_name): (PlayerId, &Name),
        (victim, victim_name): (PlayerId, &Name),
        bounty: u32,
        watcher: u32,
    ) -> Notice {
        let by_somebody = killer != PlayerId::NOBODY;
        let own = match watcher {
            0 => "",
            watcher if watcher == victim.0 => "victim",
            watcher if watcher == killer.0 => "killer",
            _ => "",
        };
        Notice::Kill {
            killer: killer.0,
            killer_name: if by_somebody { killer_name.as_str().into() } else { String::new() },
            victim: victim.0,
            victim_name: victim_name.as_str().into(),
            bounty,
            own,
        }
    }
}

impl ScoreRow {
    /// A row as told to the player who watches.
    pub(crate) fn new(row: &message::ScoreRow, watcher: Option<PlayerId>) -> ScoreRow {
        ScoreRow {
            rank: row.rank,
            player: row.player.0,
            name: row.name.as_str().into(),
            score: row.score,
            kills: row.kills,
            deaths: row.deaths,
            team: row.team,
            drone: row.drone,
            own: watcher == Some(row.player),
        }
    }
}

impl Quote {
    /// What all stations pay; `prices` are in hundredths, in the arena's order.
    pub(crate) fn all(setup: &Setup, prices: &[u32]) -> Vec<Quote> {
        let half_size = setup.half_size();
        let stations = setup.arena.stations.iter().zip(prices).enumerate();
        stations
            .map(|(index, (station, price))| {
                let place = station_place(station, half_size);
                Quote {
                    index: index as u32,
                    name: station.name.clone(),
                    x: place.x,
                    y: place.y,
                    radius: station.radius,
                    price: f64::from(*price) / 100.0,
                    base: f64::from(setup.rules.station.price),
                }
            })
            .collect()
    }
}
