//! In: eight rows of bits, one bit of each of a plane's bytes. Out: the plane, and back.
//! Never: a result that depends on the instruction set: SIMD does whole vectors, this the rest.

#[cfg(target_arch = "x86_64")]
use super::x86;

/// Where eight rows stand in a block: the first at `start`, the others `stride` bytes apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows {
    start: usize,
    stride: usize,
}

impl Rows {
    /// The rows of byte `byte` of all elements from `first` on, a multiple of 8, in a block of
    /// `elems` elements.
    pub(super) fn of_plane(byte: usize, elems: usize, first: usize) -> Self {
        let stride = elems / 8;
        Self {
            start: byte * 8 * stride + first / 8,
            stride,
        }
    }

    /// The position of byte `at` of row `bit`.
    pub(super) fn at(self, bit: usize, at: usize) -> usize {
        self.start + bit * self.stride + at
    }
}

/// Takes the rows of `src` together to a plane.
pub(super) fn join(rows: Rows, src: &[u8], plane: &mut [u8]) {
    let done = simd_join(rows, src, plane);
    join_from(done, rows, src, plane);
}

/// Splits a plane into the rows of `dst`.
pub(super) fn split(rows: Rows, plane: &[u8], dst: &mut [u8]) {
    let done = simd_split(rows, plane, dst);
    split_from(done, rows, plane, dst);
}

/// Moves as many bytes of each row as the CPU's vectors take and says how many that were.
#[cfg(target_arch = "x86_64")]
fn simd_join(rows: Rows, src: &[u8], plane: &mut [u8]) -> usize {
    x86::join(rows, src, plane)
}

#[cfg(target_arch = "x86_64")]
fn simd_split(rows: Rows, plane: &[u8], dst: &mut [u8]) -> usize {
    x86::split(rows, plane, dst)
}

#[cfg(not(target_arch = "x86_64"))]
fn simd_join(_: Rows, _: &[u8], _: &mut [u8]) -> usize {
    0
}

#[cfg(not(target_arch = "x86_64"))]
fn simd_split(_: Rows, _: &[u8], _: &mut [u8]) -> usize {
    0
}

/// Rows to plane from byte `done` of each row on.
fn join_from(done: usize, rows: Rows, src: &[u8], plane: &mut [u8]) {
    for (nth, part) in plane[done * 8..].chunks_mut(64).enumerate() {
        let at = done + nth * 8;
        match part.len() {
            64 => join_8(rows, at, 8, src, part),
            len => join_8(rows, at, len / 8, src, part),
        }
    }
}

/// Plane to rows from byte `done` of each row on.
fn split_from(done: usize, rows: Rows, plane: &[u8], dst: &mut [u8]) {
    for (nth, part) in plane[done * 8..].chunks(64).enumerate() {
        let at = done + nth * 8;
        match part.len() {
            64 => split_8(rows, at, 8, part, dst),
            len => split_8(rows, at, len / 8, part, dst),
        }
    }
}

/// Eight bytes of each row, or the `count` that are left; a constant for all but the last.
#[inline(always)]
fn join_8(rows: Rows, at: usize, count: usize, src: &[u8], part: &mut [u8]) {
    let mut words = [0; 8];
    for (bit, word) in words.iter_mut().enumerate() {
        let mut bytes = [0; 8];
        bytes[..count].copy_from_slice(&src[rows.at(bit, at)..][..count]);
        *word = u64::from_le_bytes(bytes);
    }
    transpose_bits(&mut words);
    transpose_bytes(&mut words);
    for (bytes, word) in part.as_chunks_mut().0.iter_mut().zip(words) {
        *bytes = word.to_le_bytes();
    }
}

#[inline(always)]
fn split_8(rows: Rows, at: usize, count: usize, part: &[u8], dst: &mut [u8]) {
    let mut words = [0; 8];
    for (word, &bytes) in words.iter_mut().zip(part.as_chunks().0) {
        *word = u64::from_le_bytes(bytes);
    }
    transpose_bytes(&mut words);
    transpose_bits(&mut words);
    for (bit, word) in words.into_iter().enumerate() {
        dst[rows.at(bit, at)..][..count].copy_from_slice(&word.to_le_bytes()[..count]);
    }
}

/// Swaps bit `t` of word `b` with bit `b` of word `t`, in each of the words' bytes.
fn transpose_bits(words: &mut [u64; 8]) {
    cross::<1>(words, 0x5555_5555_5555_5555);
    cross::<2>(words, 0x3333_3333_3333_3333);
    cross::<4>(words, 0x0F0F_0F0F_0F0F_0F0F);
}

/// Swaps byte `k` of word `t` with byte `t` of word `k`.
fn transpose_bytes(words: &mut [u64; 8]) {
    cross::<8>(words, 0x00FF_00FF_00FF_00FF);
    cross::<16>(words, 0x0000_FFFF_0000_FFFF);
    cross::<32>(words, 0x0000_0000_FFFF_FFFF);
}

/// Swaps what stands `SHIFT` bits above `mask` in words with what stands in `mask` in the words
/// as many rows below.
fn cross<const SHIFT: usize>(words: &mut [u64; 8], mask: u64) {
    // Units of bits and of bytes: 1, 2 and 4 rows either way.
    let below = if SHIFT < 8 { SHIFT } else { SHIFT / 8 };
    for row in (0..8).filter(|row| row & below == 0) {
        let swap = (words[row] >> SHIFT ^ words[row + below]) & mask;
        words[row + below] ^= swap;
        words[row] ^= swap << SHIFT;
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::conformance::noise;
    use super::*;

    #[test]
    fn vectors_move_the_same_bits_as_the_scalar_twin() {
        for groups in (0..140).chain([500, 1021]) {
            let (len, rows) = (groups * 8, Rows::of_plane(0, groups * 8, 0));
            let src = noise(len);
            let (mut fast, mut slow) = (vec![0; len], vec![0; len]);
            join(rows, &src, &mut fast);
            join_from(0, rows, &src, &mut slow);
            assert_eq!(fast, slow, "join {groups}");
            split(rows, &src, &mut fast);
            split_from(0, rows, &src, &mut slow);
            assert_eq!(fast, slow, "split {groups}");
        }
    }
}
