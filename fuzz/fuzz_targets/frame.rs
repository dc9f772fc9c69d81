//! Whatever the bytes of a frame, a Bloscpack file or a zip file are: its elements and their sum
//! agree, or there is an error that says why. `info` and the metalayers are looked at, too.

#![no_main]

#[path = "../../tests/common/noting.rs"]
mod noting;
#[path = "../../tests/common/read.rs"]
mod read;
#[path = "../../tests/common/survive.rs"]
mod survive;

use fuseblock::store::file::Source;
use fuseblock::store::{Opened, ReadLimits, Verify, info_of};
use fuseblock::{Array, ErrorKind};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let what = || String::from("frame");
    noting::LARGEST.set(0);
    let told = info_of(Source::memory(bytes.to_vec()));
    survive::clear(told.err().as_ref(), &what);
    if let Ok(Opened::Frame(frame)) = Opened::source(Source::memory(bytes.to_vec()), Verify::Always) {
        for layer in frame.vl_metalayers() {
            let value = frame.vl_metalayer(&layer.name, survive::MOST_BYTES);
            survive::clear(value.err().as_ref(), &what);
        }
    }
    let limits = ReadLimits {
        max_block_bytes: survive::MOST_BYTES,
        max_array_bytes: survive::MOST_BYTES as u64,
        max_blocks: 512,
        max_inflated_bytes: survive::MOST_BYTES as u64,
    };
    let options = Array::options().limits(limits);
    // As bytes, any dtype can be read.
    for options in [options.clone(), options.bytes()] {
        match options.from_file_bytes(bytes.to_vec()) {
            // A zip file with several members; none was named.
            Err(error) if error.kind() == ErrorKind::Argument => {}
            array => {
                survive::survive(array, &what);
            }
        }
    }
});
