//! What a target may cost: processor time and memory in proportion to its bytes, counted by the allocator of this process.
#![allow(unsafe_code)]

use crate::Target;
use nix::time::{ClockId, clock_gettime};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Duration;

/// Memory of a target that was handed nothing, and for each byte.
const MEMORY_BYTES: usize = 32 << 20;
const MEMORY_BYTES_PER_BYTE: usize = 48;
/// Processor time, likewise: for worlds that are stepped, and for bytes that are read several times. Generous, since it is
/// superlinear time that it is to find.
const TIME: Duration = Duration::from_secs(2);
const TIME_PER_BYTE: Duration = Duration::from_micros(4);

thread_local! {
    static LIVE_BYTES: Cell<usize> = const { Cell::new(0) };
    static PEAK_BYTES: Cell<usize> = const { Cell::new(0) };
}

/// The allocator of the process, counting.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call is passed to the allocator of the operating system as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // A thread that ends no longer counts; another thread may free what this one took.
        let _ = LIVE_BYTES.try_with(|live| {
            live.set(live.get().saturating_add(layout.size()));
            PEAK_BYTES.with(|peak| peak.set(peak.get().max(live.get())));
        });
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        let _ = LIVE_BYTES.try_with(|live| live.set(live.get().saturating_sub(layout.size())));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Hands a target bytes, and panics if that costs more than bytes of this number may.
pub fn run(target: Target, bytes: &[u8]) -> bool {
    let live_bytes = LIVE_BYTES.get();
    PEAK_BYTES.set(live_bytes);
    let start = processor_time();
    let taken = target(bytes);
    let (time, time_limit) = (processor_time() - start, TIME + TIME_PER_BYTE * bytes.len() as u32);
    let memory = PEAK_BYTES.get().saturating_sub(live_bytes);
    let memory_limit = MEMORY_BYTES + MEMORY_BYTES_PER_BYTE * bytes.len();
    assert!(
        memory <= memory_limit,
        "{memory} bytes of memory for {} bytes, at most {memory_limit}",
        bytes.len()
    );
    assert!(time <= time_limit, "{time:?} for {} bytes, at most {time_limit:?}", bytes.len());
    taken
}

/// That of this thread: what else runs on the machine does not count.
fn processor_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("every Unix has this clock").into()
}
