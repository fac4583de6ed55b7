//! Sockets: TLS, HTTP, WebSocket, polls in its place, and the life of one player's connection. Knows messages and
//! rooms' inboxes, and no entity.

pub mod acme;
pub mod addresses;
pub mod admin;
pub mod admin_log;
pub mod allowance;
pub mod bans;
pub mod body;
pub mod client_files;
pub mod connection;
mod ending;
pub mod frames;
pub mod http;
pub mod limits;
pub mod listener;
pub mod origin;
pub mod polling;
pub mod presence;
pub mod proxies;
pub mod pump;
pub mod recordings;
mod seat;
pub mod site;
pub mod sockets;
pub mod stream;
pub mod tls;
pub mod upgrade;
pub mod whereabouts;
pub mod wire;
