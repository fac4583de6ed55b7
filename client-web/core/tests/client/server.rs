//! A small server for tests of the live client: one player, a few asteroids, and one foe that flies circles; every entity
//! is sent in full. Its input rule and tick order are those of the real one.

use crate::belt::setup;
use glam::Vec2;
use shared::angle::Angle;
use shared::codec::encode_server;
use shared::delta::{RecordWriter, write_full, write_removed};
use shared::entity::{EntityState, Kind};
use shared::event::{Event, Happening};
use shared::id::{NetId, PlayerId, Tick};
use shared::input::{Controls, InputFrame};
use shared::message::{ClientMessage, Hello, LoadLevel, Own, ResumeToken, ServerMessage, Snapshot, Welcome};
use shared::movement::{self, Handling, Motion, ShipMotion};
use shared::quantize;
use shared::round::Round;
use shared::setup::Setup;
use std::borrow::Cow;
use std::collections::VecDeque;

pub const ME: PlayerId = PlayerId(1);
pub const SHIP: NetId = NetId(100);
pub const FOE: NetId = NetId(101);
const FOE_PLAYER: PlayerId = PlayerId(2);

pub struct Server {
    pub setup: Setup,
    pub tick: Tick,
    pub ship: Option<ShipMotion>,
    pub rocks: Vec<EntityState>,
    pub bolts: Vec<(EntityState, u32)>,
    pub foe: EntityState,
    pub hello: Option<Hello>,
    pub late_frames: usize,
    pub taken_frames: Vec<InputFrame>,
    /// Sent with the next snapshot.
    pub events: Vec<Event>,
    /// Impacts of the ship so far.
    pub bounces: usize,
    waiting: VecDeque<InputFrame>,
    newest: Tick,
    applied: Tick,
    held: Controls,
    sent: Vec<NetId>,
    fresh: bool,
    next_bolt: u32,
}

impl Server {
    pub fn new() -> Server {
        let setup = setup();
        let rock = |id: u32, x: f32, y: f32, vx: f32, vy: f32, size: u8| EntityState {
            id: NetId(id),
            kind: Kind::Asteroid,
            size,
            motion: Motion::new(Vec2::new(x, y), Vec2::new(vx, vy)),
            health: 100,
            ..EntityState::default()
        };
        let rocks = vec![
            rock(1, 12.0, 3.0, -1.0, 0.5, 2),
            rock(2, -9.0, 6.0, 1.5, -0.5, 1),
            rock(3, 0.0, -14.0, 0.25, 2.0, 2),
            rock(4, 120.0, 40.0, 2.5, 0.0, 0),
        ];
        let foe = EntityState {
            id: FOE,
            owner: FOE_PLAYER,
            health: quantize::health(100.0),
            motion: Motion::new(Vec2::new(20.0, 10.0), Vec2::new(10.0, 0.0)),
            ..EntityState::default()
        };
        Server {
            setup,
            tick: Tick(1000),
            ship: Some(ShipMotion { energy: quantize::energy(100.0), ..ShipMotion::default() }),
            rocks,
            bolts: Vec::new(),
            foe,
            hello: None,
            late_frames: 0,
            taken_frames: Vec::new(),
            events: Vec::new(),
            bounces: 0,
            waiting: VecDeque::new(),
            newest: Tick(0),
            applied: Tick(0),
            held: Controls::default(),
            sent: Vec::new(),
            fresh: true,
            next_bolt: 200,
        }
    }

    pub fn receive(&mut self, message: ClientMessage) -> Option<Vec<u8>> {
        match message {
            ClientMessage::Hello(hello) => {
                self.hello = Some(hello);
                self.fresh = true;
                self.sent.clear();
                (self.newest, self.applied) = (Tick(0), Tick(0));
                self.waiting.clear();
                Some(message_bytes(&ServerMessage::Welcome(Box::new(self.welcome()))))
            }
            ClientMessage::Input(input) => {
                for frame in input.frames {
                    self.late_frames += usize::from(frame.tick <= self.tick);
                    if frame.tick > self.applied {
                        self.newest = frame.tick;
                        self.waiting.retain(|waiting| waiting.tick < frame.tick);
                        self.waiting.push_back(frame);
                        self.taken_frames.push(frame);
                    }
                }
                None
            }
            ClientMessage::Ping { stamp } => Some(message_bytes(&ServerMessage::Pong {
                stamp,
                tick_micros: 500,
                load: LoadLevel::FarLessOften,
            })),
            ClientMessage::Chat { .. }
            | ClientMessage::Signal(_)
            | ClientMessage::View(_)
            | ClientMessage::Leave => None,
        }
    }

