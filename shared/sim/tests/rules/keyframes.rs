//! Keyframes come from files: nonsense in them is refused, and never a panic.

use crate::game::{Game, join, shipped};
use proptest::prelude::*;
use shared::codec::{decode_stored, encode_stored};
use shared::command::{FIRST_DRONE, TickInputs};
use shared::entity::Kind;
use shared::id::{NetId, PlayerId, Tick};
use shared::keyframe::Keyframe;
use shared::levels::Levels;
use sim::Sim;

/// A match with something of every kind in it.
fn lively() -> Game {
    let mut setup = shipped("belt");
    setup.drones = 10;
    setup.mode.capacity = 20;
    let mut game = Game::new(setup);
    game.step(&join(1));
    game.step(&join(2));
    let kinds = [Kind::Ship, Kind::Asteroid, Kind::Ore, Kind::Bolt];
    game.until("a bit of everything", |game| {
        kinds.iter().all(|kind| game.count(*kind) > 0) && game.sim.tick() > Tick(600)
    });
    game.rewrite(|key| key.asteroids_due = vec![key.tick.plus(30), key.tick.plus(60)]);
    game
}

/// Changes the first entity of a kind.
fn first(key: &mut Keyframe, kind: Kind) -> &mut shared::entity::EntityState {
    key.entities.iter_mut().find(|entity| entity.kind == kind).expect("one of every kind")
}

#[test]
fn nonsense_is_refused() {
    let game = lively();
    let sound = game.sim.keyframe();
    assert!(Sim::from_keyframe(&game.setup, &sound).is_ok());
    type Change = fn(&mut Keyframe);
    let nonsense: [(&str, Change); 44] = [
        ("descending ids", |key| key.entities.swap(0, 1)),
        ("an id twice", |key| key.entities[1].id = key.entities[0].id),
        ("an id of zero", |key| key.entities[0].id = NetId(0)),
        ("an id never given out", |key| key.next_net_id = 1),
        ("a place outside", |key| key.entities[0].motion.position_q.x = 1 << 29),
        ("a place far outside", |key| key.entities[0].motion.position_q.y = i32::MIN),
        ("an insane speed", |key| key.entities[0].motion.velocity_q.y = i32::MAX),
        ("a rock of no size", |key| first(key, Kind::Asteroid).size = 3),
        ("a rock too hard", |key| first(key, Kind::Asteroid).health = u16::MAX),
        ("a ship without health", |key| first(key, Kind::Ship).health = 0),
        ("a ship too strong", |key| first(key, Kind::Ship).health = u16::MAX),
        ("an overfull hold", |key| first(key, Kind::Ship).hold = 1000),
        ("a ship of nobody", |key| first(key, Kind::Ship).owner = PlayerId(77)),
        ("a ship too energetic", |key| key.ships[0].energy = u16::MAX),
        ("more than a load in progress", |key| key.ships[0].bank_progress = 1000),
        ("a ship without its hidden part", |key| key.ships.clear()),
        ("a hidden part too many", |key| key.ships.push(*key.ships.last().expect("a ship"))),
        ("a ship without its trail", |key| key.trails.clear()),
        ("a trail longer than shots are rewound", |key| key.trails[0].displacements = vec![(0, 0); 9]),
        ("a trail of insane steps", |key| key.trails[0].displacements = vec![(i32::MAX, 0)]),
        ("a view older than the limit", |key| key.players[0].controls.lag.0 = 61),
        ("a bolt without its hidden part", |key| key.bolts.clear()),
        ("an ore without its hidden part", |key| key.ores.clear()),
        ("an ore that lasts for ever", |key| key.ores[0].ticks_left = u32::MAX),
        ("a bolt of no team", |key| first(key, Kind::Bolt).team = 9),
        ("descending players", |key| key.players.swap(0, 1)),
        ("nobody as a player", |key| key.players[0].player = PlayerId::NOBODY),
        ("a human as a drone", |key| key.players[0].drone = Some(Default::default())),
        ("a drone as a human", |key| key.players.last_mut().expect("a drone").drone = None),
        ("a drone never given out", |key| key.next_drone = FIRST_DRONE),
        ("a next drone among humans", |key| key.next_drone = 3),
        ("a team that is not played", |key| key.players[0].team = 1),
        ("levels beyond the highest", |key| key.players[0].levels = Levels(0x0040)),
        ("a hull that is not known", |key| key.players[0].levels = Levels(0x0003)),
        ("a newcomer for ever", |key| key.players[0].calm_until = Tick(u32::MAX)),
        ("an eternal respawn", |key| key.players[0].respawn_ticks = u16::MAX),
        ("a ship that is not there", |key| key.players[0].ship = Some(NetId(u32::MAX))),
        ("a round without an end", |key| key.round.ends = None),
        ("a round that ends too late", |key| key.round.ends = Some(Tick(u32::MAX))),
        ("a price too many", |key| key.prices.push(1000)),
        ("a price above the highest", |key| key.prices[0] = 1_000_000),
        ("a belt too rich", |key| drop(key.asteroids_due.splice(0..0, [Tick(0); 100]))),
        ("a rock due too late", |key| key.asteroids_due.last_mut().expect("rocks due").0 += 100_000),
        ("rocks due in disorder", |key| key.asteroids_due.reverse()),
    ];
    for (what, change) in nonsense {
        let mut key = sound.clone();
        change(&mut key);
        assert!(Sim::from_keyframe(&game.setup, &key).is_err(), "{what} was taken");
    }
}

