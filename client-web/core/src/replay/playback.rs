//! A re-simulated recording as it is shown: the world at a tick and at the one after it.

use shared::id::Tick;
use shared::recording::{Recording, Source};
use shared::setup::Setup;
use shared::snapshot::WorldSnapshot;
use sim::replay::{ReplayError, Resimulation};

/// The world at one tick.
#[derive(Clone, Debug, Default)]
pub struct ReplayFrame {
    pub world: WorldSnapshot,
    pub state_hash: u64,
}

/// The simulation runs one tick ahead of the frame shown, so that the picture can interpolate.
pub struct Playback {
    simulation: Resimulation,
    now: ReplayFrame,
    next: Option<ReplayFrame>,
    /// Memory of a frame that is no longer shown, for the next one.
    spare: ReplayFrame,
    /// Why the last seek failed.
    seek_error: Option<ReplayError>,
}

impl Playback {
    /// Opens a recording at its first tick.
    ///
    /// # Errors
    /// [`ReplayError`] if it cannot be played.
    pub fn open(file: impl Source + 'static) -> Result<Playback, ReplayError> {
        let simulation = Resimulation::at(Recording::open(file)?, Tick(0))?;
        let (now, spare) = (ReplayFrame::default(), ReplayFrame::default());
        let mut playback = Playback { simulation, now, next: None, spare, seek_error: None };
        playback.show();
        Ok(playback)
    }

    pub fn recording(&self) -> &Recording {
        self.simulation.recording()
    }

    /// What the recorded world started from.
    pub fn setup(&self) -> &Setup {
        self.simulation.setup()
    }

    pub fn now(&self) -> &ReplayFrame {
        &self.now
    }

    /// The frame after it; `None` at the end.
    pub fn next(&self) -> Option<&ReplayFrame> {
        self.next.as_ref()
    }

    /// The last tick that can be shown.
    pub fn last_tick(&self) -> Tick {
        self.simulation.last_tick()
    }

    /// The earliest tick, of those stepped so far, whose world differs from the recorded one.
    pub fn diverged(&self) -> Option<Tick> {
        self.simulation.divergence().map(|divergence| divergence.tick)
    }

    /// What in the file could not be read.
    pub fn damage(&self) -> Option<String> {
        let seek_error = self.seek_error.as_ref().map(ToString::to_string);
        seek_error.or_else(|| self.simulation.damage().map(ToString::to_string))
    }

    /// The file has grown.
    pub fn catch_up(&mut self) {
        self.simulation.catch_up();
        if self.next.is_none() {
            self.look_ahead();
        }
    }

    /// Advances by one tick. Returns `false` at the end.
    pub fn step(&mut self) -> bool {
        let Some(next) = self.next.take() else { return false };
        self.spare = std::mem::replace(&mut self.now, next);
        self.look_ahead();
        true
    }

    /// Shows a tick; beyond the recording's ends, the first or last one. If the keyframe before it cannot be used, the frame
    /// shown stays, and [`Playback::damage`] says why.
    pub fn seek(&mut self, tick: Tick) {
        let tick = tick.clamp(self.recording().first_tick(), self.last_tick());
        if tick == self.now.world.tick {
            return;
        }
        match self.simulation.seek(tick) {
            Ok(()) => self.show(),
            Err(error) => self.seek_error = Some(error),
        }
    }

    /// Shows the simulation's tick, and steps one ahead.
    fn show(&mut self) {
        self.now = self.capture();
        if let Some(next) = self.next.take() {
            self.spare = next;
        }
        self.look_ahead();
    }

    fn look_ahead(&mut self) {
        if self.simulation.step() {
            self.next = Some(self.capture());
        }
    }

    fn capture(&mut self) -> ReplayFrame {
        let mut frame = std::mem::take(&mut self.spare);
        self.simulation.sim().capture_into(&mut frame.world);
        frame.state_hash = self.simulation.sim().state_hash();
        frame
    }
}
