//! LZ4 blocks decode to what the format's definition, followed byte by byte, says, and so does the
//! C library, where it decodes them: it insists on rules about the end of a block.

#![no_main]

mod data;

use std::ffi::{c_char, c_int};

use data::{Data, same};
use fuseblock::codec::{self, Contexts, Dictionary};

/// LZ4's format code.
const LZ4: u8 = 1;

/// Bytes behind the block that must not change.
const BEHIND: usize = 64;

#[derive(Debug, arbitrary::Arbitrary)]
struct Input {
    dictionary: Vec<u8>,
    stream: Stream,
}

#[derive(Debug, arbitrary::Arbitrary)]
enum Stream {
    /// Any bytes, for a block of so many.
    Bytes(u16, Vec<u8>),
    /// What the C library makes of data, with bytes changed.
    Encoded(Data, u8, Vec<(u16, u8)>),
}

libfuzzer_sys::fuzz_target!(|input: Input| {
    let Input { dictionary, stream } = input;
    let (len, stream) = stream.bytes();
    let codec = codec::of_chunk(LZ4, 0).expect("lz4 is there");
    let mut room = vec![0xA5; len + BEHIND];
    let (decoded, behind) = room.split_at_mut(len);
    let ours = codec.decode(&mut Contexts::default(), &stream, decoded);
    assert!(behind.iter().all(|&byte| byte == 0xA5));
    let defined = by_definition(&[], &stream, len);
    assert_eq!(ours.is_ok(), defined.is_some(), "{ours:?}");
    if let Some(defined) = defined {
        same(decoded, &defined);
        if let Some(library) = by_library(&stream, len) {
            same(decoded, &library);
        }
    }
    if !dictionary.is_empty() {
        let known = Dictionary::new(dictionary.clone());
        let mut with = vec![0xA5; len];
        let ours = codec.decode_with(&mut Contexts::default(), &known, &stream, &mut with);
        if ours.is_ok() {
            assert_eq!(by_definition(&dictionary, &stream, len), Some(with));
        }
    }
});

impl Stream {
    /// The length of the block, and the stream.
    fn bytes(self) -> (usize, Vec<u8>) {
        match self {
            Self::Bytes(len, bytes) => (usize::from(len), bytes),
            Self::Encoded(data, level, changes) => {
                let data = data.bytes();
                let codec = codec::of_chunk(LZ4, 0).expect("lz4 is there");
                let mut packed = vec![0; data.len() + data.len() / 128 + 16];
                let contexts = &mut Contexts::default();
                let len = codec.encode(contexts, level % 9 + 1, &data, &mut packed);
                packed.truncate(len.unwrap_or(0));
                for (at, byte) in changes {
                    let at = usize::from(at) % packed.len().max(1);
                    if let Some(place) = packed.get_mut(at) {
                        *place = byte;
                    }
                }
                (data.len(), packed)
            }
        }
    }
}

/// The `len` bytes of a block with this before it, if it is one of so many.
fn by_definition(before: &[u8], stream: &[u8], len: usize) -> Option<Vec<u8>> {
    let mut input = stream.iter().copied().peekable();
    let mut out = before.to_vec();
    let end = before.len() + len;
    loop {
        let token = input.next()?;
        for _ in 0..length(token >> 4, &mut input, len)? {
            out.push(input.next()?);
        }
        if input.peek().is_none() {
            return (out.len() == end).then(|| out.split_off(before.len()));
        }
        let distance = usize::from(u16::from_le_bytes([input.next()?, input.next()?]));
        for _ in 0..length(token & 15, &mut input, len)? + 4 {
            let from = out.len().checked_sub(distance).filter(|_| distance > 0)?;
            out.push(out[from]);
        }
        if out.len() > end {
            return None;
        }
    }
}

/// A length that starts with `code`, if it is at most `most`.
fn length(code: u8, input: &mut impl Iterator<Item = u8>, most: usize) -> Option<usize> {
    let mut length = usize::from(code);
    if code == 15 {
        loop {
            let more = input.next()?;
            length += usize::from(more);
            if more != 255 {
                break;
            }
        }
    }
    (length <= most).then_some(length)
}

fn by_library(stream: &[u8], len: usize) -> Option<Vec<u8>> {
    let mut decoded = vec![0u8; len];
    let small = |len: usize| c_int::try_from(len).expect("inputs are short");
    // SAFETY: both buffers have the lengths given.
    let written = unsafe {
        lz4_sys::LZ4_decompress_safe(
            stream.as_ptr().cast::<c_char>(),
            decoded.as_mut_ptr().cast::<c_char>(),
            small(stream.len()),
            small(len),
        )
    };
    (written == small(len)).then_some(decoded)
}
