//! The recent past of the world, kept once for all viewers: the values of their baselines.

use shared::entity::EntityState;
use shared::event::Event;
use shared::id::{NetId, Tick};
use shared::snapshot::WorldSnapshot;
use std::collections::VecDeque;

/// Ticks kept. A viewer whose baseline is older is sent full records.
pub const HISTORY_TICKS: usize = 32;

/// Entities and events of one past tick.
#[derive(Debug, Default)]
pub struct PastTick {
    pub tick: Tick,
    /// Every entity, ascending by id.
    pub entities: Vec<EntityState>,
    /// What happened in it.
    pub events: Vec<Event>,
}

/// A ring of past ticks, the newest last.
#[derive(Debug, Default)]
pub struct History {
    ring: VecDeque<PastTick>,
}

impl History {
    /// Moves a world into the ring and leaves emptied buffers of the oldest tick in its place.
    pub fn keep(&mut self, world: &mut WorldSnapshot) {
        if world.tick == Tick(0) && world.entities.is_empty() {
            return;
        }
        let recycled =
            if self.ring.len() >= HISTORY_TICKS { self.ring.pop_front() } else { None }.unwrap_or_default();
        let entities = std::mem::replace(&mut world.entities, recycled.entities);
        let events = std::mem::replace(&mut world.events, recycled.events);
        self.ring.push_back(PastTick { tick: world.tick, entities, events });
    }

    /// The newest tick kept.
    pub fn newest(&self) -> Option<&PastTick> {
        self.ring.back()
    }

    /// A tick, if it is still kept.
    pub fn past(&self, tick: Tick) -> Option<&PastTick> {
        let newest = self.newest()?.tick;
        let back = newest.since(tick) as usize;
        self.ring.get(self.ring.len().checked_sub(back + 1)?).filter(|past| past.tick == tick)
    }

    /// An entity as it was at a tick, if that is still kept.
    pub fn entity(&self, tick: Tick, id: NetId) -> Option<&EntityState> {
        let past = self.past(tick)?;
        past.entities.binary_search_by_key(&id, |entity| entity.id).ok().map(|index| &past.entities[index])
    }

    /// What happened after a tick, as far as it is kept.
    pub fn events_since(&self, tick: Tick) -> impl Iterator<Item = &Event> {
        // Most viewers miss only the newest tick, which is not in here yet.
        let none = self.newest().is_none_or(|newest| newest.tick <= tick);
        let first = if none { self.ring.len() } else { self.ring.partition_point(|past| past.tick <= tick) };
        self.ring.range(first..).flat_map(|past| &past.events)
    }
}
