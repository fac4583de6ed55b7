//! Every entity's record, encoded once per tick and shared by all viewers.

use super::history::{History, PastTick};
use shared::delta::{RecordWriter, SHORT_RECORD_BYTES, write_delta, write_full};
use shared::id::{NetId, Tick};
use shared::snapshot::WorldSnapshot;

/// The deltas of all entities to one baseline, by index into the world's entities.
#[derive(Default)]
pub struct TickDeltas {
    baseline: Option<Tick>,
    bytes: Vec<u8>,
    deltas: Vec<Delta>,
}

/// The delta of one entity.
#[derive(Clone, Copy)]
struct Delta {
    id: NetId,
    /// Where the bytes begin.
    from: u32,
    /// Their number: 0 if the motion rule alone takes the entity from the baseline to now.
    length: u16,
    /// Whether the entity was there at the baseline.
    has_baseline: bool,
}

impl TickDeltas {
    /// Encodes the deltas to an earlier tick, if that is still kept.
    pub fn rebuild(&mut self, baseline: Option<&PastTick>, world: &WorldSnapshot, tick_seconds: f32) {
        self.clear();
        self.baseline = baseline.map(|past| past.tick);
        let (past, age) = baseline.map_or((&[][..], 0), |past| (&past.entities, world.tick.since(past.tick)));
        let mut old = past.iter().peekable();
        for now in &world.entities {
            while old.next_if(|entity| entity.id < now.id).is_some() {}
            let from = self.bytes.len();
            let base = old.next_if(|entity| entity.id == now.id && entity.kind == now.kind);
            if let Some(base) = base {
                write_delta(base, now, age, tick_seconds, &mut self.bytes);
            }
            let length = (self.bytes.len() - from) as u16;
            self.deltas.push(Delta { id: now.id, from: from as u32, length, has_baseline: base.is_some() });
        }
        // So that a short record can be copied as a whole chunk, the last one too.
        self.bytes.extend([0; SHORT_RECORD_BYTES]);
    }

    /// No deltas.
    pub fn clear(&mut self) {
        self.baseline = None;
        self.bytes.clear();
        self.deltas.clear();
    }

    /// The earlier tick, if there are deltas to it.
    pub fn baseline(&self) -> Option<Tick> {
        self.baseline
    }

    /// Whether the motion rule alone does not take an entity from the baseline to now.
    pub fn has_changed(&self, index: usize) -> bool {
        self.deltas.get(index).is_some_and(|delta| delta.length > 0 || !delta.has_baseline)
    }

    /// The length in bytes of an entity's delta to `baseline`, if it is one of these.
    pub fn length(&self, baseline: Option<Tick>, index: usize) -> Option<usize> {
        self.delta(baseline, index).map(|delta| delta.length.into())
    }

    /// Writes an entity's delta to `baseline`, nothing if the motion rule makes it; says whether it is one of these. Inlined
    /// because it runs for every changed entity of every view: a call would double its cost.
    #[inline(always)]
    pub fn write(&self, baseline: Option<Tick>, index: usize, writer: &mut RecordWriter<'_>) -> bool {
        let Some(delta) = self.delta(baseline, index) else { return false };
        write_run(&self.bytes, (delta.from, delta.from + u32::from(delta.length)), delta.id, writer);
        true
    }

    #[inline(always)]
    fn delta(&self, baseline: Option<Tick>, index: usize) -> Option<Delta> {
        let is_ours = baseline.is_some() && baseline == self.baseline;
        Some(self.deltas[index]).filter(|delta| is_ours && delta.has_baseline)
    }
}

#[inline(always)]
fn write_run(bytes: &[u8], (from, to): Run, id: NetId, writer: &mut RecordWriter<'_>) {
    let length = (to - from) as usize;
    match bytes[from as usize..].first_chunk() {
        Some(chunk) if length <= SHORT_RECORD_BYTES => writer.write_short(id, chunk, length),
        _ if length > 0 => writer.write(id, &bytes[from as usize..to as usize]),
        _ => {}
    }
}

/// A run of bytes in a buffer.
type Run = (u32, u32);

/// Deltas to a baseline of fewer ticks ago than this are shared, too.
const SHARED_AGES_TICKS: u32 = 8;

/// Records that are encoded when the first viewer needs them, by index into the world's entities.
#[derive(Default)]
pub struct LazyRecords {
    bytes: Vec<u8>,
    full: Vec<Option<Run>>,
    /// The deltas to each of the last [`SHARED_AGES_TICKS`]; empty while no viewer needs one.
    older: Vec<Option<Run>>,
}

impl LazyRecords {
    /// For the world of a new tick.
    pub fn clear(&mut self, world: &WorldSnapshot) {
        self.bytes.clear();
        self.full.clear();
        self.full.resize(world.entities.len(), None);
        self.older.clear();
    }

    /// The full record of an entity.
    pub fn full(&mut self, index: usize, world: &WorldSnapshot) -> &[u8] {
        let run = match self.full[index] {
            Some(run) => run,
            None => {
                let entity = &world.entities[index];
                let name = world.pilot(entity.owner).map_or("", |pilot| pilot.name.as_str());
                let start = self.bytes.len() as u32;
                write_full(entity, name, &mut self.bytes);
                *self.full[index].insert((start, self.bytes.len() as u32))
            }
        };
        self.slice(run)
    }

    /// An entity's delta to a baseline, empty if the motion rule makes it; `None` if the baseline is no longer kept, or the
    /// entity was not there.
    pub fn delta(
        &mut self,
        index: usize,
        baseline: Tick,
        world: &WorldSnapshot,
        history: &History,
        tick_seconds: f32,
    ) -> Option<&[u8]> {
        let age = world.tick.since(baseline);
        let is_shared = age < SHARED_AGES_TICKS;
        let place = index * SHARED_AGES_TICKS as usize + age as usize;
        if is_shared && self.older.is_empty() {
            self.older.resize(world.entities.len() * SHARED_AGES_TICKS as usize, None);
        }
        let known = if is_shared { self.older[place] } else { None };
        if let Some(run) = known {
            return Some(self.slice(run));
        }
        let now = &world.entities[index];
        let base = history.entity(baseline, now.id)?;
        let start = self.bytes.len() as u32;
        write_delta(base, now, age, tick_seconds, &mut self.bytes);
        let run = (start, self.bytes.len() as u32);
        if is_shared {
            self.older[place] = Some(run);
        }
        Some(self.slice(run))
    }

    /// Writes an entity's delta to a baseline if it was encoded before; says whether it was.
    #[inline]
    pub fn write_known(
        &self,
        index: usize,
        id: NetId,
        baseline: Tick,
        world: &WorldSnapshot,
        writer: &mut RecordWriter<'_>,
    ) -> bool {
        let age = world.tick.since(baseline);
        let place = index * SHARED_AGES_TICKS as usize + age as usize;
        match self.older.get(place).filter(|_| age < SHARED_AGES_TICKS) {
            Some(Some(run)) => {
                write_run(&self.bytes, *run, id, writer);
                true
            }
            _ => false,
        }
    }

    fn slice(&self, (from, to): Run) -> &[u8] {
        &self.bytes[from as usize..to as usize]
    }
}
