//! Sockets: TLS, HTTP, WebSocket, polls in its place, and the life of one player's connection. Knows messages and
//! rooms' inboxes, and no entity. Four floors, each of which knows only those below it.

pub mod edge;
pub mod guard;
pub mod http;
pub mod play;
