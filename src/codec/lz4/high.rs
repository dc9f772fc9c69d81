//! In: a block. Out: an LZ4 block of it, for which the C library searched long.
//! Never: 256 KiB of working memory made, or made empty, for every block of some KiB.
//!
//! The fast search keeps its 16 KiB on the stack, and gains nothing from reusing them.

use std::ffi::{c_char, c_int, c_void};

use super::{lengths, nonzero};

// Not declared by the crate.
unsafe extern "C" {
    safe fn LZ4_sizeofStateHC() -> c_int;

    fn LZ4_initStreamHC(buffer: *mut c_void, len: usize) -> *mut c_void;

    fn LZ4_compress_HC_extStateHC_fastReset(
        state: *mut c_void,
        source: *const c_char,
        dest: *mut c_char,
        source_len: c_int,
        dest_len: c_int,
        level: c_int,
    ) -> c_int;
}

/// The library's working memory, initialised.
pub(super) struct State(Box<[u64]>);

impl State {
    pub(super) fn new() -> Option<Self> {
        let len = usize::try_from(LZ4_sizeofStateHC()).ok()?;
        let mut memory = vec![0u64; len.div_ceil(size_of::<u64>())].into_boxed_slice();
        // SAFETY: the buffer is as long as told, and as aligned as the pointers in it have to be;
        // the library refuses others.
        let state = unsafe { LZ4_initStreamHC(memory.as_mut_ptr().cast(), size_of_val(&*memory)) };
        (!state.is_null()).then_some(Self(memory))
    }

    /// As `LZ4_compress_HC`: what blocks before left in the memory does not count.
    pub(super) fn encode(&mut self, level: u8, src: &[u8], dst: &mut [u8]) -> Option<usize> {
        let (src_len, dst_len) = lengths(src, dst)?;
        // PERF: 5 to 10 us less a block than LZ4_compress_HC: a plane of 32 KiB that repeats itself
        // takes 5 us instead of 11 at level 5, one of noise 403 instead of 420.
        // SAFETY: `new` initialised the state; both other pointers are valid for the lengths given,
        // which `lengths` took from the slices themselves; at most `dst_len` bytes are written.
        let used = unsafe {
            LZ4_compress_HC_extStateHC_fastReset(
                self.0.as_mut_ptr().cast(),
                src.as_ptr().cast(),
                dst.as_mut_ptr().cast(),
                src_len,
                dst_len,
                c_int::from(level.clamp(1, 9)),
            )
        };
        nonzero(used)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A state of its own for every block.
    fn alone(level: u8, src: &[u8], dst: &mut [u8]) -> Option<usize> {
        let (src_len, dst_len) = lengths(src, dst).unwrap();
        // SAFETY: both pointers are valid for the lengths given, which `lengths` took from the
        // slices themselves; at most `dst_len` bytes are written.
        let used = unsafe {
            lz4_sys::LZ4_compress_HC(
                src.as_ptr().cast(),
                dst.as_mut_ptr().cast(),
                src_len,
                dst_len,
                c_int::from(level),
            )
        };
        nonzero(used)
    }

    #[test]
    fn blocks_before_change_nothing() {
        let mut state = State::new().unwrap();
        let mut noise = 1u32;
        for round in 0..300u32 {
            let len = [0, 1, 13, 500, 4096, 70_000, 200_000][round as usize % 7];
            let data: Vec<u8> = (0..len)
                .map(|i: u32| {
                    noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    // Noise in 0 to 7 of 8 bits, on a ramp.
                    let bits = noise >> 24 & ((1 << (round % 8)) - 1);
                    ((i / 50) ^ bits).to_le_bytes()[0]
                })
                .collect();
            // Sometimes there is too little room.
            let room = data.len() / (1 + round as usize % 3);
            let level = [1, 2, 3, 5, 9][round as usize % 5];
            let (mut ours, mut theirs) = (vec![0; room], vec![0; room]);
            let used = state.encode(level, &data, &mut ours);
            assert_eq!(used, alone(level, &data, &mut theirs), "round {round}");
            let used = used.unwrap_or(0);
            assert_eq!(ours[..used], theirs[..used], "round {round}");
        }
    }
}
