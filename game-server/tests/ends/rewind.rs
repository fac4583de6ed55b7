//! Lag compensation from end to end: a shot aimed at what the screen shows hits.

use crate::guest::hello;
use crate::pair::{CLEAN, Pair, Quality, setup};
use client_core::layout::{DrawKind, HEADER_WORDS, HeaderWord, ITEM_WORDS, ItemWord, Relation};
use glam::Vec2;
use room::outbox::{OutboxReader, outbox};
use room::{Connected, ConnectionId, Room, SessionEvent};
use shared::angle::Angle;
use shared::event::Happening;
use shared::id::PlayerId;
use shared::input::{Buttons, Controls, InputFrame};
use shared::message::{ClientMessage, Input, ResumeToken};
use std::cell::Cell;
use std::net::Ipv4Addr;
use std::rc::Rc;

/// Shots of a trial.
const SHOTS: u32 = 8;
/// The target flies up and down this far from the shooter, in units.
const DISTANCE: f32 = 20.0;
/// How far up and down, in units.
const TURN: f32 = 34.0;
/// Shots are fired while the target crosses this far to either side, in units: it flies straight there.
const WINDOW: f32 = 16.0;
/// A bolt hits or misses within this time, in milliseconds.
const SHOT_MS: f64 = 1500.0;

/// The controls that bring a ship to a velocity.
pub fn burn(wanted: Vec2, speed: Vec2) -> (Buttons, f32) {
    let change = wanted - speed;
    let buttons = if change.length() > 1.0 { Buttons::THRUST } else { Buttons::default() };
    (buttons, change.y.atan2(change.x))
}

/// A player without a link, who flies up and down at full speed.
struct Target {
    outbox: OutboxReader,
    up: bool,
    hits: Rc<Cell<u32>>,
}

impl Target {
    const CONNECTION: ConnectionId = ConnectionId(1_000_000);
    const PLAYER: PlayerId = PlayerId(1);

    fn join(room: &mut Room, hits: Rc<Cell<u32>>) -> Target {
        let (outbox, reader) = outbox();
        let hello = hello("Target", None);
        let connection = Target::CONNECTION;
        let connected = Connected {
            connection,
            network: Ipv4Addr::LOCALHOST.into(),
            hello,
            token: ResumeToken([1; 16]),
            outbox,
        };
        room.handle(SessionEvent::Connected(connected));
        Target { outbox: reader, up: false, hits }
    }

    fn fly(&mut self, room: &mut Room) {
        drop(self.outbox.drain());
        let world = room.world();
        let own = world.pilot(Target::PLAYER).and_then(|pilot| world.entity(pilot.ship?)).copied();
        let hit = |what: &Happening| {
            let on_target = |id| own.is_some_and(|own| own.id == id);
            matches!(what, Happening::Hit { target, by, .. } if on_target(*target) && *by != Target::PLAYER)
        };
        let hits = world.events.iter().filter(|event| hit(&event.what)).count() as u32;
        self.hits.set(self.hits.get() + hits);
        let tick = world.tick;
        let Some(own) = own else { return };
        let (at, speed) = (own.motion.position(), own.motion.velocity());
        if at.y.abs() > TURN {
            self.up = at.y > 0.0;
        }
        let course = if self.up { -1.0 } else { 1.0 };
        let aside = DISTANCE - at.x;
        let straight = aside.abs() < 0.5 && speed.x.abs() < 0.5;
        let wanted = Vec2::new(if straight { 0.0 } else { aside * 2.0 }, course * 40.0);
        let (buttons, aim) = burn(wanted, if straight { Vec2::ZERO } else { speed });
        let controls = Controls { buttons, aim: Angle::from_radians(aim), ..Controls::default() };
        let frames = [InputFrame { tick: tick.next(), controls }].into_iter().collect();
        let message = ClientMessage::Input(Input { ack: tick, frames });
        room.handle(SessionEvent::Message { connection: Target::CONNECTION, message });
    }
}

/// A ship on the screen: where it is and how it moves.
#[derive(Clone, Copy)]
pub struct OnScreen {
    pub at: Vec2,
    pub speed: Vec2,
}

