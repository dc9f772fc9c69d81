//! In: the six filter slots of a chunk. Out: a checked pipeline that undoes (or applies) them on
//! one block. Adding a filter is a file beside this and a row in [`TABLE`].
//! Never: codecs, chunks; a filter never changes a block's length.

mod bitshuffle;
mod bytedelta;
mod cells;
#[cfg(test)]
pub(super) mod conformance;
mod delta;
pub mod shuffle;
mod truncate;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::fmt;

use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::types::Shape;
use bytedelta::ByteDelta;

/// Filter slots of a chunk.
pub const SLOTS: usize = 6;

/// What the filters of a chunk may know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The element size that the chunk's header gives, 1..=255.
    pub typesize: usize,
    /// The real item size, which may exceed 255.
    pub itemsize: usize,
    /// Whether Blosc1 wrote the chunk (format version 2 or older), whose bitshuffle left blocks
    /// alone that are no whole number of groups of 8 elements.
    pub blosc1: bool,
    /// The block shape of the n-d array around the chunk, where there is one.
    pub block_shape: Option<Shape>,
}

/// Where a block stands in its chunk, for filters that look at another block.
#[derive(Clone, Copy, Debug)]
pub enum Position<'r> {
    /// It is the chunk's first block, or none is related to another.
    First,
    /// Behind the chunk's first block, whose decoded bytes these are; it is at least as long.
    After(&'r [u8]),
}

/// A length-preserving change of one block.
pub trait Filter: Sync + fmt::Debug {
    /// Whether undoing it changes nothing with these parameters.
    fn is_identity(&self, meta: u8, setting: &Setting) -> bool;

    /// Whether applying it changes nothing with these parameters. What loses bits changes them,
    /// and nothing undoes that.
    fn keeps(&self, meta: u8, setting: &Setting) -> bool {
        self.is_identity(meta, setting)
    }

    /// Whether it can be undone with these parameters.
    ///
    /// # Errors
    /// The reason why not, lower case.
    fn check(&self, _meta: u8, _setting: &Setting) -> Result<(), String> {
        Ok(())
    }

    /// Whether it can be applied with these parameters, given that it can be undone.
    ///
    /// # Errors
    /// The reason why not, lower case.
    fn check_apply(&self, _meta: u8, _setting: &Setting) -> Result<(), String> {
        Ok(())
    }

    /// Whether it needs the decoded first block of the chunk for the others.
    fn needs_first(&self) -> bool {
        false
    }

    /// How many planes it makes of a block, where undoing it is [`shuffle::join`] and a block that
    /// is kept in that many pieces has a plane in each.
    fn planes(&self, _meta: u8, _setting: &Setting) -> Option<usize> {
        None
    }

    /// Undoes the filter: `src` is filtered, `dst` gets the original; both are one block.
    fn undo(&self, meta: u8, setting: &Setting, at: Position<'_>, src: &[u8], dst: &mut [u8]);

    /// Applies the filter: `src` is the original, `dst` gets it filtered; both are one block.
    fn apply(&self, meta: u8, setting: &Setting, at: Position<'_>, src: &[u8], dst: &mut [u8]);
}

/// A filter's identity in the formats.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The id in filter slots.
    pub id: u8,
    /// The name users see.
    pub name: &'static str,
    /// The filter, where this version has it.
    pub filter: Option<&'static dyn Filter>,
}

/// The id of an empty slot.
pub const NONE: u8 = 0;

/// The id of the byte shuffle.
pub const SHUFFLE: u8 = 1;

/// The id of the delta filter.
pub const DELTA: u8 = 3;

/// Every filter that has an id, the empty slot aside.
pub static TABLE: &[Row] = &[
    row(SHUFFLE, "shuffle", Some(&shuffle::Shuffle)),
    row(2, "bitshuffle", Some(&bitshuffle::Bitshuffle)),
    row(DELTA, "delta", Some(&delta::Delta)),
    row(4, "trunc_prec", Some(&truncate::Truncate::Floats)),
    row(32, "ndcell", Some(&cells::Cells)),
    row(33, "ndmean", Some(&cells::Cells)),
    row(34, "bytedelta_buggy", Some(&BYTEDELTA_FIRST)),
    row(35, "bytedelta", Some(&BYTEDELTA)),
    row(36, "int_trunc", Some(&truncate::Truncate::Integers)),
];

static BYTEDELTA: ByteDelta = ByteDelta { starts_over: false };

/// What the first version of the filter wrote.
static BYTEDELTA_FIRST: ByteDelta = ByteDelta { starts_over: true };

const fn row(id: u8, name: &'static str, filter: Option<&'static dyn Filter>) -> Row {
    Row { id, name, filter }
}

/// The name of a filter id: `shuffle`, or `filter 77` where nobody gave it one.
pub fn name(id: u8) -> String {
    TABLE
        .iter()
        .find(|row| row.id == id)
        .map_or_else(|| format!("filter {id}"), |row| row.name.to_string())
}

#[derive(Clone, Copy, Debug)]
struct Step {
    filter: &'static dyn Filter,
    meta: u8,
}

/// The filters of a chunk that do something, in the order the encoder applied them.
#[derive(Clone, Debug)]
pub struct Pipeline {
    steps: [Option<Step>; SLOTS],
    setting: Setting,
}

impl Pipeline {
    /// The pipeline of these slots, to be undone.
    ///
    /// # Errors
    /// When a slot names a filter that this version does not have, or one that cannot work with
    /// its parameters.
    pub fn new(ids: [u8; SLOTS], metas: [u8; SLOTS], setting: Setting) -> Result<Self> {
        Self::of(ids, metas, setting, |id, meta, setting| {
            let filter = known(id)?;
            filter.check(meta, setting).map_err(|why| {
                let message = format!("filter {id} ({}): {why}", name(id));
                Error::new(ErrorKind::Corrupt, Code::BadChunk, message)
            })?;
            let step = Step { filter, meta };
            Ok((!filter.is_identity(meta, setting)).then_some(step))
        })
    }

