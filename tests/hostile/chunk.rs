//! Rules 1 to 10 and 16 to 18 of the format description's list: chunks on their own.

use fuseblock::ErrorKind::{Corrupt, Limit, Unsupported};
use fuseblock::store::DecodeScratch;
use fuseblock::store::chunk::BareChunk;

use crate::build::{BuiltChunk as Built, patched, stream};
use crate::{Result, frugal, refused};

/// Bytes that a chunk may decode to here.
const MOST: usize = 1 << 16;

/// What a chunk decodes to, as a whole and block by block.
pub(crate) fn decode(bytes: &[u8]) -> Result<Vec<u8>> {
    let bytes = bytes.to_vec();
    frugal(|| {
        let chunk = BareChunk::open(bytes, MOST)?;
        let all = chunk.decode()?;
        let mut scratch = DecodeScratch::default();
        let mut by_block = Vec::new();
        for block in 0..chunk.blocks() {
            let mut part = vec![0xA5; chunk.block_len(block)];
            chunk.decode_block(block, &mut scratch, &mut part)?;
            by_block.extend(part);
        }
        assert_eq!(by_block, all);
        Ok(all)
    })
}

#[track_caller]
pub(crate) fn reads(bytes: &[u8], expect: &[u8]) {
    assert_eq!(decode(bytes).unwrap(), expect);
}

#[track_caller]
pub(crate) fn corrupt(bytes: &[u8], words: &str) {
    refused(decode(bytes), Corrupt, words);
}

/// The bytes `abcd` in one block that is stored as it is.
fn abcd() -> Vec<u8> {
    one_block(&stream(4, b"abcd"))
}

pub(crate) fn one_block(block: &[u8]) -> Vec<u8> {
    Built::new(Built::PLAIN, 1, 4, 4).blocks(&[block], &[0])
}

#[test]
fn item_01_short_headers_and_unknown_versions() {
    let chunk = abcd();
    for cut in 0..chunk.len() {
        corrupt(
            &chunk[..cut],
            if cut < 32 { "ends" } else { "there is room" },
        );
    }
    let short = Built::short(0x02, 1, 4, 4).tail(b"abcd");
    reads(&short, b"abcd");
    for cut in 0..16 {
        corrupt(&short[..cut], "ends");
    }
    for version in 1..=6 {
        reads(&patched(&chunk, 0, &[version]), b"abcd");
    }
    for version in [0, 7, 255] {
        corrupt(&patched(&chunk, 0, &[version]), "unknown format version");
    }
}

#[test]
fn item_02_sizes_before_memory() {
    reads(&abcd(), b"abcd");
    corrupt(&patched(&abcd(), 3, &[0]), "typesize 0");
    for nbytes in [-1, i32::MIN, i32::MAX, i32::MAX - 31] {
        corrupt(&patched(&abcd(), 4, &nbytes.to_le_bytes()), "has nbytes");
    }
    // 32 bytes that stand for 2 GiB.
    let huge = |nbytes| Built::special(1, 1, nbytes).tail(&[]);
    reads(&huge(MOST), &[0; MOST]);
    refused(decode(&huge(MOST + 1)), Limit, "65536 are allowed");
    let most = usize::try_from(i32::MAX - 32).unwrap();
    refused(decode(&huge(most)), Limit, "2147483615 bytes");
    frugal(|| BareChunk::open(huge(most), most)).unwrap();
}

#[test]
fn item_03_block_sizes() {
    let with = |blocksize: i32| patched(&abcd(), 8, &blocksize.to_le_bytes());
    for blocksize in [4, 5, 4096, 536_866_816] {
        reads(&with(blocksize), b"abcd");
    }
    for blocksize in [0, -1, i32::MIN, 536_866_817, i32::MAX] {
        corrupt(&with(blocksize), "blocksize");
    }
    // In chunks of variable-length blocks it is their number.
    let block = stream(4, b"abcd");
    let variable = Built::variable(1, 4).blocks(&[&block], &[0]);
    reads(&variable, b"abcd");
    for count in [4, 1 << 28] {
        let many = patched(&variable, 8, &i32::to_le_bytes(count));
        corrupt(&many, "blocks, but only 12 bytes");
    }
}

#[test]
fn item_04_stored_sizes() {
    let with = |cbytes: i32| patched(&abcd(), 12, &cbytes.to_le_bytes());
    reads(&with(44), b"abcd");
    for cbytes in [0, 31, -1, i32::MIN] {
        corrupt(&with(cbytes), "cbytes");
    }
    for cbytes in [45, 4096, i32::MAX - 32] {
        corrupt(&with(cbytes), "there is room for 44");
    }
    // What follows the chunk is no part of it.
    let followed = [abcd(), stream(4, b"evil")].concat();
    reads(&followed, b"abcd");
    corrupt(
        &patched(&followed, 32, &[44]),
        "outside of its data (36..44)",
    );
}

