//! What one viewer was last sent, and the merge that brings it up to date.

use super::Interest;
use super::grid::Visible;
use super::history::History;
use super::records::Records;
use shared::delta::{RecordWriter, write_delta, write_payload};
use shared::entity::EntityState;
use shared::id::{NetId, Tick};
use shared::snapshot::WorldSnapshot;

/// One entity that a viewer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    id: NetId,
    /// The newest tick for which the viewer's state of it is exact.
    exact_at: Tick,
}

/// What one viewer holds: names and ticks only, the values are in the history that all viewers share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Viewer {
    held: Vec<Held>,
}

/// What all viewers' payloads are made of.
pub(super) struct Sources<'a> {
    pub world: &'a WorldSnapshot,
    pub history: &'a History,
    pub records: &'a mut Records,
    pub tick_seconds: f32,
    pub scratch: &'a mut Scratch,
}

/// Buffers that are reused from viewer to viewer.
#[derive(Default)]
pub struct Scratch {
    pub visible: Visible,
    held: Vec<Held>,
    removed: Vec<NetId>,
    records: Vec<u8>,
    record: Vec<u8>,
}

impl Viewer {
    /// Forgets everything: the next payload is made against an empty view.
    pub fn clear(&mut self) {
        self.held.clear();
    }

    /// Takes it that the viewer holds what a snapshot of this tick left it with: for certain what came into view then, and
    /// maybe what stayed in view. The latter gets a baseline that nobody has, so that it is sent in full or removed.
    pub(super) fn recall(&mut self, tick: Tick, entities: &[EntityState], interest: &Interest) {
        self.held.clear();
        let kept = entities.iter().filter(|entity| interest.keeps(entity.motion.at));
        self.held.extend(kept.map(|entity| {
            let certain = interest.enters(entity.motion.at);
            Held { id: entity.id, exact_at: if certain { tick } else { Tick(0) } }
        }));
    }

    /// How many entities the viewer holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether the viewer holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Merges what is held with `scratch.visible` and appends the payload. Both ascend by id.
    pub(super) fn write(&mut self, interest: &Interest, sources: Sources<'_>, out: &mut Vec<u8>) {
        let Sources { world, history, records, tick_seconds, scratch } = sources;
        let Scratch { visible, held: now_held, removed, records: written, record } = scratch;
        removed.clear();
        now_held.clear();
        written.clear();
        let mut writer = RecordWriter::new(written);
        let mut held = self.held.iter().peekable();
        for index in visible.drain() {
            let id = records.id(index);
            while let Some(gone) = held.next_if(|held| held.id < id) {
                removed.push(gone.id);
            }
            let Some(before) = held.next_if(|held| held.id == id) else {
                if interest.enters(world.entities[index].motion.at) {
                    now_held.push(Held { id, exact_at: world.tick });
                    writer.write(id, records.full(index, world));
                }
                continue;
            };
            now_held.push(Held { id, exact_at: world.tick });
            if before.exact_at.next() == world.tick && records.write_step(index, &mut writer) {
                continue;
            }
            // An older baseline is this viewer's own; a missing one is ordinary.
            match history.entity(before.exact_at, id) {
                Some(base) => {
                    record.clear();
                    let ticks = world.tick.since(before.exact_at);
                    if write_delta(base, &world.entities[index], ticks, tick_seconds, record) {
                        writer.write(id, record);
                    }
                }
                None => writer.write(id, records.full(index, world)),
            }
        }
        removed.extend(held.map(|gone| gone.id));
        write_payload(removed, written, out);
        std::mem::swap(&mut self.held, now_held);
    }
}
