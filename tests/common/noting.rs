//! In: requests for memory. Out: the same, noted by thread: how many, and the largest.
//! Never: part of a test binary that does not ask for it: it is every binary's one allocator.
#![expect(unsafe_code, reason = "an allocator that notes what is asked of it")]
#![allow(
    dead_code,
    unreachable_pub,
    reason = "a module of several test binaries, each of which uses some of it"
)]

use std::alloc::{GlobalAlloc, Layout as Memory, System};
use std::cell::Cell;

/// The system's allocator, which notes the number of requests and the largest, by thread.
struct Noting;

thread_local! {
    /// The largest request since this was last set.
    pub static LARGEST: Cell<usize> = const { Cell::new(0) };
    /// The number of requests since this was last set.
    pub static REQUESTS: Cell<usize> = const { Cell::new(0) };
}

fn note(size: usize) {
    // A thread that is ending has no note to take.
    let _ = LARGEST.try_with(|largest| largest.set(largest.get().max(size)));
    let _ = REQUESTS.try_with(|requests| requests.set(requests.get() + 1));
}

// SAFETY: every call is handed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Noting {
    unsafe fn alloc(&self, layout: Memory) -> *mut u8 {
        note(layout.size());
        // SAFETY: the caller's promise is handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Memory) -> *mut u8 {
        note(layout.size());
        // SAFETY: the caller's promise is handed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Memory) {
        // SAFETY: the caller's promise is handed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Memory, size: usize) -> *mut u8 {
        note(size);
        // SAFETY: the caller's promise is handed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Noting = Noting;
