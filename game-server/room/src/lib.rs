//! One running world and everything that its players are sent: the pure half of the server. Events go in, encoded messages
//! and records come out, time passes in ticks. No socket, no file, no clock, no thread: the manifest and clippy prove it.
//!
//! In reading order:
//! - [`room`]: the room and its tick. [`Room::handle`] takes what connections posted, [`Room::tick`] steps the world,
//!   [`Room::poll_record`] hands out what belongs into the recording.
//! - [`event`]: what connections post.
//! - `seats`, `queue`, `restore`: clients wait for a seat, get one, lose the connection and resume.
//! - [`by_network`], [`network`], [`conduct`]: what the clients of one address hold together, and make others read.
//! - [`session`]: one player's protocol state: input buffer, backlog of chat, resume claim, byte budget.
//! - [`snapshot`]: what a viewer sees, as the difference to what it was last sent.
//! - [`outbox`]: what a connection is to be sent.
//! - `ending`: a room that runs out of ids or ticks.
//! - `announce`, `standings`, `moderation`: kills, prices and ranks; chat and administrators.
//! - [`news`]: who comes and goes, and why, for the log and the metrics.
//! - [`speech`], [`names`]: names and chat made presentable, and names made distinct. [`load`]: overload. [`stage`]: the parts of a tick.

#![cfg_attr(not(test), warn(clippy::disallowed_methods, clippy::disallowed_types))]

mod announce;
pub mod by_network;
pub mod conduct;
mod ending;
pub mod event;
pub mod load;
mod moderation;
pub mod names;
pub mod network;
pub mod news;
pub mod outbox;
mod queue;
mod rate;
mod record;
mod report;
mod restore;
pub mod room;
mod seats;
pub mod session;
pub mod snapshot;
pub mod speech;
pub mod stage;
mod standings;

pub use ending::ENDING_SECONDS;
pub use event::{Connected, ConnectionId, SeatStatus, SessionEvent, Stop};
pub use moderation::MUTED_REMINDER_SECONDS;
pub use queue::WAITING_LIMIT_CLIENTS;
pub use record::{KEYFRAME_INTERVAL_SECONDS, Record};
pub use room::{
    DEFAULT_KEEP_ROOMS_SECONDS, DEFAULT_KICK_COOLDOWN_SECONDS, DEFAULT_SEAT_GRACE_SECONDS, Room, RoomOptions,
};
pub use seats::{QUEUED_INTERVAL_SECONDS, YIELD_SECONDS};