#[test]
fn item_05_flags_that_no_stored_chunk_has() {
    for bit in 1..8 {
        corrupt(&patched(&abcd(), 0x1E, &[1 << bit]), "unknown flags");
    }
    corrupt(&patched(&abcd(), 0x1F, &[0x08]), "lazy or instrumented");
    corrupt(&patched(&abcd(), 0x1F, &[0x80]), "lazy or instrumented");
    // The big-endian mark says nothing about the bytes.
    reads(&patched(&abcd(), 0x1F, &[0x02]), b"abcd");
    for code in 5..8 {
        let special = Built::special(code, 1, 4).tail(&[]);
        corrupt(&special, "unknown special value");
    }
    let block = stream(4, b"abcd");
    let variable = Built::variable(1, 4).blocks(&[&block], &[0]);
    corrupt(&patched(&variable, 0x1F, &[0x10]), "at once");
    corrupt(&patched(&variable, 2, &[Built::MEMCPYED]), "at once");
}

#[test]
fn item_06_special_values() {
    reads(
        &Built::special(2, 4, 8).tail(&[]),
        &[0, 0, 0xC0, 0x7F, 0, 0, 0xC0, 0x7F],
    );
    for (typesize, nbytes) in [(1, 4), (2, 4), (16, 16), (4, 6), (8, 12)] {
        let nan = Built::special(2, typesize, nbytes).tail(&[]);
        corrupt(&nan, "special chunk (Nan)");
    }
    // The value is as long as it is, whatever the typesize.
    reads(
        &Built::special(3, 2, 6).tail(&[1, 2, 3]),
        &[1, 2, 3, 1, 2, 3],
    );
    for value in [&[][..], &[0; 4], &[0; 7], &[0; 12]] {
        let repeated = Built::special(3, 2, 6).tail(value);
        corrupt(&repeated, "special chunk (Value)");
    }
    for code in [1, 2, 4] {
        let tailed = Built::special(code, 4, 8).tail(&[0]);
        corrupt(&tailed, "special chunk");
    }
    corrupt(&Built::special(4, 4, 6).tail(&[]), "special chunk (Uninit)");
}

#[test]
fn item_07_bytes_stored_as_they_are() {
    reads(&Built::memcpyed(1, b"abcd"), b"abcd");
    for tail in [&b"abc"[..], b"abcde", b""] {
        let wrong = Built::new(Built::MEMCPYED, 1, 4, 4).tail(tail);
        corrupt(&wrong, "as they are");
        let wrong = Built::short(0x02, 1, 4, 4).tail(tail);
        corrupt(&wrong, "as they are");
    }
}

#[test]
fn item_08_room_for_the_block_starts() {
    let two: [&[u8]; 2] = [&stream(2, b"ab"), &stream(2, b"cd")];
    reads(
        &Built::new(Built::PLAIN, 1, 4, 2).blocks(&two, &[0, 1]),
        b"abcd",
    );
    // 2^31 block starts would take 8 GiB: a product that wraps in 32 bits.
    let most = 2_147_483_615;
    let chunk = Built::new(Built::PLAIN, 1, most, 1).tail(&[0; 64]);
    let opened = frugal(|| BareChunk::open(chunk, most));
    refused(opened, Corrupt, "2147483615 blocks, but only 64 bytes");
    let header_alone = Built::new(Built::PLAIN, 1, 4, 4).tail(&[]);
    corrupt(&header_alone, "1 blocks, but only 0 bytes");
    let room_for_one = Built::new(Built::PLAIN, 1, 4, 2).tail(&[0; 7]);
    corrupt(&room_for_one, "2 blocks, but only 7 bytes");
}

