//! Banking, prices, repair and upgrades.

use crate::game::{Game, empty_space};
use glam::Vec2;
use shared::angle::Angle;
use shared::command::TickInputs;
use shared::entity::ShipFlags;
use shared::event::Happening;
use shared::input::Buttons;
use shared::levels::Upgrade;
use shared::quantize;
use shared::round::Round;

/// The middle of the first station's ring.
fn ring(game: &Game) -> Vec2 {
    let station = &game.setup.arenas[0].stations[0];
    Vec2::new(station.x, station.y) * game.setup.half_size(&Round::default())
}

/// One ship at rest in the ring of the first station.
fn docked() -> Game {
    let mut setup = empty_space();
    setup.mode.round_seconds = 0;
    let mut game = Game::with_players(setup, &[1]);
    game.place(1, ring(&game));
    game.step(&TickInputs::default());
    assert_eq!(game.pilot(1).docked, Some(0));
    assert!(game.ship(1).flags.any(ShipFlags::DOCKED));
    game
}

fn hauls(game: &Game) -> Vec<u32> {
    let haul = |what: &Happening| match what {
        Happening::Banked { gained, .. } => Some(*gained),
        _ => None,
    };
    game.told.iter().filter_map(haul).collect()
}

#[test]
fn a_docked_ship_banks_its_hold_at_the_station_s_rate() {
    let mut game = docked();
    game.ship_key(1, |entity, _| entity.hold = 16);
    game.wait(1.0);
    let banked = 16 - game.ship(1).hold;
    assert!(banked.abs_diff(game.setup.rules.station.bank_per_second as u16) <= 1, "{banked} in a second");
    assert!(hauls(&game).is_empty(), "the haul is not over");
    game.wait(1.5);
    assert_eq!(game.ship(1).hold, 0);
    assert_eq!(hauls(&game), [game.pilot(1).score]);
    assert_eq!(game.pilot(1).purse, game.pilot(1).score);
    let flat = (16.0 * game.setup.rules.station.price) as u32;
    assert!((flat * 3 / 4..flat).contains(&game.pilot(1).score), "{} of {flat}", game.pilot(1).score);
}

#[test]
fn prices_fall_with_what_is_sold_there_and_recover() {
    let mut game = docked();
    let before = game.sim.capture().prices;
    assert_eq!(before, [1000; 3]);
    game.ship_key(1, |entity, _| entity.hold = 20);
    game.wait(3.0);
    let sold = game.sim.capture().prices;
    assert!(sold[0] < 850, "{sold:?}");
    assert_eq!(sold[1..], before[1..]);
    game.wait(30.0);
    let later = game.sim.capture().prices;
    assert!(sold[0] < later[0] && later[0] < 1000, "{later:?}");
    game.wait(600.0);
    assert_eq!(game.sim.capture().prices, before);
}

#[test]
fn prices_do_not_fall_below_the_floor() {
    let mut game = docked();
    for _ in 0..20 {
        game.ship_key(1, |entity, _| entity.hold = 20);
        game.wait(2.0);
    }
    let floor = (game.setup.rules.station.price_floor * 100.0) as u32;
    assert!((floor..floor + 20).contains(&game.sim.capture().prices[0]));
}

#[test]
fn leaving_the_ring_ends_the_haul() {
    let mut game = docked();
    game.ship_key(1, |entity, _| entity.hold = 16);
    game.wait(1.0);
    let radius = game.setup.arenas[0].stations[0].radius;
    game.place(1, ring(&game) + Vec2::new(radius + 1.0, 0.0));
    game.step(&TickInputs::default());
    let left = game.ship(1).hold;
    assert!(left > 0);
    assert_eq!(hauls(&game), [game.pilot(1).score]);
    assert_eq!(game.pilot(1).purse, game.pilot(1).score);
    assert_eq!(game.pilot(1).docked, None);
    game.wait(2.0);
    assert_eq!(game.ship(1).hold, left);
}

#[test]
fn a_docked_ship_is_repaired_but_not_beyond_its_health() {
    let mut game = docked();
    let full = quantize::health(game.setup.rules.ship.health);
    game.ship_key(1, |entity, _| entity.health = full / 2);
    game.wait(1.0);
    let rate = quantize::health(game.setup.rules.station.repair_per_second);
    assert_eq!(game.ship(1).health, full / 2 + rate);
    game.wait(10.0);
    assert_eq!(game.ship(1).health, full);
}

#[test]
fn an_upgrade_is_bought_on_the_press_and_costs_its_price() {
    let mut game = docked();
    let cost = game.setup.rules.upgrades.cost;
    game.player_key(1, |seat| seat.purse = cost.iter().sum::<u32>() + 7);
    let aim = Angle::default();
    let mut left = game.pilot(1).purse;
    for (level, price) in cost.iter().enumerate() {
        for _ in 0..5 {
            game.hold(1, Buttons::BUY_HULL, aim);
        }
        left -= price;
        assert_eq!(
            usize::from(game.pilot(1).levels.of(Upgrade::Hull)),
            level + 1,
            "once, however long it is held"
        );
        assert_eq!(game.pilot(1).purse, left);
        game.hold(1, Buttons::default(), aim);
    }
    assert_eq!(game.pilot(1).score, 0, "the purse is apart from what ranks");
    let full = game.setup.rules.ship_health(game.pilot(1).levels);
    assert_eq!(game.ship(1).health, quantize::health(full), "a new hull is whole");
    game.player_key(1, |seat| seat.purse = 1_000_000);
    game.hold(1, Buttons::BUY_HULL, aim);
    assert_eq!((game.pilot(1).levels.of(Upgrade::Hull), game.pilot(1).purse), (3, 1_000_000));
    game.hold(1, Buttons::BUY_ENGINE.with(Buttons::BUY_GUN).with(Buttons::BUY_HOLD), aim);
    assert_eq!(Upgrade::ALL.map(|upgrade| game.pilot(1).levels.of(upgrade)), [3, 1, 1, 1]);
    let bought = game.told.iter().filter(|what| matches!(what, Happening::Upgraded { .. }));
    assert_eq!(bought.count(), 6);
}

#[test]
fn nothing_is_sold_to_the_poor_or_far_away() {
    let mut game = docked();
    let cost = game.setup.rules.upgrades.cost[0];
    game.player_key(1, |seat| seat.purse = cost - 1);
    game.hold(1, Buttons::BUY_GUN, Angle::default());
    assert_eq!((game.pilot(1).levels.0, game.pilot(1).purse), (0, cost - 1));
    game.hold(1, Buttons::default(), Angle::default());
    game.player_key(1, |seat| seat.purse = cost);
    game.place(1, Vec2::ZERO);
    game.hold(1, Buttons::BUY_GUN, Angle::default());
    assert_eq!((game.pilot(1).levels.0, game.pilot(1).purse), (0, cost));
}

#[test]
fn a_bigger_hold_takes_more() {
    let setup = empty_space();
    let levels = shared::levels::Levels::default().raised(Upgrade::Hold);
    assert!(setup.rules.hold_capacity(levels) > setup.rules.hold_capacity(Default::default()));
}
