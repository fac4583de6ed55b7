//! What an administrator does to a room. Every act is a command in the journal.

use crate::event::SeatStatus;
use crate::record::Record;
use crate::room::{Room, encoded};
use shared::command::Admin;
use shared::id::{PlayerId, Tick};
use shared::message::{CloseCode, Notice, ServerMessage};
use shared::text::{Name, chat_line};

/// Who speaks when the server does.
const SERVER_NAME: &str = "Server";
/// Seconds before a muted player who goes on speaking is told again that nobody hears it.
pub const MUTED_REMINDER_SECONDS: f32 = 5.0;

impl Room {
    /// Does what an administrator orders. It reaches the world and the journal with the next tick.
    pub(crate) fn administer(&mut self, act: Admin) {
        match &act {
            Admin::Kick(player) => self.leave(*player, CloseCode::Kicked, "you were removed by a moderator"),
            Admin::Ban(player) => self.leave(*player, CloseCode::Kicked, "you are banned from this server"),
            Admin::Mute { player, muted } => self.mute(*player, *muted),
            Admin::Announce { text } => {
                if let Some(text) = chat_line(text) {
                    let name = Name::from_input(SERVER_NAME);
                    self.tell_all(&ServerMessage::Chat { player: PlayerId::NOBODY, name, text });
                }
            }
            Admin::Close => self.close(),
            Admin::SetDrones(_) | Admin::BanAddress { .. } | Admin::PardonAddress => {}
        }
        self.pending.admin.push(act);
    }

    fn mute(&mut self, player: PlayerId, muted: bool) {
        let now = self.sim.tick();
        let Some(seat) = self.seats.get_mut(&player) else { return };
        seat.muted = muted.then_some(now);
        seat.session.tell(&encoded(&ServerMessage::Notice(Notice::Muted { muted })));
        let seats = self.seats_with(Vec::new());
        self.records.push(Record::Seats(seats));
    }

    /// Tells a muted player who speaks that nobody hears it, now and then.
    pub(crate) fn remind_muted(&mut self, player: PlayerId, told: Tick) {
        let now = self.sim.tick();
        if now.since(told) >= self.setup.ticks(MUTED_REMINDER_SECONDS)
            && let Some(seat) = self.seats.get_mut(&player)
        {
            seat.muted = Some(now);
            seat.session.tell(&encoded(&ServerMessage::Notice(Notice::Muted { muted: true })));
        }
    }

    fn close(&mut self) {
        self.closed = true;
        self.queue.close(self.sim.tick(), CloseCode::Kicked, "this room was closed by a moderator");
        let players: Vec<PlayerId> = self.seats.keys().copied().collect();
        for player in players {
            self.leave(player, CloseCode::Kicked, "this room was closed by a moderator");
        }
    }

    /// Everybody with a seat.
    #[must_use]
    pub fn roster(&self) -> Vec<SeatStatus> {
        let seats = self.seats.iter().map(|(player, seat)| SeatStatus {
            player: player.0,
            name: seat.name.as_str().into(),
            away: seat.connection.is_none(),
            muted: seat.muted.is_some(),
            connection: seat.connection.as_ref().map(|(connection, _)| *connection),
        });
        seats.collect()
    }
}
