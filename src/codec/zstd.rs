//! In: standard zstd frames. Out: their bytes, and back. One context a direction, reused.
//! Never: an allocation by the frame's own declared size: decoding goes straight into `dst`.

use zstd_safe::{CCtx, DCtx, SafeResult, get_error_name};

use super::{Codec, Contexts, Dictionary, Fault};

/// Zstandard.
#[derive(Debug)]
pub(super) struct Zstd;

/// The library's working memory, made when first needed.
#[derive(Default)]
pub(super) struct Context {
    decoder: Option<DCtx<'static>>,
    encoder: Option<CCtx<'static>>,
}

impl Context {
    fn decoder(&mut self) -> Result<&mut DCtx<'static>, Fault> {
        if self.decoder.is_none() {
            self.decoder = DCtx::try_create();
        }
        let decoder = self.decoder.as_mut();
        decoder.ok_or(Fault("there is no memory for a zstd decoder"))
    }
}

impl Codec for Zstd {
    fn decode(&self, contexts: &mut Contexts, src: &[u8], dst: &mut [u8]) -> Result<(), Fault> {
        let decoder = contexts.zstd.decoder()?;
        let room = dst.len();
        filled(decoder.decompress(dst, src), room)
    }

    fn decode_with(
        &self,
        contexts: &mut Contexts,
        dictionary: &Dictionary,
        src: &[u8],
        dst: &mut [u8],
    ) -> Result<(), Fault> {
        let decoder = contexts.zstd.decoder()?;
        let digested = dictionary
            .zstd()
            .ok_or(Fault("the zstd dictionary of the chunk is damaged"))?;
        let room = dst.len();
        filled(decoder.decompress_using_ddict(dst, src, digested), room)
    }

    fn encode(
        &self,
        contexts: &mut Contexts,
        level: u8,
        src: &[u8],
        dst: &mut [u8],
    ) -> Option<usize> {
        let slot = &mut contexts.zstd.encoder;
        if slot.is_none() {
            *slot = CCtx::try_create();
        }
        slot.as_mut()?
            .compress(dst, src, library_level(level))
            .ok()
            .filter(|&used| used > 0)
    }
}

/// Whether the library wrote `room` bytes.
fn filled(written: SafeResult, room: usize) -> Result<(), Fault> {
    match written {
        Ok(written) if written == room => Ok(()),
        Ok(_) => Err(Fault("the zstd stream ends before its block is full")),
        Err(code) => Err(Fault(get_error_name(code))),
    }
}

