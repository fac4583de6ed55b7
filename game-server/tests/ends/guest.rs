//! A minimal client: it says Hello, and keeps what it receives.

use room::outbox::{OutboxReader, outbox};
use room::{Connected, ConnectionId, Room, RoomOptions, SessionEvent};
use shared::codec::decode_server;
use shared::id::Tick;
use shared::input::{Controls, InputFrame};
use shared::message::{
    ClientMessage, CloseCode, Hello, Input, LoadLevel, Notice, ResumeToken, ServerMessage,
};
use shared::setup::Setup;
use shared::text::Name;
use std::net::{IpAddr, Ipv4Addr};

/// A client before and after it has a seat.
pub struct Guest {
    pub connection: ConnectionId,
    outbox: OutboxReader,
    pub token: Option<ResumeToken>,
    /// Positions in the queue, as received.
    pub positions: Vec<u32>,
    pub snapshots: Vec<Tick>,
    pub joined_notices: usize,
    pub chat_lines: usize,
    /// What the room left out, by the answers to pings.
    pub loads: Vec<LoadLevel>,
    pub closed: Option<CloseCode>,
}

impl Guest {
    pub fn connect(room: &mut Room, number: u64, resume: Option<ResumeToken>) -> Guest {
        Guest::connect_from(room, number, resume, Ipv4Addr::LOCALHOST.into())
    }

    pub fn connect_from(room: &mut Room, number: u64, resume: Option<ResumeToken>, network: IpAddr) -> Guest {
        let (outbox, reader) = outbox();
        let hello = hello("Pilot", resume);
        let mut token = [0; 16];
        token[..8].copy_from_slice(&number.to_le_bytes());
        let (connection, token) = (ConnectionId(number), ResumeToken(token));
        room.handle(SessionEvent::Connected(Connected { connection, network, hello, token, outbox }));
        Guest {
            connection,
            outbox: reader,
            token: None,
            positions: Vec::new(),
            snapshots: Vec::new(),
            joined_notices: 0,
            chat_lines: 0,
            loads: Vec::new(),
            closed: None,
        }
    }

    pub fn say(&self, room: &mut Room, message: ClientMessage) {
        room.handle(SessionEvent::Message { connection: self.connection, message });
    }

    pub fn receive(&mut self) {
        let Some(drained) = self.outbox.drain() else { return };
        for bytes in drained.messages.iter() {
            match decode_server(bytes).expect("our own server's message") {
                ServerMessage::Welcome(welcome) => self.token = Some(welcome.token),
                ServerMessage::Snapshot(snapshot) => self.snapshots.push(snapshot.tick),
                ServerMessage::Queued { position, waiting } => {
                    assert!((1..=waiting).contains(&position), "number {position} of {waiting}");
                    assert!(!self.is_in(), "a place in the queue after the welcome");
                    self.positions.push(position);
                }
                ServerMessage::Notice(Notice::Joined { .. }) => self.joined_notices += 1,
                ServerMessage::Chat { .. } => self.chat_lines += 1,
                ServerMessage::Pong { load, .. } => self.loads.push(load),
                _ => {}
            }
        }
        self.closed = self.closed.or(drained.close.map(|(code, _)| code));
    }

    pub fn is_in(&self) -> bool {
        self.token.is_some()
    }
}

/// What a client without a session says first, or one that resumes its seat.
pub fn hello(name: &str, resume: Option<ResumeToken>) -> Hello {
    Hello { resume, ..Hello::new(Name::from_input(name)) }
}

pub fn room(setup: Setup) -> Room {
    room_with(setup, RoomOptions::default())
}

pub fn room_with(setup: Setup, options: RoomOptions) -> Room {
    Room::new("belt-1".into(), setup, options).expect("the game's own setup")
}

pub fn tick<'a>(room: &mut Room, guests: impl IntoIterator<Item = &'a mut Guest>) {
    room.tick(&mut ());
    for guest in guests {
        guest.receive();
        if let Some(ack) = guest.snapshots.last().copied() {
            let frame = InputFrame { tick: ack.plus(2), controls: Controls::default() };
            let frames = [frame].into_iter().collect();
            guest.say(room, ClientMessage::Input(Input { ack, frames }));
        }
    }
}
