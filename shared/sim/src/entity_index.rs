//! The living entities by id, with their kind and ECS address; and [`Spawner`], which alone adds and removes them.

use bevy_ecs::prelude::{Commands, Entity, Query, ResMut, Resource};
use bevy_ecs::query::{Or, With};
use bevy_ecs::system::SystemParam;
use glam::Vec2;
use shared::entity::Kind;
use shared::id::{NetId, PlayerId};
use shared::movement::{Motion, ShipMotion};

use crate::components::{Bolt, Cargo, Crew, Drift, Flight, Hull, Ore, PastHit, Rock, Trail};

/// Most loads of ore in a world; beyond it, rocks and wrecks leave none.
pub const ORE_LIMIT: usize = 8192;

/// One living entity.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub id: NetId,
    pub kind: Kind,
    pub entity: Entity,
}

/// Every living entity, ascending by id. Ids are given out in ascending order, so a new one goes to the end.
#[derive(Resource, Debug)]
pub struct EntityIndex {
    entries: Vec<Entry>,
    next: u32,
    first_of_tick: NetId,
    ores: usize,
    stale: bool,
}

impl EntityIndex {
    /// No entities; the first one will get the id `next`.
    pub fn new(next: u32) -> EntityIndex {
        EntityIndex { entries: Vec::new(), next, first_of_tick: NetId(next), ores: 0, stale: false }
    }

    /// The next id to give out.
    pub fn next_id(&self) -> u32 {
        self.next
    }

    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub fn of(&self, kind: Kind) -> impl Iterator<Item = Entry> + '_ {
        self.entries.iter().filter(move |entry| entry.kind == kind).copied()
    }

    pub fn find(&self, id: NetId) -> Option<Entry> {
        self.entries.binary_search_by_key(&id, |entry| entry.id).ok().map(|index| self.entries[index])
    }

    /// Whether the entity came into the world in this tick.
    pub fn is_new(&self, id: NetId) -> bool {
        id >= self.first_of_tick
    }

    pub fn begin_tick(&mut self) {
        self.first_of_tick = NetId(self.next);
    }

    /// Enters an entity that a keyframe names; ids must ascend.
    pub fn enter(&mut self, entry: Entry) {
        debug_assert!(self.entries.last().is_none_or(|last| last.id < entry.id), "ids ascend");
        self.ores += usize::from(entry.kind == Kind::Ore);
        self.entries.push(entry);
    }
}

/// Adds and removes entities. `None` from a spawn: the ids of this world are used up.
#[derive(SystemParam)]
pub struct Spawner<'w, 's> {
    commands: Commands<'w, 's>,
    pub entities: ResMut<'w, EntityIndex>,
}

impl Spawner<'_, '_> {
    pub fn ship(&mut self, crew: Crew, state: ShipMotion, hull: Hull) -> Option<Entry> {
        let flight = Flight { state, shown: 0, from: state.motion.position() };
        let trail = Trail::from(state.motion.position_q);
        self.spawn(Kind::Ship, (crew, flight, hull, Cargo::default(), trail))
    }

    pub fn rock(&mut self, motion: Motion, rock: Rock) -> Option<Entry> {
        self.spawn(Kind::Asteroid, (Drift(motion), rock))
    }

    pub fn bolt(&mut self, motion: Motion, bolt: Bolt) -> Option<Entry> {
        self.spawn(Kind::Bolt, (Drift(motion), bolt))
    }

    /// One load of ore, unless the world is full of it.
    pub fn ore(&mut self, at: Vec2, velocity: Vec2, ticks_left: u32) -> Option<Entry> {
        if self.entities.ores >= ORE_LIMIT {
            return None;
        }
        self.spawn(Kind::Ore, (Drift(Motion::new(at, velocity)), Ore { ticks_left }))
    }

    fn spawn(&mut self, kind: Kind, parts: impl bevy_ecs::bundle::Bundle) -> Option<Entry> {
        let id = NetId(self.entities.next);
        self.entities.next = self.entities.next.checked_add(1)?;
        let entity = self.commands.spawn(parts).id();
        let entry = Entry { id, kind, entity };
        self.entities.enter(entry);
        Some(entry)
    }

    /// Removes an entity; the next system no longer sees it.
    pub fn remove(&mut self, entry: Entry) {
        self.commands.entity(entry.entity).despawn();
        self.entities.ores -= usize::from(entry.kind == Kind::Ore);
        self.entities.stale = true;
    }
}

/// A hull that nobody has hit.
pub fn unharmed(health: u16, protection_ticks: u16) -> Hull {
    let none = PastHit::NONE;
    Hull { health, protection_ticks, killer: PlayerId::NOBODY, last_hit: none, hit_before: none }
}

/// Every entity is a ship or drifts.
type Placed = Or<(With<Flight>, With<Drift>)>;

/// Removes despawned entities from the index.
pub fn sweep(mut entities: ResMut<EntityIndex>, alive: Query<(), Placed>) {
    if entities.stale {
        entities.entries.retain(|entry| alive.contains(entry.entity));
        entities.stale = false;
    }
}
