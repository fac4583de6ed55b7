//! One headless player: the real client core, a socket, hands, and a link that may be bad.

use crate::behaviour::{Behaviour, Pilot};
use crate::link::{Lane, Link};
use crate::probe::Probe;
use crate::socket::{Progress, Socket, SocketError};
use crate::tally::{Arrivals, Tally};
use crate::target::Target;
use client_core::client::{Client, ReceiveError};
use client_core::notice::Notice;
use mio::event::Event;
use mio::{Registry, Token};
use shared::id::Tick;
use shared::setup::DEFAULT_TICK_RATE_HZ;

/// Largest read of one system call.
const READ_BYTES: usize = 64 * 1024;
/// A frame's header before a message of the server, in bytes: those under 126 bytes need two less.
const LONG_MESSAGE_BYTES: usize = 126;

#[derive(Debug, thiserror::Error)]
pub enum PlayerError {
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// What the server said.
    #[error("the server's message cannot be used: {0}")]
    Message(#[from] ReceiveError),
}

/// What all players share.
pub struct Commons {
    pub target: Target,
    pub tally: Tally,
    pub measuring: bool,
    /// Microseconds since the start.
    pub now_micros: u64,
    buffer: Vec<u8>,
}

impl Commons {
    pub fn new(target: Target) -> Commons {
        Commons {
            target,
            tally: Tally::default(),
            measuring: false,
            now_micros: 0,
            buffer: vec![0; READ_BYTES],
        }
    }

    fn now_ms(&self) -> f64 {
        self.now_micros as f64 / 1000.0
    }
}

/// Both directions of a bad link.
struct Lanes {
    up: Lane,
    down: Lane,
}

pub struct Player {
    core: Core,
    socket: Option<Socket>,
    pilot: Pilot,
    lanes: Option<Lanes>,
}

/// The client and what is measured of it.
struct Core {
    client: Client,
    begun_micros: u64,
    tick: Tick,
    tick_micros: u64,
    joined: bool,
    queued: bool,
    arrivals: Arrivals,
    probe: Probe,
    corrections: u32,
    failed: Option<ReceiveError>,
}

impl Player {
    pub fn new(number: usize, room: Option<&str>, behaviour: Behaviour, link: Link, seed: u64) -> Player {
        let own_seed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(number as u64);
        let lanes = link.profile().map(|profile| Lanes {
            up: Lane::new(profile, own_seed.wrapping_mul(2)),
            down: Lane::new(profile, own_seed.wrapping_mul(2).wrapping_add(1)),
        });
        Player {
            core: Core {
                client: Client::headless(&format!("swarm {number}"), room),
                begun_micros: 0,
                tick: Tick(0),
                tick_micros: 1_000_000 / u64::from(DEFAULT_TICK_RATE_HZ),
                joined: false,
                queued: false,
                arrivals: Arrivals::default(),
                probe: Probe::default(),
                corrections: 0,
                failed: None,
            },
            socket: None,
            pilot: Pilot::new(behaviour, own_seed),
            lanes,
        }
    }

    pub fn begin(&mut self, registry: &Registry, token: Token, commons: &Commons) -> Result<(), PlayerError> {
        self.core.begun_micros = commons.now_micros;
        self.socket = Some(Socket::connect(&commons.target, registry, token)?);
        Ok(())
    }

    pub fn end(&mut self) {
        self.socket = None;
        self.core.client.closed();
    }

    pub fn has_joined(&self) -> bool {
        self.core.joined
    }

    pub fn ready(&mut self, event: &Event, commons: &mut Commons) -> Result<(), PlayerError> {
        let Some(socket) = &mut self.socket else { return Ok(()) };
        match socket.open(&commons.target)? {
            Progress::Opening => return Ok(()),
            Progress::Opened => {
                self.core.client.opened(commons.now_ms());
                self.transmit(commons)?;
            }
            Progress::Open => {}
        }
        let Some(socket) = &mut self.socket else { return Ok(()) };
        if event.is_writable() {
            socket.flush()?;
        }
        let (core, lanes) = (&mut self.core, &mut self.lanes);
        let closing = event.is_read_closed() || event.is_error();
        let mut buffer = std::mem::take(&mut commons.buffer);
        let result = socket.read(&mut buffer, closing, |message| match lanes {
            None => core.receive(message, commons),
            Some(lanes) => lanes.down.push(message, commons.now_ms()),
        });
        commons.buffer = buffer;
        self.check(result)
    }

