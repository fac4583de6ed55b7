//! What the tests play: the game's own assets, and a world with a few words to steer it.
#![allow(dead_code, reason = "each test file uses its own part")]

use glam::Vec2;
use shared::angle::Angle;
use shared::command::{Join, PlayerInput, TickInputs};
use shared::entity::{EntityState, Kind};
use shared::event::Happening;
use shared::id::{NetId, PlayerId};
use shared::input::{Buttons, Controls, ViewLag};
use shared::keyframe::{Keyframe, PlayerKey, ShipKey};
use shared::levels::HullKind;
use shared::movement::Motion;
use shared::quantize;
use shared::setup::Setup;
use shared::snapshot::Pilot;
use shared::text::Name;
use sim::Sim;

/// The game as it is shipped, in a mode of `assets/modes`, without drones.
pub fn shipped(mode: &str) -> Setup {
    let read = |file: &str| {
        let path = format!("{}/../../assets/{file}.toml", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).expect("an asset of the repository")
    };
    let rules = toml::from_str(&read("rules")).expect("rules");
    let mode: shared::rules::Mode = toml::from_str(&read(&format!("modes/{mode}"))).expect("a mode");
    let arena = |name: &String| toml::from_str(&read(&format!("arenas/{name}"))).expect("an arena");
    let arenas = mode.arenas.iter().map(arena).collect();
    Setup { rules, mode, arenas, tick_rate_hz: 30, drones: 0, seed: 7 }
}

/// The shipped game without any rocks: nothing is in the way.
pub fn empty_space() -> Setup {
    let mut setup = shipped("belt");
    setup.mode.asteroids_per_player = 0.0;
    setup
}

pub fn join(player: u32) -> TickInputs {
    let join = Join {
        player: PlayerId(player),
        name: Name::from_input(&format!("P{player}")),
        hull: HullKind::default(),
    };
    TickInputs { joins: vec![join], ..TickInputs::default() }
}

pub fn hold(player: u32, buttons: Buttons, aim: Angle) -> TickInputs {
    let controls = Controls { buttons, aim, ..Controls::default() };
    let input = PlayerInput { player: PlayerId(player), controls };
    TickInputs { inputs: vec![input], ..TickInputs::default() }
}

/// As [`hold`], by a player who sees others as they were a while ago.
pub fn hold_late(player: u32, buttons: Buttons, aim: Angle, lag: ViewLag) -> TickInputs {
    let mut inputs = hold(player, buttons, aim);
    inputs.inputs[0].controls.lag = lag;
    inputs
}

/// A world under test.
pub struct Game {
    pub setup: Setup,
    pub sim: Sim,
    /// Everything that happened since the start.
    pub told: Vec<Happening>,
}

impl Game {
    pub fn new(setup: Setup) -> Game {
        let sim = Sim::new(&setup).expect("a sound setup");
        Game { setup, sim, told: Vec::new() }
    }

    /// A world in which these players have just come in.
    pub fn with_players(setup: Setup, players: &[u32]) -> Game {
        let mut game = Game::new(setup);
        for player in players {
            game.step(&join(*player));
        }
        game
    }

    pub fn step(&mut self, inputs: &TickInputs) {
        self.sim.step(inputs);
        self.told.extend(self.sim.capture().events.iter().map(|event| event.what));
    }

    pub fn hold(&mut self, player: u32, buttons: Buttons, aim: Angle) {
        self.step(&hold(player, buttons, aim));
    }

    /// Steps until it is so; fails after a minute of the world's time.
    pub fn until(&mut self, what: &str, so: impl Fn(&Game) -> bool) {
        for _ in 0..60 * u32::from(self.setup.tick_rate_hz) {
            if so(self) {
                return;
            }
            self.step(&TickInputs::default());
        }
        panic!("it never came to pass: {what}");
    }

    pub fn wait(&mut self, seconds: f32) {
        for _ in 0..self.setup.ticks(seconds) {
            self.step(&TickInputs::default());
        }
    }

    /// Changes the world behind the simulation's back, as only a test may.
    pub fn rewrite(&mut self, change: impl FnOnce(&mut Keyframe)) {
        let mut key = self.sim.keyframe();
        change(&mut key);
        self.sim = Sim::from_keyframe(&self.setup, &key).expect("a keyframe that makes sense");
    }

    pub fn pilot(&self, player: u32) -> Pilot {
        self.sim.capture().pilot(PlayerId(player)).expect("a seated player").clone()
    }

    pub fn ship(&self, player: u32) -> EntityState {
        self.find_ship(player).expect("a living ship")
    }

    pub fn find_ship(&self, player: u32) -> Option<EntityState> {
        let world = self.sim.capture();
        world.pilot(PlayerId(player))?.ship.and_then(|ship| world.entity(ship).copied())
    }

    pub fn count(&self, kind: Kind) -> usize {
        self.sim.capture().entities.iter().filter(|entity| entity.kind == kind).count()
    }

    /// Puts a ship somewhere, at rest, without protection.
    pub fn place(&mut self, player: u32, at: Vec2) {
        self.ship_key(player, |entity, hidden| {
            entity.motion = Motion::new(at, Vec2::ZERO);
            hidden.protection_ticks = 0;
        });
    }

    pub fn ship_key(&mut self, player: u32, change: impl FnOnce(&mut EntityState, &mut ShipKey)) {
        self.rewrite(|key| {
            let entity = key
                .entities
                .iter_mut()
                .find(|entity| entity.kind == Kind::Ship && entity.owner == PlayerId(player));
            let entity = entity.expect("a living ship");
            let hidden = key.ships.iter_mut().find(|ship| ship.id == entity.id).expect("its hidden part");
            change(entity, hidden);
        });
    }

    pub fn player_key(&mut self, player: u32, change: impl FnOnce(&mut PlayerKey)) {
        self.rewrite(|key| {
            let seat = key.players.iter_mut().find(|seat| seat.player == PlayerId(player));
            change(seat.expect("a seated player"));
        });
    }

    /// Puts a rock somewhere; it needs a setup that allows for rocks.
    pub fn add_rock(&mut self, at: Vec2, velocity: Vec2, size: u8) -> NetId {
        let health = quantize::health(self.setup.rules.asteroid.health[usize::from(size)]);
        let mut id = NetId(0);
        self.rewrite(|key| {
            id = NetId(key.next_net_id);
            key.next_net_id += 1;
            let motion = Motion::new(at, velocity);
            key.entities.push(EntityState {
                id,
                kind: Kind::Asteroid,
                size,
                health,
                motion,
                ..EntityState::default()
            });
        });
        id
    }
}
