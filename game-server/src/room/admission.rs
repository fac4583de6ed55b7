//! Who comes into a room: seats are taken back at once, new ones are given out from a queue, a few per tick, so that a storm
//! of joins costs those who play nothing.

use super::{Room, Seat};
use crate::inbox::{Connected, ConnectionId};
use crate::journal::Mark;
use crate::sessions::{Greeting, Held, Resume, Session, hash_of};
use crate::speech::{distinct, look};
use shared::command::{Absence, FIRST_DRONE, Join};
use shared::id::PlayerId;
use shared::message::{ClientMessage, CloseCode, Notice};
use shared::recording::TokenHash;

/// New players that a room lets in per tick. Each costs a welcome and a first snapshot of everything in sight.
pub const JOINS_PER_TICK: usize = 16;
/// Seconds after which a client that waits is told its place again.
pub const QUEUED_INTERVAL_SECONDS: f32 = 1.0;

impl Room {
    /// A client said Hello: it takes its seat back, or goes to the end of the queue for a new one.
    pub(super) fn connect(&mut self, connected: Connected) {
        if let Some(gate) = self.journal.gate() {
            connected.link.stand_behind(gate.clone());
        }
        if let Some(shown) = connected.hello.resume.map(hash_of) {
            return self.resume(shown, connected);
        }
        if self.closed {
            connected.link.close(CloseCode::Full, "this room was closed: try another one");
            return;
        }
        if let Err(refused) = self.queue.enter(connected) {
            refused.link.close(CloseCode::Full, "too many wait for a seat here: try again in a moment");
        }
    }

    fn resume(&mut self, shown: TokenHash, connected: Connected) {
        let Connected { connection, hello, token, link } = connected;
        let Some((player, seat)) = self.seats.iter_mut().find(|(_, seat)| seat.session.claim.opens(shown))
        else {
            link.close(CloseCode::SeatGone, "this seat is no longer kept: join again");
            return;
        };
        let player = *player;
        if seat.session.claim.is_overtaken(shown, hello.attempt) {
            link.close(CloseCode::TakenOver, "a later connection has this seat");
            return;
        }
        if let Some((old, link)) = seat.connection.replace((connection, link)) {
            self.players.remove(&old);
            link.close(CloseCode::TakenOver, "this seat was taken over by another tab");
        }
        let held = hello.last_tick.map(|tick| Held { tick, talk: hello.talk_heard });
        let resume = Resume { shown, token, attempt: hello.attempt, held };
        seat.greeting = Some(seat.session.resume(&resume, &self.replicator, &self.setup));
        self.players.insert(connection, player);
        self.pending.absences.push(Absence { player, away: false });
    }

    /// Gives out the seats that a tick may give out; who still waits is told its place.
    pub(super) fn admit(&mut self) {
        let capacity = usize::from(self.setup.mode.capacity);
        for _ in 0..self.load.joins_per_tick() {
            if self.seats.len() >= capacity {
                break;
            }
            let Some(connected) = self.queue.next() else { break };
            self.seat(connected);
        }
        self.queue.tell(self.sim.tick(), self.setup.ticks(QUEUED_INTERVAL_SECONDS));
    }

    fn seat(&mut self, connected: Connected) {
        let Connected { connection, hello, token, link } = connected;
        if self.next_player >= FIRST_DRONE {
            link.close(CloseCode::Full, "this room is full: try another one");
            return;
        }
        let now = self.sim.tick();
        let player = PlayerId(self.next_player);
        self.next_player += 1;
        let name = distinct(hello.name, |look| self.seats.values().any(|seat| seat.look == look));
        self.pending.joins.push(Join { player, name: name.clone() });
        self.journal.mark(Mark::joined(now, player, &name));
        self.tell_few(Notice::Joined { name: name.clone() });
        self.players.insert(connection, player);
        let seat = Seat {
            look: look(name.as_str()),
            name,
            session: Session::new(player, token, &self.setup, now),
            muted: None,
            connection: Some((connection, link)),
            away_since: now,
            greeting: Some(Greeting::Welcome),
        };
        self.seats.insert(player, seat);
    }

    /// Hears a client that waits: it may ask for an answer, or give up.
    pub(super) fn hear_waiting(&mut self, connection: ConnectionId, message: &ClientMessage) {
        let Some(link) = self.queue.link(connection) else { return };
        match *message {
            ClientMessage::Ping { stamp } => {
                let mut pong = Vec::new();
                shared::codec::encode_server(&self.pulse.pong(stamp), &mut pong);
                link.send(&pong);
            }
            ClientMessage::Leave => {
                link.close(CloseCode::Left, "you left the queue");
                self.queue.leave(connection);
            }
            ClientMessage::Hello(_) | ClientMessage::Input(_) | ClientMessage::Chat { .. } => {}
        }
    }
}