/// Blosc2 levels 1..=9 spread over the library's 1..=22 in steps of two.
fn library_level(level: u8) -> i32 {
    match level.clamp(1, 9) {
        9 => zstd_safe::max_c_level(),
        below => i32::from(below) * 2 - 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATA: &[u8; 68] =
        b"00017: pressure 1013.17 hPa, wind 0 m/s\n99999: pressure 1013.00 hPa\n";

    /// What the zstd command line trained on files of such lines.
    const TRAINED: [u8; 256] = [
        0x37, 0xA4, 0x30, 0xEC, 0xB0, 0xA5, 0xFC, 0x25, 0x1C, 0x10, 0xE0, 0x0A, 0x95, 0x0E, 0xFF,
        0xFF, 0xFF, 0xFF, 0x83, 0xF4, 0x55, 0x05, 0x27, 0xA5, 0x94, 0x52, 0x4A, 0x99, 0x3A, 0x14,
        0xA7, 0xC0, 0xAD, 0xB5, 0xD6, 0x5A, 0x0B, 0xC3, 0x08, 0x00, 0x00, 0x90, 0xD2, 0x3E, 0x05,
        0x00, 0x00, 0x04, 0x00, 0x42, 0x05, 0x89, 0x07, 0x0D, 0x1A, 0x00, 0x2C, 0x0F, 0x18, 0x00,
        0x40, 0x6D, 0x76, 0x04, 0x00, 0x00, 0x00, 0x00, 0x00, 0x18, 0x06, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x34, 0xE5, 0x53, 0x63, 0x06, 0x16, 0x02, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x04,
        0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x6E, 0x64, 0x20, 0x31, 0x36, 0x20, 0x6D, 0x2F,
        0x73, 0x0A, 0x30, 0x31, 0x36, 0x35, 0x34, 0x3A, 0x20, 0x70, 0x72, 0x65, 0x73, 0x73, 0x75,
        0x72, 0x65, 0x20, 0x31, 0x30, 0x31, 0x33, 0x2E, 0x32, 0x37, 0x20, 0x68, 0x50, 0x61, 0x2C,
        0x20, 0x77, 0x69, 0x6E, 0x64, 0x20, 0x30, 0x20, 0x6D, 0x2F, 0x73, 0x0A, 0x69, 0x6E, 0x64,
        0x20, 0x36, 0x20, 0x6D, 0x2F, 0x73, 0x0A, 0x30, 0x30, 0x32, 0x37, 0x35, 0x3A, 0x20, 0x70,
        0x72, 0x65, 0x73, 0x73, 0x75, 0x72, 0x65, 0x20, 0x31, 0x30, 0x31, 0x33, 0x2E, 0x37, 0x38,
        0x20, 0x68, 0x50, 0x61, 0x2C, 0x20, 0x77, 0x69, 0x6E, 0x64, 0x20, 0x37, 0x20, 0x6D, 0x2F,
        0x73, 0x0A, 0x69, 0x6E, 0x64, 0x20, 0x33, 0x20, 0x6D, 0x2F, 0x73, 0x0A, 0x30, 0x31, 0x39,
        0x32, 0x30, 0x3A, 0x20, 0x70, 0x72, 0x65, 0x73, 0x73, 0x75, 0x72, 0x65, 0x20, 0x31, 0x30,
        0x31, 0x33, 0x2E, 0x31, 0x34, 0x20, 0x68, 0x50, 0x61, 0x2C, 0x20, 0x77, 0x69, 0x6E, 0x64,
        0x20,
    ];

    /// What it made of `DATA` with that dictionary.
    const STREAM: [u8; 38] = [
        0x28, 0xB5, 0x2F, 0xFD, 0x23, 0xB0, 0xA5, 0xFC, 0x25, 0x44, 0xCD, 0x00, 0x00, 0xE3, 0x80,
        0x02, 0xA4, 0x09, 0x3C, 0xA0, 0x42, 0xB1, 0xF7, 0x79, 0xDB, 0x01, 0x04, 0xFC, 0xAB, 0x21,
        0x00, 0x96, 0xE0, 0xC4, 0x58, 0xF3, 0x46, 0x01,
    ];

    fn encode_with(dictionary: &[u8], data: &[u8]) -> Vec<u8> {
        let mut packed = vec![0; data.len() + 100];
        let mut encoder = CCtx::create();
        let used = encoder.compress_using_dict(&mut packed[..], data, dictionary, 5);
        packed.truncate(used.unwrap());
        packed
    }

    #[test]
    fn dictionaries_trained_and_raw() {
        let raw = b"some 1013.00 hPa, any pressure 1013.17 hPa, wind 0 m/s, will do";
        let mut contexts = Contexts::default();
        for (dictionary, packed) in [
            (&TRAINED[..], STREAM.to_vec()),
            (&TRAINED, encode_with(&TRAINED, DATA)),
            (raw, encode_with(raw, DATA)),
        ] {
            let dictionary = Dictionary::new(dictionary);
            let mut decode = |src: &[u8], len| {
                let mut dst = vec![0; len];
                let done = Zstd.decode_with(&mut contexts, &dictionary, src, &mut dst);
                done.map(|()| dst)
            };
            for _ in 0..2 {
                assert_eq!(decode(&packed, DATA.len()).unwrap(), DATA);
            }
            assert!(decode(&packed, DATA.len() - 1).is_err());
            assert!(decode(&packed, DATA.len() + 1).is_err());
            for cut in 0..packed.len() {
                assert!(decode(&packed[..cut], DATA.len()).is_err(), "prefix {cut}");
            }
            // The context remembers no dictionary.
            let mut dst = vec![0; DATA.len()];
            assert!(Zstd.decode(&mut contexts, &packed, &mut dst).is_err());
        }
    }

    #[test]
    fn a_dictionary_that_only_begins_like_one_is_a_fault() {
        let damaged = Dictionary::new([0x37, 0xA4, 0x30, 0xEC, 1, 0, 0, 0, 0xFF, 0xFF, 0xFF]);
        let (mut contexts, mut dst) = (Contexts::default(), [0; 70]);
        let Fault(fact) = Zstd
            .decode_with(&mut contexts, &damaged, b"stream", &mut dst)
            .unwrap_err();
        assert!(fact.contains("dictionary"), "{fact}");
    }
}
