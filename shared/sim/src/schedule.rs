//! The order of a tick: one chain of systems, run by one thread.

use bevy_ecs::prelude::{IntoScheduleConfigs, Schedule, World};
use bevy_ecs::schedule::{LogLevel, ScheduleBuildSettings, ScheduleLabel, SingleThreadedExecutor};

use crate::players::any_drones;
use crate::{
    asteroids, bolts, commands, drones, entity_index, flight, lives, ore, population, rewind, rounds,
    spatial_grid, stations, tick_context,
};

#[derive(ScheduleLabel, Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Step;

/// The systems of a tick, in their order.
///
/// A chain leaves nothing undecided; building it fails if a system is ever added beside it.
pub fn step(world: &mut World) -> Schedule {
    let mut schedule = Schedule::new(Step);
    schedule.set_executor(SingleThreadedExecutor::new());
    schedule.set_build_settings(ScheduleBuildSettings {
        ambiguity_detection: LogLevel::Error,
        ..ScheduleBuildSettings::default()
    });
    schedule.add_systems(
        (
            (
                tick_context::begin,
                commands::apply,
                population::adjust,
                rounds::vote,
                rounds::turn,
                asteroids::drift,
                spatial_grid::place_drifting,
            )
                .chain(),
            (
                spatial_grid::place_ships.run_if(any_drones),
                drones::think.run_if(any_drones),
                flight::fly,
                spatial_grid::place_ships,
                bolts::fly_bolts,
                rewind::launch,
            )
                .chain(),
            (asteroids::shatter, lives::bury, rounds::end_bout, ore::load, ore::expire).chain(),
            (stations::serve, stations::recover, lives::respawn, asteroids::replenish, entity_index::sweep)
                .chain(),
        )
            .chain(),
    );
    schedule.initialize(world).expect("the systems form one chain");
    schedule
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::WorldRules;
    use crate::stations::Prices;
    use bevy_ecs::prelude::ResMut;
    use shared::round::Round;

    fn beside_the_chain(_: ResMut<Prices>) {}

    #[test]
    fn the_chain_leaves_nothing_undecided_and_what_stands_beside_it_is_found() {
        let mut world = World::new();
        world.insert_resource(
            WorldRules::new(&crate::scripted::setup(), &Round::default()).expect("a sound setup"),
        );
        let mut schedule = step(&mut world);
        schedule.add_systems(beside_the_chain);
        assert!(schedule.initialize(&mut world).is_err());
    }
}
