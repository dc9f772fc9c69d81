//! In: a filter and its definition, written without regard to speed. Out: whether the two agree,
//! both ways, for all lengths a block may have.
//! Never: outside of tests.

use super::{Filter, Position, Setting};

/// Element widths with and without vector code of their own.
pub(super) const WIDTHS: [usize; 12] = [1, 2, 3, 4, 5, 7, 8, 12, 16, 17, 32, 255];

/// Block lengths around those of vectors, groups and tiles.
pub(super) const LENGTHS: [usize; 17] = [
    0, 1, 7, 8, 9, 63, 64, 65, 127, 256, 511, 1000, 2049, 4096, 8191, 16_384, 40_001,
];

/// A setting with elements of `width` bytes.
pub(super) fn setting(width: usize) -> Setting {
    Setting {
        typesize: width,
        itemsize: width,
        blosc1: false,
        block_shape: None,
    }
}

/// Bytes without structure, the same in every run.
pub(in crate::codec) fn noise(len: usize) -> Vec<u8> {
    let mut state = 1u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(len).collect()
}

/// Checks that `filter` does to blocks of every length what `definition` says, and undoes it.
pub(super) fn conforms(
    filter: &dyn Filter,
    meta: u8,
    setting: &Setting,
    at: Position<'_>,
    definition: impl Fn(&[u8]) -> Vec<u8>,
) {
    filter.check(meta, setting).unwrap();
    for len in LENGTHS {
        let original = noise(len);
        let filtered = definition(&original);
        let mut out = vec![0xAA; len];
        filter.apply(meta, setting, at, &original, &mut out);
        assert!(
            out == filtered,
            "apply {filter:?} {meta} {setting:?} length {len}"
        );
        let mut out = vec![0xAA; len];
        filter.undo(meta, setting, at, &filtered, &mut out);
        assert!(
            out == original,
            "undo {filter:?} {meta} {setting:?} length {len}"
        );
    }
}
