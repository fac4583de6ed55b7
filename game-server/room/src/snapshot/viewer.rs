//! What one viewer was last sent, and what brings it up to date.

use super::Interest;
use super::crowd::{Candidate, FULL_COST_BYTES, OLDER_COST_BYTES, choose};
use super::grid::{Bits, Grid, Sight};
use super::history::History;
use super::records::{LazyRecords, Steps};
use shared::delta::{RecordWriter, write_removed};
use shared::entity::EntityState;
use shared::id::{NetId, PlayerId, Tick};
use shared::snapshot::WorldSnapshot;

/// A tick that never comes, for an entity that the viewer holds or not.
const UNKNOWN: Tick = Tick(u32::MAX - 1);
/// What one viewer holds: names and ticks only, the values are in the history that all viewers share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Viewer {
    /// Ascending.
    ids: Vec<NetId>,
    /// The newest tick for which its state of everything is exact, but for the exceptions.
    exact_at: Tick,
    /// The ticks for each, if they differ.
    exceptions: Vec<Tick>,
}

/// What all viewers' payloads are made of.
pub(super) struct Sources<'a> {
    pub world: &'a WorldSnapshot,
    pub grid: &'a Grid,
    pub history: &'a History,
    pub steps: &'a Steps,
    pub far_steps: &'a Steps,
    pub lazy: &'a mut LazyRecords,
    pub tick_seconds: f32,
    pub scratch: &'a mut Scratch,
}

/// Buffers that are reused from viewer to viewer.
#[derive(Default)]
pub struct Scratch {
    /// What is in sight.
    pub sight: Sight,
    /// Of that, by the bits of the sight, what takes a far step.
    far: Vec<u64>,
    /// What takes neither, and which state the viewer has of each of those.
    rest: Vec<u64>,
    rest_before: Vec<Option<Tick>>,
    removed: Vec<NetId>,
    candidates: Vec<Candidate>,
    order: Vec<usize>,
}

impl Viewer {
    /// Forgets everything: the next payload is made against an empty view.
    pub fn clear(&mut self) {
        self.ids.clear();
        self.exceptions.clear();
    }

    /// Goes back to what the viewer held after the snapshot of an earlier tick, made with `interest`, of which these are the
    /// entities. What came into view then was held for certain; what only stays in view was held or not.
    pub(super) fn recall(&mut self, tick: Tick, entities: &[EntityState], interest: &Interest) {
        let kept = entities.iter().filter(|entity| interest.keeps(entity.motion.position_q));
        self.hold(kept.map(|entity| {
            let certain = interest.enters(entity.motion.position_q);
            (entity.id, if certain { tick } else { UNKNOWN })
        }));
    }

    /// How many entities the viewer holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether the viewer holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Holds this from now on, each exact as of its tick.
    fn hold(&mut self, held: impl Iterator<Item = (NetId, Tick)>) {
        self.clear();
        for (id, exact_at) in held {
            self.ids.push(id);
            self.exceptions.push(exact_at);
        }
        self.exact_at = self.exceptions.first().copied().unwrap_or_default();
        if self.exceptions.iter().all(|exact_at| *exact_at == self.exact_at) {
            self.exceptions.clear();
        }
    }

    /// Brings the viewer up to date with what is in sight and appends the payload. What is held as of the tick that most viewers
    /// hold theirs of, and has not changed since, costs no more than the comparison of its id.
    pub(super) fn write(&mut self, interest: &Interest, sources: Sources<'_>, out: &mut Vec<u8>) {
        if self.exceptions.is_empty() && sources.steps.since() == Some(self.exact_at) {
            self.write_from::<true>(interest, sources, out);
        } else {
            self.write_from::<false>(interest, sources, out);
        }
    }

