//! Chat, and what an administrator does to a room. Every order is a command in the recording.

use crate::event::SeatStatus;
use crate::news::LeaveReason;
use crate::record::Record;
use crate::report;
use crate::room::Room;
use crate::session::encoded;
use crate::speech::server_line;
use crate::standings::team_of;
use shared::command::Admin;
use shared::id::PlayerId;
use shared::message::{CloseCode, Notice, ServerMessage, Signal};
use shared::recording::Mark;
use shared::text::chat_line;
use std::sync::Arc;

/// What a line for the sender's team begins with.
const TO_TEAM: &str = "/t ";
/// Seconds before a muted player who continues to write is reminded again.
pub const MUTED_REMINDER_SECONDS: f32 = 5.0;

impl Room {
    /// Passes a player's line on to everybody, unless the player is muted. Words are looked for last: it is the dearest.
    pub(crate) fn chat(&mut self, player: PlayerId, text: &str) {
        if let Some(arguments) = report::arguments(text) {
            return self.report_player(player, arguments);
        }
        let now = self.sim.tick();
        let Some(seat) = self.seats.get_mut(&player) else { return };
        match seat.muted {
            None => {
                if !self.conduct.allows_line(seat.permit.network, now) {
                    return;
                }
                let team = team_of(self.replicator.world(), player);
                let to_team = team != 0 && text.starts_with(TO_TEAM);
                let text = if to_team { &text[TO_TEAM.len()..] } else { text };
                let text = self.options.words.line(text);
                if text.is_empty() {
                    return;
                }
                let name = seat.name.name.clone();
                if self.options.records_chat && !to_team {
                    self.records.mark(Mark::said(now, player, &text));
                }
                let message: Arc<[u8]> = encoded(&ServerMessage::Chat { player, name, text, to_team }).into();
                let world = self.replicator.world();
                for (listener, seat) in &mut self.seats {
                    if !to_team || world.pilot(*listener).is_some_and(|pilot| pilot.team == team) {
                        seat.session.send_kept(&message);
                    }
                }
            }
            Some(reminded) if now.since(reminded) >= self.setup.ticks(MUTED_REMINDER_SECONDS) => {
                seat.muted = Some(now);
                seat.session
                    .send_kept(&encoded(&ServerMessage::Notice(Notice::Muted { muted: true })).into());
            }
            Some(_) => {}
        }
    }

    /// Passes a word of the quick chat on to the sender, to mates, and to those who see the sender's ship.
    pub(crate) fn signal(&mut self, player: PlayerId, signal: Signal) {
        let world = self.replicator.world();
        let Some(pilot) = world.pilot(player) else { return };
        let Some(ship) = pilot.ship.and_then(|ship| world.entity(ship)) else { return };
        let Some(seat) = self.seats.get(&player).filter(|seat| seat.muted.is_none()) else { return };
        let at = ship.motion.position_q.into();
        let name = seat.name.name.clone();
        let message = ServerMessage::Signal { player, name, signal, at };
        for (listener, seat) in &mut self.seats {
            let team = team_of(world, *listener);
            let is_mate = *listener == player || team != 0 && team == pilot.team;
            if seat.connection.is_some() && (is_mate || seat.session.sees(at)) {
                seat.session.send(&message);
            }
        }
    }

    /// Carries out an administrator's order. It reaches the world and the recording with the next tick.
    pub(crate) fn administer(&mut self, act: Admin) {
        match &act {
            Admin::Kick(player) => {
                let now = self.clock();
                if let Some(seat) = self.seats.get(player) {
                    self.conduct.kick(seat.permit.network, now);
                }
                self.leave(
                    *player,
                    LeaveReason::Kicked,
                    CloseCode::Kicked,
                    "you were removed by a moderator",
                );
            }
            Admin::Ban(player) => {
                self.leave(
                    *player,
                    LeaveReason::Banned,
                    CloseCode::Kicked,
                    "you are banned from this server",
                );
            }
            Admin::Mute { player, muted } => self.mute(*player, *muted),
            Admin::Announce { text } => {
                if let Some(text) = chat_line(text) {
                    self.say(text);
                }
            }
            Admin::Close => self.close(CloseCode::Kicked, "this room was closed by a moderator"),
            Admin::SetDrones(_) | Admin::BanAddress { .. } | Admin::PardonAddress => {}
        }
        self.pending.admin.push(act);
    }

    /// Tells everybody a line in the server's name.
    pub(crate) fn say(&mut self, text: String) {
        self.broadcast_kept(&server_line(text));
    }

    fn mute(&mut self, player: PlayerId, muted: bool) {
        let now = self.sim.tick();
        let Some(seat) = self.seats.get_mut(&player) else { return };
        seat.muted = muted.then_some(now);
        seat.session.send_kept(&encoded(&ServerMessage::Notice(Notice::Muted { muted })).into());
        self.records.push(Record::Seats(self.seats_with(Vec::new())));
    }

    /// Every seat.
    pub fn roster(&self) -> Vec<SeatStatus> {
        let now = self.sim.tick();
        let seconds = |ticks: f32| ticks * self.setup.tick_seconds();
        let seats = self.seats.iter().map(|(player, seat)| SeatStatus {
            player: player.0,
            name: seat.name.name.as_str().into(),
            away: seat.connection.is_none(),
            muted: seat.muted.is_some(),
            score: self.world().pilot(*player).map_or(0, |pilot| pilot.score),
            seconds: seconds(now.since(seat.session.began()) as f32) as u32,
            ping_ms: seat.session.ack_lag_ticks().map(|ticks| (seconds(ticks) * 1000.0) as u32),
            connection: seat.connection.as_ref().map(|(connection, _)| *connection),
        });
        seats.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conduct::NETWORK_CHAT_BURST_LINES;
    use crate::ending::tests::connect;
    use crate::speech::tests::FILTERED;
    use crate::{ConnectionId, RoomOptions, SessionEvent};
    use shared::message::ClientMessage;

    #[test]
    fn words_are_looked_for_only_in_lines_that_are_passed_on() {
        const PLAYERS: u8 = 12;
        let mut room = Room::new("belt-1".into(), sim::scripted::setup(), RoomOptions::default())
            .expect("a sound setup");
        let _players: Vec<_> = (0..PLAYERS).map(|number| connect(&mut room, number)).collect();
        while room.seats() < usize::from(PLAYERS) {
            room.tick(&mut ());
        }
        FILTERED.set(0);
        for number in 0..PLAYERS {
            for line in 0..100 {
                let message = ClientMessage::Chat { text: format!("line {line} of {number}") };
                room.handle(SessionEvent::Message { connection: ConnectionId(number.into()), message });
            }
        }
        assert_eq!(FILTERED.get(), NETWORK_CHAT_BURST_LINES as usize);
    }
}
