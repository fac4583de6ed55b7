//! Nothing is lost: rooms and seats survive lost connections, crashes and upgrades of the server.

// Test code that is not itself a test function; what fails here fails the test.
#![allow(clippy::unwrap_used)]

mod crash;
mod cuts;
#[cfg(unix)]
mod disk;
mod facts;
#[cfg(all(unix, feature = "fleet"))]
mod fleet;
mod kill;
#[cfg(all(unix, feature = "fleet"))]
mod nats;
mod player;
mod process;
#[cfg(unix)]
mod restart;
#[cfg(target_os = "linux")]
mod service_manager;
#[cfg(unix)]
mod upgrade;
