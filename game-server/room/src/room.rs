//! One running world: sessions feed it inputs, the simulation steps, records are made, viewers get snapshots.
//!
//! No sockets and no clock: the room loop hands in events and says when the next tick is due.

use crate::conduct::{Conduct, SpeechLimits};
use crate::event::{ConnectionId, SessionEvent, Stop};
use crate::load::{LoadGovernor, LoadReport};
use crate::names::{HeldName, Names};
use crate::network::{Networks, SeatPermit};
use crate::news::{Happened, LeaveReason, News};
use crate::outbox::Outbox;
use crate::queue::AdmissionQueue;
use crate::record::{KEYFRAME_INTERVAL_SECONDS, Record, Records};
use crate::session::{self, DEFAULT_VIEWER_BYTES_PER_SECOND, FirstMessage, Reaction, Session};
use crate::snapshot::Replicator;
use crate::speech::{Words, server_line};
use crate::stage::{Stage, StageWatch};
use crate::standings::{Standings, escapes_of};
use shared::awards::awards;
use shared::command::{Absence, PlayerInput, TickInputs};
use shared::id::{PlayerId, Tick};
use shared::keyframe::Keyframe;
use shared::message::{CloseCode, LoadLevel, Notice, ResumeToken, ServerMessage, Welcome};
use shared::recording::{Mark, SeatKey, Seats, TokenHash};
use shared::round::{Award, Round, RoundPhase, Votes};
use shared::rules::RuleError;
use shared::setup::Setup;
use shared::snapshot::WorldSnapshot;
use sim::Sim;
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

/// Seconds for which the seat of a player who lost the connection is kept, unless the host says otherwise.
pub const DEFAULT_SEAT_GRACE_SECONDS: u32 = 60;
/// Seconds for which the seats of a room that continues after a restart are kept, unless the host says otherwise.
pub const DEFAULT_KEEP_ROOMS_SECONDS: u32 = 120;
/// Seconds in which a network whose player was kicked gets no new seat, unless the host says otherwise.
pub const DEFAULT_KICK_COOLDOWN_SECONDS: u32 = 60;
/// Seconds after which a room without seats is abandoned.
pub const EMPTY_ROOM_SECONDS: f32 = 20.0;

/// What a host decides about a room.
#[derive(Clone, Debug)]
pub struct RoomOptions {
    /// Seconds for which the seat of a player who lost the connection is kept.
    pub seat_grace_seconds: u32,
    /// Seconds for which the seats of a restored room are kept.
    pub keep_rooms_seconds: u32,
    /// Seconds in which a network whose player was kicked gets no new seat in the room.
    pub kick_cooldown_seconds: u32,
    /// How many bytes of entities every viewer is sent per second at most, on average.
    pub viewer_bytes_per_second: u32,
    /// Whether the room makes records for [`Room::poll_record`].
    pub is_recorded: bool,
    /// Whether what players write is among the records.
    pub records_chat: bool,
    /// What networks hold on this server.
    pub networks: Networks,
    /// What one network may make the players of the room read.
    pub speech_limits: SpeechLimits,
    /// Words that are masked.
    pub words: Arc<Words>,
}

impl Default for RoomOptions {
    fn default() -> RoomOptions {
        RoomOptions {
            seat_grace_seconds: DEFAULT_SEAT_GRACE_SECONDS,
            keep_rooms_seconds: DEFAULT_KEEP_ROOMS_SECONDS,
            kick_cooldown_seconds: DEFAULT_KICK_COOLDOWN_SECONDS,
            viewer_bytes_per_second: DEFAULT_VIEWER_BYTES_PER_SECOND,
            is_recorded: false,
            records_chat: false,
            networks: Networks::default(),
            speech_limits: SpeechLimits::default(),
            words: Arc::default(),
        }
    }
}

/// A player's place in the room; kept for a while when the connection is lost.
pub(crate) struct Seat {
    pub name: HeldName,
    pub permit: SeatPermit,
    pub session: Session,
    /// When a muted player was last reminded of it.
    pub muted: Option<Tick>,
    pub connection: Option<(ConnectionId, Outbox)>,
    pub kept_until: Tick,
    /// From when on the seat may go to a client that waits.
    pub away_since: Tick,
    /// Not sent yet.
    pub first_message: Option<FirstMessage>,
}

