//! In: the fields of chunks and frames. Out: their bytes, put together from the format
//! description: sound, unless a test says otherwise.
//! Never: this crate's own writer.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "a module of several test binaries, each of which uses some of it"
)]

/// A chunk under construction: the header's fields, then whatever follows it.
#[derive(Clone, Debug)]
pub struct BuiltChunk {
    bytes: Vec<u8>,
}

impl BuiltChunk {
    /// Extended header, not split, LZ4.
    pub const PLAIN: u8 = 0x05 | 0x10 | 1 << 5;
    /// Extended header, split, LZ4.
    pub const SPLIT: u8 = 0x05 | 1 << 5;
    /// Extended header, the data as it is.
    pub const MEMCPYED: u8 = 0x05 | 0x02;

    /// A chunk with an extended header, of format version 5.
    pub fn new(flags: u8, typesize: u8, nbytes: usize, blocksize: usize) -> Self {
        let mut built = Self::short(flags, typesize, nbytes, blocksize).with(0, 5);
        built.bytes.extend_from_slice(&[0; 16]);
        built
    }

    /// A chunk with Blosc1's header of 16 bytes.
    pub fn short(flags: u8, typesize: u8, nbytes: usize, blocksize: usize) -> Self {
        let mut bytes = vec![2, 1, flags, typesize];
        for value in [nbytes, blocksize, 0] {
            bytes.extend_from_slice(&u32::try_from(value).unwrap().to_le_bytes());
        }
        Self { bytes }
    }

    /// A chunk of `blocks` blocks of differing lengths.
    pub fn variable(blocks: usize, nbytes: usize) -> Self {
        Self::new(Self::PLAIN, 1, nbytes, blocks)
            .with(0, 6)
            .with(0x1E, 1)
    }

    /// A chunk that repeats a value: zeros, NaN, the one behind the header, or never written.
    pub fn special(code: u8, typesize: u8, nbytes: usize) -> Self {
        Self::new(0x05, typesize, nbytes, nbytes.min(1 << 14)).with(0x1F, code << 4)
    }

    /// A chunk that stores `data` as it is.
    pub fn memcpyed(typesize: u8, data: &[u8]) -> Vec<u8> {
        Self::new(Self::MEMCPYED, typesize, data.len(), data.len()).tail(data)
    }

    /// With byte `at` of the header set to `value`.
    pub fn with(mut self, at: usize, value: u8) -> Self {
        self.bytes[at] = value;
        self
    }

    /// With the four bytes of the header from `at` on set to `value`.
    pub fn with_i32(mut self, at: usize, value: i32) -> Self {
        self.bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        self
    }

    /// Appends blocks, storing them in the order given by `order`.
    pub fn blocks(self, blocks: &[&[u8]], order: &[usize]) -> Vec<u8> {
        self.blocks_behind(&[], blocks, order)
    }

    /// The same with a dictionary's section between the starts and the blocks.
    pub fn blocks_behind(mut self, section: &[u8], blocks: &[&[u8]], order: &[usize]) -> Vec<u8> {
        let starts = self.bytes.len();
        self.bytes.resize(starts + blocks.len() * 4, 0);
        self.bytes.extend_from_slice(section);
        for &number in order {
            let start = u32::try_from(self.bytes.len()).unwrap();
            self.bytes[starts + number * 4..][..4].copy_from_slice(&start.to_le_bytes());
            self.bytes.extend_from_slice(blocks[number]);
        }
        self.done()
    }

