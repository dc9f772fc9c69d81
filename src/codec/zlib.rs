//! In: a zlib stream (RFC 1950). Out: its bytes, and back. One context a direction, reused.
//! Never: a write beyond `dst`: the library gets its length.

use libdeflater::{CompressionLvl, Compressor, DecompressionError, Decompressor};

use super::{Codec, Contexts, Fault};

/// DEFLATE with zlib's header and checksum.
#[derive(Debug)]
pub(super) struct Zlib;

/// The library's working memory, made when first needed.
#[derive(Default)]
pub(super) struct Context {
    decoder: Option<Decompressor>,
    /// The level it was made for, and the encoder.
    encoder: Option<(CompressionLvl, Compressor)>,
}

impl Codec for Zlib {
    fn decode(&self, contexts: &mut Contexts, src: &[u8], dst: &mut [u8]) -> Result<(), Fault> {
        let decoder = contexts.zlib.decoder.get_or_insert_default();
        match decoder.zlib_decompress(src, dst) {
            Ok(written) if written == dst.len() => Ok(()),
            Ok(_) => Err(Fault("the zlib stream ends before its block is full")),
            Err(DecompressionError::BadData) => Err(Fault("the zlib stream is damaged")),
            Err(DecompressionError::InsufficientSpace) => {
                Err(Fault("the zlib stream is longer than its block"))
            }
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
