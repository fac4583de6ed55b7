//! Sessions: one player's protocol state, without sockets and without a clock. Messages go in by
//! [`Session::handle`], messages come out by [`Session::poll_transmit`], time passes in ticks.

mod backlog;
mod budget;
mod chat;
mod input_buffer;
mod resume_claim;
mod token;

use crate::snapshot::{HISTORY_TICKS, Interest, Replicator, Viewer};
pub use backlog::TALK_LIMIT_MESSAGES;
use backlog::Talk;
use budget::Budget;
pub use budget::DEFAULT_VIEWER_BYTES_PER_SECOND;
use chat::ChatLimit;
pub use chat::{CHAT_BURST_LINES, CHAT_INTERVAL_SECONDS, CHAT_REPEAT_SECONDS};
use glam::IVec2;
pub use input_buffer::{INPUT_WINDOW_TICKS, InputBuffer};
pub use resume_claim::{Claim, Greeting, Held, Resume};
use shared::codec::encode_server;
use shared::event::{Event, Happening};
use shared::id::{PlayerId, Tick};
use shared::input::Controls;
use shared::message::{ClientMessage, LoadLevel, Own, ResumeToken, ServerMessage, Snapshot};
use shared::recording::SeatKey;
use shared::setup::Setup;
use shared::snapshot::{Pilot, Place};
use shared::text::chat_line;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;
pub use token::hash_of;

/// A client whose newest ack is older than this many seconds is sent snapshots less often.
pub const ACK_LAG_LIMIT_SECONDS: f32 = 1.5;
/// Seconds between snapshots for such a client.
pub const LAGGING_INTERVAL_SECONDS: f32 = 0.5;
/// Most events in one snapshot; of more, the newest are told.
pub const SNAPSHOT_LIMIT_EVENTS: usize = 128;

/// Memory for a message that is no snapshot: the scoreboard, which is the most frequent of the longer ones, fits.
const USUAL_MESSAGE_BYTES: usize = 512;

/// What the room must do after a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Nothing.
    None,
    /// Everybody hears this line.
    Say(String),
    /// The player gives up the seat.
    Leave,
}

/// What of its view a viewer is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The middle. Who holds nothing yet is told of all.
    Near,
    /// All of it.
    Whole,
}

/// How the room does, as answers to pings tell.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pulse {
    /// How long the newest tick took, in microseconds.
    pub tick_micros: u32,
    /// What the room goes without.
    pub load: LoadLevel,
}

impl Pulse {
    /// The answer to a ping.
    #[must_use]
    pub fn pong(self, stamp: u32) -> ServerMessage<'static> {
        ServerMessage::Pong { stamp, tick_micros: self.tick_micros, load: self.load }
    }
}

/// One player's protocol state.
pub struct Session {
    /// What opens the seat.
    pub claim: Claim,
    input: InputBuffer,
    viewer: Viewer,
    interest: Interest,
    /// Where the player and the ship were found in the world of the newest snapshot.
    pilot_place: Place,
    ship_place: Place,
    /// The ticks of the newest snapshots, and the middle of the view in each.
    looks: VecDeque<(Tick, IVec2)>,
    outbox: VecDeque<Vec<u8>>,
    talk: Talk,
    budget: Budget,
    /// The next snapshot is made against an empty view.
    fresh: bool,
    acked: Tick,
    sent: Tick,
    chat: ChatLimit,
}

impl Session {
    /// A session that begins at a tick.
    #[must_use]
    pub fn new(player: PlayerId, token: ResumeToken, setup: &Setup, now: Tick) -> Session {
        Session::over(Claim::new(player, token, now), setup, now)
    }

    /// The session of a seat that a recording tells of; its player is away.
    #[must_use]
    pub fn restored(key: SeatKey, setup: &Setup, now: Tick) -> Session {
        Session::over(Claim::restored(key, now), setup, now)
    }

    fn over(claim: Claim, setup: &Setup, now: Tick) -> Session {
        Session {
            claim,
            input: InputBuffer::default(),
            viewer: Viewer::default(),
            interest: Interest::around(IVec2::ZERO, setup),
            pilot_place: Place::default(),
            ship_place: Place::default(),
            looks: VecDeque::new(),
            outbox: VecDeque::new(),
            talk: Talk::default(),
            budget: Budget::new(),
            fresh: true,
            acked: now,
            sent: now,
            chat: ChatLimit::new(now),
        }
    }

