//! No sequence of messages, by the rules or not, makes a ship fly, fire or bank faster than the rules allow.

use crate::crowd::Crowd;
use crate::ledger::Ledger;
use crate::pair::setup;
use proptest::prelude::*;
use shared::angle::Angle;
use shared::codec::{decode_client, encode_client};
use shared::entity::Kind;
use shared::id::{NetId, Tick};
use shared::input::{Buttons, Controls, InputFrame, ViewLag};
use shared::message::{ClientMessage, Input, ResumeToken};
use shared::movement::Motion;
use shared::rules::Rules;
use shared::setup::Setup;
use std::collections::BTreeSet;

/// What wire precision may add to the distance of a tick, in units.
const ROUNDING_UNITS: f32 = 0.1;
/// A ship that overlaps an asteroid is pushed out of it by this much at most, in units.
const PUSH_UNITS: f32 = 2.0;

/// A frame for a tick at this distance from the room's newest, with any bits.
fn frame() -> impl Strategy<Value = (i64, u16, u16, u16)> {
    let tick = prop_oneof![8 => 0..6i64, 2 => -80..80i64, 1 => any::<i32>().prop_map(i64::from)];
    let buttons = prop_oneof![3 => Just(7), 2 => any::<u16>()];
    let lag = prop_oneof![Just(0), any::<u16>()];
    (tick, buttons, any::<u16>(), lag)
}

#[derive(Clone, Debug)]
enum Act {
    Input(i64, Vec<(i64, u16, u16, u16)>),
    Ping,
    Chat(String),
    HelloAgain,
    Noise(Vec<u8>),
    /// An input with one bit the other way.
    Broken(Vec<(i64, u16, u16, u16)>, usize),
}

fn act() -> impl Strategy<Value = Act> {
    let frames = || prop::collection::vec(frame(), 0..8);
    prop_oneof![
        8 => (-5..5i64, frames()).prop_map(|(ack, frames)| Act::Input(ack, frames)),
        1 => Just(Act::Ping),
        1 => ".{0,20}".prop_map(Act::Chat),
        1 => Just(Act::HelloAgain),
        1 => prop::collection::vec(any::<u8>(), 0..40).prop_map(Act::Noise),
        2 => (frames(), any::<usize>()).prop_map(|(frames, bit)| Act::Broken(frames, bit)),
    ]
}

fn near(now: Tick, offset: i64) -> Tick {
    Tick((i64::from(now.0) + offset).clamp(0, u32::MAX.into()) as u32)
}

fn input(now: Tick, ack: i64, frames: &[(i64, u16, u16, u16)]) -> ClientMessage {
    let frame = |(tick, buttons, aim, lag): &(i64, u16, u16, u16)| InputFrame {
        tick: near(now, *tick),
        controls: Controls { buttons: Buttons(*buttons), aim: Angle::from_step(*aim), lag: ViewLag(*lag) },
    };
    ClientMessage::Input(Input { ack: near(now, ack), frames: frames.iter().map(frame).collect() })
}

