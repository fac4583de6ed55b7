//! This server as a node of a fleet: says what it runs, hears what others run, claims the rooms that nobody runs, and takes
//! the recordings of its rooms to the log that all nodes share.

mod member;
#[cfg(feature = "fleet")]
mod nats;
#[cfg(not(feature = "fleet"))]
#[path = "without.rs"]
mod nats;
mod node;
mod steward;

pub use member::{FleetOptions, Outage};
pub use nats::ConnectError;
pub use node::Node;
