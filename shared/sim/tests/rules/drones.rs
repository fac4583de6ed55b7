//! Drones live: they mine, bank, buy and fight, and make room for people.

use crate::game::{Game, join, shipped};
use glam::Vec2;
use shared::command::{Admin, FIRST_DRONE, TickInputs};
use shared::entity::Kind;
use shared::event::Happening;
use shared::id::{PlayerId, Tick};
use shared::keyframe::Goal;
use sim::Sim;
use std::collections::{BTreeMap, BTreeSet};

fn count(game: &Game, of: impl Fn(&Happening) -> bool) -> usize {
    game.told.iter().filter(|what| of(what)).count()
}

fn set_drones(wanted: u16) -> TickInputs {
    TickInputs { admin: vec![Admin::SetDrones(wanted)], ..TickInputs::default() }
}

fn drones(game: &Game) -> usize {
    game.sim.capture().pilots.iter().filter(|pilot| pilot.drone).count()
}

#[test]
fn a_belt_of_drones_is_busy_for_five_minutes() {
    for mode in ["belt", "teams"] {
        let mut game = Game::new(shipped(mode));
        game.step(&set_drones(16));
        game.wait(300.0);
        let banked = count(&game, |what| matches!(what, Happening::Banked { .. }));
        let broken = count(&game, |what| matches!(what, Happening::Broken { .. }));
        let killed = count(&game, |what| matches!(what, Happening::Death { killer, .. } if killer.0 != 0));
        let crashed = count(&game, |what| matches!(what, Happening::Death { killer: PlayerId(0), .. }));
        let bought = count(&game, |what| matches!(what, Happening::Upgraded { .. }));
        assert!(banked >= 40, "{mode}: {banked} hauls");
        assert!(broken >= 200, "{mode}: {broken} rocks");
        assert!((3..=90).contains(&killed), "{mode}: {killed} kills");
        assert!(crashed <= killed, "{mode}: {crashed} crashed into rocks");
        assert!(bought >= 5, "{mode}: {bought} upgrades");
        let idle = game.sim.capture().pilots.iter().filter(|pilot| pilot.score == 0).count();
        assert!(idle <= 3, "{mode}: {idle} drones won nothing");
    }
}

#[test]
fn drones_leave_a_newcomer_in_peace_and_raid_everybody_else() {
    let mut setup = shipped("belt");
    setup.mode.capacity = 16;
    setup.drones = 16;
    let mut game = Game::with_players(setup, &[1]);
    let hunted = |game: &Game| {
        let key = game.sim.keyframe();
        let ship = key.players[0].ship;
        let mut goals = key.players.iter().filter_map(|player| player.drone);
        goals.any(|drone| drone.goal == Goal::Fight && drone.target == ship)
    };
    let calm_until = game.sim.keyframe().players[0].calm_until;
    assert_eq!(calm_until, Tick(1 + 90 * 30));
    game.ship_key(1, |ship, _| ship.hold = 20);
    while game.sim.tick() < calm_until {
        game.wait(0.1);
        assert!(!hunted(&game), "at {:?}", game.sim.tick());
    }
    for tenth in 0..5 * 600 {
        if hunted(&game) {
            return;
        }
        // A rock may have destroyed it, and its hold with it.
        if tenth % 50 == 0 && game.find_ship(1).is_some() {
            game.ship_key(1, |ship, _| ship.hold = 20);
        }
        game.wait(0.1);
    }
    panic!("a rich ship was never raided");
}

/// Ships pass through each other; drones that do it look like one.
#[test]
fn drones_keep_their_distance() {
    let mut game = Game::new(shipped("belt"));
    game.step(&set_drones(40));
    let (mut pairs, mut seen) = (0, 0);
    for _ in 0..120 {
        game.wait(0.5);
        let world = game.sim.capture();
        let ships: Vec<Vec2> = world
            .entities
            .iter()
            .filter(|entity| entity.kind == Kind::Ship)
            .map(|ship| ship.motion.position())
            .collect();
        for (index, ship) in ships.iter().enumerate() {
            pairs += ships[..index].iter().filter(|other| other.distance(*ship) < 1.5).count();
        }
        seen += ships.len();
    }
    assert!(pairs * 100 <= seen, "of {seen} drones seen, {pairs} lay over another");
}

#[test]
fn drones_have_names_of_their_own() {
    let mut game = Game::new(shipped("belt"));
    game.step(&set_drones(60));
    game.wait(1.0);
    let world = game.sim.capture();
    let names: std::collections::BTreeSet<&str> =
        world.pilots.iter().map(|pilot| pilot.name.as_str()).collect();
    assert_eq!((world.pilots.len(), names.len()), (60, 60));
}