    /// `ALL_STEP`: everything is held as of the tick that most viewers hold theirs of.
    fn write_from<const ALL_STEP: bool>(
        &mut self,
        interest: &Interest,
        sources: Sources<'_>,
        out: &mut Vec<u8>,
    ) {
        let Sources { world, grid, history, steps, far_steps, lazy, tick_seconds, scratch } = sources;
        let Scratch { sight, far, rest, rest_before, removed, .. } = scratch;
        let Viewer { ids, exact_at, exceptions } = self;
        let blocks = grid.blocks(sight);
        let held_as_of = |place: usize| Some(exceptions.get(place).copied().unwrap_or(*exact_at));
        let steps_from = |place: usize| ALL_STEP || held_as_of(place) == steps.since();
        let mut same = true;
        removed.clear();
        far.clear();
        rest.clear();
        rest_before.clear();
        let mut place = 0;
        for (block, seen) in blocks.iter().zip(&mut sight.bits) {
            let (mut far_ones, mut others) = (0, 0);
            for bit in Bits(*seen) {
                let id = block.id(bit);
                if ids.get(place) == Some(&id) && steps_from(place) {
                    place += 1;
                    continue;
                }
                let held = seek(ids, &mut place, id, removed);
                let before = if held { held_as_of(place) } else { None };
                place += usize::from(held);
                match before {
                    Some(_) if before == steps.since() => {}
                    Some(_) if before == far_steps.since() => far_ones |= 1 << bit,
                    _ if is_held_on(before, &world.entities[block.index(bit)], interest) => {
                        others |= 1 << bit;
                        rest_before.push(before);
                        same &= held;
                    }
                    _ => {
                        *seen &= !(1 << bit);
                        removed.extend(held.then_some(id));
                    }
                }
            }
            far.push(far_ones);
            rest.push(others);
        }
        removed.extend(&ids[place..]);
        if !same || !removed.is_empty() {
            ids.clear();
            for (block, held) in blocks.iter().zip(&sight.bits) {
                ids.extend(Bits(*held).map(|bit| block.id(bit)));
            }
        }
        exceptions.clear();
        *exact_at = world.tick;
        write_removed(removed, out);
        let mut writer = RecordWriter::new(out);
        let mut telling = Telling { world, history, lazy, tick_seconds };
        let mut rest_before = rest_before.iter();
        for (((block, held), far), rest) in blocks.iter().zip(&sight.bits).zip(far).zip(rest) {
            let changed = block.changed() & !*far | block.far_changed() & *far;
            for bit in Bits(*held & changed | *rest) {
                let (index, one) = (block.index(bit), 1 << bit);
                let (shared, before) = match () {
                    () if *rest & one != 0 => (None, *rest_before.next().unwrap_or(&None)),
                    () if *far & one != 0 => (Some(far_steps), far_steps.since()),
                    () => (Some(steps), steps.since()),
                };
                if !shared.is_some_and(|shared| shared.write_from(before, index, &mut writer)) {
                    telling.tell(index, before, &mut writer);
                }
            }
        }
        writer.finish();
    }

    /// Brings what is in sight up to date, which is only a part of what the viewer sees, and appends the payload. The rest stays
    /// as it is held.
    pub(super) fn write_part(&mut self, sources: Sources<'_>, out: &mut Vec<u8>) {
        let Sources { world, grid, history, steps, lazy, tick_seconds, scratch, .. } = sources;
        let Viewer { ids, exact_at, exceptions } = self;
        if exceptions.is_empty() {
            exceptions.resize(ids.len(), *exact_at);
        }
        write_removed(&[], out);
        let mut writer = RecordWriter::new(out);
        let mut telling = Telling { world, history, lazy, tick_seconds };
        let mut place = 0;
        for (block, seen) in grid.blocks(&scratch.sight).iter().zip(&scratch.sight.bits) {
            for bit in Bits(*seen) {
                let (id, index) = (block.id(bit), block.index(bit));
                place += ids[place..].iter().take_while(|held| **held < id).count();
                let before = (ids.get(place) == Some(&id)).then(|| exceptions[place]);
                if before.is_none() {
                    ids.insert(place, id);
                    exceptions.insert(place, world.tick);
                }
                exceptions[place] = world.tick;
                if !steps.write_from(before, index, &mut writer) {
                    telling.tell(index, before, &mut writer);
                }
            }
        }
        writer.finish();
    }

