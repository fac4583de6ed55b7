//! Client and server over a bad link, in virtual time.

use crate::server::Server;
use client_core::client::Client;
use client_core::layout::{
    DrawKind, EFFECT_WORDS, EffectKind, EffectWord, HEADER_WORDS, HeaderWord, ITEM_WORDS, ItemWord, Relation,
};
use client_core::notice::Notice;
use glam::Vec2;
use shared::codec::decode_client;
use shared::id::NetId;
use std::collections::VecDeque;
use std::ops::Range;

/// A pseudo-random generator.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Chance {
        Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// One direction of a link: ordered, with a delay that varies, and stalls.
pub struct Wire {
    pub delay_ms: f64,
    pub jitter_ms: u64,
    /// Nothing arrives before this time.
    pub stalled_until_ms: f64,
    chance: Chance,
    flying: VecDeque<(f64, Vec<u8>)>,
}

impl Wire {
    fn new(delay_ms: f64, jitter_ms: u64, seed: u64) -> Wire {
        let chance = Chance::new(seed);
        Wire { delay_ms, jitter_ms, stalled_until_ms: 0.0, chance, flying: VecDeque::new() }
    }

    fn send(&mut self, bytes: Vec<u8>, now_ms: f64) {
        let late = self.chance.below(self.jitter_ms + 1) as f64;
        self.flying.push_back((now_ms + self.delay_ms + late, bytes));
    }

    /// What has arrived: a message waits for those before it.
    fn receive(&mut self, now_ms: f64) -> Option<Vec<u8>> {
        let arrived = self.flying.front().is_some_and(|(at, _)| *at <= now_ms);
        if arrived && now_ms >= self.stalled_until_ms {
            self.flying.pop_front().map(|(_, b)| b)
        } else {
            None
        }
    }
}

/// Client, link and server, a millisecond at a time.
pub struct Rig {
    pub now_ms: f64,
    pub client: Client,
    pub server: Server,
    pub up: Wire,
    pub down: Wire,
    /// Whether the tab is visible; a hidden one neither advances nor draws.
    pub visible: bool,
    /// Milliseconds between two ticks of the server.
    pub tick_ms: f64,
    pub notices: Vec<Notice>,
    pub frame_ms: f64,
    next_tick_ms: f64,
    next_frame_ms: f64,
}

impl Rig {
    pub fn new(delay_ms: f64, jitter_ms: u64) -> Rig {
        let mut client = Client::new("Ada", None);
        client.opened(5000.0);
        Rig {
            now_ms: 5000.0,
            client,
            server: Server::new(),
            up: Wire::new(delay_ms, jitter_ms, 1),
            down: Wire::new(delay_ms, jitter_ms, 2),
            visible: true,
            tick_ms: 1000.0 / 30.0,
            notices: Vec::new(),
            frame_ms: 1000.0 / 60.0,
            next_tick_ms: 5000.0,
            next_frame_ms: 5000.0,
        }
    }

    /// Runs for a time; `each_frame` plays and looks.
    pub fn run(&mut self, duration_ms: f64, mut each_frame: impl FnMut(&mut Rig)) {
        let until = self.now_ms + duration_ms;
        while self.now_ms < until {
            self.now_ms += 1.0;
            while let Some(bytes) = self.up.receive(self.now_ms) {
                let message = decode_client(&bytes).expect("the client speaks the protocol");
                if let Some(answer) = self.server.receive(message) {
                    self.down.send(answer, self.now_ms);
                }
            }
            while self.now_ms >= self.next_tick_ms {
                self.next_tick_ms += self.tick_ms;
                self.server.step();
                if self.server.hello.is_some() {
                    let snapshot = self.server.snapshot();
                    self.down.send(snapshot, self.now_ms);
                }
            }
            while let Some(bytes) = self.down.receive(self.now_ms) {
                self.client.received(&bytes, self.now_ms).expect("the server speaks the protocol");
            }
            if self.now_ms >= self.next_frame_ms {
                self.next_frame_ms += self.frame_ms;
                if self.visible {
                    self.client.advance(self.now_ms);
                    each_frame(self);
                }
            }
            while let Some(bytes) = self.client.poll_transmit() {
                self.up.send(bytes, self.now_ms);
            }
            while let Some(notice) = self.client.poll_notice() {
                self.notices.push(notice);
            }
        }
    }

