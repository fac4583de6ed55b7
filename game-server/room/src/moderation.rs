//! Chat, and what an administrator does to a room. Every order is a command in the recording.

use crate::event::SeatStatus;
use crate::news::LeaveReason;
use crate::record::Record;
use crate::room::Room;
use crate::session::encoded;
use crate::speech::server_line;
use shared::command::Admin;
use shared::id::PlayerId;
use shared::message::{CloseCode, Notice, ServerMessage};
use shared::recording::Mark;
use shared::text::chat_line;

/// Seconds before a muted player who continues to write is reminded again.
pub const MUTED_REMINDER_SECONDS: f32 = 5.0;

impl Room {
    /// Passes a player's line on to everybody, unless the player is muted. Words are looked for last: it is the dearest.
    pub(crate) fn chat(&mut self, player: PlayerId, text: &str) {
        let now = self.sim.tick();
        let Some(seat) = self.seats.get_mut(&player) else { return };
        match seat.muted {
            None => {
                if !self.conduct.allows_line(seat.permit.network, now) {
                    return;
                }
                let text = self.options.words.line(text);
                if text.is_empty() {
                    return;
                }
                let name = seat.name.name.clone();
                if self.options.records_chat {
                    self.records.mark(Mark::said(now, player, &text));
                }
                self.broadcast_kept(&ServerMessage::Chat { player, name, text });
            }
            Some(reminded) if now.since(reminded) >= self.setup.ticks(MUTED_REMINDER_SECONDS) => {
                seat.muted = Some(now);
                seat.session
                    .send_kept(&encoded(&ServerMessage::Notice(Notice::Muted { muted: true })).into());
            }
            Some(_) => {}
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
