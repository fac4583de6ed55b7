//! One running world: sessions feed it inputs, the simulation steps, records are made, viewers get snapshots.
//!
//! No sockets and no clock: the room loop hands in events and says when the next tick is due.

use crate::event::{ConnectionId, SessionEvent, Stop};
use crate::load::LoadGovernor;
use crate::outbox::Outbox;
use crate::record::{KEYFRAME_INTERVAL_SECONDS, Record, Records};
use crate::seats::{AdmissionQueue, DEFAULT_SEAT_GRACE_SECONDS, Seat};
use crate::session::{self, DEFAULT_VIEWER_BYTES_PER_SECOND, Greeting, Pulse, Reaction, Session};
use crate::snapshot::Replicator;
use crate::stage::{Stage, StageWatch};
use crate::standings::Standings;
use shared::command::{Absence, PlayerInput, TickInputs};
use shared::id::{PlayerId, Tick};
use shared::keyframe::Keyframe;
use shared::message::{CloseCode, LoadLevel, Notice, ServerMessage, Welcome};
use shared::recording::{Mark, SeatKey, Seats};
use shared::rules::RuleError;
use shared::setup::Setup;
use shared::snapshot::WorldSnapshot;
use sim::Sim;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Seconds after which a room without seats is given up.
pub const EMPTY_ROOM_SECONDS: f32 = 20.0;
/// Seconds between two scoreboards, and between two quotes.
pub const SCOREBOARD_INTERVAL_SECONDS: f32 = 1.0;
/// Up to this many players everybody hears who comes, who goes and who is destroyed. Beyond it, kills are told to those
/// involved and those who see them.
pub const NOTICE_LIMIT_PLAYERS: usize = 64;

/// What a host decides about a room.
#[derive(Clone, Debug)]
pub struct RoomOptions {
    /// Seconds for which the seat of a player who lost the connection is kept.
    pub seat_grace_seconds: u32,
    /// How many bytes of entities every viewer is sent in a second at most, on average.
    pub viewer_bytes_per_second: u32,
    /// Whether the room makes records for [`Room::poll_record`].
    pub is_recorded: bool,
}

impl Default for RoomOptions {
    fn default() -> RoomOptions {
        RoomOptions {
            seat_grace_seconds: DEFAULT_SEAT_GRACE_SECONDS,
            viewer_bytes_per_second: DEFAULT_VIEWER_BYTES_PER_SECOND,
            is_recorded: false,
        }
    }
}

/// One running world.
pub struct Room {
    pub(crate) name: String,
    pub(crate) setup: Setup,
    options: RoomOptions,
    pub(crate) sim: Sim,
    pub(crate) records: Records,
    pub(crate) replicator: Replicator,
    pub(crate) seats: BTreeMap<PlayerId, Seat>,
    pub(crate) players: BTreeMap<ConnectionId, PlayerId>,
    pub(crate) queue: AdmissionQueue,
    pub(crate) next_player: u32,
    pub(crate) pending: TickInputs,
    pub(crate) pulse: Pulse,
    pub(crate) load: LoadGovernor,
    pub(crate) empty_since: Option<Tick>,
    /// An administrator has closed it: nobody comes in.
    pub(crate) closed: bool,
    pub(crate) standings: Standings,
    pub(crate) quoted: Vec<u32>,
    /// When everybody was last told the prices.
    pub(crate) quoted_at: Tick,
    /// The snapshot at hand, encoded.
    snapshot: Vec<u8>,
}

impl Room {
    /// A new world.
    ///
    /// # Errors
    /// [`RuleError`] if a number of the setup is out of range.
    pub fn new(name: String, setup: Setup, options: RoomOptions) -> Result<Room, RuleError> {
        let sim = Sim::new(&setup)?;
        let mut room = Room::with_sim(name, setup, sim, options);
        room.record_keyframe();
        Ok(room)
    }

