//! The live client, without IO and without a clock: bytes and times go in, bytes, notices and frames come out.

use crate::notice::{Notice, Quote, ScoreRow};
use crate::picture::Canvas;
use crate::seat::SeatClaim;
use crate::state::{NetGraph, OwnState, State};
use crate::traffic::Traffic;
use crate::world::World;
use shared::PROTOCOL_VERSION;
use shared::angle::Angle;
use shared::codec::{DecodeError, decode_server, encode_client};
use shared::delta::DeltaError;
use shared::id::Tick;
use shared::input::{Buttons, Controls};
use shared::message::{self, ClientMessage, Hello, ResumeToken, Scoreboard, ServerMessage, Welcome};
use shared::quantize::health_from;
use shared::rules::RuleError;
use shared::spent::Spent;
use shared::text::Name;
use std::collections::{BTreeMap, VecDeque};

/// Messages that wait to be sent at most; of more, the oldest are dropped.
const OUTBOX_LIMIT: usize = 256;
/// Notices that wait to be read at most; of more, the oldest are dropped.
const NOTICES_LIMIT: usize = 1024;
/// The round trip is taken for no longer than this when the clock starts, in milliseconds.
const ROUND_TRIP_LIMIT_MS: f64 = 1000.0;

/// Why a received message cannot be used. The connection should be closed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ReceiveError {
    /// The bytes are no message.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The entity records make no sense.
    #[error(transparent)]
    Delta(#[from] DeltaError),
    /// The rules of the game are out of range.
    #[error(transparent)]
    Rules(#[from] RuleError),
    /// A snapshot before the welcome.
    #[error("a snapshot came before the welcome")]
    NoWelcome,
}

/// What the player holds down, with what was pressed since the newest tick: a press between two ticks counts.
#[derive(Clone, Copy, Debug, Default)]
struct Devices {
    held: Buttons,
    pressed: Buttons,
    aim: f32,
}

impl Devices {
    fn controls(&self) -> Controls {
        Controls { buttons: self.held, aim: Angle::from_radians(self.aim), ..Controls::default() }
    }

    fn sample(&mut self) -> Controls {
        let buttons = self.held.with(std::mem::take(&mut self.pressed));
        Controls { buttons, ..self.controls() }
    }
}

/// One connection of one player, from its opening to its end.
#[derive(Clone, Debug)]
struct Connection {
    traffic: Traffic,
    hello_ms: f64,
    world: Option<World>,
}

/// A player's client. It outlives its connections.
#[derive(Clone, Debug)]
pub struct Client {
    name: Name,
    room: Option<String>,
    token: Option<ResumeToken>,
    /// The world of a lost connection, to go on with if the seat is taken back.
    parked: Option<World>,
    /// Messages of chat and notices heard since the welcome.
    talk_heard: u32,
    /// Connections opened so far.
    attempt: u32,
    left: bool,
    devices: Devices,
    connection: Option<Connection>,
    players: u32,
    outbox: VecDeque<Vec<u8>>,
    notices: VecDeque<Notice>,
    canvas: Canvas,
}

impl Client {
    /// A client for a player of this name; `room` is the one that an invite link asked for.
    #[must_use]
    pub fn new(name: &str, room: Option<&str>) -> Client {
        Client {
            name: Name::from_input(name),
            room: room.map(Into::into),
            token: None,
            parked: None,
            talk_heard: 0,
            attempt: 0,
            left: false,
            devices: Devices::default(),
            connection: None,
            players: 0,
            outbox: VecDeque::new(),
            notices: VecDeque::new(),
            canvas: Canvas::default(),
        }
    }

    /// The socket is open: queues the Hello, which asks for the old seat if there was one.
    pub fn opened(&mut self, now_ms: f64) {
        self.closed();
        self.left = false;
        self.connection = Some(Connection { traffic: Traffic::new(now_ms), hello_ms: now_ms, world: None });
        let (version, name, resume) = (PROTOCOL_VERSION, self.name.clone(), self.token);
        let held = self.parked.as_ref().filter(|_| resume.is_some()).map(|world| world.view.tick());
        // Without a snapshot there is nothing to go on from.
        let last_tick = held.filter(|tick| *tick > Tick(0));
        let talk_heard = self.talk_heard;
        self.attempt += 1;
        let attempt = self.attempt;
        self.send(&ClientMessage::Hello(Hello { version, name, resume, last_tick, talk_heard, attempt }));
    }

    /// The socket is gone: the world is no longer shown, but kept with the seat's token.
    pub fn closed(&mut self) {
        if let Some(world) = self.connection.take().and_then(|connection| connection.world) {
            self.parked = Some(world);
        }
        self.outbox.clear();
    }

    /// What the player holds down, as a mask of [`Buttons`], and where the aim points in radians.
    pub fn set_input(&mut self, buttons: u16, aim: f32) {
        let held = Buttons(buttons).known();
        self.devices.pressed = self.devices.pressed.with(held.pressed_since(self.devices.held));
        self.devices.held = held;
        self.devices.aim = if aim.is_finite() { aim } else { 0.0 };
    }

    /// Says a line to the room.
    pub fn chat(&mut self, text: &str) {
        if let Some(text) = shared::text::chat_line(text)
            && self.world().is_some()
        {
            self.send(&ClientMessage::Chat { text });
        }
    }

    /// Gives the seat up for good.
    pub fn leave(&mut self) {
        self.token = None;
        self.parked = None;
        self.left = true;
        if self.connection.is_some() {
            self.send(&ClientMessage::Leave);
        }
    }

    /// What takes the seat back from another client, if there is a seat.
    #[must_use]
    pub fn seat(&self) -> Option<SeatClaim> {
        self.token.map(|token| SeatClaim { token, attempt: self.attempt })
    }

    /// The next connection asks for this seat; without one, for a new seat.
    pub fn claim(&mut self, seat: Option<SeatClaim>) {
        self.token = seat.map(|seat| seat.token);
        self.attempt = seat.map_or(self.attempt, |seat| seat.attempt);
        self.parked = None;
    }

    /// Takes in one message of the server.
    ///
    /// # Errors
    /// [`ReceiveError`] if it makes no sense: close the connection with
    /// [`message::CloseCode::ClientCouldNotRead`].
    pub fn received(&mut self, bytes: &[u8], now_ms: f64) -> Result<(), ReceiveError> {
        let message = decode_server(bytes)?;
        let Some(connection) = &mut self.connection else { return Ok(()) };
        let traffic = &mut connection.traffic;
        traffic.heard(bytes.len(), now_ms);
        match message {
            ServerMessage::Snapshot(snapshot) => {
                let round_trip = traffic.round_trip_ms().unwrap_or(0.0).min(ROUND_TRIP_LIMIT_MS);
                let world = connection.world.as_mut().ok_or(ReceiveError::NoWelcome)?;
                let spent = world.snapshot(&snapshot, round_trip, now_ms, &mut self.notices)?;
                traffic.snapshot(bytes.len(), spent);
            }
            ServerMessage::Pong { stamp, tick_micros, load } => {
                traffic.pong(stamp, (tick_micros, load), now_ms)
            }
            ServerMessage::Welcome(welcome) => self.welcomed(*welcome, now_ms)?,
            ServerMessage::Chat { player, name, text } => {
                self.talk_heard += 1;
                let name = name.as_str().into();
                self.notices.push_back(Notice::Chat { player: player.0, name, text });
            }
            ServerMessage::Notice(notice) => {
                self.talk_heard += 1;
                self.noticed(notice);
            }
            ServerMessage::Resumed { token, tick } => self.resumed(token, tick, now_ms)?,
            ServerMessage::Queued { position, waiting } => {
                self.notices.push_back(Notice::Queued { position, waiting });
            }
            ServerMessage::Scoreboard(scoreboard) => self.scores(scoreboard),
            ServerMessage::Quotes { prices } => self.quotes(&prices),
            ServerMessage::Goodbye { code, reason } => {
                self.notices.push_back(Notice::Goodbye { code, reason });
            }
        }
        let excess = self.notices.len().saturating_sub(NOTICES_LIMIT);
        self.notices.drain(..excess);
        Ok(())
    }

    fn welcomed(&mut self, welcome: Welcome, now_ms: f64) -> Result<(), ReceiveError> {
        let Some(connection) = &mut self.connection else { return Ok(()) };
        let notice = Notice::Welcome {
            player: welcome.player.0,
            name: self.name.as_str().into(),
            room: welcome.room.clone(),
            mode: welcome.mode.title.clone(),
            teams: welcome.mode.teams > 0,
            tick_rate: welcome.tick_rate_hz,
        };
        let token = welcome.token;
        let room = welcome.room.clone();
        let round_trip = (now_ms - connection.hello_ms).clamp(0.0, ROUND_TRIP_LIMIT_MS);
        connection.world = Some(World::new(welcome, round_trip, now_ms)?);
        self.token = Some(token);
        self.room = Some(room);
        self.parked = None;
        self.talk_heard = 0;
        self.notices.push_back(notice);
        Ok(())
    }

    fn resumed(&mut self, token: ResumeToken, tick: Tick, now_ms: f64) -> Result<(), ReceiveError> {
        let Some(connection) = &mut self.connection else { return Ok(()) };
        let world = self.parked.take().ok_or(ReceiveError::NoWelcome)?;
        let round_trip = (now_ms - connection.hello_ms).clamp(0.0, ROUND_TRIP_LIMIT_MS);
        self.token = Some(token);
        self.notices.push_back(Notice::Resumed);
        connection.world = Some(world.resumed(tick, round_trip, now_ms));
        Ok(())
    }

    fn noticed(&mut self, notice: message::Notice) {
        let system = |key, name: Option<Name>| {
            let values = name.map(|name| ("name", name.as_str().to_string()));
            Notice::System { key, values: BTreeMap::from_iter(values) }
        };
        let notice = match notice {
            message::Notice::Joined { name } => system("joined", Some(name)),
            message::Notice::Left { name } => system("left", Some(name)),
            message::Notice::ShuttingDown => system("shutdown", None),
            message::Notice::Muted { muted: true } => system("silenced", None),
            message::Notice::Muted { muted: false } => system("heard", None),
            message::Notice::Killed { killer, killer_name, victim, victim_name, bounty } => {
                let player = self.world().map_or(0, |world| world.player.0);
                Notice::kill((killer, &killer_name), (victim, &victim_name), bounty, player)
            }
        };
        self.notices.push_back(notice);
    }

    fn scores(&mut self, scoreboard: Scoreboard) {
        self.players = scoreboard.players;
        let player = self.world().map(|world| world.player);
        let rows = scoreboard.rows.iter().map(|row| ScoreRow::new(row, player)).collect();
        self.notices.push_back(Notice::Scoreboard { players: scoreboard.players, rows });
    }

    fn quotes(&mut self, prices: &[u32]) {
        if let Some(world) = self.world() {
            let stations = Quote::all(&world.setup, prices);
            self.notices.push_back(Notice::Quotes { stations });
        }
    }

    /// Runs the tick clock: queues input and pings. After a long gap, as of a hidden tab, ticks are skipped.
    pub fn advance(&mut self, now_ms: f64) {
        let Some(connection) = &mut self.connection else { return };
        let Some(world) = &mut connection.world else { return };
        let devices = &mut self.devices;
        let input = world.advance(now_ms, || devices.sample());
        let ping = connection.traffic.ping_due(now_ms);
        if let Some(input) = input {
            self.send(&ClientMessage::Input(input));
        }
        if let Some(stamp) = ping {
            self.send(&ClientMessage::Ping { stamp });
        }
    }

    /// The time until which [`Self::advance`] need not be called, unless something is received: infinite before the welcome.
    #[must_use]
    pub fn due_ms(&self) -> f64 {
        let world = self.connection.as_ref().and_then(|connection| connection.world.as_ref());
        world.map_or(f64::INFINITY, World::due_ms)
    }

    fn send(&mut self, message: &ClientMessage) {
        if self.outbox.len() >= OUTBOX_LIMIT {
            self.outbox.pop_front();
        }
        let mut bytes = Vec::new();
        encode_client(message, &mut bytes);
        self.outbox.push_back(bytes);
    }

    /// The next message to send, as one binary frame.
    pub fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.outbox.pop_front()
    }

    /// The next thing to tell the player.
    pub fn poll_notice(&mut self) -> Option<Notice> {
        self.notices.pop_front()
    }

    /// Draws the picture of a moment and returns the frame's words.
    pub fn frame(&mut self, now_ms: f64) -> &[u32] {
        let controls = self.devices.controls();
        match self.connection.as_mut().and_then(|connection| connection.world.as_mut()) {
            Some(world) => self.canvas.draw(world, controls, self.devices.aim, now_ms),
            None => self.canvas.clear(now_ms),
        }
        self.canvas.words()
    }

    /// The words of the newest frame.
    #[must_use]
    pub fn words(&self) -> &[u32] {
        self.canvas.words()
    }

    /// What this client is up to.
    #[must_use]
    pub fn state(&self, now_ms: f64) -> State {
        let graph = self.net_graph();
        let world = self.world();
        State {
            phase: self.phase(),
            room: self.room.clone(),
            tick: world.map_or(0, |world| world.view.tick().0),
            rtt_ms: graph.rtt_ms,
            jitter_ms: graph.jitter_ms,
            silent_ms: self.connection.as_ref().map_or(0.0, |open| open.traffic.silent_ms(now_ms)),
            snapshot_bytes: graph.snapshot_bytes,
            bytes_per_second: graph.bytes_per_second,
            entities: world.map_or(0, |world| world.view.entities().len()),
            own: world.and_then(own_state),
            pending_inputs: graph.pending_inputs,
            prediction_error_units: graph.prediction_error_units,
            interpolation_delay_ms: graph.interpolation_delay_ms,
            input_lead_ticks: graph.input_lead_ticks,
            rate_bend: graph.rate_bend,
            players: self.players,
            version: env!("CARGO_PKG_VERSION"),
        }
    }

    fn phase(&self) -> &'static str {
        match (&self.connection, self.world()) {
            _ if self.left => "left",
            (None, _) => "offline",
            (Some(_), None) => "joining",
            (Some(_), Some(world)) if world.own.ship.is_none() => "dead",
            (Some(_), Some(_)) => "playing",
        }
    }

    /// The newest values behind the net graph.
    #[must_use]
    pub fn net_graph(&self) -> NetGraph {
        let traffic = self.connection.as_ref().map(|connection| &connection.traffic);
        let world = self.world();
        let (newest_rtt_ms, round_trips) = traffic.map_or((0.0, 0), Traffic::newest_round_trip);
        NetGraph {
            rtt_ms: traffic.and_then(Traffic::round_trip_ms).unwrap_or(0.0),
            newest_rtt_ms,
            round_trips,
            jitter_ms: traffic.map_or(0.0, Traffic::jitter_ms),
            snapshot_bytes: traffic.map_or(0, Traffic::snapshot_bytes),
            bytes_per_second: traffic.map_or(0.0, Traffic::bytes_per_second),
            interpolation_delay_ms: world.map_or(0.0, |world| world.timeline.delay_ms()),
            prediction_error_units: world.map_or(0.0, |world| world.prediction.error_units()),
            corrections: world.map_or(0, |world| world.prediction.corrections()),
            pending_inputs: world.map_or(0, World::pending_inputs),
            input_lead_ticks: world.map_or(0.0, |world| world.clock.lead_ticks()),
            rate_bend: world.map_or(0.0, |world| world.clock.rate_bend()),
            server_tick_ms: traffic.map_or(0.0, Traffic::server_tick_ms),
            load_level: traffic.map_or(0, Traffic::load_level),
            spent_bytes_per_second: traffic.map_or(Spent::default(), Traffic::spent_bytes_per_second),
        }
    }

    /// The world of the open connection, once welcomed.
    #[must_use]
    pub fn world(&self) -> Option<&World> {
        self.connection.as_ref()?.world.as_ref()
    }
}

fn own_state(world: &World) -> Option<OwnState> {
    let ship = world.own_ship()?;
    let predicted = world.prediction.newest().map_or(ship.motion, |step| step.ship.motion).position();
    let heading = world.prediction.newest().map_or(ship.heading, |step| step.ship.heading);
    Some(OwnState {
        id: ship.id.0,
        x: predicted.x,
        y: predicted.y,
        heading: heading.radians(),
        health: health_from(ship.health),
        hold: ship.hold,
        score: world.own.score,
    })
}
