//! A room's inbox: a bounded queue of events, drained at the tick boundary.

use room::{SeatStatus, SessionEvent, Stop};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Most events that wait for a tick boundary in one room before client events are refused.
pub const INBOX_LIMIT_EVENTS: usize = 65_536;

/// What is posted to a room's thread.
#[derive(Debug)]
pub enum RoomEvent {
    Session(SessionEvent),
    /// An administrator asks for every seat.
    Roster(SyncSender<Vec<SeatStatus>>),
    /// The line for players who join from now on.
    MessageOfTheDay(Arc<str>),
    /// How many players the room takes in from now on.
    Capacity(u16),
    /// The room stays open until its first player has come.
    AwaitFirst,
    Fleet(FleetEvent),
    Stop(Stop),
}

/// What a room hears of its fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FleetEvent {
    /// The fleet answers again: the room goes on.
    Resumed,
    /// No other node is heard: players are to ask elsewhere.
    CutOff,
    /// The fleet has lost the newest ticks.
    RecordKeyframe,
    /// The room is to move to this node.
    HandOver { to: String, url: String },
    /// The fleet has all that was recorded, and that the room is left to another node.
    Left,
    /// Another node runs the room, here if that is known.
    Fenced { url: Option<String> },
}

impl From<SessionEvent> for RoomEvent {
    fn from(event: SessionEvent) -> RoomEvent {
        RoomEvent::Session(event)
    }
}

/// The posting end of a room's inbox.
#[derive(Clone, Debug)]
pub struct InboxSender(Arc<Shared>);

/// The room's end of its inbox.
#[derive(Debug)]
pub struct Inbox(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    /// Notified when something is posted while the room waits for it.
    posted: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    events: Vec<RoomEvent>,
    /// Clients among them that want to come in.
    newcomers: usize,
    is_awaited: bool,
    has_ended: bool,
}

/// Why an event was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// The inbox is full. Only client events are ever refused.
    #[error("the room's inbox is full")]
    Full,
    #[error("the room has ended")]
    Ended,
}

impl InboxSender {
    pub fn post(&self, event: impl Into<RoomEvent>) -> Result<(), PostError> {
        let event = event.into();
        let mut queue = self.0.lock();
        if queue.has_ended {
            return Err(PostError::Ended);
        }
        let is_newcomer = matches!(event, RoomEvent::Session(SessionEvent::Connected(_)));
        let is_message = matches!(event, RoomEvent::Session(SessionEvent::Message { .. }));
        if (is_newcomer || is_message) && queue.events.len() >= INBOX_LIMIT_EVENTS {
            return Err(PostError::Full);
        }
        queue.newcomers += usize::from(is_newcomer);
        queue.events.push(event);
        if queue.is_awaited {
            self.0.posted.notify_one();
        }
        Ok(())
    }

    /// Clients that were posted to the room and not taken yet.
    pub fn newcomers(&self) -> usize {
        self.0.lock().newcomers
    }
}

impl Inbox {
    /// Everything that was posted since the last time, oldest first. `emptied` is the buffer for the next events.
    pub fn take(&self, mut emptied: Vec<RoomEvent>) -> Vec<RoomEvent> {
        emptied.clear();
        let mut queue = self.0.lock();
        queue.newcomers = 0;
        std::mem::replace(&mut queue.events, emptied)
    }

    /// Sleeps until something is posted, but no longer than this.
    pub fn wait(&self, limit: Duration) {
        let mut queue = self.0.lock();
        queue.is_awaited = true;
        let waited = self.0.posted.wait_timeout_while(queue, limit, |queue| queue.events.is_empty());
        waited.unwrap_or_else(PoisonError::into_inner).0.is_awaited = false;
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.0.lock().has_ended = true;
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub fn inbox() -> (InboxSender, Inbox) {
    let shared = Arc::new(Shared::default());
    (InboxSender(shared.clone()), Inbox(shared))
}

#[cfg(test)]
mod tests {
    use super::*;
    use room::ConnectionId;
    use shared::message::ClientMessage;

    #[test]
    fn a_full_inbox_refuses_messages_and_nothing_else() {
        let (sender, inbox) = inbox();
        let connection = ConnectionId(1);
        let message = || SessionEvent::Message { connection, message: ClientMessage::Leave };
        for _ in 0..INBOX_LIMIT_EVENTS {
            sender.post(message()).expect("room for it");
        }
        assert_eq!(sender.post(message()), Err(PostError::Full));
        assert_eq!(sender.post(SessionEvent::Disconnected { connection }), Ok(()));
        assert_eq!(sender.post(RoomEvent::Stop(Stop::ForGood)), Ok(()));
        assert_eq!(inbox.take(Vec::new()).len(), INBOX_LIMIT_EVENTS + 2);
        assert_eq!(sender.post(message()), Ok(()), "all was taken out");
        // What was posted ends the wait, also before it began.
        inbox.wait(Duration::MAX);
        drop(inbox);
        assert_eq!(sender.post(SessionEvent::Disconnected { connection }), Err(PostError::Ended));
    }
}
