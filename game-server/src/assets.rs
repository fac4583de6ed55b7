//! Rules, modes and arenas: embedded in the binary, or from a directory in their place.

use crate::config::{nearest, suggest};
use room::speech::Words;
use rust_embed::{EmbeddedFile, RustEmbed};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use shared::recording::{Audience, WATCH_DELAY_LIMIT_SECONDS, Watching};
use shared::rules::{Arena, Mode, RuleError, check_range};
use shared::setup::Setup;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../assets/modes"]
struct Modes;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../assets/arenas"]
struct Arenas;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../assets/words"]
struct WordLists;

const RULES: &str = include_str!("../../assets/rules.toml");

/// A mode's file: what is played, and what only the server has to know.
#[derive(Deserialize)]
#[serde(try_from = "toml::Table")]
struct ModeFile {
    mode: Mode,
    watch: Option<Audience>,
    watch_delay_seconds: Option<u32>,
}

impl TryFrom<toml::Table> for ModeFile {
    type Error = toml::de::Error;

    fn try_from(mut table: toml::Table) -> Result<ModeFile, toml::de::Error> {
        let watch = table.remove("watch").map(toml::Value::try_into).transpose()?;
        let watch_delay_seconds =
            table.remove("watch_delay_seconds").map(toml::Value::try_into).transpose()?;
        Ok(ModeFile { mode: table.try_into()?, watch, watch_delay_seconds })
    }
}

/// Where rules, modes and arenas come from.
#[derive(Clone, Debug)]
pub enum Assets {
    Embedded,
    /// A directory with `rules.toml`, `modes/` and `arenas/`.
    Directory(PathBuf),
}

/// What a host chooses about a game.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The mode: the name of its file.
    pub mode: String,
    /// Drones and people together; `None` leaves it to the mode.
    pub drones: Option<u16>,
    /// Seed of the random numbers.
    pub seed: u64,
    pub tick_rate_hz: u16,
}

/// Why the assets cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AssetError {
    #[error("{file}: {error}")]
    Unreadable { file: String, error: std::io::Error },
    #[error("{file}: {error}")]
    Malformed { file: String, error: Box<toml::de::Error> },
    #[error("there is no {kind} `{name}`, only {}{}", known.join(", "), suggest(nearest.as_deref()))]
    Unknown { kind: &'static str, name: String, nearest: Option<String>, known: Vec<String> },
    #[error("{file}: {} is {}, but must lie between {} and {}", error.key, error.value, error.low, error.high)]
    OutOfRange { file: String, error: RuleError },
}

