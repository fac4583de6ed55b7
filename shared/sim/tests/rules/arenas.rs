//! Arenas: a vote chooses the next one, walls hold, and drones bank in all of them.

use crate::game::{Game, hold, shipped};
use glam::Vec2;
use shared::angle::Angle;
use shared::command::FIRST_DRONE;
use shared::entity::{BOULDER, Kind};
use shared::event::Happening;
use shared::input::Buttons;
use shared::movement::Motion;
use shared::round::{Round, RoundPhase};
use shared::rules::Wall;
use shared::setup::Setup;
use std::collections::BTreeSet;

/// Short rounds in the arenas of the usual mode.
fn short_rounds() -> Setup {
    let mut setup = shipped("belt");
    (setup.mode.round_seconds, setup.mode.podium_seconds) = (2, 2);
    setup
}

fn until_phase(game: &mut Game, phase: RoundPhase) {
    game.until("the phase", |game| game.sim.capture().round.phase == phase);
}

#[test]
fn the_next_arena_is_the_one_with_the_most_votes() {
    // Per player the buttons pressed one after the other, and the place of the arena in the list that follows.
    let (first, second, third) = (Buttons::BUY_HULL, Buttons::BUY_ENGINE, Buttons::BUY_GUN);
    let ballots: [(&[(u32, Buttons)], u8); 5] = [
        (&[], 1),
        (&[(1, third)], 3),
        (&[(1, second), (2, first)], 1),
        (&[(1, third), (2, second), (3, third)], 3),
        (&[(1, third), (1, second)], 2),
    ];
    for (ballot, chosen) in ballots {
        let mut game = Game::with_players(short_rounds(), &[1, 2, 3]);
        until_phase(&mut game, RoundPhase::Podium);
        for (player, button) in ballot {
            game.step(&hold(*player, *button, Angle::default()));
            game.step(&hold(*player, Buttons::default(), Angle::default()));
        }
        until_phase(&mut game, RoundPhase::Running);
        let world = game.sim.capture();
        assert_eq!((world.round.arena, world.round.number), (chosen, 2), "{ballot:?}");
        let arena = game.setup.arena(&world.round);
        assert_eq!(world.prices.len(), arena.stations.len());
        assert!(world.pilots.iter().all(|pilot| pilot.vote == 0 && pilot.ship.is_some()));
        // The world of the new arena continues from a keyframe as it does without.
        let copy = sim::Sim::from_keyframe(&game.setup, &game.sim.keyframe()).expect("a sound keyframe");
        assert_eq!(copy.state_hash(), game.sim.state_hash());
    }
}

#[test]
fn boulders_stop_bolts_and_ships_and_never_break() {
    let mut setup = shipped("belt");
    setup.mode.asteroids_per_player = 0.0;
    setup.arenas.truncate(1);
    setup.arenas[0].walls = vec![Wall { from: [0.2, -0.5], to: [0.2, 0.5] }];
    let wall = 0.2 * setup.half_size(&Round::default());
    let mut game = Game::with_players(setup, &[1, 2]);
    let is_boulder = |game: &Game| {
        game.sim
            .capture()
            .entities
            .iter()
            .filter(|it| it.kind == Kind::Asteroid && it.size == BOULDER)
            .count()
    };
    let boulders = is_boulder(&game);
    assert!(boulders > 5);
    game.place(1, Vec2::new(wall - 20.0, 3.0));
    game.place(2, Vec2::new(wall + 20.0, 3.0));
    let health = game.ship(2).health;
    for _ in 0..300 {
        game.hold(1, Buttons::FIRE.with(Buttons::THRUST), Angle::default());
    }
    assert!(game.told.iter().any(|it| matches!(it, Happening::Hit { .. })));
    assert_eq!((is_boulder(&game), game.ship(2).health), (boulders, health));
    assert!(game.find_ship(1).is_none_or(|ship| ship.motion.position().x < wall));
}

#[test]
fn drones_bank_in_every_arena() {
    let usual = shipped("belt");
    std::thread::scope(|scope| {
        for arena in &usual.arenas {
            let setup = Setup { arenas: vec![arena.clone()], drones: 16, ..usual.clone() };
            scope.spawn(move || {
                let mut game = Game::new(setup);
                let mut banked = BTreeSet::new();
                for _ in 0..240 {
                    game.told.clear();
                    game.wait(1.0);
                    banked.extend(game.told.iter().filter_map(|it| match it {
                        Happening::Banked { player, .. } if player.0 >= FIRST_DRONE => Some(*player),
                        _ => None,
                    }));
                }
                assert!(banked.len() >= 12, "{}: {} of 16 drones banked", arena.title, banked.len());
            });
        }
    });
}

#[test]
fn spawns_and_rocks_keep_to_the_arena() {
    for arena in shipped("belt").arenas {
        let setup = Setup { arenas: vec![arena], ..shipped("belt") };
        let half_size = setup.half_size(&Round::default());
        let game = Game::with_players(setup, &[1, 2, 3, 4]);
        let arena = &game.setup.arenas[0];
        let world = game.sim.capture();
        let is_in = |motion: &Motion, x: f32, y: f32, radius: f32| {
            motion.position().distance(Vec2::new(x, y) * half_size) <= radius * half_size + 10.0
        };
        for it in world.entities.iter().filter(|it| it.kind != Kind::Bolt && it.size != BOULDER) {
            let regions = if it.kind == Kind::Ship { &arena.spawns } else { &arena.fields };
            let inside = regions.iter().any(|region| is_in(&it.motion, region.x, region.y, region.radius));
            assert!(regions.is_empty() || inside, "{}: {it:?}", arena.title);
        }
    }
}
