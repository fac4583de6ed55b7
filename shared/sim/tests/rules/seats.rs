//! Joins, leaves, absences and kicks.

use crate::game::{Game, empty_space, hold, join};
use shared::angle::Angle;
use shared::command::{Absence, Admin, FIRST_DRONE, TickInputs};
use shared::entity::{Kind, ShipFlags};
use shared::event::Happening;
use shared::id::PlayerId;
use shared::input::Buttons;

fn absence(player: u32, away: bool) -> TickInputs {
    TickInputs { absences: vec![Absence { player: PlayerId(player), away }], ..TickInputs::default() }
}

fn players(game: &Game) -> Vec<u32> {
    game.sim.capture().pilots.iter().map(|pilot| pilot.player.0).collect()
}

#[test]
fn who_joins_has_a_ship_in_the_same_tick() {
    let mut game = Game::new(empty_space());
    game.step(&join(5));
    game.step(&join(2));
    assert_eq!(players(&game), [2, 5]);
    let ship = game.ship(5);
    assert_eq!((ship.owner, ship.score, ship.hold), (PlayerId(5), 0, 0));
    assert!(game.told.contains(&Happening::Spawned { ship: ship.id }));
}

#[test]
fn impossible_joins_are_ignored() {
    let mut setup = empty_space();
    setup.mode.capacity = 3;
    let mut game = Game::with_players(setup, &[1, 2]);
    let ship = game.ship(1).id;
    for player in [0, FIRST_DRONE, FIRST_DRONE + 1, 1] {
        game.step(&join(player));
        assert_eq!(players(&game), [1, 2], "after {player}");
    }
    assert_eq!(game.ship(1).id, ship);
    game.step(&join(3));
    game.step(&join(4));
    assert_eq!(players(&game), [1, 2, 3], "the room is full");
}

#[test]
fn who_leaves_leaves_the_hold_behind() {
    let mut game = Game::with_players(empty_space(), &[1, 2]);
    game.ship_key(1, |entity, _| entity.hold = 6);
    let ship = game.ship(1).id;
    game.step(&TickInputs { leaves: vec![PlayerId(1), PlayerId(9)], ..TickInputs::default() });
    assert_eq!(players(&game), [2]);
    assert_eq!(game.count(Kind::Ore), 6);
    assert!(game.sim.capture().entity(ship).is_none());
    assert!(!game.told.iter().any(|what| matches!(what, Happening::Death { .. })), "it is no death");
}

#[test]
fn a_kick_is_a_leave() {
    let mut game = Game::with_players(empty_space(), &[1, 2]);
    game.step(&TickInputs { admin: vec![Admin::Kick(PlayerId(2))], ..TickInputs::default() });
    assert_eq!(players(&game), [1]);
    assert_eq!(game.count(Kind::Ship), 1);
}

#[test]
fn a_leave_and_a_join_in_one_tick_go_in_that_order() {
    let mut setup = empty_space();
    setup.mode.capacity = 1;
    let mut game = Game::with_players(setup, &[1]);
    game.step(&TickInputs { leaves: vec![PlayerId(1)], ..join(2) });
    assert_eq!(players(&game), [2]);
}

#[test]
fn who_is_away_does_nothing_but_drift() {
    let mut game = Game::with_players(empty_space(), &[1]);
    game.hold(1, Buttons::THRUST.with(Buttons::FIRE), Angle::default());
    assert!(game.ship(1).flags.any(ShipFlags::THRUST));
    game.step(&absence(1, true));
    let ship = game.ship(1);
    assert!(ship.flags.any(ShipFlags::AWAY) && game.pilot(1).away);
    assert!(!ship.flags.any(ShipFlags::THRUST | ShipFlags::FIRING));
    game.step(&hold(1, Buttons::THRUST, Angle::default()));
    assert!(!game.ship(1).flags.any(ShipFlags::THRUST), "nobody is at the controls");
    game.step(&TickInputs { inputs: hold(1, Buttons::THRUST, Angle::default()).inputs, ..absence(1, false) });
    assert!(game.ship(1).flags.any(ShipFlags::THRUST));
    assert!(!game.ship(1).flags.any(ShipFlags::AWAY));
}

#[test]
fn who_is_away_waits_for_the_respawn_until_the_return() {
    let mut game = Game::with_players(empty_space(), &[1]);
    let wreck = game.ship(1).id;
    game.rewrite(|key| {
        key.entities.retain(|entity| entity.id != wreck);
        key.ships.clear();
        key.trails.clear();
        (key.players[0].ship, key.players[0].respawn_ticks, key.players[0].away) = (None, 10, true);
    });
    game.wait(2.0);
    assert_eq!(game.pilot(1).ship, None);
    game.step(&absence(1, false));
    assert!(game.pilot(1).ship.is_some());
}

#[test]
fn controls_are_held_until_they_change() {
    let mut game = Game::with_players(empty_space(), &[1]);
    game.hold(1, Buttons::THRUST, Angle::from_step(100));
    game.wait(0.5);
    let ship = game.ship(1);
    assert!(ship.flags.any(ShipFlags::THRUST));
    assert_eq!(ship.heading, Angle::from_step(100));
    game.hold(1, Buttons(0xfe00), Angle::default());
    assert!(!game.ship(1).flags.any(ShipFlags::THRUST));
    assert_eq!(
        game.sim.keyframe().players[0].controls.buttons,
        Buttons::default(),
        "unknown bits are dropped"
    );
}

#[test]
fn ids_are_never_reused() {
    let mut game = Game::new(empty_space());
    let mut last = 0;
    for player in 1..20 {
        game.step(&join(player));
        let ship = game.ship(player).id.0;
        assert!(ship > last);
        last = ship;
        game.step(&TickInputs { leaves: vec![PlayerId(player)], ..TickInputs::default() });
    }
}

#[test]
fn a_world_whose_ids_are_used_up_goes_on_without_new_entities() {
    let mut game = Game::with_players(empty_space(), &[1]);
    game.rewrite(|key| key.next_net_id = u32::MAX - 1);
    game.hold(1, Buttons::FIRE, Angle::default());
    assert_eq!(game.count(Kind::Bolt), 1);
    for _ in 0..30 {
        game.hold(1, Buttons::FIRE, Angle::default());
    }
    game.step(&join(2));
    assert_eq!(game.pilot(2).ship, None);
}
