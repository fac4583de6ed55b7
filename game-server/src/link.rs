//! The way from a room to one connection: a short queue of encoded messages that never blocks the room.
//!
//! A snapshot goes out only once the one before it was taken, so a slow client gets fewer snapshots and never a longer
//! queue. Other messages queue up to a limit; beyond it the connection is closed as too slow. Behind a [gate](crate::gate),
//! messages go out once what they speak of is written.

use crate::gate::Gate;
use shared::id::Tick;
use shared::message::CloseCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most bytes that wait for one connection.
pub const QUEUE_LIMIT_BYTES: usize = 64 * 1024;

/// The room's end of the way to a connection.
#[derive(Clone, Debug)]
pub struct Link(Arc<Shared>);

/// The connection's end: what is to be written to the socket.
#[derive(Debug)]
pub struct Outgoing(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    messages: Vec<Vec<u8>>,
    bytes: usize,
    snapshot_waits: bool,
    close: Option<(CloseCode, String)>,
    gone: bool,
    /// What it holds back, and the newest tick that the messages speak of.
    gate: Option<Arc<Gate>>,
    tick: Tick,
}

/// What a connection takes in one go.
#[derive(Debug, Default)]
pub struct Taken {
    /// Messages, oldest first: one binary frame each.
    pub messages: Vec<Vec<u8>>,
    /// Close the connection with this code and reason once the messages are written.
    pub close: Option<(CloseCode, String)>,
}

/// Both ends of a new way.
#[must_use]
pub fn link() -> (Link, Outgoing) {
    let shared = Arc::new(Shared::default());
    (Link(shared.clone()), Outgoing(shared))
}

impl Link {
    /// From now on messages go out when the gate lets them pass.
    pub fn stand_behind(&self, gate: Arc<Gate>) {
        self.0.lock().gate = Some(gate);
    }

    /// Whether the snapshot before was taken by the connection, so that the next one may follow.
    #[must_use]
    pub fn ready(&self) -> bool {
        let queue = self.0.lock();
        !queue.snapshot_waits && queue.close.is_none()
    }

    /// Queues an encoded snapshot.
    pub fn send_snapshot(&self, message: Vec<u8>) {
        self.0.lock().snapshot_waits = true;
        self.send(message);
    }

    /// Queues an encoded message. Over the limit, the connection is closed as too slow instead.
    pub fn send(&self, message: Vec<u8>) {
        let mut queue = self.0.lock();
        if queue.gone || queue.close.is_some() {
            return;
        }
        queue.note_tick();
        queue.bytes += message.len();
        if queue.bytes > QUEUE_LIMIT_BYTES {
            queue.messages.clear();
            queue.close = Some((CloseCode::TooSlow, "this connection is too slow for the game".into()));
        } else {
            queue.messages.push(message);
        }
    }

    /// Closes the connection after what is queued.
    pub fn close(&self, code: CloseCode, reason: &str) {
        let mut queue = self.0.lock();
        queue.note_tick();
        queue.close.get_or_insert_with(|| (code, reason.into()));
    }
}

impl Outgoing {
    /// What there is to write now, if anything.
    #[must_use]
    pub fn try_take(&self) -> Option<Taken> {
        let mut queue = self.0.lock();
        if queue.messages.is_empty() && queue.close.is_none() {
            return None;
        }
        if queue.gate.as_ref().is_some_and(|gate| !gate.lets_pass(queue.tick)) {
            return None;
        }
        queue.bytes = 0;
        queue.snapshot_waits = false;
        Some(Taken { messages: std::mem::take(&mut queue.messages), close: queue.close.clone() })
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        self.0.lock().gone = true;
    }
}

impl Queue {
    fn note_tick(&mut self) {
        if let Some(gate) = &self.gate {
            self.tick = gate.recorded();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
