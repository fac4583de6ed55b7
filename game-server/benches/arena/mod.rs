//! arena-N with flying players: what the bench and the instruction counts measure.

use room::snapshot::Interest;
use shared::angle::Angle;
use shared::command::{Join, PlayerInput, TickInputs};
use shared::id::{PlayerId, Tick};
use shared::input::{Buttons, Controls};
use shared::rules::{Arena, Mode, Rules};
use shared::setup::{DEFAULT_TICK_RATE_HZ, Setup};
use shared::snapshot::WorldSnapshot;
use shared::text::Name;
use sim::Sim;

/// One ship and two rocks.
const ENTITIES_PER_PLAYER: u32 = 3;
/// Ticks before anything is measured: ships fly by then.
pub const WARM_UP_TICKS: u32 = 60;

/// A world with players whose controls change every tick.
pub struct World {
    pub setup: Setup,
    pub sim: Sim,
    pub players: u32,
}

impl World {
    pub fn new(entities: u32) -> World {
        let players = entities / ENTITIES_PER_PLAYER;
        let rules: Rules =
            toml::from_str(include_str!("../../../assets/rules.toml")).expect("the game's rules");
        let mode: Mode =
            toml::from_str(include_str!("../../../assets/modes/arena.toml")).expect("the arena's mode");
        let arena: Arena =
            toml::from_str(include_str!("../../../assets/arenas/open.toml")).expect("the open arena");
        let mode = Mode { capacity: players as u16, ..mode };
        let setup = Setup {
            rules,
            mode,
            arenas: vec![arena],
            tick_rate_hz: DEFAULT_TICK_RATE_HZ,
            drones: 0,
            seed: 1,
        };
        let mut sim = Sim::new(&setup).expect("a sound setup");
        let join = |player| Join {
            player: PlayerId(player),
            name: Name::from_input("bench"),
            hull: Default::default(),
        };
        sim.step(&TickInputs { joins: (1..=players).map(join).collect(), ..TickInputs::default() });
        let mut world = World { setup, sim, players };
        for _ in 0..WARM_UP_TICKS {
            world.step();
        }
        world
    }

    pub fn inputs(&self) -> TickInputs {
        let tick = self.sim.tick();
        let input = |player: u32| PlayerInput {
            player: PlayerId(player),
            controls: controls(PlayerId(player), tick),
        };
        TickInputs { inputs: (1..=self.players).map(input).collect(), ..TickInputs::default() }
    }

    pub fn step(&mut self) {
        let inputs = self.inputs();
        self.sim.step(&inputs);
    }

    pub fn next_capture(&mut self) -> WorldSnapshot {
        self.step();
        self.sim.capture()
    }

    pub fn interests(&self, world: &WorldSnapshot) -> Vec<Interest> {
        let ships = world.pilots.iter().filter_map(|pilot| world.entity(pilot.ship?));
        ships.map(|ship| Interest::around(ship.motion.position_q, &self.setup)).collect()
    }
}

/// Everybody turns a little, differently; most thrust.
pub fn controls(PlayerId(player): PlayerId, Tick(tick): Tick) -> Controls {
    Controls {
        buttons: if (tick / 30 + player).is_multiple_of(4) { Buttons(0) } else { Buttons::THRUST },
        aim: Angle::from_step((player.wrapping_mul(37) + tick * (1 + player % 5)) as u16),
        ..Controls::default()
    }
}
