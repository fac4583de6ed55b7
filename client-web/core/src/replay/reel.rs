//! A recording being re-simulated: the world at a tick and at the one after it, and whether they are what was recorded.

use shared::id::Tick;
use shared::recording::{Cursor, OpenError, RecordedTick, Recording, SeekError, SetupError};
use shared::setup::Setup;
use shared::snapshot::WorldSnapshot;
use sim::{KeyframeError, Sim};

/// Why a recording cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It is not a recording that this version reads.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Its setup cannot be used.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// It has no tick to begin from.
    #[error(transparent)]
    Seek(#[from] SeekError),
    /// A keyframe makes no sense.
    #[error("a keyframe of this recording cannot be: {0}")]
    Keyframe(#[from] KeyframeError),
    /// Any of the above, in a file that another build of the simulation made.
    #[error(
        "this recording was made by another version of the game ({recorded}; this is {here}) and cannot be played here: {why}"
    )]
    OtherBuild {
        /// The build that made the recording.
        recorded: String,
        /// This build.
        here: &'static str,
        /// What went wrong.
        why: Box<ReplayError>,
    },
}

/// The world at one tick.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// The world.
    pub world: WorldSnapshot,
    /// Its hash.
    pub state_hash: u64,
}

/// The recording and the simulation that follows it. The simulation is one tick ahead of the scene shown, so that there
/// is something to move toward.
pub struct Reel {
    recording: Recording,
    setup: Setup,
    sim: Sim,
    cursor: Cursor,
    now: Scene,
    next: Option<Scene>,
    spare: Scene,
    last_tick: Tick,
    diverged: Option<Tick>,
    damage: Option<String>,
}

impl Reel {
    /// Opens a recording at its first tick.
    ///
    /// # Errors
    /// [`ReplayError`] says what keeps it from being played.
    pub fn open(file: Vec<u8>) -> Result<Reel, ReplayError> {
        let recording = Recording::open(file)?;
        let build = recording.header().build.clone();
        Reel::begin(recording).map_err(|error| {
            if build == Sim::BUILD {
                error
            } else {
                ReplayError::OtherBuild { recorded: build, here: Sim::BUILD, why: Box::new(error) }
            }
        })
    }

    fn begin(recording: Recording) -> Result<Reel, ReplayError> {
        let setup = recording.header().setup()?;
        let (keyframe, cursor) = recording.seek(recording.first_tick())?;
        let sim = Sim::from_keyframe(&setup, &keyframe)?;
        let last_tick = recording.last_tick();
        let (now, spare) = (Scene::default(), Scene::default());
        let mut reel = Reel {
            recording,
            setup,
            sim,
            cursor,
            now,
            next: None,
            spare,
            last_tick,
            diverged: None,
            damage: None,
        };
        reel.settle();
        Ok(reel)
    }

    /// The recording.
    pub fn recording(&self) -> &Recording {
        &self.recording
    }

    /// What the recorded world started from.
    pub fn setup(&self) -> &Setup {
        &self.setup
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
        self.last_tick
    }

    /// The first tick whose world was not the recorded one, of those stepped so far.
    pub fn diverged(&self) -> Option<Tick> {
        self.diverged
    }

    /// What in the file turned out to make no sense.
    pub fn damage(&self) -> Option<&str> {
        self.damage.as_deref()
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
        if let Err(error) = self.try_seek(tick) {
            self.damage = Some(error.to_string());
        }
    }

    fn try_seek(&mut self, tick: Tick) -> Result<(), ReplayError> {
        let tick = tick.clamp(self.recording.first_tick(), self.last_tick);
        let shown = self.now.world.tick;
        let keyframe_tick = self.recording.keyframe_ticks().rev().find(|keyframe| *keyframe <= tick);
        if tick < shown || keyframe_tick.is_some_and(|keyframe| keyframe > self.sim.tick()) {
            let (keyframe, cursor) = self.recording.seek(tick)?;
            self.sim = Sim::from_keyframe(&self.setup, &keyframe)?;
            self.cursor = cursor;
        } else if tick == shown {
            return Ok(());
        }
        while self.sim.tick() < tick && self.step_sim() {}
        self.settle();
        Ok(())
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
        if self.step_sim() {
            let scene = self.capture();
            self.next = Some(scene);
        }
    }

    fn capture(&mut self) -> Scene {
        let mut scene = std::mem::take(&mut self.spare);
        self.sim.capture_into(&mut scene.world);
        scene.state_hash = self.sim.state_hash();
        scene
    }

    /// Steps the simulation by the recorded inputs and checks what comes of it.
    fn step_sim(&mut self) -> bool {
        let recorded = match self.recording.next_tick(&mut self.cursor) {
            Ok(Some(recorded)) => recorded,
            Ok(None) => return false,
            Err(damage) => {
                self.last_tick = self.sim.tick();
                self.damage = Some(damage.to_string());
                return false;
            }
        };
        let RecordedTick { tick, inputs, state_hash } = recorded;
        self.sim.step(&inputs);
        if self.sim.state_hash() != state_hash {
            self.diverged = Some(self.diverged.map_or(tick, |before| before.min(tick)));
        }
        true
    }
}
