//! In: the elements of tiles, and the masks beside them. Out: the elements where the mask holds,
//! one after the other in C order; and the weaving of tiles that other ordered sinks share.
//! Never: an element before one that precedes it.
//!
//! A tile is filtered where it was computed. What is left of it then waits for the tiles it is
//! woven together with: a *slab*, the fewest neighbours in the order of tiles whose elements are
//! neighbours in C order.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::array::OutputFile;
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::exec::buffer::Buffer;
use crate::exec::pass::{PassRun, SinkRun};
use crate::exec::show::bytes_text;
use crate::exec::sink::{Piece, Receiver};
use crate::exec::tiling::Tile;
use crate::ir::{Filter, Output};
use crate::types::{DType, Shape};

/// Where filtered elements go.
pub(crate) enum FilterTarget<'t> {
    /// Memory of our own.
    Memory,
    /// A file whose first extent is not known yet.
    File(&'t OutputFile),
    /// The caller, some rows at a time.
    Receiver(&'t Receiver<'t>),
}

/// A filtered output, and where it goes.
pub(crate) struct FilterRun<'a> {
    /// Which output of the function.
    pub(crate) output: usize,
    name: String,
    filter: Filter,
    pub(crate) dtype: DType,
    whole: Shape,
    target: FilterTarget<'a>,
    /// The sink of the pass that has the mask.
    mask: usize,
    budget: Arc<Budget>,
    delivered: Mutex<Delivered>,
}

/// What has been delivered so far.
#[derive(Debug, Default)]
struct Delivered {
    /// How many elements have left for a file or the caller.
    count: usize,
    /// The elements that have not: all of them for memory, else those of a row that is not complete.
    bytes: Vec<u8>,
}

/// What is left of a tile.
#[derive(Debug)]
pub(crate) struct Part {
    tile: Tile,
    /// For each ordered sink of the pass, in the order of its sinks.
    kept: Vec<Kept>,
}

/// What an ordered sink takes of a tile.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(crate) bytes: Vec<u8>,
    /// The runs of neighbours along the last axis of which something is left: which it is, and how
    /// many elements are.
    pub(crate) runs: Vec<(u32, u32)>,
}

impl Kept {
    /// Bytes that the runs take.
    pub(crate) fn bookkeeping(&self) -> usize {
        self.runs.len() * size_of::<(u32, u32)>()
    }
}

/// What results may take in memory, and what they and the elements that wait do take, in bytes.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: usize,
    held: AtomicUsize,
}

impl Budget {
    /// Of `limit` bytes, of which `held` are spoken for.
    pub(crate) fn new(limit: usize, held: usize) -> Self {
        Self {
            limit,
            held: AtomicUsize::new(held),
        }
    }

    /// Takes some bytes; whether they are within the limit.
    pub(crate) fn take(&self, bytes: usize) -> bool {
        self.held
            .fetch_add(bytes, Ordering::Relaxed)
            .saturating_add(bytes)
            <= self.limit
    }