    pub fn welcome(&self) -> Welcome {
        Welcome {
            room: "test".into(),
            player: ME,
            token: ResumeToken([7; 16]),
            tick: self.tick,
            tick_rate_hz: self.setup.tick_rate_hz,
            rules: self.setup.rules.clone(),
            mode: self.setup.mode.clone(),
            arenas: self.setup.arenas.clone(),
            round: Round::default(),
        }
    }

    pub fn step(&mut self) {
        self.tick = self.tick.next();
        while let Some(frame) = self.waiting.pop_front_if(|frame| frame.tick <= self.tick) {
            self.applied = frame.tick;
            self.held = frame.controls;
        }
        let dt = self.setup.tick_seconds();
        let half_size = self.setup.largest_half_size();
        for rock in &mut self.rocks {
            let radius = self.setup.rules.rock_radius(rock.size);
            rock.motion = movement::drift(&rock.motion, radius, half_size, dt);
        }
        self.bolts.retain_mut(|(bolt, ticks_left)| {
            bolt.motion = bolt.motion.drifted(1, dt);
            *ticks_left -= 1;
            *ticks_left > 0
        });
        let angle = Angle::from_step((self.tick.0 * 8 % 1024) as u16);
        let place = self.foe.motion.position();
        self.foe.motion = Motion::new(place, angle.vector() * 10.0).drifted(1, dt);
        self.foe.heading = angle;
        self.step_ship(dt, half_size);
    }

    fn step_ship(&mut self, dt: f32, half_size: f32) {
        let Some(ship) = &mut self.ship else { return };
        let handling = Handling::of(&self.setup.rules, half_size, dt, Default::default(), 0);
        let moved = movement::step(ship, self.held, &handling, dt);
        let mut impact = moved.bounced.unwrap_or(0.0);
        for rock in &self.rocks {
            let radius = self.setup.rules.rock_radius(rock.size);
            let bump = movement::collide(&mut ship.motion, &handling, &rock.motion, radius);
            impact = impact.max(bump.unwrap_or(0.0));
        }
        if impact >= movement::IMPACT_EVENT_UNITS_PER_SECOND {
            let what = Happening::Bounced { ship: SHIP, speed: impact as u16 };
            self.events.push(Event { at: ship.motion.position_q.into(), what });
            self.bounces += 1;
        }
        if let Some(motion) = movement::try_fire(ship, self.held, &handling) {
            let id = NetId(self.next_bolt);
            self.next_bolt += 1;
            let lag = self.held.lag.min(self.setup.rewind_limit());
            let motion = motion.drifted_by(lag, dt);
            let bolt = EntityState { id, kind: Kind::Bolt, owner: ME, motion, ..EntityState::default() };
            let ticks = self.setup.ticks(self.setup.rules.bolt.lifetime_seconds);
            self.bolts.push((bolt, ticks - u32::from(lag.whole_ticks())));
        }
    }

    /// All entities, ascending by id.
    pub fn entities(&self) -> Vec<EntityState> {
        let mut all = self.rocks.clone();
        all.extend(self.ship.map(|ship| EntityState {
            id: SHIP,
            owner: ME,
            health: quantize::health(100.0),
            motion: ship.motion,
            heading: ship.heading,
            ..EntityState::default()
        }));
        all.push(self.foe);
        all.extend(self.bolts.iter().map(|(bolt, _)| *bolt));
        all
    }

    pub fn snapshot(&mut self) -> Vec<u8> {
        let entities = self.entities();
        let is_there = |id: &NetId| entities.iter().any(|entity| entity.id == *id);
        let removed: Vec<NetId> = self.sent.iter().filter(|id| !is_there(id)).copied().collect();
        let mut records = Vec::new();
        let mut writer = RecordWriter::new(&mut records);
        for entity in &entities {
            let mut record = Vec::new();
            write_full(entity, if entity.owner == ME { "Ada" } else { "Foe" }, &mut record);
            writer.write(entity.id, &record);
        }
        writer.finish();
        let mut delta = Vec::new();
        write_removed(&removed, &mut delta);
        delta.extend(records);
        self.sent = entities.iter().map(|entity| entity.id).collect();
        let lead = (i64::from(self.newest.0) - i64::from(self.tick.0)).clamp(-128, 127) as i8;
        message_bytes(&ServerMessage::Snapshot(Snapshot {
            tick: self.tick,
            fresh: std::mem::take(&mut self.fresh),
            input_ack: self.applied,
            input_lead: lead,
            own: Own {
                ship: self.ship.map(|_| SHIP),
                energy: self.ship.map_or(0, |ship| ship.energy),
                cooldown: self.ship.map_or(0, |ship| ship.cooldown),
                ability: self.ship.map_or(0, |ship| ship.ability),
                ..Own::default()
            },
            events: std::mem::take(&mut self.events),
            delta: Cow::Borrowed(&delta),
        }))
    }
}

fn message_bytes(message: &ServerMessage<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_server(message, &mut bytes);
    bytes
}
