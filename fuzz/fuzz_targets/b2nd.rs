//! Whatever the metalayer of a frame says of its shape: it agrees with the frame, or is refused.

#![no_main]

#[path = "../../tests/common/build.rs"]
mod build;
#[path = "../../tests/common/noting.rs"]
mod noting;
#[path = "../../tests/common/read.rs"]
mod read;
#[path = "../../tests/common/survive.rs"]
mod survive;

use arbitrary::{Arbitrary, Result, Unstructured};
use build::{BuiltFrame, ZEROS, b2nd, repeated_index};
use fuseblock::Array;
use fuseblock::store::ReadLimits;

/// A frame of zeros, and a metalayer that was sound before it was patched.
#[derive(Debug)]
struct Input {
    frame: BuiltFrame,
}

libfuzzer_sys::fuzz_target!(|input: Input| {
    let what = || format!("{input:?}");
    let limits = ReadLimits {
        max_block_bytes: survive::MOST_BYTES,
        max_array_bytes: survive::MOST_BYTES as u64,
        max_blocks: 512,
        max_inflated_bytes: survive::MOST_BYTES as u64,
    };
    let bytes = input.frame.bytes();
    noting::LARGEST.set(0);
    let array = Array::options().limits(limits).from_file_bytes(bytes);
    survive::survive(array, &what);
});

impl<'a> Arbitrary<'a> for Input {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let axes = u.int_in_range(0..=3)?;
        let shape: Vec<i64> = extents(u, axes, 9)?;
        let chunk: Vec<i32> = extents(u, axes, 5)?;
        let block: Vec<i32> = extents(u, axes, 3)?;
        let dtype = *u.choose(&["|u1", "<i2", ">f4", "<f8", "|b1", "|S3", "[('a', '<i4')]"])?;
        let itemsize = *u.choose(&[1, 2, 4, 8, 3])?;
        let (mut chunks, mut chunksize) = (1, i64::from(itemsize));
        for (axis, &extent) in shape.iter().enumerate() {
            let (chunk, block) = (i64::from(chunk[axis]), i64::from(block[axis]));
            chunks *= (extent + chunk - 1) / chunk;
            chunksize *= (chunk + block - 1) / block * block;
        }
        let mut layer = b2nd(&shape, &chunk, &block, dtype);
        for _ in 0..u.int_in_range(0..=4)? {
            let at = u.choose_index(layer.len())?;
            let with: [u8; 8] = u.arbitrary()?;
            let len = u.int_in_range(1..=8)?.min(layer.len() - at);
            layer[at..at + len].copy_from_slice(&with[..len]);
        }
        if u.ratio(1, 8)? {
            layer.truncate(u.choose_index(layer.len() + 1)?);
        }
        Ok(Self {
            frame: frame(layer, itemsize, chunks, chunksize),
        })
    }
}

fn extents<T: TryFrom<i64>>(u: &mut Unstructured<'_>, axes: usize, most: i64) -> Result<Vec<T>> {
    let extent = |u: &mut Unstructured<'_>| {
        let extent = u.int_in_range(1..=most)?;
        T::try_from(extent).map_err(|_| arbitrary::Error::IncorrectFormat)
    };
    (0..axes).map(|_| extent(u)).collect()
}

fn frame(layer: Vec<u8>, itemsize: i32, chunks: i64, chunksize: i64) -> BuiltFrame {
    let count = usize::try_from(chunks).expect("small extents");
    let chunksize = i32::try_from(chunksize).expect("small extents");
    BuiltFrame {
        nbytes: chunks * i64::from(chunksize),
        index: repeated_index(count, ZEROS),
        ..BuiltFrame::array(itemsize, chunksize, layer, &[])
    }
}
