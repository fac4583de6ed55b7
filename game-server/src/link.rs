//! The way from a room to one connection: a short queue of encoded messages that never blocks the room.
//!
//! A snapshot goes out only once the one before it was taken, so a slow client gets fewer snapshots and never a longer
//! queue. Other messages queue up to a limit; beyond it the connection is closed as too slow. Behind a [gate](crate::gate),
//! messages go out once what they speak of is written.

use crate::gate::Gate;
use shared::id::Tick;
use shared::message::CloseCode;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

/// Most bytes that wait for one connection.
pub const QUEUE_LIMIT_BYTES: usize = 64 * 1024;
/// Room that an emptied queue keeps for the next messages, in bytes.
const RETAINED_BYTES: usize = 2048;
#[cfg(target_os = "linux")]
const _: () = assert!(size_of::<Shared>() == 64);

/// The room's end of the way to a connection.
#[derive(Clone, Debug)]
pub struct Link(Arc<Shared>);

/// The connection's end: what is to be written to the socket.
#[derive(Debug)]
pub struct Outgoing(Arc<Shared>);

/// One line of the cache: the room and the connection each come for it once per tick and find it gone to memory.
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
    close: Option<Box<(CloseCode, String)>>,
    gone: bool,
    /// What it holds back, and the newest tick that the messages speak of.
    gate: Option<Arc<Gate>>,
    tick: Tick,
}

/// Encoded messages as a server frames them for a WebSocket, one behind the other in one piece of memory: a connection passes
/// them on as they lie. RFC 6455 §5.2; each message is one final binary frame.
#[derive(Debug, Default)]
pub struct Messages {
    frames: Vec<u8>,
}

/// The first byte of such a frame: a whole binary message.
pub const FINAL_BINARY: u8 = 0x82;
/// The second byte, where the length of the message follows in two or in eight bytes.
const LENGTH_IN_TWO: u8 = 126;
const LENGTH_IN_EIGHT: u8 = 127;
/// The longest header that a server writes before a frame.
pub const HEADER_LIMIT_BYTES: usize = 10;

impl Messages {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// The messages, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = &self.frames[..];
        std::iter::from_fn(move || {
            let [_, short, behind @ ..] = rest else { return None };
            let length_bytes = match *short {
                LENGTH_IN_EIGHT => 8,
                LENGTH_IN_TWO => 2,
                _ => 0,
            };
            let (long, behind) = behind.split_at(length_bytes);
            let long = long.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
            let length = if long > 0 { long } else { usize::from(*short) };
            let (message, behind) = behind.split_at(length);
            rest = behind;
            Some(message)
        })
    }

    /// The frames of all messages. `emptied` is the memory that the next ones go to.
    pub fn take_frames(&mut self, emptied: Vec<u8>) -> Vec<u8> {
        std::mem::replace(&mut self.frames, emptied)
    }

    fn push(&mut self, message: &[u8]) {
        self.frames.reserve(HEADER_LIMIT_BYTES + message.len());
        self.frames.push(FINAL_BINARY);
        match (u8::try_from(message.len()), u16::try_from(message.len())) {
            (Ok(length @ ..LENGTH_IN_TWO), _) => self.frames.push(length),
            (_, Ok(length)) => {
                self.frames.push(LENGTH_IN_TWO);
                self.frames.extend_from_slice(&length.to_be_bytes());
            }
            _ => {
                self.frames.push(LENGTH_IN_EIGHT);
                self.frames.extend_from_slice(&(message.len() as u64).to_be_bytes());
            }
        }
        self.frames.extend_from_slice(message);
    }

    fn clear(&mut self) {
        self.frames.clear();
        self.frames.shrink_to(RETAINED_BYTES);
    }
}

/// What a connection takes in one go.
#[derive(Debug, Default)]
pub struct Taken {
    /// Messages: one binary frame each.
    pub messages: Messages,
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
        self.0.change(|queue| queue.gate = Some(gate));
    }

    /// Whether the snapshot before was taken by the connection, so that the next one may follow.
    #[must_use]
    pub fn ready(&self) -> bool {
        !self.0.takes_no_snapshot.load(Relaxed)
    }

    /// Queues an encoded snapshot.
    pub fn send_snapshot(&self, message: &[u8]) {
        self.0.change(|queue| {
            queue.snapshot_waits = true;
            queue.push(message);
        });
    }

    /// Queues an encoded message. Over the limit, the connection is closed as too slow instead.
    pub fn send(&self, message: &[u8]) {
        self.0.change(|queue| queue.push(message));
    }

    /// Closes the connection after what is queued.
    pub fn close(&self, code: CloseCode, reason: &str) {
        self.0.change(|queue| {
            queue.note_tick();
            queue.close.get_or_insert_with(|| Box::new((code, reason.into())));
        });
    }
}

impl Outgoing {
    /// What there is to write now, if anything.
    #[must_use]
    pub fn try_take(&self) -> Option<Taken> {
        let mut taken = Taken::default();
        self.take_into(&mut taken).then_some(taken)
    }

    /// As [`Self::try_take`], into what was taken before, whose memory the queue goes on with. Says whether there was
    /// anything.
    pub fn take_into(&self, taken: &mut Taken) -> bool {
        self.0.change(|queue| {
            if queue.messages.is_empty() && queue.close.is_none() {
                return false;
            }
            if queue.gate.as_ref().is_some_and(|gate| !gate.lets_pass(queue.tick)) {
                return false;
            }
            taken.messages.clear();
            std::mem::swap(&mut queue.messages, &mut taken.messages);
            queue.snapshot_waits = false;
            taken.close = queue.close.as_deref().cloned();
            true
        })
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        self.0.change(|queue| queue.gone = true);
    }
}

impl Queue {
    fn push(&mut self, message: &[u8]) {
        if self.gone || self.close.is_some() {
            return;
        }
        self.note_tick();
        if self.messages.frames.len() + message.len() > QUEUE_LIMIT_BYTES {
            self.messages.clear();
            let reason = "this connection is too slow for the game".into();
            self.close = Some(Box::new((CloseCode::TooSlow, reason)));
        } else {
            self.messages.push(message);
        }
    }

    fn note_tick(&mut self) {
        if let Some(gate) = &self.gate {
            self.tick = gate.recorded();
        }
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
        let (link, outgoing) = link();
        assert!(link.ready());
        link.send_snapshot(&[1]);
        link.send(&[2]);
        assert!(!link.ready());
        let taken = outgoing.try_take().expect("two messages");
        assert_eq!(taken.messages.iter().collect::<Vec<_>>(), [[1], [2]]);
        assert!(link.ready());
    }

    #[test]
    fn no_snapshot_follows_the_end() {
        for end in [
            |link: &Link| link.close(CloseCode::Kicked, "bye"),
            |link: &Link| {
                link.send(&[0; QUEUE_LIMIT_BYTES + 1]);
            },
        ] {
            let (link, outgoing) = link();
            end(&link);
            assert!(!link.ready());
            assert!(outgoing.try_take().is_some_and(|taken| taken.close.is_some()));
            assert!(!link.ready());
        }
    }
}
