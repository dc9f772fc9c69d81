//! In: a zlib stream (RFC 1950). Out: its bytes, and back. One context a direction, reused.
//! Never: a write beyond `dst`: the library gets its length.

use libdeflater::{Adler32, CompressionLvl, Compressor, DecompressionError, Decompressor};

use super::{Codec, Contexts, Fault};

/// DEFLATE with zlib's header and checksum.
#[derive(Debug)]
pub(super) struct Zlib;

/// The library's working memory, made when first needed.
#[derive(Default)]
pub(super) struct Context {
    decoder: Option<Decompressor>,
    /// The deflated part of a stream, and [`SLACK`] zeros.
    padded: Vec<u8>,
    /// The level it was made for, and the encoder.
    encoder: Option<(CompressionLvl, Compressor)>,
}

/// Bytes behind a stream that let the library decode it with its fast loop to the end: the last 30
/// bytes of a stream that repeats itself a lot stand for a good part of the block.
const SLACK: usize = 64;

impl Codec for Zlib {
    fn decode(&self, contexts: &mut Contexts, src: &[u8], dst: &mut [u8]) -> Result<(), Fault> {
        const CUT_OFF: Fault = Fault("the zlib stream has no room for its header and checksum");
        let (&header, rest) = src.split_first_chunk::<2>().ok_or(CUT_OFF)?;
        let (deflated, &sum) = rest.split_last_chunk::<4>().ok_or(CUT_OFF)?;
        check_header(header)?;
        let Context {
            decoder, padded, ..
        } = &mut contexts.zlib;
        padded.clear();
        padded.extend_from_slice(deflated);
        padded.resize(deflated.len() + SLACK, 0);
        let decoder = decoder.get_or_insert_default();
        match decoder.deflate_decompress(padded, dst) {
            Ok(written) if written == dst.len() => {}
            Ok(_) => return Err(Fault("the zlib stream ends before its block is full")),
            Err(DecompressionError::BadData) => return Err(Fault("the zlib stream is damaged")),
            Err(DecompressionError::InsufficientSpace) => {
                return Err(Fault("the zlib stream is longer than its block"));
            }
        }
        let mut found = Adler32::new();
        found.update(dst);
        match found.sum() == u32::from_be_bytes(sum) {
            true => Ok(()),
            false => Err(Fault("the zlib stream does not agree with its checksum")),
        }
    }

    fn encode(
        &self,
        contexts: &mut Contexts,
        level: u8,
        src: &[u8],
        dst: &mut [u8],
    ) -> Option<usize> {
        // The reference library hands its level on as zlib's, and these mean the same.
        let level = CompressionLvl::new(i32::from(level.clamp(1, 9))).ok()?;
        let slot = &mut contexts.zlib.encoder;
        if slot.as_ref().is_none_or(|(made_for, _)| *made_for != level) {
            *slot = Some((level, Compressor::new(level)));
        }
        let (_, encoder) = slot.as_mut()?;
        encoder.zlib_compress(src, dst).ok()
    }
}

/// The two bytes before the deflated data: method, window, flags, a check of these.
fn check_header([method, flags]: [u8; 2]) -> Result<(), Fault> {
    let checked = u16::from_be_bytes([method, flags]).is_multiple_of(31);
    if method & 0x0F != 8 || method >> 4 > 7 || !checked {
        return Err(Fault("the zlib stream has no zlib header"));
    }
    match flags & 0x20 {
        0 => Ok(()),
        _ => Err(Fault("the zlib stream needs a dictionary")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What zlib itself makes of 30 times "abcdefgh".
    const STREAM: [u8; 19] = [
        0x78, 0x9C, 0x4B, 0x4C, 0x4A, 0x4E, 0x49, 0x4D, 0x4B, 0xCF, 0x48, 0x1C, 0x21, 0x34, 0x00,
        0x57, 0xF4, 0x5E, 0x39,
    ];

    #[test]
    fn a_stream_of_zlib_decodes() {
        let mut dst = [0; 240];
        Zlib.decode(&mut Contexts::default(), &STREAM, &mut dst)
            .unwrap();
        assert_eq!(dst[..], b"abcdefgh".repeat(30));
    }

    #[test]
    fn every_changed_byte_and_every_prefix_is_a_fault() {
        let (mut contexts, mut dst) = (Contexts::default(), [0; 240]);
        for at in 0..STREAM.len() {
            let mut changed = STREAM;
            changed[at] ^= 0x10;
            let fault = Zlib.decode(&mut contexts, &changed, &mut dst);
            assert!(fault.is_err(), "byte {at}");
            let fault = Zlib.decode(&mut contexts, &STREAM[..at], &mut dst);
            assert!(fault.is_err(), "prefix {at}");
        }
    }
}
