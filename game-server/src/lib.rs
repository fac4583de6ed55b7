//! The Driftbelt server: rooms, journal, HTTP and WebSocket. A library for its tests only.

// Public for the integration tests, not as an API.
#![allow(missing_docs)]

pub mod assets;
pub mod cli;
pub mod commands;
pub mod config;
mod exposition;
mod files;
pub mod fleet;
pub mod host;
pub mod net;
mod playing_time;
mod process;
pub mod serve;
mod telemetry;
