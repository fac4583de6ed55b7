//! A room, a client, and a simulated link between them, in virtual time.

use client_core::client::Client;
use game_server::assets::{Assets, Choice};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg32;
use room::outbox::{OutboxReader, outbox};
use room::{Connected, ConnectionId, Room, RoomOptions, SessionEvent};
use shared::codec::decode_client;
use shared::entity::EntityState;
use shared::message::{ClientMessage, ResumeToken};
use shared::setup::Setup;
use std::collections::{BTreeMap, VecDeque};
use std::net::Ipv4Addr;

/// How a direction of the link behaves. The transport is TCP: what is lost comes late, and nothing overtakes.
#[derive(Clone, Copy, Debug)]
pub struct Quality {
    pub delay_ms: f64,
    pub jitter_ms: f64,
    /// Chance of a stall per message, in percent.
    pub stall_percent: u32,
    pub stall_ms: f64,
}

pub const CLEAN: Quality = Quality { delay_ms: 40.0, jitter_ms: 0.0, stall_percent: 0, stall_ms: 0.0 };
pub const BAD: Quality = Quality { delay_ms: 90.0, jitter_ms: 40.0, stall_percent: 2, stall_ms: 700.0 };

/// One direction: messages with their time of arrival, in order.
#[derive(Default)]
struct Pipe {
    waiting: VecDeque<(f64, Vec<u8>)>,
}

impl Pipe {
    fn send(&mut self, bytes: Vec<u8>, now_ms: f64, quality: Quality, random: &mut Pcg32) {
        let mut arrives = now_ms + quality.delay_ms + random.random::<f64>() * quality.jitter_ms;
        if random.random_range(0..100) < quality.stall_percent {
            arrives += quality.stall_ms;
        }
        let last = self.waiting.back().map_or(0.0, |(arrives, _)| *arrives);
        self.waiting.push_back((arrives.max(last), bytes));
    }

    fn receive(&mut self, now_ms: f64) -> Option<Vec<u8>> {
        self.waiting.pop_front_if(|(arrives, _)| *arrives <= now_ms).map(|(_, bytes)| bytes)
    }
}

/// A room, a client, and the link between them.
pub struct Pair {
    pub room: Room,
    pub client: Client,
    outbox: Option<OutboxReader>,
    connections: u64,
    up: Pipe,
    down: Pipe,
    pub quality: Quality,
    random: Pcg32,
    pub now_ms: f64,
    ticks: u64,
    /// How long the room has stood still, all in all.
    still_ms: f64,
    /// Called before every tick of the room.
    pub before_tick: Box<dyn FnMut(&mut Room)>,
    /// What the server had at its recent ticks.
    past: BTreeMap<u32, Vec<EntityState>>,
}

impl Pair {
    pub fn new(setup: Setup, quality: Quality, seed: u64) -> Pair {
        let room = Room::new("belt-1".into(), setup, RoomOptions::default()).expect("the game's own setup");
        let mut pair = Pair {
            room,
            client: Client::new("Ada", None),
            outbox: None,
            connections: 0,
            up: Pipe::default(),
            down: Pipe::default(),
            quality,
            random: Pcg32::seed_from_u64(seed),
            now_ms: 0.0,
            ticks: 0,
            still_ms: 0.0,
            before_tick: Box::new(|_| {}),
            past: BTreeMap::new(),
        };
        pair.connect();
        pair
    }

    pub fn connect(&mut self) {
        self.connections += 1;
        self.client.opened(self.now_ms);
    }

    /// The socket breaks: what was under way is lost, and both sides notice.
    pub fn cut(&mut self) {
        self.outbox = None;
        self.up = Pipe::default();
        self.down = Pipe::default();
        let connection = ConnectionId(self.connections);
        self.room.handle(SessionEvent::Disconnected { connection });
        self.client.closed();
    }

    /// Lets time pass, a millisecond at a time; `fly` sets the controls before each of the client's frames.
    pub fn run(&mut self, seconds: f64, mut fly: impl FnMut(&mut Client, f64)) {
        let end = self.now_ms + seconds * 1000.0;
        let rate = f64::from(self.room.setup().tick_rate_hz);
        while self.now_ms < end {
            self.now_ms += 1.0;
            if (self.now_ms as u64).is_multiple_of(16) {
                fly(&mut self.client, self.now_ms);
                self.client.advance(self.now_ms);
                self.client.frame(self.now_ms);
            }
            while let Some(bytes) = self.client.poll_transmit() {
                self.up.send(bytes, self.now_ms, self.quality, &mut self.random);
            }
            while let Some(bytes) = self.up.receive(self.now_ms) {
                self.arrive(&bytes);
            }
            if (self.now_ms - self.still_ms) * rate / 1000.0 >= self.ticks as f64 + 1.0 {
                self.ticks += 1;
                (self.before_tick)(&mut self.room);
                self.room.tick(&mut ());
                let world = self.room.world();
                self.past.insert(world.tick.0, world.entities.clone());
                if self.past.len() > 400 {
                    self.past.pop_first();
                }
            }
            while let Some(drained) = self.outbox.as_ref().and_then(OutboxReader::drain) {
                assert!(drained.close.is_none(), "the room closed the connection: {:?}", drained.close);
                for bytes in drained.messages.iter() {
                    self.down.send(bytes.to_vec(), self.now_ms, self.quality, &mut self.random);
                }
            }
            while let Some(bytes) = self.down.receive(self.now_ms) {
                self.client.received(&bytes, self.now_ms).expect("our own server's message");
            }
        }
    }

    /// Lets time pass in which the room does not tick, as on a machine that is stopped for a moment. The ticks are given up.
    pub fn stand_still(&mut self, seconds: f64, fly: impl FnMut(&mut Client, f64)) {
        let before = std::mem::replace(&mut self.still_ms, f64::INFINITY);
        self.run(seconds, fly);
        self.still_ms = before + seconds * 1000.0;
    }

    fn arrive(&mut self, bytes: &[u8]) {
        let connection = ConnectionId(self.connections);
        match decode_client(bytes).expect("our own client's message") {
            ClientMessage::Hello(hello) => {
                let (outbox, reader) = outbox();
                self.outbox = Some(reader);
                let token = ResumeToken(self.random.random());
                let connected =
                    Connected { connection, network: Ipv4Addr::LOCALHOST.into(), hello, token, outbox };
                self.room.handle(SessionEvent::Connected(connected));
            }
            message => self.room.handle(SessionEvent::Message { connection, message }),
        }
    }

    /// Every entity that the client holds is exactly what the server had at that tick.
    pub fn assert_equal_worlds(&self) {
        let view = &self.client.world().expect("the client is in the world").view;
        let truth = self.past.get(&view.tick().0).expect("a recent tick");
        assert!(!view.entities().is_empty());
        for held in view.entities() {
            let index = truth.binary_search_by_key(&held.id, |entity| entity.id);
            assert_eq!(Some(held), index.ok().map(|index| &truth[index]), "at tick {}", view.tick().0);
        }
    }
}

pub fn setup(drones: u16) -> Setup {
    let choice = Choice { mode: "belt".into(), drones: Some(drones), seed: 7, tick_rate_hz: 30 };
    let mut setup = Assets::Embedded.setup(&choice).expect("the assets of the repository are sound");
    // Crashes cannot kill: these are tests of flight.
    setup.rules.ship.crash_damage = 0.0;
    setup
}
