//! Every entity's record, encoded once per tick and shared by all viewers.

use super::history::Past;
use super::viewer::Held;
use shared::delta::{RecordWriter, SHORT_RECORD_BYTES, write_delta, write_full};
use shared::id::Tick;
use shared::snapshot::WorldSnapshot;

/// The differences between two consecutive ticks, by index into the world's entities.
#[derive(Default)]
pub struct Steps {
    bytes: Vec<u8>,
    lines: Vec<Line>,
}

/// What a merge reads of an entity, packed so that it stays in the cache while viewer after viewer reads it.
#[derive(Clone, Copy)]
pub struct Line {
    /// What a viewer holds who needs nothing but the difference to the tick before.
    pub stepped: Held,
    /// Where that begins.
    from: u32,
    /// Its bytes; none if the motion rule makes it.
    pub length: u16,
}

/// When an entity was exact for whom the difference is enough, if there is none: nobody holds that.
const NEVER: Tick = Tick(u32::MAX);

impl Steps {
    /// Encodes the differences.
    pub fn rebuild(&mut self, before: Option<&Past>, world: &WorldSnapshot, tick_seconds: f32) {
        self.bytes.clear();
        self.lines.clear();
        let past =
            before.filter(|past| past.tick.next() == world.tick).map_or(&[][..], |past| &past.entities);
        let mut old = past.iter().peekable();
        for now in &world.entities {
            while old.next_if(|entity| entity.id < now.id).is_some() {}
            let from = self.bytes.len();
            let base = old.next_if(|entity| entity.id == now.id && entity.kind == now.kind);
            if let Some(base) = base {
                write_delta(base, now, 1, tick_seconds, &mut self.bytes);
            }
            let length = (self.bytes.len() - from) as u16;
            let exact_at = before.filter(|_| base.is_some()).map_or(NEVER, |past| past.tick);
            self.lines.push(Line { stepped: Held { id: now.id, exact_at }, from: from as u32, length });
        }
        // So that a short record can be copied as a whole chunk, the last one too.
        self.bytes.extend([0; SHORT_RECORD_BYTES]);
    }

    /// What a merge reads of the entities.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Writes the record that takes an entity from the tick before to now; nothing if the motion rule does. For every
    /// entity in every view: a call of its own would cost as much again.
    #[inline(always)]
    pub fn write(&self, line: Line, writer: &mut RecordWriter<'_>) {
        let (from, length) = (line.from as usize, usize::from(line.length));
        match self.bytes[from..].first_chunk() {
            Some(chunk) if length <= SHORT_RECORD_BYTES => writer.write_short(line.stepped.id, chunk, length),
            _ => writer.write(line.stepped.id, &self.bytes[from..from + length]),
        }
    }
}

/// A run of bytes in a buffer.
type Run = (u32, u32);

/// The records that say everything about an entity, by index into the world's entities, made when the first viewer needs
/// them.
#[derive(Default)]
pub struct FullRecords {
    bytes: Vec<u8>,
    runs: Vec<Option<Run>>,
}

impl FullRecords {
    /// For the world of a new tick.
    pub fn forget(&mut self, world: &WorldSnapshot) {
        self.bytes.clear();
        self.runs.clear();
        self.runs.resize(world.entities.len(), None);
    }

    /// The record of an entity.
    pub fn of(&mut self, index: usize, world: &WorldSnapshot) -> &[u8] {
        let (from, to) = match self.runs[index] {
            Some(run) => run,
            None => {
                let entity = &world.entities[index];
                let name = world.pilot(entity.owner).map_or("", |pilot| pilot.name.as_str());
                let start = self.bytes.len() as u32;
                write_full(entity, name, &mut self.bytes);
                *self.runs[index].insert((start, self.bytes.len() as u32))
            }
        };
        &self.bytes[from as usize..to as usize]
    }
}
