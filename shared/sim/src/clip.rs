//! Clips: a part of a recording as a recording that stands for itself.

use crate::Sim;
use crate::replay::{ReplayError, Resimulation};
use shared::id::Tick;
use shared::recording::{Encoder, FORMAT_VERSION, Mark, Recording, TooLarge};

/// Why a clip cannot be cut.
#[derive(Debug, thiserror::Error)]
pub enum ClipError {
    /// It would have no tick.
    #[error("a clip must end after its beginning")]
    Empty,
    /// The recording does not hold all of it.
    #[error("the recording holds the ticks {} to {} only", first.0, last.0)]
    Outside {
        /// The recording's first tick.
        first: Tick,
        /// Its last.
        last: Tick,
    },
    /// The world at its beginning is not known, or ticks are missing.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// No reader would take it.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
}

/// Cuts the ticks behind `from` up to `to` out of a recording: a keyframe of `from`, the ticks with their hashes, the keyframes
/// and marks among them, an index. Seats are left out: nobody continues a clip. Every machine makes the same bytes.
///
/// # Errors
/// [`ClipError`] if the recording does not hold these ticks, or if this build did not make it.
pub fn cut(recording: &Recording, from: Tick, to: Tick) -> Result<Vec<u8>, ClipError> {
    let (first, last) = (recording.first_tick(), recording.last_tick());
    if from >= to {
        return Err(ClipError::Empty);
    }
    if from < first || to > last {
        return Err(ClipError::Outside { first, last });
    }
    let mut header = recording.header().clone();
    header.format = FORMAT_VERSION;
    if header.build != Sim::BUILD {
        return Err(ReplayError::OtherBuild { recorded: header.build, error: None }.into());
    }
    let start = Resimulation::at(recording.clone(), from)?;
    start.check()?;
    let mut clip = Encoder::uncompressed(&header);
    clip.keyframe(&start.sim().keyframe())?;
    let mut bytes = Vec::new();
    let mut marks = recording.marks();
    marks = &marks[marks.partition_point(|mark| mark.tick < from)..];
    let (_, mut cursor) = recording.seek(from).map_err(ReplayError::from)?;
    while let Some(recorded) = recording.next_tick(&mut cursor).map_err(ReplayError::Damaged)? {
        let tick = recorded.tick;
        if tick <= from {
            continue;
        }
        if tick > to {
            break;
        }
        clip.tick(tick, &recorded.inputs, recorded.state_hash)?;
        if tick < to && recording.keyframe_before(tick) == Some(tick) {
            take_marks(&mut marks, tick).for_each(|mark| clip.mark(mark));
            bytes.append(&mut clip.take()?);
            let (keyframe, _) = recording.seek(tick).map_err(ReplayError::from)?;
            clip.keyframe(&keyframe)?;
        }
    }
    take_marks(&mut marks, to).for_each(|mark| clip.mark(mark));
    bytes.append(&mut clip.finish()?);
    Ok(bytes)
}

/// Takes the marks up to a tick off the front.
fn take_marks<'a>(marks: &mut &'a [Mark], to: Tick) -> impl Iterator<Item = Mark> + use<'a> {
    let (taken, left) = marks.split_at(marks.partition_point(|mark| mark.tick <= to));
    *marks = left;
    taken.iter().cloned()
}
