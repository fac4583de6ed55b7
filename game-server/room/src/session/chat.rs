//! How often one player may write in the chat.

use shared::id::Tick;
use shared::setup::Setup;

/// Chat lines that may follow each other at once.
pub const CHAT_BURST_LINES: u32 = 4;
/// Seconds after which one more chat line is allowed.
pub const CHAT_INTERVAL_SECONDS: f32 = 1.5;
/// Seconds before the same line may be repeated.
pub const CHAT_REPEAT_SECONDS: f32 = 10.0;

/// A token bucket of lines.
pub struct ChatLimit {
    lines: u32,
    refilled: Tick,
    last: Option<(String, Tick)>,
}

impl ChatLimit {
    /// A full bucket.
    pub fn new(now: Tick) -> ChatLimit {
        ChatLimit { lines: CHAT_BURST_LINES, refilled: now, last: None }
    }

    /// Whether a line may be sent now; if so, it counts.
    pub fn allows(&mut self, line: &str, now: Tick, setup: &Setup) -> bool {
        if let Some((last, at)) = &self.last
            && last == line
            && now.since(*at) < setup.ticks(CHAT_REPEAT_SECONDS)
        {
            return false;
        }
        let interval = setup.ticks(CHAT_INTERVAL_SECONDS);
        let earned = now.since(self.refilled) / interval;
        self.refilled = self.refilled.plus(earned * interval);
        self.lines = self.lines.saturating_add(earned).min(CHAT_BURST_LINES);
        let allowed = self.lines > 0;
        self.lines = self.lines.saturating_sub(1);
        if allowed {
            self.last = Some((line.to_owned(), now));
        }
        allowed
    }
}
