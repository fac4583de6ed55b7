//! What connections post to a room: a closed set of events in a bounded queue, drained at the tick boundary.

use crate::link::Link;
use shared::message::{ClientMessage, CloseCode, Hello, ResumeToken};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

/// Most events that wait for a tick boundary in one room.
pub const INBOX_LIMIT_EVENTS: usize = 65_536;

/// Names one socket for as long as the process lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// A client said Hello: everything that a room needs to seat it.
#[derive(Debug)]
pub struct Connected {
    /// The socket.
    pub connection: ConnectionId,
    /// What the client said.
    pub hello: Hello,
    /// Fresh from the operating system's generator: the token that will take this seat back.
    pub token: ResumeToken,
    /// The way back.
    pub link: Link,
}

/// What a connection tells its room.
#[derive(Debug)]
pub enum SessionEvent {
    /// A client said Hello.
    Connected(Connected),
    /// A client said something after its Hello.
    Said {
        /// The socket.
        connection: ConnectionId,
        /// What it said.
        message: ClientMessage,
    },
    /// The socket is gone.
    Disconnected {
        /// The socket.
        connection: ConnectionId,
    },
    /// The server stops: tell the players, close the journal, end the room.
    Stop {
        /// The code that players see.
        code: CloseCode,
    },
}

/// The posting end of a room's inbox.
#[derive(Clone, Debug)]
pub struct InboxSender(SyncSender<SessionEvent>);

/// Why an event was not taken; the event comes back.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// The inbox holds [`INBOX_LIMIT_EVENTS`] events.
    #[error("the room's inbox is full")]
    Full(Box<SessionEvent>),
    /// The room has ended.
    #[error("the room has ended")]
    Ended(Box<SessionEvent>),
}

impl InboxSender {
    /// Posts an event without waiting.
    ///
    /// # Errors
    /// [`PostError`] if the inbox is full or the room has ended, with the event.
    pub fn post(&self, event: SessionEvent) -> Result<(), PostError> {
        self.0.try_send(event).map_err(|error| match error {
            TrySendError::Full(event) => PostError::Full(Box::new(event)),
            TrySendError::Disconnected(event) => PostError::Ended(Box::new(event)),
        })
    }
}

/// A room's inbox: its two ends.
#[must_use]
pub fn inbox() -> (InboxSender, Receiver<SessionEvent>) {
    let (sender, receiver) = sync_channel(INBOX_LIMIT_EVENTS);
    (InboxSender(sender), receiver)
}
