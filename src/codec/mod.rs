//! In: one compressed stream and the buffer its bytes belong in. Out: exactly those bytes, or a
//! fault. And the way back, for codecs we write.
//! Never: files, frames, allocation by a size that a stream declares.
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss)]

mod back;
mod blosclz;
mod dictionary;
pub mod filter;
mod lz4;
mod zlib;
mod zstd;

use std::fmt;

use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};

/// A stream that its codec cannot decode: the fact, lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault(pub &'static str);

/// One compression algorithm. Adding one is a file beside this and a row in [`TABLE`].
pub trait Codec: Sync + fmt::Debug {
    /// Decodes `src` into `dst`, which it has to fill exactly.
    ///
    /// # Errors
    /// When `src` is damaged or decodes to another length.
    fn decode(&self, contexts: &mut Contexts, src: &[u8], dst: &mut [u8]) -> Result<(), Fault>;

    /// As [`Codec::decode`], for a stream that was encoded with `dictionary`.
    ///
    /// # Errors
    /// As [`Codec::decode`]; and when the codec knows no dictionaries.
    fn decode_with(
        &self,
        _contexts: &mut Contexts,
        _dictionary: &Dictionary,
        _src: &[u8],
        _dst: &mut [u8],
    ) -> Result<(), Fault> {
        Err(Fault("the codec of the chunk knows no dictionaries"))
    }

    /// Encodes `src` at Blosc2 level 1..=9 into `dst` and returns the bytes used; `None` when
    /// they do not suffice or this codec only decodes. The caller then stores `src` as it is.
    fn encode(
        &self,
        _contexts: &mut Contexts,
        _level: u8,
        _src: &[u8],
        _dst: &mut [u8],
    ) -> Option<usize> {
        None
    }
}

/// What codecs reuse from stream to stream: one a thread.
#[derive(Default)]
pub struct Contexts {
    blosclz: blosclz::Context,
    lz4: lz4::Context,
    zlib: zlib::Context,
    zstd: zstd::Context,
}

impl fmt::Debug for Contexts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contexts").finish_non_exhaustive()
    }
}

pub use dictionary::Dictionary;

/// A codec's identity in the formats: `compcode` stands in frame headers, `format` in the top
/// bits of a chunk's flags.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The id in frame headers and in the `udcodec` byte of chunks.
    pub compcode: u8,
    /// The code in bits 5-7 of a chunk's flags.
    pub format: u8,
    /// The name users see.
    pub name: &'static str,
    /// The algorithm, where this version has it.
    pub codec: Option<&'static dyn Codec>,
}

/// The value of [`Row::format`] that says: see the `udcodec` byte.
pub const FORMAT_BY_ID: u8 = 6;

/// BloscLZ, LZ4, LZ4HC, zlib and zstd by their ids.
#[allow(missing_docs, reason = "the names are their own documentation")]
pub mod id {
    pub const BLOSCLZ: u8 = 0;
    pub const LZ4: u8 = 1;
    pub const LZ4HC: u8 = 2;
    pub const ZLIB: u8 = 4;
    pub const ZSTD: u8 = 5;
}

const fn row(
    compcode: u8,
    format: u8,
    name: &'static str,
    codec: Option<&'static dyn Codec>,
) -> Row {
    Row {
        compcode,
        format,
        name,
        codec,
    }
}

/// Every codec that has an id. Where two rows share a format code the first decodes it.
pub static TABLE: &[Row] = &[
    row(id::BLOSCLZ, 0, "blosclz", Some(&blosclz::BloscLz)),
    row(id::LZ4, 1, "lz4", Some(&lz4::Lz4)),
    row(id::LZ4HC, 1, "lz4hc", Some(&lz4::Lz4Hc)),
    row(3, 2, "snappy", None),
    row(id::ZLIB, 3, "zlib", Some(&zlib::Zlib)),
    row(id::ZSTD, 4, "zstd", Some(&zstd::Zstd)),
    row(32, FORMAT_BY_ID, "ndlz", None),
    row(33, FORMAT_BY_ID, "zfp_acc", None),
    row(34, FORMAT_BY_ID, "zfp_prec", None),
    row(35, FORMAT_BY_ID, "zfp_rate", None),
    row(36, FORMAT_BY_ID, "openhtj2k", None),
    row(37, FORMAT_BY_ID, "grok", None),
    row(38, FORMAT_BY_ID, "openzl", None),
    row(39, FORMAT_BY_ID, "j2k", None),
    row(40, FORMAT_BY_ID, "htj2k", None),
];

/// The row of a codec id.
pub fn by_id(compcode: u8) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.compcode == compcode)
}

/// The name of a codec id: `zstd`, or `codec 77` where nobody gave it one.
pub fn name(compcode: u8) -> String {
    by_id(compcode).map_or_else(|| format!("codec {compcode}"), |row| row.name.to_string())
}

/// The name of a chunk's codec, from the format code in its flags and its `udcodec` byte. LZ4HC
/// writes what LZ4 reads, so both go by that name unless the byte tells.
pub fn chunk_codec_name(format: u8, udcodec: u8) -> String {
    let told = by_id(udcodec).filter(|row| format == FORMAT_BY_ID || row.format == format);
    match told.or_else(|| TABLE.iter().find(|row| row.format == format)) {
        Some(row) => row.name.to_string(),
        None if format == FORMAT_BY_ID => name(udcodec),
        None => format!("format code {format}"),
    }
}

