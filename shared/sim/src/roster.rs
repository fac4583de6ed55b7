//! Which entities live: their ids in ascending order, what they are and where the ECS keeps them; and the one way in
//! which entities come and go.

use bevy_ecs::prelude::{Commands, Entity, Query, ResMut, Resource};
use bevy_ecs::query::{Or, With};
use bevy_ecs::system::SystemParam;
use glam::Vec2;
use shared::entity::Kind;
use shared::id::{NetId, PlayerId};
use shared::movement::{Motion, ShipMotion};

use crate::components::{Bolt, Cargo, Crew, Drift, Flight, Hull, Ore, Rock, Trail};

/// Most loads of ore in a world; beyond it, rocks and wrecks leave none.
pub const ORE_LIMIT: usize = 8192;

/// One living entity.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    pub id: NetId,
    pub kind: Kind,
    pub entity: Entity,
}

/// Every living entity, ascending by id. Ids are given out in ascending order, so a new one goes to the end.
#[derive(Resource, Debug)]
pub struct Roster {
    slots: Vec<Slot>,
    next: u32,
    first_of_tick: NetId,
    ores: usize,
    stale: bool,
}

impl Roster {
    /// Nobody lives yet; the first entity gets the given id.
    pub fn new(next: u32) -> Roster {
        Roster { slots: Vec::new(), next, first_of_tick: NetId(next), ores: 0, stale: false }
    }

    /// The next id to give out.
    pub fn next_id(&self) -> u32 {
        self.next
    }

    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    pub fn of(&self, kind: Kind) -> impl Iterator<Item = Slot> + '_ {
        self.slots.iter().filter(move |slot| slot.kind == kind).copied()
    }

    pub fn find(&self, id: NetId) -> Option<Slot> {
        self.slots.binary_search_by_key(&id, |slot| slot.id).ok().map(|index| self.slots[index])
    }

    /// Whether the entity came into the world in this tick.
    pub fn is_new(&self, id: NetId) -> bool {
        id >= self.first_of_tick
    }

    pub fn begin_tick(&mut self) {
        self.first_of_tick = NetId(self.next);
    }

    /// Enters an entity that a keyframe names; ids must ascend.
    pub fn enter(&mut self, slot: Slot) {
        debug_assert!(self.slots.last().is_none_or(|last| last.id < slot.id), "ids ascend");
        self.ores += usize::from(slot.kind == Kind::Ore);
        self.slots.push(slot);
    }
}

/// Lets entities come and go. `None` from a spawn: the ids of this world are used up.
#[derive(SystemParam)]
pub struct Spawner<'w, 's> {
    commands: Commands<'w, 's>,
    pub roster: ResMut<'w, Roster>,
}

impl Spawner<'_, '_> {
    pub fn ship(&mut self, crew: Crew, state: ShipMotion, hull: Hull) -> Option<Slot> {
        let flight = Flight { state, shown: 0, from: state.motion.position() };
        let trail = Trail::from(state.motion.position_q);
        self.spawn(Kind::Ship, (crew, flight, hull, Cargo::default(), trail))
    }

    pub fn rock(&mut self, motion: Motion, rock: Rock) -> Option<Slot> {
        self.spawn(Kind::Asteroid, (Drift(motion), rock))
    }

    pub fn bolt(&mut self, motion: Motion, bolt: Bolt) -> Option<Slot> {
        self.spawn(Kind::Bolt, (Drift(motion), bolt))
    }

    /// One load of ore, unless the world is full of it.
    pub fn ore(&mut self, at: Vec2, velocity: Vec2, ticks_left: u32) -> Option<Slot> {
        if self.roster.ores >= ORE_LIMIT {
            return None;
        }
        self.spawn(Kind::Ore, (Drift(Motion::new(at, velocity)), Ore { ticks_left }))
    }

    fn spawn(&mut self, kind: Kind, parts: impl bevy_ecs::bundle::Bundle) -> Option<Slot> {
        let id = NetId(self.roster.next);
        self.roster.next = self.roster.next.checked_add(1)?;
        let entity = self.commands.spawn(parts).id();
        let slot = Slot { id, kind, entity };
        self.roster.enter(slot);
        Some(slot)
    }

    /// The entity is gone from the next system on.
    pub fn remove(&mut self, slot: Slot) {
        self.commands.entity(slot.entity).despawn();
        self.roster.ores -= usize::from(slot.kind == Kind::Ore);
        self.roster.stale = true;
    }
}

/// Who dealt no blow yet.
pub fn unharmed(health: u16, protection_ticks: u16) -> Hull {
    Hull { health, protection_ticks, killer: PlayerId::NOBODY }
}

/// Every entity is a ship or drifts.
type Placed = Or<(With<Flight>, With<Drift>)>;

/// Strikes those from the list who are gone.
pub fn sweep(mut roster: ResMut<Roster>, alive: Query<(), Placed>) {
    if roster.stale {
        roster.slots.retain(|slot| alive.contains(slot.entity));
        roster.stale = false;
    }
}