    pub(crate) fn with_sim(name: String, setup: Setup, sim: Sim, options: RoomOptions) -> Room {
        let mut room = Room {
            name,
            replicator: Replicator::new(&setup),
            records: Records::new(options.is_recorded, setup.ticks(KEYFRAME_INTERVAL_SECONDS)),
            load: LoadGovernor::new(setup.tick_rate_hz),
            empty_since: Some(sim.tick()),
            setup,
            options,
            sim,
            seats: BTreeMap::new(),
            players: BTreeMap::new(),
            queue: AdmissionQueue::default(),
            next_player: 1,
            pending: TickInputs::default(),
            pulse: Pulse::default(),
            closed: false,
            standings: Standings::default(),
            quoted: Vec::new(),
            quoted_at: Tick(0),
            snapshot: Vec::new(),
        };
        room.replicator.observe(|world| room.sim.capture_into(world));
        room
    }

    /// The name, as in an invite link.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the world started from.
    #[must_use]
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// The world as of the newest tick.
    #[must_use]
    pub fn world(&self) -> &WorldSnapshot {
        self.replicator.world()
    }

    /// The hash of the world's state.
    #[must_use]
    pub fn state_hash(&self) -> u64 {
        self.sim.state_hash()
    }

    /// Seats taken by people, present or away.
    #[must_use]
    pub fn seats(&self) -> usize {
        self.seats.len()
    }

    /// Clients that wait for a seat.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Whether nobody has had a seat or waited for one for [`EMPTY_ROOM_SECONDS`], or the room was closed.
    #[must_use]
    pub fn abandoned(&self) -> bool {
        self.closed
            || self
                .empty_since
                .is_some_and(|since| self.sim.tick().since(since) > self.setup.ticks(EMPTY_ROOM_SECONDS))
    }

    /// Takes in how long the newest tick took: players are told, and too many long ones make the room go without something.
    pub fn ticked(&mut self, micros: u32) {
        self.load.ticked(micros);
        self.pulse = Pulse { tick_micros: micros, load: self.load.level() };
        let (snapshots, far) = self.load.intervals_ticks();
        self.replicator.set_intervals_ticks(snapshots, far);
    }

    /// What the room goes without.
    #[must_use]
    pub fn load_level(&self) -> LoadLevel {
        self.load.level()
    }

    /// Takes in what a connection posted. It reaches the world at the next tick.
    pub fn handle(&mut self, event: SessionEvent) {
        match event {
            SessionEvent::Connected(connected) => self.connect(connected),
            SessionEvent::Said { connection, message } => {
                let Some(player) = self.players.get(&connection).copied() else {
                    return self.hear_waiting(connection, &message);
                };
                let Some(seat) = self.seats.get_mut(&player) else { return };
                // The simulation would look its tick up.
                let now = self.replicator.world().tick;
                match seat.session.handle(message, now, &self.setup, self.pulse) {
                    Reaction::None => {}
                    Reaction::Say(text) => self.say(player, text),
                    Reaction::Leave => self.leave(player, CloseCode::Left, "you left the room"),
                }
            }
            SessionEvent::Disconnected { connection } => {
                let Some(player) = self.players.remove(&connection) else {
                    self.queue.leave(connection);
                    return;
                };
                let Some(seat) = self.seats.get_mut(&player) else { return };
                seat.connection = None;
                seat.session.leave();
                seat.away_since = self.sim.tick();
                self.pending.absences.push(Absence { player, away: true });
            }
            SessionEvent::Admin(act) => self.administer(act),
            // Who asked may have given up.
            SessionEvent::Roster(reply) => drop(reply.try_send(self.roster())),
            SessionEvent::Stop(stop) => self.stop(stop),
        }
    }

    /// Steps the world once by everything that came in since the last tick, and tells everybody.
    pub fn tick(&mut self, watch: &mut impl StageWatch) {
        let inputs = self.collect_inputs();
        watch.done(Stage::Inputs);
        self.advance(inputs, watch);
    }

