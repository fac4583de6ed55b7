//! Sockets by Linux's io_uring: all that is to be sent goes to the system in one call, and what has arrived lies in shared
//! buffers when it is looked for.
#![allow(unsafe_code)]

use super::buffers::Buffers;
use super::{Report, Sockets};
use io_uring::squeue::Entry;
use io_uring::types::Fixed;
use io_uring::{IoUring, cqueue, opcode};
use slab::Slab;
use std::io;
use std::mem::ManuallyDrop;
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsRawFd;

/// Requests that go to the system in one call at most.
const REQUESTS: u32 = 4096;
/// Answers that may lie unread; the system keeps more for itself, at a price.
const ANSWERS: u32 = 4 * REQUESTS;
/// Sockets at most; the system allows no more than the process may open files.
const SOCKETS_LIMIT: u64 = 65_536;
/// From `linux/io_uring.h`: runs deferred work and brings its answers.
const ENTER_GETEVENTS: u32 = 1;

/// What a request was for; with the socket's key it is the request's mark.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Receive = 0,
    Send = 1,
}

/// Sockets on a ring. Belongs to the thread that made it.
pub struct Ring {
    ring: IoUring,
    slots: Slab<Slot>,
    buffers: ManuallyDrop<Buffers>,
    answers: Vec<cqueue::Entry>,
}

struct Slot {
    stream: TcpStream,
    /// Whether the system receives for it.
    receiving: bool,
    /// What the system sends from; it must stay where it is until the answer is there.
    sending: Option<Sending>,
    removed: bool,
}

struct Sending {
    bytes: Vec<u8>,
    taken: usize,
}

impl Ring {
    /// No sockets yet.
    ///
    /// # Errors
    /// The system's error if it has no io_uring, an old one, or does not allow it.
    pub fn new() -> io::Result<Ring> {
        let ring = IoUring::builder()
            .setup_cqsize(ANSWERS)
            .setup_single_issuer()
            .setup_defer_taskrun()
            .build(REQUESTS)?;
        // Sockets that the ring knows are not looked up for every request.
        let files = rlimit::Resource::NOFILE.get_soft()?.min(SOCKETS_LIMIT);
        ring.submitter().register_files_sparse(files as u32)?;
        let buffers = ManuallyDrop::new(Buffers::lend_all(&ring)?);
        Ok(Ring { ring, slots: Slab::new(), buffers, answers: Vec::new() })
    }

    fn receive(&mut self, key: usize) {
        let Some(slot) = self.slots.get_mut(key) else { return };
        slot.receiving = true;
        let receiving = opcode::RecvMulti::new(Fixed(key as u32), Buffers::GROUP).build();
        self.request(receiving, key, Purpose::Receive);
    }

    fn continue_sending(&mut self, key: usize, flags: i32) {
        let Some(slot) = self.slots.get(key) else { return };
        let Some(Sending { bytes, taken }) = &slot.sending else { return };
        let rest = &bytes[*taken..];
        let length = u32::try_from(rest.len()).unwrap_or(u32::MAX);
        let sending = opcode::Send::new(Fixed(key as u32), rest.as_ptr(), length);
        self.request(sending.flags(libc::MSG_NOSIGNAL | flags).build(), key, Purpose::Send);
    }

    fn request(&mut self, entry: Entry, key: usize, purpose: Purpose) {
        let entry = entry.user_data((key as u64) << 1 | purpose as u64);
        // SAFETY: what an entry points to outlives it. Sockets and what is sent stay in their slot until the answer is
        // there, and buffers until no socket is left.
        while unsafe { self.ring.submission().push(&entry) }.is_err() {
            if let Err(error) = self.enter() {
                tracing::error!(%error, "the ring takes no requests");
                return;
            }
        }
    }

    /// Hands all requests to the system and has it do what it has put off.
    fn enter(&mut self) -> io::Result<()> {
        let requests = self.ring.submission().len() as u32;
        // SAFETY: the arguments are a count of entries that are complete, and no signal set.
        let entered =
            unsafe { self.ring.submitter().enter::<libc::sigset_t>(requests, 0, ENTER_GETEVENTS, None) };
        self.answers.extend(self.ring.completion());
        match entered {
            Err(error) if is_passing(&error) => Ok(()),
            result => result.map(drop),
        }
    }

