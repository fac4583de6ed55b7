//! Every entity's record, encoded once per tick and shared by all viewers.

use super::history::Past;
use shared::delta::{write_delta, write_full};
use shared::id::NetId;
use shared::snapshot::WorldSnapshot;

/// A run of bytes in a buffer; empty if nothing is to be sent.
type Run = (u32, u32);

/// The records of one tick, by index into the world's entities.
#[derive(Default)]
pub struct Records {
    bytes: Vec<u8>,
    ids: Vec<NetId>,
    /// The difference to the tick before; `None` for an entity that is new.
    steps: Vec<Option<Run>>,
    /// The full record, made when the first viewer needs it.
    full: Vec<Option<Run>>,
}

impl Records {
    /// Encodes the differences between two consecutive ticks.
    pub fn rebuild(&mut self, before: Option<&Past>, world: &WorldSnapshot, tick_seconds: f32) {
        self.bytes.clear();
        self.steps.clear();
        self.ids.clear();
        self.ids.extend(world.entities.iter().map(|entity| entity.id));
        self.full.clear();
        self.full.resize(world.entities.len(), None);
        let past =
            before.filter(|past| past.tick.next() == world.tick).map_or(&[][..], |past| &past.entities);
        let mut old = past.iter().peekable();
        for now in &world.entities {
            while old.next_if(|entity| entity.id < now.id).is_some() {}
            let step = old.next_if(|entity| entity.id == now.id && entity.kind == now.kind).map(|base| {
                let start = self.bytes.len() as u32;
                write_delta(base, now, 1, tick_seconds, &mut self.bytes);
                (start, self.bytes.len() as u32)
            });
            self.steps.push(step);
        }
    }

    /// An entity's id, from a table that stays in the cache while viewer after viewer reads it.
    pub fn id(&self, index: usize) -> NetId {
        self.ids[index]
    }

    /// The record that takes an entity from the tick before to now: empty if the motion rule does, `None` if the entity
    /// is new.
    pub fn step(&self, index: usize) -> Option<&[u8]> {
        self.steps[index].map(|run| self.slice(run))
    }

    /// The record that says everything about an entity.
    pub fn full(&mut self, index: usize, world: &WorldSnapshot) -> &[u8] {
        let run = match self.full[index] {
            Some(run) => run,
            None => {
                let entity = &world.entities[index];
                let name = world.pilot(entity.owner).map_or("", |pilot| pilot.name.as_str());
                let start = self.bytes.len() as u32;
                write_full(entity, name, &mut self.bytes);
                let run = (start, self.bytes.len() as u32);
                self.full[index] = Some(run);
                run
            }
        };
        self.slice(run)
    }

    fn slice(&self, (from, to): Run) -> &[u8] {
        &self.bytes[from as usize..to as usize]
    }
}
