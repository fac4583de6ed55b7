//! Who may watch a room, and how far behind its match: a choice of the room's host, which stands in the header.

use serde::{Deserialize, Serialize};

/// Longest watch delay, in seconds.
pub const WATCH_DELAY_LIMIT_SECONDS: u32 = 86_400;

/// Who may watch a match and fetch its recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Audience {
    /// Nobody but the host.
    Nobody,
    /// Those who have had a seat in the match.
    Players,
    /// Everybody.
    Everybody,
}

/// What was chosen for one room. The server's options decide what was not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watching {
    /// Who may watch.
    pub audience: Option<Audience>,
    /// How far behind the match those who watch are, and how long after its end the recording is shown, in seconds.
    pub delay_seconds: Option<u32>,
}
