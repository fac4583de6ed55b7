//! The parts of a tick, for measuring.

/// A part of a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Seats are given and ended, sessions hand over their players' controls.
    Inputs,
    /// The simulation steps.
    Step,
    /// The state is hashed; now and then a keyframe is made.
    Record,
    /// The world is captured, sorted and encoded once for all viewers.
    Observe,
    /// Notices, standings and prices.
    Announce,
    /// Every viewer's own snapshot.
    Snapshots,
}

impl Stage {
    /// The stage's name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Inputs => "inputs",
            Stage::Step => "step",
            Stage::Record => "record",
            Stage::Observe => "observe",
            Stage::Announce => "announce",
            Stage::Snapshots => "snapshots",
        }
    }
}

/// Called when a stage is over. Rooms have no clock; the caller of [`Room::tick`](crate::Room::tick) has one.
pub trait StageWatch {
    /// A stage is over.
    fn done(&mut self, stage: Stage);
}

impl StageWatch for () {
    fn done(&mut self, _: Stage) {}
}
