//! Modes: duels in bouts, and teams of equal size.

use crate::game::{Game, join, shipped};
use shared::command::TickInputs;
use shared::entity::Kind;
use shared::id::PlayerId;
use shared::round::RoundPhase;

#[test]
fn a_lost_ship_ends_the_bout_of_a_duel_and_the_third_kill_ends_the_round() {
    let mut game = Game::with_players(shipped("duel"), &[1, 2]);
    for bout in 1..=3 {
        game.until("both fly", |game| game.count(Kind::Ship) == 2);
        // Two ships face each other from a short distance, with the loser's hull nearly gone.
        let at = game.ship(1).motion.position();
        game.place(2, at + glam::Vec2::new(6.0, 0.0));
        game.place(1, at);
        game.ship_key(2, |ship, _| ship.health = 1);
        let controls = |game: &mut Game| {
            game.hold(1, shared::input::Buttons::FIRE, shared::angle::Angle::default());
        };
        for _ in 0..30 {
            controls(&mut game);
            if game.count(Kind::Ship) == 0 {
                break;
            }
        }
        assert_eq!(game.count(Kind::Ship), 0, "both leave after bout {bout}");
        assert_eq!((game.pilot(1).kills, game.pilot(2).deaths), (bout, bout));
    }
    game.step(&TickInputs::default());
    assert_eq!(game.sim.capture().round.phase, RoundPhase::Podium);
}

#[test]
fn teams_are_of_equal_size_again_when_the_next_round_begins() {
    let mut setup = shipped("teams");
    (setup.mode.round_seconds, setup.mode.podium_seconds, setup.drones) = (2, 1, 11);
    let mut game = Game::new(setup);
    (1..=8).for_each(|player| game.step(&join(player)));
    let of_team = |game: &Game, team: u8| -> Vec<PlayerId> {
        let world = game.sim.capture();
        let mates = world.pilots.iter().filter(|pilot| pilot.team == team && !pilot.drone);
        mates.map(|pilot| pilot.player).collect()
    };
    assert_eq!((of_team(&game, 1).len(), of_team(&game, 2).len()), (4, 4));
    let leaves = of_team(&game, 2).into_iter().take(3).collect();
    game.step(&TickInputs { leaves, ..TickInputs::default() });
    assert_eq!((of_team(&game, 1).len(), of_team(&game, 2).len()), (4, 1));
    game.until("the next round", |game| game.sim.capture().round.number == 2);
    assert_eq!((of_team(&game, 1).len(), of_team(&game, 2).len()), (3, 2));
    let world = game.sim.capture();
    let size = |team| world.pilots.iter().filter(|pilot| pilot.team == team).count();
    assert!(size(1).abs_diff(size(2)) <= 1, "drones fill the smaller team");
}