    /// Receives and sends what has passed the simulated link.
    pub fn deliver(&mut self, commons: &mut Commons) -> Result<(), PlayerError> {
        let (Some(lanes), Some(socket)) = (&mut self.lanes, &mut self.socket) else { return Ok(()) };
        while let Some(message) = lanes.down.pop(commons.now_ms()) {
            self.core.receive(&message, commons);
        }
        let mut result = Ok(());
        while let Some(message) = lanes.up.pop(commons.now_ms()) {
            match socket.send(&message) {
                Ok(bytes) => commons.tally.sent(bytes, commons.measuring),
                Err(error) => result = Err(error),
            }
        }
        self.check(result)
    }

    /// When there is something to do next, in microseconds since the start.
    pub fn due_micros(&self) -> u64 {
        (self.core.client.due_ms() * 1000.0).ceil() as u64
    }

    /// Advances controls and clock and sends what is due, as a browser does once per frame.
    pub fn advance(&mut self, commons: &mut Commons) -> Result<(), PlayerError> {
        if self.socket.is_none() {
            return Ok(());
        }
        let (buttons, aim) = self.pilot.controls(commons.now_ms(), self.core.client.world());
        self.core.client.set_input(buttons, aim);
        self.core.client.advance(commons.now_ms());
        self.transmit(commons)
    }

    fn transmit(&mut self, commons: &mut Commons) -> Result<(), PlayerError> {
        let Some(socket) = &mut self.socket else { return Ok(()) };
        while let Some(message) = self.core.client.poll_transmit() {
            self.core.probe.sent(&message, commons.now_micros);
            match &mut self.lanes {
                None => {
                    let bytes = socket.send(&message)?;
                    commons.tally.sent(bytes, commons.measuring);
                }
                Some(lanes) => lanes.up.push(&message, commons.now_ms()),
            }
        }
        Ok(())
    }

    fn check(&mut self, result: Result<(), SocketError>) -> Result<(), PlayerError> {
        match self.core.failed.take() {
            Some(error) => Err(error.into()),
            None => Ok(result?),
        }
    }

    pub fn restart(&mut self) {
        self.core.arrivals.restart();
        self.core.corrections = self.core.client.net_graph().corrections;
    }

    pub fn finish(&mut self, commons: &mut Commons) {
        self.core.arrivals.silent_until(commons.now_micros);
        commons.tally.finish(&self.core.arrivals);
        let corrections = self.core.client.net_graph().corrections;
        commons.tally.corrections += u64::from(corrections.saturating_sub(self.core.corrections));
    }
}

impl Core {
    fn receive(&mut self, message: &[u8], commons: &mut Commons) {
        let header = if message.len() < LONG_MESSAGE_BYTES { 2 } else { 4 };
        commons.tally.received(message.len() + header, commons.measuring);
        let now_micros = commons.now_micros;
        if let Err(error) = self.client.received(message, commons.now_ms()) {
            self.failed = Some(error);
            return;
        }
        while let Some(notice) = self.client.poll_notice() {
            match notice {
                Notice::Welcome { tick_rate, .. } => {
                    self.tick_micros = 1_000_000 / u64::from(tick_rate.max(1));
                }
                Notice::Queued { position, .. } if !std::mem::replace(&mut self.queued, true) => {
                    commons.tally.queued(position);
                }
                _ => {}
            }
        }
        let Some(world) = self.client.world() else { return };
        if world.view.tick() == self.tick {
            return;
        }
        self.tick = world.view.tick();
        self.arrivals.arrived(now_micros);
        if !self.joined {
            self.joined = true;
            commons.tally.join_micros.record(now_micros - self.begun_micros);
        }
        let acked = self.probe.received(message, self.tick_micros, now_micros);
        if commons.measuring {
            let error_units = self.client.net_graph().prediction_error_units;
            commons.tally.snapshot(message.len(), world.view.entities().len(), error_units);
            if let Some(acked) = acked {
                commons.tally.acked(acked);
            }
        }
    }
}
