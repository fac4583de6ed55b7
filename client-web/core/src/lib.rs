//! The Driftbelt client without its view: tick clock, prediction, interpolation, frames, and the replay player.
//!
//! No IO and no clock: bytes and times (milliseconds of any steady clock) go in; bytes, notices and frames come out. The
//! same code runs as wasm in the browser, in tests, and a thousand times over in the load generator. Only `bindings.rs`
//! and `schema.rs` know the browser.
//!
//! In reading order: [`client`] (connection and messages) → [`world`] (one session's state) → `clock`, `prediction`,
//! `obstacles`, `own_bolts` (the own ship, ahead of the server) → `interpolation_clock`, `snapshot_buffer` (the others,
//! behind it) → `event_effects`, `effects` → `evidence`, `death_replay` (why the own ship was destroyed) → `frame_builder`, `draw_item`, [`frame`], [`layout`] (what the view draws) →
//! [`replay`].

#![cfg_attr(not(test), warn(clippy::disallowed_methods, clippy::disallowed_types))]

mod average;
#[cfg(test)]
#[path = "../tests/client/belt.rs"]
mod belt;
#[cfg(target_arch = "wasm32")]
pub mod bindings;
pub mod client;
mod clock;
mod death_replay;
mod draw_item;
mod effects;
mod event_effects;
pub mod evidence;
pub mod frame;
mod frame_builder;
pub mod hit_counts;
mod interpolation_clock;
pub mod layout;
pub mod notice;
mod obstacles;
mod own_bolts;
mod predicted_impacts;
mod prediction;
pub mod replay;
#[cfg(target_arch = "wasm32")]
mod schema;
pub mod seat;
mod snapshot_buffer;
pub mod state;
mod traffic;
pub mod world;
