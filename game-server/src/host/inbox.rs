//! What connections post to a room: a closed set of events in a bounded queue, drained at the tick boundary.

use room::SessionEvent;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Events that wait for a tick boundary in one room; when there are as many, no client comes in and nothing that clients say is
/// taken.
pub const INBOX_LIMIT_EVENTS: usize = 65_536;

/// The posting end of a room's inbox.
#[derive(Clone, Debug)]
pub struct InboxSender(Arc<Shared>);

/// The room's end of its inbox.
#[derive(Debug)]
pub struct Inbox(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    events: Vec<SessionEvent>,
    ended: bool,
}

/// Why an event was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// The inbox holds [`INBOX_LIMIT_EVENTS`] events, and this is one of a client. Only those can be too many.
    #[error("the room's inbox is full")]
    Full,
    /// The room has ended.
    #[error("the room has ended")]
    Ended,
}

impl InboxSender {
    /// Posts an event without waiting.
    ///
    /// # Errors
    /// [`PostError`] if the inbox is full or the room has ended.
    pub fn post(&self, event: SessionEvent) -> Result<(), PostError> {
        let mut queue = self.0.lock();
        if queue.ended {
            return Err(PostError::Ended);
        }
        let of_client = matches!(event, SessionEvent::Connected(_) | SessionEvent::Said { .. });
        if of_client && queue.events.len() >= INBOX_LIMIT_EVENTS {
            return Err(PostError::Full);
        }
        queue.events.push(event);
        Ok(())
    }
}

impl Inbox {
    /// Everything that was posted since the last time, oldest first. `emptied` is the memory the inbox goes on with.
    #[must_use]
    pub fn take(&self, mut emptied: Vec<SessionEvent>) -> Vec<SessionEvent> {
        emptied.clear();
        std::mem::replace(&mut self.0.lock().events, emptied)
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.0.lock().ended = true;
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A room's inbox: its two ends.
#[must_use]
pub fn inbox() -> (InboxSender, Inbox) {
    let shared = Arc::new(Shared::default());
    (InboxSender(shared.clone()), Inbox(shared))
}

#[cfg(test)]
mod tests {
    use super::*;
    use room::{ConnectionId, Stop};
    use shared::message::ClientMessage;

    #[test]
    fn a_full_inbox_refuses_what_clients_say_and_still_hears_that_they_are_gone() {
        let (sender, inbox) = inbox();
        let connection = ConnectionId(1);
        let said = || SessionEvent::Said { connection, message: ClientMessage::Leave };
        for _ in 0..INBOX_LIMIT_EVENTS {
            sender.post(said()).expect("room for it");
        }
        assert_eq!(sender.post(said()), Err(PostError::Full));
        assert_eq!(sender.post(SessionEvent::Disconnected { connection }), Ok(()));
        assert_eq!(sender.post(SessionEvent::Stop(Stop::ForGood)), Ok(()));
        assert_eq!(inbox.take(Vec::new()).len(), INBOX_LIMIT_EVENTS + 2);
        assert_eq!(sender.post(said()), Ok(()), "all was taken out");
        drop(inbox);
        assert_eq!(sender.post(SessionEvent::Disconnected { connection }), Err(PostError::Ended));
    }
}
