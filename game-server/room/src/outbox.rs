//! What a room has to say to one connection: a bounded buffer of encoded messages that never blocks the room.
//!
//! A snapshot is queued only once the one before it was taken, so a slow client gets fewer snapshots and never a longer
//! queue. Other messages queue up to a limit; beyond it the connection is closed as too slow. The buffer is stamped with the
//! newest tick that its messages speak of, so that the connection can hold them back until that tick is durable.

use shared::id::Tick;
use shared::message::CloseCode;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

/// Most bytes that wait for one connection.
pub const QUEUE_LIMIT_BYTES: usize = 64 * 1024;
/// Memory that an emptied buffer keeps for the next messages, in bytes.
const RETAINED_BYTES: usize = 2048;
/// Before each message stands its length.
const LENGTH_BYTES: usize = size_of::<u32>();
#[cfg(target_os = "linux")]
const _: () = assert!(size_of::<Shared>() == 64);

/// The room's end.
#[derive(Clone, Debug)]
pub struct Outbox(Arc<Shared>);

/// The connection's end.
#[derive(Debug)]
pub struct OutboxReader(Arc<Shared>);

/// Kept to one cache line: each tick both sides take a cache miss on it.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Shared {
    queue: Mutex<Queue>,
    /// What the queue says, to be read without its lock.
    takes_no_snapshot: AtomicBool,
}

#[derive(Debug, Default)]
struct Queue {
    messages: Messages,
    snapshot_waits: bool,
    reader_is_gone: bool,
    /// The newest tick that the messages speak of.
    tick: Tick,
    close: Option<Box<(CloseCode, String)>>,
}

/// Encoded messages, one behind the other in one piece of memory, each behind its length.
#[derive(Debug, Default)]
pub struct Messages {
    bytes: Vec<u8>,
}

/// What a connection drains at once.
#[derive(Debug, Default)]
pub struct Drained {
    /// What is to be written.
    pub messages: Messages,
    /// Close the connection with this code and reason once the messages are written.
    pub close: Option<(CloseCode, String)>,
    /// The newest tick that messages and close speak of.
    pub tick: Tick,
}

/// Both ends of a new outbox.
pub fn outbox() -> (Outbox, OutboxReader) {
    let shared = Arc::new(Shared::default());
    (Outbox(shared.clone()), OutboxReader(shared))
}

impl Messages {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The messages, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = &self.bytes[..];
        std::iter::from_fn(move || {
            let (length, behind) = rest.split_first_chunk()?;
            let (message, behind) = behind.split_at(u32::from_le_bytes(*length) as usize);
            rest = behind;
            Some(message)
        })
    }

    fn push(&mut self, message: &[u8]) {
        self.bytes.reserve(LENGTH_BYTES + message.len());
        self.bytes.extend_from_slice(&(message.len() as u32).to_le_bytes());
        self.bytes.extend_from_slice(message);
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(RETAINED_BYTES);
    }
}

impl Outbox {
    /// Whether the snapshot before was taken by the connection, so that the next one may follow.
    pub fn is_ready(&self) -> bool {
        !self.0.takes_no_snapshot.load(Relaxed)
    }

    /// Queues the encoded snapshot of a tick. Says `false` if it does not fit beside what is queued: then it is left out.
    pub fn send_snapshot(&self, tick: Tick, message: &[u8]) -> bool {
        self.0.change(|queue| {
            let fits = queue.has_space(message);
            if fits {
                queue.snapshot_waits = true;
                queue.push(tick, message);
            }
            fits
        })
    }

    /// Queues an encoded message. Over the limit, the connection is closed as too slow instead.
    pub fn send(&self, tick: Tick, message: &[u8]) {
        self.0.change(|queue| queue.push(tick, message));
    }

    /// Closes the connection after what is queued.
    pub fn close(&self, tick: Tick, code: CloseCode, reason: &str) {
        self.0.change(|queue| {
            queue.tick = tick;
            queue.close.get_or_insert_with(|| Box::new((code, reason.into())));
        });
    }

    /// Closes the connection at once: what is queued is dropped, and the close waits for no tick.
    pub fn discard(&self, code: CloseCode, reason: &str) {
        self.0.change(|queue| {
            queue.messages.clear();
            queue.tick = Tick(0);
            queue.close = Some(Box::new((code, reason.into())));
        });
    }
}

