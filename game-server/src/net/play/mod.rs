//! The game's connections, over WebSockets and over polls.

pub mod close;
pub mod connection;
pub mod context;
mod frame_stream;
pub mod polling;
pub mod seat;
pub mod stream;
pub mod workers;