    /// The pipeline of these slots, to be applied: with the steps that lose bits.
    ///
    /// # Errors
    /// When a slot names a filter that this version does not have, or one that cannot be applied
    /// with its parameters.
    pub fn to_apply(ids: [u8; SLOTS], metas: [u8; SLOTS], setting: Setting) -> Result<Self> {
        let refused = |id, why: String| {
            let message = format!("filter {id} ({}) cannot be applied: {why}", name(id));
            Error::new(ErrorKind::Argument, Code::WriteFailed, message)
        };
        Self::of(ids, metas, setting, |id, meta, setting| {
            let filter = known(id).map_err(|_| refused(id, "this version lacks it".to_string()))?;
            let checked = filter.check(meta, setting);
            checked
                .and_then(|()| filter.check_apply(meta, setting))
                .map_err(|why| refused(id, why))?;
            let step = Step { filter, meta };
            Ok((!filter.keeps(meta, setting)).then_some(step))
        })
    }

    fn of(
        ids: [u8; SLOTS],
        metas: [u8; SLOTS],
        setting: Setting,
        step_of: impl Fn(u8, u8, &Setting) -> Result<Option<Step>>,
    ) -> Result<Self> {
        let mut steps = [None; SLOTS];
        for (step, (id, meta)) in steps.iter_mut().zip(ids.into_iter().zip(metas)) {
            if id != NONE {
                *step = step_of(id, meta, &setting)?;
            }
        }
        Ok(Self { steps, setting })
    }

    /// Whether it changes nothing: streams can be decoded straight into their destination.
    pub fn is_empty(&self) -> bool {
        self.steps.iter().all(Option::is_none)
    }

    /// [`Filter::planes`] of its only step.
    pub fn planes(&self) -> Option<usize> {
        let mut steps = self.steps.iter().flatten();
        let only = steps.next().filter(|_| steps.next().is_none())?;
        only.filter.planes(only.meta, &self.setting)
    }

    /// Whether undoing it on a block needs the decoded first block of the chunk.
    pub fn needs_first(&self) -> bool {
        let mut steps = self.steps.iter().flatten();
        steps.any(|step| step.filter.needs_first())
    }

    /// Whether undoing what it applied need not give back what was there. The first block of a
    /// chunk, as others need it, is then the one that undoing gives.
    pub fn is_lossy(&self) -> bool {
        let mut steps = self.steps.iter().flatten();
        // Only applying changes something in such a step.
        steps.any(|step| step.filter.is_identity(step.meta, &self.setting))
    }

    /// Undoes every step on `block`, the last first, and leaves the result in `dst`; `spare` is
    /// working memory. `block` and `dst` have the same length; `block` is overwritten.
    pub fn undo(&self, at: Position<'_>, block: &mut [u8], spare: &mut Vec<u8>, dst: &mut [u8]) {
        let steps = self.steps.iter().rev().flatten();
        run(steps, block, spare, dst, |step, src, dst| {
            step.filter.undo(step.meta, &self.setting, at, src, dst);
        });
    }

