//! What one viewer was last sent, and the merge that brings it up to date.

use super::Interest;
use super::crowd::{Candidate, FULL_COST_BYTES, OLDER_COST_BYTES, choose};
use super::grid::Visible;
use super::history::History;
use super::records::{FullRecords, Line, Steps};
use shared::delta::{RecordWriter, write_delta, write_payload};
use shared::entity::EntityState;
use shared::id::{NetId, PlayerId, Tick};
use shared::snapshot::WorldSnapshot;

/// A tick that never comes, for an entity that the viewer holds or not.
const UNKNOWN: Tick = Tick(u32::MAX - 1);

/// One entity that a viewer holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    pub steps: &'a Steps,
    pub full: &'a mut FullRecords,
    pub tick_seconds: f32,
    pub scratch: &'a mut Scratch,
}

/// Buffers that are reused from viewer to viewer.
#[derive(Default)]
pub struct Scratch {
    pub visible: Visible,
    /// Room for a viewer that holds everything.
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

    /// Brings the viewer up to date with all of `scratch.visible` and appends the payload.
    pub(super) fn write(&mut self, interest: &Interest, sources: Sources<'_>, out: &mut Vec<u8>) {
        let Sources { world, history, steps, full, tick_seconds, scratch } = sources;
        let Scratch { visible, held: now_held, removed, records, record, .. } = scratch;
        records.clear();
        now_held.resize(world.entities.len(), Held::default());
        let mut kept = 0;
        let mut writer = RecordWriter::new(records);
        let mut telling = Telling { world, history, full, tick_seconds, record };
        merge(&self.held, visible, steps.lines(), removed, |index, line, before| {
            match before {
                Some(exact_at) if exact_at.next() == world.tick && !line.is_new => {
                    steps.write(line, &mut writer);
                }
                _ if !is_held_on(before, &world.entities[index], interest) => return false,
                _ => telling.tell(index, before, &mut writer),
            }
            now_held[kept] = Held { id: line.id, exact_at: world.tick };
            kept += 1;
            true
        });
        writer.finish();
        write_payload(removed, records, out);
        self.held.clear();
        self.held.extend_from_slice(&now_held[..kept]);
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
        let Sources { world, history, steps, full, tick_seconds, scratch } = sources;
        let Scratch { visible, removed, records, record, candidates, order, .. } = scratch;
        let lines = steps.lines();
        let is_step = |line: Line, before: Tick| before.next() == world.tick && !line.is_new;
        candidates.clear();
        merge(&self.held, visible, lines, removed, |index, line, before| {
            let entity = &world.entities[index];
            if !is_held_on(before, entity, interest) {
                return false;
            }
            let cost = match before {
                Some(before) if is_step(line, before) => usize::from(line.length),
                Some(_) => OLDER_COST_BYTES,
                None => FULL_COST_BYTES,
            };
            let viewer = (player, interest);
            candidates.push(Candidate::new(index, entity, before, cost, world.tick, viewer));
            true
        });
        choose(candidates, order, budget_bytes);
        records.clear();
        self.held.clear();
        let mut writer = RecordWriter::new(records);
        let mut telling = Telling { world, history, full, tick_seconds, record };
        for Candidate { index, exact_at, chosen, .. } in candidates.iter() {
            let line = lines[*index];
            match exact_at {
                _ if !chosen => {}
                Some(before) if is_step(line, *before) => steps.write(line, &mut writer),
                before => telling.tell(*index, *before, &mut writer),
            }
            let exact_at = if *chosen { Some(world.tick) } else { *exact_at };
            self.held.extend(exact_at.map(|exact_at| Held { id: line.id, exact_at }));
        }
        writer.finish();
        write_payload(removed, records, out);
        candidates.iter().all(|candidate| candidate.chosen)
    }
}

/// Walks through what is in sight and what is held, both ascending by id. `each` is told of an entity in sight and of the
/// newest tick for which the viewer's state of it is exact, if it is held; it says whether the entity is held from now on.
/// Of what was held, the rest is `removed`. For every entity in every view: a call of its own would cost as much again.
#[inline(always)]
fn merge(
    held: &[Held],
    visible: &mut Visible,
    lines: &[Line],
    removed: &mut Vec<NetId>,
    mut each: impl FnMut(usize, Line, Option<Tick>) -> bool,
) {
    removed.clear();
    let mut place = 0;
    visible.drain(|index| {
        let line = lines[index];
        while place < held.len() && held[place].id < line.id {
            removed.push(held[place].id);
            place += 1;
        }
        let before = held.get(place).filter(|held| held.id == line.id).map(|held| held.exact_at);
        place += usize::from(before.is_some());
        if !each(index, line, before) && before.is_some() {
            removed.push(line.id);
        }
    });
    removed.extend(held[place..].iter().map(|gone| gone.id));
}

/// Whether an entity in sight is held from now on. Not so one that has not come into view yet, and one at the edge of it that
/// the viewer holds or not: that is forgotten on both sides until it comes into view.
fn is_held_on(before: Option<Tick>, entity: &EntityState, interest: &Interest) -> bool {
    before.is_some_and(|exact_at| exact_at != UNKNOWN) || interest.enters(entity.motion.at)
}

/// What the rarer records are made of.
struct Telling<'a> {
    world: &'a WorldSnapshot,
    history: &'a History,
    full: &'a mut FullRecords,
    tick_seconds: f32,
    record: &'a mut Vec<u8>,
}

impl Telling<'_> {
    /// Writes what takes a viewer's state of an entity, exact at `before`, to now. An older baseline is this viewer's own; a
    /// missing one is ordinary.
    #[cold]
    fn tell(&mut self, index: usize, before: Option<Tick>, writer: &mut RecordWriter<'_>) {
        let now = &self.world.entities[index];
        let base = before.and_then(|before| Some((before, self.history.entity(before, now.id)?)));
        let Some((before, base)) = base else {
            return writer.write(now.id, self.full.of(index, self.world));
        };
        self.record.clear();
        let ticks = self.world.tick.since(before);
        if write_delta(base, now, ticks, self.tick_seconds, self.record) {
            writer.write(now.id, self.record);
        }
    }
}
