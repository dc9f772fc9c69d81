//! Rules 29 to 32 of the format description's list: the metalayer that gives a frame its shape.

use fuseblock::ErrorKind::{Corrupt, Limit, Unsupported};
use fuseblock::store::file::Source;
use fuseblock::store::info_of;
use fuseblock::{Array, DType, Expr, Scalar};

use crate::build::{BuiltChunk, BuiltFrame, ZEROS, at, b2nd, patched, repeated_index, stream};
use crate::{frugal, read, refused};

/// The elements 0 to 9 in chunks of 4 and blocks of 2, with another metalayer.
fn with(layer: Vec<u8>) -> BuiltFrame {
    let chunk = |first: u8| {
        let blocks: [&[u8]; 2] = [
            &stream(2, &[first, first + 1]),
            &stream(2, &[first + 2, first + 3]),
        ];
        BuiltChunk::new(BuiltChunk::PLAIN, 1, 4, 2).blocks(&blocks, &[0, 1])
    };
    BuiltFrame::array(1, 4, layer, &[chunk(0), chunk(4), chunk(8)])
}

fn sound_layer() -> Vec<u8> {
    b2nd(&[10], &[4], &[2], "|u1")
}

fn sound() -> BuiltFrame {
    with(sound_layer())
}

#[track_caller]
fn corrupt(layer: Vec<u8>, words: &str) {
    refused(read(&with(layer).bytes()), Corrupt, words);
}

/// The zeros of a shape: a frame whose one index entry stands for all chunks.
fn zeros(shape: &[i64], chunk: &[i32], block: &[i32], chunks: usize, chunksize: i32) -> BuiltFrame {
    BuiltFrame {
        nbytes: i64::try_from(chunks).unwrap() * i64::from(chunksize),
        index: repeated_index(chunks, ZEROS),
        ..BuiltFrame::array(1, chunksize, b2nd(shape, chunk, block, "|u1"), &[])
    }
}

/// Filters that ask the array for its item size or the shape of its blocks.
#[test]
fn item_16_filters_that_look_at_the_array() {
    let open = |id, meta, itemsize: i32, block: &[i32]| {
        let (elems, axes) = (block.iter().product::<i32>(), block.len());
        let nbytes = elems * itemsize;
        let bytes: Vec<u8> = (0..nbytes).map(|byte| byte as u8).collect();
        let built = BuiltChunk::new(BuiltChunk::PLAIN, 1, bytes.len(), bytes.len());
        let built = built.with(0x10, id).with(0x18, meta);
        let chunk = built.blocks(&[&stream(nbytes, &bytes)], &[0]);
        let shape: Vec<i64> = block.iter().copied().map(i64::from).collect();
        let layer = b2nd(&shape, block, block, "|u1");
        let frame = BuiltFrame::array(itemsize, nbytes, layer, &[chunk]).bytes();
        let array = Array::options().bytes().from_file_bytes(frame)?;
        assert_eq!(array.shape().ndim(), axes + 1);
        frugal(|| crate::common::read_all(&array))
    };
    assert_eq!(open(32, 2, 1, &[2, 4]).unwrap(), [0, 1, 4, 5, 2, 3, 6, 7]);
    refused(open(32, 0, 1, &[2, 4]), Corrupt, "cells have side 0");
    assert!(open(32, 2, 1, &[1; 8]).is_ok());
    refused(open(33, 2, 1, &[1; 9]), Corrupt, "the block has 9 axes");
    // Without a parameter there are as many streams as an item has bytes.
    assert!(open(35, 0, 255, &[1]).is_ok());
    assert!(open(35, 9, 256, &[1]).is_ok());
    refused(open(35, 0, 256, &[1]), Corrupt, "256 streams");
}

