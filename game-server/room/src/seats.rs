//! Seats: clients wait for one in a queue that gives out a few per tick, so that a storm of joins costs the players nothing;
//! a lost connection keeps its seat for the grace time, and resumes it at once.

use crate::event::{Connected, ConnectionId};
use crate::room::{Room, Seat};
use crate::session::{FirstMessage, ResumePoint, ResumeRequest, Session, hash_of};
use shared::codec::encode_server;
use shared::command::{Absence, FIRST_DRONE, Join};
use shared::id::PlayerId;
use shared::message::{ClientMessage, CloseCode, Notice, ServerMessage};
use shared::recording::{Mark, TokenHash};

/// Seconds after which a waiting client is sent its position again.
pub const QUEUED_INTERVAL_SECONDS: f32 = 1.0;
/// In a room with more players than this, notices of joins and leaves are not sent, and notices of kills only to those
/// involved and to those within sight.
pub const NOTICE_LIMIT_PLAYERS: usize = 64;

impl Room {
    /// A client said Hello: it resumes its seat, or goes to the end of the queue for a new one.
    pub(crate) fn connect(&mut self, connected: Connected) {
        if let Some(shown) = connected.hello.resume.map(hash_of) {
            return self.resume(shown, connected);
        }
        let now = self.sim.tick();
        if self.is_ending() {
            connected.outbox.close(now, CloseCode::Full, "this room comes to its end: try another one");
        } else if let Err(refused) = self.queue.enter(connected) {
            let reason = "too many wait for a seat here: try again in a moment";
            refused.outbox.close(now, CloseCode::Full, reason);
        }
    }

    fn resume(&mut self, shown: TokenHash, connected: Connected) {
        let now = self.sim.tick();
        let Connected { connection, hello, token, outbox } = connected;
        let Some((player, seat)) = self.seats.iter_mut().find(|(_, seat)| seat.session.claim.opens(shown))
        else {
            outbox.close(now, CloseCode::SeatGone, "this seat is no longer kept: join again");
            return;
        };
        let player = *player;
        if seat.session.claim.is_overtaken(shown, hello.attempt) {
            outbox.close(now, CloseCode::TakenOver, "a later connection has this seat");
            return;
        }
        if let Some((old, outbox)) = seat.connection.replace((connection, outbox)) {
            self.players.remove(&old);
            outbox.close(now, CloseCode::TakenOver, "this seat was taken over by another tab");
        }
        let resume_point = hello.last_tick.map(|tick| ResumePoint { tick, backlog_ack: hello.backlog_ack });
        let request = ResumeRequest { shown, token, attempt: hello.attempt, resume_point };
        seat.first_message = Some(seat.session.resume(&request, &self.replicator, &self.setup));
        self.players.insert(connection, player);
        self.pending.absences.push(Absence { player, away: false });
    }

    /// Ends the seats of players who have been away for too long.
    pub(crate) fn evict_away(&mut self) {
        let now = self.sim.tick();
        let away = self.seats.iter().filter(|(_, seat)| seat.connection.is_none());
        let expired = away.filter(|(_, seat)| now > seat.kept_until);
        let expired: Vec<PlayerId> = expired.map(|(player, _)| *player).collect();
        for player in expired {
            self.leave(player, CloseCode::Left, "");
        }
    }

    /// Gives out the seats that a tick may give out, and sends waiting clients their positions.
    pub(crate) fn admit(&mut self) {
        let now = self.sim.tick();
        let free = usize::from(self.setup.mode.capacity).saturating_sub(self.seats.len());
        let ids = FIRST_DRONE.saturating_sub(self.next_player) as usize;
        for _ in 0..self.load.joins_per_tick().min(free).min(ids) {
            let Some(connected) = self.queue.next() else { break };
            self.seat(connected);
        }
        self.queue.send_positions(now, self.setup.ticks(QUEUED_INTERVAL_SECONDS));
    }

    fn seat(&mut self, connected: Connected) {
        let now = self.sim.tick();
        let Connected { connection, hello, token, outbox } = connected;
        let player = PlayerId(self.next_player);
        self.next_player += 1;
        let held_name = self.names.take(hello.name);
        let name = held_name.name.clone();
        self.pending.joins.push(Join { player, name: name.clone() });
        self.records.mark(Mark::joined(now, player, &name));
        self.send_notice(Notice::Joined { name });
        self.players.insert(connection, player);
        let seat = Seat {
            name: held_name,
            session: Session::new(player, token, &self.setup, now),
            muted: None,
            connection: Some((connection, outbox)),
            kept_until: now,
            first_message: Some(FirstMessage::Welcome),
        };
        self.seats.insert(player, seat);
    }

    /// Ends a seat.
    pub(crate) fn leave(&mut self, player: PlayerId, code: CloseCode, reason: &str) {
        let now = self.sim.tick();
        let Some(seat) = self.seats.remove(&player) else { return };
        self.names.release(&seat.name);
        if let Some((connection, outbox)) = seat.connection {
            self.players.remove(&connection);
            outbox.close(now, code, reason);
        }
        self.pending.leaves.push(player);
        self.records.mark(Mark::left(now, player));
        self.send_notice(Notice::Left { name: seat.name.name });
    }

    fn send_notice(&mut self, notice: Notice) {
        if self.seats.len() <= NOTICE_LIMIT_PLAYERS {
            self.broadcast_kept(&ServerMessage::Notice(notice));
        }
    }

    /// A waiting client may ping or leave.
    pub(crate) fn on_queued_message(&mut self, connection: ConnectionId, message: &ClientMessage) {
        let now = self.sim.tick();
        let Some(outbox) = self.queue.outbox(connection) else { return };
        match *message {
            ClientMessage::Ping { stamp } => {
                let mut pong = Vec::new();
                encode_server(&self.report.pong(stamp), &mut pong);
                outbox.send(now, &pong);
            }
            ClientMessage::Leave => {
                outbox.close(now, CloseCode::Left, "you left the queue");
                self.queue.leave(connection);
            }
            ClientMessage::Hello(_) | ClientMessage::Input(_) | ClientMessage::Chat { .. } => {}
        }
    }
}