/// What reaches the room: a connection decodes first.
fn message(act: &Act, now: Tick) -> Option<ClientMessage> {
    let decoded = |bytes: &[u8]| decode_client(bytes).ok().filter(|it| *it != ClientMessage::Leave);
    match act {
        Act::Input(ack, frames) => Some(input(now, *ack, frames)),
        Act::Ping => Some(ClientMessage::Ping { stamp: 7 }),
        Act::Chat(text) => Some(ClientMessage::Chat { text: text.clone() }),
        Act::HelloAgain => Some(ClientMessage::Hello(shared::message::Hello {
            resume: Some(ResumeToken([1; 16])),
            last_tick: Some(now),
            ..shared::message::Hello::new(shared::text::Name::from_input("Ada"))
        })),
        Act::Noise(bytes) => decoded(bytes),
        Act::Broken(frames, bit) => {
            let mut bytes = Vec::new();
            encode_client(&input(now, 0, frames), &mut bytes);
            let bit = bit % (bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            decoded(&bytes)
        }
    }
}

/// The fastest that thrust and drag allow, with every upgrade, in units per second.
fn top_speed(rules: &Rules) -> f32 {
    let engine = 1.0 + rules.upgrades.engine_per_level * rules.upgrades.cost.len() as f32;
    rules.ship.boost_thrust * engine / rules.ship.drag
}

/// A belt where ore is everywhere, and whatever is loaded is at a station at once.
fn rich_belt() -> Setup {
    let mut setup = setup(0);
    setup.rules.bolt.damage = 200.0;
    setup.mode.asteroids_per_player = 4.0;
    setup.arenas[0].stations.iter_mut().for_each(|station| station.radius = 50.0);
    setup
}

/// The measure of the property below is met by playing, and is not met by standing still.
#[test]
fn an_honest_miner_banks_the_load() {
    let setup = rich_belt();
    let mut ledger = Ledger::new(setup.clone(), Crowd::player(0));
    let mut crowd = Crowd::new(setup, 1);
    for tick in 0..1500_u32 {
        let now = crowd.room.world().tick;
        let circling = (0, (Buttons::THRUST.with(Buttons::FIRE)).0, (tick * 5) as u16, 0);
        crowd.say(0, input(now.next(), -1, &[circling]));
        crowd.tick(|_, _, _| {});
        ledger.watch(crowd.room.world()).unwrap();
    }
    assert!(ledger.loaded > 0 && ledger.sold > 0, "{} loaded, {} sold", ledger.loaded, ledger.sold);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_ship_flies_fires_or_banks_faster_than_the_rules_allow(
        acts in prop::collection::vec(prop::collection::vec(act(), 0..6), 300),
    ) {
        let setup = rich_belt();
        let rules = setup.rules.clone();
        let (rate, seconds) = (f32::from(setup.tick_rate_hz), setup.tick_seconds());
        let cooldown = (rules.bolt.cooldown_seconds * rate).ceil() as u32;
        let cheater = Crowd::player(0);
        let mut ledger = Ledger::new(setup.clone(), cheater);
        let mut crowd = Crowd::new(setup, 2);
        let mut before: Option<(NetId, Motion)> = None;
        let mut bolts: BTreeSet<NetId> = BTreeSet::new();
        let mut fired: Option<(NetId, Tick)> = None;
        for acts in &acts {
            let now = crowd.room.world().tick;
            for message in acts.iter().filter_map(|act| message(act, now)) {
                crowd.say(0, message);
            }
            crowd.tick(|_, _, _| {});
            let world = crowd.room.world();
            let own = world.entities.iter().filter(|entity| entity.owner == cheater);
            let ships: Vec<_> = own.clone().filter(|entity| entity.kind == Kind::Ship).collect();
            prop_assert!(ships.len() <= 1);
            if let Some(ship) = ships.first() {
                prop_assert!(ship.motion.velocity().length() <= top_speed(&rules) + ROUNDING_UNITS);
                if let Some((id, motion)) = before && id == ship.id {
                    let way = (ship.motion.position() - motion.position()).length();
                    prop_assert!(way <= top_speed(&rules) * seconds + PUSH_UNITS, "{way} units in a tick");
                }
            }
            let now_flying: BTreeSet<NetId> =
                own.filter(|entity| entity.kind == Kind::Bolt).map(|bolt| bolt.id).collect();
            let new = now_flying.difference(&bolts).count();
            prop_assert!(new <= 1, "{new} bolts in a tick");
            let ship = ships.first().map(|ship| (ship.id, ship.motion));
            if let (1, Some((id, _))) = (new, ship) {
                if let Some((by, at)) = fired && by == id {
                    prop_assert!(world.tick.since(at) >= cooldown, "{} ticks between bolts", world.tick.since(at));
                }
                fired = Some((id, world.tick));
            }
            bolts = now_flying;
            before = ship;
            if let Err(broken) = ledger.watch(world) {
                prop_assert!(false, "tick {}: {broken}", world.tick.0);
            }
            let most = (world.tick.0 as f32 / rate * rules.station.bank_per_second + 1.0) * rules.station.price;
            prop_assert!(ledger.earned() as f32 <= most, "{} earned", ledger.earned());
        }
    }
}
