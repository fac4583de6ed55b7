//! Bolts, kills, bounty and streak, protection, mates.

use crate::game::{Game, empty_space, shipped};
use glam::Vec2;
use shared::angle::Angle;
use shared::entity::{Kind, ShipFlags};
use shared::event::Happening;
use shared::id::PlayerId;
use shared::input::Buttons;
use shared::quantize;

/// Player 1 looks at player 2 from a distance; nothing is between them.
fn duel(distance: f32) -> Game {
    let mut game = Game::with_players(empty_space(), &[1, 2]);
    game.place(1, Vec2::new(-10.0, 0.0));
    game.place(2, Vec2::new(distance - 10.0, 0.0));
    game
}

/// Player 1 holds the trigger for some ticks and lets go.
fn fire(game: &mut Game, ticks: u32) {
    for _ in 0..ticks {
        game.hold(1, Buttons::FIRE, Angle::default());
    }
    game.hold(1, Buttons::default(), Angle::default());
}

#[test]
fn whoever_hit_a_ship_a_short_time_before_its_end_wins_an_assist() {
    for (pause_seconds, assists) in [(1.0, 1), (10.0, 0)] {
        let mut game = duel(20.0);
        game.step(&crate::game::join(3));
        let at = game.ship(2).motion.position();
        game.place(3, at - Vec2::new(0.0, 20.0));
        game.hold(3, Buttons::FIRE, Angle::from_vector(Vec2::Y));
        game.hold(3, Buttons::default(), Angle::from_vector(Vec2::Y));
        let full = quantize::health(game.setup.rules.ship.health);
        game.until("a hit", |game| game.ship(2).health < full);
        game.wait(pause_seconds);
        game.ship_key(2, |entity, _| entity.health = 1);
        game.hold(1, Buttons::FIRE, Angle::default());
        game.until("a death", |game| !deaths(game).is_empty());
        let rules = &game.setup.rules.bounty;
        let told =
            game.told.iter().filter(|what| matches!(what, Happening::Assisted { player: PlayerId(3), .. }));
        assert_eq!(told.count(), assists as usize, "after {pause_seconds} s");
        assert_eq!(
            (game.pilot(3).score, game.pilot(3).purse),
            (rules.assist * assists, rules.assist * assists)
        );
        assert_eq!(game.pilot(1).score, rules.base);
    }
}

fn deaths(game: &Game) -> Vec<(PlayerId, PlayerId, u32)> {
    let death = |what: &Happening| match what {
        Happening::Death { victim, killer, bounty, .. } => Some((*victim, *killer, *bounty)),
        _ => None,
    };
    game.told.iter().filter_map(death).collect()
}

#[test]
fn a_kill_brings_the_bounty_and_costs_the_streak_and_the_hold() {
    let mut game = duel(20.0);
    game.player_key(2, |seat| seat.streak = 3);
    game.player_key(1, |seat| seat.streak = 1);
    game.ship_key(2, |entity, _| (entity.health, entity.hold) = (1, 7));
    let first_ship = game.ship(2).id;
    game.hold(1, Buttons::FIRE, Angle::default());
    game.until("a death", |game| !deaths(game).is_empty());
    let rules = game.setup.rules.clone();
    let bounty = rules.bounty.base + 3 * rules.bounty.per_streak;
    assert_eq!(deaths(&game), [(PlayerId(2), PlayerId(1), bounty)]);
    assert_eq!(game.count(Kind::Ore), 7, "the whole hold is adrift");
    let (killer, victim) = (game.pilot(1), game.pilot(2));
    assert_eq!((killer.score, killer.kills, killer.streak, killer.deaths), (bounty, 1, 2, 0));
    assert_eq!((victim.ship, victim.deaths, victim.streak, victim.kills), (None, 1, 0, 0));
    let died = game.sim.tick();
    game.until("the respawn", |game| game.pilot(2).ship.is_some());
    let waited = game.sim.tick().since(died);
    assert!(waited.abs_diff(game.setup.ticks(rules.ship.respawn_seconds)) <= 1, "{waited} ticks");
    let ship = game.ship(2);
    assert!(ship.id > first_ship);
    assert_eq!((ship.hold, game.pilot(2).respawn_ticks), (0, 0));
    assert_eq!(ship.health, quantize::health(rules.ship.health));
}

#[test]
fn damage_adds_up_and_repairs_do_not_come_by_themselves() {
    let mut game = duel(20.0);
    let before = game.ship(2).health;
    fire(&mut game, 1);
    game.wait(2.0);
    let damage = quantize::health(game.setup.rules.bolt.damage);
    assert_eq!(game.ship(2).health, before - damage);
    assert_eq!(game.count(Kind::Bolt), 0);
}

#[test]
fn a_bolt_flies_as_far_as_its_lifetime() {
    let range = |setup: &shared::setup::Setup| setup.rules.bolt.speed * setup.rules.bolt.lifetime_seconds;
    let far = range(&empty_space());
    for (distance, hit) in [(far * 0.9, true), (far * 1.2, false)] {
        let mut game = duel(distance);
        fire(&mut game, 1);
        game.wait(3.0);
        let told = game.told.iter().any(|what| matches!(what, Happening::Hit { .. }));
        assert_eq!(told, hit, "at {distance} of {far}");
    }
}

