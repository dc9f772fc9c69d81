//! Rules 11 to 15 of the format description's list: the streams of a chunk's blocks.

use fuseblock::ErrorKind::Corrupt;

use crate::build::{BuiltChunk as Built, patched, stream};
use crate::chunk::{corrupt, decode, one_block, reads};

#[test]
fn item_11_streams_that_divide_a_block() {
    let halves = [stream(2, &[1, 2]), stream(2, &[3, 4])].concat();
    let split = |typesize, nbytes, block: &[u8]| {
        Built::new(Built::SPLIT, typesize, nbytes, nbytes).blocks(&[block], &[0])
    };
    reads(&split(2, 4, &halves), &[1, 2, 3, 4]);
    corrupt(&split(3, 4, &halves), "cannot be split into 3 streams");
    corrupt(&split(8, 4, &halves), "cannot be split into 8 streams");
    corrupt(&split(255, 4, &halves), "cannot be split into 255 streams");
    // The leftover block is one stream, whatever its length.
    let leftover = stream(1, &[5]);
    let chunk = Built::new(Built::SPLIT, 2, 5, 4).blocks(&[&halves, &leftover], &[0, 1]);
    reads(&chunk, &[1, 2, 3, 4, 5]);
}

#[test]
fn item_12_stream_sizes() {
    reads(&one_block(&stream(0, &[])), &[0; 4]);
    reads(&one_block(&stream(-255, &[1])), &[255; 4]);
    reads(&one_block(&stream(-7, &[0xFF])), &[7; 4]);
    for cut in 0..4 {
        corrupt(
            &one_block(&[&stream(4, b"abcd")[..cut], &[]].concat()),
            match cut {
                // A block without a byte starts where the chunk ends.
                0 => "outside of its data",
                _ => "end of its stream size",
            },
        );
    }
    for size in [5, 6, 1 << 20, i32::MAX] {
        corrupt(&one_block(&stream(size, b"abcd")), "end of its stream");
    }
    corrupt(&one_block(&stream(-1, &[])), "end of its run token");
    for token in [0, 2, 0xFE] {
        corrupt(&one_block(&stream(-1, &[token])), "mean nothing");
    }
    for size in [-256, i32::MIN + 1, i32::MIN] {
        corrupt(&one_block(&stream(size, &[1])), "mean nothing");
    }
    // A stream ends where the next block starts, not where the chunk does.
    let two: [&[u8]; 2] = [&stream(6, b"ab"), &stream(2, b"cd")];
    let chunk = Built::new(Built::PLAIN, 1, 4, 2).blocks(&two, &[0, 1]);
    corrupt(&chunk, "end of its stream");
}

/// One block of 20 bytes, an `a` 15 times and a `b` 5 times, in the codec of this format code.
fn block_of_20(format: u8, payload: &[u8]) -> Vec<u8> {
    let size = i32::try_from(payload.len()).unwrap();
    Built::new(0x05 | 0x10 | format << 5, 1, 20, 20).blocks(&[&stream(size, payload)], &[0])
}

const TWENTY: &[u8; 20] = b"aaaaaaaaaaaaaaabbbbb";

/// Streams that decode to 20 bytes, and the position of the byte that makes it more or less.
fn streams_of_20() -> [(u8, Vec<u8>, usize); 2] {
    let blosclz = [&[0x20, b'a', 0xE0, 5, 0, 4][..], b"bbbbb"].concat();
    let lz4 = [&[0x1A, b'a', 1, 0, 0x50][..], b"bbbbb"].concat();
    [(0, blosclz, 3), (1, lz4, 0)]
}

/// A zstd frame: one segment, whose header says it has `content` bytes, and one block that
/// repeats `a` `block` times.
fn zstd(content: u8, block: u8) -> Vec<u8> {
    let magic = [0x28, 0xB5, 0x2F, 0xFD];
    [&magic[..], &[0x20, content, block << 3 | 3, 0, 0, b'a']].concat()
}

/// 30 times `abcdefgh`.
const ZLIB: [u8; 19] = [
    0x78, 0x9C, 0x4B, 0x4C, 0x4A, 0x4E, 0x49, 0x4D, 0x4B, 0xCF, 0x48, 0x1C, 0x21, 0x34, 0x00, 0x57,
    0xF4, 0x5E, 0x39,
];