    /// The server does not tick for this time, and does not make up for it.
    pub fn pause_server(&mut self, duration_ms: f64, each_frame: impl FnMut(&mut Rig)) {
        self.next_tick_ms += duration_ms;
        self.run(duration_ms, each_frame);
    }

    /// The connection is lost, with everything in flight.
    pub fn cut(&mut self) {
        self.client.closed();
        self.server.hello = None;
        self.up.flying.clear();
        self.down.flying.clear();
    }

    /// Presses and aims at random.
    pub fn play(&mut self, chance: &mut Chance) {
        if chance.below(12) == 0 {
            let buttons = chance.below(16) as u16;
            let aim = chance.below(6283) as f32 / 1000.0;
            self.client.set_input(buttons, aim);
        }
    }

    /// Draws a frame.
    pub fn draw(&mut self) -> Frame {
        Frame(self.client.frame(self.now_ms).to_vec())
    }
}

/// A frame, read as the view reads it.
pub struct Frame(pub Vec<u32>);

impl Frame {
    pub fn header(&self, word: HeaderWord) -> u32 {
        self.0[word as usize]
    }

    pub fn header_float(&self, word: HeaderWord) -> f32 {
        f32::from_bits(self.header(word))
    }

    pub fn items(&self) -> Range<usize> {
        0..self.header(HeaderWord::Items) as usize
    }

    pub fn item(&self, index: usize, word: ItemWord) -> u32 {
        self.0[HEADER_WORDS + index * ITEM_WORDS + word as usize]
    }

    pub fn item_position(&self, index: usize) -> Vec2 {
        let float = |word| f32::from_bits(self.item(index, word));
        Vec2::new(float(ItemWord::X), float(ItemWord::Y))
    }

    fn effect(&self, index: usize, word: EffectWord) -> u32 {
        self.0[HEADER_WORDS + self.items().len() * ITEM_WORDS + index * EFFECT_WORDS + word as usize]
    }

    /// Position of the entity of an id, other than a station.
    pub fn position(&self, id: NetId) -> Option<Vec2> {
        let is_it = |index: &usize| {
            self.item(*index, ItemWord::Id) == id.0
                && self.item(*index, ItemWord::Kind) != DrawKind::Station as u32
        };
        self.items().find(is_it).map(|index| self.item_position(index))
    }

    /// Positions of the own bolts in flight.
    pub fn own_bolts(&self) -> Vec<Vec2> {
        let is_own_bolt = |index: &usize| {
            self.item(*index, ItemWord::Kind) == DrawKind::Bolt as u32
                && self.item(*index, ItemWord::Relation) == Relation::Own as u32
        };
        self.items().filter(is_own_bolt).map(|index| self.item_position(index)).collect()
    }

    /// Kinds, subjects and positions of the effects.
    pub fn effects(&self) -> Vec<(u32, u32, Vec2)> {
        let of = |index| {
            let word = |word| self.effect(index, word);
            let position =
                Vec2::new(f32::from_bits(word(EffectWord::X)), f32::from_bits(word(EffectWord::Y)));
            (word(EffectWord::Kind), word(EffectWord::Subject), position)
        };
        (0..self.header(HeaderWord::Effects) as usize).map(of).collect()
    }

    /// How many effects are of this kind and subject.
    pub fn count(&self, kind: EffectKind, subject: NetId) -> usize {
        self.effects().iter().filter(|effect| (effect.0, effect.1) == (kind as u32, subject.0)).count()
    }
}
