//! Chunks built by hand from the format description.

use super::*;

/// A chunk under construction: the header's fields, then whatever follows it.
struct Built {
    bytes: Vec<u8>,
}

impl Built {
    fn new(flags: u8, typesize: u8, nbytes: usize, blocksize: usize) -> Self {
        let mut bytes = vec![5, 1, flags, typesize];
        for value in [nbytes, blocksize, 0] {
            bytes.extend_from_slice(&u32::try_from(value).unwrap().to_le_bytes());
        }
        bytes.extend_from_slice(&[0; 16]);
        Self { bytes }
    }

    fn with(mut self, at: usize, value: u8) -> Self {
        self.bytes[at] = value;
        self
    }

    /// Appends blocks, storing them in the order given by `order`.
    fn blocks(mut self, blocks: &[&[u8]], order: &[usize]) -> Vec<u8> {
        let starts = self.bytes.len();
        self.bytes.resize(starts + blocks.len() * 4, 0);
        for &number in order {
            let start = u32::try_from(self.bytes.len()).unwrap();
            self.bytes[starts + number * 4..][..4].copy_from_slice(&start.to_le_bytes());
            self.bytes.extend_from_slice(blocks[number]);
        }
        self.done()
    }

    fn tail(mut self, tail: &[u8]) -> Vec<u8> {
        self.bytes.extend_from_slice(tail);
        self.done()
    }

    fn done(mut self) -> Vec<u8> {
        let cbytes = u32::try_from(self.bytes.len()).unwrap();
        self.bytes[12..16].copy_from_slice(&cbytes.to_le_bytes());
        self.bytes
    }
}

/// A stream: its size, then its bytes.
fn stream(size: i32, payload: &[u8]) -> Vec<u8> {
    [&size.to_le_bytes(), payload].concat()
}

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

fn refuse(bytes: Vec<u8>, nbytes: usize, itemsize: usize, words: &str) {
    let error = decode(bytes, nbytes, itemsize).unwrap_err();
    assert!(error.message().contains(words), "{error} lacks '{words}'");
}

/// Extended header, not split, LZ4.
const PLAIN: u8 = 0x05 | 0x10 | 1 << 5;
/// Extended header, split, LZ4.
const SPLIT: u8 = 0x05 | 1 << 5;

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
    let special = |code: u8, typesize, nbytes| {
        Built::new(0x05, typesize, nbytes, nbytes).with(0x1F, code << 4)
    };
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
    refuse(special(2, 2, 4).tail(&[]), 4, 2, "special chunk (Nan)");
    refuse(special(3, 2, 6).tail(&[]), 6, 2, "special chunk (Value)");
    refuse(
        special(3, 2, 6).tail(&[0; 4]),
        6,
        2,
        "special chunk (Value)",
    );
    // Without an array around it, a repeated value has whatever length it has.
    check(special(3, 2, 6).tail(&[1, 2, 3]), 2, &[1, 2, 3, 1, 2, 3]);
    refuse(special(1, 1, 3).tail(&[0]), 3, 1, "special chunk (Zeros)");
    refuse(special(5, 1, 3).tail(&[]), 3, 1, "special value 5");
    refuse(Built::new(0x07, 1, 5, 5).tail(b"four"), 5, 1, "as they are");
}

/// A Blosc1 chunk: 16 bytes of header, and a split by rule as well as by bit.
#[test]
fn blosc1_chunks() {
    let short = |flags, typesize, nbytes, blocksize| {
        let mut built = Built::new(flags, typesize, nbytes, blocksize).with(0, 2);
        built.bytes.truncate(16);
        built
    };
    check(
        short(0x02, 8, 5, 5).tail(b"hello world padding"[..5].as_ref()),
        8,
        b"hello",
    );
    // Bit 4 is clear, but blocks of so few items were never split; shuffled.
    let block = stream(4, &[0x00, 0x10, 0x01, 0x11]);
    let mut chunk = short(0x01, 2, 4, 4).blocks(&[&block], &[0]);
    check(chunk.clone(), 2, &[0x00, 0x01, 0x10, 0x11]);
    // The same bytes in a later version are two streams, which they cannot be.
    chunk[0] = 4;
    assert!(decode(chunk, 4, 2).is_err());
}

#[test]
fn headers_that_contradict_themselves() {
    let good = || Built::new(PLAIN, 1, 4, 4);
    let raw = stream(4, b"abcd");
    let refuse_with = |at, value, words: &str| {
        refuse(good().with(at, value).blocks(&[&raw], &[0]), 4, 1, words);
    };
    check(good().blocks(&[&raw], &[0]), 1, b"abcd");
    refuse_with(0, 0, "version 0");
    refuse_with(0, 7, "version 7");
    refuse_with(3, 0, "typesize 0");
    refuse_with(7, 0x80, "nbytes -");
    refuse_with(4, 5, "its place in the array has 4");
    refuse_with(8, 0, "blocksize 0");
    refuse_with(0x10, 99, "filter 99");
    refuse_with(0x1E, 2, "unknown flags");
    refuse_with(0x1F, 0x08, "lazy");
    refuse_with(0x1F, 0x80, "lazy");
    // The raw stream is taken for a dictionary of four bytes, behind which nothing is left.
    refuse_with(0x1F, 0x01, "outside of its data");
    refuse_with(2, 0x05 | 0x10 | 7 << 5, "unassigned");
    let mut long = good().blocks(&[&raw], &[0]);
    long[12] += 1;
    refuse(long, 4, 1, "there is room for");
    let mut start = good().blocks(&[&raw], &[0]);
    start[32] = 35;
    refuse(start.clone(), 4, 1, "starts at byte 35");
    start[32] = 44;
    refuse(start.clone(), 4, 1, "starts at byte 44");
    start[35] = 0x80;
    refuse(start, 4, 1, "outside of its data");
    refuse(
        Built::new(PLAIN, 1, 1 << 20, 1).tail(&[0; 8]),
        1 << 20,
        1,
        "1048576 blocks",
    );
}

