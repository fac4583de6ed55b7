//! Memory that the system receives into: buffers that the ring's owner lends, one after the other, through a queue that
//! both see.
#![allow(unsafe_code)]

use super::RECEIVE_BYTES;
use io_uring::IoUring;
use io_uring::types::BufRingEntry;
use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::io;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU16, Ordering::Release};

/// Buffers; a power of two.
const COUNT: u16 = 2048;
/// The queue begins on a page of its own.
const PAGE_BYTES: usize = 4096;

/// Buffers on loan to a ring.
pub struct Buffers {
    queue: NonNull<BufRingEntry>,
    memory: Box<[u8]>,
    tail: u16,
}

impl Buffers {
    /// The only group of buffers.
    pub const GROUP: u16 = 0;

    /// Lends all buffers to a ring. They must outlive its requests.
    ///
    /// # Errors
    /// The system's error if it knows no such queue.
    pub fn lend_all(ring: &IoUring) -> io::Result<Buffers> {
        // SAFETY: the layout has a size, and entries of zeros are entries.
        let queue = unsafe { alloc_zeroed(layout()) }.cast::<BufRingEntry>();
        let Some(queue) = NonNull::new(queue) else { handle_alloc_error(layout()) };
        let memory = vec![0; usize::from(COUNT) * RECEIVE_BYTES].into_boxed_slice();
        let mut buffers = Buffers { queue, memory, tail: 0 };
        // SAFETY: the queue has COUNT entries and lives as long as the buffers.
        unsafe {
            ring.submitter().register_buf_ring_with_flags(queue.as_ptr() as u64, COUNT, Self::GROUP, 0)
        }?;
        (0..COUNT).for_each(|buffer| buffers.lend(buffer));
        Ok(buffers)
    }

    /// What was received into a buffer.
    pub fn received(&self, buffer: u16, length: usize) -> &[u8] {
        let start = usize::from(buffer) * RECEIVE_BYTES;
        &self.memory[start..start + length]
    }

    /// Lends a buffer again.
    pub fn lend(&mut self, buffer: u16) {
        let start = usize::from(buffer) * RECEIVE_BYTES;
        let address = self.memory[start..start + RECEIVE_BYTES].as_ptr();
        let place = usize::from(self.tail % COUNT);
        self.tail = self.tail.wrapping_add(1);
        // SAFETY: the place lies within the queue, and the system reads it once the tail is beyond it. The tail is part of
        // the first entry that entries do not use.
        unsafe {
            let entry = &mut *self.queue.as_ptr().add(place);
            entry.set_addr(address as u64);
            entry.set_len(RECEIVE_BYTES as u32);
            entry.set_bid(buffer);
            let tail = BufRingEntry::tail(self.queue.as_ptr()).cast_mut();
            AtomicU16::from_ptr(tail).store(self.tail, Release);
        }
    }
}

impl Drop for Buffers {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout.
        unsafe { dealloc(self.queue.as_ptr().cast(), layout()) };
    }
}

const fn layout() -> Layout {
    match Layout::from_size_align(size_of::<BufRingEntry>() * COUNT as usize, PAGE_BYTES) {
        Ok(layout) => layout,
        Err(_) => panic!("a page is a power of two"),
    }
}
