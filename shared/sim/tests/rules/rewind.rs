//! Lag compensation: what a shooter saw is what is hit, within the limit, and no later than that.

use crate::game::{Game, empty_space, hold_late, shipped};
use glam::Vec2;
use shared::angle::Angle;
use shared::command::TickInputs;
use shared::entity::Kind;
use shared::event::Happening;
use shared::id::PlayerId;
use shared::input::{Buttons, ViewLag};
use shared::movement::Motion;
use shared::quantize;

/// Player 1 at rest looks along +x at the path of player 2, who crosses it at this distance on the way down.
fn crossing(rewind_seconds: f32, distance: f32) -> Game {
    let mut setup = empty_space();
    setup.rules.bolt.rewind_seconds = rewind_seconds;
    setup.rules.ship.drag = 0.0;
    let mut game = Game::with_players(setup, &[1, 2]);
    game.place(1, Vec2::ZERO);
    game.place(2, Vec2::new(distance, -20.0));
    game.ship_key(2, |entity, _| entity.motion.velocity_q = quantize::velocity(Vec2::new(0.0, 24.0)));
    game
}

/// Player 2 comes to this height; then player 1 fires along +x with a view so many parts of a tick old. Returns the hit.
fn shot_when_at(game: &mut Game, height: f32, lag: u16) -> Option<Happening> {
    game.until("the crossing", |game| game.ship(2).motion.position().y >= height);
    game.told.clear();
    game.step(&hold_late(1, Buttons::FIRE, Angle::default(), ViewLag(lag)));
    game.step(&hold_late(1, Buttons::default(), Angle::default(), ViewLag(lag)));
    game.wait(1.5);
    game.told.iter().copied().find(|what| matches!(what, Happening::Hit { .. }))
}

#[test]
fn what_stood_in_the_line_of_fire_on_the_screen_is_hit() {
    // 7 ticks at 0.8 units: what passes height 4 now stood at −1.6 then, and came to 0 as the bolt did.
    let mut game = crossing(0.25, 7.0);
    let before = game.ship(2).health;
    let hit = shot_when_at(&mut game, 3.4, 7 * 8);
    let Some(Happening::Hit { target, by, damage, course, seen }) = hit else { panic!("a miss") };
    assert_eq!((target, by, course), (game.ship(2).id, PlayerId(1), Angle::default()));
    assert_eq!(game.ship(2).health, before - damage);
    let seen = f32::from(seen.1) / quantize::POSITION_SCALE;
    assert!((-5.0..-2.0).contains(&seen), "the shooter saw it {seen} units back");
    let mut late = crossing(0.25, 7.0);
    assert_eq!(shot_when_at(&mut late, 3.4, 0), None, "who sees the present must aim at the present");
    let mut off = crossing(0.0, 7.0);
    assert_eq!(shot_when_at(&mut off, 3.4, 7 * 8), None, "rules without a rewind have none");
}

#[test]
fn a_view_older_than_the_limit_counts_as_the_limit() {
    let mut game = crossing(0.1, 4.0);
    assert_eq!(
        shot_when_at(&mut game, 6.0, u16::MAX),
        None,
        "0.1 s back it was at 3.6, still out of the line"
    );
    let mut game = crossing(0.1, 4.0);
    assert!(shot_when_at(&mut game, 1.4, u16::MAX).is_some(), "0.1 s back it was in the line");
    let lag = game.sim.keyframe().players[0].controls.lag;
    assert_eq!(lag, game.setup.rewind_limit());
    assert_eq!(lag, ViewLag(24), "3 ticks at 30 per second");
}

#[test]
fn after_its_first_stretch_a_bolt_flies_in_the_present_and_no_farther_than_any_other() {
    let mut game = crossing(0.25, 60.0);
    game.step(&hold_late(1, Buttons::FIRE, Angle::default(), ViewLag(36)));
    let bolt = |game: &Game| {
        game.sim.capture().entities.iter().find(|entity| entity.kind == Kind::Bolt).map(|bolt| bolt.motion)
    };
    let radius = game.setup.rules.ship.radius;
    let flown = |motion: Motion| motion.position().x - radius;
    let tick_way = game.setup.rules.bolt.speed * game.setup.tick_seconds();
    let mut last = bolt(&game).expect("a bolt");
    assert!((flown(last) - 4.5 * tick_way).abs() < 0.05, "4½ ticks of flight: {}", flown(last));
    let mut ticks = 0;
    game.step(&hold_late(1, Buttons::default(), Angle::default(), ViewLag(36)));
    while let Some(motion) = bolt(&game) {
        last = motion;
        ticks += 1;
        game.step(&TickInputs::default());
    }
    let range = game.setup.rules.bolt.speed * game.setup.rules.bolt.lifetime_seconds;
    assert!(
        last.position().x < range + game.setup.rules.ship.radius,
        "{ticks} ticks to {}",
        last.position().x
    );
    assert!(last.position().x > range - 2.0 * tick_way, "{ticks} ticks to {}", last.position().x);
}

#[test]
fn the_past_is_no_way_around_rocks_mates_or_protection() {
    let mut setup = shipped("belt");
    setup.mode.asteroids_per_player = 1.0;
    let mut game = Game::with_players(setup, &[1, 2]);
    game.rewrite(|key| key.entities.retain(|entity| entity.kind != Kind::Asteroid));
    game.place(1, Vec2::ZERO);
    game.place(2, Vec2::new(10.0, 0.0));
    let rock = game.add_rock(Vec2::new(5.0, 0.0), Vec2::ZERO, 1);
    game.told.clear();
    game.step(&hold_late(1, Buttons::FIRE, Angle::default(), ViewLag(56)));
    let hits: Vec<_> = game.told.iter().filter(|what| matches!(what, Happening::Hit { .. })).collect();
    assert!(matches!(hits[..], [Happening::Hit { target, .. }] if *target == rock), "{hits:?}");
    assert_eq!(game.count(Kind::Bolt), 0);
    game.rewrite(|key| key.entities.retain(|entity| entity.kind != Kind::Asteroid));
    game.ship_key(2, |_, hidden| hidden.protection_ticks = 90);
    game.ship_key(1, |_, hidden| hidden.cooldown = 0);
    game.told.clear();
    game.step(&hold_late(1, Buttons::FIRE, Angle::default(), ViewLag(56)));
    assert!(game.told.iter().all(|what| !matches!(what, Happening::Hit { .. })), "{:?}", game.told);
}

/// A ship that came into the world after the moment that was seen cannot be hit in it.
#[test]
fn nobody_is_hit_where_they_never_were() {
    let mut game = crossing(0.25, 7.0);
    game.rewrite(|key| key.trails.iter_mut().for_each(|trail| trail.displacements.clear()));
    game.until("the crossing", |game| game.ship(2).motion.position().y >= 3.2);
    game.rewrite(|key| key.trails.iter_mut().for_each(|trail| trail.displacements.clear()));
    game.told.clear();
    game.step(&hold_late(1, Buttons::FIRE, Angle::default(), ViewLag(56)));
    assert!(game.told.iter().all(|what| !matches!(what, Happening::Hit { .. })), "{:?}", game.told);
}