#[test]
fn streams_that_cannot_be() {
    let one = |payload: &[u8]| Built::new(PLAIN, 1, 4, 4).blocks(&[payload], &[0]);
    refuse(one(&stream(-256, &[1])), 4, 1, "mean nothing");
    refuse(one(&stream(i32::MIN, &[1])), 4, 1, "mean nothing");
    refuse(one(&stream(-1, &[2])), 4, 1, "mean nothing");
    refuse(one(&stream(-1, &[])), 4, 1, "run token");
    refuse(one(&stream(4, b"abc")), 4, 1, "ends 1 byte before");
    refuse(one(&[1, 0]), 4, 1, "ends 2 bytes before");
    refuse(one(&stream(3, b"abc")), 4, 1, "lz4");
    let split = Built::new(SPLIT, 3, 4, 4).blocks(&[&stream(4, b"abcd")], &[0]);
    refuse(split, 4, 1, "cannot be split into 3 streams");
}

/// A chunk of variable-length blocks: in the header the block size counts them.
fn variable(blocks: &[&[u8]], nbytes: usize) -> Built {
    let mut built = Built::new(PLAIN, 1, nbytes, blocks.len()).with(0x1E, 1);
    built.bytes[0] = 6;
    built
}

#[test]
fn blocks_of_differing_lengths() {
    // A decoded length, then the payload; as long as that it is stored as it is.
    let blocks: [&[u8]; 3] = [&stream(2, b"ab"), &stream(3, b"cde"), &stream(1, b"f")];
    let chunk = variable(&blocks, 6).blocks(&blocks, &[0, 1, 2]);
    check(chunk.clone(), 1, b"abcdef");
    let source = Source::memory(chunk.clone());
    let loaded = Chunk::load(&source, 0, chunk.len() as u64, &Expected::at_most(6)).unwrap();
    let ranges: Vec<_> = (0..4).map(|block| loaded.block_range(block)).collect();
    assert_eq!(ranges, [0..2, 2..5, 5..6, 0..0]);
    assert_eq!(loaded.blocksize(), None);
    refuse(
        variable(&blocks, 7).blocks(&blocks, &[0, 1, 2]),
        7,
        1,
        "decode to 6 bytes",
    );
    refuse(
        variable(&blocks, 5).blocks(&blocks, &[0, 1, 2]),
        5,
        1,
        "but 0 are left",
    );
    refuse(
        variable(&blocks, 6).blocks(&blocks, &[1, 0, 2]),
        6,
        1,
        "spans the bytes",
    );
    let empty: [&[u8]; 2] = [&stream(2, b"ab"), &stream(0, b"c")];
    refuse(
        variable(&empty, 2).blocks(&empty, &[0, 1]),
        2,
        1,
        "decodes to 0 bytes",
    );
    let hollow: [&[u8]; 1] = [&stream(2, b"")];
    refuse(
        variable(&hollow, 2).blocks(&hollow, &[0]),
        2,
        1,
        "spans the bytes",
    );
    refuse(
        variable(&blocks, 6).with(2, 0x07).blocks(&blocks, &[0]),
        6,
        1,
        "at once",
    );
    refuse(
        variable(&blocks, 6).with(10, 0x10).blocks(&blocks, &[0]),
        6,
        1,
        "blocks, but only",
    );
}

#[test]
fn a_dictionary_stands_between_the_starts_and_the_blocks() {
    let raw = stream(4, b"abcd");
    let with_dict = |len: i32, dict: &[u8], start: u8| {
        let built = Built::new(PLAIN, 1, 4, 4).with(0x1F, 1);
        let mut tail = vec![start, 0, 0, 0];
        tail.extend_from_slice(&stream(len, dict));
        tail.extend_from_slice(&raw);
        built.tail(&tail)
    };
    check(with_dict(3, b"xyz", 43), 1, b"abcd");
    refuse(with_dict(3, b"xyz", 42), 4, 1, "starts at byte 42");
    refuse(with_dict(0, b"xyz", 43), 4, 1, "dictionary of 0 bytes");
    refuse(with_dict(-1, b"xyz", 43), 4, 1, "dictionary of -1 bytes");
    refuse(with_dict(500, b"xyz", 43), 4, 1, "dictionary of 500 bytes");
}
