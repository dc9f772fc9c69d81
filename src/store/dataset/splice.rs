//! In: two lists of slabs. Out: what of the one has to be replaced to get the other, and which rows that are.
//! Never: more than the difference.

use std::ops::Range;

use super::manifest::bad;
use super::slab::{Content, Slab};
use crate::error::Result;

/// Neighbouring slabs of a list that others take the place of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Splice {
    /// The first of them, in the list as it was.
    pub(super) first: usize,
    /// How many.
    pub(super) removed: usize,
    /// What comes in their place.
    pub(super) added: Vec<Slab>,
}

/// The list with these changes, which are in order.
///
/// # Errors
/// When they reach behind its end.
pub(super) fn apply(slabs: &[Slab], splices: Vec<Splice>) -> Result<Vec<Slab>> {
    let mut out = Vec::with_capacity(slabs.len());
    let mut at = 0;
    for splice in splices {
        let (first, end) = (splice.first, splice.first.saturating_add(splice.removed));
        let (Some(kept), Some(_)) = (slabs.get(at..first), slabs.get(first..end)) else {
            return Err(bad(format!(
                "the manifest replaces slabs {first} to {end} of {}",
                slabs.len()
            )));
        };
        out.extend_from_slice(kept);
        out.extend(splice.added);
        at = end;
    }
    out.extend_from_slice(&slabs[at..]);
    Ok(out)
}

/// What makes `new` of `old`: where slabs begin at the same row and are the same, they stay.
pub(super) fn between(old: &[Slab], new: &[Slab]) -> Vec<Splice> {
    let mut splices: Vec<Splice> = Vec::new();
    let (mut left, mut right) = (Side::new(old), Side::new(new));
    while left.slab().is_some() || right.slab().is_some() {
        if left.row == right.row && left.slab() == right.slab() {
            left.step();
            right.step();
            continue;
        }
        let (first, from) = (left.at, right.at);
        loop {
            // The one that is behind goes on; where both are at the same row, both do.
            let (behind, ahead) = (left.row <= right.row, right.row <= left.row);
            if right.slab().is_none() || behind && left.slab().is_some() {
                left.step();
            }
            if left.slab().is_none() || ahead && right.slab().is_some() {
                right.step();
            }
            let ended = left.slab().is_none() && right.slab().is_none();
            if ended || left.row == right.row && left.slab() == right.slab() {
                break;
            }
        }
        splices.push(Splice {
            first,
            removed: left.at - first,
            added: new[from..right.at].to_vec(),
        });
    }
    splices
}

/// A position in a list.
struct Side<'s> {
    slabs: &'s [Slab],
    at: usize,
    row: usize,
}

impl<'s> Side<'s> {
    fn new(slabs: &'s [Slab]) -> Self {
        let (at, row) = (0, 0);
        Self { slabs, at, row }
    }

    fn slab(&self) -> Option<&'s Slab> {
        self.slabs.get(self.at)
    }

    fn step(&mut self) {
        if let Some(slab) = self.slab() {
            self.row += slab.rows;
            self.at += 1;
        }
    }
}

/// The first rows of `rows` that are not the same in both lists: in the same file at the same place, or the same value.
pub(super) fn changed(old: &[Slab], new: &[Slab], rows: &Range<usize>) -> Option<Range<usize>> {
    let (mut left, mut right) = (Side::new(old), Side::new(new));
    while let (Some(before), Some(after)) = (left.slab(), right.slab()) {
        let (one, other) = (left.row + before.rows, right.row + after.rows);
        let start = left.row.max(right.row).max(rows.start);
        let end = one.min(other).min(rows.end);
        let same = match (&before.content, &after.content) {
            (Content::File(_), Content::File(_)) => before == after && left.row == right.row,
            (Content::Constant(before), Content::Constant(after)) => before == after,
            (Content::File(_), Content::Constant(_)) | (Content::Constant(_), Content::File(_)) => {
                false
            }
        };
        if start < end && !same {
            return Some(start..end);
        }
        if one <= other {
            left.step();
        }
        if other <= one {
            right.step();
        }
    }
    // What only one of them has.
    let common = left.row.min(right.row);
    let start = common.max(rows.start);
    (start < rows.end).then_some(start..rows.end)
}

#[cfg(test)]
mod tests {
    use super::super::slab::{FileId, SlabFile};
    use super::*;

    fn file(id: u8, rows: usize) -> Slab {
        let content = Content::File(SlabFile {
            id: FileId([id; 16]),
            len: 9,
            digest: [id; 16],
            root: [0; 16],
        });
        Slab { rows, content }
    }

    #[test]
    fn lists_become_each_other() {
        let mut state = 1u64;
        let mut below = |end: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(99);
            u8::try_from((state >> 33) % end).unwrap()
        };
        let list = |below: &mut dyn FnMut(u64) -> u8| -> Vec<Slab> {
            let each = 0..below(12);
            each.map(|_| match below(3) {
                0 => Slab::constant(1 + usize::from(below(4)), below(2).into()),
                _ => file(below(4), 1 + usize::from(below(3))),
            })
            .collect()
        };
        for _ in 0..2_000 {
            let (old, new) = (list(&mut below), list(&mut below));
            let splices = between(&old, &new);
            assert_eq!(apply(&old, splices.clone()).unwrap(), new, "{old:?}");
            if old == new {
                assert!(splices.is_empty());
            }
        }
    }

    #[test]
    fn little_is_replaced() {
        let old: Vec<Slab> = (0..100).map(|id| file(id, 10)).collect();
        let mut new = old.clone();
        new.push(file(200, 3));
        new.splice(20..22, [file(201, 5), file(202, 15)]);
        let splices = between(&old, &new);
        let sizes: Vec<_> = splices
            .iter()
            .map(|splice| (splice.first, splice.removed, splice.added.len()))
            .collect();
        assert_eq!(sizes, [(20, 2, 2), (100, 0, 1)]);
        assert!(apply(&old[..10], splices).is_err());
    }

    #[test]
    fn changed_rows_are_found_and_splitting_a_value_is_no_change() {
        let old = [file(1, 10), Slab::constant(100, 7), file(2, 10)];
        let split = [
            file(1, 10),
            Slab::constant(40, 7),
            file(3, 20),
            Slab::constant(40, 7),
            file(2, 10),
            file(4, 5),
        ];
        assert_eq!(changed(&old, &split, &(0..50)), None);
        assert_eq!(changed(&old, &split, &(45..60)), Some(50..60));
        assert_eq!(changed(&old, &split, &(60..200)), Some(60..70));
        assert_eq!(changed(&old, &split, &(70..120)), None);
        assert_eq!(changed(&old, &split, &(110..125)), Some(120..125));
        assert_eq!(changed(&old, &old[..1], &(5..12)), Some(10..12));
    }
}