#[test]
fn too_much_of_something_is_refused() {
    let game = lively();
    let sound = game.sim.keyframe();
    for kind in Kind::ALL {
        let mut key = sound.clone();
        let one = *first(&mut key, kind);
        for _ in 0..200_000 {
            key.entities.push(shared::entity::EntityState { id: NetId(key.next_net_id), ..one });
            key.next_net_id += 1;
        }
        assert!(Sim::from_keyframe(&game.setup, &key).is_err(), "200,000 of {kind:?}");
    }
    let mut key = sound.clone();
    key.asteroids_due = vec![Tick(u32::MAX); 100_000];
    assert!(Sim::from_keyframe(&game.setup, &key).is_err());
}

#[test]
fn differences_name_entity_component_and_both_values() {
    let game = lively();
    let a = game.sim.keyframe();
    assert_eq!(Sim::differences(&a, &a), []);
    let mut b = a.clone();
    let rock = first(&mut b, Kind::Asteroid);
    rock.health -= 1;
    let (id, health) = (rock.id, rock.health);
    b.players[0].score += 5;
    let gone = b.ores.pop().expect("an ore").id;
    b.entities.retain(|entity| entity.id != gone);
    let told: Vec<String> = Sim::differences(&a, &b).iter().map(ToString::to_string).collect();
    assert_eq!(told[0], format!("entity {}, health: {} ≠ {health}", id.0, health + 1));
    assert!(told[1].starts_with(&format!("entity {}, whole: EntityState", gone.0)), "{}", told[1]);
    assert!(told[1].ends_with("≠ absent"));
    assert!(told.last().expect("three at least").starts_with("player 1, score: "));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn a_damaged_keyframe_never_panics(damage in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..4)) {
        thread_local! {
            static SOUND: (shared::setup::Setup, Vec<u8>) = {
                let game = lively();
                let mut bytes = Vec::new();
                encode_stored(&game.sim.keyframe(), &mut bytes);
                (game.setup, bytes)
            };
        }
        SOUND.with(|(setup, bytes)| {
            let mut bytes = bytes.clone();
            for (at, value) in damage {
                let at = at % bytes.len();
                bytes[at] = value;
            }
            let Ok(key) = decode_stored::<Keyframe>(&bytes) else { return };
            let Ok(mut sim) = Sim::from_keyframe(setup, &key) else { return };
            for _ in 0..40 {
                sim.step(&TickInputs::default());
            }
            assert!(Sim::from_keyframe(setup, &sim.keyframe()).is_ok(), "what was taken stays sound");
        });
    }
}