    /// One tick: the world steps, records are made, viewers are told.
    fn advance(&mut self, inputs: TickInputs, watch: &mut impl StageWatch) {
        self.sim.step(&inputs);
        watch.done(Stage::Step);
        self.record(inputs);
        watch.done(Stage::Record);
        self.replicator.observe(|world| self.sim.capture_into(world));
        watch.done(Stage::Observe);
        self.announce();
        watch.done(Stage::Announce);
        self.send_snapshots();
        watch.done(Stage::Snapshots);
    }

    /// The oldest record that was not handed out yet.
    pub fn poll_record(&mut self) -> Option<Record> {
        self.records.pop()
    }

    fn record(&mut self, inputs: TickInputs) {
        let (tick, state_hash) = (self.sim.tick(), self.sim.state_hash());
        self.records.push(Record::Tick { tick, inputs, state_hash });
        if self.records.wants_keyframe(tick) {
            self.record_keyframe();
        }
    }

    pub(crate) fn record_keyframe(&mut self) {
        if self.options.is_recorded {
            let keyframe = (self.keyframe(), self.seats_to_record());
            self.records.push(Record::Keyframe(Box::new(keyframe)));
        }
    }

    /// The whole world as of the newest tick.
    #[must_use]
    pub fn keyframe(&self) -> Keyframe {
        self.sim.keyframe()
    }

    /// Who may resume which seat.
    #[must_use]
    pub fn seats_to_record(&self) -> Seats {
        self.seats_with(self.seats.values().map(|seat| seat.session.claim.key()).collect())
    }

    /// What is to be recorded of the seats when these keys are new.
    pub(crate) fn seats_with(&self, keys: Vec<SeatKey>) -> Seats {
        let muted = self.seats.iter().filter(|(_, seat)| seat.muted.is_some());
        Seats { next_player: self.next_player, keys, muted: muted.map(|(player, _)| *player).collect() }
    }

    fn collect_inputs(&mut self) -> TickInputs {
        let now = self.sim.tick();
        let grace = self.setup.ticks(self.options.seat_grace_seconds as f32);
        let expired = self.seats.iter().filter(|(_, seat)| seat.connection.is_none());
        let expired = expired.filter(|(_, seat)| now.since(seat.away_since) > grace);
        let expired: Vec<PlayerId> = expired.map(|(player, _)| *player).collect();
        for player in expired {
            self.leave(player, CloseCode::Left, "");
        }
        self.admit();
        let mut inputs = std::mem::take(&mut self.pending);
        inputs.drones_in_turns = self.load.drones_in_turns();
        inputs.inputs.reserve(self.seats.len());
        let mut keys = Vec::new();
        for (player, seat) in &mut self.seats {
            keys.extend(seat.session.claim.new_key());
            if let Some(controls) = seat.session.take_controls(now.next()) {
                inputs.inputs.push(PlayerInput { player: *player, controls });
            }
        }
        if !keys.is_empty() {
            let seats = self.seats_with(keys);
            self.records.push(Record::Seats(seats));
        }
        let empty = self.seats.is_empty() && self.queue.is_empty();
        self.empty_since = if empty { self.empty_since.or(Some(now)) } else { None };
        inputs
    }

    pub(crate) fn leave(&mut self, player: PlayerId, code: CloseCode, reason: &str) {
        let Some(seat) = self.seats.remove(&player) else { return };
        if let Some((connection, outbox)) = seat.connection {
            self.players.remove(&connection);
            outbox.close(self.sim.tick(), code, reason);
        }
        self.pending.leaves.push(player);
        self.records.mark(Mark::left(self.sim.tick(), player));
        self.tell_few(Notice::Left { name: seat.name });
    }

    fn say(&mut self, player: PlayerId, text: String) {
        let Some(seat) = self.seats.get(&player) else { return };
        if let Some(told) = seat.muted {
            self.remind_muted(player, told);
            return;
        }
        let name = seat.name.clone();
        self.records.mark(Mark::said(self.sim.tick(), player, &text));
        self.tell_all(&ServerMessage::Chat { player, name, text });
    }

