//! What one viewer was last sent, and the merge that brings it up to date.

use super::Interest;
use super::crowd::{Candidate, FULL_COST_BYTES, OLDER_COST_BYTES, choose};
use super::grid::Visible;
use super::history::History;
use super::records::Records;
use shared::delta::{RecordWriter, write_delta, write_payload};
use shared::entity::EntityState;
use shared::id::{NetId, PlayerId, Tick};
use shared::snapshot::WorldSnapshot;

/// A tick that never comes, for an entity that the viewer holds or not.
const UNKNOWN: Tick = Tick(u32::MAX - 1);

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
    candidates: Vec<Candidate>,
    order: Vec<usize>,
}

impl Viewer {
    /// Forgets everything: the next payload is made against an empty view.
    pub fn clear(&mut self) {
        self.held.clear();
    }

    /// Goes back to what the viewer held after the snapshot of an earlier tick, made with `interest`, of which these are the
    /// entities. What came into view then was held for certain; what only stays in view was held or not.
    pub(super) fn recall(&mut self, tick: Tick, entities: &[EntityState], interest: &Interest) {
        self.held.clear();
        let kept = entities.iter().filter(|entity| interest.keeps(entity.motion.at));
        self.held.extend(kept.map(|entity| {
            let certain = interest.enters(entity.motion.at);
            Held { id: entity.id, exact_at: if certain { tick } else { UNKNOWN } }
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
        let Scratch { visible, held: now_held, removed, records: written, record, .. } = scratch;
        removed.clear();
        now_held.clear();
        written.clear();
        let mut telling = Telling { world, history, records, tick_seconds, record };
        let mut writer = RecordWriter::new(written);
        let mut held = self.held.iter().peekable();
        for index in visible.drain() {
            let id = telling.records.id(index);
            while let Some(gone) = held.next_if(|held| held.id < id) {
                removed.push(gone.id);
            }
            let before = held.next_if(|held| held.id == id).map(|held| held.exact_at);
            if before == Some(UNKNOWN) && !interest.enters(world.entities[index].motion.at) {
                // At the edge, out of sight: forgotten on both sides until it comes into view.
                removed.push(id);
                continue;
            }
            if before.is_some() || interest.enters(world.entities[index].motion.at) {
                telling.tell(index, before, &mut writer);
                now_held.push(Held { id, exact_at: world.tick });
            }
        }
        removed.extend(held.map(|gone| gone.id));
        write_payload(removed, written, out);
        std::mem::swap(&mut self.held, now_held);
    }

    /// As [`Self::write`], but no more than about `budget_bytes` of records. Says whether that was everything.
    pub(super) fn write_some(
        &mut self,
        player: PlayerId,
        interest: &Interest,
        sources: Sources<'_>,
        budget_bytes: usize,
        out: &mut Vec<u8>,
    ) -> bool {
        let Sources { world, history, records, tick_seconds, scratch } = sources;
        let Scratch { visible, held: now_held, removed, records: written, record, candidates, order } =
            scratch;
        removed.clear();
        now_held.clear();
        written.clear();
        candidates.clear();
        let mut held = self.held.iter().peekable();
        for index in visible.drain() {
            let (id, entity) = (records.id(index), &world.entities[index]);
            while let Some(gone) = held.next_if(|held| held.id < id) {
                removed.push(gone.id);
            }
            let exact_at = held.next_if(|held| held.id == id).map(|held| held.exact_at);
            if exact_at == Some(UNKNOWN) && !interest.enters(entity.motion.at) {
                removed.push(id);
                continue;
            }
            let cost = match exact_at {
                Some(tick) if tick.next() == world.tick => {
                    records.step_size(index).unwrap_or(FULL_COST_BYTES)
                }
                Some(_) => OLDER_COST_BYTES,
                None if interest.enters(entity.motion.at) => FULL_COST_BYTES,
                None => continue,
            };
            let viewer = (player, interest);
            candidates.push(Candidate::new(index, entity, exact_at, cost, world.tick, viewer));
        }
        removed.extend(held.map(|gone| gone.id));
        choose(candidates, order, budget_bytes);
        let mut telling = Telling { world, history, records, tick_seconds, record };
        let mut writer = RecordWriter::new(written);
        for Candidate { index, exact_at, chosen, .. } in candidates.iter() {
            if *chosen {
                telling.tell(*index, *exact_at, &mut writer);
            }
            let exact_at = if *chosen { Some(world.tick) } else { *exact_at };
            now_held.extend(exact_at.map(|exact_at| Held { id: telling.records.id(*index), exact_at }));
        }
        write_payload(removed, written, out);
        std::mem::swap(&mut self.held, now_held);
        candidates.iter().all(|candidate| candidate.chosen)
    }
}

/// What records are made of.
struct Telling<'a> {
    world: &'a WorldSnapshot,
    history: &'a History,
    records: &'a mut Records,
    tick_seconds: f32,
    record: &'a mut Vec<u8>,
}

impl Telling<'_> {
    /// Writes what takes a viewer's state of an entity, exact at `before`, to now.
    #[inline]
    fn tell(&mut self, index: usize, before: Option<Tick>, writer: &mut RecordWriter<'_>) {
        match before {
            Some(before) if before.next() == self.world.tick && self.records.write_step(index, writer) => {}
            Some(before) => self.tell_from(index, before, writer),
            None => writer.write(self.records.id(index), self.records.full(index, self.world)),
        }
    }

    /// An older baseline is this viewer's own; a missing one is ordinary.
    fn tell_from(&mut self, index: usize, before: Tick, writer: &mut RecordWriter<'_>) {
        let id = self.records.id(index);
        let Some(base) = self.history.entity(before, id) else {
            return writer.write(id, self.records.full(index, self.world));
        };
        self.record.clear();
        let (ticks, now) = (self.world.tick.since(before), &self.world.entities[index]);
        if write_delta(base, now, ticks, self.tick_seconds, self.record) {
            writer.write(id, self.record);
        }
    }
}
