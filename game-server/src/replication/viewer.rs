//! What one viewer was last sent, and the merge that brings it up to date.

use super::Interest;
use super::crowd::{Candidate, FULL_COST_BYTES, OLDER_COST_BYTES, choose};
use super::history::History;
use super::records::{LazyRecords, Line, Steps};
use shared::delta::{RecordWriter, write_payload};
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
    held: Vec<Held>,
}

/// What all viewers' payloads are made of.
pub(super) struct Sources<'a> {
    pub world: &'a WorldSnapshot,
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
    /// What is in sight, ascending: into the world's entities.
    pub visible: Vec<u32>,
    /// What the viewer holds from now on, into the world's entities; some marked [`RARE`] or [`FAR`].
    kept: Vec<u32>,
    /// Which state the viewer has of each of those that take more than their step.
    rare: Vec<Option<Tick>>,
    removed: Vec<NetId>,
    records: Vec<u8>,
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

    /// Brings the viewer up to date with `scratch.visible` and appends the payload.
    pub(super) fn write(&mut self, interest: &Interest, sources: Sources<'_>, out: &mut Vec<u8>) {
        let Sources { world, history, steps, far_steps, lazy, tick_seconds, scratch } = sources;
        let Scratch { visible, kept, rare, removed, records, .. } = scratch;
        let (lines, far_lines) = (steps.lines(), far_steps.lines());
        kept.resize(visible.len(), 0);
        rare.clear();
        let mut count = 0;
        merge(&self.held, visible, (lines, far_lines), removed, |index, before| {
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
        records.clear();
        let mut writer = RecordWriter::new(records);
        let mut telling = Telling { world, history, lazy, tick_seconds };
        let mut next_rare = rare.iter();
        self.held.clear();
        self.held.extend(kept.iter().map(|kept| {
            let index = (kept & !(RARE | FAR)) as usize;
            let line = lines[index];
            if kept & RARE == 0 {
                let (steps, line) =
                    if kept & FAR == 0 { (steps, line) } else { (far_steps, far_lines[index]) };
                steps.write(line, &mut writer);
            } else if let Some(before) = next_rare.next() {
                telling.tell(index, *before, &mut writer);
            }
            Held { id: line.stepped.id, exact_at: world.tick }
        }));
        writer.finish();
        write_payload(removed, records, out);
    }

    /// Brings what is in `scratch.visible` up to date, which is only a part of what the viewer sees, and appends the payload.
    /// The rest stays as it is held.
    pub(super) fn write_part(&mut self, sources: Sources<'_>, out: &mut Vec<u8>) {
        let Sources { world, history, steps, lazy, tick_seconds, scratch, .. } = sources;
        let Scratch { visible, records, .. } = scratch;
        records.clear();
        let mut writer = RecordWriter::new(records);
        let mut telling = Telling { world, history, lazy, tick_seconds };
        let mut place = 0;
        for index in visible.iter() {
            let line = steps.lines()[*index as usize];
            let now = Held { id: line.stepped.id, exact_at: world.tick };
            place += self.held[place..].iter().take_while(|held| held.id < now.id).count();
            match self.held.get_mut(place).filter(|held| held.id == now.id) {
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
                    self.held.insert(place, now);
                }
            }
        }
        writer.finish();
        write_payload(&[], records, out);
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
        let Sources { world, history, steps, lazy, tick_seconds, scratch, .. } = sources;
        let Scratch { visible, removed, records, candidates, order, .. } = scratch;
        let lines = steps.lines();
        candidates.clear();
        merge(&self.held, visible, (lines, &[]), removed, |index, before| {
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
        records.clear();
        self.held.clear();
        let mut writer = RecordWriter::new(records);
        let mut telling = Telling { world, history, lazy, tick_seconds };
        for Candidate { index, exact_at, chosen, .. } in candidates.iter() {
            let line = lines[*index];
            match exact_at {
                _ if !chosen => {}
                Some(before) if *before == line.stepped.exact_at => steps.write(line, &mut writer),
                before => telling.tell(*index, *before, &mut writer),
            }
            let exact_at = if *chosen { Some(world.tick) } else { *exact_at };
            self.held.extend(exact_at.map(|exact_at| Held { id: line.stepped.id, exact_at }));
        }
        writer.finish();
        write_payload(removed, records, out);
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
