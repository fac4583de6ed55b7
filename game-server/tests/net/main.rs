//! The rim of the server over real sockets: HTTP, TLS, the WebSocket handshake, frames, limits, the end.

// Test code that is not itself a test function; what fails here fails the test.
#![allow(clippy::unwrap_used)]

mod acme;
mod admin;
mod authority;
mod autobahn;
mod budgets;
mod builds;
mod command;
mod crowd;
mod deploy;
mod frames;
mod handshake;
mod hostile;
mod http;
#[cfg(target_os = "linux")]
mod memory;
mod modes;
mod observed;
mod peer;
mod polling;
mod proxied;
mod public;
mod recorded;
mod rfc6455;
mod rfc9112;
mod stop;
mod times;
mod tls;
mod watch;
mod well;
