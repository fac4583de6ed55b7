//! The parts of a tick, for whoever measures them.

/// A part of a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Sessions hand over what their players do.
    Inputs,
    /// The simulation steps.
    Step,
    /// The journal takes inputs, hash and, now and then, a keyframe.
    Record,
    /// The world is captured, sorted and encoded once for everybody.
    Observe,
    /// Notices, standings and prices.
    Announce,
    /// Every viewer's own snapshot.
    Snapshots,
}

/// Told when a stage is over. Rooms have no clock; whoever has one measures here.
pub trait StageWatch {
    /// A stage is over.
    fn done(&mut self, stage: Stage);
}

impl StageWatch for () {
    fn done(&mut self, _: Stage) {}
}
