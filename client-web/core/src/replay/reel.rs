//! A recording being re-simulated, as it is shown: the world at a tick and at the one after it.

use shared::id::Tick;
use shared::recording::Recording;
use shared::setup::Setup;
use shared::snapshot::WorldSnapshot;
use sim::replay::{ReplayError, Resimulation};

/// The world at one tick.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// The world.
    pub world: WorldSnapshot,
    /// Its hash.
    pub state_hash: u64,
}

/// The simulation is one tick ahead of the scene shown, so that there is something to move toward.
pub struct Reel {
    replay: Resimulation,
    now: Scene,
    next: Option<Scene>,
    spare: Scene,
    /// The keyframe that a seek could not use.
    unusable: Option<ReplayError>,
}

impl Reel {
    /// Opens a recording at its first tick.
    ///
    /// # Errors
    /// [`ReplayError`] says what keeps it from being played.
    pub fn open(file: Vec<u8>) -> Result<Reel, ReplayError> {
        let replay = Resimulation::at(Recording::open(file)?, Tick(0))?;
        let (now, spare) = (Scene::default(), Scene::default());
        let mut reel = Reel { replay, now, next: None, spare, unusable: None };
        reel.settle();
        Ok(reel)
    }

    /// The recording.
    pub fn recording(&self) -> &Recording {
        self.replay.recording()
    }

    /// What the recorded world started from.
    pub fn setup(&self) -> &Setup {
        self.replay.setup()
    }

    /// The scene shown.
    pub fn now(&self) -> &Scene {
        &self.now
    }

    /// The scene after it; `None` at the end.
    pub fn next(&self) -> Option<&Scene> {
        self.next.as_ref()
    }

    /// The last tick that can be shown.
    pub fn last_tick(&self) -> Tick {
        self.replay.last_tick()
    }

    /// The first tick whose world was not the recorded one, of those stepped so far.
    pub fn diverged(&self) -> Option<Tick> {
        self.replay.divergence().map(|divergence| divergence.tick)
    }

    /// What in the file turned out to make no sense.
    pub fn damage(&self) -> Option<String> {
        let unusable = self.unusable.as_ref().map(ToString::to_string);
        unusable.or_else(|| self.replay.damage().map(ToString::to_string))
    }

    /// Moves on by one tick. Returns `false` at the end.
    pub fn step(&mut self) -> bool {
        let Some(next) = self.next.take() else { return false };
        self.spare = std::mem::replace(&mut self.now, next);
        self.look_ahead();
        true
    }

    /// Shows the world of a tick; beyond the recording's ends, the first or last one. If the keyframe before it cannot
    /// be used, the scene shown stays, and [`Reel::damage`] says why.
    pub fn seek(&mut self, tick: Tick) {
        let tick = tick.clamp(self.recording().first_tick(), self.last_tick());
        if tick == self.now.world.tick {
            return;
        }
        match self.replay.seek(tick) {
            Ok(()) => self.settle(),
            Err(error) => self.unusable = Some(error),
        }
    }

    /// Takes the simulation's world as the scene shown, and looks one tick ahead.
    fn settle(&mut self) {
        self.now = self.capture();
        if let Some(next) = self.next.take() {
            self.spare = next;
        }
        self.look_ahead();
    }

    fn look_ahead(&mut self) {
        if self.replay.step() {
            let scene = self.capture();
            self.next = Some(scene);
        }
    }

    fn capture(&mut self) -> Scene {
        let mut scene = std::mem::take(&mut self.spare);
        self.replay.sim().capture_into(&mut scene.world);
        scene.state_hash = self.replay.sim().state_hash();
        scene
    }
}