#[test]
fn item_13_codecs_fill_their_block_exactly() {
    for (format, payload, length) in streams_of_20() {
        reads(&block_of_20(format, &payload), TWENTY);
        for step in [1u8, 255] {
            let mut wrong = payload.clone();
            wrong[length] = wrong[length].wrapping_add(step);
            corrupt(&block_of_20(format, &wrong), "stream");
        }
        for cut in 0..payload.len() {
            let chunk = block_of_20(format, &payload[..cut]);
            assert!(cut == 0 || decode(&chunk).is_err(), "{format} {cut}");
        }
    }
    reads(&block_of_20(4, &zstd(20, 20)), &[b'a'; 20]);
    for (content, block) in [(19, 19), (21, 21), (20, 19), (20, 21), (255, 20)] {
        let chunk = block_of_20(4, &zstd(content, block));
        assert_eq!(decode(&chunk).unwrap_err().kind(), Corrupt, "{block}");
    }
    let zlib = |nbytes| {
        let built = Built::new(0x05 | 0x10 | 3 << 5, 1, nbytes, nbytes);
        built.blocks(&[&stream(19, &ZLIB)], &[0])
    };
    reads(&zlib(240), &b"abcdefgh".repeat(30));
    corrupt(&zlib(239), "longer than its block");
    corrupt(&zlib(241), "before its block is full");
    // What a zstd stream says of itself is no reason for memory: 2^56 bytes of content, a window
    // of 3.75 TiB.
    let magic = [0x28, 0xB5, 0x2F, 0xFD];
    let block = [20 << 3 | 3, 0, 0, b'a'];
    let content = [&magic[..], &[0xE0, 0, 0, 0, 0, 0, 0, 0, 1], &block].concat();
    assert_eq!(
        decode(&block_of_20(4, &content)).unwrap_err().kind(),
        Corrupt
    );
    let window = [&magic[..], &[0x00, 0xFF], &block].concat();
    assert_eq!(
        decode(&block_of_20(4, &window)).unwrap_err().kind(),
        Corrupt
    );
}

#[test]
fn item_14_blosclz() {
    let blosclz = |payload: &[u8]| block_of_20(0, payload);
    let (_, sound, _) = streams_of_20()[0].clone();
    reads(&blosclz(&sound), TWENTY);
    let mut before = sound.clone();
    before[4] = 1;
    corrupt(&blosclz(&before), "before its block's start");
    let far = [0x20, b'a', 0x3F, 0xFF, 0xFF, 0xFF, 0x00, b'b'];
    corrupt(&blosclz(&far), "before its block's start");
    // Lengths that only a wider counter could hold.
    let endless = [&[0x20, b'a', 0xE0][..], &[255; 30], &[0, 0, 0x00, b'b']].concat();
    corrupt(&blosclz(&endless), "longer than its block");
    corrupt(&blosclz(&[0x3F; 32]), "inside an instruction");
    corrupt(&blosclz(&[0x20, b'a', 0xE0, 5]), "inside an instruction");
    corrupt(&blosclz(&[0x20, b'a', 0xFF]), "inside an instruction");
}

#[test]
fn item_15_variable_length_blocks() {
    let blocks: [&[u8]; 3] = [&stream(2, b"ab"), &stream(3, b"cde"), &stream(1, b"f")];
    let all = [0, 1, 2];
    reads(&Built::variable(3, 6).blocks(&blocks, &all), b"abcdef");
    for nbytes in [3, 5] {
        let chunk = Built::variable(3, nbytes).blocks(&blocks, &all);
        corrupt(&chunk, "are left");
    }
    let longer = Built::variable(3, 7).blocks(&blocks, &all);
    corrupt(&longer, "decode to 6 bytes, its header says 7");
    let swapped = Built::variable(3, 6).blocks(&blocks, &[1, 0, 2]);
    corrupt(&swapped, "spans the bytes");
    let sound = Built::variable(3, 6).blocks(&blocks, &all);
    let same_start = patched(&sound, 36, &sound[32..36]);
    corrupt(&same_start, "spans the bytes");
    for start in [0, 43, u32::MAX] {
        let bad = patched(&sound, 32, &start.to_le_bytes());
        corrupt(&bad, "spans the bytes");
    }
    for len in [0, -1, i32::MIN, 7, i32::MAX] {
        let first = stream(len, b"ab");
        let chunk = Built::variable(3, 6).blocks(&[&first, blocks[1], blocks[2]], &all);
        corrupt(&chunk, "decodes to");
    }
    let hollow = Built::variable(1, 2).blocks(&[&stream(2, b"")], &[0]);
    corrupt(&hollow, "spans the bytes");
}
