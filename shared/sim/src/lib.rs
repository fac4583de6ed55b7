//! The authoritative simulation of Driftbelt: a pure, deterministic step.
//!
//! The world changes only in [`Sim::step`], only by its inputs. Same setup and same inputs make the same
//! [`Sim::state_hash`] at every tick on every machine. No IO, no clock, no threads, no bytes; entities are named by
//! `NetId`, and everything whose order matters goes in the order of ids.
//!
//! To read it: `schedule` (the order of a tick) → `components` → the systems, in that order: `commands`, `population`,
//! `rounds`, `asteroids`, `drones`, `flight`, `bolts`, `rewind`, `lives`, `ore`, `stations`. Around them: `entity_index` and `players`
//! (what lives), `spatial_grid` (what is near), `rules`, `walls` and `tuning` (numbers), `view` → `capture`, `hash`, `keyframe` (state
//! as data), [`replay`] (recordings), [`clip`] (parts of them).

#![cfg_attr(not(test), warn(clippy::disallowed_methods, clippy::disallowed_types))]
#![allow(clippy::too_many_arguments, reason = "a system's arguments are what it reads and writes")]

mod asteroids;
mod bolts;
mod capture;
pub mod clip;
mod commands;
mod components;
mod differences;
mod drones;
mod entity_index;
mod flight;
mod hash;
mod keyframe;
mod lives;
pub mod naive_pilot;
mod ore;
mod places;
mod players;
mod population;
pub mod replay;
mod rewind;
mod rounds;
mod rules;
mod schedule;
pub mod scripted;
mod spatial_grid;
mod stations;
mod tick_context;
mod tuning;
mod view;
mod walls;

use bevy_ecs::prelude::{Schedule, World};
use bevy_ecs::system::RunSystemOnce;
use shared::command::{FIRST_DRONE, TickInputs};
use shared::id::{NetId, PlayerId, Tick};
use shared::keyframe::Keyframe;
use shared::rules::RuleError;
use shared::setup::Setup;
use shared::snapshot::WorldSnapshot;

use crate::asteroids::RocksDue;
use crate::entity_index::EntityIndex;
use crate::players::Players;
use crate::rewind::FiredBolts;
use crate::rounds::CurrentRound;
use crate::rules::WorldRules;
use crate::spatial_grid::{OreGrid, RockGrid, ShipGrid, SpatialGrid};
use crate::stations::Prices;
use crate::tick_context::{Clock, EventQueue, Inputs, Rng};
use crate::view::{WorldReader, WorldView};

pub use crate::commands::DRONES_LIMIT;
pub use crate::differences::{Component, Difference, Subject};
pub use crate::entity_index::ORE_LIMIT;
pub use crate::keyframe::KeyframeError;

/// One world.
pub struct Sim {
    world: World,
    schedule: Schedule,
    reader: WorldReader,
}

impl Sim {
    /// The version of the simulation: recordings are re-simulated by the build that made them. The last number is raised by
    /// hand whenever a change makes the same inputs lead to other states.
    pub const BUILD: &str = concat!("driftbelt-sim-", env!("CARGO_PKG_VERSION"), "-p1-r5");

    /// A new world at tick 0: rocks and stations, nobody in it yet.
    ///
    /// # Errors
    /// [`RuleError`] if a number of the setup is out of range.
    pub fn new(setup: &Setup) -> Result<Sim, RuleError> {
        let round = CurrentRound::first(setup);
        let rules = WorldRules::new(setup, &round.0)?;
        let mut world = World::new();
        world.insert_resource(EntityIndex::new(1));
        world.insert_resource(Players::new(Vec::new(), FIRST_DRONE, setup.drones));
        world.insert_resource(Prices(vec![rules.price_at_rest(); rules.stations.len()]));
        world.insert_resource(RocksDue::default());
        world.insert_resource(round);
        let mut sim = Sim::from_parts(world, rules, Tick(0));
        sim.world.run_system_once(asteroids::seed).expect("everything that it reads has just been put there");
        sim.reader.gather(&sim.world);
        Ok(sim)
    }

    /// The world of a keyframe. It continues as the world did from which the keyframe was taken.
    ///
    /// # Errors
    /// [`KeyframeError`] says what in the keyframe is wrong.
    pub fn from_keyframe(setup: &Setup, key: &Keyframe) -> Result<Sim, KeyframeError> {
        let rules = WorldRules::new(setup, &key.round)?;
        let mut world = World::new();
        keyframe::restore(&mut world, &rules, key)?;
        Ok(Sim::from_parts(world, rules, key.tick))
    }

    fn from_parts(mut world: World, rules: WorldRules, tick: Tick) -> Sim {
        world.insert_resource(Clock(tick));
        world.insert_resource(Inputs::default());
        world.insert_resource(EventQueue::default());
        world.insert_resource(FiredBolts::default());
        world.insert_resource(Rng::for_tick(rules.setup.seed, tick));
        world.insert_resource(RockGrid(SpatialGrid::new(rules.half_size)));
        world.insert_resource(OreGrid(SpatialGrid::new(rules.half_size)));
        world.insert_resource(ShipGrid(SpatialGrid::new(rules.half_size)));
        world.insert_resource(rules);
        let schedule = schedule::step(&mut world);
        let mut reader = WorldReader::new(&mut world);
        reader.gather(&world);
        Sim { world, schedule, reader }
    }

    /// Steps the world by one tick.
    pub fn step(&mut self, inputs: &TickInputs) {
        self.world.resource_mut::<Inputs>().0.clone_from(inputs);
        self.schedule.run(&mut self.world);
        self.reader.gather(&self.world);
    }

    /// The tick that was last stepped.
    pub fn tick(&self) -> Tick {
        self.world.resource::<Clock>().0
    }

    /// The id of the next entity, and of the next drone.
    pub fn next_ids(&self) -> (NetId, PlayerId) {
        let (entities, players) = (self.world.resource::<EntityIndex>(), self.world.resource::<Players>());
        (NetId(entities.next_id()), PlayerId(players.next_drone))
    }

    /// Writes the world as viewers see it into buffers that are reused.
    pub fn capture_into(&self, out: &mut WorldSnapshot) {
        let events = self.world.resource::<EventQueue>();
        let round = self.world.resource::<CurrentRound>().0;
        capture::capture_into(out, self.tick(), &self.view(), self.world.resource(), round, events);
    }

    /// The world as viewers see it.
    pub fn capture(&self) -> WorldSnapshot {
        let mut out = WorldSnapshot::default();
        self.capture_into(&mut out);
        out
    }

    /// The hash of the whole state.
    pub fn state_hash(&self) -> u64 {
        let round = self.world.resource::<CurrentRound>().0;
        hash::state_hash(self.tick(), &self.view(), round, self.world.resource(), self.world.resource())
    }

    /// The whole state as plain data.
    pub fn keyframe(&self) -> Keyframe {
        let round = self.world.resource::<CurrentRound>().0;
        keyframe::take(self.tick(), &self.view(), round, self.world.resource(), self.world.resource())
    }

    /// The components of a subject in a keyframe, by name; none if it is not there.
    pub fn components(key: &Keyframe, subject: Subject) -> Vec<Component> {
        differences::components(key, subject)
    }

    /// Where two states differ, in the order of ids: for reports of a divergence.
    pub fn differences(a: &Keyframe, b: &Keyframe) -> Vec<Difference> {
        differences::between(a, b)
    }

    fn view(&self) -> WorldView<'_> {
        self.reader.view(&self.world)
    }
}
