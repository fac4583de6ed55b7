//! Reads the world as plain data, in the order of ids, for capture, hash and keyframe.

use bevy_ecs::prelude::{Query, World};
use bevy_ecs::query::QueryState;
use shared::entity::{EntityState, Kind, ShipFlags};
use shared::id::NetId;
use shared::keyframe::{BoltKey, OreKey, ShipKey};
use shared::snapshot::Pilot;

use crate::components::{Bolt, Cargo, Crew, Drift, Flight, Hull, Ore, Rock, Trail};
use crate::drones::is_hunter;
use crate::entity_index::{EntityIndex, Entry};
use crate::players::{Player, Players};
use crate::rules::WorldRules;

type ShipParts = (&'static Flight, &'static Hull, &'static Cargo, &'static Crew, &'static Trail);

/// The queries that read the world, prepared once, and every entity as of the last [gathering](WorldReader::gather).
pub struct WorldReader {
    entities: Vec<(EntityState, Hidden)>,
    ships: QueryState<ShipParts>,
    rocks: QueryState<(&'static Drift, &'static Rock)>,
    ores: QueryState<(&'static Drift, &'static Ore)>,
    bolts: QueryState<(&'static Drift, &'static Bolt)>,
}

/// The state of an entity that the wire does not show.
#[derive(Clone, Copy, Debug)]
pub enum Hidden {
    Ship(ShipKey),
    Asteroid,
    Ore(OreKey),
    Bolt(BoltKey),
}

/// A world to read.
pub struct WorldView<'w> {
    pub rules: &'w WorldRules,
    pub players: &'w Players,
    /// Every entity, ascending by id.
    pub entities: &'w [(EntityState, Hidden)],
    index: &'w EntityIndex,
    ships: Query<'w, 'w, ShipParts>,
}

/// A world whose entities are being collected.
struct Gathering<'w> {
    rules: &'w WorldRules,
    players: &'w Players,
    ships: Query<'w, 'w, ShipParts>,
    rocks: Query<'w, 'w, (&'static Drift, &'static Rock)>,
    ores: Query<'w, 'w, (&'static Drift, &'static Ore)>,
    bolts: Query<'w, 'w, (&'static Drift, &'static Bolt)>,
}

impl WorldReader {
    pub fn new(world: &mut World) -> WorldReader {
        WorldReader {
            entities: Vec::new(),
            ships: world.query(),
            rocks: world.query(),
            ores: world.query(),
            bolts: world.query(),
        }
    }

    /// Collects all entities for the readers. Call it after every change of the world.
    pub fn gather(&mut self, world: &World) {
        self.ships.update_archetypes(world);
        self.rocks.update_archetypes(world);
        self.ores.update_archetypes(world);
        self.bolts.update_archetypes(world);
        let gathering = Gathering {
            rules: world.resource::<WorldRules>(),
            players: world.resource::<Players>(),
            ships: self.ships.query_manual(world),
            rocks: self.rocks.query_manual(world),
            ores: self.ores.query_manual(world),
            bolts: self.bolts.query_manual(world),
        };
        self.entities.clear();
        let entries = world.resource::<EntityIndex>().entries();
        self.entities.extend(entries.iter().filter_map(|entry| gathering.entity(entry)));
    }

    pub fn view<'w>(&'w self, world: &'w World) -> WorldView<'w> {
        WorldView {
            rules: world.resource::<WorldRules>(),
            players: world.resource::<Players>(),
            entities: &self.entities,
            index: world.resource::<EntityIndex>(),
            ships: self.ships.query_manual(world),
        }
    }
}

