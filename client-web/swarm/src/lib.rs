//! The load generator and the benchmark's floor: thousands of headless players in one process, measured.
//!
//! In reading order: `cli`, `options` → `run` (the loop) → `player` (one client core) with `behaviour`, `probe`, `link` (a
//! simulated bad link) → `socket`, `frames`, `target` (the connection) → `tally`, `report`, `observer` (what is measured).
//! Apart from it: `floor`, `bench`, `compare`, `idle`, `transports`, `watch`.

#![allow(missing_docs, reason = "not a library: only the program and its tests use it")]

pub mod behaviour;
pub mod bench;
pub mod cli;
pub mod compare;
pub mod core_time;
pub mod floor;
pub mod frames;
pub mod idle;
pub mod link;
pub mod observer;
pub mod options;
pub mod pace;
mod player;
mod probe;
pub mod report;
pub mod run;
pub mod socket;
pub mod tally;
pub mod target;
pub mod transports;
pub mod watch;
