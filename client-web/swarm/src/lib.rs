//! The load generator and the benchmark's floor: thousands of headless players in one process, measured.

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
