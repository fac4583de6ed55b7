//! Rounds: they end on time, show the best, and the next one begins with nothing earned.

use crate::game::{Game, empty_space};
use shared::awards::awards;
use shared::entity::Kind;
use shared::id::Tick;
use shared::levels::{Levels, Upgrade};
use shared::round::{AwardKind, RoundPhase};

#[test]
fn a_round_ends_with_a_podium_and_the_next_begins_with_nothing_earned() {
    let mut setup = empty_space();
    (setup.mode.round_seconds, setup.mode.podium_seconds) = (10, 2);
    let mut game = Game::with_players(setup, &[1, 2, 3]);
    game.player_key(1, |seat| {
        (seat.score, seat.purse, seat.best_haul, seat.deaths) = (90, 40, 60, 2);
        seat.levels = Levels::default().raised(Upgrade::Gun);
    });
    game.player_key(2, |seat| (seat.score, seat.purse, seat.kills, seat.escape) = (75, 75, 3, 8));
    while game.sim.tick() < Tick(299) {
        game.wait(0.01);
    }
    assert_eq!((game.sim.capture().round.phase, game.count(Kind::Ship)), (RoundPhase::Running, 3));
    game.wait(0.01);
    let podium = game.sim.capture();
    assert_eq!((podium.round.phase, podium.round.number), (RoundPhase::Podium, 1));
    assert_eq!(podium.round.ends, Some(Tick(360)));
    let kinds: Vec<_> =
        awards(&podium.pilots).iter().map(|award| (award.kind, award.player.0, award.value)).collect();
    let expected = [
        (AwardKind::Winner, 1, 90),
        (AwardKind::Haul, 1, 60),
        (AwardKind::Hunter, 2, 3),
        (AwardKind::Escape, 2, 1),
        (AwardKind::Survivor, 2, 0),
    ];
    assert_eq!(kinds, expected);
    while game.sim.tick() < Tick(359) {
        game.wait(0.01);
        assert_eq!(game.count(Kind::Ship), 0, "at {:?}", game.sim.tick());
    }
    game.wait(0.01);
    let next = game.sim.capture();
    assert_eq!(
        (next.round.phase, next.round.number, next.round.ends),
        (RoundPhase::Running, 2, Some(Tick(660)))
    );
    assert_eq!(game.count(Kind::Ship), 3);
    for pilot in &next.pilots {
        assert_eq!((pilot.score, pilot.purse, pilot.kills, pilot.deaths, pilot.levels.0), (0, 0, 0, 0, 0));
    }
    assert_eq!(awards(&next.pilots), []);
}

#[test]
fn a_mode_without_rounds_has_no_end() {
    let mut setup = empty_space();
    setup.mode.round_seconds = 0;
    let mut game = Game::with_players(setup, &[1]);
    game.wait(60.0);
    let round = game.sim.capture().round;
    assert_eq!((round.number, round.phase, round.ends), (1, RoundPhase::Running, None));
}