/// One running world.
pub struct Room {
    name: String,
    pub(crate) setup: Setup,
    pub(crate) options: RoomOptions,
    pub(crate) sim: Sim,
    pub(crate) records: Records,
    pub(crate) replicator: Replicator,
    pub(crate) seats: BTreeMap<PlayerId, Seat>,
    pub(crate) players: BTreeMap<ConnectionId, PlayerId>,
    /// The seat of each token that was given out for it and may still open it.
    pub(crate) opened_by: BTreeMap<TokenHash, PlayerId>,
    pub(crate) names: Names,
    pub(crate) conduct: Conduct,
    pub(crate) queue: AdmissionQueue,
    pub(crate) next_player: u32,
    pub(crate) pending: TickInputs,
    pub(crate) load: LoadGovernor,
    pub(crate) report: LoadReport,
    /// Ticks' time that passed while the room rested; see [`Room::clock`].
    rested_ticks: u32,
    pub(crate) empty_since: Option<Tick>,
    /// When it ends, if that is known: no client comes in.
    pub(crate) ends_at: Option<Tick>,
    pub(crate) standings: Standings,
    /// As of the newest tick.
    pub(crate) round: Round,
    /// On the next arena, as of the newest tick.
    pub(crate) votes: Votes,
    /// Of the round that ended last.
    pub(crate) last_awards: Vec<Award>,
    /// As of the last second.
    pub(crate) escapes: BTreeMap<PlayerId, u16>,
    pub(crate) quoted: Vec<u32>,
    /// When everybody was last sent the prices.
    pub(crate) quoted_at: Tick,
    /// The newest snapshot, encoded.
    snapshot: Vec<u8>,
    /// Bytes of messages handed to connections.
    sent_bytes: u64,
    message_of_the_day: Arc<str>,
    pub(crate) news: VecDeque<News>,
    pub(crate) kills: u64,
    snapshots_sent: u64,
    capacity: usize,
    /// Nobody has been here yet, and the room stays open until somebody has.
    awaits_first: bool,
}

impl Room {
    /// A new world.
    ///
    /// # Errors
    /// [`RuleError`] if a number of the setup is out of range.
    pub fn new(name: String, setup: Setup, options: RoomOptions) -> Result<Room, RuleError> {
        let sim = Sim::new(&setup)?;
        Ok(Room::with_sim(name, setup, sim, options))
    }

    pub(crate) fn with_sim(name: String, setup: Setup, sim: Sim, options: RoomOptions) -> Room {
        let capacity = setup.mode.capacity.into();
        let mut room = Room {
            name,
            conduct: Conduct::new(&setup, &options.speech_limits, options.kick_cooldown_seconds),
            replicator: Replicator::new(&setup),
            records: Records::new(options.is_recorded, setup.ticks(KEYFRAME_INTERVAL_SECONDS)),
            load: LoadGovernor::new(setup.tick_rate_hz),
            rested_ticks: 0,
            empty_since: Some(sim.tick()),
            setup,
            options,
            sim,
            seats: BTreeMap::new(),
            players: BTreeMap::new(),
            opened_by: BTreeMap::new(),
            names: Names::default(),
            queue: AdmissionQueue::default(),
            next_player: 1,
            pending: TickInputs::default(),
            report: LoadReport::default(),
            ends_at: None,
            standings: Standings::default(),
            round: Round::default(),
            votes: Votes::default(),
            last_awards: Vec::new(),
            escapes: BTreeMap::new(),
            quoted: Vec::new(),
            quoted_at: Tick(0),
            snapshot: Vec::new(),
            sent_bytes: 0,
            message_of_the_day: "".into(),
            news: VecDeque::new(),
            kills: 0,
            snapshots_sent: 0,
            capacity,
            awaits_first: false,
        };
        room.replicator.observe(|world| room.sim.capture_into(world));
        // A room that continues during a podium does not end the round again.
        let world = room.replicator.world();
        room.round = world.round;
        room.escapes = escapes_of(world);
        if room.round.phase == RoundPhase::Podium {
            room.last_awards = awards(&world.pilots);
        }
        room
    }

    /// The name, as in an invite link.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The awards of the last round.
    pub fn last_awards(&self) -> &[Award] {
        &self.last_awards
    }

    /// What the world started from.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// The world as of the newest tick.
    pub fn world(&self) -> &WorldSnapshot {
        self.replicator.world()
    }

    /// The hash of the world's state.
    pub fn state_hash(&self) -> u64 {
        self.sim.state_hash()
    }

    /// Seats taken by people, present or away.
    pub fn seats(&self) -> usize {
        self.seats.len()
    }

