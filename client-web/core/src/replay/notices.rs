//! The notices of a replay, as the live game would send them: names, kills, chat, tables.

use super::playback::Playback;
use crate::notice::{Notice, NoticeQueue, Quote, ScoreRow};
use shared::awards::awards;
use shared::event::Happening;
use shared::id::PlayerId;
use shared::message;
use shared::recording::Marked;
use shared::round::{RoundPhase, count_votes};
use shared::snapshot::{Pilot, WorldSnapshot};
use shared::text::Name;
use std::collections::BTreeMap;

/// The player for whom notices are worded, and what was announced last.
#[derive(Debug, Default)]
pub struct ReplayNotices {
    viewer: PlayerId,
    names: BTreeMap<PlayerId, (Name, u8)>,
    prices: Vec<u32>,
    arena: Option<u8>,
}

impl ReplayNotices {
    /// Words kills and tables for a player from now on.
    pub fn set_viewer(&mut self, player: PlayerId) {
        self.viewer = player;
    }

    /// Names of players who are new, or new to a team.
    pub fn names(&mut self, world: &WorldSnapshot, out: &mut NoticeQueue) {
        for pilot in &world.pilots {
            let known = (pilot.name.clone(), pilot.team);
            if self.names.get(&pilot.player) != Some(&known) {
                out.push(Notice::Name {
                    player: pilot.player.0,
                    name: pilot.name.as_str().into(),
                    team: pilot.team,
                    drone: pilot.drone,
                });
                self.names.insert(pilot.player, known);
            }
        }
    }

    /// The notices of the tick shown.
    pub fn tick(&mut self, playback: &Playback, out: &mut NoticeQueue) {
        let world = &playback.now().world;
        self.names(world, out);
        for event in &world.events {
            if let Happening::Death { victim, killer, bounty, .. } = event.what {
                let (killer_name, victim_name) = (self.name(killer), self.name(victim));
                let team = |player| world.pilot(player).map_or(0, |pilot| pilot.team);
                let killer = (killer, &killer_name, team(killer));
                let victim = (victim, &victim_name, team(victim));
                out.push(Notice::kill(killer, victim, bounty, self.viewer));
            }
        }
        self.marks(playback, out);
        // Twice a second, as in the live game.
        if world.tick.0.is_multiple_of(u32::from(playback.setup().tick_rate_hz / 2).max(1)) {
            self.tables(playback, out);
        }
    }

    fn marks(&self, playback: &Playback, out: &mut NoticeQueue) {
        let tick = playback.now().world.tick;
        let marks = playback.recording().marks();
        let first = marks.partition_point(|mark| mark.tick < tick);
        for mark in marks[first..].iter().take_while(|mark| mark.tick == tick) {
            match &mark.what {
                Marked::Joined { name, .. } => out.push(Notice::system("joined", Some(name))),
                Marked::Left { player } => out.push(Notice::system("left", Some(&self.name(*player)))),
                Marked::Said { player, text } => out.push(Notice::Chat {
                    player: player.0,
                    name: self.name(*player).as_str().into(),
                    text: text.clone(),
                    to_team: false,
                }),
                // These come from the events themselves.
                Marked::Killed { .. } | Marked::Banked { .. } | Marked::RoundEnded { .. } => {}
                // These are for who looks for highlights.
                Marked::Escaped { .. } | Marked::FarShot { .. } => {}
            }
        }
    }

    /// The scoreboard, and the quotes if they changed.
    pub fn tables(&mut self, playback: &Playback, out: &mut NoticeQueue) {
        let world = &playback.now().world;
        let score =
            |team| world.pilots.iter().filter(|pilot| pilot.team == team).map(|pilot| pilot.score).sum();
        out.push(Notice::Scoreboard {
            players: world.pilots.len() as u32,
            humans: world.pilots.iter().filter(|pilot| !pilot.drone).count() as u32,
            rows: rows(&world.pilots, self.viewer),
            teams: (1..=playback.setup().mode.teams).map(score).collect(),
        });
        let awards = match world.round.phase {
            RoundPhase::Running => Vec::new(),
            RoundPhase::Podium => awards(&world.pilots),
        };
        let setup = playback.setup();
        if self.arena != Some(world.round.arena) {
            self.arena = Some(world.round.arena);
            out.push(Notice::arena(setup, &world.round));
        }
        let votes = count_votes(world.pilots.iter().map(|pilot| pilot.vote));
        out.push(Notice::round(setup, &world.round, (&awards, &votes), self.viewer));
        if self.prices != world.prices {
            self.prices.clone_from(&world.prices);
            out.push(Notice::Quotes { stations: Quote::all(setup, &world.round, &world.prices) });
        }
    }

    fn name(&self, player: PlayerId) -> Name {
        self.names.get(&player).map_or_else(|| Name::from_input("?"), |(name, _)| name.clone())
    }
}

/// All players by rank: a recording hides nobody.
fn rows(pilots: &[Pilot], viewer: PlayerId) -> Vec<ScoreRow> {
    let mut ranked: Vec<&Pilot> = pilots.iter().collect();
    ranked.sort_by_key(|pilot| (std::cmp::Reverse((pilot.score, pilot.kills)), pilot.player));
    let ranks = (1..).zip(ranked);
    ranks.map(|(rank, pilot)| ScoreRow::new(&message::ScoreRow::new(rank, pilot), Some(viewer))).collect()
}
