//! Practice: a room for one player beside the page. The same room and simulation as on a server, and the same messages, so that
//! the client is the one that plays against servers.
//!
//! No IO and no clock: the messages of one client and times (milliseconds of any steady clock) go in, messages for it come out.

#![cfg_attr(not(test), warn(clippy::disallowed_methods, clippy::disallowed_types))]

#[cfg(target_arch = "wasm32")]
mod bindings;
mod grid;

use grid::TickGrid;
use room::outbox::{Drained, OutboxReader, outbox};
use room::{Connected, ConnectionId, Room, RoomOptions, SessionEvent};
use shared::codec::{DecodeError, decode_client};
use shared::message::{ClientMessage, CloseCode, ResumeToken};
use shared::rules::{Arena, Mode, RuleError, Rules};
use shared::setup::{DEFAULT_TICK_RATE_HZ, Setup};
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};

/// The name of the room, in the page and in no address.
const ROOM: &str = "practice";
/// The room limits nothing that this machine holds.
const NETWORK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Why there can be no practice.
#[derive(Debug, thiserror::Error)]
pub enum PracticeError {
    /// A file of `assets/` is malformed.
    #[error("{file}: {error}")]
    Malformed {
        /// Which one.
        file: String,
        /// What is wrong with it.
        error: Box<toml::de::Error>,
    },
    /// The mode is played in an arena that is not there.
    #[error("there is no arena `{0}`")]
    UnknownArena(String),
    /// A number is out of range.
    #[error("{} of {} is {}, but must lie between {} and {}", .0.key, .0.file, .0.value, .0.low, .0.high)]
    OutOfRange(RuleError),
}

/// The texts of `assets/` that a room is made of.
#[derive(Clone, Copy, Debug)]
pub struct Texts<'a> {
    /// `rules.toml`.
    pub rules: &'a str,
    /// The mode's file.
    pub mode: &'a str,
    /// The arenas' files, by name.
    pub arenas: &'a [(String, String)],
}

/// What a world starts from.
///
/// # Errors
/// [`PracticeError`] if the texts describe none.
pub fn setup(texts: Texts<'_>, seed: u64) -> Result<Setup, PracticeError> {
    let rules: Rules = parse("rules", texts.rules)?;
    let mode: Mode = parse("mode", texts.mode)?;
    let arena = |wanted: &String| {
        let named = texts.arenas.iter().find(|(name, _)| name == wanted);
        let (name, text) = named.ok_or_else(|| PracticeError::UnknownArena(wanted.clone()))?;
        parse::<Arena>(name, text)
    };
    let arenas = mode.arenas.iter().map(arena).collect::<Result<Vec<Arena>, PracticeError>>()?;
    let drones = mode.drones;
    Ok(Setup { rules, mode, arenas, tick_rate_hz: DEFAULT_TICK_RATE_HZ, drones, seed })
}

fn parse<T: serde::de::DeserializeOwned>(file: &str, text: &str) -> Result<T, PracticeError> {
    toml::from_str(text)
        .map_err(|error| PracticeError::Malformed { file: file.into(), error: Box::new(error) })
}

/// A room with one player.
pub struct Practice {
    room: Room,
    grid: TickGrid,
    connection: Option<Connection>,
    connections: u64,
    drained: Drained,
    sending: VecDeque<Vec<u8>>,
    closed: Option<(CloseCode, String)>,
}

/// The player's connection; it has no outbox before its Hello.
struct Connection {
    id: ConnectionId,
    reader: Option<OutboxReader>,
}

impl Practice {
    /// Opens a room.
    ///
    /// # Errors
    /// [`PracticeError`] if a number of the setup is out of range.
    pub fn new(setup: Setup) -> Result<Practice, PracticeError> {
        setup.check().map_err(PracticeError::OutOfRange)?;
        let grid = TickGrid::new(setup.tick_rate_hz);
        let room =
            Room::new(ROOM.into(), setup, RoomOptions::default()).map_err(PracticeError::OutOfRange)?;
        Ok(Practice {
            room,
            grid,
            connection: None,
            connections: 0,
            drained: Drained::default(),
            sending: VecDeque::new(),
            closed: None,
        })
    }

    /// The client connects; an earlier connection is lost.
    pub fn connect(&mut self) {
        self.disconnect();
        self.connections += 1;
        self.connection = Some(Connection { id: ConnectionId(self.connections), reader: None });
    }

    /// The client has lost its connection.
    pub fn disconnect(&mut self) {
        (self.closed, self.sending) = (None, VecDeque::new());
        if let Some(Connection { id, reader: Some(_) }) = self.connection.take() {
            self.room.handle(SessionEvent::Disconnected { connection: id });
        }
    }

    /// Takes one message of the client.
    ///
    /// # Errors
    /// [`DecodeError`] if it cannot be read.
    pub fn received(&mut self, bytes: &[u8]) -> Result<(), DecodeError> {
        let message = decode_client(bytes)?;
        let Some(connection) = &mut self.connection else { return Ok(()) };
        match message {
            ClientMessage::Hello(hello) if connection.reader.is_none() => {
                let (outbox, reader) = outbox();
                connection.reader = Some(reader);
                let token = token(self.connections);
                let connected =
                    Connected { connection: connection.id, network: NETWORK, hello, token, outbox };
                self.room.handle(SessionEvent::Connected(connected));
            }
            message => self.room.handle(SessionEvent::Message { connection: connection.id, message }),
        }
        Ok(())
    }

    /// Steps the world by the ticks that are due. After a stall, ticks are skipped, not caught up with.
    pub fn advance(&mut self, now_ms: f64) {
        for _ in 0..self.grid.due(now_ms) {
            self.room.tick(&mut ());
            while self.room.poll_news().is_some() {}
            self.drain();
        }
    }

    /// When the next tick is due.
    pub fn next_ms(&self) -> f64 {
        self.grid.next_ms()
    }

    /// The next message for the client.
    pub fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.sending.pop_front()
    }

    /// The room has closed the connection, behind the messages that are still to be sent.
    pub fn poll_close(&mut self) -> Option<(CloseCode, String)> {
        self.closed.take()
    }

    fn drain(&mut self) {
        let Some(Connection { reader: Some(reader), .. }) = &self.connection else { return };
        if !reader.drain_into(&mut self.drained, |_| true) {
            return;
        }
        self.sending.extend(self.drained.messages.iter().map(<[u8]>::to_vec));
        if let Some(close) = self.drained.close.take() {
            self.connection = None;
            self.closed = Some(close);
        }
    }
}

/// Another one for every connection. Nobody else is here to guess it.
fn token(connection: u64) -> ResumeToken {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&connection.to_le_bytes());
    ResumeToken(bytes)
}
