//! How often one player may write in the chat.

use crate::rate::Rate;
use shared::id::Tick;
use shared::setup::Setup;

/// Chat lines that may follow each other at once.
pub const CHAT_BURST_LINES: u32 = 4;
/// Seconds after which one more chat line is allowed.
pub const CHAT_INTERVAL_SECONDS: f32 = 1.5;
/// Seconds before the same line may be repeated.
pub const CHAT_REPEAT_SECONDS: f32 = 10.0;

/// What a player may write.
pub struct ChatLimit {
    lines: Rate,
    last: Option<(String, Tick)>,
}

impl ChatLimit {
    /// For a player who has just come.
    pub fn new(now: Tick) -> ChatLimit {
        ChatLimit { lines: Rate::full(CHAT_BURST_LINES, now), last: None }
    }

    /// For a player who may have written all that was allowed, before leaving and coming back.
    pub fn spent(now: Tick) -> ChatLimit {
        ChatLimit { lines: Rate::empty(now), last: None }
    }

    /// Whether a line may be sent now; if so, it counts.
    pub fn allows(&mut self, line: &str, now: Tick, setup: &Setup) -> bool {
        if let Some((last, at)) = &self.last
            && last == line
            && now.since(*at) < setup.ticks(CHAT_REPEAT_SECONDS)
        {
            return false;
        }
        let allowed = self.lines.take(CHAT_BURST_LINES, setup.ticks(CHAT_INTERVAL_SECONDS), now);
        if allowed {
            self.last = Some((line.to_owned(), now));
        }
        allowed
    }

    /// When the player may write as much at once as one who has just come.
    pub fn full_at(&self, setup: &Setup) -> Tick {
        self.lines.full_at(CHAT_BURST_LINES, setup.ticks(CHAT_INTERVAL_SECONDS))
    }
}