#[test]
fn item_29_the_layout_of_the_metalayer() {
    let sound_bytes: Vec<u8> = (0..10).collect();
    assert_eq!(read(&sound().bytes()).unwrap(), sound_bytes);
    let layer = sound_layer();
    let before_dtype = layer.len() - 9;
    for cut in 0..layer.len() {
        let frame = with(layer[..cut].to_vec()).bytes();
        match cut {
            // The metalayer of the library's predecessor ends here: bytes without a dtype.
            _ if cut == before_dtype => assert_eq!(read(&frame).unwrap(), sound_bytes),
            _ => refused(read(&frame), Corrupt, "the b2nd metalayer ends"),
        }
    }
    let marked = |at, byte| patched(&layer, at, &[byte]);
    corrupt(marked(1, 1), "unknown version 1");
    for (at, words) in [
        (4, "0xd3"),
        (14, "0xd2"),
        (20, "0xd2"),
        (before_dtype + 1, "0xdb"),
    ] {
        corrupt(marked(at, 0xC0), words);
    }
    // The array markers are written wrong by the reference library for 16 axes.
    for at in [0, 3, 13, 19] {
        assert_eq!(read(&with(marked(at, 0xA0)).bytes()).unwrap(), sound_bytes);
    }
    let len_at = before_dtype + 2;
    for len in [4, u32::MAX] {
        corrupt(
            patched(&layer, len_at, &len.to_be_bytes()),
            "end of its dtype",
        );
    }
    let unknown_format = marked(before_dtype, 1);
    assert_eq!(read(&with(unknown_format).bytes()).unwrap(), sound_bytes);
    for axes in [17, 127, 255] {
        refused(
            read(&with(marked(2, axes)).bytes()),
            Limit,
            "axes; at most 16",
        );
    }
}

#[test]
fn item_29_no_seventeenth_axis_for_bytes() {
    let open = |axes: usize| {
        let frame = zeros(&vec![1; axes], &vec![1; axes], &vec![1; axes], 1, 1);
        Array::options().bytes().from_file_bytes(frame.bytes())
    };
    assert_eq!(open(15).unwrap().shape().ndim(), 16);
    refused(open(16), Limit, "none left for the bytes");
}

#[test]
fn item_30_extents_and_their_products() {
    corrupt(b2nd(&[-1], &[4], &[2], "|u1"), "extent -1");
    corrupt(b2nd(&[i64::MIN], &[4], &[2], "|u1"), "extent -");
    corrupt(b2nd(&[10], &[-4], &[2], "|u1"), "extent -4");
    corrupt(b2nd(&[10], &[0], &[2], "|u1"), "has chunks (0,)");
    corrupt(b2nd(&[10], &[4], &[0], "|u1"), "blocks (0,)");
    let sound = zeros(&[100, 100], &[10, 10], &[10, 5], 100, 100);
    assert_eq!(read(&sound.bytes()).unwrap(), [0; 10_000]);
    // Products that wrap around, in 32 bits and in 64.
    let huge = 1 << 16;
    for (shape, chunk, block) in [
        (&[5, 5][..], &[5, 5][..], &[huge, huge][..]),
        (&[5, 5], &[huge, huge], &[1, 1]),
        (&[5, 5, 5, 5], &[huge; 4], &[huge; 4]),
        (&[5, 5, 5], &[i32::MAX; 3], &[i32::MAX - 1; 3]),
        (&[1 << 32, 1 << 32], &[1, 1], &[1, 1]),
        (&[i64::MAX], &[i32::MAX], &[1]),
        (&[i64::MAX, i64::MAX, i64::MAX], &[1; 3], &[1; 3]),
    ] {
        let frame = zeros(shape, chunk, block, 1, 25);
        assert_eq!(
            read(&frame.bytes()).unwrap_err().kind(),
            Corrupt,
            "{shape:?}"
        );
    }
}

/// Without elements nothing is read, but the extents of the grid are still multiplied.
#[test]
fn item_30_grids_of_arrays_without_elements() {
    let empty = |shape: &[i64], chunk: &[i32], block: &[i32], itemsize| {
        let layer = b2nd(shape, chunk, block, "|u1");
        let bytes = BuiltFrame::array(itemsize, -1, layer, &[]).bytes();
        let array = frugal(|| Array::from_file_bytes(bytes))?;
        let sum = Expr::new("sum(x)").unwrap().eval(&[("x", &array)])?;
        Ok(sum.scalar())
    };
    let zero = Some(Scalar::UInt64(0));
    assert_eq!(empty(&[0], &[0], &[0], 1).unwrap(), zero);
    assert_eq!(empty(&[0], &[4], &[2], 1).unwrap(), zero);
    assert_eq!(
        empty(&[3, 0, i64::MAX], &[3, 1, 2], &[2, 1, 1], 1).unwrap(),
        zero
    );
    let most = [i32::MAX; 16];
    refused(
        empty(&[0; 16], &most, &most, 1),
        Corrupt,
        "larger than memory",
    );
    refused(
        empty(&[0; 16], &most, &[1; 16], 1),
        Corrupt,
        "larger than memory",
    );
    // A block whose bytes no memory has, though its elements could be counted.
    let wide = BuiltFrame::array(
        536_866_816,
        -1,
        b2nd(&[0], &[i32::MAX], &[i32::MAX], "|u1"),
        &[],
    );
    let opened = Array::options().bytes().from_file_bytes(wide.bytes());
    refused(opened, Corrupt, "larger than memory");
}

