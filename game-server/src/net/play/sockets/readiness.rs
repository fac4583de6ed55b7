//! Sockets by readiness: one system call for each read and write.

use super::{RECEIVE_BYTES, Report, Sockets};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use slab::Slab;
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

/// Readiness events taken from the system at a time.
const EVENTS_PER_POLL: usize = 1024;
/// Reads from one socket in one turn: a flood must not keep the others waiting.
const READS_PER_TURN: usize = 16;

/// Sockets that the system tells to be ready.
pub struct Readiness {
    poll: Poll,
    events: Events,
    slots: Slab<Slot>,
    /// Whose bytes were taken since the last turn.
    sent: Vec<usize>,
    /// Sockets with more to read than one turn takes.
    unread: Vec<usize>,
}

struct Slot {
    stream: TcpStream,
    unsent: Vec<u8>,
    taken: usize,
}

impl Readiness {
    /// No sockets yet.
    ///
    /// # Errors
    /// The system's error if it has no readiness queue left.
    pub fn new() -> io::Result<Readiness> {
        Ok(Readiness {
            poll: Poll::new()?,
            events: Events::with_capacity(EVENTS_PER_POLL),
            slots: Slab::new(),
            sent: Vec::new(),
            unread: Vec::new(),
        })
    }

    fn read(&mut self, key: usize, report: &mut dyn FnMut(usize, Report<'_>)) {
        let Some(slot) = self.slots.get_mut(key) else { return };
        let mut buffer = [0; RECEIVE_BYTES];
        for _ in 0..READS_PER_TURN {
            match slot.stream.read(&mut buffer) {
                Ok(0) => return report(key, Report::Gone),
                Ok(bytes) => {
                    report(key, Report::Received(&buffer[..bytes]));
                    // A socket that gives less than asked for is empty, or at its end, which is an event of its own.
                    if bytes < buffer.len() {
                        return;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return report(key, Report::Gone),
            }
        }
        self.unread.push(key);
    }
}

impl Slot {
    /// Whether the system has taken everything.
    fn write(&mut self) -> io::Result<bool> {
        while self.taken < self.unsent.len() {
            match self.stream.write(&self.unsent[self.taken..]) {
                Ok(bytes) => self.taken += bytes,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// The memory of what was sent.
    fn release(&mut self) -> Vec<u8> {
        self.taken = 0;
        std::mem::take(&mut self.unsent)
    }
}

impl Sockets for Readiness {
    fn add(&mut self, stream: std::net::TcpStream) -> io::Result<usize> {
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        let place = self.slots.vacant_entry();
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut stream, Token(place.key()), interest)?;
        let key = place.key();
        place.insert(Slot { stream, unsent: Vec::new(), taken: 0 });
        Ok(key)
    }

    fn send(&mut self, key: usize, bytes: Vec<u8>) {
        let Some(slot) = self.slots.get_mut(key) else { return };
        slot.unsent = bytes;
        slot.taken = 0;
        // A failed socket reports itself to the reader.
        if let Ok(true) = slot.write() {
            self.sent.push(key);
        }
    }

    fn finish(&mut self, key: usize) {
        if let Some(slot) = self.slots.get(key) {
            // A socket that cannot be finished is gone already.
            let _ = slot.stream.shutdown(Shutdown::Write);
        }
    }

    fn remove(&mut self, key: usize, last_words: Vec<u8>) {
        let Some(mut slot) = self.slots.try_remove(key) else { return };
        self.sent.retain(|sent| *sent != key);
        self.unread.retain(|unread| *unread != key);
        if slot.taken == slot.unsent.len() {
            (slot.unsent, slot.taken) = (last_words, 0);
            // Nobody is left to hear that it failed.
            let _ = slot.write();
        }
        let _ = slot.stream.shutdown(Shutdown::Write);
        let _ = self.poll.registry().deregister(&mut slot.stream);
    }

    fn turn(&mut self, report: &mut dyn FnMut(usize, Report<'_>)) {
        for key in std::mem::take(&mut self.sent) {
            let Some(slot) = self.slots.get_mut(key) else { continue };
            report(key, Report::Sent(slot.release()));
        }
        for key in std::mem::take(&mut self.unread) {
            self.read(key, report);
        }
        loop {
            if let Err(error) = self.poll.poll(&mut self.events, Some(Duration::ZERO)) {
                if error.kind() != ErrorKind::Interrupted {
                    tracing::error!(%error, "the system does not say which sockets are ready");
                }
                return;
            }
            let events = std::mem::replace(&mut self.events, Events::with_capacity(0));
            let mut taken = 0;
            for event in &events {
                taken += 1;
                let Token(key) = event.token();
                let Some(slot) = self.slots.get_mut(key) else { continue };
                let unsent = slot.taken < slot.unsent.len();
                if event.is_writable() && unsent && matches!(slot.write(), Ok(true)) {
                    report(key, Report::Sent(slot.release()));
                }
                if event.is_readable() || event.is_error() || event.is_read_closed() {
                    self.read(key, report);
                }
                if event.is_read_closed() || event.is_error() {
                    report(key, Report::Gone);
                }
            }
            self.events = events;
            if taken < EVENTS_PER_POLL {
                return;
            }
        }
    }
}