    /// Clients that wait for a seat.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Whether the room has had neither seats nor waiting clients for [`EMPTY_ROOM_SECONDS`], or has ended.
    pub fn is_abandoned(&self) -> bool {
        let limit_ticks = self.setup.ticks(EMPTY_ROOM_SECONDS);
        let now = self.clock();
        self.ends_at.is_some_and(|end| now > end)
            || self.empty_since.is_some_and(|since| now.since(since) > limit_ticks)
    }

    /// Whether nobody is here to see a tick and nothing has to reach the world: the room is not to tick.
    pub fn is_resting(&self) -> bool {
        self.players.is_empty() && self.queue.is_empty() && self.pending.is_empty()
    }

    /// Time passes without ticks: the seats of those who are away are kept no longer than otherwise, and an empty room is
    /// abandoned.
    pub fn rest(&mut self, ticks: u32) {
        self.rested_ticks = self.rested_ticks.saturating_add(ticks);
        self.evict_away();
        self.note_emptiness();
    }

    /// The newest tick, had the room never rested: what is kept for a time is kept by this.
    pub(crate) fn clock(&self) -> Tick {
        self.sim.tick().plus(self.rested_ticks)
    }

    /// Counts how long the newest tick took: players can ask for it, and too many long ones raise the load level.
    pub fn ticked(&mut self, micros: u32) {
        self.load.ticked(micros);
        self.report = LoadReport { tick_micros: micros, level: self.load.level() };
        let (snapshots, far) = self.load.intervals_ticks();
        self.replicator.set_intervals_ticks(snapshots, far);
    }

    /// Bytes of messages that players were sent since the room opened.
    pub fn sent_bytes(&self) -> u64 {
        self.sent_bytes
    }

    /// Sets the line for players who join from now on; empty for none.
    pub fn set_message_of_the_day(&mut self, text: Arc<str>) {
        self.message_of_the_day = text;
    }

    /// Players that the room takes in.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Changes how many players the room takes in, up to the mode's number. Players beyond it stay.
    pub fn set_capacity(&mut self, players: u16) {
        self.capacity = players.min(self.setup.mode.capacity).into();
    }

    /// The room is not abandoned before its first player has come.
    pub fn await_first(&mut self) {
        self.awaits_first = true;
    }

    /// What is left out because ticks take too long.
    pub fn load_level(&self) -> LoadLevel {
        self.load.level()
    }

    /// Handles what a connection or an administrator posted. It reaches the world at the next tick.
    pub fn handle(&mut self, event: SessionEvent) {
        match event {
            SessionEvent::Connected(connected) => self.connect(connected),
            SessionEvent::Message { connection, message } => {
                let Some(player) = self.players.get(&connection).copied() else {
                    return self.on_queued_message(connection, &message);
                };
                let Some(seat) = self.seats.get_mut(&player) else { return };
                // `self.sim.tick()` would be a look-up per message.
                let now = self.replicator.world().tick;
                match seat.session.handle(message, now, &self.setup, self.report) {
                    Reaction::None => {}
                    Reaction::Chat(text) => self.chat(player, &text),
                    Reaction::Signal(signal) => self.signal(player, signal),
                    Reaction::Leave => {
                        self.leave(player, LeaveReason::Asked, CloseCode::Left, "you left the room");
                    }
                }
            }
            SessionEvent::Disconnected { connection } => self.disconnect(connection),
            SessionEvent::Admin(act) => self.administer(act),
        }
    }

    /// Steps the world once by everything that came in since the last tick, and sends everybody what they see.
    pub fn tick(&mut self, watch: &mut impl StageWatch) {
        self.begin_recording();
        self.check_end();
        self.evict_away();
        self.admit();
        self.note_emptiness();
        self.record_changed_keys();
        let inputs = self.collect_inputs();
        watch.done(Stage::Inputs);
        self.advance(inputs, watch);
    }

    /// One tick: the world steps, a record is made, viewers are sent what they see.
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

    /// What the host was not told yet, the oldest first.
    pub fn poll_news(&mut self) -> Option<News> {
        self.news.pop_front()
    }

    pub(crate) fn tell_host(&mut self, network: IpAddr, what: Happened) {
        self.news.push_back(News { network, what });
    }

    /// Ships destroyed since the room was opened here.
    pub fn kills(&self) -> u64 {
        self.kills
    }

    /// Snapshots handed to connections since the room was opened here.
    pub fn snapshots_sent(&self) -> u64 {
        self.snapshots_sent
    }

    /// For each player who is present and has acknowledged a snapshot: ticks from a snapshot to its acknowledgement.
    pub fn ack_lags_ticks(&self) -> impl Iterator<Item = f32> {
        let present = self.seats.values().filter(|seat| seat.connection.is_some());
        present.filter_map(|seat| seat.session.ack_lag_ticks())
    }

