//! What C-Blosc 1 compresses, we decode to what it was.

#![no_main]

mod data;

use std::ffi::{CStr, c_int};

use data::{Data, same};
use fuseblock::store::chunk::BareChunk;

const CODECS: [&CStr; 4] = [c"blosclz", c"lz4", c"lz4hc", c"zlib"];

#[derive(Debug, arbitrary::Arbitrary)]
struct Input {
    codec: u8,
    level: u8,
    shuffle: u8,
    typesize: u8,
    blocksize: u16,
    data: Data,
}

libfuzzer_sys::fuzz_target!(|input: Input| {
    let typesize = usize::from(input.typesize.max(1));
    let shuffle = c_int::from(input.shuffle % 3);
    let mut data = input.data.bytes();
    if shuffle == 2 {
        // What follows the last whole element is not defined in that version.
        data.truncate(data.len() / typesize * typesize);
    }
    let mut packed = vec![0u8; data.len() + blosc_src::BLOSC_MAX_OVERHEAD as usize];
    // SAFETY: both buffers have the lengths given.
    let len = unsafe {
        blosc_src::blosc_compress_ctx(
            c_int::from(input.level % 10),
            shuffle,
            typesize,
            data.len(),
            data.as_ptr().cast(),
            packed.as_mut_ptr().cast(),
            packed.len(),
            CODECS[usize::from(input.codec) % CODECS.len()].as_ptr(),
            usize::from(input.blocksize),
            1,
        )
    };
    packed.truncate(usize::try_from(len).expect("it compresses"));
    let chunk = BareChunk::open(packed, data.len()).expect("a sound chunk opens");
    same(&chunk.decode().expect("a sound chunk decodes"), &data);
});