    /// Tells what has come of a request.
    fn settle(&mut self, answer: &cqueue::Entry, report: &mut dyn FnMut(usize, Report<'_>)) {
        let mark = answer.user_data();
        let key = (mark >> 1) as usize;
        let buffer = cqueue::buffer_select(answer.flags());
        if mark & 1 == Purpose::Receive as u64 {
            self.received(key, answer.result(), buffer, cqueue::more(answer.flags()), report);
        } else {
            self.sent(key, answer.result(), report);
        }
        if let Some(buffer) = buffer {
            self.buffers.lend(buffer);
        }
        self.release(key);
    }

    /// Lets go of a removed socket once no request of it is left.
    fn release(&mut self, key: usize) {
        let idle = |slot: &Slot| slot.removed && !slot.receiving && slot.sending.is_none();
        if !self.slots.get(key).is_some_and(idle) {
            return;
        }
        self.slots.remove(key);
        if let Err(error) = self.ring.submitter().register_files_update(key as u32, &[-1]) {
            tracing::error!(%error, "the ring keeps a socket that has ended");
        }
    }

    fn received(
        &mut self,
        key: usize,
        result: i32,
        buffer: Option<u16>,
        more: bool,
        report: &mut dyn FnMut(usize, Report<'_>),
    ) {
        let Some(slot) = self.slots.get_mut(key) else { return };
        slot.receiving = more;
        if slot.removed {
            return;
        }
        match (usize::try_from(result), buffer) {
            (Ok(length @ 1..), Some(buffer)) => {
                report(key, Report::Received(self.buffers.received(buffer, length)));
            }
            // All buffers are full: this turn empties them.
            _ if result == -libc::ENOBUFS => {}
            _ => return report(key, Report::Gone),
        }
        if !more {
            self.receive(key);
        }
    }

    fn sent(&mut self, key: usize, result: i32, report: &mut dyn FnMut(usize, Report<'_>)) {
        let Some(slot) = self.slots.get_mut(key) else { return };
        let Some(sending) = &mut slot.sending else { return };
        sending.taken += usize::try_from(result).unwrap_or_default();
        if slot.removed || result <= 0 || sending.taken >= sending.bytes.len() {
            let sending = slot.sending.take();
            match sending {
                _ if slot.removed => hang_up(slot),
                Some(Sending { bytes, .. }) if result > 0 => report(key, Report::Sent(bytes)),
                _ => report(key, Report::Gone),
            }
        } else {
            self.continue_sending(key, libc::MSG_WAITALL);
        }
    }
}

/// Ends both directions, which ends every request on the socket.
fn hang_up(slot: &Slot) {
    // A socket that cannot be shut down is gone already.
    let _ = slot.stream.shutdown(Shutdown::Both);
}

/// The system is busy or was interrupted; the requests stay where they are.
fn is_passing(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EINTR | libc::EBUSY | libc::EAGAIN))
}

impl Sockets for Ring {
    fn add(&mut self, stream: TcpStream) -> io::Result<usize> {
        // The ring waits by itself; a non-blocking socket would make it give up instead.
        stream.set_nonblocking(false)?;
        let place = self.slots.vacant_entry();
        let key = place.key();
        self.ring.submitter().register_files_update(key as u32, &[stream.as_raw_fd()])?;
        place.insert(Slot { stream, receiving: false, sending: None, removed: false });
        self.receive(key);
        Ok(key)
    }

    fn send(&mut self, key: usize, bytes: Vec<u8>) {
        let Some(slot) = self.slots.get_mut(key) else { return };
        slot.sending = Some(Sending { bytes, taken: 0 });
        self.continue_sending(key, libc::MSG_WAITALL);
    }

    fn finish(&mut self, key: usize) {
        if let Some(slot) = self.slots.get(key) {
            // A socket that cannot be finished is gone already.
            let _ = slot.stream.shutdown(Shutdown::Write);
        }
    }

    fn remove(&mut self, key: usize, last_words: Vec<u8>) {
        let Some(slot) = self.slots.get_mut(key) else { return };
        slot.removed = true;
        if slot.sending.is_some() || last_words.is_empty() {
            hang_up(slot);
            // A socket that has ended by itself has no request whose answer would release it.
            return self.release(key);
        }
        slot.sending = Some(Sending { bytes: last_words, taken: 0 });
        self.continue_sending(key, libc::MSG_DONTWAIT);
    }

    fn turn(&mut self, report: &mut dyn FnMut(usize, Report<'_>)) {
        // The system does some twenty pieces of deferred work in one go.
        loop {
            let before = self.answers.len();
            if let Err(error) = self.enter() {
                tracing::error!(%error, "the ring does not answer");
                return;
            }
            if self.answers.len() == before {
                break;
            }
        }
        let mut answers = std::mem::take(&mut self.answers);
        for answer in answers.drain(..) {
            self.settle(&answer, report);
        }
        // Settling may have made room in a full ring, and so have brought more answers.
        answers.append(&mut self.answers);
        self.answers = answers;
    }
}

impl Drop for Ring {
    /// The system must be done with the memory that it was lent.
    fn drop(&mut self) {
        for key in self.slots.iter().map(|(key, _)| key).collect::<Vec<_>>() {
            self.remove(key, Vec::new());
        }
        while !self.slots.is_empty() {
            if self.ring.submit_and_wait(1).is_err() {
                // Better lost than written to while somebody else uses it.
                std::mem::forget(std::mem::take(&mut self.slots));
                return;
            }
            self.turn(&mut |_, _| {});
        }
        // SAFETY: no request is left that could receive into them, and they are not used again.
        unsafe { ManuallyDrop::drop(&mut self.buffers) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_socket_that_its_peer_has_ended_is_let_go() {
        // Where the system allows no ring there is none to test.
        let Ok(mut ring) = Ring::new() else { return };
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let peer = TcpStream::connect(listener.local_addr().expect("its address")).expect("a connection");
        let key = ring.add(listener.accept().expect("the other end").0).expect("a place");
        drop(peer);
        let mut gone = false;
        while !gone {
            ring.turn(&mut |_, report| gone |= matches!(report, Report::Gone));
        }
        ring.remove(key, Vec::new());
        assert!(ring.slots.is_empty());
    }
}