impl OutboxReader {
    /// Takes what there is to write, if `may_go_out` says so of its newest tick; says whether there was anything. The
    /// memory of what was drained before is used for the next messages.
    pub fn drain_into(&self, drained: &mut Drained, may_go_out: impl FnOnce(Tick) -> bool) -> bool {
        self.0.change(|queue| {
            if (queue.messages.is_empty() && queue.close.is_none()) || !may_go_out(queue.tick) {
                return false;
            }
            drained.messages.clear();
            std::mem::swap(&mut queue.messages, &mut drained.messages);
            queue.snapshot_waits = false;
            drained.close = queue.close.as_deref().cloned();
            drained.tick = queue.tick;
            true
        })
    }

    /// Takes what there is to write whatever tick it speaks of, if there is anything.
    pub fn drain(&self) -> Option<Drained> {
        let mut drained = Drained::default();
        self.drain_into(&mut drained, |_| true).then_some(drained)
    }
}

impl Drop for OutboxReader {
    fn drop(&mut self) {
        self.0.change(|queue| queue.reader_is_gone = true);
    }
}

impl Queue {
    fn push(&mut self, tick: Tick, message: &[u8]) {
        if self.reader_is_gone || self.close.is_some() {
            return;
        }
        self.tick = tick;
        if self.has_space(message) {
            self.messages.push(message);
        } else {
            self.messages.clear();
            let reason = "this connection is too slow for the game".into();
            self.close = Some(Box::new((CloseCode::TooSlow, reason)));
        }
    }

    fn has_space(&self, message: &[u8]) -> bool {
        self.messages.bytes.len() + message.len() <= QUEUE_LIMIT_BYTES
    }
}

impl Shared {
    fn change<R>(&self, change: impl FnOnce(&mut Queue) -> R) -> R {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut queue);
        self.takes_no_snapshot.store(queue.snapshot_waits || queue.close.is_some(), Relaxed);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_may_follow_once_the_one_before_was_taken() {
        let (outbox, reader) = outbox();
        assert!(outbox.is_ready());
        outbox.send_snapshot(Tick(1), &[1]);
        outbox.send(Tick(1), &[2]);
        assert!(!outbox.is_ready());
        let drained = reader.drain().expect("two messages");
        assert_eq!(drained.messages.iter().collect::<Vec<_>>(), [[1], [2]]);
        assert!(outbox.is_ready());
    }

    #[test]
    fn no_snapshot_follows_the_end() {
        for end in [
            |outbox: &Outbox| outbox.close(Tick(1), CloseCode::Kicked, "bye"),
            |outbox: &Outbox| outbox.send(Tick(1), &[0; QUEUE_LIMIT_BYTES + 1]),
        ] {
            let (outbox, reader) = outbox();
            end(&outbox);
            assert!(!outbox.is_ready());
            assert!(reader.drain().is_some_and(|drained| drained.close.is_some()));
            assert!(!outbox.is_ready());
        }
    }

    #[test]
    fn a_snapshot_that_does_not_fit_is_left_out() {
        let (outbox, reader) = outbox();
        outbox.send(Tick(1), &[1]);
        assert!(!outbox.send_snapshot(Tick(1), &[2; QUEUE_LIMIT_BYTES]));
        assert!(outbox.is_ready());
        let drained = reader.drain().expect("a message");
        assert!(drained.messages.iter().eq([[1]]) && drained.close.is_none());
        assert!(outbox.send_snapshot(Tick(2), &[2; QUEUE_LIMIT_BYTES - 8]));
    }

    #[test]
    fn messages_wait_until_their_newest_tick_may_go_out() {
        let (outbox, reader) = outbox();
        let mut drained = Drained::default();
        outbox.send(Tick(1), b"one");
        outbox.send_snapshot(Tick(2), b"");
        assert!(!reader.drain_into(&mut drained, |tick| tick < Tick(2)));
        assert!(!outbox.is_ready());
        assert!(reader.drain_into(&mut drained, |tick| tick == Tick(2)));
        assert!(drained.messages.iter().eq([&b"one"[..], b""]));
        assert_eq!((drained.tick, outbox.is_ready()), (Tick(2), true));
    }
}