#[test]
fn item_09_dictionaries() {
    let with = |section: &[u8]| {
        let raw = stream(4, b"abcd");
        let built = Built::new(Built::PLAIN, 1, 4, 4).with(0x1F, 1);
        built.blocks_behind(section, &[&raw], &[0])
    };
    reads(&with(&stream(3, b"xyz")), b"abcd");
    for len in [0, -1, i32::MIN, 32_769, i32::MAX] {
        corrupt(&with(&stream(len, b"xyz")), "dictionary of");
    }
    let longest = vec![7; 32_769];
    reads(&with(&stream(32_768, &longest[1..])), b"abcd");
    corrupt(&with(&stream(32_769, &longest)), "dictionary of 32769");
    let claimed_beyond = Built::new(Built::PLAIN, 1, 4, 4).with(0x1F, 1);
    corrupt(
        &claimed_beyond.clone().tail(&[36, 0, 0, 0, 1, 0]),
        "no room for its dictionary",
    );
    corrupt(
        &claimed_beyond.tail(&[36, 0, 0, 0, 9, 0, 0, 0, 1, 2]),
        "with room for 2",
    );
    // What a stream copies from it has to be in it.
    let copies_from = |distance, format: u8, section: &[u8]| {
        let payload = [&[0x0B, distance, 0, 0x50][..], b"bbbbb"].concat();
        let built = Built::new(0x05 | 0x10 | format << 5, 1, 20, 20).with(0x1F, 1);
        built.blocks_behind(section, &[&stream(9, &payload)], &[0])
    };
    let section = stream(16, b"abcdefghijklmnop");
    reads(&copies_from(16, 1, &section), b"abcdefghijklmnobbbbb");
    corrupt(&copies_from(17, 1, &section), "before its block's start");
    corrupt(&copies_from(0, 1, &section), "before its block's start");
    corrupt(&copies_from(16, 0, &section), "knows no dictionaries");
    let no_dictionary_of_zstd = stream(16, b"\x37\xA4\x30\xECabcdefghijkl");
    corrupt(
        &copies_from(16, 4, &no_dictionary_of_zstd),
        "zstd dictionary",
    );
    // Where nothing is compressed there is none, whatever the flag says.
    let memcpyed = Built::new(Built::MEMCPYED, 1, 4, 4).with(0x1F, 1);
    reads(&memcpyed.tail(b"abcd"), b"abcd");
    reads(&Built::special(1, 1, 2).with(0x1F, 0x11).tail(&[]), &[0; 2]);
}

#[test]
fn item_10_block_starts() {
    let two: [&[u8]; 2] = [&stream(2, b"ab"), &stream(2, b"cd")];
    let chunk = Built::new(Built::PLAIN, 1, 4, 2).blocks(&two, &[1, 0]);
    reads(&chunk, b"abcd");
    // Two blocks of the same bytes.
    reads(&patched(&chunk, 36, &chunk[32..36]), b"abab");
    let len = u32::try_from(chunk.len()).unwrap();
    for start in [0, 31, 32, 39, len, len + 1, 1 << 31, u32::MAX] {
        let bad = patched(&chunk, 36, &start.to_le_bytes());
        corrupt(&bad, "outside of its data");
    }
    let with_dictionary = Built::new(Built::PLAIN, 1, 2, 2).with(0x1F, 1);
    let chunk = with_dictionary.blocks_behind(&stream(4, &two[0][..4]), &two[..1], &[0]);
    reads(&chunk, b"ab");
    corrupt(&patched(&chunk, 32, &[40]), "outside of its data (44..");
}

#[test]
fn item_16_filters() {
    let with = |id, meta| {
        let built = Built::new(Built::PLAIN, 2, 4, 4);
        let built = built.with(0x10, id).with(0x18, meta);
        built.blocks(&[&stream(4, b"acbd")], &[0])
    };
    reads(&with(0, 9), b"acbd");
    reads(&with(1, 0), b"abcd");
    for id in [5, 31, 37, 159, 160, 255] {
        refused(decode(&with(id, 0)), Unsupported, &format!("filter {id}"));
    }
    // A chunk that went through none may name any.
    let special = Built::special(1, 1, 2).with(0x10, 200).tail(&[]);
    reads(&special, &[0; 2]);
    // Parameters that a filter cannot work with.
    reads(&with(35, 2), b"a\xC4b\xC6");
    reads(&with(35, 255), b"acbd");
    for id in [32, 33] {
        corrupt(&with(id, 0), "cells have side 0");
        corrupt(&with(id, 2), "needs the shape of a block");
    }
}

/// A codec or filter that is not here is an error by its number; nothing is looked for by name.
#[test]
fn item_17_unknown_codecs() {
    let by_id = |id: u8| {
        let built = Built::new(0x05 | 0x10 | 6 << 5, 1, 20, 20).with(0x16, id);
        built.blocks(&[&stream(5, b"abcde")], &[0])
    };
    for id in [3, 32, 33, 38, 40, 159, 160, 255] {
        refused(decode(&by_id(id)), Unsupported, &format!("codec {id}"));
    }
    let by_format = |format: u8| {
        let built = Built::new(0x05 | 0x10 | format << 5, 1, 20, 20);
        built.blocks(&[&stream(5, b"abcde")], &[0])
    };
    refused(decode(&by_format(2)), Unsupported, "codec 3 (snappy)");
    for format in [5, 7] {
        let unassigned = decode(&by_format(format));
        refused(unassigned, Unsupported, "unassigned format code");
    }
    let special = Built::special(1, 1, 2).with(0x16, 200).tail(&[]);
    reads(&special, &[0; 2]);
}

/// There is no recursion: a chunk of chunks is bytes. Its limits are those of any chunk.
#[test]
fn item_18_a_chunk_in_a_chunk_is_bytes() {
    let inner = abcd();
    let outer = Built::memcpyed(1, &inner);
    reads(&outer, &inner);
    reads(&decode(&outer).unwrap(), b"abcd");
}
