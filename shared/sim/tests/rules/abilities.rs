//! Hulls and their abilities: how they are chosen, and what each does.

use super::game::*;
use glam::Vec2;
use shared::angle::Angle;
use shared::entity::{EntityState, Kind, ShipFlags};
use shared::event::Happening;
use shared::id::NetId;
use shared::input::Buttons;
use shared::keyframe::OreKey;
use shared::levels::HullKind;
use shared::movement::Motion;
use shared::quantize;

fn flying(hulls: &[HullKind]) -> Game {
    let players: Vec<u32> = (1..).zip(hulls).map(|(player, _)| player).collect();
    let mut game = Game::with_players(empty_space(), &players);
    let rules = game.setup.rules.clone();
    game.rewrite(|key| {
        for ((player, ship), hull) in key.players.iter_mut().zip(&mut key.entities).zip(hulls) {
            player.levels = player.levels.with_hull(*hull);
            ship.health = quantize::health(rules.ship_health(player.levels));
        }
    });
    game
}

/// Takes a player's ship away.
fn lose(game: &mut Game, player: u32) {
    let ticks = game.setup.ticks(game.setup.rules.ship.respawn_seconds) as u16;
    game.rewrite(|key| {
        let seat = key.players.iter_mut().find(|seat| seat.player.0 == player).expect("a seated player");
        seat.respawn_ticks = ticks;
        let ship = seat.ship.take().expect("a living ship");
        key.entities.retain(|entity| entity.id != ship);
        key.ships.retain(|hidden| hidden.id != ship);
        key.trails.retain(|trail| trail.id != ship);
    });
}

#[test]
fn the_hull_is_chosen_between_two_ships_and_never_in_flight() {
    let mut game = flying(&[HullKind::Miner]);
    let none = Buttons::default();
    game.hold(1, Buttons::BUY_GUN, Angle::default());
    assert_eq!(game.pilot(1).levels.hull(), HullKind::Miner);
    game.hold(1, none, Angle::default());
    lose(&mut game, 1);
    game.hold(1, Buttons::BUY_GUN, Angle::default());
    game.hold(1, none, Angle::default());
    assert_eq!(game.pilot(1).levels.hull(), HullKind::Scout);
    game.wait(game.setup.rules.ship.respawn_seconds);
    let full = game.setup.rules.ship_health(game.pilot(1).levels);
    assert_eq!(game.ship(1).health, quantize::health(full));
}

#[test]
fn a_tractor_loads_what_is_near_and_then_rests() {
    let mut game = flying(&[HullKind::Miner]);
    let at = game.ship(1).motion.position();
    game.rewrite(|key| {
        let id = NetId(key.next_net_id);
        key.next_net_id += 1;
        let motion = Motion::new(at + Vec2::new(8.0, 0.0), Vec2::ZERO);
        key.entities.push(EntityState { id, kind: Kind::Ore, motion, ..EntityState::default() });
        key.ores.push(OreKey { id, ticks_left: 300 });
    });
    game.wait(0.5);
    assert_eq!(game.ship(1).hold, 0);
    game.hold(1, Buttons::ABILITY, Angle::default());
    assert_eq!(game.ship(1).hold, 1);
    assert!(game.ship(1).flags.any(ShipFlags::ABILITY));
    assert!(game.told.iter().any(|what| matches!(what, Happening::Used { hull: HullKind::Miner, .. })));
    game.wait(game.setup.rules.hulls.miner.ability_seconds);
    assert!(!game.ship(1).flags.any(ShipFlags::ABILITY));
    assert!(game.pilot(1).ability > 0);
}

#[test]
fn a_shield_takes_its_share_of_the_damage() {
    let damage_of = |shielded: bool| {
        let mut game = flying(&[HullKind::Raider, HullKind::Miner]);
        game.place(1, Vec2::ZERO);
        game.place(2, Vec2::new(-8.0, 0.0));
        let before = game.ship(1).health;
        let buttons = if shielded { Buttons::ABILITY } else { Buttons::default() };
        game.hold(1, buttons, Angle::default());
        game.hold(2, Buttons::FIRE, Angle::default());
        game.hold(2, Buttons::default(), Angle::default());
        game.wait(0.5);
        quantize::health_from(before - game.ship(1).health)
    };
    let share = 1.0 - empty_space().rules.ability.shield_share;
    assert!(damage_of(false) > 0.0);
    assert!((damage_of(true) - damage_of(false) * share).abs() < 0.2);
}

#[test]
fn a_mine_waits_until_it_is_armed_and_spares_its_owner() {
    let mut game = flying(&[HullKind::Scout, HullKind::Miner]);
    game.place(1, Vec2::ZERO);
    game.place(2, Vec2::new(20.0, 0.0));
    game.hold(1, Buttons::ABILITY, Angle::default());
    game.hold(1, Buttons::default(), Angle::default());
    let mines = |game: &Game| game.sim.capture().entities.iter().filter(|it| it.is_mine()).count();
    assert_eq!(mines(&game), 1);
    game.wait(game.setup.rules.ability.mine_arm_seconds + 0.2);
    assert_eq!(mines(&game), 1, "its owner may stay");
    let before = game.ship(2).health;
    game.place(2, Vec2::new(2.0, 0.0));
    game.wait(0.1);
    assert_eq!(mines(&game), 0);
    let damage = quantize::health(game.setup.rules.ability.mine_damage);
    assert_eq!(before - game.ship(2).health, damage);
    assert_eq!(game.sim.capture().entities.iter().filter(|it| it.kind == Kind::Bolt).count(), 0);
}
