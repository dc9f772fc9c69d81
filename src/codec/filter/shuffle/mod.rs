//! In: elements of a width. Out: the same bytes as planes: all first bytes, all second bytes, and
//! back. Bytes after the last whole element stay at the end.
//! Never: a result that depends on the instruction set: SIMD does whole groups of elements, the
//! scalar twin the rest.

#[cfg(target_arch = "x86_64")]
mod x86;

use super::{Filter, Position, Setting};

/// The byte shuffle.
#[derive(Debug)]
pub(super) struct Shuffle;

impl Filter for Shuffle {
    fn is_identity(&self, meta: u8, setting: &Setting) -> bool {
        width(meta, setting) == 1
    }

    fn undo(&self, meta: u8, setting: &Setting, _: Position<'_>, src: &[u8], dst: &mut [u8]) {
        unshuffle(width(meta, setting), src, dst);
    }

    fn apply(&self, meta: u8, setting: &Setting, _: Position<'_>, src: &[u8], dst: &mut [u8]) {
        shuffle(width(meta, setting), src, dst);
    }
}

fn width(meta: u8, setting: &Setting) -> usize {
    match meta {
        0 => setting.typesize.max(1),
        meta => usize::from(meta),
    }
}

/// Takes the planes of `src` together to elements of `width` bytes in `dst`, of the same length.
pub fn unshuffle(width: usize, src: &[u8], dst: &mut [u8]) {
    if width <= 1 {
        dst.copy_from_slice(src);
        return;
    }
    let job = Job::new(width, src.len());
    let done = simd(Direction::Join, job, src, dst);
    join(job, done, src, dst);
    dst[job.whole()..].copy_from_slice(&src[job.whole()..]);
}

/// Splits the elements of `width` bytes in `src` into planes in `dst`, of the same length.
pub fn shuffle(width: usize, src: &[u8], dst: &mut [u8]) {
    if width <= 1 {
        dst.copy_from_slice(src);
        return;
    }
    let job = Job::new(width, src.len());
    let done = simd(Direction::Split, job, src, dst);
    split(job, done, src, dst);
    dst[job.whole()..].copy_from_slice(&src[job.whole()..]);
}

/// Which way the bytes go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Direction {
    /// Planes to elements.
    Join,
    /// Elements to planes.
    Split,
}

/// The shape of the byte matrix: `elems` rows of `width` bytes.
#[derive(Clone, Copy, Debug)]
struct Job {
    width: usize,
    elems: usize,
}

impl Job {
    fn new(width: usize, bytes: usize) -> Self {
        Self {
            width,
            elems: bytes / width,
        }
    }

    /// Bytes of whole elements.
    fn whole(self) -> usize {
        self.elems * self.width
    }
}

/// Moves as many elements as the CPU's vectors take and says how many that were.
#[cfg(target_arch = "x86_64")]
fn simd(direction: Direction, job: Job, src: &[u8], dst: &mut [u8]) -> usize {
    x86::run(direction, job, src, dst)
}

#[cfg(not(target_arch = "x86_64"))]
fn simd(_: Direction, _: Job, _: &[u8], _: &mut [u8]) -> usize {
    0
}

/// Elements moved per visit of all planes: small enough that a visit's bytes stay in L1.
const GROUP: usize = 256;

/// Planes to elements from element `first` on.
fn join(job: Job, first: usize, src: &[u8], dst: &mut [u8]) {
    for start in (first..job.elems).step_by(GROUP) {
        let end = (start + GROUP).min(job.elems);
        let elements = &mut dst[start * job.width..end * job.width];
        for byte in 0..job.width {
            let plane = &src[byte * job.elems + start..byte * job.elems + end];
            let column = elements[byte..].iter_mut().step_by(job.width);
            for (to, &from) in column.zip(plane) {
                *to = from;
            }
        }
    }
}

/// Elements to planes from element `first` on.
fn split(job: Job, first: usize, src: &[u8], dst: &mut [u8]) {
    for start in (first..job.elems).step_by(GROUP) {
        let end = (start + GROUP).min(job.elems);
        let elements = &src[start * job.width..end * job.width];
        for byte in 0..job.width {
            let plane = &mut dst[byte * job.elems + start..byte * job.elems + end];
            let column = elements[byte..].iter().step_by(job.width);
            for (to, &from) in plane.iter_mut().zip(column) {
                *to = from;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::conformance::{LENGTHS, WIDTHS, conforms, noise, setting};
    use super::*;

    #[test]
    fn the_worked_example() {
        let elements = [0x00, 0x01, 0x10, 0x11, 0x20, 0x21, 0xFF];
        let planes = [0x00, 0x10, 0x20, 0x01, 0x11, 0x21, 0xFF];
        let mut out = [0; 7];
        shuffle(2, &elements, &mut out);
        assert_eq!(out, planes);
        unshuffle(2, &planes, &mut out);
        assert_eq!(out, elements);
    }

    /// Byte `j` of element `i` goes to `j * n + i`: the definition, once per byte.
    fn by_definition(width: usize, elements: &[u8]) -> Vec<u8> {
        let n = elements.len() / width;
        let mut planes = elements.to_vec();
        for i in 0..n {
            for j in 0..width {
                planes[j * n + i] = elements[i * width + j];
            }
        }
        planes
    }

    #[test]
    fn every_width_and_length_agrees_with_the_definition() {
        for width in WIDTHS {
            // The width is the parameter's, not that of the elements, unless the parameter is 0.
            let (meta, elsewhere) = (u8::try_from(width).unwrap(), setting(width % 7 + 1));
            conforms(&Shuffle, meta, &elsewhere, Position::First, |elements| {
                by_definition(width, elements)
            });
            conforms(&Shuffle, 0, &setting(width), Position::First, |elements| {
                by_definition(width, elements)
            });
        }
    }

    #[test]
    fn vectors_move_the_same_bytes_as_the_scalar_twin() {
        for width in (2..=70).chain([255]) {
            for len in LENGTHS {
                let (src, job) = (noise(len), Job::new(width, len));
                let (mut fast, mut slow) = (vec![0; len], vec![0; len]);
                unshuffle(width, &src, &mut fast);
                join(job, 0, &src, &mut slow);
                assert_eq!(
                    fast[..job.whole()],
                    slow[..job.whole()],
                    "join {width} {len}"
                );
                shuffle(width, &src, &mut fast);
                split(job, 0, &src, &mut slow);
                assert_eq!(
                    fast[..job.whole()],
                    slow[..job.whole()],
                    "split {width} {len}"
                );
            }
        }
    }
}
