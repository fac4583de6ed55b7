//! The game's connections, over WebSockets and over polls.

pub mod connection;
pub mod context;
pub mod ending;
pub mod frames;
pub mod polling;
pub mod pump;
pub mod seat;
pub mod sockets;
pub mod stream;
pub mod wire;