#[test]
fn drones_leave_as_humans_join_and_come_back() {
    let mut setup = shipped("belt");
    setup.drones = 3;
    let mut game = Game::new(setup);
    game.wait(1.0);
    assert_eq!(drones(&game), 3);
    for (player, left) in [(1, 2), (2, 1), (3, 0), (4, 0)] {
        game.step(&join(player));
        assert_eq!(drones(&game), left, "after {player} humans");
    }
    game.step(&TickInputs { leaves: vec![PlayerId(1), PlayerId(2)], ..TickInputs::default() });
    assert_eq!(drones(&game), 1);
}

#[test]
fn the_drone_that_is_missed_the_least_leaves_first() {
    let mut game = Game::new(shipped("belt"));
    game.step(&set_drones(4));
    game.wait(0.5);
    game.step(&TickInputs { joins: join(1).joins, admin: set_drones(4).admin, ..TickInputs::default() });
    assert_eq!(drones(&game), 3);
    let pilots = game.sim.capture().pilots;
    let mut ids = pilots.iter().filter(|pilot| pilot.drone).map(|pilot| pilot.player.0);
    let (near, far, nearest) = (ids.next().unwrap(), ids.next().unwrap(), ids.next().unwrap());
    game.place(1, Vec2::ZERO);
    game.place(near, Vec2::new(0.0, 30.0));
    game.place(far, Vec2::new(100.0, 100.0));
    game.place(nearest, Vec2::new(10.0, 0.0));
    game.step(&set_drones(3));
    let left: Vec<u32> = game.sim.capture().pilots.iter().map(|pilot| pilot.player.0).collect();
    assert_eq!(left, [1, near, nearest]);
    game.ship_key(near, |entity, _| entity.health = 1);
    let wreck = game.ship(near).id;
    game.rewrite(|key| {
        key.entities.retain(|entity| entity.id != wreck);
        key.ships.retain(|ship| ship.id != wreck);
        key.trails.retain(|trail| trail.id != wreck);
        let seat = key.players.iter_mut().find(|seat| seat.player == PlayerId(near)).expect("seated");
        (seat.ship, seat.respawn_ticks) = (None, 50);
    });
    game.step(&set_drones(2));
    let left: Vec<u32> = game.sim.capture().pilots.iter().map(|pilot| pilot.player.0).collect();
    assert_eq!(left, [1, nearest], "the dead one first, however near it was");
    assert!(nearest >= FIRST_DRONE);
}

#[test]
fn drones_that_think_in_turns_hold_their_controls_in_between_and_make_a_living() {
    let mut game = Game::new(shipped("belt"));
    game.step(&set_drones(16));
    game.wait(20.0);
    let in_turns = TickInputs { drones_in_turns: true, ..TickInputs::default() };
    let banked = |game: &Game| count(game, |what| matches!(what, Happening::Banked { .. }));
    let before = banked(&game);
    let mut turns: BTreeMap<PlayerId, BTreeSet<u32>> = BTreeMap::new();
    let mut last = game.sim.keyframe();
    for _ in 0..3600 {
        game.step(&in_turns);
        let now = game.sim.keyframe();
        for (player, held) in now.players.iter().zip(&last.players) {
            assert_eq!(player.player, held.player);
            if player.controls != held.controls {
                turns.entry(player.player).or_default().insert(now.tick.0 % 3);
            }
        }
        last = now;
    }
    assert_eq!(turns.len(), 16);
    assert!(turns.values().all(|turns| turns.len() == 1), "each has one turn: {turns:?}");
    let all: BTreeSet<u32> = turns.values().flatten().copied().collect();
    assert_eq!(all.len(), 3, "not all at once");
    assert!(banked(&game) > before + 10);
}

#[test]
fn a_world_whose_drones_think_in_turns_goes_on_equally_from_a_keyframe() {
    let setup = shipped("belt");
    let mut game = Game::new(setup.clone());
    game.step(&set_drones(16));
    game.wait(10.0);
    let mut again = Sim::from_keyframe(&setup, &game.sim.keyframe()).expect("our own keyframe");
    for tick in 0..600 {
        let inputs = TickInputs { drones_in_turns: tick / 40 % 2 == 0, ..TickInputs::default() };
        game.step(&inputs);
        again.step(&inputs);
        assert_eq!(again.state_hash(), game.sim.state_hash(), "after {tick} ticks");
    }
    again.step(&TickInputs::default());
    game.step(&TickInputs { drones_in_turns: true, ..TickInputs::default() });
    assert_ne!(again.state_hash(), game.sim.state_hash(), "it makes a difference");
}