    /// Applies its only step to `block`, which stays as it is; `false` where there are none or several.
    pub fn apply_only(&self, at: Position<'_>, block: &[u8], dst: &mut [u8]) -> bool {
        let mut steps = self.steps.iter().flatten();
        let Some(only) = steps.next().filter(|_| steps.next().is_none()) else {
            return false;
        };
        only.filter.apply(only.meta, &self.setting, at, block, dst);
        true
    }

    /// Applies every step to `block`, the first first, and leaves the result in `dst`.
    pub fn apply(&self, at: Position<'_>, block: &mut [u8], spare: &mut Vec<u8>, dst: &mut [u8]) {
        let steps = self.steps.iter().flatten();
        run(steps, block, spare, dst, |step, src, dst| {
            step.filter.apply(step.meta, &self.setting, at, src, dst);
        });
    }
}

/// Runs `steps` from `block` to `dst`, to and fro between `block` and `spare` in between.
fn run<'s>(
    steps: impl Iterator<Item = &'s Step>,
    block: &mut [u8],
    spare: &mut Vec<u8>,
    dst: &mut [u8],
    go: impl Fn(&Step, &[u8], &mut [u8]),
) {
    let mut steps = steps.peekable();
    if steps.peek().is_none() {
        dst.copy_from_slice(block);
        return;
    }
    let mut from_block = true;
    while let Some(step) = steps.next() {
        let last = steps.peek().is_none();
        if !last && spare.len() < block.len() {
            spare.resize(block.len(), 0);
        }
        let len = block.len();
        match (from_block, last) {
            (true, true) => go(step, block, dst),
            (true, false) => go(step, block, &mut spare[..len]),
            (false, true) => go(step, &spare[..len], dst),
            (false, false) => go(step, &spare[..len], block),
        }
        from_block = !from_block;
    }
}

/// The error about the first of these filters that this version does not have.
pub fn missing(ids: [u8; SLOTS]) -> Option<Error> {
    let mut used = ids.into_iter().filter(|&id| id != NONE);
    used.find_map(|id| known(id).err())
}

fn known(id: u8) -> Result<&'static dyn Filter> {
    TABLE
        .iter()
        .find(|row| row.id == id)
        .and_then(|row| row.filter)
        .ok_or_else(|| {
            Error::new(
                ErrorKind::Unsupported,
                Code::UnknownCodec,
                format!(
                    "the data went through filter {id} ({}), which this version lacks",
                    name(id)
                ),
            )
            .with_help("re-encode it with shuffle or without filters")
        })
}

#[cfg(test)]
mod tests {
    use super::conformance::{noise, setting};
    use super::*;

    #[test]
    fn steps_are_undone_in_reverse() {
        // Shuffles of different widths do not commute.
        let ids = [1, 0, 1, 1, 0, 0];
        let metas = [4, 0, 3, 2, 0, 0];
        let pipeline = Pipeline::new(ids, metas, setting(8)).unwrap();
        let original: Vec<u8> = (0..77).collect();
        let mut spare = Vec::new();
        let mut packed = vec![0; 77];
        pipeline.apply(
            Position::First,
            &mut original.clone(),
            &mut spare,
            &mut packed,
        );
        let mut back = vec![0; 77];
        pipeline.undo(Position::First, &mut packed.clone(), &mut spare, &mut back);
        assert_eq!(back, original);
        let single = Pipeline::new([1, 0, 0, 0, 0, 0], [4, 0, 0, 0, 0, 0], setting(8)).unwrap();
        let mut once = vec![0; 77];
        single.apply(
            Position::First,
            &mut original.clone(),
            &mut spare,
            &mut once,
        );
        assert_ne!(once, packed);
    }

    #[test]
    fn a_shuffle_of_bytes_is_no_step_and_unknown_filters_are_named() {
        let bytes = Pipeline::new([0, 0, 0, 0, 0, 1], [0; 6], setting(1)).unwrap();
        assert!(bytes.is_empty());
        let error = Pipeline::new([0, 0, 0, 0, 0, 99], [0; 6], setting(1)).unwrap_err();
        assert_eq!(error.code(), Code::UnknownCodec);
        assert!(error.message().contains("filter 99"), "{error}");
    }
    #[test]
    fn every_filter_undoes_what_it_applied_in_one_pipeline() {
        let ids = [32, 3, 2, 1, 35, 36];
        let metas = [3, 0, 0, 3, 0, 250];
        let setting = Setting {
            block_shape: Some(Shape::new(&[5, 7])),
            ..setting(8)
        };
        let pipeline = Pipeline::new(ids, metas, setting).unwrap();
        assert!(pipeline.needs_first());
        let (first, original) = (noise(300), noise(280));
        for at in [Position::First, Position::After(&first)] {
            let (mut packed, mut back) = (vec![0; 280], vec![0; 280]);
            let mut spare = Vec::new();
            pipeline.apply(at, &mut original.clone(), &mut spare, &mut packed);
            assert_ne!(packed, original);
            pipeline.undo(at, &mut packed, &mut spare, &mut back);
            assert_eq!(back, original);
        }
    }

