//! Which node of a fleet runs a room. Every room is a log on an engine that the nodes share; the node that appended the
//! newest claim may append, and nobody else. Events go in, actions come out, time is passed in. No socket, no clock, no
//! thread: the manifest and clippy prove it.
//!
//! - [`record`]: an entry of a room's log: who wrote it, and a part of the room's recording.
//! - [`engine`]: what is asked of the log, as plain data.
//! - [`owner`]: one node and one room: claim → restore → serve → release or end, unless it is fenced.
//! - [`directory`]: which node runs what, as the nodes say every second. Nothing is stored.

#![cfg_attr(not(test), warn(clippy::disallowed_methods, clippy::disallowed_types))]

pub mod directory;
pub mod engine;
pub mod owner;
pub mod record;

/// A point in time, counted from a moment of the caller's own monotonic clock. Never compared across nodes.
pub type Now = core::time::Duration;

/// The place of a record in the log. 0 stands before the first.
pub type Sequence = u64;
