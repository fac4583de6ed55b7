//! Sockets: TLS, HTTP, WebSocket, polls in its place, and the life of one player's connection. Knows messages and
//! rooms' inboxes, and no entity. Four floors: `edge`, `http`, `play`, `guard`. Imports between `http` and `play` still run
//! both ways, through [`play::site`].

pub mod edge;
pub mod guard;
pub mod http;
pub mod play;
