//! What a recording is called in a link preview: its best moment, by its marks.

use crate::host::journal::FileSource;
use shared::highlights::{Moment, MomentKind, moments};
use shared::id::{PlayerId, Tick};
use shared::recording::{Mark, Marked, OpenError, Recording, Source};
use std::path::Path;

/// Marks of a recording among which its best moments are looked for; those behind them are passed.
const MARKS_LIMIT: usize = 65_536;

/// The title of a file; `None` if it is no recording.
pub fn title_of_file(path: &Path) -> Option<String> {
    Some(title(&open(FileSource::open(path).ok()?).ok()?))
}

/// Opens a recording with the marks that its best moments are made of.
pub fn open(source: impl Source + 'static) -> Result<Recording, OpenError> {
    let mut kept = 0;
    Recording::open_keeping(source, |Mark { what, .. }| {
        let tells = !matches!(what, Marked::Said { .. } | Marked::Left { .. } | Marked::RoundEnded { .. });
        kept += usize::from(tells);
        tells && kept <= MARKS_LIMIT
    })
}

/// The title of a recording.
pub fn title(recording: &Recording) -> String {
    let rate = recording.header().tick_rate_hz;
    let best = moments(recording.marks(), rate);
    let named =
        best.iter().find_map(|moment| Some(describe(moment, &name_of(recording, moment.player)?, rate)));
    named.unwrap_or_else(|| format!("A moment in {}", recording.header().room))
}

/// A moment in words.
pub fn describe(moment: &Moment, name: &str, tick_rate_hz: u16) -> String {
    let value = moment.value;
    match moment.kind {
        MomentKind::Streak if value == 1 => format!("{name} strikes"),
        MomentKind::Streak => match moment.seconds(tick_rate_hz).max(1) {
            1 => format!("{name}, {value} in 1 second"),
            seconds => format!("{name}, {value} in {seconds} seconds"),
        },
        MomentKind::Haul => format!("{name} banks {value}"),
        MomentKind::Escape => format!("{name} escapes with {value} health left"),
        MomentKind::LongShot => format!("{name} hits from {value} units away"),
        MomentKind::Comeback => format!("{name} strikes back after {value} losses"),
    }
}

/// What others called a player, by the marks; of drones, by the keyframes.
pub fn name_of(recording: &Recording, player: PlayerId) -> Option<String> {
    let joined = recording.marks().iter().find_map(|mark| match &mark.what {
        Marked::Joined { player: joined, name } if *joined == player => Some(name.as_str().to_owned()),
        _ => None,
    });
    joined.or_else(|| {
        let (keyframe, _) = recording.seek(Tick(u32::MAX)).ok()?;
        let seat = keyframe.players.into_iter().find(|seat| seat.player == player)?;
        Some(seat.name.as_str().to_owned())
    })
}