    /// Whose session.
    #[must_use]
    pub fn player(&self) -> PlayerId {
        self.claim.player()
    }

    /// A client takes the seat on a new connection. Says what it is to be greeted with.
    pub fn resume(&mut self, resume: &Resume, replicator: &Replicator, setup: &Setup) -> Greeting {
        let now = replicator.world().tick;
        self.claim.renew(resume, now);
        self.input.release();
        self.outbox.clear();
        // A client that holds a tick which has not been yet is ahead of a world that a crash has thrown back.
        let Some(held) = resume.held.filter(|held| held.tick <= now) else {
            self.outbox.extend(self.talk.start_over().map(|message| message.to_vec()));
            self.view_from(now);
            self.viewer.clear();
            self.fresh = true;
            return Greeting::Welcome;
        };
        self.outbox.extend(self.talk.missed(held.talk).map(|message| message.to_vec()));
        self.view_from(held.tick);
        self.viewer.clear();
        let look = self.looks.iter().find(|(tick, _)| *tick == held.tick);
        self.fresh = !look.is_some_and(|(tick, centre)| {
            replicator.recall(&mut self.viewer, *tick, &Interest::around(*centre, setup))
        });
        Greeting::Resumed { held: held.tick }
    }

    fn view_from(&mut self, tick: Tick) {
        self.acked = tick;
        self.sent = tick;
    }

    /// The connection is gone: nobody steers, nobody listens.
    pub fn leave(&mut self) {
        self.input.release();
        self.talk.leave();
        self.silence();
    }

    /// Takes in a message; `now` is the tick last stepped.
    pub fn handle(&mut self, message: ClientMessage, now: Tick, setup: &Setup, pulse: Pulse) -> Reaction {
        match message {
            ClientMessage::Input(input) => {
                // An ack of what was never sent is worth nothing.
                if input.ack <= self.sent {
                    self.acked = self.acked.max(input.ack);
                    self.claim.acked(input.ack);
                }
                for frame in &input.frames {
                    self.input.insert(*frame, now);
                }
                Reaction::None
            }
            ClientMessage::Chat { text } => match chat_line(&text) {
                Some(line) if self.chat.allows(&line, now, setup) => Reaction::Say(line),
                _ => Reaction::None,
            },
            ClientMessage::Ping { stamp } => {
                self.send(&pulse.pong(stamp));
                Reaction::None
            }
            ClientMessage::Leave => Reaction::Leave,
            // A second Hello says nothing new.
            ClientMessage::Hello(_) => Reaction::None,
        }
    }

    /// The controls for a tick, if they differ from those held.
    pub fn take_controls(&mut self, tick: Tick) -> Option<Controls> {
        self.input.take(tick)
    }

    /// Whether a snapshot of this tick should be made: always, unless the client's acks lag behind.
    #[must_use]
    pub fn due(&self, tick: Tick, setup: &Setup) -> bool {
        let lag = self.sent.since(self.acked);
        lag < setup.ticks(ACK_LAG_LIMIT_SECONDS)
            || tick.since(self.sent) >= setup.ticks(LAGGING_INTERVAL_SECONDS)
    }

    /// Writes the snapshot of the newest tick into `out`, in place of what is there. On average its entities take no more
    /// than `bytes_per_second`. Says whether the world knows the player.
    pub fn write_snapshot(
        &mut self,
        replicator: &mut Replicator,
        setup: &Setup,
        scope: Scope,
        bytes_per_second: u32,
        out: &mut Vec<u8>,
    ) -> bool {
        let world = replicator.world();
        let tick = world.tick;
        let Some(pilot) = world.pilot_from(&mut self.pilot_place, self.claim.player()) else { return false };
        if let Some(ship) = pilot.ship.and_then(|ship| world.entity_from(&mut self.ship_place, ship)) {
            self.interest = Interest::around(ship.motion.position_q, setup);
        }
        let own = own(pilot);
        let ticks = tick.since(self.sent);
        let viewer = &mut self.viewer;
        let mut memory = std::mem::take(replicator.payload_memory());
        memory.clear();
        let payload = &mut memory;
        let complete = match self.budget.for_snapshot(ticks, bytes_per_second, setup.tick_rate_hz) {
            Some(bytes) => replicator.write_some(viewer, self.claim.player(), &self.interest, bytes, payload),
            None if scope == Scope::Near && !viewer.is_empty() => {
                replicator.write_near(viewer, &self.interest, payload);
                false
            }
            None => {
                replicator.write_payload(viewer, &self.interest, payload);
                true
            }
        };
        self.budget.spend(memory.len());
        let mut events: Vec<Event> = replicator.events(self.sent, &self.interest).collect();
        events.drain(..events.len().saturating_sub(SNAPSHOT_LIMIT_EVENTS));
        let message = ServerMessage::Snapshot(Snapshot {
            tick,
            fresh: std::mem::take(&mut self.fresh),
            input_ack: self.input.applied(),
            input_lead: self.input.lead(tick),
            own,
            events,
            delta: Cow::Borrowed(&memory),
        });
        self.sent = tick;
        if self.looks.len() >= HISTORY_TICKS {
            self.looks.pop_front();
        }
        // What was held after a snapshot that left something out cannot be told later.
        if complete {
            self.looks.push_back((tick, self.interest.centre));
        }
        out.clear();
        encode_server(&message, out);
        *replicator.payload_memory() = memory;
        true
    }