    /// Appends bytes and closes the chunk.
    pub fn tail(mut self, tail: &[u8]) -> Vec<u8> {
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
pub fn stream(size: i32, payload: &[u8]) -> Vec<u8> {
    [&size.to_le_bytes(), payload].concat()
}

/// The bytes of `chunk` with those from `at` on replaced.
pub fn patched(chunk: &[u8], at: usize, with: &[u8]) -> Vec<u8> {
    let mut bytes = chunk.to_vec();
    bytes[at..at + with.len()].copy_from_slice(with);
    bytes
}

/// Positions of fields in a frame's header.
pub mod at {
    pub const HEADER_LEN: usize = 0x0B;
    pub const FRAME_LEN: usize = 0x10;
    pub const FLAGS: usize = 0x19;
    pub const TYPE: usize = 0x1A;
    pub const NBYTES: usize = 0x1E;
    pub const CBYTES: usize = 0x27;
    pub const ITEMSIZE: usize = 0x30;
    pub const BLOCKSIZE: usize = 0x35;
    pub const CHUNKSIZE: usize = 0x3A;
    pub const FILTER_COUNT: usize = 0x46;
    pub const METALAYERS: usize = 0x57;
    pub const METALAYER_COUNT: usize = 0x5C;
    pub const FIRST_METALAYER: usize = 0x5E;
}

/// A frame under construction.
#[derive(Clone, Debug)]
pub struct BuiltFrame {
    pub flags: u8,
    pub sparse: bool,
    pub nbytes: i64,
    pub itemsize: i32,
    pub chunksize: i32,
    pub metalayers: Vec<(&'static str, Vec<u8>)>,
    /// The section of chunks.
    pub data: Vec<u8>,
    /// The index, itself a chunk; empty where there are no chunks.
    pub index: Vec<u8>,
    pub vl_metalayers: Vec<(&'static str, Vec<u8>)>,
}

impl BuiltFrame {
    /// A frame without shape of these chunks, which all decode to `chunksize` bytes but the last;
    /// or to whatever they do, where it is 0.
    pub fn plain(itemsize: i32, chunksize: i32, chunks: &[Vec<u8>]) -> Self {
        let mut frame = Self {
            flags: if chunksize == 0 { 0x53 } else { 0x12 },
            sparse: false,
            nbytes: 0,
            itemsize,
            chunksize,
            metalayers: Vec::new(),
            data: Vec::new(),
            index: Vec::new(),
            vl_metalayers: Vec::new(),
        };
        let mut entries = Vec::new();
        for chunk in chunks {
            frame.nbytes += i64::from(i32::from_le_bytes(chunk[4..8].try_into().unwrap()));
            entries.push(i64::try_from(frame.data.len()).unwrap());
            frame.data.extend_from_slice(chunk);
        }
        if !entries.is_empty() {
            frame.index = index(&entries);
        }
        frame
    }

    /// A frame of an n-d array: `b2nd` as [`b2nd`] builds it.
    pub fn array(itemsize: i32, chunksize: i32, b2nd: Vec<u8>, chunks: &[Vec<u8>]) -> Self {
        Self {
            metalayers: vec![("b2nd", b2nd)],
            ..Self::plain(itemsize, chunksize, chunks)
        }
    }

    /// The frame.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.header();
        if !self.sparse {
            bytes.extend_from_slice(&self.data);
        }
        bytes.extend_from_slice(&self.index);
        bytes.extend_from_slice(&trailer(&self.vl_metalayers));
        let len = bytes.len() as u64;
        patched(&bytes, at::FRAME_LEN, &len.to_be_bytes())
    }

    fn header(&self) -> Vec<u8> {
        let mut bytes = b"\x9E\xA8b2frame\0\xD2\0\0\0\0\xCF\0\0\0\0\0\0\0\0\xA4".to_vec();
        bytes.extend_from_slice(&[self.flags, u8::from(self.sparse), 0x51, 2, 0xD3]);
        bytes.extend_from_slice(&self.nbytes.to_be_bytes());
        bytes.push(0xD3);
        bytes.extend_from_slice(&(self.data.len() as u64).to_be_bytes());
        for value in [self.itemsize, 0, self.chunksize] {
            bytes.push(0xD2);
            bytes.extend_from_slice(&value.to_be_bytes());
        }
        bytes.extend_from_slice(&[0xD1, 0, 1, 0xD1, 0, 1]);
        bytes.push(if self.vl_metalayers.is_empty() {
            0xC2
        } else {
            0xC3
        });
        bytes.extend_from_slice(&[0xD8, 6, 0, 0, 0, 0, 0, 1, 1]);
        bytes.extend_from_slice(&[0; 9]);
        assert_eq!(bytes.len(), at::METALAYERS);
        metalayers(&mut bytes, at::METALAYERS, &self.metalayers);
        let len = u32::try_from(bytes.len()).unwrap();
        patched(&bytes, at::HEADER_LEN, &len.to_be_bytes())
    }
}

/// Appends a map of names and an array of values; the size of the map counts from `map_start`.
fn metalayers(bytes: &mut Vec<u8>, map_start: usize, layers: &[(&str, Vec<u8>)]) {
    let count = u16::try_from(layers.len()).unwrap().to_be_bytes();
    let start = bytes.len();
    bytes.extend_from_slice(&[0x93, 0xCD, 0, 0, 0xDE, count[0], count[1]]);
    let mut offsets = Vec::new();
    for (name, _) in layers {
        bytes.push(0xA0 + u8::try_from(name.len()).unwrap());
        bytes.extend_from_slice(name.as_bytes());
        offsets.push(bytes.len() + 1);
        bytes.extend_from_slice(&[0xD2, 0, 0, 0, 0]);
    }
    let map_len = u16::try_from(bytes.len() - map_start).unwrap();
    bytes[start + 2..start + 4].copy_from_slice(&map_len.to_be_bytes());
    bytes.extend_from_slice(&[0xDC, count[0], count[1]]);
    for ((_, content), at) in layers.iter().zip(offsets) {
        let offset = u32::try_from(bytes.len()).unwrap();
        bytes[at..at + 4].copy_from_slice(&offset.to_be_bytes());
        bytes.push(0xC6);
        bytes.extend_from_slice(&u32::try_from(content.len()).unwrap().to_be_bytes());
        bytes.extend_from_slice(content);
    }
}

/// A frame's trailer; the content of its metalayers are chunks.
pub fn trailer(layers: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = vec![0x94, 1];
    metalayers(&mut bytes, 3, layers);
    let len = u32::try_from(bytes.len() + 23).unwrap();
    bytes.push(0xCE);
    bytes.extend_from_slice(&len.to_be_bytes());
    bytes.extend_from_slice(&[0xD8, 0]);
    bytes.extend_from_slice(&[0; 16]);
    bytes
}

/// The index of chunks with these entries.
pub fn index(entries: &[i64]) -> Vec<u8> {
    let words: Vec<u8> = entries.iter().flat_map(|word| word.to_le_bytes()).collect();
    BuiltChunk::memcpyed(8, &words)
}

/// The index of `chunks` chunks that all have the entry `word`: 40 bytes however many.
pub fn repeated_index(chunks: usize, word: u64) -> Vec<u8> {
    BuiltChunk::special(3, 8, chunks * 8).tail(&word.to_le_bytes())
}

/// The entry of a chunk of zeros.
pub const ZEROS: u64 = 0x81 << 56;

/// A b2nd metalayer.
pub fn b2nd(shape: &[i64], chunk: &[i32], block: &[i32], dtype: &str) -> Vec<u8> {
    let ndim = u8::try_from(shape.len()).unwrap();
    let mut bytes = vec![0x97, 0, ndim, 0x90 + ndim];
    for extent in shape {
        bytes.push(0xD3);
        bytes.extend_from_slice(&extent.to_be_bytes());
    }
    for extents in [chunk, block] {
        bytes.push(0x90 + ndim);
        for extent in extents {
            bytes.push(0xD2);
            bytes.extend_from_slice(&extent.to_be_bytes());
        }
    }
    bytes.extend_from_slice(&[0, 0xDB]);
    bytes.extend_from_slice(&u32::try_from(dtype.len()).unwrap().to_be_bytes());
    bytes.extend_from_slice(dtype.as_bytes());
    bytes
}
