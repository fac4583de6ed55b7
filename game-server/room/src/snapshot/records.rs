//! Every entity's record, encoded once per tick and shared by all viewers.

use super::history::{History, Past};
use shared::delta::{RecordWriter, SHORT_RECORD_BYTES, write_delta, write_full};
use shared::id::{NetId, Tick};
use shared::snapshot::WorldSnapshot;

/// The differences to the tick that most viewers were told last, by index into the world's entities.
#[derive(Default)]
pub struct Steps {
    /// The earlier tick, if there are differences to it.
    since: Option<Tick>,
    bytes: Vec<u8>,
    lines: Vec<Line>,
}

/// The difference of one entity.
#[derive(Clone, Copy)]
struct Line {
    id: NetId,
    /// The earlier tick; [`NEVER`] if there is no difference.
    exact_at: Tick,
    /// Where the bytes begin.
    from: u32,
    /// Their number; none if the motion rule makes the difference.
    length: u16,
}

/// The earlier tick of a difference that there is not: nobody holds anything of it.
const NEVER: Tick = Tick(u32::MAX);

impl Steps {
    /// Encodes the differences to an earlier tick, if that is still kept.
    pub fn rebuild(&mut self, before: Option<&Past>, world: &WorldSnapshot, tick_seconds: f32) {
        self.clear();
        self.since = before.map(|past| past.tick);
        let (past, age) = before.map_or((&[][..], 0), |past| (&past.entities, world.tick.since(past.tick)));
        let mut old = past.iter().peekable();
        for now in &world.entities {
            while old.next_if(|entity| entity.id < now.id).is_some() {}
            let from = self.bytes.len();
            let base = old.next_if(|entity| entity.id == now.id && entity.kind == now.kind);
            if let Some(base) = base {
                write_delta(base, now, age, tick_seconds, &mut self.bytes);
            }
            let length = (self.bytes.len() - from) as u16;
            let exact_at = before.filter(|_| base.is_some()).map_or(NEVER, |past| past.tick);
            self.lines.push(Line { id: now.id, exact_at, from: from as u32, length });
        }
        // So that a short record can be copied as a whole chunk, the last one too.
        self.bytes.extend([0; SHORT_RECORD_BYTES]);
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.since = None;
        self.bytes.clear();
        self.lines.clear();
    }

    /// The earlier tick, if there are differences to it.
    pub fn since(&self) -> Option<Tick> {
        self.since
    }

    /// Whether the motion rule alone does not take an entity from the earlier tick to now.
    pub fn has_changed(&self, index: usize) -> bool {
        self.lines.get(index).is_some_and(|line| line.length > 0 || line.exact_at == NEVER)
    }

    /// Bytes that take an entity from what it was at a tick to now, if that is the earlier tick.
    pub fn length_from(&self, exact_at: Option<Tick>, index: usize) -> Option<usize> {
        let line = self.lines[index];
        (exact_at == Some(line.exact_at)).then_some(line.length.into())
    }

    /// Writes what takes an entity from what it was at a tick to now, nothing if the motion rule does. Says whether it could: it
    /// can if that is the earlier tick. For every entity that has changed, in every view: a call of its own would cost as much
    /// again.
    #[inline(always)]
    pub fn write_from(&self, exact_at: Option<Tick>, index: usize, writer: &mut RecordWriter<'_>) -> bool {
        let line = self.lines[index];
        if exact_at != Some(line.exact_at) {
            return false;
        }
        write_run(&self.bytes, (line.from, line.from + u32::from(line.length)), line.id, writer);
        true
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

/// Differences to a state of fewer ticks ago than this are shared, too.
const SHARED_AGES_TICKS: u32 = 8;

/// Records that are made when the first viewer needs them, by index into the world's entities.
#[derive(Default)]
pub struct LazyRecords {
    bytes: Vec<u8>,
    /// What says everything about an entity.
    full: Vec<Option<Run>>,
    /// The difference to each of the last [`SHARED_AGES_TICKS`]; empty while nobody needs one.
    older: Vec<Option<Run>>,
}

impl LazyRecords {
    /// For the world of a new tick.
    pub fn forget(&mut self, world: &WorldSnapshot) {
        self.bytes.clear();
        self.full.clear();
        self.full.resize(world.entities.len(), None);
        self.older.clear();
    }

    /// The record that says everything about an entity.
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

    /// The record that takes an entity from what it was at an earlier tick to now, empty if the motion rule does; `None` if
    /// the tick is no longer kept, or was before the entity.
    pub fn since(
        &mut self,
        index: usize,
        before: Tick,
        world: &WorldSnapshot,
        history: &History,
        tick_seconds: f32,
    ) -> Option<&[u8]> {
        let age = world.tick.since(before);
        let shared = age < SHARED_AGES_TICKS;
        let place = index * SHARED_AGES_TICKS as usize + age as usize;
        if shared && self.older.is_empty() {
            self.older.resize(world.entities.len() * SHARED_AGES_TICKS as usize, None);
        }
        let known = if shared { self.older[place] } else { None };
        if let Some(run) = known {
            return Some(self.slice(run));
        }
        let now = &world.entities[index];
        let base = history.entity(before, now.id)?;
        let start = self.bytes.len() as u32;
        write_delta(base, now, age, tick_seconds, &mut self.bytes);
        let run = (start, self.bytes.len() as u32);
        if shared {
            self.older[place] = Some(run);
        }
        Some(self.slice(run))
    }

    /// Writes the record that takes an entity from what it was at an earlier tick to now, if it was made before.
    #[inline]
    pub fn write_known(
        &self,
        index: usize,
        id: NetId,
        before: Tick,
        world: &WorldSnapshot,
        writer: &mut RecordWriter<'_>,
    ) -> bool {
        let age = world.tick.since(before);
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