    fn stop(&mut self, stop: Stop) {
        let tick = self.sim.tick();
        let (code, reason) = match stop {
            Stop::ForGood => (CloseCode::GoingAway, "the server is stopping"),
            Stop::ForSuccessor => (CloseCode::Restarting, "the server is being replaced: come back"),
        };
        self.queue.close(tick, code, reason);
        if stop == Stop::ForGood {
            self.tell_all(&ServerMessage::Notice(Notice::ShuttingDown));
            self.broadcast(&ServerMessage::Goodbye { code: code as u16, reason: reason.into() });
        }
        for seat in self.seats.values_mut() {
            if let Some((_, outbox)) = &seat.connection {
                if stop == Stop::ForGood {
                    transmit(&mut seat.session, outbox, tick);
                }
                outbox.close(tick, code, reason);
            }
        }
    }

    pub(crate) fn broadcast(&mut self, message: &ServerMessage<'_>) {
        let bytes = session::encoded(message);
        for seat in self.seats.values_mut().filter(|seat| seat.connection.is_some()) {
            seat.session.send_encoded(&bytes);
        }
    }

    /// Chat and notices also wait for those who are away.
    pub(crate) fn tell_all(&mut self, message: &ServerMessage<'_>) {
        let message = encoded(message);
        self.seats.values_mut().for_each(|seat| seat.session.tell(&message));
    }

    /// Who comes and goes is told while it can still be read.
    pub(crate) fn tell_few(&mut self, notice: Notice) {
        if self.seats.len() <= NOTICE_LIMIT_PLAYERS {
            self.tell_all(&ServerMessage::Notice(notice));
        }
    }

    fn send_snapshots(&mut self) {
        let tick = self.sim.tick();
        for (player, seat) in &mut self.seats {
            let Some((_, outbox)) = &seat.connection else {
                seat.session.silence();
                continue;
            };
            if seat.greeting.is_some() && self.replicator.world().pilot(*player).is_none() {
                continue;
            }
            if let Some(greeting) = seat.greeting.take() {
                let token = seat.session.claim.token();
                seat.session.greet(&match greeting {
                    Greeting::Welcome => welcome(&self.name, &self.setup, tick, *player, token),
                    Greeting::Resumed { .. } => ServerMessage::Resumed { token, tick },
                });
                if greeting.is_before(self.quoted_at) {
                    let prices = self.replicator.world().prices.clone();
                    seat.session.send(&ServerMessage::Quotes { prices });
                }
            }
            let is_ready = outbox.is_ready();
            transmit(&mut seat.session, outbox, tick);
            if is_ready
                && let Some(scope) = self.load.scope(tick, *player)
                && seat.session.due(tick, &self.setup)
                && seat.session.write_snapshot(
                    &mut self.replicator,
                    &self.setup,
                    scope,
                    self.options.viewer_bytes_per_second,
                    &mut self.snapshot,
                )
            {
                outbox.send_snapshot(tick, &self.snapshot);
            }
        }
    }
}

/// Hands everything that a session has to say to its connection.
fn transmit(session: &mut Session, outbox: &Outbox, tick: Tick) {
    while let Some(message) = session.poll_transmit() {
        outbox.send(tick, &message);
    }
}

pub(crate) fn encoded(message: &ServerMessage<'_>) -> Arc<[u8]> {
    session::encoded(message).into()
}

fn welcome(
    room: &str,
    setup: &Setup,
    tick: Tick,
    player: PlayerId,
    token: shared::message::ResumeToken,
) -> ServerMessage<'static> {
    ServerMessage::Welcome(Box::new(Welcome {
        room: room.into(),
        player,
        token,
        tick,
        tick_rate_hz: setup.tick_rate_hz,
        rules: setup.rules.clone(),
        mode: setup.mode.clone(),
        arena: setup.arena.clone(),
    }))
}
