//! Rocks, ore and holds.

use crate::game::{Game, shipped};
use glam::Vec2;
use shared::angle::Angle;
use shared::command::TickInputs;
use shared::entity::{EntityState, Kind};
use shared::event::Happening;
use shared::id::NetId;
use shared::input::Buttons;
use shared::keyframe::OreKey;
use shared::movement::Motion;

/// One ship in the middle of a belt whose rocks were taken away.
fn cleared() -> Game {
    let mut game = Game::with_players(shipped("belt"), &[1]);
    game.rewrite(|key| key.entities.retain(|entity| entity.kind == Kind::Ship));
    game.place(1, Vec2::ZERO);
    game
}

fn add_ore(game: &mut Game, count: u32, at: Vec2) -> Vec<NetId> {
    let mut ids = Vec::new();
    let ticks_left = game.setup.ticks(game.setup.rules.ore.lifetime_seconds);
    game.rewrite(|key| {
        for _ in 0..count {
            let id = NetId(key.next_net_id);
            key.next_net_id += 1;
            let motion = Motion::new(at, Vec2::ZERO);
            key.entities.push(EntityState { id, kind: Kind::Ore, motion, ..EntityState::default() });
            key.ores.push(OreKey { id, ticks_left });
            ids.push(id);
        }
    });
    ids
}

fn rocks(game: &Game) -> Vec<u8> {
    let mut sizes: Vec<u8> = game
        .sim
        .capture()
        .entities
        .iter()
        .filter(|entity| entity.kind == Kind::Asteroid)
        .map(|rock| rock.size)
        .collect();
    sizes.sort_unstable();
    sizes
}

#[test]
fn rocks_break_down_to_ore() {
    let pieces = usize::from(shipped("belt").rules.asteroid.pieces);
    let ore = usize::from(shipped("belt").rules.asteroid.ore);
    for (size, left_rocks, left_ore) in
        [(2, vec![1; pieces], 0), (1, vec![0; pieces], 0), (0, Vec::new(), ore)]
    {
        let mut game = cleared();
        let rock = game.add_rock(Vec2::new(15.0, 0.0), Vec2::ZERO, size);
        let broken = Happening::Broken { asteroid: rock, size };
        for _ in 0..300 {
            if game.told.contains(&broken) {
                break;
            }
            game.hold(1, Buttons::FIRE, Angle::default());
        }
        assert!(game.told.contains(&broken));
        assert_eq!(rocks(&game), left_rocks, "what is left of size {size}");
        assert_eq!(game.count(Kind::Ore), left_ore);
    }
}

#[test]
fn a_ship_loads_what_it_touches_until_it_is_full() {
    let mut game = cleared();
    let capacity = game.setup.rules.ore.hold;
    game.ship_key(1, |entity, _| entity.hold = capacity - 2);
    let ores = add_ore(&mut game, 5, Vec2::new(1.0, 0.0));
    game.step(&TickInputs::default());
    assert_eq!(game.ship(1).hold, capacity);
    let left: Vec<NetId> = game
        .sim
        .capture()
        .entities
        .iter()
        .filter(|entity| entity.kind == Kind::Ore)
        .map(|ore| ore.id)
        .collect();
    assert_eq!(left, ores[2..], "the oldest are loaded first");
    assert_eq!(game.told.iter().filter(|what| matches!(what, Happening::Loaded { .. })).count(), 2);
    game.wait(1.0);
    assert_eq!((game.ship(1).hold, game.count(Kind::Ore)), (capacity, 3));
}

#[test]
fn ore_out_of_reach_stays() {
    let mut game = cleared();
    let reach = game.setup.rules.ore.radius + game.setup.rules.ship.radius;
    add_ore(&mut game, 1, Vec2::new(reach + 0.1, 0.0));
    game.wait(1.0);
    assert_eq!((game.ship(1).hold, game.count(Kind::Ore)), (0, 1));
}

#[test]
fn ore_lasts_its_time() {
    let mut game = cleared();
    add_ore(&mut game, 4, Vec2::new(30.0, 30.0));
    let seconds = game.setup.rules.ore.lifetime_seconds;
    game.wait(seconds - 0.1);
    assert_eq!(game.count(Kind::Ore), 4);
    game.wait(0.2);
    assert_eq!(game.count(Kind::Ore), 0);
}

#[test]
fn the_ore_of_a_world_is_bounded() {
    let mut game = cleared();
    add_ore(&mut game, sim::ORE_LIMIT as u32 - 3, Vec2::new(-60.0, -30.0));
    game.ship_key(1, |entity, _| entity.hold = 10);
    game.step(&TickInputs { leaves: vec![shared::id::PlayerId(1)], ..TickInputs::default() });
    assert_eq!(game.count(Kind::Ore), sim::ORE_LIMIT);
}

#[test]
fn mined_rocks_are_replaced_after_a_while() {
    let mut setup = shipped("belt");
    setup.mode.asteroids_per_player = 0.1;
    let mut game = Game::new(setup);
    assert_eq!(rocks(&game), [2; 5]);
    game.rewrite(|key| {
        key.entities.remove(0);
        key.entities.remove(0);
    });
    let seconds = game.setup.rules.asteroid.respawn_seconds;
    game.wait(seconds - 0.1);
    assert_eq!(rocks(&game), [2; 3]);
    game.wait(0.2);
    assert_eq!(rocks(&game), [2; 5]);
    game.wait(seconds * 3.0);
    assert_eq!(rocks(&game), [2; 5], "and not more");
}
