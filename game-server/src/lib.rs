//! The Driftbelt server: rooms, journal, HTTP and WebSocket.

pub mod assets;
pub mod cli;
pub mod commands;
pub mod config;
pub mod host;
pub mod net;
pub mod serve;
pub mod telemetry;
