//! Snapshots: what each viewer sees, as the difference to what it was last sent.
//!
//! Once per tick the world is captured, sorted into a grid, and every entity's usual record (its delta to the tick at which
//! most viewers were last sent a snapshot) is encoded. Per viewer only merging and copying is left: [`Viewer`] reads top
//! down. Nothing here knows the simulation.

mod grid;
mod history;
mod interest;
mod priority;
mod records;
mod replicator;
mod viewer;

pub use history::HISTORY_TICKS;
pub use interest::{Interest, VIEW_MARGIN_UNITS};
pub use replicator::Replicator;
pub use viewer::{SnapshotScope, Viewer};
