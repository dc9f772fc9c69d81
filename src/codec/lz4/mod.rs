//! In: one LZ4 block (no frame, no size). Out: its bytes. Both ways, fast and high compression.
//! Never: a read or write outside the two slices: the C library, which encodes, gets both lengths.
#![expect(unsafe_code, reason = "calls of the LZ4 C library")]

mod block;
mod high;
mod quick;

use std::ffi::{c_char, c_int};

use super::{Codec, Contexts, Dictionary, Fault};

/// What is reused from stream to stream.
#[derive(Default)]
pub(super) struct Context {
    /// Room for a dictionary and the block behind it.
    room: Vec<u8>,
    /// Made when first needed.
    high: Option<high::State>,
}

impl Context {
    /// Decodes a block that may copy from `dictionary` as if it stood before it.
    fn decode(&mut self, dictionary: &[u8], src: &[u8], dst: &mut [u8]) -> Result<(), Fault> {
        self.room.clear();
        self.room.extend_from_slice(dictionary);
        self.room.resize(dictionary.len() + dst.len(), 0);
        block::decode(src, &mut self.room, dictionary.len())?;
        dst.copy_from_slice(&self.room[dictionary.len()..]);
        Ok(())
    }
}

/// LZ4 as `LZ4_compress_default` writes it.
#[derive(Debug)]
pub(super) struct Lz4;

/// The same format, compressed harder.
#[derive(Debug)]
pub(super) struct Lz4Hc;

impl Codec for Lz4 {
    fn decode(&self, _: &mut Contexts, src: &[u8], dst: &mut [u8]) -> Result<(), Fault> {
        block::decode(src, dst, 0)
    }

    fn decode_with(
        &self,
        contexts: &mut Contexts,
        dictionary: &Dictionary,
        src: &[u8],
        dst: &mut [u8],
    ) -> Result<(), Fault> {
        contexts.lz4.decode(dictionary.bytes(), src, dst)
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
        block::decode(src, dst, 0)
    }

    fn decode_with(
        &self,
        contexts: &mut Contexts,
        dictionary: &Dictionary,
        src: &[u8],
        dst: &mut [u8],
    ) -> Result<(), Fault> {
        contexts.lz4.decode(dictionary.bytes(), src, dst)
    }

    fn encode(
        &self,
        contexts: &mut Contexts,
        level: u8,
        src: &[u8],
        dst: &mut [u8],
    ) -> Option<usize> {
        let slot = &mut contexts.lz4.high;
        if slot.is_none() {
            *slot = high::State::new();
        }
        slot.as_mut()?.encode(level, src, dst)
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

/// The C library, which the tests hold our decoder against.
#[cfg(test)]
mod reference {
    use super::*;

    pub(super) fn decode(src: &[u8], dst: &mut [u8]) -> Result<(), Fault> {
        let (src_len, dst_len) = lengths(src, dst).unwrap();
        // SAFETY: both pointers are valid for the lengths given, which `lengths` took from the
        // slices themselves; LZ4_decompress_safe never reads or writes beyond them.
        let written = unsafe {
            lz4_sys::LZ4_decompress_safe(
                src.as_ptr().cast::<c_char>(),
                dst.as_mut_ptr().cast::<c_char>(),
                src_len,
                dst_len,
            )
        };
        match written == dst_len {
            true => Ok(()),
            false => Err(Fault("the C library decodes it to another length")),
        }
    }

    /// A stream of `data`, whatever its length.
    pub(super) fn encode(data: &[u8]) -> Vec<u8> {
        let mut packed = vec![0; data.len() + data.len() / 100 + 64];
        let used = Lz4.encode(&mut Contexts::default(), 9, data, &mut packed);
        packed.truncate(used.unwrap());
        packed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    unsafe extern "C" {
        fn LZ4_loadDict(
            stream: *mut lz4_sys::LZ4StreamEncode,
            dictionary: *const c_char,
            dictionary_len: c_int,
        ) -> c_int;

        fn LZ4_compress_fast_continue(
            stream: *mut lz4_sys::LZ4StreamEncode,
            source: *const c_char,
            dest: *mut c_char,
            source_len: c_int,
            dest_len: c_int,
            acceleration: c_int,
        ) -> c_int;
    }

    fn encode_with(dictionary: &[u8], data: &[u8]) -> Vec<u8> {
        let mut packed = vec![0; data.len() + 100];
        let (src_len, dst_len) = lengths(data, &packed).unwrap();
        let dictionary_len = c_int::try_from(dictionary.len()).unwrap();
        // SAFETY: makes a stream of its own.
        let stream = unsafe { lz4_sys::LZ4_createStream() };
        assert!(!stream.is_null());
        // SAFETY: `dictionary` is valid for its length and outlives the stream.
        unsafe { LZ4_loadDict(stream, dictionary.as_ptr().cast(), dictionary_len) };
        // SAFETY: both pointers are valid for the lengths given.
        let used = unsafe {
            LZ4_compress_fast_continue(
                stream,
                data.as_ptr().cast(),
                packed.as_mut_ptr().cast(),
                src_len,
                dst_len,
                1,
            )
        };
        // SAFETY: the stream is not used again.
        unsafe { lz4_sys::LZ4_freeStream(stream) };
        packed.truncate(nonzero(used).unwrap());
        packed
    }

    #[test]
    fn a_dictionary_stands_before_every_stream() {
        let sample: Vec<u8> = (0..32_768u32).map(|i| (i * i / 3 % 251) as u8).collect();
        let data = [&sample[100..400], b"and something new", &sample[32_700..]].concat();
        for dictionary in [&sample[..], &sample[..500]] {
            let packed = encode_with(dictionary, &data);
            assert!(packed.len() < data.len() / 2, "{} bytes", packed.len());
            let dictionary = Dictionary::new(dictionary);
            let mut contexts = Contexts::default();
            for codec in [&Lz4 as &dyn Codec, &Lz4Hc] {
                let mut decode = |src: &[u8], len| {
                    let mut dst = vec![0; len];
                    codec
                        .decode_with(&mut contexts, &dictionary, src, &mut dst)
                        .map(|()| dst)
                };
                assert_eq!(decode(&packed, data.len()).unwrap(), data);
                assert!(decode(&packed, data.len() - 1).is_err());
                assert!(decode(&packed, data.len() + 1).is_err());
                for cut in 0..packed.len() {
                    assert!(decode(&packed[..cut], data.len()).is_err(), "prefix {cut}");
                }
            }
            let mut dst = vec![0; data.len()];
            let fault = Lz4.decode(&mut contexts, &packed, &mut dst);
            assert!(fault.is_err(), "without its dictionary");
        }
    }

    /// Found by fuzzing: the C library takes a match of distance 0 for what its buffer held before.
    #[test]
    fn a_match_of_distance_0_shows_no_other_block() {
        let src = [0x14, b'a', 0, 0, 0x50, 1, 2, 3, 4, 5];
        let mut dst = [0x5A; 14];
        let dictionary = Dictionary::new(*b"dictionary");
        let mut contexts = Contexts::default();
        assert!(Lz4.decode(&mut contexts, &src, &mut dst).is_err());
        let fault = Lz4.decode_with(&mut contexts, &dictionary, &src, &mut dst);
        assert!(fault.is_err());
    }
}