impl Assets {
    /// The unwanted words: those of every file of `words/`, none for a directory without that folder.
    pub fn words(&self) -> Result<Words, AssetError> {
        let mut words = Words::default();
        let Assets::Directory(root) = self else {
            for file in WordLists::iter().filter_map(|name| WordLists::get(&name)) {
                words.add(&String::from_utf8_lossy(&file.data));
            }
            return Ok(words);
        };
        let folder = root.join("words");
        if !folder.exists() {
            return Ok(words);
        }
        let unreadable = |error| AssetError::Unreadable { file: folder.display().to_string(), error };
        for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.extension().is_some_and(|ending| ending == "txt") {
                words.add(&read(&path)?);
            }
        }
        Ok(words)
    }

    /// What a world starts from.
    pub fn setup(&self, choice: &Choice) -> Result<Setup, AssetError> {
        let rules_file = self.label("rules.toml");
        let rules = match self {
            Assets::Embedded => parse(&rules_file, RULES)?,
            Assets::Directory(root) => parse(&rules_file, &read(&root.join("rules.toml"))?)?,
        };
        let (ModeFile { mode, .. }, mode_file): (ModeFile, String) = self.named("mode", &choice.mode)?;
        let arenas = mode.arenas.iter().map(|name| {
            let (arena, file): (Arena, String) = self.named("arena", name)?;
            arena.check().map_err(|error| AssetError::OutOfRange { file, error })?;
            Ok(arena)
        });
        let arenas = arenas.collect::<Result<Vec<Arena>, AssetError>>()?;
        let drones = choice.drones.unwrap_or(mode.drones);
        let setup =
            Setup { rules, mode, arenas, tick_rate_hz: choice.tick_rate_hz, drones, seed: choice.seed };
        setup.check().map_err(|error| {
            let file = match error.file {
                "rules" => rules_file,
                "mode" => mode_file,
                other => other.to_owned(),
            };
            AssetError::OutOfRange { file, error }
        })?;
        Ok(setup)
    }

    /// What worlds of all modes start from, by the mode's name. A mode that cannot be used is logged and left out.
    pub fn setups(&self, choice: &Choice) -> BTreeMap<String, Setup> {
        let names = self.names("mode").unwrap_or_default().into_iter();
        let setups =
            names.filter_map(|mode| match self.setup(&Choice { mode: mode.clone(), ..choice.clone() }) {
                Ok(setup) => Some((mode, setup)),
                Err(error) => {
                    tracing::warn!(mode, %error, "no room of this mode can be opened");
                    None
                }
            });
        setups.collect()
    }

    /// The audience and the watch delay that each mode's file sets. Skips modes that cannot be used.
    pub fn watching(&self) -> Result<BTreeMap<String, Watching>, AssetError> {
        let mut all = BTreeMap::new();
        for mode in self.names("mode")? {
            let Ok((file, label)) = self.named::<ModeFile>("mode", &mode) else { continue };
            let delay = file.watch_delay_seconds.unwrap_or_default();
            check_range("mode", "watch_delay_seconds", delay.into(), 0.0, WATCH_DELAY_LIMIT_SECONDS.into())
                .map_err(|error| AssetError::OutOfRange { file: label, error })?;
            all.insert(mode, Watching { audience: file.watch, delay_seconds: file.watch_delay_seconds });
        }
        Ok(all)
    }

    fn named<T: DeserializeOwned>(&self, kind: &'static str, name: &str) -> Result<(T, String), AssetError> {
        let known = self.names(kind)?;
        if !known.iter().any(|known| known == name) {
            let nearest = nearest(name, known.iter().map(String::as_str));
            return Err(AssetError::Unknown { kind, name: name.into(), nearest, known });
        }
        let label = self.label(&format!("{kind}s/{name}.toml"));
        let text = match self {
            Assets::Embedded => {
                let file = embedded(kind, &format!("{name}.toml"));
                String::from_utf8_lossy(&file.map(|file| file.data).unwrap_or_default()).into_owned()
            }
            Assets::Directory(root) => read(&root.join(format!("{kind}s")).join(format!("{name}.toml")))?,
        };
        Ok((parse(&label, &text)?, label))
    }

    /// The names of all modes or arenas, sorted.
    fn names(&self, kind: &str) -> Result<Vec<String>, AssetError> {
        let files: Vec<String> = match self {
            Assets::Embedded if kind == "mode" => Modes::iter().map(Into::into).collect(),
            Assets::Embedded => Arenas::iter().map(Into::into).collect(),
            Assets::Directory(root) => {
                let folder = root.join(format!("{kind}s"));
                let unreadable = |error| AssetError::Unreadable { file: folder.display().to_string(), error };
                let entries = std::fs::read_dir(&folder).map_err(unreadable)?;
                entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect()
            }
        };
        let mut names: Vec<String> =
            files.iter().filter_map(|file| file.strip_suffix(".toml")).map(str::to_owned).collect();
        names.sort_unstable();
        Ok(names)
    }

    fn label(&self, path: &str) -> String {
        match self {
            Assets::Embedded => format!("assets/{path}"),
            Assets::Directory(root) => root.join(path).display().to_string(),
        }
    }
}

fn embedded(kind: &str, file: &str) -> Option<EmbeddedFile> {
    if kind == "mode" { Modes::get(file) } else { Arenas::get(file) }
}

fn read(file: &Path) -> Result<String, AssetError> {
    crate::files::read_text(file)
        .map_err(|error| AssetError::Unreadable { file: file.display().to_string(), error })
}

fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, AssetError> {
    toml::from_str(text).map_err(|error| AssetError::Malformed { file: file.into(), error: Box::new(error) })
}

/// The game's own belt without drones, for tests.
#[cfg(test)]
pub fn belt() -> Setup {
    let choice = Choice { mode: "belt".into(), drones: Some(0), seed: 1, tick_rate_hz: 30 };
    Assets::Embedded.setup(&choice).expect("the assets of the repository are sound")
}
