//! In: one LZ4 block (no frame, no size). Out: its bytes. Both ways, fast and high compression.
//! Never: a read or write outside the two slices: the C library gets both lengths.
#![expect(unsafe_code, reason = "calls of the LZ4 C library")]

use std::ffi::{c_char, c_int};

use super::{Codec, Contexts, Fault};

/// LZ4 as `LZ4_compress_default` writes it.
#[derive(Debug)]
pub(super) struct Lz4;

/// The same format, compressed harder.
#[derive(Debug)]
pub(super) struct Lz4Hc;

impl Codec for Lz4 {
    fn decode(&self, _: &mut Contexts, src: &[u8], dst: &mut [u8]) -> Result<(), Fault> {
        decode(src, dst)
    }

    fn encode(&self, _: &mut Contexts, level: u8, src: &[u8], dst: &mut [u8]) -> Option<usize> {
        let (src_len, dst_len) = lengths(src, dst)?;
        // A level below 9 trades ratio for speed, as the reference library does.
        let acceleration = c_int::from(10 - level.clamp(1, 9));
        // SAFETY: both pointers are valid for the lengths given, which `lengths` took from the
        // slices themselves; LZ4_compress_fast writes at most `dst_len` bytes.
        let used = unsafe {
            lz4_sys::LZ4_compress_fast(
                src.as_ptr().cast::<c_char>(),
                dst.as_mut_ptr().cast::<c_char>(),
                src_len,
                dst_len,
                acceleration,
            )
        };
        nonzero(used)
    }
}

impl Codec for Lz4Hc {
    fn decode(&self, _: &mut Contexts, src: &[u8], dst: &mut [u8]) -> Result<(), Fault> {
        decode(src, dst)
    }

    fn encode(&self, _: &mut Contexts, level: u8, src: &[u8], dst: &mut [u8]) -> Option<usize> {
        let (src_len, dst_len) = lengths(src, dst)?;
        // SAFETY: both pointers are valid for the lengths given, which `lengths` took from the
        // slices themselves; LZ4_compress_HC writes at most `dst_len` bytes.
        let used = unsafe {
            lz4_sys::LZ4_compress_HC(
                src.as_ptr().cast::<c_char>(),
                dst.as_mut_ptr().cast::<c_char>(),
                src_len,
                dst_len,
                c_int::from(level.clamp(1, 9)),
            )
        };
        nonzero(used)
    }
}

fn decode(src: &[u8], dst: &mut [u8]) -> Result<(), Fault> {
    let (src_len, dst_len) =
        lengths(src, dst).ok_or(Fault("an lz4 stream of more than 2 GiB cannot be decoded"))?;
    // SAFETY: both pointers are valid for the lengths given, which `lengths` took from the slices
    // themselves; LZ4_decompress_safe never reads or writes beyond them, whatever `src` holds.
    let written = unsafe {
        lz4_sys::LZ4_decompress_safe(
            src.as_ptr().cast::<c_char>(),
            dst.as_mut_ptr().cast::<c_char>(),
            src_len,
            dst_len,
        )
    };
    if written < 0 {
        Err(Fault("the lz4 stream is damaged"))
    } else if written != dst_len {
        Err(Fault("the lz4 stream ends before its block is full"))
    } else {
        Ok(())
    }
}

fn lengths(src: &[u8], dst: &[u8]) -> Option<(c_int, c_int)> {
    Some((
        c_int::try_from(src.len()).ok()?,
        c_int::try_from(dst.len()).ok()?,
    ))
}

fn nonzero(used: c_int) -> Option<usize> {
    usize::try_from(used).ok().filter(|&used| used > 0)
}
