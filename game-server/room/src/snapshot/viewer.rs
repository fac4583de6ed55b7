//! A viewer's snapshot, top down: [see](Viewer::write) what is in view, diff it with what the viewer has, cut that to its
//! budget, write it.
//!
//! A viewer is ids and ticks only: the values of its baselines are in the history that all viewers share.

use super::grid::{Bits, Grid, VisibleSet};
use super::history::History;
use super::interest::Interest;
use super::priority::{Candidate, FULL_RECORD_BYTES, OLDER_DELTA_BYTES, choose};
use super::records::{LazyRecords, TickDeltas};
use shared::delta::{RecordWriter, write_removed};
use shared::entity::EntityState;
use shared::id::{NetId, PlayerId, Tick};
use shared::snapshot::WorldSnapshot;

/// How much of its view a viewer is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnapshotScope {
    /// All of it.
    Whole,
    /// The middle of its view. The rest stays as it was sent, and moves by the motion rule.
    Near,
    /// The most urgent records.
    Urgent {
        /// The player whose view it is: the own ship is always sent.
        player: PlayerId,
        /// Records take about this many bytes at most.
        budget_bytes: usize,
    },
}

/// What one viewer has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Viewer {
    /// The entities that it holds, ascending.
    ids: Vec<NetId>,
    /// The baseline of all of them, unless there are exceptions.
    baseline: Tick,
    /// The baseline of each, if they differ; `None` if it is unknown whether the viewer holds the entity.
    exceptions: Vec<Option<Tick>>,
}

/// What all viewers' snapshots of one tick are made of.
pub(super) struct TickData<'a> {
    pub world: &'a WorldSnapshot,
    pub grid: &'a Grid,
    /// From the tick at which most viewers were last sent a snapshot.
    pub deltas: &'a TickDeltas,
    /// From the tick at which most viewers were last sent their whole view, if that is another one.
    pub far_deltas: &'a TickDeltas,
    pub rare: RareRecords<'a>,
    pub scratch: &'a mut Scratch,
}

/// Makes the records that few viewers need.
pub(super) struct RareRecords<'a> {
    pub world: &'a WorldSnapshot,
    pub history: &'a History,
    pub lazy: &'a mut LazyRecords,
    pub tick_seconds: f32,
}

/// Buffers that are reused from viewer to viewer.
#[derive(Default)]
pub struct Scratch {
    visible: VisibleSet,
    /// The visible entities whose baseline is the far one, by the same bits.
    far: Vec<u64>,
    /// The visible entities with any other baseline, and those baselines.
    rest: Vec<u64>,
    rest_baselines: Vec<Option<Tick>>,
    removed: Vec<NetId>,
    candidates: Vec<Candidate>,
    order: Vec<usize>,
}

impl Viewer {
    /// Appends what takes the viewer from what it has to the world of this tick; says whether that is its whole view.
    pub(super) fn write(
        &mut self,
        interest: &Interest,
        scope: SnapshotScope,
        tick: TickData<'_>,
        out: &mut Vec<u8>,
    ) -> bool {
        // A viewer that holds nothing is sent its whole view.
        let is_near = scope == SnapshotScope::Near && !self.is_empty();
        let half_extents = if is_near { interest.near() } else { interest.leave };
        tick.grid.see(interest.centre, half_extents, &mut tick.scratch.visible);
        match scope {
            SnapshotScope::Urgent { player, budget_bytes } => {
                self.write_urgent((player, interest), budget_bytes, tick, out)
            }
            SnapshotScope::Near if is_near => {
                self.write_near(tick, out);
                false
            }
            SnapshotScope::Near | SnapshotScope::Whole => {
                self.write_whole(interest, tick, out);
                true
            }
        }
    }

    fn write_whole(&mut self, interest: &Interest, tick: TickData<'_>, out: &mut Vec<u8>) {
        let TickData { world, grid, deltas, far_deltas, mut rare, scratch } = tick;
        let is_usual = self.exceptions.is_empty() && deltas.baseline() == Some(self.baseline);
        let same_ids = match is_usual {
            true => self.diff::<true>(interest, world, grid, (deltas, far_deltas), scratch),
            false => self.diff::<false>(interest, world, grid, (deltas, far_deltas), scratch),
        };
        let Scratch { visible, far, rest, rest_baselines, removed, .. } = scratch;
        let blocks = grid.blocks(visible);
        if !same_ids {
            self.ids.clear();
            for (block, held) in blocks.iter().zip(&visible.bits) {
                self.ids.extend(Bits(*held).map(|bit| block.id(bit)));
            }
        }
        self.exceptions.clear();
        self.baseline = world.tick;
        write_removed(removed, out);
        let mut writer = RecordWriter::new(out);
        let mut rest_baselines = rest_baselines.iter();
        for (((block, held), far), rest) in blocks.iter().zip(&visible.bits).zip(far).zip(rest) {
            let changed = block.changed() & !*far | block.far_changed() & *far;
            for bit in Bits(*held & changed | *rest) {
                let (index, one) = (block.index(bit), 1 << bit);
                let (shared, baseline) = match () {
                    () if *rest & one != 0 => (None, *rest_baselines.next().unwrap_or(&None)),
                    () if *far & one != 0 => (Some(far_deltas), far_deltas.baseline()),
                    () => (Some(deltas), deltas.baseline()),
                };
                if !shared.is_some_and(|shared| shared.write(baseline, index, &mut writer)) {
                    rare.write(index, baseline, &mut writer);
                }
            }
        }
        writer.finish();
    }

