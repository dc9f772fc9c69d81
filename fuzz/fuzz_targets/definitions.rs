//! In: a block. Out: the same after a filter, an element, byte or bit at a time, as the format
//! description defines it.
//! Never: anything fast.

use fuseblock::codec::filter::Setting;

/// Applies one filter.
pub fn apply(id: u8, meta: u8, setting: &Setting, first: Option<&[u8]>, block: &[u8]) -> Vec<u8> {
    match id {
        1 => shuffle(
            if meta == 0 {
                setting.typesize
            } else {
                usize::from(meta)
            },
            block,
        ),
        2 => bitshuffle(setting.typesize, setting.blosc1, block),
        3 => delta(setting.typesize, first, block),
        32 | 33 => cells(setting, usize::from(meta), block),
        34 | 35 => {
            let streams = if meta == 0 {
                setting.itemsize
            } else {
                usize::from(meta)
            };
            bytedelta(streams, id == 34, block)
        }
        4 => {
            let mantissa = if setting.typesize == 4 { 23 } else { 52 };
            truncate(setting.typesize, mantissa, meta, block)
        }
        36 => truncate(setting.typesize, setting.typesize * 8, meta, block),
        _ => block.to_vec(),
    }
}

/// Byte `j` of element `i` of `n` goes to `j * n + i`.
fn shuffle(width: usize, block: &[u8]) -> Vec<u8> {
    let n = block.len() / width;
    let mut out = block.to_vec();
    for i in 0..n {
        for j in 0..width {
            out[j * n + i] = block[i * width + j];
        }
    }
    out
}

/// Bit `b` of byte `j` of element `i` goes to bit `i % 8` of byte `i / 8` of row `8 * j + b`.
fn bitshuffle(width: usize, blosc1: bool, block: &[u8]) -> Vec<u8> {
    let elems = block.len() / width;
    if blosc1 && elems % 8 != 0 {
        return block.to_vec();
    }
    let row = elems / 8;
    let mut out = block.to_vec();
    for i in 0..row * 8 {
        for j in 0..width {
            for b in 0..8 {
                let byte = &mut out[(j * 8 + b) * row + i / 8];
                let bit = block[i * width + j] >> b & 1;
                *byte = *byte & !(1 << (i % 8)) | bit << (i % 8);
            }
        }
    }
    out
}

/// Each element differs in these bits from the one before it, or from that of the first block.
fn delta(typesize: usize, first: Option<&[u8]>, block: &[u8]) -> Vec<u8> {
    let width = match typesize {
        1 | 2 | 4 | 8 => typesize,
        _ if typesize % 8 == 0 => 8,
        _ => 1,
    };
    let whole = block.len() / width * width;
    let mut out = block.to_vec();
    for at in 0..whole {
        match first {
            Some(first) => out[at] ^= first[at],
            None if at >= width => out[at] ^= block[at - width],
            None => {}
        }
    }
    out
}

/// Of each element's `bits` lowest bits a positive parameter says how many stay, a negative one how
/// many go.
fn truncate(width: usize, bits: usize, meta: u8, block: &[u8]) -> Vec<u8> {
    let asked = isize::from(meta as i8);
    let cleared = if asked < 0 {
        asked.unsigned_abs()
    } else {
        bits - asked.unsigned_abs()
    };
    let mut out = block.to_vec();
    for element in out.chunks_exact_mut(width) {
        for bit in 0..cleared {
            element[bit / 8] &= !(1 << (bit % 8));
        }
    }
    out
}

/// In each stream every byte minus the one before it; the first version started over at the
/// bytes behind the last whole 16.
fn bytedelta(streams: usize, starts_over: bool, block: &[u8]) -> Vec<u8> {
    let len = block.len() / streams;
    let mut out = block.to_vec();
    for stream in 0..streams {
        for at in 1..len {
            if !(starts_over && at == len / 16 * 16) {
                let at = stream * len + at;
                out[at] = block[at].wrapping_sub(block[at - 1]);
            }
        }
    }
    out
}

/// Elements sorted by their cell, then by their place in the cell.
fn cells(setting: &Setting, side: usize, block: &[u8]) -> Vec<u8> {
    let item = setting.itemsize;
    let Some(shape) = &setting.block_shape else {
        return block.to_vec();
    };
    if block.len() != shape.elems() * item {
        return block.to_vec();
    }
    let index_of = |elem: usize| -> Vec<usize> {
        let (mut rest, mut index) = (elem, vec![0; shape.ndim()]);
        for axis in (0..shape.ndim()).rev() {
            index[axis] = rest % shape[axis];
            rest /= shape[axis];
        }
        index
    };
    let mut order: Vec<usize> = (0..shape.elems()).collect();
    order.sort_by_key(|&elem| {
        let index = index_of(elem);
        let cell: Vec<usize> = index.iter().map(|at| at / side).collect();
        (cell, index)
    });
    let items = order.iter().map(|&elem| &block[elem * item..][..item]);
    items.collect::<Vec<_>>().concat()
}
