//! What a room sends its players besides their snapshots: kills, prices, standings, rounds.

use crate::room::{Room, Seat};
use crate::seats::NOTICE_LIMIT_PLAYERS;
use crate::session::{concerns, encoded};
use crate::standings::{Standings, escapes_of, team_of};
use glam::IVec2;
use shared::awards::awards;
use shared::event::Happening;
use shared::evidence::{DeathEvidence, fatal};
use shared::id::PlayerId;
use shared::message::{Notice, ServerMessage};
use shared::quantize::{POSITION_SCALE, health_from};
use shared::recording::Mark;
use shared::round::{RoundPhase, count_votes};
use shared::setup::Setup;
use shared::snapshot::WorldSnapshot;
use shared::text::Name;
use std::sync::Arc;

/// A bolt that destroys a ship from at least this far away is worth a mark, in units: bolts fly 52.
const FAR_SHOT_UNITS: f32 = 35.0;
/// Seconds between two scoreboards, and between two quotes.
pub const SCOREBOARD_INTERVAL_SECONDS: f32 = 1.0;

impl Room {
    /// Sends kills, prices and standings, and marks what a viewer of the recording looks for.
    pub(crate) fn announce(&mut self) {
        let world = self.replicator.world();
        let tick = world.tick;
        let is_small = self.seats.len() <= NOTICE_LIMIT_PLAYERS;
        for event in &world.events {
            match event.what {
                Happening::Death { victim, killer, bounty, .. } => {
                    self.kills += 1;
                    self.records.mark(Mark::killed(tick, killer, victim, bounty));
                    if let Some(hit) = fatal(&world.hits, victim, killer) {
                        let round_trip_ms = |player| round_trip_ms(self.seats.get(&player)?, &self.setup);
                        let evidence = DeathEvidence {
                            tick,
                            hit: *hit,
                            shooter_round_trip_ms: round_trip_ms(killer),
                            victim_round_trip_ms: round_trip_ms(victim),
                        };
                        let flown = IVec2::from(hit.met) - IVec2::from(hit.muzzle);
                        let distance = flown.as_vec2().length() / POSITION_SCALE;
                        if distance >= FAR_SHOT_UNITS {
                            self.records.mark(Mark::far_shot(tick, killer, victim, distance.round() as u16));
                        }
                        if let Some(seat) = self.seats.get_mut(&victim) {
                            seat.session.send(&ServerMessage::Evidence(Box::new(evidence)));
                        }
                    }
                    let Some(victim_name) = name_of(world, victim) else { continue };
                    let killer_name = name_of(world, killer).unwrap_or_else(|| victim_name.clone());
                    let teams = (team_of(world, killer), team_of(world, victim));
                    let notice = Notice::Killed { killer, killer_name, victim, victim_name, bounty, teams };
                    let message: Arc<[u8]> = encoded(&ServerMessage::Notice(notice)).into();
                    for (player, seat) in &mut self.seats {
                        if is_small || concerns(event, *player) || seat.session.sees(event.at) {
                            seat.session.send_kept(&message);
                        }
                    }
                }
                Happening::Banked { player, gained, .. } => {
                    self.records.mark(Mark::banked(tick, player, gained))
                }
                _ => {}
            }
        }
        let turned = world.round.phase != self.round.phase;
        let votes = count_votes(world.pilots.iter().map(|pilot| pilot.vote));
        let is_news = turned || votes != self.votes;
        (self.round, self.votes) = (world.round, votes);
        if turned && self.round.phase == RoundPhase::Podium {
            self.last_awards = awards(&world.pilots);
            let ended = Mark::round_ended(tick, self.round.number, self.last_awards.clone());
            self.records.mark(ended);
        }
        let round = self.round_message();
        let world = self.replicator.world();
        let interval = self.setup.ticks(SCOREBOARD_INTERVAL_SECONDS);
        if tick.0.is_multiple_of((interval / 4).max(1)) || self.standings.is_empty() {
            self.standings = Standings::of(world, self.setup.mode.teams);
        }
        // Players take turns within the interval: a thousand scoreboards at once would make one tick much longer.
        for (player, seat) in &mut self.seats {
            if tick.0.wrapping_add(player.0).is_multiple_of(interval) {
                let scoreboard = self.standings.scoreboard(*player, world);
                seat.session.send(&ServerMessage::Scoreboard(scoreboard));
                seat.session.send(&round);
            } else if is_news {
                seat.session.send(&round);
            }
        }
        if tick.0.is_multiple_of(interval) {
            self.mark_escapes();
        }
        let world = self.replicator.world();
        if turned || tick.0.is_multiple_of(interval) && self.quoted != world.prices {
            self.quoted.clone_from(&world.prices);
            self.quoted_at = tick;
            let prices = self.quoted.clone();
            self.broadcast(&ServerMessage::Quotes { prices });
        }
    }

    /// The round, its awards once it is over, and the votes.
    pub(crate) fn round_message(&self) -> ServerMessage<'static> {
        let is_over = self.round.phase == RoundPhase::Podium;
        let awards = if is_over { self.last_awards.clone() } else { Vec::new() };
        ServerMessage::Round { round: self.round, awards, votes: self.votes }
    }

    /// Marks the pilots whose ships have reached a station with less health than ever in this round.
    fn mark_escapes(&mut self) {
        let world = self.replicator.world();
        let before = std::mem::replace(&mut self.escapes, escapes_of(world));
        for (player, escape) in &self.escapes {
            if before.get(player).is_none_or(|before| escape < before) {
                let health = health_from(*escape).ceil() as u16;
                self.records.mark(Mark::escaped(world.tick, *player, health));
            }
        }
    }
}

/// From a snapshot to its acknowledgement, to a tick.
fn round_trip_ms(seat: &Seat, setup: &Setup) -> Option<u16> {
    let ticks = seat.session.ack_lag_ticks()?;
    // A float cast saturates.
    Some((ticks * setup.tick_seconds() * 1000.0).round() as u16)
}

fn name_of(world: &WorldSnapshot, player: PlayerId) -> Option<Name> {
    world.pilot(player).map(|pilot| pilot.name.clone())
}