    /// Compares the visible entities with those that the viewer holds. Leaves the entities to hold in `scratch.visible`, and
    /// beside it those to remove and the baselines. Returns whether the viewer already holds exactly these.
    ///
    /// `USUAL`: everything is held as of the usual baseline. An unchanged entity then costs one id comparison.
    fn diff<const USUAL: bool>(
        &self,
        interest: &Interest,
        world: &WorldSnapshot,
        grid: &Grid,
        (deltas, far_deltas): (&TickDeltas, &TickDeltas),
        scratch: &mut Scratch,
    ) -> bool {
        let Scratch { visible, far, rest, rest_baselines, removed, .. } = scratch;
        let is_usual =
            |place| USUAL || self.baseline_at(place).is_some_and(|at| deltas.baseline() == Some(at));
        let mut same_ids = true;
        removed.clear();
        far.clear();
        rest.clear();
        rest_baselines.clear();
        let mut place = 0;
        for (block, seen) in grid.blocks(visible).iter().zip(&mut visible.bits) {
            let (mut far_ones, mut others) = (0, 0);
            for bit in Bits(*seen) {
                let id = block.id(bit);
                if self.ids.get(place) == Some(&id) && is_usual(place) {
                    place += 1;
                    continue;
                }
                let is_held = seek(&self.ids, &mut place, id, removed);
                let baseline = if is_held { self.baseline_at(place) } else { None };
                place += usize::from(is_held);
                match baseline {
                    Some(_) if baseline == deltas.baseline() => {}
                    Some(_) if baseline == far_deltas.baseline() => far_ones |= 1 << bit,
                    _ if stays_in_view(baseline, &world.entities[block.index(bit)], interest) => {
                        others |= 1 << bit;
                        rest_baselines.push(baseline);
                        same_ids &= is_held;
                    }
                    _ => {
                        *seen &= !(1 << bit);
                        removed.extend(is_held.then_some(id));
                    }
                }
            }
            far.push(far_ones);
            rest.push(others);
        }
        removed.extend(&self.ids[place..]);
        same_ids && removed.is_empty()
    }

    /// What is not visible here, outside the middle of the view, stays as it is held.
    fn write_near(&mut self, tick: TickData<'_>, out: &mut Vec<u8>) {
        let TickData { world, grid, deltas, mut rare, scratch, .. } = tick;
        if self.exceptions.is_empty() {
            self.exceptions.resize(self.ids.len(), Some(self.baseline));
        }
        write_removed(&[], out);
        let mut writer = RecordWriter::new(out);
        let mut place = 0;
        for (block, seen) in grid.blocks(&scratch.visible).iter().zip(&scratch.visible.bits) {
            for bit in Bits(*seen) {
                let (id, index) = (block.id(bit), block.index(bit));
                place += self.ids[place..].iter().take_while(|held| **held < id).count();
                if self.ids.get(place) != Some(&id) {
                    self.ids.insert(place, id);
                    self.exceptions.insert(place, None);
                }
                let baseline = self.exceptions[place].replace(world.tick);
                if !deltas.write(baseline, index, &mut writer) {
                    rare.write(index, baseline, &mut writer);
                }
            }
        }
        writer.finish();
    }

