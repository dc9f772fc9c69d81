//! Sound chunks built by hand from the format description; `tests/hostile` has the others.

#[path = "../../../tests/common/build.rs"]
mod build;

use super::*;
use build::{BuiltChunk as Built, stream};

fn decode(bytes: Vec<u8>, nbytes: usize, itemsize: usize) -> Result<Vec<u8>> {
    let end = bytes.len() as u64;
    let source = Source::memory(bytes);
    let expected = Expected::bytes(nbytes, itemsize);
    let chunk = Chunk::load(&source, 0, end, &expected)?;
    let mut scratch = DecodeScratch::default();
    let mut out = Vec::new();
    for block in 0..chunk.blocks() {
        let mut dst = vec![0xAA; chunk.block_len(block)];
        chunk.decode_block(&source, block, &mut scratch, &mut dst)?;
        out.extend_from_slice(&dst);
    }
    assert_eq!(scratch.counts.bytes_decoded, out.len() as u64);
    // The same in pieces that match no block.
    let mut pieces = vec![0; out.len()];
    for (nth, piece) in pieces.chunks_mut(3).enumerate() {
        chunk.read(&source, nth * 3, &mut scratch, piece)?;
    }
    assert_eq!(pieces, out);
    assert!(
        chunk
            .read(&source, out.len(), &mut scratch, &mut [0])
            .is_err()
    );
    Ok(out)
}

fn check(bytes: Vec<u8>, itemsize: usize, expect: &[u8]) {
    assert_eq!(decode(bytes, expect.len(), itemsize).unwrap(), expect);
}

const PLAIN: u8 = Built::PLAIN;
const SPLIT: u8 = Built::SPLIT;

#[test]
fn streams_of_zeros_runs_and_raw_bytes() {
    let chunk = Built::new(PLAIN, 1, 12, 4).blocks(
        &[&stream(0, &[]), &stream(-255, &[1]), &stream(4, b"abcd")],
        &[0, 1, 2],
    );
    check(
        chunk,
        1,
        &[0, 0, 0, 0, 255, 255, 255, 255, b'a', b'b', b'c', b'd'],
    );
}

#[test]
fn blocks_may_be_stored_in_any_order() {
    let blocks: [&[u8]; 3] = [&stream(2, b"ab"), &stream(2, b"cd"), &stream(-1, &[1])];
    let chunk = Built::new(PLAIN, 1, 6, 2).blocks(&blocks, &[2, 0, 1]);
    check(chunk, 1, b"abcd\x01\x01");
}

#[test]
fn planes_are_streams_except_in_the_leftover_block() {
    // Two items of two bytes in a block, then a leftover of one item; shuffled.
    let block = [stream(2, &[0x00, 0x10]), stream(-1, &[1])].concat();
    let leftover = stream(2, &[0x20, 0x21]);
    let chunk = Built::new(SPLIT, 2, 6, 4)
        .with(0x15, 1)
        .blocks(&[&block, &leftover], &[0, 1]);
    check(chunk, 2, &[0x00, 0x01, 0x10, 0x01, 0x20, 0x21]);
}

#[test]
fn a_block_size_beyond_the_chunk_is_clamped() {
    let block = [stream(2, &[1, 2]), stream(2, &[3, 4])].concat();
    let chunk = Built::new(SPLIT, 2, 4, 4096).blocks(&[&block], &[0]);
    check(chunk, 2, &[1, 2, 3, 4]);
}

#[test]
fn special_and_memcpyed_chunks() {
    let special = Built::special;
    check(special(1, 4, 6).tail(&[]), 4, &[0; 6]);
    check(special(4, 4, 8).tail(&[]), 4, &[0; 8]);
    let nan32 = [0, 0, 0xC0, 0x7F, 0, 0, 0xC0, 0x7F];
    check(special(2, 4, 8).tail(&[]), 4, &nan32);
    check(
        special(2, 8, 8).tail(&[]),
        8,
        &[0, 0, 0, 0, 0, 0, 0xF8, 0x7F],
    );
    check(special(3, 2, 6).tail(&[7, 8]), 2, &[7, 8, 7, 8, 7, 8]);
    // Special before memcpyed, and before the dictionary flag.
    check(
        special(1, 1, 3).with(2, 0x07).with(0x1F, 0x11).tail(&[]),
        1,
        &[0; 3],
    );
    check(
        Built::new(0x97, 8, 5, 8).with(0x1F, 1).tail(b"hello"),
        8,
        b"hello",
    );
    // Without an array around it, a repeated value has whatever length it has.
    check(special(3, 2, 6).tail(&[1, 2, 3]), 2, &[1, 2, 3, 1, 2, 3]);
}

/// A Blosc1 chunk: 16 bytes of header, and a split by rule as well as by bit.
#[test]
fn blosc1_chunks() {
    let short = Built::short;
    check(short(0x02, 8, 5, 5).tail(b"hello"), 8, b"hello");
    // Bit 4 is clear, but blocks of so few items were never split; shuffled.
    let block = stream(4, &[0x00, 0x10, 0x01, 0x11]);
    let mut chunk = short(0x01, 2, 4, 4).blocks(&[&block], &[0]);
    check(chunk.clone(), 2, &[0x00, 0x01, 0x10, 0x11]);
    // The same bytes in a later version are two streams, which they cannot be.
    chunk[0] = 4;
    assert!(decode(chunk, 4, 2).is_err());
}

#[test]
fn blocks_of_differing_lengths() {
    // A decoded length, then the payload; as long as that it is stored as it is.
    let blocks: [&[u8]; 3] = [&stream(2, b"ab"), &stream(3, b"cde"), &stream(1, b"f")];
    let chunk = Built::variable(3, 6).blocks(&blocks, &[0, 1, 2]);
    check(chunk.clone(), 1, b"abcdef");
    let source = Source::memory(chunk.clone());
    let loaded = Chunk::load(&source, 0, chunk.len() as u64, &Expected::at_most(6)).unwrap();
    let ranges: Vec<_> = (0..4).map(|block| loaded.block_range(block)).collect();
    assert_eq!(ranges, [0..2, 2..5, 5..6, 0..0]);
    assert_eq!(loaded.blocksize(), None);
}

#[test]
fn a_dictionary_stands_between_the_starts_and_the_blocks() {
    let raw = stream(4, b"abcd");
    let built = Built::new(PLAIN, 1, 4, 4).with(0x1F, 1);
    let chunk = built.blocks_behind(&stream(3, b"xyz"), &[&raw], &[0]);
    assert_eq!(chunk[32], 43);
    check(chunk, 1, b"abcd");
}
