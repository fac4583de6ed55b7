//! What one viewer was last sent, and the merge that brings it up to date.

use super::Interest;
use super::crowd::{Candidate, FULL_COST_BYTES, OLDER_COST_BYTES, choose};
use super::grid::{Bits, Grid, Sight};
use super::history::History;
use super::records::{LazyRecords, Line, Steps};
use shared::delta::{RecordWriter, write_removed};
use shared::entity::EntityState;
use shared::id::{NetId, PlayerId, Tick};
use shared::snapshot::WorldSnapshot;

/// A tick that never comes, for an entity that the viewer holds or not.
const UNKNOWN: Tick = Tick(u32::MAX - 1);
/// Marks the index of an entity that takes more than a step.
const RARE: u32 = 1 << 31;
/// Marks the index of an entity that takes a far step.
const FAR: u32 = 1 << 30;

/// One entity that a viewer holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Held {
    pub id: NetId,
    /// The newest tick for which the viewer's state of it is exact.
    pub exact_at: Tick,
}

/// What a viewer has of an entity in sight.
#[derive(Clone, Copy)]
enum Before {
    /// Its state of the tick that most have theirs of: the step from there is shared by all viewers.
    Step,
    /// Its state of the tick that most have the states of far entities of.
    FarStep,
    /// Its state of another tick.
    Other(Tick),
    Nothing,
}

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
    /// Of that, what comes into view.
    new: Vec<u64>,
    /// What is in sight, ascending: into the world's entities.
    visible: Vec<u32>,
    /// What the viewer holds, one by one.
    held: Vec<Held>,
    /// What the viewer holds from now on, into the world's entities; some marked [`RARE`] or [`FAR`].
    kept: Vec<u32>,
    /// Which state the viewer has of each of those that take more than their step.
    rare: Vec<Option<Tick>>,
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
        let kept = entities.iter().filter(|entity| interest.keeps(entity.motion.at));
        self.hold(kept.map(|entity| {
            let certain = interest.enters(entity.motion.at);
            Held { id: entity.id, exact_at: if certain { tick } else { UNKNOWN } }
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

    /// Puts what the viewer holds in place of what is in `held`.
    fn list(&self, held: &mut Vec<Held>) {
        held.clear();
        held.extend(self.ids.iter().map(|id| Held { id: *id, exact_at: self.exact_at }));
        held.iter_mut().zip(&self.exceptions).for_each(|(held, exact_at)| held.exact_at = *exact_at);
    }

    /// Holds this from now on.
    fn hold(&mut self, held: impl Iterator<Item = Held>) {
        self.clear();
        for Held { id, exact_at } in held {
            self.ids.push(id);
            self.exceptions.push(exact_at);
        }
        self.exact_at = self.exceptions.first().copied().unwrap_or_default();
        if self.exceptions.iter().all(|exact_at| *exact_at == self.exact_at) {
            self.exceptions.clear();
        }
    }

    /// Brings the viewer up to date with what is in sight and appends the payload.
    pub(super) fn write(&mut self, interest: &Interest, sources: Sources<'_>, out: &mut Vec<u8>) {
        if self.exceptions.is_empty() && sources.steps.since() == Some(self.exact_at) {
            self.write_steps(interest, sources, out);
        } else {
            self.write_differences(interest, sources, out);
        }
    }

    /// For a viewer whose state of everything is exact as of the tick that most have theirs of. Only what has changed, what
    /// comes and what goes costs anything; the rest is compared by its id.
    fn write_steps(&mut self, interest: &Interest, sources: Sources<'_>, out: &mut Vec<u8>) {
        let Sources { world, grid, history, steps, lazy, tick_seconds, scratch, .. } = sources;
        let Scratch { sight, new, removed, .. } = scratch;
        let blocks = grid.blocks(sight);
        let ids = &mut self.ids;
        removed.clear();
        new.clear();
        let mut place = 0;
        for (block, seen) in blocks.iter().zip(&mut sight.bits) {
            let mut appeared = 0;
            for bit in Bits(*seen) {
                let id = block.id(bit);
                if ids.get(place) == Some(&id) {
                    place += 1;
                    continue;
                }
                while let Some(gone) = ids.get(place).filter(|held| **held < id) {
                    removed.push(*gone);
                    place += 1;
                }
                if ids.get(place) == Some(&id) {
                    place += 1;
                } else if interest.enters(world.entities[block.index(bit)].motion.at) {
                    appeared |= 1 << bit;
                } else {
                    *seen &= !(1 << bit);
                }
            }
            new.push(appeared);
        }
        removed.extend(&ids[place..]);
        if !removed.is_empty() || new.iter().any(|new| *new != 0) {
            ids.clear();
            for (block, held) in blocks.iter().zip(&sight.bits) {
                ids.extend(Bits(*held).map(|bit| block.id(bit)));
            }
        }
        write_removed(removed, out);
        let mut writer = RecordWriter::new(out);
        let mut telling = Telling { world, history, lazy, tick_seconds };
        for ((block, held), new) in blocks.iter().zip(&sight.bits).zip(new) {
            for bit in Bits(*held & block.changed() | *new) {
                let index = block.index(bit);
                let line = steps.lines()[index];
                if *new & 1 << bit != 0 {
                    telling.tell(index, None, &mut writer);
                } else if line.stepped.exact_at == self.exact_at {
                    steps.write(line, &mut writer);
                } else {
                    telling.tell(index, Some(self.exact_at), &mut writer);
                }
            }
        }
        writer.finish();
        self.exact_at = world.tick;
    }

    /// For a viewer whose states are exact as of any ticks.
    fn write_differences(&mut self, interest: &Interest, sources: Sources<'_>, out: &mut Vec<u8>) {
        let Sources { world, grid, history, steps, far_steps, lazy, tick_seconds, scratch } = sources;
        let Scratch { sight, visible, held, kept, rare, removed, .. } = scratch;
        let (lines, far_lines) = (steps.lines(), far_steps.lines());
        grid.list(sight, visible);
        self.list(held);
        kept.resize(visible.len(), 0);
        rare.clear();
        let mut count = 0;
        merge(held, visible, (lines, far_lines), removed, |index, before| {
            let mut mark = RARE;
            match before {
                Before::Step => mark = 0,
                Before::FarStep => mark = FAR,
                _ if !is_held_on(before, &world.entities[index as usize], interest) => return false,
                Before::Other(tick) => rare.push(Some(tick)),
                Before::Nothing => rare.push(None),
            }
            kept[count] = index | mark;
            count += 1;
            true
        });
        kept.truncate(count);
        write_removed(removed, out);
        let mut writer = RecordWriter::new(out);
        let mut telling = Telling { world, history, lazy, tick_seconds };
        let mut next_rare = rare.iter();
        self.clear();
        self.exact_at = world.tick;
        self.ids.extend(kept.iter().map(|kept| {
            let index = (kept & !(RARE | FAR)) as usize;
            let line = lines[index];
            if kept & RARE == 0 {
                let (steps, line) =
                    if kept & FAR == 0 { (steps, line) } else { (far_steps, far_lines[index]) };
                steps.write(line, &mut writer);
            } else if let Some(before) = next_rare.next() {
                telling.tell(index, *before, &mut writer);
            }
            line.stepped.id
        }));
        writer.finish();
    }

    /// Brings what is in sight up to date, which is only a part of what the viewer sees, and appends the payload. The rest stays
    /// as it is held.
    pub(super) fn write_part(&mut self, sources: Sources<'_>, out: &mut Vec<u8>) {
        let Sources { world, grid, history, steps, lazy, tick_seconds, scratch, .. } = sources;
        let Scratch { sight, visible, held, .. } = scratch;
        grid.list(sight, visible);
        self.list(held);
        write_removed(&[], out);
        let mut writer = RecordWriter::new(out);
        let mut telling = Telling { world, history, lazy, tick_seconds };
        let mut place = 0;
        for index in visible.iter() {
            let line = steps.lines()[*index as usize];
            let now = Held { id: line.stepped.id, exact_at: world.tick };
            place += held[place..].iter().take_while(|held| held.id < now.id).count();
            match held.get_mut(place).filter(|held| held.id == now.id) {
                Some(held) => {
                    if *held == line.stepped {
                        steps.write(line, &mut writer);
                    } else {
                        telling.tell(*index as usize, Some(held.exact_at), &mut writer);
                    }
                    *held = now;
                }
                None => {
                    telling.tell(*index as usize, None, &mut writer);
                    held.insert(place, now);
                }
            }
        }
        self.hold(held.iter().copied());
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
        let Scratch { sight, visible, held, removed, candidates, order, .. } = scratch;
        let lines = steps.lines();
        grid.list(sight, visible);
        self.list(held);
        candidates.clear();
        merge(held, visible, (lines, &[]), removed, |index, before| {
            let index = index as usize;
            let (entity, line) = (&world.entities[index], lines[index]);
            if !is_held_on(before, entity, interest) {
                return false;
            }
            let (exact_at, cost) = match before {
                Before::Step | Before::FarStep => (Some(line.stepped.exact_at), usize::from(line.length)),
                Before::Other(tick) => (Some(tick), OLDER_COST_BYTES),
                Before::Nothing => (None, FULL_COST_BYTES),
            };
            let viewer = (player, interest);
            candidates.push(Candidate::new(index, entity, exact_at, cost, world.tick, viewer));
            true
        });
        choose(candidates, order, budget_bytes);
        held.clear();
        write_removed(removed, out);
        let mut writer = RecordWriter::new(out);
        let mut telling = Telling { world, history, lazy, tick_seconds };
        for Candidate { index, exact_at, chosen, .. } in candidates.iter() {
            let line = lines[*index];
            match exact_at {
                _ if !chosen => {}
                Some(before) if *before == line.stepped.exact_at => steps.write(line, &mut writer),
                before => telling.tell(*index, *before, &mut writer),
            }
            let exact_at = if *chosen { Some(world.tick) } else { *exact_at };
            held.extend(exact_at.map(|exact_at| Held { id: line.stepped.id, exact_at }));
        }
        self.hold(held.iter().copied());
        writer.finish();
        candidates.iter().all(|candidate| candidate.chosen)
    }
}

/// Walks through what is in sight and what is held, both ascending by id. `each` is told of an entity in sight and of what
/// the viewer has of it; it says whether the entity is held from now on. Of what was held, the rest is `removed`. For every
/// entity in every view: a call of its own would cost as much again.
#[inline(always)]
fn merge(
    held: &[Held],
    visible: &[u32],
    (lines, far_lines): (&[Line], &[Line]),
    removed: &mut Vec<NetId>,
    mut each: impl FnMut(u32, Before) -> bool,
) {
    removed.clear();
    let mut place = 0;
    for index in visible {
        let Held { id, .. } = lines[*index as usize].stepped;
        if held.get(place) == Some(&lines[*index as usize].stepped) {
            place += 1;
            each(*index, Before::Step);
            continue;
        }
        let far_step = far_lines.get(*index as usize).map(|line| &line.stepped);
        if far_step.is_some() && held.get(place) == far_step {
            place += 1;
            each(*index, Before::FarStep);
            continue;
        }
        while let Some(gone) = held.get(place).filter(|held| held.id < id) {
            removed.push(gone.id);
            place += 1;
        }
        let before = held.get(place).filter(|held| held.id == id).map(|held| held.exact_at);
        place += usize::from(before.is_some());
        let is_step = before == Some(lines[*index as usize].stepped.exact_at);
        let before = if is_step { Before::Step } else { before.map_or(Before::Nothing, Before::Other) };
        if !each(*index, before) && !matches!(before, Before::Nothing) {
            removed.push(id);
        }
    }
    removed.extend(held[place..].iter().map(|gone| gone.id));
}

/// Whether an entity in sight is held from now on. Not so one that has not come into view yet, and one at the edge of it that
/// the viewer holds or not: that is forgotten on both sides until it comes into view.
fn is_held_on(before: Before, entity: &EntityState, interest: &Interest) -> bool {
    match before {
        Before::Step | Before::FarStep => true,
        Before::Other(tick) if tick != UNKNOWN => true,
        Before::Other(_) | Before::Nothing => interest.enters(entity.motion.at),
    }
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
