//! Chat and notices for one player, numbered, so that a client that resumes is sent what it missed, and nothing twice.

use std::collections::VecDeque;
use std::sync::Arc;

/// Messages kept for a player who may have missed them; of more, the newest.
pub const BACKLOG_LIMIT_MESSAGES: usize = 32;

/// The newest messages, encoded.
#[derive(Debug, Default)]
pub struct Backlog {
    /// The last one has the number `count`.
    kept: VecDeque<Arc<[u8]>>,
    /// Messages since the welcome.
    count: u32,
    /// Messages when the player went away.
    count_when_left: u32,
}

impl Backlog {
    /// Adds a message.
    pub fn push(&mut self, message: Arc<[u8]>) {
        if self.kept.len() >= BACKLOG_LIMIT_MESSAGES {
            self.kept.pop_front();
        }
        self.kept.push_back(message);
        self.count = self.count.wrapping_add(1);
    }

    /// The player goes away.
    pub fn leave(&mut self) {
        self.count_when_left = self.count;
    }

    /// What a client missed that has received `ack` messages, oldest first.
    pub fn missed(&mut self, ack: u32) -> impl Iterator<Item = &Arc<[u8]>> {
        let missed = self.count.saturating_sub(ack) as usize;
        // After a crash of the server, only the client knows the count.
        self.count = self.count.max(ack);
        self.kept.iter().skip(self.kept.len().saturating_sub(missed))
    }

    /// What a client that has received nothing missed since the player left. Its count starts there.
    pub fn start_over(&mut self) -> impl Iterator<Item = &Arc<[u8]>> {
        let missed = (self.count.saturating_sub(self.count_when_left) as usize).min(self.kept.len());
        self.kept.drain(..self.kept.len() - missed);
        self.count = missed as u32;
        self.count_when_left = 0;
        self.kept.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backlog(messages: u8) -> Backlog {
        let mut backlog = Backlog::default();
        (0..messages).for_each(|message| backlog.push([message].into()));
        backlog
    }

    fn bytes<'a>(messages: impl Iterator<Item = &'a Arc<[u8]>>) -> Vec<u8> {
        messages.map(|message| message[0]).collect()
    }

    #[test]
    fn missed_messages_are_sent_once_and_received_ones_are_not() {
        let mut backlog = backlog(5);
        assert_eq!(bytes(backlog.missed(3)), [3, 4]);
        assert_eq!(bytes(backlog.missed(5)), [0; 0]);
        assert_eq!(bytes(backlog.missed(9)), [0; 0], "a server that has forgotten");
        backlog.push([9].into());
        assert_eq!(bytes(backlog.missed(9)), [9]);
    }

    #[test]
    fn the_newest_messages_are_kept() {
        let mut backlog = backlog(100);
        let bytes = bytes(backlog.missed(0));
        assert_eq!((bytes.len(), bytes[0], bytes[31]), (BACKLOG_LIMIT_MESSAGES, 68, 99));
    }

    #[test]
    fn a_client_with_nothing_is_sent_what_came_since_the_player_left() {
        let mut backlog = backlog(5);
        backlog.leave();
        backlog.push([7].into());
        assert_eq!(bytes(backlog.start_over()), [7]);
        backlog.push([8].into());
        assert_eq!(bytes(backlog.missed(1)), [8]);
    }
}
