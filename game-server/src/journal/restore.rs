//! From a recording back to the world: the newest keyframe, and the inputs after it.

use shared::id::Tick;
use shared::recording::{Damage, Header, OpenError, Recording, SeekError, SetupError};
use shared::rules::RuleError;
use shared::setup::Setup;
use sim::{KeyframeError, Sim};
use std::io;
use std::path::Path;

/// A world as it was at the last whole tick of its recording.
pub struct Restored {
    /// What the recording says of itself.
    pub header: Header,
    /// What the world started from.
    pub setup: Setup,
    /// The world.
    pub sim: Sim,
    /// The recording's marks and the rest, for whoever needs to know who was there.
    pub recording: Recording,
}

/// Why a world cannot be restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The file cannot be read.
    #[error("the recording cannot be read: {0}")]
    File(#[from] io::Error),
    /// It is no recording, or a newer one.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Another build of the simulation made it, and only that one is sure to go on with it.
    #[error("the recording was made by simulation {recorded}, and this is {}", Sim::BUILD)]
    OtherBuild {
        /// The build that made it.
        recorded: String,
    },
    /// Its rules cannot be used.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// Its rules do not make a world.
    #[error(transparent)]
    Rules(#[from] RuleError),
    /// It has no keyframe that can be read.
    #[error(transparent)]
    Seek(#[from] SeekError),
    /// Its keyframe makes no world.
    #[error("the keyframe of tick {tick} makes no world: {error}", tick = .tick.0)]
    Keyframe {
        /// The keyframe's tick.
        tick: Tick,
        /// What is wrong with it.
        error: KeyframeError,
    },
    /// A chunk cannot be read.
    #[error("{0}")]
    Damaged(Damage),
    /// The simulation went another way than it did when it was recorded.
    #[error("tick {} does not come out as it was recorded", .0.0)]
    Diverged(Tick),
}

/// Restores the world of a recording at its last whole tick, checking the hash of every tick on the way.
///
/// # Errors
/// [`RestoreError`] says why there is no such world.
pub fn restore(path: &Path) -> Result<Restored, RestoreError> {
    restore_recording(Recording::open(std::fs::read(path)?)?)
}

/// As [`restore`], for a recording in memory.
///
/// # Errors
/// [`RestoreError`] says why there is no such world.
pub fn restore_recording(recording: Recording) -> Result<Restored, RestoreError> {
    let header = recording.header().clone();
    if header.build != Sim::BUILD {
        return Err(RestoreError::OtherBuild { recorded: header.build });
    }
    let setup = header.setup()?;
    let (keyframe, mut cursor) = recording.seek(recording.last_tick())?;
    let tick = keyframe.tick;
    let mut sim =
        Sim::from_keyframe(&setup, &keyframe).map_err(|error| RestoreError::Keyframe { tick, error })?;
    while let Some(recorded) = recording.next_tick(&mut cursor).map_err(RestoreError::Damaged)? {
        sim.step(&recorded.inputs);
        if sim.state_hash() != recorded.state_hash {
            return Err(RestoreError::Diverged(recorded.tick));
        }
    }
    Ok(Restored { header, setup, sim, recording })
}