    /// Whether a place is in this viewer's sight.
    #[must_use]
    pub fn sees(&self, at: (i32, i32)) -> bool {
        self.interest.keeps(at.into())
    }

    /// Queues a message.
    pub fn send(&mut self, message: &ServerMessage<'_>) {
        self.outbox.push_back(encoded(message));
    }

    /// Queues a message before all others.
    pub fn greet(&mut self, message: &ServerMessage<'_>) {
        self.outbox.push_front(encoded(message));
    }

    /// Queues a message of chat or a notice, already encoded. It is kept for a player who may miss it.
    pub fn tell(&mut self, message: &Arc<[u8]>) {
        self.talk.add(message.clone());
        self.outbox.push_back(message.to_vec());
    }

    /// Queues a message that is already encoded.
    pub fn send_encoded(&mut self, bytes: &[u8]) {
        self.outbox.push_back(bytes.to_vec());
    }

    /// The next message to put on the wire.
    pub fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.outbox.pop_front()
    }

    /// Drops what is queued: nobody listens.
    pub fn silence(&mut self) {
        self.outbox.clear();
    }
}

/// Whether an event is told to a player wherever it happened.
#[must_use]
pub fn concerns(event: &Event, player: PlayerId) -> bool {
    matches!(event.what, Happening::Death { victim, killer, .. } if victim == player || killer == player)
}

/// A message's bytes.
#[must_use]
pub fn encoded(message: &ServerMessage<'_>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(USUAL_MESSAGE_BYTES);
    encode_server(message, &mut bytes);
    bytes
}

fn own(pilot: &Pilot) -> Own {
    Own {
        ship: pilot.ship,
        energy: pilot.energy,
        cooldown: pilot.cooldown,
        respawn_ticks: pilot.respawn_ticks,
        docked: pilot.docked,
        score: pilot.score,
        streak: pilot.streak,
        levels: pilot.levels,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::codec::decode_server;
    use shared::entity::Levels;
    use shared::id::NetId;
    use shared::text::Name;

    #[test]
    fn a_snapshot_tells_the_newest_events_if_there_are_too_many() {
        let setup = sim::scripted::setup();
        let player = PlayerId(1);
        let pilot = Pilot {
            player,
            name: Name::from_input("Ada"),
            team: 0,
            drone: false,
            away: false,
            ship: None,
            energy: 0,
            cooldown: 0,
            respawn_ticks: 9,
            docked: None,
            score: 0,
            streak: 0,
            kills: 0,
            deaths: 0,
            levels: Levels::default(),
        };
        let loaded = |ship| Event { at: (0, 0), what: Happening::Loaded { ship: NetId(ship) } };
        let happened: Vec<Event> = (0..SNAPSHOT_LIMIT_EVENTS as u32 + 3).map(loaded).collect();
        let mut replicator = Replicator::new(&setup);
        let mut session = Session::new(player, ResumeToken([0; 16]), &setup, Tick(0));
        replicator.observe(|world| {
            world.tick = Tick(1);
            world.pilots = vec![pilot];
            world.events.clone_from(&happened);
        });
        let mut message = Vec::new();
        let bytes_per_second = DEFAULT_VIEWER_BYTES_PER_SECOND;
        assert!(session.write_snapshot(
            &mut replicator,
            &setup,
            Scope::Whole,
            bytes_per_second,
            &mut message
        ));
        let Ok(ServerMessage::Snapshot(told)) = decode_server(&message) else { panic!("no snapshot") };
        assert_eq!(told.events, happened[3..]);
    }
}
