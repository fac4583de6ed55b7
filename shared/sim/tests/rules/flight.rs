//! Flight, crashes and the border.

use crate::game::{Game, empty_space, shipped};
use glam::Vec2;
use shared::angle::Angle;
use shared::event::Happening;
use shared::input::Buttons;
use shared::quantize;
use shared::round::Round;

/// How far a ship gets in three seconds of full thrust from rest, in units.
fn reach(tick_rate_hz: u16, loads: u16) -> f32 {
    let mut setup = empty_space();
    setup.tick_rate_hz = tick_rate_hz;
    let mut game = Game::with_players(setup, &[1]);
    let start = Vec2::new(-100.0, 0.0);
    game.place(1, start);
    game.ship_key(1, |entity, _| entity.hold = loads);
    for _ in 0..3 * tick_rate_hz {
        game.hold(1, Buttons::THRUST, Angle::default());
    }
    game.ship(1).motion.position().distance(start)
}

#[test]
fn a_match_flies_the_same_at_20_and_60_ticks_per_second() {
    let (slow, usual, fast) = (reach(20, 0), reach(30, 0), reach(60, 0));
    assert!(usual > 30.0, "{usual} units in three seconds");
    assert!((slow / fast - 1.0).abs() < 0.04, "{slow} against {fast}");
    assert!((usual / fast - 1.0).abs() < 0.04, "{usual} against {fast}");
}

#[test]
fn a_full_hold_makes_a_ship_slower() {
    let full = empty_space().rules.ore.hold;
    let (light, half, heavy) = (reach(30, 0), reach(30, full / 2), reach(30, full));
    assert!(heavy < half && half < light);
    assert!(heavy < light * 0.75, "{heavy} against {light}");
}

#[test]
fn only_hard_impacts_hurt() {
    for (speed, hurts) in [(5.0, false), (12.0, false), (30.0, true), (45.0, true)] {
        let mut game = Game::with_players(shipped("belt"), &[1]);
        game.rewrite(|key| key.entities.retain(|entity| entity.kind == shared::entity::Kind::Ship));
        game.add_rock(Vec2::ZERO, Vec2::ZERO, 2);
        game.place(1, Vec2::new(-6.0, 0.0));
        game.ship_key(1, |entity, _| entity.motion.velocity_q = quantize::velocity(Vec2::new(speed, 0.0)));
        let before = game.ship(1).health;
        game.wait(1.0);
        assert_eq!(game.ship(1).health < before, hurts, "at {speed}");
        let bounced = game.told.iter().any(|what| matches!(what, Happening::Bounced { .. }));
        assert!(bounced, "at {speed}: it bounced");
        assert!(game.ship(1).motion.position().x < -5.0, "at {speed}: it did not fly through");
    }
}

#[test]
fn who_just_spawned_takes_no_harm_from_a_crash() {
    let mut game = Game::with_players(shipped("belt"), &[1]);
    game.rewrite(|key| key.entities.retain(|entity| entity.kind == shared::entity::Kind::Ship));
    game.add_rock(Vec2::ZERO, Vec2::ZERO, 2);
    game.place(1, Vec2::new(-6.0, 0.0));
    game.ship_key(1, |entity, hidden| {
        entity.motion.velocity_q = quantize::velocity(Vec2::new(45.0, 0.0));
        hidden.protection_ticks = 30;
    });
    let before = game.ship(1).health;
    game.wait(0.5);
    assert_eq!(game.ship(1).health, before);
    assert!(game.told.iter().any(|what| matches!(what, Happening::Bounced { .. })));
}

#[test]
fn nobody_leaves_the_world() {
    let setup = shipped("belt");
    let half = setup.half_size(&Round::default());
    let mut game = Game::with_players(setup, &[1]);
    for tick in 0..600u16 {
        game.hold(1, Buttons::BOOST, Angle::from_step(tick / 200 * 256));
        for entity in game.sim.capture().entities {
            let at = entity.motion.position().abs().max_element();
            assert!(at <= half, "{:?} {} at {at}", entity.kind, entity.id.0);
        }
    }
}

#[test]
fn a_ship_pushed_out_of_one_rock_is_pushed_out_of_the_next() {
    let mut game = Game::with_players(shipped("belt"), &[1]);
    game.rewrite(|key| key.entities.retain(|entity| entity.kind == shared::entity::Kind::Ship));
    let first = game.add_rock(Vec2::ZERO, Vec2::ZERO, 2);
    let second = game.add_rock(Vec2::new(9.0, 0.0), Vec2::ZERO, 2);
    game.place(1, Vec2::new(0.1, 0.0));
    game.step(&shared::command::TickInputs::default());
    let world = game.sim.capture();
    let from =
        |rock| world.entity(rock).map(|rock| rock.motion.position().distance(game.ship(1).motion.position()));
    let reach = game.setup.rules.ship.radius + game.setup.rules.asteroid.radius[2];
    assert!(from(second).expect("a rock") >= reach - 0.01, "out of the second");
    assert!(from(first).expect("a rock") < reach, "the first had its turn before");
}