    /// For each player who is present and has steered: the ticks by which the newest input is ahead of the world.
    pub fn input_leads_ticks(&self) -> impl Iterator<Item = i8> {
        let tick = self.world().tick;
        let present =
            self.seats.values().filter(|seat| seat.connection.is_some() && seat.session.has_played());
        present.map(move |seat| seat.session.input_lead_ticks(tick))
    }

    /// The whole world as of the newest tick.
    pub fn keyframe(&self) -> Keyframe {
        self.sim.keyframe()
    }

    /// The keys that resume the seats, as a keyframe records them.
    pub fn seats_to_record(&self) -> Seats {
        self.seats_with(self.seats.values().map(|seat| seat.session.claim.key()).collect())
    }

    /// Tells everybody that the room stops, and closes their connections. No tick follows.
    pub fn stop(&mut self, stop: Stop) {
        let tick = self.sim.tick();
        let (code, reason) = match stop {
            Stop::ForGood => (CloseCode::GoingAway, "the server is stopping"),
            Stop::ForSuccessor => (CloseCode::Restarting, "the server restarts and is back in a moment"),
        };
        self.queue.close(tick, code, reason);
        if stop == Stop::ForGood {
            self.broadcast_kept(&ServerMessage::Notice(Notice::ShuttingDown));
            self.broadcast(&ServerMessage::Goodbye { code: code as u16, reason: reason.into() });
        }
        for seat in self.seats.values_mut() {
            if let Some((_, outbox)) = &seat.connection {
                if stop == Stop::ForGood {
                    self.sent_bytes += transmit(&mut seat.session, outbox, tick);
                }
                outbox.close(tick, code, reason);
            }
        }
    }

    /// Closes all connections after what they were sent. No tick follows.
    pub fn close_all(&mut self, code: CloseCode, reason: &str) {
        let tick = self.sim.tick();
        self.queue.close(tick, code, reason);
        for (_, outbox) in self.seats.values().filter_map(|seat| seat.connection.as_ref()) {
            outbox.close(tick, code, reason);
        }
    }

    /// Closes all connections, and drops what they were to be sent.
    pub fn discard_all(&mut self, code: CloseCode, reason: &str) {
        self.queue.close(Tick(0), code, reason);
        for (_, outbox) in self.seats.values().filter_map(|seat| seat.connection.as_ref()) {
            outbox.discard(code, reason);
        }
    }

    fn collect_inputs(&mut self) -> TickInputs {
        let tick = self.sim.tick().next();
        let mut inputs = std::mem::take(&mut self.pending);
        inputs.drones_in_turns = self.load.drones_in_turns();
        inputs.inputs.reserve(self.seats.len());
        for (player, seat) in &mut self.seats {
            if let Some(controls) = seat.session.take_controls(tick) {
                inputs.inputs.push(PlayerInput { player: *player, controls });
            }
        }
        inputs
    }

    fn note_emptiness(&mut self) {
        self.awaits_first &= self.seats.is_empty();
        let is_empty = self.seats.is_empty() && self.queue.is_empty() && !self.awaits_first;
        self.empty_since = if is_empty { self.empty_since.or(Some(self.clock())) } else { None };
    }

    fn record(&mut self, inputs: TickInputs) {
        let (tick, state_hash) = (self.sim.tick(), self.sim.state_hash());
        self.records.push(Record::Tick { tick, inputs, state_hash });
        if self.records.wants_keyframe(tick) {
            self.record_keyframe();
        }
    }

    /// A room is recorded from when somebody has played or an administrator has given an order: connections that only say Hello
    /// make no files.
    fn begin_recording(&mut self) {
        let has_played = |room: &Room| room.seats.values().any(|seat| seat.session.has_played());
        if !self.records.wait_to_begin() || self.pending.admin.is_empty() && !has_played(self) {
            return;
        }
        self.record_keyframe();
        let now = self.sim.tick();
        for (player, seat) in &self.seats {
            self.records.mark(Mark::joined(now, *player, &seat.name.name));
        }
    }

    /// Records the whole world, from which another server can continue the room.
    pub fn record_keyframe(&mut self) {
        if self.options.is_recorded {
            self.records.push(Record::keyframe(self.keyframe(), self.seats_to_record()));
        }
    }

    fn record_changed_keys(&mut self) {
        let seats = self.seats.values_mut();
        let keys: Vec<SeatKey> = seats.filter_map(|seat| seat.session.claim.take_changed_key()).collect();
        if !keys.is_empty() {
            self.records.push(Record::Seats(self.seats_with(keys)));
        }
    }

