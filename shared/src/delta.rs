//! Entity records on the wire: the difference between a viewer's baseline and the world.
//!
//! A payload is `removed-count, removed ids, records`; ids ascend and are written as the gap to the id before. A record
//! is a header byte and fields. With the top bit set it is *full*: everything about an entity, for viewers without a
//! baseline. Otherwise the header is a mask of the fields that differ from where the *motion rule* puts the entity: it moves
//! on at its old velocity, and in the last tick at its new one. What drifts freely therefore costs nothing.

mod view;
mod writer;

use crate::quantize;
use glam::IVec2;
pub use view::{Changes, DeltaError, VIEW_LIMIT_ENTITIES, View};
pub use writer::{RecordWriter, SHORT_RECORD_BYTES, write_delta, write_full, write_removed};

const FULL: u8 = 0x80;
const VELOCITY: u8 = 1;
const OFFSET: u8 = 2;
const HEADING: u8 = 4;
const HEALTH: u8 = 8;
const FLAGS: u8 = 16;
const CARGO: u8 = 32;
const SCORE: u8 = 64;
/// Of the byte with a bolt's team: where its size stands.
const BOLT_SIZE_BIT: u8 = 7;

/// The position after drifting at one velocity, with another one in the last tick.
fn turned(drifted: IVec2, before: IVec2, after: IVec2, tick_seconds: f32) -> IVec2 {
    let back = quantize::displacement(before, tick_seconds);
    drifted.wrapping_sub(back).wrapping_add(quantize::displacement(after, tick_seconds))
}