/// The codec of a chunk, from the format code in its flags and its `udcodec` byte.
///
/// # Errors
/// When this version does not have it.
pub fn of_chunk(format: u8, udcodec: u8) -> Result<&'static dyn Codec> {
    let row = if format == FORMAT_BY_ID {
        by_id(udcodec)
    } else {
        TABLE.iter().find(|row| row.format == format)
    };
    row.and_then(|row| row.codec).ok_or_else(|| {
        let (id, named) = match row {
            Some(row) => (row.compcode, row.name),
            None if format == FORMAT_BY_ID => (udcodec, "no name"),
            None => (format, "an unassigned format code"),
        };
        Error::new(
            ErrorKind::Unsupported,
            Code::UnknownCodec,
            format!("the data is compressed with codec {id} ({named}), which this version lacks"),
        )
        .with_help("re-encode it with lz4 or zstd")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_find_their_codec_or_say_which_is_missing() {
        assert!(of_chunk(0, 0).is_ok());
        assert!(of_chunk(1, 2).is_ok());
        assert!(of_chunk(4, 5).is_ok());
        assert!(of_chunk(3, 4).is_ok());
        assert!(of_chunk(FORMAT_BY_ID, id::ZSTD).is_ok());
        let snappy = of_chunk(2, 0).unwrap_err();
        assert_eq!(snappy.code(), Code::UnknownCodec);
        assert!(snappy.message().contains("codec 3 (snappy)"), "{snappy}");
        let zfp = of_chunk(FORMAT_BY_ID, 33).unwrap_err();
        assert!(zfp.message().contains("codec 33 (zfp_acc)"), "{zfp}");
        assert!(of_chunk(FORMAT_BY_ID, 200).is_err());
        assert!(of_chunk(7, 0).is_err());
    }

    #[test]
    fn what_we_encode_decodes_to_the_same_and_damage_is_a_fault() {
        let data: Vec<u8> = (0..5_000u32).map(|i| (i / 7 % 251) as u8).collect();
        let mut contexts = Contexts::default();
        for compcode in [id::BLOSCLZ, id::LZ4, id::LZ4HC, id::ZLIB, id::ZSTD] {
            let codec = by_id(compcode).unwrap().codec.unwrap();
            for level in [1, 5, 9] {
                let mut packed = vec![0; data.len()];
                let used = codec
                    .encode(&mut contexts, level, &data, &mut packed)
                    .unwrap();
                let mut back = vec![0; data.len()];
                codec
                    .decode(&mut contexts, &packed[..used], &mut back)
                    .unwrap();
                assert_eq!(back, data);
                let mut short = vec![0; data.len() - 1];
                let fault = codec.decode(&mut contexts, &packed[..used], &mut short);
                assert!(fault.is_err(), "a stream longer than its buffer");
                let mut long = vec![0; data.len() + 1];
                let fault = codec.decode(&mut contexts, &packed[..used], &mut long);
                assert!(fault.is_err(), "a stream shorter than its buffer");
                let fault = codec.decode(&mut contexts, &packed[..used / 2], &mut back);
                assert!(fault.is_err(), "half a stream");
                assert!(codec.decode(&mut contexts, &[], &mut back).is_err());
            }
            assert_eq!(codec.encode(&mut contexts, 5, &data, &mut [0; 8]), None);
        }
    }

    #[test]
    fn every_codec_and_level_gives_back_data_of_every_kind_and_length() {
        let noise = filter::conformance::noise(40_000);
        let byte = |at: usize| at.to_le_bytes()[0];
        let mut contexts = Contexts::default();
        for len in [0, 1, 2, 5, 13, 31, 64, 100, 255, 1023, 4097, 40_000] {
            let data = [
                vec![7; len],
                (0..len).map(byte).collect(),
                (0..len).map(|at| byte(at / 37)).collect(),
                noise[..len].to_vec(),
                noise[..len].iter().map(|bits| bits >> 5).collect(),
                (0..len)
                    .map(|at| byte(at / 100) ^ (noise[at] / 250))
                    .collect(),
            ];
            for (compcode, level) in [id::BLOSCLZ, id::LZ4, id::LZ4HC, id::ZLIB, id::ZSTD]
                .into_iter()
                .flat_map(|compcode| (1..=9).map(move |level| (compcode, level)))
            {
                // The hardest levels of zstd would be most of the time.
                if len > 10_000 && compcode == id::ZSTD && level > 5 {
                    continue;
                }
                let codec = by_id(compcode).unwrap().codec.unwrap();
                for data in &data {
                    let mut packed = vec![0xAA; len];
                    let Some(used) = codec.encode(&mut contexts, level, data, &mut packed) else {
                        continue;
                    };
                    let mut back = vec![0x55; len];
                    let done = codec.decode(&mut contexts, &packed[..used], &mut back);
                    let case = format!("codec {compcode}, level {level}, {len} bytes");
                    assert_eq!(done, Ok(()), "{case}");
                    assert!(&back == data, "{case}");
                }
            }
        }
    }

    #[test]
    fn codecs_without_dictionaries_say_so() {
        let dictionary = Dictionary::new(*b"the quick brown fox");
        let (mut contexts, mut dst) = (Contexts::default(), [0; 70]);
        for compcode in [id::BLOSCLZ, id::ZLIB] {
            let codec = by_id(compcode).unwrap().codec.unwrap();
            let Fault(fact) = codec
                .decode_with(&mut contexts, &dictionary, b"stream", &mut dst)
                .unwrap_err();
            assert!(fact.contains("no dictionaries"), "{fact}");
        }
    }
}
