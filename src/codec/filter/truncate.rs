//! In: elements whose low bits an encoder may have cleared. Out: the same bytes.
//! Never: the lost bits, which nothing brings back; clearing bits, which this version does not
//! offer: applied, it leaves the block as it is, which is a valid block of the filter.

use super::{Filter, Position, Setting};

/// The truncations of floats (trunc_prec) and of integers (int_trunc).
#[derive(Debug)]
pub(super) struct Truncate;

impl Filter for Truncate {
    fn is_identity(&self, _: u8, _: &Setting) -> bool {
        true
    }

    fn undo(&self, _: u8, _: &Setting, _: Position<'_>, src: &[u8], dst: &mut [u8]) {
        dst.copy_from_slice(src);
    }

    fn apply(&self, _: u8, _: &Setting, _: Position<'_>, src: &[u8], dst: &mut [u8]) {
        dst.copy_from_slice(src);
    }
}

#[cfg(test)]
mod tests {
    use super::super::conformance::{conforms, setting};
    use super::*;

    #[test]
    fn whatever_was_cut_off_the_rest_is_as_stored() {
        for (typesize, meta) in [(1, 0), (3, 20), (4, 10), (4, 255), (8, 128), (255, 7)] {
            assert!(Truncate.is_identity(meta, &setting(typesize)));
            conforms(
                &Truncate,
                meta,
                &setting(typesize),
                Position::First,
                <[u8]>::to_vec,
            );
        }
    }
}