    /// What is recorded of the seats when these keys have changed.
    pub(crate) fn seats_with(&self, keys: Vec<SeatKey>) -> Seats {
        let muted = self.seats.iter().filter(|(_, seat)| seat.muted.is_some());
        Seats { next_player: self.next_player, keys, muted: muted.map(|(player, _)| *player).collect() }
    }

    fn send_snapshots(&mut self) {
        let tick = self.sim.tick();
        let round = self.round_message();
        for (player, seat) in &mut self.seats {
            let Some((_, outbox)) = &seat.connection else {
                seat.session.discard_transmits();
                continue;
            };
            if seat.first_message.is_some() && self.replicator.world().pilot(*player).is_none() {
                continue;
            }
            if let Some(first) = seat.first_message.take() {
                let token = seat.session.claim.token();
                seat.session.send_first(&match first {
                    FirstMessage::Welcome => {
                        welcome(&self.name, &self.setup, self.round, tick, *player, token)
                    }
                    FirstMessage::Resumed { .. } => ServerMessage::Resumed { token, tick },
                });
                seat.session.send(&round);
                if first == FirstMessage::Welcome && !self.message_of_the_day.is_empty() {
                    let text = self.message_of_the_day.as_ref().into();
                    seat.session.send_kept(&session::encoded(&server_line(text)).into());
                }
                if first.is_before(self.quoted_at) {
                    let prices = self.replicator.world().prices.clone();
                    seat.session.send(&ServerMessage::Quotes { prices });
                }
            }
            let is_ready = outbox.is_ready();
            self.sent_bytes += transmit(&mut seat.session, outbox, tick);
            if is_ready
                && let Some(scope) = self.load.scope(tick, *player)
                && seat.session.is_due(tick, &self.setup)
                && seat.session.write_snapshot(
                    &mut self.replicator,
                    &self.setup,
                    scope,
                    self.options.viewer_bytes_per_second,
                    &mut self.snapshot,
                )
            {
                self.sent_bytes += self.snapshot.len() as u64;
                if outbox.send_snapshot(tick, &self.snapshot) {
                    self.snapshots_sent += 1;
                } else {
                    seat.session.start_afresh();
                }
            }
        }
    }

    /// Sends a message to everybody who is present.
    pub(crate) fn broadcast(&mut self, message: &ServerMessage<'_>) {
        let bytes = session::encoded(message);
        for seat in self.seats.values_mut().filter(|seat| seat.connection.is_some()) {
            seat.session.send_encoded(&bytes);
        }
    }

    /// Sends chat or a notice to everybody, and keeps it for those who are away.
    pub(crate) fn broadcast_kept(&mut self, message: &ServerMessage<'_>) {
        let message: Arc<[u8]> = session::encoded(message).into();
        self.seats.values_mut().for_each(|seat| seat.session.send_kept(&message));
    }

    fn disconnect(&mut self, connection: ConnectionId) {
        let Some(player) = self.players.remove(&connection) else { return self.queue.leave(connection) };
        let now = self.clock();
        let kept_until = now.plus(self.setup.ticks(self.options.seat_grace_seconds as f32));
        let Some(seat) = self.seats.get_mut(&player) else { return };
        seat.connection = None;
        seat.session.leave();
        (seat.away_since, seat.kept_until) = (now, kept_until);
        // A seat is kept for those who play in it, and the network answers for all that it keeps.
        if !seat.session.has_played() || !self.options.networks.keep(&mut seat.permit) {
            return self.leave(player, LeaveReason::Lost, CloseCode::Left, "");
        }
        self.pending.absences.push(Absence { player, away: true });
    }
}

/// Hands everything that a session has queued to its connection.
/// Returns its bytes.
fn transmit(session: &mut Session, outbox: &Outbox, tick: Tick) -> u64 {
    let mut bytes = 0;
    while let Some(message) = session.poll_transmit() {
        outbox.send(tick, &message);
        bytes += message.len() as u64;
    }
    bytes
}

fn welcome(
    room: &str,
    setup: &Setup,
    round: Round,
    tick: Tick,
    player: PlayerId,
    token: ResumeToken,
) -> ServerMessage<'static> {
    ServerMessage::Welcome(Box::new(Welcome {
        room: room.into(),
        player,
        token,
        tick,
        tick_rate_hz: setup.tick_rate_hz,
        rules: setup.rules.clone(),
        mode: setup.mode.clone(),
        arenas: setup.arenas.clone(),
        round,
    }))
}
