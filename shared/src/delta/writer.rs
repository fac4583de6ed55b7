//! The server's end: what a viewer is sent.

use super::{BOLT_SIZE_BIT, CARGO, FLAGS, FULL, HEADING, HEALTH, OFFSET, SCORE, VELOCITY, turned};
use crate::entity::{EntityState, Kind};
use crate::id::NetId;
use crate::text::NAME_LIMIT_BYTES;
use crate::varint::{put, put_signed};
use glam::IVec2;

/// Appends a full record, without its id. `name` is the ship's player's name; other kinds ignore it.
pub fn write_full(entity: &EntityState, name: &str, out: &mut Vec<u8>) {
    out.push(FULL | entity.kind as u8);
    put_vector(out, entity.motion.position_q);
    put_vector(out, entity.motion.velocity_q);
    match entity.kind {
        Kind::Ship => {
            put(out, u32::from(entity.heading.step()));
            put(out, u32::from(entity.health));
            out.push(entity.flags.0);
            out.push(entity.team);
            put(out, u32::from(entity.hold));
            put(out, u32::from(entity.levels.0));
            put(out, entity.score);
            put(out, entity.owner.0);
            out.push(name.len().min(NAME_LIMIT_BYTES) as u8);
            out.extend_from_slice(&name.as_bytes()[..name.len().min(NAME_LIMIT_BYTES)]);
        }
        Kind::Asteroid => {
            out.push(entity.size);
            put(out, u32::from(entity.health));
        }
        Kind::Ore => {}
        Kind::Bolt => {
            out.push(entity.team | entity.size << BOLT_SIZE_BIT);
            put(out, entity.owner.0);
        }
    }
}

/// Appends the record, without its id, that turns `base` into `now` for a viewer who holds `base` from `ticks` ticks ago.
/// Appends nothing and returns `false` if the motion rule alone does so. Both must be of one entity.
pub fn write_delta(
    base: &EntityState,
    now: &EntityState,
    ticks: u32,
    tick_seconds: f32,
    out: &mut Vec<u8>,
) -> bool {
    debug_assert_eq!((base.id, base.kind), (now.id, now.kind));
    let header_at = out.len();
    out.push(0);
    let mut mask = 0;
    let drifted = base.motion.drifted(ticks, tick_seconds);
    let steering = now.motion.velocity_q - base.motion.velocity_q;
    if steering != IVec2::ZERO {
        mask |= VELOCITY;
        put_vector(out, steering);
    }
    let offset = now.motion.position_q
        - turned(drifted.position_q, base.motion.velocity_q, now.motion.velocity_q, tick_seconds);
    if offset != IVec2::ZERO {
        mask |= OFFSET;
        put_vector(out, offset);
    }
    if base.heading != now.heading {
        mask |= HEADING;
        put_signed(out, i32::from(base.heading.steps_to(now.heading)));
    }
    if base.health != now.health {
        mask |= HEALTH;
        put(out, u32::from(now.health));
    }
    if base.flags != now.flags {
        mask |= FLAGS;
        out.push(now.flags.0);
    }
    if (base.hold, base.levels) != (now.hold, now.levels) {
        mask |= CARGO;
        put(out, u32::from(now.hold));
        put(out, u32::from(now.levels.0));
    }
    if base.score != now.score {
        mask |= SCORE;
        put(out, now.score);
    }
    if mask == 0 {
        out.truncate(header_at);
        return false;
    }
    out[header_at] = mask;
    true
}

/// Records up to this size have a [fast path](RecordWriter::write_short); nearly all differences are smaller.
pub const SHORT_RECORD_BYTES: usize = 16;

/// Bytes that a [`RecordWriter`] keeps to itself before it appends them.
const RECORDS_BUFFER_BYTES: usize = 256;
/// Longer gaps between two ids take more than three bytes.
const SHORT_GAP_LIMIT: u32 = 1 << 21;
/// Most bytes that are touched for the gap of a short record.
const GAP_LIMIT_BYTES: usize = 4;

/// Writes the records of a payload, id by id, ascending.
pub struct RecordWriter<'a> {
    out: &'a mut Vec<u8>,
    last: u32,
    buffer: [u8; RECORDS_BUFFER_BYTES],
    filled: usize,
}

impl<'a> RecordWriter<'a> {
    /// Appends to `out`.
    pub fn new(out: &'a mut Vec<u8>) -> RecordWriter<'a> {
        RecordWriter { out, last: 0, buffer: [0; RECORDS_BUFFER_BYTES], filled: 0 }
    }

    /// Appends a record that [`write_full`] or [`write_delta`] made.
    pub fn write(&mut self, id: NetId, record: &[u8]) {
        self.flush();
        put(self.out, id.0.wrapping_sub(self.last));
        self.last = id.0;
        self.out.extend_from_slice(record);
    }

    /// As [`Self::write`], for the first `length` bytes of a short record with whatever lies behind it; nothing if there is
    /// none. Which of the entities in a view have changed is hard to foresee, so that no branch depends on it.
    #[inline(always)]
    pub fn write_short(&mut self, id: NetId, record: &[u8; SHORT_RECORD_BYTES], length: usize) {
        let gap = id.0.wrapping_sub(self.last);
        if gap >= SHORT_GAP_LIMIT || self.filled > RECORDS_BUFFER_BYTES - SHORT_RECORD_BYTES - GAP_LIMIT_BYTES
        {
            return self.write_slowly(id, &record[..length]);
        }
        // The one to three bytes that `put` would make of it.
        let (two, three) = (gap >= 1 << 7, gap >= 1 << 14);
        let groups = (gap & 0x7f) | (gap & (0x7f << 7)) << 1 | (gap >> 14) << 16;
        let bytes = groups | u32::from(two) << 7 | u32::from(three) << 15;
        let from = self.filled + 1 + usize::from(two) + usize::from(three);
        self.buffer[self.filled..self.filled + 4].copy_from_slice(&bytes.to_le_bytes());
        self.buffer[from..from + SHORT_RECORD_BYTES].copy_from_slice(record);
        let told = length > 0;
        self.filled = if told { from + length } else { self.filled };
        self.last = if told { id.0 } else { self.last };
    }

    #[cold]
    fn write_slowly(&mut self, id: NetId, record: &[u8]) {
        if !record.is_empty() {
            self.write(id, record);
        }
    }

    /// All that was written is in `out` now.
    pub fn finish(mut self) {
        self.flush();
    }

    fn flush(&mut self) {
        self.out.extend_from_slice(&self.buffer[..self.filled]);
        self.filled = 0;
    }
}

/// Begins a payload with the ids that left the view, ascending. What a [`RecordWriter`] writes follows.
pub fn write_removed(removed: &[NetId], out: &mut Vec<u8>) {
    put(out, removed.len() as u32);
    let mut last = 0;
    for id in removed {
        put(out, id.0.wrapping_sub(last));
        last = id.0;
    }
}

fn put_vector(out: &mut Vec<u8>, vector: IVec2) {
    put_signed(out, vector.x);
    put_signed(out, vector.y);
}