    pub(crate) fn give_back(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// The error for what took more than is left.
    pub(crate) fn exceeded(&self, what: &str, help: &str) -> Error {
        let have = bytes_text(self.limit);
        let message = format!("{what} needs more than the {have} of memory allowed");
        Error::new(ErrorKind::Limit, Code::TooLarge, message).with_help(help)
    }
}

impl Default for Budget {
    /// Without a limit.
    fn default() -> Self {
        Self::new(usize::MAX, 0)
    }
}

impl<'a> FilterRun<'a> {
    /// A filter of an output of dtype `dtype` and shape `whole`, by the mask that sink `mask` has.
    pub(crate) fn new(
        (index, output): (usize, &Output),
        filter: Filter,
        (dtype, whole): (DType, &Shape),
        (target, budget): (FilterTarget<'a>, Arc<Budget>),
        mask: usize,
    ) -> Self {
        Self {
            output: index,
            name: output.name.clone(),
            filter,
            dtype,
            whole: whole.clone(),
            target,
            mask,
            budget,
            delivered: Mutex::default(),
        }
    }

    /// Where the elements go, and what they may take in memory.
    pub(crate) fn into_target(self) -> (FilterTarget<'a>, Arc<Budget>) {
        (self.target, self.budget)
    }

    /// The sink of the pass that has the mask.
    pub(crate) fn mask(&self) -> usize {
        self.mask
    }

    /// What passes of a tile's elements, which `mask` has as many bytes for.
    fn keep(&self, tile: &Tile, elems: &mut [u8], mask: &[u8]) -> Result<Kept> {
        // OK because filtered values have an axis.
        let run = tile.extent[tile.extent.len() - 1];
        let size = self.dtype.size();
        let mut runs = Vec::new();
        let kept = match size {
            1 => compact::<1>(elems, mask, run, &mut runs),
            2 => compact::<2>(elems, mask, run, &mut runs),
            4 => compact::<4>(elems, mask, run, &mut runs),
            _ => compact::<8>(elems, mask, run, &mut runs),
        };
        let bytes = elems[..kept * size].to_vec();
        let kept = Kept { bytes, runs };
        if !self.budget.take(kept.bytes.len() + kept.bookkeeping()) {
            let what = format!("what passes the filter of `{}`", self.name);
            let help = match self.target {
                FilterTarget::Memory => {
                    "write it to a file with `-o OUT.b2nd`, or raise `--max-memory`"
                }
                FilterTarget::File(_) | FilterTarget::Receiver(_) => "raise `--max-memory`",
            };
            return Err(self.budget.exceeded(&what, help));
        }
        Ok(kept)
    }

    /// Delivers what is left of the tiles of a slab; `which` of the filters of the pass this is.
    fn deliver(&self, slab: &[Part], which: usize) -> Result<()> {
        let mut delivered = self.delivered();
        let size = self.dtype.size();
        weave(slab, which, &self.whole, size, |bytes| {
            delivered.bytes.extend_from_slice(bytes);
        });
        let kept = slab.iter().map(|part| part.kept[which].bookkeeping());
        self.budget.give_back(kept.sum());
        self.flush(&mut delivered)
    }

    /// Hands on what can be.
    fn flush(&self, delivered: &mut Delivered) -> Result<()> {
        let size = self.dtype.size();
        let gone = match &self.target {
            FilterTarget::Memory => return Ok(()),
            FilterTarget::File(_) | FilterTarget::Receiver(_) => {
                let extent = self.filter.shape(&self.whole, delivered.bytes.len() / size);
                let rows = extent.elems() * size;
                if rows > 0 {
                    let mut start = vec![0; extent.ndim()];
                    start[0] = self.filter.shape(&self.whole, delivered.count)[0];
                    self.hand_on(&start, &extent, &delivered.bytes[..rows])?;
                }
                rows
            }
        };
        delivered.count += gone / size;
        delivered.bytes.drain(..gone);
        self.budget.give_back(gone);
        Ok(())
    }

    /// Hands a box on.
    fn hand_on(&self, start: &[usize], extent: &[usize], bytes: &[u8]) -> Result<()> {
        match &self.target {
            FilterTarget::Memory => Ok(()),
            FilterTarget::File(file) => file.write(start, extent, bytes),
            FilterTarget::Receiver(receiver) => receiver(&Piece {
                output: self.output,
                dtype: self.dtype,
                start,
                extent,
                bytes,
            }),
        }
    }

    /// Ends the output: the array for memory, the shape for a file.
    pub(crate) fn finish(self) -> Result<Option<(DType, Shape, Vec<u8>)>> {
        let Delivered { count, mut bytes } = std::mem::take(&mut *self.delivered());
        let elems = count + bytes.len() / self.dtype.size();
        let shape = self.filter.shape(&self.whole, elems);
        match self.target {
            FilterTarget::Memory => {
                bytes.shrink_to_fit();
                Ok(Some((self.dtype, shape, bytes)))
            }
            FilterTarget::File(file) => file.shorten(shape[0]).map(|()| None),
            FilterTarget::Receiver(_) => Ok(None),
        }
    }

    fn delivered(&self) -> MutexGuard<'_, Delivered> {
        self.delivered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Part {
    /// Takes what the ordered sinks want of what the kernel has stored for a tile, a buffer a sink.
    pub(crate) fn new(run: &PassRun<'_>, tile: Tile, stored: &mut [Buffer]) -> Result<Part> {
        let n = tile.elems();
        let mut kept = Vec::new();
        for (index, sink) in run.sinks.iter().enumerate() {
            // OK because what is taken beside is behind the ordered sinks, and each has one.
            match sink {
                SinkRun::Filter(filter) => {
                    let (filters, masks) = stored.split_at_mut(filter.mask);
                    let elems = filters[index].bytes(n * filter.dtype.size());
                    kept.push(filter.keep(&tile, elems, masks[0].bytes(n))?);
                }
                SinkRun::Tally(tally) => {
                    let (numbers, weights) = stored.split_at_mut(tally.weight);
                    let (numbers, weights) = (numbers[index].bytes(n * 8), weights[0].bytes(n * 8));
                    kept.push(tally.keep(&tile, numbers, weights)?);
                }
                SinkRun::Store(_)
                | SinkRun::Fused(..)
                | SinkRun::Stream(_)
                | SinkRun::Scan(_)
                | SinkRun::Select(_)
                | SinkRun::Bins(_)
                | SinkRun::Mask
                | SinkRun::Weight(_)
                | SinkRun::Raise(_) => {}
            }
        }
        Ok(Part { tile, kept })
    }

    /// What an ordered sink has of the tile.
    pub(crate) fn kept(&self, which: usize) -> &Kept {
        &self.kept[which]
    }
}

/// Delivers what the ordered sinks of a pass have of a slab.
pub(crate) fn deliver_slab(run: &PassRun<'_>, slab: &[Part]) -> Result<()> {
    let mut which = 0;
    for sink in &run.sinks {
        match sink {
            SinkRun::Filter(filter) => filter.deliver(slab, which)?,
            SinkRun::Tally(tally) => tally.deliver(slab, which),
            SinkRun::Store(_)
            | SinkRun::Fused(..)
            | SinkRun::Stream(_)
            | SinkRun::Scan(_)
            | SinkRun::Select(_)
            | SinkRun::Bins(_)
            | SinkRun::Mask
            | SinkRun::Weight(_)
            | SinkRun::Raise(_) => continue,
        }
        which += 1;
    }
    Ok(())
}

/// Hands on the items, of `size` bytes each, that sink `which` has of the tiles of a slab, in C
/// order of the `whole`: of the runs that are next in each tile, always the first.
pub(crate) fn weave(
    slab: &[Part],
    which: usize,
    whole: &Shape,
    size: usize,
    mut hand_on: impl FnMut(&[u8]),
) {
    if let [only] = slab {
        return hand_on(&only.kept[which].bytes);
    }
    let strides = whole.strides();
    // Where a run of a part starts in the whole array.
    let place = |part: &Part, run: u32| {
        let mut rest = run as usize;
        let outer = strides.len() - 1;
        let mut at = part.tile.start[outer];
        for axis in (0..outer).rev() {
            let extent = part.tile.extent[axis];
            at += (part.tile.start[axis] + rest % extent) * strides[axis];
            rest /= extent;
        }
        at
    };
    let next = |index: usize, run: usize| {
        let &(at, _) = slab[index].kept[which].runs.get(run)?;
        Some(Reverse((place(&slab[index], at), index, run)))
    };
    let firsts = (0..slab.len()).filter_map(|index| next(index, 0));
    let mut waiting: BinaryHeap<_> = firsts.collect();
    let mut taken = vec![0; slab.len()];
    while let Some(Reverse((_, index, run))) = waiting.pop() {
        let Kept { bytes, runs } = &slab[index].kept[which];
        let end = taken[index] + runs[run].1 as usize * size;
        hand_on(&bytes[taken[index]..end]);
        taken[index] = end;
        waiting.extend(next(index, run + 1));
    }
}

/// Moves the elements of `N` bytes where the mask holds to the front, and says how many there are;
/// `runs` gets how many of each `run` of them.
fn compact<const N: usize>(
    elems: &mut [u8],
    mask: &[u8],
    run: usize,
    runs: &mut Vec<(u32, u32)>,
) -> usize {
    let (elems, _) = elems.as_chunks_mut::<N>();
    let mut kept = 0;
    for (at, mask) in mask.chunks(run).enumerate() {
        let before = kept;
        for (i, &holds) in mask.iter().enumerate() {
            // Without a branch: what does not pass is overwritten by what does.
            elems[kept] = elems[at * run + i];
            kept += usize::from(holds != 0);
        }
        if kept > before {
            // OK because a tile has far fewer elements.
            runs.push((at as u32, (kept - before) as u32));
        }
    }
    kept
}

impl std::fmt::Debug for FilterTarget<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            FilterTarget::Memory => "memory",
            FilterTarget::File(_) => "file",
            FilterTarget::Receiver(_) => "receiver",
        })
    }
}

impl std::fmt::Debug for FilterRun<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{} filtered", self.dtype, self.whole)
    }
}
