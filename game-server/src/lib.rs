//! The Driftbelt server: rooms, sessions, replication, journal, HTTP and WebSocket.

pub mod assets;
pub mod bench_replay;
pub mod cli;
pub mod config;
pub mod game_loop;
pub mod gate;
pub mod inbox;
pub mod info;
pub mod journal;
pub mod link;
pub mod lobby;
pub mod net;
pub mod playing_time;
pub mod replication;
pub mod room;
pub mod serve;
pub mod sessions;
pub mod speech;
pub mod telemetry;
#[cfg(unix)]
pub mod upgrade;
pub mod verify;
