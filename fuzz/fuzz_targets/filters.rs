//! Every pipeline of filters does what their definitions, followed element by element, say, and
//! undoing it gives back what was there.

#![no_main]

mod definitions;

use arbitrary::{Arbitrary, Result, Unstructured};
use fuseblock::Shape;
use fuseblock::codec::filter::{Pipeline, Position, SLOTS, Setting};

/// The filters that there are, the empty slot too.
const IDS: [u8; 10] = [0, 1, 2, 3, 4, 32, 33, 34, 35, 36];

/// Those that lose bits.
const LOSSY: [u8; 2] = [4, 36];

#[derive(Debug)]
struct Input {
    ids: [u8; SLOTS],
    metas: [u8; SLOTS],
    setting: Setting,
    first: Option<Vec<u8>>,
    block: Vec<u8>,
}

libfuzzer_sys::fuzz_target!(|input: Input| {
    let Ok(pipeline) = Pipeline::new(input.ids, input.metas, input.setting.clone()) else {
        return;
    };
    let at = match &input.first {
        Some(first) => Position::After(first),
        None => Position::First,
    };
    let first = input.first.as_deref();
    let (mut spare, mut out) = (Vec::new(), vec![0xA5; input.block.len()]);
    let writer = Pipeline::to_apply(input.ids, input.metas, input.setting.clone());
    if let Ok(writer) = writer {
        writer.apply(at, &mut input.block.clone(), &mut spare, &mut out);
        let defined = apply(&input, |_| true, first, input.block.clone());
        assert_eq!(out, defined, "applied");
    }
    // What loses bits is nothing to be undone.
    let kept = |id| !LOSSY.contains(&id);
    pipeline.apply(at, &mut input.block.clone(), &mut spare, &mut out);
    let defined = apply(&input, kept, first, input.block.clone());
    assert_eq!(out, defined, "applied but for what loses bits");
    pipeline.undo(at, &mut defined.clone(), &mut spare, &mut out);
    assert_eq!(out, input.block, "applied and undone");
    // The block as stored bytes, which need not come from anywhere.
    pipeline.undo(at, &mut input.block.clone(), &mut spare, &mut out);
    assert_eq!(apply(&input, kept, first, out), input.block, "undone");
});

fn apply(
    input: &Input,
    wanted: impl Fn(u8) -> bool,
    first: Option<&[u8]>,
    mut block: Vec<u8>,
) -> Vec<u8> {
    for (id, meta) in input.ids.into_iter().zip(input.metas) {
        if wanted(id) {
            block = definitions::apply(id, meta, &input.setting, first, &block);
        }
    }
    block
}

impl<'a> Arbitrary<'a> for Input {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut ids = [0; SLOTS];
        let mut metas = [0; SLOTS];
        for (id, meta) in ids.iter_mut().zip(&mut metas) {
            if u.ratio(1, 3)? {
                *id = *u.choose(&IDS)?;
                *meta = if u.arbitrary()? {
                    u.int_in_range(0..=9)?
                } else {
                    u.arbitrary()?
                };
            }
        }
        let typesize: u8 = u.arbitrary()?;
        let typesize = usize::from(typesize).max(1);
        let axes = u.int_in_range(0..=3)?;
        let shape: Vec<usize> = (0..axes)
            .map(|_| u.int_in_range(1..=6))
            .collect::<Result<_>>()?;
        let itemsize = if u.ratio(7, 8)? {
            typesize
        } else {
            u.int_in_range(1..=600)?
        };
        let block_shape = u.arbitrary::<bool>()?.then(|| Shape::new(&shape));
        let len = match &block_shape {
            Some(shape) if u.ratio(7, 8)? => shape.elems() * itemsize,
            _ => usize::from(u.arbitrary::<u16>()? >> u.int_in_range(3..=12)?),
        };
        let setting = Setting {
            typesize,
            itemsize,
            blosc1: u.ratio(1, 4)?,
            block_shape,
        };
        let first = match u.arbitrary()? {
            true => Some(bytes(u, len)?),
            false => None,
        };
        let block = bytes(u, len)?;
        Ok(Self {
            ids,
            metas,
            setting,
            first,
            block,
        })
    }
}

/// `len` bytes: those that are left, and noise behind them.
fn bytes(u: &mut Unstructured<'_>, len: usize) -> Result<Vec<u8>> {
    let given = u.len().min(len) / 2;
    let mut bytes = u.bytes(given)?.to_vec();
    let mut state = 1u32;
    bytes.resize_with(len, || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    Ok(bytes)
}
