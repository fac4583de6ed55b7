//! Re-simulation: steps the world of a recording by its recorded inputs and compares the hashes.

use shared::id::Tick;
use shared::recording::{Cursor, Damage, OpenError, RecordedTick, Recording, SeekError, SetupError};
use shared::setup::Setup;

use crate::{Difference, KeyframeError, Sim};

/// A recording and the simulation that follows it.
pub struct Resimulation {
    recording: Recording,
    setup: Setup,
    sim: Sim,
    cursor: Cursor,
    last_tick: Tick,
    divergence: Option<Divergence>,
    damage: Option<Damage>,
}

/// A tick whose simulated hash is not the recorded one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// The tick.
    pub tick: Tick,
    /// The hash in the recording.
    pub recorded: u64,
    /// The hash of the simulated world.
    pub simulated: u64,
}

/// Why a recording cannot be re-simulated.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The file is not a recording that this version reads.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Its setup cannot be used.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// It has no keyframe that can be read.
    #[error(transparent)]
    Seek(#[from] SeekError),
    /// A keyframe makes no world.
    #[error("the keyframe of tick {n} makes no world: {error}", n = .tick.0)]
    Keyframe {
        /// The keyframe's tick.
        tick: Tick,
        /// What is wrong with it.
        error: KeyframeError,
    },
    /// A chunk cannot be read.
    #[error("{0}")]
    Damaged(Damage),
    /// The simulated world is not the recorded one.
    #[error("the simulation differs from the recording from tick {n} on", n = .0.tick.0)]
    Diverged(Divergence),
    /// Another build of the simulation made the recording, and only that build is sure to simulate it.
    #[error("the recording was made by another version of the game ({recorded}; this is {})", Sim::BUILD)]
    OtherBuild {
        /// The build that made the recording.
        recorded: String,
        /// What went wrong when this build tried, if it did.
        #[source]
        error: Option<Box<ReplayError>>,
    },
}

impl Resimulation {
    /// Opens a recording at a tick; beyond its ends, at the first or last one.
    ///
    /// # Errors
    /// [`ReplayError`] if there is no keyframe from which this build could reach the tick.
    pub fn at(recording: Recording, tick: Tick) -> Result<Resimulation, ReplayError> {
        let build = recording.header().build.clone();
        Resimulation::open(recording, tick).map_err(|error| match build == Sim::BUILD {
            true => error,
            false => ReplayError::OtherBuild { recorded: build, error: Some(Box::new(error)) },
        })
    }

    fn open(recording: Recording, tick: Tick) -> Result<Resimulation, ReplayError> {
        let setup = recording.header().setup()?;
        let tick = tick.max(recording.first_tick());
        let world = from_keyframe(&recording, &setup, tick)?;
        let mut opened = Resimulation::from_parts(recording, setup, world);
        opened.step_to(tick);
        Ok(opened)
    }

    fn from_parts(recording: Recording, setup: Setup, (sim, cursor): (Sim, Cursor)) -> Resimulation {
        let last_tick = recording.last_tick();
        Resimulation { recording, setup, sim, cursor, last_tick, divergence: None, damage: None }
    }

    /// Opens a recording at its first tick. Tick 0 is made from the setup, not from the stored keyframe.
    ///
    /// # Errors
    /// As [`Resimulation::at`].
    pub fn from_setup(recording: Recording) -> Result<Resimulation, ReplayError> {
        let mut opened = Resimulation::at(recording, Tick(0))?;
        if opened.sim.tick() == Tick(0) {
            opened.sim = Sim::new(&opened.setup).map_err(SetupError::from)?;
        }
        Ok(opened)
    }

    /// Opens a recording at its last tick, to continue the session: at the end of the last part of it that can be played.
    ///
    /// # Errors
    /// [`ReplayError`] if this build did not make the recording, if it can use no keyframe, or if a tick behind the newest one that
    /// it can use differs.
    pub fn restore(recording: Recording) -> Result<Resimulation, ReplayError> {
        let build = &recording.header().build;
        if build != Sim::BUILD {
            return Err(ReplayError::OtherBuild { recorded: build.clone(), error: None });
        }
        let last = recording.last_tick();
        let setup = recording.header().setup()?;
        let at = |tick| from_keyframe(&recording, &setup, tick);
        let usable = recording.keyframe_ticks().rev().find_map(|tick| at(tick).ok());
        let world = usable.map_or_else(|| at(last), Ok)?;
        let mut restored = Resimulation::from_parts(recording, setup, world);
        restored.step_to(last);
        match restored.divergence {
            Some(divergence) => Err(ReplayError::Diverged(divergence)),
            None => Ok(restored),
        }
    }

    /// The recording.
    pub fn recording(&self) -> &Recording {
        &self.recording
    }

    /// What the recorded world started from.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// The simulated world.
    pub fn sim(&self) -> &Sim {
        &self.sim
    }

