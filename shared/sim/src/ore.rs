//! Ore adrift: ships load what they touch; the rest expires.

use bevy_ecs::prelude::{Local, Query, Res, ResMut};
use shared::entity::Kind;
use shared::event::Happening;
use shared::levels::HullKind;
use shared::movement::sweep;

use crate::components::{Cargo, Crew, Flight, Hull, Ore};
use crate::entity_index::Spawner;
use crate::players::Players;
use crate::rules::WorldRules;
use crate::spatial_grid::{OreGrid, ShipGrid};
use crate::tick_context::EventQueue;

/// Ships load the ore that they touched in this tick, until they are full, in the order of ids.
pub fn load(
    rules: Res<WorldRules>,
    ships: Res<ShipGrid>,
    ores: Res<OreGrid>,
    players: Res<Players>,
    mut cargos: Query<(&mut Cargo, &Crew, &Hull, &Flight)>,
    mut stock: Query<&mut Ore>,
    mut events: ResMut<EventQueue>,
    mut near: Local<Vec<u32>>,
) {
    if ores.0.bodies().is_empty() {
        return;
    }
    for ship in ships.0.bodies() {
        let Ok((mut cargo, crew, hull, flight)) = cargos.get_mut(ship.entity) else { continue };
        let Some(player) = players.get(crew.player).filter(|_| hull.health > 0) else { continue };
        let capacity = rules.hold_capacity(player.state.levels);
        if cargo.hold >= capacity {
            continue;
        }
        let pulls = flight.uses(player.state.levels, HullKind::Miner);
        let reach = ship.radius + if pulls { rules.ability.tractor_range } else { 0.0 };
        ores.0.near(ship.from.min(ship.at) - reach, ship.from.max(ship.at) + reach, &mut near);
        for ore in near.iter().map(|index| &ores.0.bodies()[*index as usize]) {
            let touched = sweep(ship.from, ship.at, ore.from, ore.at, reach + ore.radius).is_some();
            let Some(mut left) = stock.get_mut(ore.entity).ok().filter(|left| touched && left.ticks_left > 0)
            else {
                continue;
            };
            left.ticks_left = 0;
            cargo.hold += 1;
            events.push(&ship.motion, Happening::Loaded { ship: ship.id });
            if cargo.hold >= capacity {
                break;
            }
        }
    }
}

/// Removes ore that was loaded or whose time is over.
pub fn expire(mut stock: Query<&mut Ore>, mut spawner: Spawner) {
    for index in 0..spawner.entities.entries().len() {
        let entry = spawner.entities.entries()[index];
        if entry.kind != Kind::Ore || spawner.entities.is_new(entry.id) {
            continue;
        }
        let Ok(mut ore) = stock.get_mut(entry.entity) else { continue };
        ore.ticks_left = ore.ticks_left.saturating_sub(1);
        if ore.ticks_left == 0 {
            spawner.remove(entry);
        }
    }
}
