//! Replication: what each viewer sees, as the difference to what it was last sent.
//!
//! Once per tick the world is captured, sorted into a grid, and every entity's usual record (the difference to the tick
//! that most viewers were told last) is encoded. Per viewer there is then only merging and copying. Knows entities and
//! bytes; no sockets, no clock, nothing of the simulation.

mod crowd;
mod grid;
mod history;
mod records;
mod viewer;

use glam::IVec2;
use shared::event::Event;
use shared::id::{PlayerId, Tick};
use shared::quantize::POSITION_SCALE;
use shared::setup::Setup;
use shared::snapshot::WorldSnapshot;

use grid::Grid;
pub use history::HISTORY_TICKS;
use history::History;
use records::{LazyRecords, Steps};
pub use viewer::Viewer;
use viewer::{Scratch, Sources};

/// An entity leaves the view this many units later than it enters it, so that one at the edge does not flicker.
pub const VIEW_MARGIN_UNITS: f32 = 4.0;

/// The area that a viewer is told about: half extents in position quanta around a centre.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interest {
    /// The middle of the view.
    pub centre: IVec2,
    /// Entities enter the view inside of these half extents.
    pub enter: IVec2,
    /// Entities leave the view outside of these half extents.
    pub leave: IVec2,
}

impl Interest {
    /// The interest of a viewer at `centre`, by the mode's view.
    #[must_use]
    pub fn around(centre: IVec2, setup: &Setup) -> Interest {
        let quanta = |units: f32| (units * POSITION_SCALE) as i32;
        let enter = IVec2::new(quanta(setup.mode.view_width / 2.0), quanta(setup.mode.view_height / 2.0));
        Interest { centre, enter, leave: enter + IVec2::splat(quanta(VIEW_MARGIN_UNITS)) }
    }

    /// Whether a place is so near that an entity there comes into view.
    #[must_use]
    pub fn enters(&self, at: IVec2) -> bool {
        within(at - self.centre, self.enter)
    }

    /// Whether a place is in the middle of the view: half as far from the centre as what comes into view.
    #[must_use]
    pub fn is_near(&self, at: IVec2) -> bool {
        within(at - self.centre, self.near())
    }

    fn near(&self) -> IVec2 {
        self.enter / 2
    }

    /// Whether a place is so near that an entity there stays in view.
    #[must_use]
    pub fn keeps(&self, at: IVec2) -> bool {
        within(at - self.centre, self.leave)
    }
}

fn within(offset: IVec2, half: IVec2) -> bool {
    offset.x.abs() <= half.x && offset.y.abs() <= half.y
}

/// What all viewers of a room share.
pub struct Replicator {
    tick_seconds: f32,
    world: WorldSnapshot,
    history: History,
    grid: Grid,
    steps: Steps,
    /// Empty while all snapshots tell of all.
    far_steps: Steps,
    lazy: LazyRecords,
    /// From one snapshot of most viewers to the next, and to the next of all that they see.
    intervals_ticks: (u32, u32),
    scratch: Scratch,
    payload_memory: Vec<u8>,
}

impl Replicator {
    /// For a world of this setup; it has seen nothing yet.
    #[must_use]
    pub fn new(setup: &Setup) -> Replicator {
        Replicator {
            tick_seconds: setup.tick_seconds(),
            world: WorldSnapshot::default(),
            history: History::default(),
            grid: Grid::new(setup.half_size(), Interest::around(IVec2::ZERO, setup).leave),
            steps: Steps::default(),
            far_steps: Steps::default(),
            lazy: LazyRecords::default(),
            intervals_ticks: (1, 1),
            scratch: Scratch::default(),
            payload_memory: Vec::new(),
        }
    }

    /// Takes in the world as it is now; `capture` fills the snapshot it is given.
    pub fn observe(&mut self, capture: impl FnOnce(&mut WorldSnapshot)) {
        self.history.keep(&mut self.world);
        capture(&mut self.world);
        let past = |ticks| self.history.past(Tick(self.world.tick.0.checked_sub(ticks)?));
        let (near_ticks, far_ticks) = self.intervals_ticks;
        self.steps.rebuild(past(near_ticks), &self.world, self.tick_seconds);
        if far_ticks > near_ticks {
            self.far_steps.rebuild(past(far_ticks), &self.world, self.tick_seconds);
        } else {
            self.far_steps.clear();
        }
        let (steps, far_steps) = (&self.steps, &self.far_steps);
        self.grid
            .rebuild(&self.world.entities, |index| (steps.has_changed(index), far_steps.has_changed(index)));
        self.lazy.forget(&self.world);
    }

    /// The world as last observed.
    #[must_use]
    pub fn world(&self) -> &WorldSnapshot {
        &self.world
    }

    /// Most viewers are sent a snapshot once in so many ticks, and one of all that they see once in `far_ticks`. Others may be
    /// sent one at any time, only not as fast.
    pub fn set_intervals_ticks(&mut self, snapshot_ticks: u32, far_ticks: u32) {
        self.intervals_ticks = (snapshot_ticks.max(1), far_ticks.max(1));
    }

    /// Memory for the payload at hand: whoever takes it puts it back for the next viewer's. Memory of a viewer's own would
    /// be fetched anew in every tick.
    pub fn payload_memory(&mut self) -> &mut Vec<u8> {
        &mut self.payload_memory
    }

    /// Appends the payload that takes `viewer` from what it was last sent to what it sees now.
    pub fn write_payload(&mut self, viewer: &mut Viewer, interest: &Interest, out: &mut Vec<u8>) {
        viewer.write(interest, self.sources(interest, interest.leave), out);
    }

    /// As [`Self::write_payload`], but only about what is in the middle of the view. The rest stays as it was told, and moves
    /// by the motion rule.
    pub fn write_near(&mut self, viewer: &mut Viewer, interest: &Interest, out: &mut Vec<u8>) {
        viewer.write_part(self.sources(interest, interest.near()), out);
    }

    /// As [`Self::write_payload`] for the view of a player, but with no more than about `budget_bytes` of records: the most
    /// urgent ones. Says whether that was everything.
    pub fn write_some(
        &mut self,
        viewer: &mut Viewer,
        player: PlayerId,
        interest: &Interest,
        budget_bytes: usize,
        out: &mut Vec<u8>,
    ) -> bool {
        viewer.write_some(player, interest, self.sources(interest, interest.leave), budget_bytes, out)
    }

    /// For what lies within these half extents around the middle of a view.
    fn sources(&mut self, interest: &Interest, half: IVec2) -> Sources<'_> {
        self.grid.look(interest.centre, half, &mut self.scratch.sight);
        Sources {
            world: &self.world,
            grid: &self.grid,
            history: &self.history,
            steps: &self.steps,
            far_steps: &self.far_steps,
            lazy: &mut self.lazy,
            tick_seconds: self.tick_seconds,
            scratch: &mut self.scratch,
        }
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
