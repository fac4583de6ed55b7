//! What server and browser must agree on bit for bit: identities, quantities, rules, the movement step,
//! entity records and their deltas, messages, keyframes and the recording format.
//!
//! No IO, no clock, no threads, no unordered collections: everything here is a pure function of its inputs.

#![cfg_attr(not(test), warn(clippy::disallowed_methods, clippy::disallowed_types))]

pub mod angle;
pub mod aspect;
pub mod awards;
pub mod batch;
pub mod codec;
pub mod command;
pub mod delta;
pub mod entity;
pub mod event;
pub mod evidence;
pub mod hash;
pub mod highlights;
pub mod id;
pub mod input;
pub mod keyframe;
pub mod levels;
pub mod message;
pub mod movement;
pub mod quantize;
pub mod recording;
pub mod round;
pub mod rules;
pub mod setup;
pub mod snapshot;
pub mod spent;
pub mod text;
pub mod varint;

/// Version of the wire protocol, as in the WebSocket subprotocol `driftbelt.<version>`.
///
/// It changes whenever the golden bytes of a message change.
pub const PROTOCOL_VERSION: u16 = 5;
