//! Clips that are kept for links to them, in a directory of the host's choice.

use crate::host::journal::{Directory, FILE_EXTENSION, ListedRecording, Retention};
use shared::id::Tick;
use shared::recording::{Audience, Ending, Recording, Watching};
use sim::clip::cut;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// Largest clip that is kept, in bytes.
pub const CLIP_LIMIT_BYTES: usize = 16 * 1024 * 1024;
/// Length of the moment that a player keeps of a running match.
pub const MOMENT_SECONDS: u32 = 30;
/// Characters of a clip's name: too many to try them all.
const ID_LENGTH: usize = 12;
const ID_ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Why a clip is not kept. The text is for whoever wants it kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    #[error("this is no clip: {0}")]
    NoClip(String),
    #[error("the room is not recorded at present")]
    NotRecorded,
    #[error(
        "a link shows a clip to everybody, but this room's matches are not for everybody: save it as a file"
    )]
    Closed,
    #[error("the server cannot keep the clip now: {0}")]
    Disk(#[from] io::Error),
}

/// A kept clip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    At(PathBuf),
    /// It shows what is younger than the watch delay.
    Waiting,
    Missing,
}

/// The kept clips of a server.
#[derive(Clone, Debug)]
pub struct Clips {
    directory: Directory,
    retention: Retention,
}

impl Clips {
    /// In this directory, whose delay is that of those who watch.
    pub fn new(directory: Directory, retention: Retention) -> Clips {
        Clips { directory, retention }
    }

    /// Hides what may be younger than the delay.
    pub fn prepare(&self) {
        self.directory.hide_newest();
    }

    /// Keeps a clip that was cut elsewhere, and returns its id.
    pub fn keep(
        &self,
        clip: &[u8],
        is_for_everybody: impl Fn(&str, Option<Audience>) -> bool,
    ) -> Result<String, KeepError> {
        let recording = Recording::open_without_marks(clip.to_vec()).map_err(no_clip)?;
        let header = recording.header();
        if !is_for_everybody(&header.room, header.watching.audience) {
            return Err(KeepError::Closed);
        }
        if *recording.ending() != Ending::Complete || recording.ticks() == 0 {
            return Err(KeepError::NoClip("it is not whole".into()));
        }
        let id = new_id()?;
        self.write(&id, clip)?;
        Ok(id)
    }

    /// Keeps the last seconds of a room's match, and returns the clip's id. It is shown once all of it is older than the delay.
    pub fn keep_moment(
        &self,
        matches: &Directory,
        room: &str,
        is_for_everybody: impl Fn(&str, Option<Audience>) -> bool,
    ) -> Result<String, KeepError> {
        let part = matches.newest_part(room, MOMENT_SECONDS)?.ok_or(KeepError::NotRecorded)?;
        let recording = Recording::open(part).map_err(no_clip)?;
        let Watching { audience, delay_seconds } = recording.header().watching;
        if !is_for_everybody(room, audience) {
            return Err(KeepError::Closed);
        }
        let last = recording.last_tick();
        let ticks = MOMENT_SECONDS * u32::from(recording.header().tick_rate_hz);
        let from = Tick(last.0.saturating_sub(ticks)).max(recording.first_tick());
        let clip = cut(&recording, from, last).map_err(no_clip)?;
        let id = new_id()?;
        let hidden = self.directory.hold(&file_name(&id));
        if let Some(seconds) = delay_seconds {
            hidden.delay(Duration::from_secs(seconds.into()));
        }
        self.write(&id, &clip)?;
        Ok(id)
    }

    fn write(&self, id: &str, clip: &[u8]) -> io::Result<()> {
        let path = self.directory.path().join(file_name(id));
        std::fs::create_dir_all(self.directory.path())?;
        crate::files::write_whole(&path, clip)?;
        self.retention.apply(&self.directory, SystemTime::now());
        Ok(())
    }