    #[test]
    fn what_loses_bits_is_a_step_of_applying_only() {
        let (ids, metas) = ([4, 0, 3, 0, 0, 1], [12, 0, 0, 0, 0, 0]);
        let pipeline = Pipeline::to_apply(ids, metas, setting(4)).unwrap();
        assert!(pipeline.is_lossy() && pipeline.needs_first());
        let undone = Pipeline::new(ids, metas, setting(4)).unwrap();
        assert!(!undone.is_lossy());
        let original = noise(4000);
        let (mut spare, mut packed, mut back) = (Vec::new(), vec![0; 4000], vec![0; 4000]);
        let at = Position::First;
        pipeline.apply(at, &mut original.clone(), &mut spare, &mut packed);
        for pipeline in [pipeline, undone] {
            pipeline.undo(at, &mut packed.clone(), &mut spare, &mut back);
            let pairs = original.as_chunks().0.iter().zip(back.as_chunks().0);
            for (&before, &after) in pairs {
                let kept = u32::from_le_bytes(before) >> 11 << 11;
                assert_eq!(u32::from_le_bytes(after), kept);
            }
        }
        let all = Pipeline::to_apply([4, 0, 0, 0, 0, 1], [23; 6], setting(4)).unwrap();
        assert!(!all.is_lossy());
        assert!(!all.is_empty());
    }

    #[test]
    fn a_filter_that_cannot_be_applied_says_why() {
        let error = |id, meta, width| {
            let slots = [0, 0, 0, 0, 0, id];
            let pipeline = Pipeline::to_apply(slots, [meta; 6], setting(width));
            let error = pipeline.unwrap_err();
            assert_eq!(error.code(), Code::WriteFailed);
            error.message().to_string()
        };
        assert!(error(4, 10, 2).contains("filter 4 (trunc_prec) cannot be applied: elements"));
        assert!(error(36, 70, 8).contains("its parameter is 70"));
        assert!(error(34, 0, 8).contains("bytedelta (35)"));
        assert!(error(99, 0, 8).contains("lacks it"));
        assert!(error(32, 4, 8).contains("it needs"));
    }

    #[test]
    fn a_filter_that_cannot_work_says_why() {
        let error = Pipeline::new([32, 0, 0, 0, 0, 0], [4; 6], setting(8)).unwrap_err();
        assert_eq!(error.code(), Code::BadChunk);
        assert!(
            error.message().contains("filter 32 (ndcell): it needs"),
            "{error}"
        );
    }

    #[test]
    fn no_filter_minds_a_block_of_any_length_and_any_parameter() {
        let shape = Some(Shape::new(&[3, 5]));
        for row in TABLE {
            let filter = row.filter.unwrap();
            for (typesize, itemsize) in [(1, 1), (3, 3), (8, 8), (255, 255), (1, 300), (8, 0)] {
                for (meta, blosc1) in [(0, true), (1, false), (5, true), (16, false), (255, true)] {
                    let setting = Setting {
                        typesize,
                        itemsize,
                        blosc1,
                        block_shape: shape.clone(),
                    };
                    if filter.check(meta, &setting).is_err() {
                        continue;
                    }
                    for len in (0..70).chain([120, 255, 256, 777]) {
                        let (src, first) = (noise(len), noise(len + 3));
                        for at in [Position::First, Position::After(&first)] {
                            let (mut packed, mut back) = (vec![0; len], vec![0; len]);
                            filter.apply(meta, &setting, at, &src, &mut packed);
                            filter.undo(meta, &setting, at, &packed, &mut back);
                            let lossy = filter.is_identity(meta, &setting);
                            let expected = if lossy { &packed } else { &src };
                            let case = format!("{} {meta} {setting:?} {len}", row.name);
                            assert_eq!(&back, expected, "{case}");
                        }
                    }
                }
            }
        }
    }
}
