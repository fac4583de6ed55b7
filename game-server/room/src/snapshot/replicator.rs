//! What all viewers of a room share.

use super::grid::Grid;
use super::history::History;
use super::interest::Interest;
use super::records::{LazyRecords, TickDeltas};
use super::viewer::{RareRecords, Scratch, SnapshotScope, TickData, Viewer};
use glam::{IVec2, Vec2};
use shared::event::Event;
use shared::id::Tick;
use shared::setup::Setup;
use shared::snapshot::WorldSnapshot;

/// The world, its recent past, and what is encoded once per tick for all viewers.
pub struct Replicator {
    tick_seconds: f32,
    world: WorldSnapshot,
    history: History,
    grid: Grid,
    /// The outer half extents of every view, and of every view that was asked for: the grid covers them from the next tick on.
    widest: IVec2,
    deltas: TickDeltas,
    /// Empty while every snapshot is of the whole view.
    far_deltas: TickDeltas,
    lazy: LazyRecords,
    /// From one snapshot of most viewers to the next, and to the next of their whole view.
    intervals_ticks: (u32, u32),
    scratch: Scratch,
    /// The newest delta. One buffer for all viewers: a buffer per viewer would be a cache miss in every tick.
    delta: Vec<u8>,
}

impl Replicator {
    /// For a world of this setup; it has seen nothing yet.
    pub fn new(setup: &Setup) -> Replicator {
        let widest = Interest::around(IVec2::ZERO, setup).leave;
        Replicator {
            tick_seconds: setup.tick_seconds(),
            world: WorldSnapshot::default(),
            history: History::default(),
            grid: Grid::new(setup.largest_half_size(), widest),
            widest,
            deltas: TickDeltas::default(),
            far_deltas: TickDeltas::default(),
            lazy: LazyRecords::default(),
            intervals_ticks: (1, 1),
            scratch: Scratch::default(),
            delta: Vec::new(),
        }
    }

    /// Replaces the world by that of a new tick; `capture` fills the snapshot it is given.
    pub fn observe(&mut self, capture: impl FnOnce(&mut WorldSnapshot)) {
        self.history.keep(&mut self.world);
        capture(&mut self.world);
        let past = |ticks| self.history.past(Tick(self.world.tick.0.checked_sub(ticks)?));
        let (near_ticks, far_ticks) = self.intervals_ticks;
        self.deltas.rebuild(past(near_ticks), &self.world, self.tick_seconds);
        if far_ticks > near_ticks {
            self.far_deltas.rebuild(past(far_ticks), &self.world, self.tick_seconds);
        } else {
            self.far_deltas.clear();
        }
        let (deltas, far_deltas) = (&self.deltas, &self.far_deltas);
        self.grid.leave = self.widest;
        self.grid.rebuild(&self.world.entities, |index| {
            (deltas.has_changed(index), far_deltas.has_changed(index))
        });
        self.lazy.clear(&self.world);
    }

    /// The world as last observed.
    pub fn world(&self) -> &WorldSnapshot {
        &self.world
    }

    /// Most viewers are sent a snapshot every `snapshot_ticks`, and one of their whole view every `far_ticks`. A snapshot at
    /// any other time only costs more.
    pub fn set_intervals_ticks(&mut self, snapshot_ticks: u32, far_ticks: u32) {
        self.intervals_ticks = (snapshot_ticks.max(1), far_ticks.max(1));
    }

    /// Whether viewers may have a view of this width and height, in units; if not, they may from the next tick on. A view in which
    /// nobody has asked to see costs nothing.
    pub fn covers(&mut self, view: Vec2) -> bool {
        let leave = Interest::of_view(IVec2::ZERO, view).leave;
        self.widest = self.widest.max(leave);
        leave.cmple(self.grid.leave).all()
    }

    /// The delta that takes `viewer` from what it was last sent to what it sees now, and whether that is the whole view.
    pub fn write(&mut self, viewer: &mut Viewer, interest: &Interest, scope: SnapshotScope) -> (&[u8], bool) {
        let tick = TickData {
            world: &self.world,
            grid: &self.grid,
            deltas: &self.deltas,
            far_deltas: &self.far_deltas,
            rare: RareRecords {
                world: &self.world,
                history: &self.history,
                lazy: &mut self.lazy,
                tick_seconds: self.tick_seconds,
            },
            scratch: &mut self.scratch,
        };
        self.delta.clear();
        let is_complete = viewer.write(interest, scope, tick, &mut self.delta);
        (&self.delta, is_complete)
    }

    /// Puts a viewer back to what it held after the snapshot of an earlier tick, which was made with this interest. Says whether
    /// it could: if the tick is no longer kept, the viewer holds nothing.
    pub fn recall(&self, viewer: &mut Viewer, tick: Tick, interest: &Interest) -> bool {
        let past = self.history.past(tick).map(|past| &past.entities);
        let entities = if tick == self.world.tick { Some(&self.world.entities) } else { past };
        match entities {
            Some(entities) => viewer.recall(tick, entities, interest),
            None => viewer.clear(),
        }
        entities.is_some()
    }

    /// What happened in sight after the tick `since`, oldest first.
    pub fn events<'a>(&'a self, since: Tick, interest: &'a Interest) -> impl Iterator<Item = Event> + 'a {
        self.history
            .events_since(since)
            .chain(self.world.events.iter())
            .filter(|event| interest.keeps(IVec2::from(event.at)))
            .copied()
    }
}
