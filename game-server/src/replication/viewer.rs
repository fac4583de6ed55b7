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
/// Marks the index of an entity that takes more than its step.
const RARE: u32 = 1 << 31;

/// One entity that a viewer holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Held {
    pub id: NetId,
    /// The newest tick for which the viewer's state of it is exact.
    pub exact_at: Tick,
}

/// What is done about an entity that takes more than its step, or that waits for it.
#[derive(Clone, Copy)]
enum Rare {
    /// It is told to a viewer who has its state of this tick.
    Tell(Option<Tick>),
    /// It has its turn later; the viewer has its state of this tick.
    Waits(Tick),
}

/// What a viewer has of an entity in sight.
#[derive(Clone, Copy)]
enum Before {
    /// Its state of the tick before: the step from there is shared by all viewers.
    Step,
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
    pub lazy: &'a mut LazyRecords,
    pub tick_seconds: f32,
    pub far: FarTurn,
    pub scratch: &'a mut Scratch,
}

/// Which of the entities far from a viewer have their turn to be told.
#[derive(Clone, Copy)]
pub(super) struct FarTurn {
    /// Each has it once in so many ticks.
    pub interval: u32,
    /// Those whose id leaves this remainder have it now.
    pub remainder: u32,
}

impl FarTurn {
    /// Whether an entity waits if it is far.
    #[inline]
    fn passes(self, id: NetId) -> bool {
        self.interval > 1 && id.0 % self.interval != self.remainder
    }
}

/// Buffers that are reused from viewer to viewer.
#[derive(Default)]
pub struct Scratch {
    /// What is in sight, ascending: into the world's entities.
    pub visible: Vec<u32>,
    /// What the viewer holds from now on, into the world's entities; some [`RARE`].
    kept: Vec<u32>,
    rare: Vec<Rare>,
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

    /// Brings the viewer up to date with `scratch.visible` and appends the payload. Says whether everything that is held is
    /// exact now: what is far waits for its turn.
    pub(super) fn write(&mut self, interest: &Interest, sources: Sources<'_>, out: &mut Vec<u8>) -> bool {
        let far = sources.far;
        if far.interval == 1 {
            return self.write_but(|_| false, interest, sources, out);
        }
        let waits = |entity: &EntityState| far.passes(entity.id) && !interest.is_near(entity.motion.at);
        self.write_but(waits, interest, sources, out)
    }

    /// As [`Self::write`]; `waits` says which entities have their turn later. Compiled for each of its two answers, so that
    /// nobody pays for turns that are not taken.
    #[inline(always)]
    fn write_but(
        &mut self,
        waits: impl Fn(&EntityState) -> bool,
        interest: &Interest,
        sources: Sources<'_>,
        out: &mut Vec<u8>,
    ) -> bool {
        let Sources { world, history, steps, lazy, tick_seconds, scratch, .. } = sources;
        let Scratch { visible, kept, rare, removed, records, .. } = scratch;
        let lines = steps.lines();
        kept.resize(visible.len(), 0);
        rare.clear();
        let mut count = 0;
        merge(&self.held, visible, lines, removed, |index, before| {
            let entity = &world.entities[index as usize];
            let mut mark = RARE;
            match before {
                // What the motion rule moves is exact without being told.
                Before::Step if lines[index as usize].length > 0 && waits(entity) => {
                    rare.push(Rare::Waits(lines[index as usize].stepped.exact_at));
                }
                Before::Step => mark = 0,
                Before::Other(tick) if tick != UNKNOWN && waits(entity) => rare.push(Rare::Waits(tick)),
                _ if !is_held_on(before, entity, interest) => return false,
                Before::Other(tick) => rare.push(Rare::Tell(Some(tick))),
                Before::Nothing => rare.push(Rare::Tell(None)),
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
            let index = (kept & !RARE) as usize;
            let line = lines[index];
            let mut exact_at = world.tick;
            if kept & RARE == 0 {
                steps.write(line, &mut writer);
            } else {
                match next_rare.next() {
                    Some(Rare::Waits(tick)) => exact_at = *tick,
                    Some(Rare::Tell(Some(before)))
                        if telling.lazy.write_known(index, line.stepped.id, *before, world, &mut writer) => {}
                    Some(Rare::Tell(before)) => telling.tell(index, *before, &mut writer),
                    None => {}
                }
            }
            Held { id: line.stepped.id, exact_at }
        }));
        writer.finish();
        write_payload(removed, records, out);
        !rare.iter().any(|rare| matches!(rare, Rare::Waits(_)))
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
        let Sources { world, history, steps, lazy, tick_seconds, scratch, .. } = sources;
        let Scratch { visible, removed, records, candidates, order, .. } = scratch;
        let lines = steps.lines();
        candidates.clear();
        merge(&self.held, visible, lines, removed, |index, before| {
            let index = index as usize;
            let (entity, line) = (&world.entities[index], lines[index]);
            if !is_held_on(before, entity, interest) {
                return false;
            }
            let (exact_at, cost) = match before {
                Before::Step => (Some(line.stepped.exact_at), usize::from(line.length)),
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
    lines: &[Line],
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
        Before::Step => true,
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
    #[cold]
    fn tell(&mut self, index: usize, before: Option<Tick>, writer: &mut RecordWriter<'_>) {
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
