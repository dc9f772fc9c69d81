//! In: elements of a width. Out: the same bytes as planes: all first bytes, all second bytes, and
//! back, wherever each plane lies. Bytes after the last whole element stay at the end.
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

    fn planes(&self, meta: u8, setting: &Setting) -> Option<usize> {
        Some(width(meta, setting)).filter(|&width| width <= MAX_PLANES)
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

/// The most planes that a block is kept in, apart from each other.
pub const MAX_PLANES: usize = 16;

/// One byte of every element, first element first.
#[derive(Clone, Copy, Debug)]
pub enum Plane<'p> {
    /// A byte an element.
    Bytes(&'p [u8]),
    /// The same byte for every element.
    Run(u8),
}

/// Takes planes together to the elements of `dst`, each of which has a byte of every plane.
pub fn join(planes: &[Plane<'_>], dst: &mut [u8]) {
    let job = Job::new(planes.len(), dst.len());
    join_with(job, |byte| planes[byte], dst);
}

/// Takes the planes of `src` together to elements of `width` bytes in `dst`, of the same length.
pub fn unshuffle(width: usize, src: &[u8], dst: &mut [u8]) {
    if width <= 1 {
        dst.copy_from_slice(src);
        return;
    }
    let job = Job::new(width, src.len());
    let (elements, tail) = dst.split_at_mut(job.whole());
    let plane = |byte| Plane::Bytes(&src[byte * job.elems..][..job.elems]);
    join_with(job, plane, elements);
    tail.copy_from_slice(&src[job.whole()..]);
}

/// Takes planes together to elements: with vectors as far as these go.
fn join_with<'p>(job: Job, plane: impl Fn(usize) -> Plane<'p>, dst: &mut [u8]) {
    let done = joined(job, &plane, dst);
    join_from(job, done, plane, dst);
}

/// Splits the elements of `width` bytes in `src` into planes in `dst`, of the same length.
pub fn shuffle(width: usize, src: &[u8], dst: &mut [u8]) {
    if width <= 1 {
        dst.copy_from_slice(src);
        return;
    }
    let job = Job::new(width, src.len());
    let done = splitted(job, src, dst);
    split_from(job, done, src, dst);
    dst[job.whole()..].copy_from_slice(&src[job.whole()..]);
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

/// Joins as many elements as the CPU's vectors take and says how many that were.
#[cfg(target_arch = "x86_64")]
fn joined<'p>(job: Job, plane: impl Fn(usize) -> Plane<'p>, dst: &mut [u8]) -> usize {
    x86::join(job, plane, dst)
}

/// Splits as many elements as the CPU's vectors take and says how many that were.
#[cfg(target_arch = "x86_64")]
fn splitted(job: Job, src: &[u8], dst: &mut [u8]) -> usize {
    x86::split(job, src, dst)
}

#[cfg(not(target_arch = "x86_64"))]
fn joined<'p>(_: Job, _: impl Fn(usize) -> Plane<'p>, _: &mut [u8]) -> usize {
    0
}

#[cfg(not(target_arch = "x86_64"))]
fn splitted(_: Job, _: &[u8], _: &mut [u8]) -> usize {
    0
}

/// Elements moved per visit of all planes: small enough that a visit's bytes stay in L1.
const GROUP: usize = 256;

/// Planes to elements from element `first` on.
fn join_from<'p>(job: Job, first: usize, plane: impl Fn(usize) -> Plane<'p>, dst: &mut [u8]) {
    for start in (first..job.elems).step_by(GROUP) {
        let end = (start + GROUP).min(job.elems);
        let elements = &mut dst[start * job.width..end * job.width];
        for byte in 0..job.width {
            let column = elements[byte..].iter_mut().step_by(job.width);
            match plane(byte) {
                Plane::Bytes(bytes) => {
                    for (to, &from) in column.zip(&bytes[start..end]) {
                        *to = from;
                    }
                }
                Plane::Run(value) => column.for_each(|to| *to = value),
            }
        }
    }
}

/// Elements to planes from element `first` on.
fn split_from(job: Job, first: usize, src: &[u8], dst: &mut [u8]) {
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
                let plane = |byte| Plane::Bytes(&src[byte * job.elems..][..job.elems]);
                unshuffle(width, &src, &mut fast);
                join_from(job, 0, plane, &mut slow);
                assert_eq!(
                    fast[..job.whole()],
                    slow[..job.whole()],
                    "join {width} {len}"
                );
                shuffle(width, &src, &mut fast);
                split_from(job, 0, &src, &mut slow);
                assert_eq!(
                    fast[..job.whole()],
                    slow[..job.whole()],
                    "split {width} {len}"
                );
            }
        }
    }

    /// Planes anywhere in memory, among them runs, are joined as if they stood side by side.
    #[test]
    fn planes_are_joined_where_they_lie() {
        for width in 2..=MAX_PLANES {
            for elems in [0, 1, 15, 16, 31, 32, 33, 64, 100, 257, 2048] {
                for runs in [0, 1, 2, 0b1010, usize::MAX] {
                    let apart: Vec<_> = (0..width).map(|byte| noise(elems + byte + 40)).collect();
                    let planes: Vec<_> = (0..width)
                        .map(|byte| match runs >> byte & 1 {
                            1 => Plane::Run(apart[byte][3]),
                            _ => Plane::Bytes(&apart[byte][byte..][..elems]),
                        })
                        .collect();
                    let side_by_side: Vec<u8> = planes
                        .iter()
                        .flat_map(|plane| match plane {
                            Plane::Bytes(bytes) => bytes.to_vec(),
                            Plane::Run(value) => vec![*value; elems],
                        })
                        .collect();
                    let (mut out, mut expected) = (vec![1; width * elems], vec![2; width * elems]);
                    join(&planes, &mut out);
                    unshuffle(width, &side_by_side, &mut expected);
                    assert_eq!(out, expected, "{width} {elems} {runs:b}");
                }
            }
        }
    }
}