#[test]
fn item_31_the_frame_and_the_shape_agree() {
    corrupt(
        b2nd(&[10], &[8], &[2], "|u1"),
        "chunks have 4 bytes, the array's 8",
    );
    corrupt(b2nd(&[12], &[3], &[2], "|u1"), "4 chunks of 4 bytes");
    corrupt(b2nd(&[13], &[4], &[2], "|u1"), "4 chunks of 4 bytes");
    corrupt(b2nd(&[8], &[4], &[2], "|u1"), "2 chunks of 4 bytes");
    corrupt(b2nd(&[0], &[4], &[2], "|u1"), "has no elements");
    // The blocks of each chunk are those of the array.
    corrupt(
        b2nd(&[10], &[4], &[4], "|u1"),
        "blocks of 2 bytes, but the array's have 4",
    );
    let mut frame = sound();
    frame.nbytes += 4;
    assert_eq!(read(&frame.bytes()).unwrap_err().kind(), Corrupt);
    let blocks: [&[u8]; 2] = [&stream(1, b"a"), &stream(3, b"bcd")];
    let varying = BuiltChunk::variable(2, 4).blocks(&blocks, &[0, 1]);
    let frame = BuiltFrame::array(1, 4, b2nd(&[4], &[4], &[2], "|u1"), &[varying]);
    refused(read(&frame.bytes()), Corrupt, "blocks of varying lengths");
    let pairs = b2nd(&[5], &[2], &[1], "<u2");
    let values = [0u16, 1, 2, 3, 4]
        .map(|pair| pair * 0x202 + 0x100)
        .map(u16::to_le_bytes);
    assert_eq!(read(&with(pairs).bytes()).unwrap(), values.concat());
    let chunks_of_varying_sizes = patched(&sound().bytes(), at::CHUNKSIZE, &[0; 4]);
    refused(
        read(&chunks_of_varying_sizes),
        Unsupported,
        "chunks of varying sizes",
    );
    let nans = BuiltChunk::special(2, 4, 4).tail(&[]);
    let frame = BuiltFrame::array(1, 4, b2nd(&[4], &[4], &[2], "|u1"), &[nans]);
    refused(
        read(&frame.bytes()),
        Corrupt,
        "a chunk of NaN has items of 1",
    );
    let pairs = BuiltChunk::special(3, 1, 4).tail(&[1, 2]);
    let frame = BuiltFrame::array(1, 4, b2nd(&[4], &[4], &[2], "|u1"), &[pairs]);
    refused(
        read(&frame.bytes()),
        Corrupt,
        "a value of 2 bytes, but items have 1",
    );
}

#[test]
fn item_32_dtype_strings() {
    let as_dtype = |dtype: &str| {
        let bytes = with(b2nd(&[10], &[4], &[2], dtype)).bytes();
        let told = frugal(|| info_of(Source::memory(bytes.clone())));
        assert_eq!(told.unwrap().dtype.as_deref(), Some(dtype));
        frugal(|| Array::from_file_bytes(bytes)).map(|array| array.dtype())
    };
    for (text, dtype) in [
        ("|u1", DType::UInt8),
        ("<i1", DType::Int8),
        ("|b1", DType::Bool),
    ] {
        assert_eq!(as_dtype(text).unwrap(), dtype);
    }
    for size in ["9", "18446744073709551615", "99999999999999999999"] {
        refused(as_dtype(&format!("|S{size}")), Unsupported, "dtype");
        refused(as_dtype(&format!("<U{size}")), Unsupported, "dtype");
    }
    refused(
        as_dtype("<f8"),
        Unsupported,
        "'<f8' (8 bytes), but its items have 1",
    );
    let deep = "[".repeat(100_000);
    let nested = format!("{}{}", "[('a', ".repeat(5_000), ")]".repeat(5_000));
    let code = "__import__('os').system('true')";
    for text in [
        &deep, &nested, code, "", "u1; u1", "\u{7f}\0", "<f8<f8", "[]", "{}",
    ] {
        refused(as_dtype(text), Unsupported, "dtype");
    }
    let no_text = patched(&sound_layer(), sound_layer().len() - 3, &[0xFF]);
    corrupt(no_text, "dtype is not text");
}