/// The own ship and the foe's, as a frame shows them.
fn on_screen(frame: &[u32]) -> Option<(OnScreen, OnScreen)> {
    let items = frame[HEADER_WORDS..].chunks(ITEM_WORDS).take(frame[HeaderWord::Items as usize] as usize);
    let ship = |relation: Relation| {
        let is_it = |item: &&[u32]| {
            item[ItemWord::Kind as usize] == DrawKind::Ship as u32
                && item[ItemWord::Relation as usize] == relation as u32
        };
        let item = items.clone().find(is_it)?;
        let vector = |x, y| Vec2::new(f32::from_bits(item[x as usize]), f32::from_bits(item[y as usize]));
        let (at, speed) =
            (vector(ItemWord::X, ItemWord::Y), vector(ItemWord::VelocityX, ItemWord::VelocityY));
        Some(OnScreen { at, speed })
    };
    Some((ship(Relation::Own)?, ship(Relation::Foe)?))
}

/// The direction in which a bolt must leave to meet a ship that goes straight on.
pub fn dead_on(own: OnScreen, foe: OnScreen, muzzle: f32, bolt_speed: f32) -> f32 {
    let (apart, speed) = (foe.at - own.at, foe.speed - own.speed);
    let mut seconds = 0.0;
    for _ in 0..20 {
        seconds = ((apart + speed * seconds).length() - muzzle) / bolt_speed;
    }
    let way = apart + speed * seconds;
    way.y.atan2(way.x)
}

/// How many of the shots hit, each aimed dead-on at what the screen shows.
fn hits_of(rewind_seconds: f32, quality: Quality) -> u32 {
    let mut setup = setup(0);
    setup.mode.capacity = 8;
    setup.mode.asteroids_per_player = 0.0;
    setup.rules.bolt.rewind_seconds = rewind_seconds;
    let (muzzle, bolt_speed) = (setup.rules.ship.radius, setup.rules.bolt.speed);
    let mut pair = Pair::new(setup, quality, 3);
    let hits = Rc::new(Cell::new(0));
    let mut target = Target::join(&mut pair.room, hits.clone());
    pair.before_tick = Box::new(move |room| target.fly(room));
    let (mut shots, mut fired_ms) = (0, 12_000.0);
    pair.run(60.0, |client, now_ms| {
        let Some((own, foe)) = on_screen(client.frame(now_ms)) else { return };
        let ready = now_ms - fired_ms > SHOT_MS && own.speed.length() < 1.0;
        let crosses = (foe.at.y - own.at.y).abs() < WINDOW && foe.speed.y.abs() > 21.0;
        if ready && crosses && shots < SHOTS {
            (shots, fired_ms) = (shots + 1, now_ms);
            client.set_input(Buttons::FIRE.0, dead_on(own, foe, muzzle, bolt_speed));
        } else if now_ms - fired_ms < 50.0 {
            client.set_input(0, dead_on(own, foe, muzzle, bolt_speed));
        } else if own.at.length() > 1.0 {
            let (buttons, aim) = burn((-own.at).clamp_length_max(15.0), own.speed);
            client.set_input(buttons.0, aim);
        } else {
            client.set_input(Buttons::BRAKE.0, 0.0);
        }
    });
    assert_eq!(shots, SHOTS, "the target came by often enough");
    hits.get()
}

/// Half of the round trip in each direction.
fn far(round_trip_ms: f64) -> Quality {
    Quality { delay_ms: round_trip_ms / 2.0, ..CLEAN }
}

#[test]
fn at_250_ms_of_round_trip_what_is_aimed_at_is_hit() {
    assert_eq!(hits_of(0.25, far(250.0)), SHOTS);
}

#[test]
fn without_compensation_almost_nothing_is_hit_at_250_ms() {
    let hits = hits_of(0.0, far(250.0));
    assert!(hits <= 1, "{hits} of {SHOTS} hit");
}

/// Beyond the limit of the rewind the client extrapolates, as far as that goes.
#[test]
fn near_and_far_hit_as_well() {
    for round_trip_ms in [0.0, 120.0, 400.0] {
        assert_eq!(hits_of(0.25, far(round_trip_ms)), SHOTS, "at {round_trip_ms} ms");
    }
    let hits = hits_of(0.25, far(600.0));
    assert!(hits <= 1, "{hits} of {SHOTS} hit what was 0.7 s ago: no target suffers for such a link");
}

#[test]
fn jitter_and_stalls_spoil_few_shots() {
    let jittery = Quality { delay_ms: 60.0, jitter_ms: 60.0, stall_percent: 0, stall_ms: 0.0 };
    let hits = hits_of(0.25, jittery);
    assert!(hits >= SHOTS - 1, "{hits} of {SHOTS} hit under jitter");
    let stalling = Quality { jitter_ms: 20.0, stall_percent: 2, stall_ms: 300.0, ..jittery };
    let hits = hits_of(0.25, stalling);
    assert!(hits >= SHOTS - 3, "{hits} of {SHOTS} hit over a link that stalls");
}
