//! Commands that read a recording and print what they find.

pub mod bench_replay;
pub mod info;
pub mod playing_time;
pub mod verify;
