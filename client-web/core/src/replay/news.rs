//! What a replay tells besides the picture, as the live game would: names, kills, chat, tables.

use super::reel::Reel;
use crate::notice::{Notice, Quote, ScoreRow};
use shared::event::Happening;
use shared::id::PlayerId;
use shared::recording::Marked;
use shared::snapshot::{Pilot, WorldSnapshot};
use shared::text::Name;
use std::collections::{BTreeMap, VecDeque};

/// Who is known, who watches, and what was told last.
#[derive(Debug, Default)]
pub struct News {
    watcher: PlayerId,
    named: BTreeMap<PlayerId, (Name, u8)>,
    prices: Vec<u32>,
}

impl News {
    /// Tells kills and tables from the side of a player from now on.
    pub fn watch(&mut self, player: PlayerId) {
        self.watcher = player;
    }

    /// Names of players who are new, or new to a team.
    pub fn names(&mut self, world: &WorldSnapshot, out: &mut VecDeque<Notice>) {
        for pilot in &world.pilots {
            let known = (pilot.name.clone(), pilot.team);
            if self.named.get(&pilot.player) != Some(&known) {
                out.push_back(Notice::Name {
                    player: pilot.player.0,
                    name: pilot.name.as_str().into(),
                    team: pilot.team,
                    drone: pilot.drone,
                });
                self.named.insert(pilot.player, known);
            }
        }
    }

    /// What the tick shown brought.
    pub fn tick(&mut self, reel: &Reel, out: &mut VecDeque<Notice>) {
        let world = &reel.now().world;
        self.names(world, out);
        for event in &world.events {
            if let Happening::Death { victim, killer, bounty, .. } = event.what {
                let (killer_name, victim_name) = (self.name(killer), self.name(victim));
                out.push_back(Notice::kill(
                    (killer, &killer_name),
                    (victim, &victim_name),
                    bounty,
                    self.watcher.0,
                ));
            }
        }
        self.marks(reel, out);
        // Twice a second, as in the live game.
        if world.tick.0.is_multiple_of(u32::from(reel.setup().tick_rate_hz / 2).max(1)) {
            self.tables(reel, out);
        }
    }

    fn marks(&self, reel: &Reel, out: &mut VecDeque<Notice>) {
        let tick = reel.now().world.tick;
        let marks = reel.recording().marks();
        let first = marks.partition_point(|mark| mark.tick < tick);
        let system = |key, name: &Name| Notice::System {
            key,
            values: BTreeMap::from([("name", name.as_str().to_string())]),
        };
        for mark in marks[first..].iter().take_while(|mark| mark.tick == tick) {
            match &mark.what {
                Marked::Joined { name, .. } => out.push_back(system("joined", name)),
                Marked::Left { player } => out.push_back(system("left", &self.name(*player))),
                Marked::Said { player, text } => out.push_back(Notice::Chat {
                    player: player.0,
                    name: self.name(*player).as_str().into(),
                    text: text.clone(),
                }),
                // Told from the events themselves.
                Marked::Killed { .. } | Marked::Banked { .. } => {}
            }
        }
    }

    /// The scoreboard, and the quotes if they changed.
    pub fn tables(&mut self, reel: &Reel, out: &mut VecDeque<Notice>) {
        let world = &reel.now().world;
        out.push_back(Notice::Scoreboard {
            players: world.pilots.len() as u32,
            rows: rows(&world.pilots, self.watcher),
        });
        if self.prices != world.prices {
            self.prices.clone_from(&world.prices);
            out.push_back(Notice::Quotes { stations: Quote::all(reel.setup(), &world.prices) });
        }
    }

    fn name(&self, player: PlayerId) -> Name {
        self.named.get(&player).map_or_else(|| Name::from_input("?"), |(name, _)| name.clone())
    }
}

/// All players by rank: whoever watches a recording may see everybody.
fn rows(pilots: &[Pilot], watcher: PlayerId) -> Vec<ScoreRow> {
    let mut ranked: Vec<&Pilot> = pilots.iter().collect();
    ranked.sort_by_key(|pilot| (std::cmp::Reverse((pilot.score, pilot.kills)), pilot.player));
    let ranks = ranked.iter().zip(1..);
    ranks
        .map(|(pilot, rank)| ScoreRow {
            rank,
            player: pilot.player.0,
            name: pilot.name.as_str().into(),
            score: pilot.score,
            kills: pilot.kills,
            deaths: pilot.deaths,
            team: pilot.team,
            drone: pilot.drone,
            own: pilot.player == watcher,
        })
        .collect()
}