    /// The recording, its setup and the world.
    pub fn into_parts(self) -> (Recording, Setup, Sim) {
        (self.recording, self.setup, self.sim)
    }

    /// The last tick that can be reached: the recording's, or the last before [damage](Resimulation::damage).
    pub fn last_tick(&self) -> Tick {
        self.last_tick
    }

    /// The earliest tick, of those stepped so far, whose hash is not the recorded one.
    pub fn divergence(&self) -> Option<Divergence> {
        self.divergence
    }

    /// The first chunk, of those read so far, that makes no sense although its checksum is right. The recording's
    /// [holes](Recording::holes) are known from the start.
    pub fn damage(&self) -> Option<&Damage> {
        self.damage.as_ref()
    }

    /// The recording's source has grown: its new ticks can be reached.
    pub fn catch_up(&mut self) {
        self.recording.catch_up();
        if self.damage.is_none() {
            self.last_tick = self.recording.last_tick();
        }
    }

    /// Whether all steps so far were as recorded.
    ///
    /// # Errors
    /// [`ReplayError::Damaged`] or [`ReplayError::Diverged`].
    pub fn check(&self) -> Result<(), ReplayError> {
        match (&self.damage, self.divergence) {
            (Some(damage), _) => Err(ReplayError::Damaged(damage.clone())),
            (None, Some(divergence)) => Err(ReplayError::Diverged(divergence)),
            (None, None) => Ok(()),
        }
    }

    /// Goes to a tick; beyond the recording's ends, to the first or last one.
    ///
    /// # Errors
    /// [`ReplayError`] if the keyframe before the tick cannot be used: the world is what it was.
    pub fn seek(&mut self, tick: Tick) -> Result<(), ReplayError> {
        let tick = tick.clamp(self.recording.first_tick(), self.last_tick);
        let here = self.sim.tick();
        if tick < here || self.recording.keyframe_before(tick).is_some_and(|keyframe| keyframe > here) {
            (self.sim, self.cursor) = from_keyframe(&self.recording, &self.setup, tick)?;
        }
        self.step_to(tick);
        Ok(())
    }

    fn step_to(&mut self, tick: Tick) {
        while self.sim.tick() < tick && self.step() {}
    }

    /// Steps the world by the next recorded tick and compares its hash. At a hole, the world jumps to the next keyframe first.
    /// Returns `false` at the end.
    pub fn step(&mut self) -> bool {
        let Some(recorded) = self.read() else { return false };
        self.step_by(&recorded);
        self.compare(&recorded);
        true
    }

    /// The first part of [`step`](Resimulation::step): reads the next tick. The parts are for those who measure them.
    pub fn read(&mut self) -> Option<RecordedTick> {
        loop {
            let damage = match self.recording.next_tick(&mut self.cursor) {
                Ok(next) => return next,
                Err(damage) => damage,
            };
            if !self.recording.holes().contains(&damage) {
                self.damage.get_or_insert(damage);
            }
            let here = self.sim.tick();
            let mut behind = self.recording.keyframe_ticks().filter(|tick| *tick > here);
            let usable = behind.find_map(|tick| from_keyframe(&self.recording, &self.setup, tick).ok());
            let Some((sim, cursor)) = usable else {
                self.last_tick = here;
                return None;
            };
            (self.sim, self.cursor) = (sim, cursor);
        }
    }

    /// The second part: steps the world.
    pub fn step_by(&mut self, recorded: &RecordedTick) {
        self.sim.step(&recorded.inputs);
    }

    /// The third part: hashes the world and compares.
    pub fn compare(&mut self, recorded: &RecordedTick) {
        let RecordedTick { tick, state_hash: recorded, .. } = *recorded;
        let simulated = self.sim.state_hash();
        if simulated != recorded && self.divergence.is_none_or(|earliest| tick < earliest.tick) {
            self.divergence = Some(Divergence { tick, recorded, simulated });
        }
    }

    /// Where the world differs from the keyframe stored for its tick, recorded values first; `None` if none is stored.
    ///
    /// # Errors
    /// [`ReplayError::Seek`] if the keyframe cannot be read.
    pub fn compare_keyframe(&self) -> Result<Option<Vec<Difference>>, ReplayError> {
        let tick = self.sim.tick();
        if self.recording.keyframe_before(tick) != Some(tick) {
            return Ok(None);
        }
        let (stored, _) = self.recording.seek(tick)?;
        Ok(Some(Sim::differences(&stored, &self.sim.keyframe())))
    }
}

fn from_keyframe(recording: &Recording, setup: &Setup, tick: Tick) -> Result<(Sim, Cursor), ReplayError> {
    let (keyframe, cursor) = recording.seek(tick)?;
    let sim = Sim::from_keyframe(setup, &keyframe);
    Ok((sim.map_err(|error| ReplayError::Keyframe { tick: keyframe.tick, error })?, cursor))
}
