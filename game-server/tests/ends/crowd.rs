//! A room with seats whose every message the test sends and reads, tick by tick.

use crate::guest::hello;
use room::outbox::{OutboxReader, outbox};
use room::{Connected, ConnectionId, Room, RoomOptions, SessionEvent};
use shared::id::PlayerId;
use shared::message::{ClientMessage, ResumeToken};
use shared::setup::Setup;
use std::net::Ipv4Addr;

/// A room with players that are only messages.
pub struct Crowd {
    pub room: Room,
    outboxes: Vec<OutboxReader>,
}

impl Crowd {
    pub fn new(setup: Setup, players: u8) -> Crowd {
        Crowd::with_options(setup, players, RoomOptions::default())
    }

    pub fn with_options(setup: Setup, players: u8, options: RoomOptions) -> Crowd {
        let room = Room::new("belt-1".into(), setup, options).expect("the game's own setup");
        let mut crowd = Crowd { room, outboxes: Vec::new() };
        for number in 0..players {
            let (outbox, reader) = outbox();
            let hello = hello(&format!("Pilot {number}"), None);
            let token = ResumeToken([number; 16]);
            let connected = Connected {
                connection: connection(number),
                network: Ipv4Addr::LOCALHOST.into(),
                hello,
                token,
                outbox,
            };
            crowd.room.handle(SessionEvent::Connected(connected));
            crowd.outboxes.push(reader);
        }
        crowd
    }

    /// Players are numbered as they came.
    pub fn player(number: u8) -> PlayerId {
        PlayerId(u32::from(number) + 1)
    }

    pub fn say(&mut self, number: u8, message: ClientMessage) {
        self.room.handle(SessionEvent::Message { connection: connection(number), message });
    }

    /// Lets the room tick, and passes on what each player is sent.
    pub fn tick(&mut self, mut receive: impl FnMut(u8, &[u8], &Room)) {
        self.room.tick(&mut ());
        for (number, outbox) in (0..).zip(&self.outboxes) {
            let Some(drained) = outbox.drain() else { continue };
            drained.messages.iter().for_each(|message| receive(number, message, &self.room));
        }
    }
}

fn connection(number: u8) -> ConnectionId {
    ConnectionId(u64::from(number) + 1)
}
