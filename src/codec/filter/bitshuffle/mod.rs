//! In: elements of a width. Out: the same bits as rows: all lowest bits of the first bytes, all
//! second bits of the first bytes, and back. Elements after the last whole group of 8, and bytes
//! after the last whole element, stay where they are.
//! Never: a copy of the block: bits pass through a tile on the stack.

mod bits;
#[cfg(target_arch = "x86_64")]
mod x86;

use super::shuffle::{shuffle, unshuffle};
use super::{Filter, Position, Setting};
use bits::Rows;

/// The bit shuffle.
#[derive(Debug)]
pub(super) struct Bitshuffle;

/// Bytes of the planes that wait between bits and elements: with the source and the destination
/// they stay in L1.
const TILE: usize = 16 << 10;

/// Widths that the chunk's header can give.
const WIDTHS: std::ops::RangeInclusive<usize> = 1..=255;

impl Filter for Bitshuffle {
    fn is_identity(&self, _: u8, _: &Setting) -> bool {
        false
    }

    fn check(&self, _: u8, setting: &Setting) -> Result<(), String> {
        if WIDTHS.contains(&setting.typesize) {
            return Ok(());
        }
        Err(format!("elements have {} bytes", setting.typesize))
    }

    fn undo(&self, _: u8, setting: &Setting, _: Position<'_>, src: &[u8], dst: &mut [u8]) {
        let (width, elems) = matrix(setting, src.len());
        let mut tile = [0; TILE];
        for (first, count) in tiles(width, elems) {
            let planes = &mut tile[..count * width];
            for (byte, plane) in planes.chunks_exact_mut(count).enumerate() {
                let rows = Rows::of_plane(byte, elems, first);
                bits::join(rows, src, plane);
            }
            unshuffle(width, planes, &mut dst[first * width..][..count * width]);
        }
        dst[elems * width..].copy_from_slice(&src[elems * width..]);
    }

    fn apply(&self, _: u8, setting: &Setting, _: Position<'_>, src: &[u8], dst: &mut [u8]) {
        let (width, elems) = matrix(setting, src.len());
        let mut tile = [0; TILE];
        for (first, count) in tiles(width, elems) {
            let planes = &mut tile[..count * width];
            shuffle(width, &src[first * width..][..count * width], planes);
            for (byte, plane) in planes.chunks_exact(count).enumerate() {
                let rows = Rows::of_plane(byte, elems, first);
                bits::split(rows, plane, dst);
            }
        }
        dst[elems * width..].copy_from_slice(&src[elems * width..]);
    }
}

/// Width and number of the elements whose bits change places in a block of `len` bytes: whole
/// groups of 8. Blosc1 left blocks alone that have others.
fn matrix(setting: &Setting, len: usize) -> (usize, usize) {
    // OK because `check` let only such widths through.
    let width = setting.typesize.clamp(*WIDTHS.start(), *WIDTHS.end());
    let elems = len / width;
    let left_over = elems % 8;
    if setting.blosc1 && left_over != 0 {
        return (width, 0);
    }
    (width, elems - left_over)
}

/// First element and number of elements of each tile: whole vectors of each row where they fit,
/// and 8 bytes of it at least, but in the last tile.
fn tiles(width: usize, elems: usize) -> impl Iterator<Item = (usize, usize)> {
    let room = TILE / width;
    let step = if room < 256 {
        room / 64 * 64
    } else {
        room / 256 * 256
    };
    (0..elems)
        .step_by(step)
        .map(move |first| (first, step.min(elems - first)))
}

#[cfg(test)]
mod tests {
    use super::super::conformance::{WIDTHS, conforms, noise, setting};
    use super::*;

    fn apply(width: usize, src: &[u8]) -> Vec<u8> {
        let mut dst = vec![0; src.len()];
        Bitshuffle.apply(0, &setting(width), Position::First, src, &mut dst);
        dst
    }

    #[test]
    fn the_worked_examples() {
        let diagonal = [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80];
        assert_eq!(apply(1, &diagonal), diagonal);
        assert_eq!(apply(1, &[0xFF, 0, 0, 0, 0, 0, 0, 0]), [1; 8]);
        let count = [0, 1, 2, 3, 4, 5, 6, 7];
        assert_eq!(apply(1, &count), [0xAA, 0xCC, 0xF0, 0, 0, 0, 0, 0]);
    }

    /// Bit `b` of byte `j` of element `i` goes to byte `(j * 8 + b) * m + i / 8`, bit `i % 8`.
    fn by_definition(width: usize, elements: &[u8]) -> Vec<u8> {
        let groups = elements.len() / width / 8;
        let mut out = elements.to_vec();
        out[..groups * 8 * width].fill(0);
        for i in 0..groups * 8 {
            for j in 0..width {
                for b in 0..8 {
                    let bit = elements[i * width + j] >> b & 1;
                    out[(j * 8 + b) * groups + i / 8] |= bit << (i % 8);
                }
            }
        }
        out
    }

    #[test]
    fn every_width_and_length_agrees_with_the_definition() {
        for width in WIDTHS {
            // The parameter means nothing.
            for meta in [0, 3, 255] {
                conforms(
                    &Bitshuffle,
                    meta,
                    &setting(width),
                    Position::First,
                    |elements| by_definition(width, elements),
                );
            }
        }
    }

    #[test]
    fn blosc1_left_blocks_alone_that_are_no_whole_groups() {
        for width in WIDTHS {
            let blosc1 = Setting {
                blosc1: true,
                ..setting(width)
            };
            conforms(&Bitshuffle, 0, &blosc1, Position::First, |elements| {
                if (elements.len() / width).is_multiple_of(8) {
                    by_definition(width, elements)
                } else {
                    elements.to_vec()
                }
            });
        }
    }

    #[test]
    fn widths_that_no_header_gives_are_refused_and_harm_nobody() {
        for width in [0, 256, usize::MAX] {
            let why = Bitshuffle.check(0, &setting(width)).unwrap_err();
            assert!(why.contains(&format!("{width} bytes")), "{why}");
            let mut dst = vec![0; 100];
            Bitshuffle.undo(0, &setting(width), Position::First, &noise(100), &mut dst);
        }
    }
}
