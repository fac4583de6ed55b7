//! What one viewer was last sent, and the merge that brings it up to date.

use super::Interest;
use super::crowd::{Candidate, FULL_COST_BYTES, OLDER_COST_BYTES, choose};
use super::grid::Visible;
use super::history::History;
use super::records::Records;
use shared::delta::{RecordWriter, write_payload};
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

impl Held {
    /// Whether the viewer holds it or not, out of sight at the edge of the view: to be forgotten on both sides until it comes
    /// into view.
    fn is_doubtful(self, entity: &EntityState, interest: &Interest) -> bool {
        self.exact_at == UNKNOWN && !interest.enters(entity.motion.at)
    }
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
    pub visible: Visible,
    held: Vec<Held>,
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

    /// Merges what is held with `scratch.visible` and appends the payload. Both ascend by id. Says whether everything that is
    /// held is exact now.
    pub(super) fn write(&mut self, interest: &Interest, sources: Sources<'_>, out: &mut Vec<u8>) -> bool {
        let Sources { world, history, records, tick_seconds, far, scratch } = sources;
        let Scratch { visible, held: now_held, removed, records: written, .. } = scratch;
        let mut complete = true;
        removed.clear();
        now_held.clear();
        written.clear();
        let mut telling = Telling { world, history, records, tick_seconds };
        let mut writer = RecordWriter::new(written);
        let held = self.held.as_slice();
        let mut place = 0;
        for index in visible.drain() {
            let line = telling.records.line(index);
            while place < held.len() && held[place].id < line.id {
                removed.push(held[place].id);
                place += 1;
            }
            match held.get(place).filter(|held| held.id == line.id) {
                Some(before) => {
                    place += 1;
                    if far.passes(line.id)
                        && before.exact_at != UNKNOWN
                        && !interest.is_near(world.entities[index].motion.at)
                    {
                        now_held.push(*before);
                        complete = false;
                        continue;
                    }
                    if before.exact_at.next() == world.tick && !line.is_new {
                        telling.records.write_step(line, &mut writer);
                    } else if before.is_doubtful(&world.entities[index], interest) {
                        removed.push(line.id);
                        continue;
                    } else {
                        telling.tell_from(index, before.exact_at, &mut writer);
                    }
                }
                None if interest.enters(world.entities[index].motion.at) => {
                    telling.tell_whole(index, &mut writer);
                }
                None => continue,
            }
            now_held.push(Held { id: line.id, exact_at: world.tick });
        }
        removed.extend(held[place..].iter().map(|gone| gone.id));
        write_payload(removed, written, out);
        std::mem::swap(&mut self.held, now_held);
        complete
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
        let Sources { world, history, records, tick_seconds, scratch, .. } = sources;
        let Scratch { visible, held: now_held, removed, records: written, candidates, order } = scratch;
        removed.clear();
        now_held.clear();
        written.clear();
        candidates.clear();
        let mut held = self.held.iter().peekable();
        for index in visible.drain() {
            let (line, entity) = (records.line(index), &world.entities[index]);
            while let Some(gone) = held.next_if(|held| held.id < line.id) {
                removed.push(gone.id);
            }
            let before = held.next_if(|held| held.id == line.id);
            if before.is_some_and(|before| before.is_doubtful(entity, interest)) {
                removed.push(line.id);
                continue;
            }
            let exact_at = before.map(|before| before.exact_at);
            let cost = match exact_at {
                Some(tick) if tick.next() == world.tick && !line.is_new => usize::from(line.length),
                Some(_) => OLDER_COST_BYTES,
                None if interest.enters(entity.motion.at) => FULL_COST_BYTES,
                None => continue,
            };
            let viewer = (player, interest);
            candidates.push(Candidate::new(index, entity, exact_at, cost, world.tick, viewer));
        }
        removed.extend(held.map(|gone| gone.id));
        choose(candidates, order, budget_bytes);
        let mut telling = Telling { world, history, records, tick_seconds };
        let mut writer = RecordWriter::new(written);
        for Candidate { index, exact_at, chosen, .. } in candidates.iter() {
            if *chosen {
                telling.tell(*index, *exact_at, &mut writer);
            }
            let exact_at = if *chosen { Some(world.tick) } else { *exact_at };
            now_held.extend(exact_at.map(|exact_at| Held { id: telling.records.line(*index).id, exact_at }));
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
}

impl Telling<'_> {
    /// Writes what takes a viewer's state of an entity, exact at `before`, to now.
    fn tell(&mut self, index: usize, before: Option<Tick>, writer: &mut RecordWriter<'_>) {
        let line = self.records.line(index);
        match before {
            Some(before) if before.next() == self.world.tick && !line.is_new => {
                self.records.write_step(line, writer);
            }
            Some(before) => self.tell_from(index, before, writer),
            None => self.tell_whole(index, writer),
        }
    }

    /// A missing baseline is ordinary.
    #[cold]
    fn tell_from(&mut self, index: usize, before: Tick, writer: &mut RecordWriter<'_>) {
        let id = self.records.line(index).id;
        match self.records.since(index, before, self.world, self.history, self.tick_seconds) {
            Some([]) => {}
            Some(record) => writer.write(id, record),
            None => self.tell_whole(index, writer),
        }
    }

    #[cold]
    fn tell_whole(&mut self, index: usize, writer: &mut RecordWriter<'_>) {
        writer.write(self.records.line(index).id, self.records.full(index, self.world));
    }
}
