//! The Driftbelt client without its view: tick clock, prediction, interpolation, the frame buffer, and the replay player.
//!
//! No IO and no clock: bytes and times (milliseconds of any steady clock) go in; bytes, notices and frames come out. The
//! same code runs as wasm in the browser, in tests, and by the thousand in the load generator. Only `bindings.rs` knows
//! the browser.

#![cfg_attr(not(test), warn(clippy::disallowed_methods, clippy::disallowed_types))]

mod average;
#[cfg(test)]
#[path = "../tests/client/belt.rs"]
mod belt;
#[cfg(target_arch = "wasm32")]
mod bindings;
pub mod client;
mod clock;
mod effects;
mod felt;
pub mod frame;
mod happenings;
mod interpolation;
pub mod notice;
mod own_bolts;
mod picture;
mod prediction;
pub mod replay;
pub mod seat;
mod shown;
pub mod state;
mod surroundings;
mod timeline;
mod traffic;
pub mod world;
