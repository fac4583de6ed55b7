//! One running world: sessions feed it inputs, the simulation steps, the journal records, viewers get snapshots.
//!
//! No sockets and no clock: the game loop hands in events and says when the next tick is due.

mod admin;
mod admission;
mod announce;
mod load;
mod queue;
mod restore;
mod stage;
mod standings;

use crate::inbox::{ConnectionId, SessionEvent};
use crate::journal::{Journal, Mark, SeatKey, Seats};
use crate::link::Link;
use crate::replication::Replicator;
use crate::sessions;
use crate::sessions::{DEFAULT_VIEWER_BYTES_PER_SECOND, Greeting, Pulse, Reaction, Session};
pub use admin::{MUTED_REMINDER_SECONDS, SeatStatus};
pub use admission::{JOINS_PER_TICK, QUEUED_INTERVAL_SECONDS};
pub use load::{
    CALM_SECONDS, FAR_INTERVAL_SNAPSHOTS, LoadGovernor, OVERRUN_LIMIT_TICKS, TICK_BUDGET_PERCENT,
};
use queue::AdmissionQueue;
pub use queue::WAITING_LIMIT_CLIENTS;
use shared::command::{Absence, PlayerInput, TickInputs};
use shared::id::{PlayerId, Tick};
use shared::message::{CloseCode, LoadLevel, Notice, ServerMessage, Welcome};
use shared::rules::RuleError;
use shared::setup::Setup;
use shared::snapshot::WorldSnapshot;
use shared::text::Name;
use sim::Sim;
pub use stage::{Stage, StageWatch};
use standings::Standings;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Seconds for which the seat of a player who lost the connection is kept, unless the host says otherwise.
pub const DEFAULT_SEAT_GRACE_SECONDS: u32 = 60;
/// Seconds after which a room without seats is given up.
pub const EMPTY_ROOM_SECONDS: f32 = 20.0;
/// Seconds between two scoreboards, and between two quotes.
pub const SCOREBOARD_INTERVAL_SECONDS: f32 = 1.0;
/// Up to this many players everybody hears who comes, who goes and who is destroyed. Beyond it, kills are told to those
/// involved and those who see them.
pub const NOTICE_LIMIT_PLAYERS: usize = 64;

/// A player's place in the room; kept for a while when the connection is lost.
struct Seat {
    name: Name,
    /// What the name looks like; no other seat's looks the same.
    look: String,
    session: Session,
    /// Nobody hears what the player says, who was last told so then.
    muted: Option<Tick>,
    connection: Option<(ConnectionId, Link)>,
    away_since: Tick,
    /// Not said yet.
    greeting: Option<Greeting>,
}

/// One running world.
pub struct Room {
    name: String,
    setup: Setup,
    sim: Sim,
    journal: Journal,
    replicator: Replicator,
    seats: BTreeMap<PlayerId, Seat>,
    players: HashMap<ConnectionId, PlayerId>,
    queue: AdmissionQueue,
    next_player: u32,
    pending: TickInputs,
    pulse: Pulse,
    load: LoadGovernor,
    empty_since: Option<Tick>,
    /// An administrator has closed it: nobody comes in.
    closed: bool,
    grace_ticks: u32,
    viewer_bytes_per_second: u32,
    standings: Standings,
    quoted: Vec<u32>,
    /// When everybody was last told the prices.
    quoted_at: Tick,
    /// The snapshot at hand, encoded.
    snapshot: Vec<u8>,
}

impl Room {
    /// A new world.
    ///
    /// # Errors
    /// [`RuleError`] if a number of the setup is out of range.
    pub fn new(name: String, setup: Setup, journal: Journal) -> Result<Room, RuleError> {
        let sim = Sim::new(&setup)?;
        let mut room = Room::over(name, setup, sim, journal);
        room.record_keyframe();
        Ok(room)
    }

    fn over(name: String, setup: Setup, sim: Sim, journal: Journal) -> Room {
        let replicator = Replicator::new(&setup);
        let grace_ticks = setup.ticks(DEFAULT_SEAT_GRACE_SECONDS as f32);
        let load = LoadGovernor::new(setup.tick_rate_hz);
        let mut room = Room {
            name,
            setup,
            sim,
            journal,
            replicator,
            seats: BTreeMap::new(),
            players: HashMap::new(),
            queue: AdmissionQueue::default(),
            next_player: 1,
            pending: TickInputs::default(),
            pulse: Pulse::default(),
            load,
            empty_since: None,
            closed: false,
            grace_ticks,
            viewer_bytes_per_second: DEFAULT_VIEWER_BYTES_PER_SECOND,
            standings: Standings::default(),
            quoted: Vec::new(),
            quoted_at: Tick(0),
            snapshot: Vec::new(),
        };
        room.empty_since = Some(room.sim.tick());
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

    /// The recording.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Whether nobody has had a seat or waited for one for [`EMPTY_ROOM_SECONDS`], or the room was closed.
    #[must_use]
    pub fn abandoned(&self) -> bool {
        self.closed
            || self
                .empty_since
                .is_some_and(|since| self.sim.tick().since(since) > self.setup.ticks(EMPTY_ROOM_SECONDS))
    }

    /// How many bytes of entities every viewer is sent in a second at most, on average.
    pub fn set_viewer_bytes_per_second(&mut self, bytes: u32) {
        self.viewer_bytes_per_second = bytes;
    }

    /// How long the seats of players who lost the connection are kept.
    pub fn set_seat_grace_seconds(&mut self, seconds: u32) {
        self.grace_ticks = self.setup.ticks(seconds as f32);
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
            SessionEvent::Stop { code } => self.stop(code),
        }
    }

