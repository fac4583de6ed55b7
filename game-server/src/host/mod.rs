//! The rooms of this process: their threads, their inboxes, their recordings.

pub mod commit_gate;
pub mod inbox;
pub mod journal;
pub mod lobby;
pub mod room_loop;
pub mod room_metrics;
