//! Chat and notices for one player, numbered, so that a client that comes back is told what it missed, and nothing twice.

use std::collections::VecDeque;
use std::sync::Arc;

/// Messages kept for a player who may have missed them; of more, the newest.
pub const TALK_LIMIT_MESSAGES: usize = 32;

/// What others said and what happened, as encoded messages.
#[derive(Debug, Default)]
pub struct Talk {
    /// The newest messages, of which the last has the number `count`.
    kept: VecDeque<Arc<[u8]>>,
    /// Messages since the welcome.
    count: u32,
    /// Messages when the player went away.
    count_when_left: u32,
}

impl Talk {
    /// One more message.
    pub fn add(&mut self, message: Arc<[u8]>) {
        if self.kept.len() >= TALK_LIMIT_MESSAGES {
            self.kept.pop_front();
        }
        self.kept.push_back(message);
        self.count = self.count.wrapping_add(1);
    }

    /// The player goes away.
    pub fn leave(&mut self) {
        self.count_when_left = self.count;
    }

    /// The client that heard so many messages is back: what it missed, oldest first.
    pub fn missed(&mut self, heard: u32) -> impl Iterator<Item = &Arc<[u8]>> {
        let missed = self.count.saturating_sub(heard) as usize;
        // After a crash of the server, the client's count is the one that is left.
        self.count = self.count.max(heard);
        self.kept.iter().skip(self.kept.len().saturating_sub(missed))
    }

    /// Another client takes the seat, one that has heard nothing: it is told what was said since the player left, and counts
    /// from there.
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

    fn talk(messages: u8) -> Talk {
        let mut talk = Talk::default();
        (0..messages).for_each(|message| talk.add([message].into()));
        talk
    }

    fn told<'a>(messages: impl Iterator<Item = &'a Arc<[u8]>>) -> Vec<u8> {
        messages.map(|message| message[0]).collect()
    }

    #[test]
    fn what_was_missed_is_told_once_and_what_was_heard_is_not() {
        let mut talk = talk(5);
        assert_eq!(told(talk.missed(3)), [3, 4]);
        assert_eq!(told(talk.missed(5)), [0; 0]);
        assert_eq!(told(talk.missed(9)), [0; 0], "a server that has forgotten");
        talk.add([9].into());
        assert_eq!(told(talk.missed(9)), [9]);
    }

    #[test]
    fn of_too_much_the_newest_is_kept() {
        let mut talk = talk(100);
        let told = told(talk.missed(0));
        assert_eq!((told.len(), told[0], told[31]), (TALK_LIMIT_MESSAGES, 68, 99));
    }

    #[test]
    fn a_client_that_knows_nothing_is_told_what_was_said_since_the_player_left() {
        let mut talk = talk(5);
        talk.leave();
        talk.add([7].into());
        assert_eq!(told(talk.start_over()), [7]);
        talk.add([8].into());
        assert_eq!(told(talk.missed(1)), [8]);
    }
}