    /// Steps the world once by everything that came in since the last tick, and tells everybody.
    pub fn tick(&mut self, watch: &mut impl StageWatch) {
        let inputs = self.collect_inputs();
        watch.done(Stage::Inputs);
        self.advance(&inputs, watch);
    }

    /// One tick: the world steps, the journal records, viewers are told.
    fn advance(&mut self, inputs: &TickInputs, watch: &mut impl StageWatch) {
        self.sim.step(inputs);
        watch.done(Stage::Step);
        self.journal.record(self.sim.tick(), inputs, self.sim.state_hash());
        if self.journal.wants_keyframe() {
            self.record_keyframe();
        }
        watch.done(Stage::Record);
        self.replicator.observe(|world| self.sim.capture_into(world));
        watch.done(Stage::Observe);
        self.announce();
        watch.done(Stage::Announce);
        self.send_snapshots();
        watch.done(Stage::Snapshots);
    }

    fn record_keyframe(&mut self) {
        let seats = self.seats_to_record();
        self.journal.keyframe(&self.sim.keyframe(), &seats);
    }

    fn seats_to_record(&self) -> Seats {
        self.seats_with(self.seats.values().map(|seat| seat.session.claim.key()).collect())
    }

    /// What is to be recorded of the seats when these keys are new.
    fn seats_with(&self, keys: Vec<SeatKey>) -> Seats {
        let muted = self.seats.iter().filter(|(_, seat)| seat.muted.is_some());
        Seats { next_player: self.next_player, keys, muted: muted.map(|(player, _)| *player).collect() }
    }

    fn collect_inputs(&mut self) -> TickInputs {
        let now = self.sim.tick();
        let grace = self.grace_ticks;
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
            self.journal.seats(seats);
        }
        let empty = self.seats.is_empty() && self.queue.is_empty();
        self.empty_since = if empty { self.empty_since.or(Some(now)) } else { None };
        inputs
    }

    fn leave(&mut self, player: PlayerId, code: CloseCode, reason: &str) {
        let Some(seat) = self.seats.remove(&player) else { return };
        if let Some((connection, link)) = seat.connection {
            self.players.remove(&connection);
            link.close(code, reason);
        }
        self.pending.leaves.push(player);
        self.journal.mark(Mark::left(self.sim.tick(), player));
        self.tell_few(Notice::Left { name: seat.name });
    }

    fn say(&mut self, player: PlayerId, text: String) {
        let Some(seat) = self.seats.get(&player) else { return };
        if let Some(told) = seat.muted {
            self.remind_muted(player, told);
            return;
        }
        let name = seat.name.clone();
        self.journal.mark(Mark::said(self.sim.tick(), player, &text));
        self.tell_all(&ServerMessage::Chat { player, name, text });
    }

    fn stop(&mut self, code: CloseCode) {
        if code == CloseCode::Restarting {
            self.queue.close(code, "the server is being replaced: come back");
            for (_, link) in self.seats.values().filter_map(|seat| seat.connection.as_ref()) {
                link.close(code, "the server is being replaced: come back");
            }
            return;
        }
        self.queue.close(code, "the server is stopping");
        self.tell_all(&ServerMessage::Notice(Notice::ShuttingDown));
        let goodbye = ServerMessage::Goodbye { code: code as u16, reason: "the server is stopping".into() };
        self.broadcast(&goodbye);
        for seat in self.seats.values_mut() {
            if let Some((_, link)) = &seat.connection {
                transmit(&mut seat.session, link);
                link.close(code, "the server is stopping");
            }
        }
    }

    /// Leaves the recording to the next server, which goes on with it.
    pub fn leave_to_successor(self) {
        let seats = self.seats_to_record();
        self.journal.leave(&self.sim.keyframe(), &seats);
    }

    /// Closes the recording: its last keyframe and its index.
    pub fn finish(self) {
        let keyframe = self.sim.keyframe();
        self.journal.finish(&keyframe);
    }

    fn broadcast(&mut self, message: &ServerMessage<'_>) {
        let bytes = sessions::encoded(message);
        for seat in self.seats.values_mut().filter(|seat| seat.connection.is_some()) {
            seat.session.send_encoded(&bytes);
        }
    }

    /// Chat and notices also wait for those who are away.
    fn tell_all(&mut self, message: &ServerMessage<'_>) {
        let message = encoded(message);
        self.seats.values_mut().for_each(|seat| seat.session.tell(&message));
    }

    /// Who comes and goes is told while it can still be read.
    fn tell_few(&mut self, notice: Notice) {
        if self.seats.len() <= NOTICE_LIMIT_PLAYERS {
            self.tell_all(&ServerMessage::Notice(notice));
        }
    }

    fn send_snapshots(&mut self) {
        let tick = self.sim.tick();
        for (player, seat) in &mut self.seats {
            let Some((_, link)) = &seat.connection else {
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
            let ready = link.ready();
            transmit(&mut seat.session, link);
            if ready
                && let Some(scope) = self.load.scope(tick, *player)
                && seat.session.due(tick, &self.setup)
                && seat.session.write_snapshot(
                    &mut self.replicator,
                    &self.setup,
                    scope,
                    self.viewer_bytes_per_second,
                    &mut self.snapshot,
                )
            {
                link.send_snapshot(&self.snapshot);
            }
        }
    }
}

/// Hands everything that a session has to say to its connection.
fn transmit(session: &mut Session, link: &Link) {
    while let Some(message) = session.poll_transmit() {
        link.send(&message);
    }
}

fn encoded(message: &ServerMessage<'_>) -> Arc<[u8]> {
    sessions::encoded(message).into()
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
