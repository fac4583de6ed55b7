//! Who comes into a room: seats are taken back at once, new ones are given out from a queue, a few per tick, so that a storm
//! of joins costs those who play nothing.

mod queue;
mod restore;

use crate::event::{Connected, ConnectionId};
use crate::outbox::Outbox;
use crate::room::Room;
use crate::session::{Greeting, Held, Resume, Session, hash_of};
use crate::speech::{distinct, look};
pub use queue::{AdmissionQueue, WAITING_LIMIT_CLIENTS};
use shared::command::{Absence, FIRST_DRONE, Join};
use shared::id::{PlayerId, Tick};
use shared::message::{ClientMessage, CloseCode, Notice};
use shared::recording::{Mark, TokenHash};
use shared::text::Name;

/// Seconds for which the seat of a player who lost the connection is kept, unless the host says otherwise.
pub const DEFAULT_SEAT_GRACE_SECONDS: u32 = 60;
/// New players that a room lets in per tick. Each costs a welcome and a first snapshot of everything in sight.
pub const JOINS_PER_TICK: usize = 16;
/// Seconds after which a client that waits is told its place again.
pub const QUEUED_INTERVAL_SECONDS: f32 = 1.0;

/// A player's place in the room; kept for a while when the connection is lost.
pub struct Seat {
    pub name: Name,
    /// What the name looks like; no other seat's looks the same.
    pub look: String,
    pub session: Session,
    /// When a muted player was last reminded of it.
    pub muted: Option<Tick>,
    pub connection: Option<(ConnectionId, Outbox)>,
    pub away_since: Tick,
    /// Not said yet.
    pub greeting: Option<Greeting>,
}

impl Room {
    /// A client said Hello: it takes its seat back, or goes to the end of the queue for a new one.
    pub(crate) fn connect(&mut self, connected: Connected) {
        let tick = self.sim.tick();
        if let Some(shown) = connected.hello.resume.map(hash_of) {
            return self.resume(shown, connected);
        }
        if self.closed {
            connected.outbox.close(tick, CloseCode::Full, "this room was closed: try another one");
            return;
        }
        if let Err(refused) = self.queue.enter(connected) {
            let reason = "too many wait for a seat here: try again in a moment";
            refused.outbox.close(tick, CloseCode::Full, reason);
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
        let held = hello.last_tick.map(|tick| Held { tick, talk: hello.talk_heard });
        let resume = Resume { shown, token, attempt: hello.attempt, held };
        seat.greeting = Some(seat.session.resume(&resume, &self.replicator, &self.setup));
        self.players.insert(connection, player);
        self.pending.absences.push(Absence { player, away: false });
    }

    /// Gives out the seats that a tick may give out; who still waits is told its place.
    pub(crate) fn admit(&mut self) {
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
        let Connected { connection, hello, token, outbox } = connected;
        let now = self.sim.tick();
        if self.next_player >= FIRST_DRONE {
            outbox.close(now, CloseCode::Full, "this room is full: try another one");
            return;
        }
        let player = PlayerId(self.next_player);
        self.next_player += 1;
        let name = distinct(hello.name, |look| self.seats.values().any(|seat| seat.look == look));
        self.pending.joins.push(Join { player, name: name.clone() });
        self.records.mark(Mark::joined(now, player, &name));
        self.tell_few(Notice::Joined { name: name.clone() });
        self.players.insert(connection, player);
        let seat = Seat {
            look: look(name.as_str()),
            name,
            session: Session::new(player, token, &self.setup, now),
            muted: None,
            connection: Some((connection, outbox)),
            away_since: now,
            greeting: Some(Greeting::Welcome),
        };
        self.seats.insert(player, seat);
    }

    /// Hears a client that waits: it may ask for an answer, or give up.
    pub(crate) fn hear_waiting(&mut self, connection: ConnectionId, message: &ClientMessage) {
        let now = self.sim.tick();
        let Some(outbox) = self.queue.outbox(connection) else { return };
        match *message {
            ClientMessage::Ping { stamp } => {
                let mut pong = Vec::new();
                shared::codec::encode_server(&self.pulse.pong(stamp), &mut pong);
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