impl Gathering<'_> {
    fn entity(&self, entry: &Entry) -> Option<(EntityState, Hidden)> {
        let base = EntityState { id: entry.id, kind: entry.kind, ..EntityState::default() };
        match entry.kind {
            Kind::Ship => self.ship(entry, base),
            Kind::Asteroid => {
                let (drift, rock) = self.rocks.get(entry.entity).ok()?;
                let state = EntityState { size: rock.size, health: rock.health, motion: drift.0, ..base };
                Some((state, Hidden::Asteroid))
            }
            Kind::Ore => {
                let (drift, ore) = self.ores.get(entry.entity).ok()?;
                let hidden = OreKey { id: entry.id, ticks_left: ore.ticks_left };
                Some((EntityState { motion: drift.0, ..base }, Hidden::Ore(hidden)))
            }
            Kind::Bolt => {
                let (drift, bolt) = self.bolts.get(entry.entity).ok()?;
                let hidden = BoltKey { id: entry.id, ticks_left: bolt.ticks_left, damage: bolt.damage };
                let state = EntityState {
                    size: bolt.size,
                    team: bolt.team,
                    owner: bolt.owner,
                    motion: drift.0,
                    ..base
                };
                Some((state, Hidden::Bolt(hidden)))
            }
        }
    }

    fn ship(&self, entry: &Entry, base: EntityState) -> Option<(EntityState, Hidden)> {
        let (flight, hull, cargo, crew, _) = self.ships.get(entry.entity).ok()?;
        let player = self.players.get(crew.player)?;
        let docked = self.rules.station_at(flight.state.motion.position()).is_some();
        let flag = |on: bool, flag: u8| if on { flag } else { 0 };
        let flags = flight.shown
            | flag(docked, ShipFlags::DOCKED)
            | flag(hull.protection_ticks > 0, ShipFlags::PROTECTED)
            | flag(player.state.away, ShipFlags::AWAY)
            | flag(is_hunter(&player.state), ShipFlags::HUNTER);
        let state = EntityState {
            team: crew.team,
            flags: ShipFlags(flags),
            motion: flight.state.motion,
            heading: flight.state.heading,
            health: hull.health,
            hold: cargo.hold,
            levels: player.state.levels,
            score: player.state.score,
            owner: crew.player,
            ..base
        };
        let hidden = ShipKey {
            id: entry.id,
            energy: flight.state.energy,
            cooldown: flight.state.cooldown,
            ability: flight.state.ability,
            protection_ticks: hull.protection_ticks,
            bank_progress: cargo.bank_progress,
            haul: cargo.haul,
            hit_by: hull.last_hit.by,
            hit_until: hull.last_hit.until,
            hit_before_by: hull.hit_before.by,
            hit_before_until: hull.hit_before.until,
        };
        Some((state, Hidden::Ship(hidden)))
    }
}

impl WorldView<'_> {
    pub fn next_net_id(&self) -> u32 {
        self.index.next_id()
    }

    pub fn pilot(&self, player: &Player) -> Pilot {
        let state = &player.state;
        let flight = state.ship.and_then(|ship| self.flight(ship));
        Pilot {
            player: state.player,
            name: state.name.clone(),
            team: state.team,
            drone: player.is_drone(),
            away: state.away,
            ship: state.ship,
            energy: flight.map_or(0, |flight| flight.state.energy),
            cooldown: flight.map_or(0, |flight| flight.state.cooldown),
            ability: flight.map_or(0, |flight| flight.state.ability),
            respawn_ticks: state.respawn_ticks,
            docked: flight.and_then(|flight| self.rules.station_at(flight.state.motion.position())),
            score: state.score,
            purse: state.purse,
            streak: state.streak,
            kills: state.kills,
            deaths: state.deaths,
            levels: state.levels,
            best_haul: state.best_haul,
            escape: state.escape,
            vote: state.vote,
        }
    }

    pub fn trail(&self, ship: NetId) -> Option<&Trail> {
        let entry = self.index.find(ship)?;
        self.ships.get(entry.entity).ok().map(|(.., trail)| trail)
    }

    fn flight(&self, ship: NetId) -> Option<&Flight> {
        let entry = self.index.find(ship)?;
        self.ships.get(entry.entity).ok().map(|(flight, ..)| flight)
    }
}