    /// The clip of an id. Waits for the disk.
    pub fn find(&self, id: &str, is_for_everybody: impl Fn(&str, Option<Audience>) -> bool) -> Kept {
        let name = file_name(id);
        let path = self.directory.path().join(&name);
        if id.len() != ID_LENGTH || !id.bytes().all(|byte| ID_ALPHABET.contains(&byte)) || !path.is_file() {
            Kept::Missing
        } else if self.directory.is_hidden(&name) {
            Kept::Waiting
        } else if ListedRecording::of(&path).is_none_or(|clip| is_for_everybody(&clip.room, clip.audience)) {
            Kept::At(path)
        } else {
            Kept::Missing
        }
    }
}

fn no_clip(error: impl std::error::Error) -> KeepError {
    KeepError::NoClip(error.to_string())
}

fn new_id() -> io::Result<String> {
    let mut random = [0; ID_LENGTH];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    Ok(random.iter().map(|byte| char::from(ID_ALPHABET[usize::from(byte % 32)])).collect())
}

fn file_name(id: &str) -> String {
    format!("{id}.{FILE_EXTENSION}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::belt;
    use crate::host::titles::title_of_file;
    use shared::command::{Join, TickInputs};
    use shared::id::PlayerId;
    use shared::recording::{Encoder, Header, Mark};
    use shared::text::Name;
    use sim::Sim;

    fn anybody(_: &str, _: Option<Audience>) -> bool {
        true
    }

    /// A recording of a second, in which one player wins.
    fn recorded() -> Vec<u8> {
        let setup = belt();
        let mut sim = Sim::new(&setup).expect("a sound setup");
        let join = Join { player: PlayerId(1), name: Name::from_input("Comet"), hull: Default::default() };
        let joins = TickInputs { joins: vec![join], ..TickInputs::default() };
        sim.step(&joins);
        let mut encoder = Encoder::new(&Header::new(&setup, Sim::BUILD, "belt-1", 0));
        encoder.keyframe(&sim.keyframe()).expect("small");
        for tick in 2..=90 {
            sim.step(&TickInputs::default());
            encoder.tick(Tick(tick), &TickInputs::default(), sim.state_hash()).expect("small");
            if tick % 30 == 0 {
                encoder.mark(Mark::killed(Tick(tick), PlayerId(1), PlayerId(9), 25));
            }
        }
        encoder.finish().expect("small")
    }

    fn clips(home: &tempfile::TempDir, delay: Duration, files_limit: u32) -> Clips {
        let directory = Directory::new(home.path().join("clips")).with_delay(delay);
        Clips::new(directory, Retention { files_limit: Some(files_limit), ..Retention::default() })
    }

    #[test]
    fn a_clip_is_kept_under_its_id_and_the_oldest_give_way() {
        let home = tempfile::tempdir().unwrap();
        let clips = clips(&home, Duration::ZERO, 2);
        let ids: Vec<String> = (0..3).map(|_| clips.keep(&recorded(), anybody).unwrap()).collect();
        let is_kept = |id: &String| matches!(clips.find(id, anybody), Kept::At(_));
        assert_eq!(ids.iter().filter(|id| is_kept(id)).count(), 2);
        let Kept::At(path) = clips.find(&ids[2], anybody) else { panic!("the newest is kept") };
        assert_eq!(title_of_file(&path).as_deref(), Some("Comet, 3 in 2 seconds"));
        for id in ["", "..", "aaaaaaaaaaaa", "../../clips", &ids[2][1..]] {
            assert_eq!(clips.find(id, anybody), Kept::Missing, "{id}");
        }
        for bytes in [&recorded()[..300], b"no clip"] {
            assert!(matches!(clips.keep(bytes, anybody), Err(KeepError::NoClip(_))));
        }
    }

    #[test]
    fn a_moment_waits_until_its_delay_is_over() {
        let home = tempfile::tempdir().unwrap();
        let matches = Directory::new(home.path().into());
        let clips = clips(&home, Duration::from_secs(60), 2);
        assert!(matches!(clips.keep_moment(&matches, "belt-1", anybody), Err(KeepError::NotRecorded)));
        let hold = matches.hold("belt-1.belt");
        std::fs::write(home.path().join("belt-1.belt"), recorded()).unwrap();
        hold.grown(&recorded());
        let id = clips.keep_moment(&matches, "belt-1", anybody).unwrap();
        assert_eq!(clips.find(&id, anybody), Kept::Waiting);
    }
}