    fn write_urgent(
        &mut self,
        viewer: (PlayerId, &Interest),
        budget_bytes: usize,
        tick: TickData<'_>,
        out: &mut Vec<u8>,
    ) -> bool {
        let TickData { world, grid, deltas, mut rare, scratch, .. } = tick;
        let Scratch { visible, removed, candidates, order, .. } = scratch;
        removed.clear();
        candidates.clear();
        let mut place = 0;
        for (block, seen) in grid.blocks(visible).iter().zip(&visible.bits) {
            for bit in Bits(*seen) {
                let (id, index) = (block.id(bit), block.index(bit));
                let entity = &world.entities[index];
                let is_held = seek(&self.ids, &mut place, id, removed);
                let baseline = if is_held { self.baseline_at(place) } else { None };
                place += usize::from(is_held);
                if !stays_in_view(baseline, entity, viewer.1) {
                    removed.extend(is_held.then_some(id));
                    continue;
                }
                let assumed = if baseline.is_some() { OLDER_DELTA_BYTES } else { FULL_RECORD_BYTES };
                let length = deltas.length(baseline, index).unwrap_or(assumed);
                candidates.push(Candidate::new(
                    index,
                    entity,
                    (is_held, baseline),
                    length,
                    world.tick,
                    viewer,
                ));
            }
        }
        removed.extend(&self.ids[place..]);
        choose(candidates, order, budget_bytes);
        write_removed(removed, out);
        let mut writer = RecordWriter::new(out);
        for Candidate { index, baseline, .. } in candidates.iter().filter(|candidate| candidate.is_chosen) {
            if !deltas.write(*baseline, *index, &mut writer) {
                rare.write(*index, *baseline, &mut writer);
            }
        }
        writer.finish();
        let held = candidates.iter().filter(|candidate| candidate.is_chosen || candidate.is_held);
        self.hold(held.map(|Candidate { index, baseline, is_chosen, .. }| {
            (world.entities[*index].id, if *is_chosen { Some(world.tick) } else { *baseline })
        }));
        candidates.iter().all(|candidate| candidate.is_chosen)
    }

    /// Holds these from now on, each with its baseline.
    fn hold(&mut self, held: impl Iterator<Item = (NetId, Option<Tick>)>) {
        self.clear();
        for (id, baseline) in held {
            self.ids.push(id);
            self.exceptions.push(baseline);
        }
        if let Some(first) = self.exceptions.first().copied().flatten()
            && self.exceptions.iter().all(|baseline| *baseline == Some(first))
        {
            self.baseline = first;
            self.exceptions.clear();
        }
    }

    fn baseline_at(&self, place: usize) -> Option<Tick> {
        self.exceptions.get(place).copied().unwrap_or(Some(self.baseline))
    }

    /// Goes back to what the viewer held after the snapshot of an earlier tick, made with `interest`, of which these are the
    /// entities. Those inside the view it held for certain; those in its margin only if they had been inside.
    pub(super) fn recall(&mut self, tick: Tick, entities: &[EntityState], interest: &Interest) {
        let kept = entities.iter().filter(|entity| interest.keeps(entity.motion.position_q));
        self.hold(kept.map(|entity| {
            let is_certain = interest.enters(entity.motion.position_q);
            (entity.id, is_certain.then_some(tick))
        }));
    }

    /// Forgets everything: the next delta is made against an empty view.
    pub fn clear(&mut self) {
        self.ids.clear();
        self.exceptions.clear();
    }

    /// How many entities the viewer holds.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether the viewer holds nothing.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}

/// Advances `place` to where an entity is held, or would be; says whether it is. Entities that are passed are out of sight.
#[inline]
fn seek(ids: &[NetId], place: &mut usize, id: NetId, removed: &mut Vec<NetId>) -> bool {
    while let Some(gone) = ids.get(*place).filter(|held| **held < id) {
        removed.push(*gone);
        *place += 1;
    }
    ids.get(*place) == Some(&id)
}

/// Whether a visible entity is held from now on. One in the margin of the view is not, if it has not entered the view yet, or
/// if it is unknown whether the viewer holds it: then both sides forget it.
fn stays_in_view(baseline: Option<Tick>, entity: &EntityState, interest: &Interest) -> bool {
    baseline.is_some() || interest.enters(entity.motion.position_q)
}

impl RareRecords<'_> {
    /// Writes what takes an entity from its baseline to now. A missing baseline is ordinary.
    fn write(&mut self, index: usize, baseline: Option<Tick>, writer: &mut RecordWriter<'_>) {
        let id = self.world.entities[index].id;
        let is_known =
            baseline.is_some_and(|baseline| self.lazy.write_known(index, id, baseline, self.world, writer));
        if !is_known {
            self.encode(index, baseline, writer);
        }
    }

    /// As [`Self::write`], for the first viewer that needs the record.
    #[cold]
    fn encode(&mut self, index: usize, baseline: Option<Tick>, writer: &mut RecordWriter<'_>) {
        let id = self.world.entities[index].id;
        if let Some(baseline) = baseline
            && let Some(record) =
                self.lazy.delta(index, baseline, self.world, self.history, self.tick_seconds)
        {
            if !record.is_empty() {
                writer.write(id, record);
            }
            return;
        }
        writer.write(id, self.lazy.full(index, self.world));
    }
}