#[test]
fn bolts_do_not_tunnel() {
    for tick_rate_hz in [5, 30] {
        for step in 0..24 {
            let mut setup = empty_space();
            setup.tick_rate_hz = tick_rate_hz;
            setup.rules.bolt.speed = 480.0;
            let mut game = Game::with_players(setup, &[1, 2]);
            game.place(1, Vec2::new(-20.0, 0.0));
            // Crosses the line of fire faster than its own length per tick.
            let distance = 30.0 + 2.0 * step as f32;
            let crossing = Vec2::new(0.0, -60.0);
            let flight_seconds = (distance - 1.2) / 480.0;
            let wait = game.setup.tick_seconds();
            game.place(2, Vec2::new(distance - 20.0, 0.0) - crossing * (flight_seconds + wait));
            game.ship_key(2, |entity, _| entity.motion.velocity_q = quantize::velocity(crossing));
            game.setup.rules.ship.drag = 0.0;
            game.rewrite(|_| {});
            fire(&mut game, 1);
            game.wait(1.0);
            let hit = game.told.iter().any(|what| matches!(what, Happening::Hit { .. }));
            assert!(hit, "{tick_rate_hz} Hz, {distance} units");
        }
    }
}

#[test]
fn the_first_thing_in_the_way_is_hit() {
    let mut game = Game::with_players(shipped("belt"), &[1, 2]);
    game.rewrite(|key| key.entities.retain(|entity| entity.kind == Kind::Ship));
    game.place(1, Vec2::new(-20.0, 0.0));
    game.place(2, Vec2::new(10.0, 0.0));
    let rock = game.add_rock(Vec2::ZERO, Vec2::ZERO, 2);
    let before = game.ship(2).health;
    fire(&mut game, 10);
    game.wait(1.5);
    assert_eq!(game.ship(2).health, before);
    let rock = game.sim.capture().entity(rock).copied().expect("not yet broken");
    assert_eq!(rock.health, quantize::health(60.0) - 2 * quantize::health(11.0));
}

#[test]
fn mates_do_not_hurt_each_other() {
    for (target, hurt) in [(3, false), (2, true)] {
        let mut setup = shipped("teams");
        setup.mode.asteroids_per_player = 0.0;
        let mut game = Game::with_players(setup, &[1, 2, 3]);
        assert_eq!([1, 2, 3].map(|player| game.pilot(player).team), [1, 2, 1]);
        for (player, x) in [(1, -10.0), (2, -100.0), (3, -100.0), (target, 10.0)] {
            game.place(player, Vec2::new(x, 0.0));
        }
        let before = game.ship(target).health;
        fire(&mut game, 10);
        game.wait(1.0);
        assert_eq!(game.ship(target).health < before, hurt);
    }
}

#[test]
fn teams_start_on_their_own_sides() {
    let players: Vec<u32> = (1..=12).collect();
    let game = Game::with_players(shipped("teams"), &players);
    for player in players {
        let (team, x) = (game.pilot(player).team, game.ship(player).motion.position().x);
        assert!(if team == 1 { x < 0.0 } else { x > 0.0 }, "team {team} at {x}");
    }
}

#[test]
fn protection_lasts_until_the_first_shot() {
    let mut game = duel(20.0);
    game.ship_key(2, |_, hidden| hidden.protection_ticks = 60);
    let before = game.ship(2).health;
    assert!(game.ship(2).flags.any(ShipFlags::PROTECTED));
    fire(&mut game, 20);
    assert_eq!(game.ship(2).health, before);
    game.hold(2, Buttons::FIRE, Angle::from_step(256));
    assert!(!game.ship(2).flags.any(ShipFlags::PROTECTED));
    game.wait(1.0);
    assert!(game.ship(2).health < before);
}

#[test]
fn protection_runs_out() {
    let mut game = Game::with_players(empty_space(), &[1]);
    assert!(game.ship(1).flags.any(ShipFlags::PROTECTED));
    let seconds = game.setup.rules.ship.protection_seconds;
    game.wait(seconds + 0.1);
    assert!(!game.ship(1).flags.any(ShipFlags::PROTECTED));
}

#[test]
fn a_death_by_a_rock_counts_for_nobody() {
    let mut game = Game::with_players(shipped("belt"), &[1, 2]);
    game.rewrite(|key| key.entities.retain(|entity| entity.kind == Kind::Ship));
    game.place(2, Vec2::new(100.0, 0.0));
    game.place(1, Vec2::new(-6.0, 0.0));
    game.add_rock(Vec2::ZERO, Vec2::ZERO, 2);
    game.ship_key(1, |entity, _| {
        entity.health = 8;
        entity.motion.velocity_q = quantize::velocity(Vec2::new(40.0, 0.0));
    });
    game.wait(0.5);
    assert_eq!(deaths(&game), [(PlayerId(1), PlayerId::NOBODY, 0)]);
    assert_eq!((game.pilot(1).deaths, game.pilot(2).score, game.pilot(2).kills), (1, 0, 0));
}

#[test]
fn the_bolt_of_a_player_who_left_kills_for_nobody() {
    let mut game = duel(30.0);
    game.ship_key(2, |entity, _| entity.health = 1);
    fire(&mut game, 1);
    let leave = shared::command::TickInputs { leaves: vec![PlayerId(1)], ..Default::default() };
    game.step(&leave);
    game.until("a death", |game| !deaths(game).is_empty());
    assert_eq!(deaths(&game), [(PlayerId(2), PlayerId::NOBODY, 0)]);
}