    /// As [`Self::write`], but with no more than about `budget_bytes` of records. Says whether that was everything.
    pub(super) fn write_some(
        &mut self,
        player: PlayerId,
        interest: &Interest,
        sources: Sources<'_>,
        budget_bytes: usize,
        out: &mut Vec<u8>,
    ) -> bool {
        let Sources { world, grid, history, steps, lazy, tick_seconds, scratch, .. } = sources;
        let Scratch { sight, removed, candidates, order, .. } = scratch;
        removed.clear();
        candidates.clear();
        let mut place = 0;
        for (block, seen) in grid.blocks(sight).iter().zip(&sight.bits) {
            for bit in Bits(*seen) {
                let (id, index) = (block.id(bit), block.index(bit));
                let entity = &world.entities[index];
                let held = seek(&self.ids, &mut place, id, removed);
                let before = held.then(|| self.exceptions.get(place).copied().unwrap_or(self.exact_at));
                place += usize::from(held);
                if !is_held_on(before, entity, interest) {
                    removed.extend(held.then_some(id));
                    continue;
                }
                let otherwise = if held { OLDER_COST_BYTES } else { FULL_COST_BYTES };
                let cost = steps.length_from(before, index).unwrap_or(otherwise);
                candidates.push(Candidate::new(index, entity, before, cost, world.tick, (player, interest)));
            }
        }
        removed.extend(&self.ids[place..]);
        choose(candidates, order, budget_bytes);
        write_removed(removed, out);
        let mut writer = RecordWriter::new(out);
        let mut telling = Telling { world, history, lazy, tick_seconds };
        for Candidate { index, exact_at, .. } in candidates.iter().filter(|candidate| candidate.chosen) {
            if !steps.write_from(*exact_at, *index, &mut writer) {
                telling.tell(*index, *exact_at, &mut writer);
            }
        }
        writer.finish();
        self.hold(candidates.iter().filter_map(|Candidate { index, exact_at, chosen, .. }| {
            let exact_at = if *chosen { Some(world.tick) } else { *exact_at };
            exact_at.map(|exact_at| (world.entities[*index].id, exact_at))
        }));
        candidates.iter().all(|candidate| candidate.chosen)
    }
}

/// Goes on to where an entity is held, or would be; says whether it is. What is passed by is not in sight any more.
#[inline]
fn seek(ids: &[NetId], place: &mut usize, id: NetId, removed: &mut Vec<NetId>) -> bool {
    while let Some(gone) = ids.get(*place).filter(|held| **held < id) {
        removed.push(*gone);
        *place += 1;
    }
    ids.get(*place) == Some(&id)
}

/// Whether an entity in sight is held from now on. Not so one that has not come into view yet, and one at the edge of it that
/// the viewer holds or not: that is forgotten on both sides until it comes into view.
fn is_held_on(before: Option<Tick>, entity: &EntityState, interest: &Interest) -> bool {
    before.is_some_and(|before| before != UNKNOWN) || interest.enters(entity.motion.position_q)
}

/// What the rarer records are made of.
struct Telling<'a> {
    world: &'a WorldSnapshot,
    history: &'a History,
    lazy: &'a mut LazyRecords,
    tick_seconds: f32,
}

impl Telling<'_> {
    /// Writes what takes a viewer's state of an entity, exact at `before`, to now. A missing baseline is ordinary.
    fn tell(&mut self, index: usize, before: Option<Tick>, writer: &mut RecordWriter<'_>) {
        let id = self.world.entities[index].id;
        let known = before.is_some_and(|before| self.lazy.write_known(index, id, before, self.world, writer));
        if !known {
            self.make(index, before, writer);
        }
    }

    /// As [`Self::tell`], for the first viewer who needs it.
    #[cold]
    fn make(&mut self, index: usize, before: Option<Tick>, writer: &mut RecordWriter<'_>) {
        let id = self.world.entities[index].id;
        if let Some(before) = before
            && let Some(record) = self.lazy.since(index, before, self.world, self.history, self.tick_seconds)
        {
            if !record.is_empty() {
                writer.write(id, record);
            }
            return;
        }
        writer.write(id, self.lazy.full(index, self.world));
    }
}
