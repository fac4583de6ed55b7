//! The rooms of this process: their threads, their inboxes, their recordings.

pub mod clips;
pub mod commit_gate;
pub mod fleet;
pub mod inbox;
pub mod journal;
pub(crate) mod lobby;
pub(crate) mod locks;
pub(crate) mod reports;
pub mod room_loop;
pub(crate) mod room_metrics;
pub mod titles;
