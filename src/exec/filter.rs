//! In: the elements of tiles, and the masks beside them. Out: the elements where the mask holds,
//! one after the other in C order. Never: an element before one that precedes it.
//!
//! A tile is filtered where it was computed. What is left of it then waits for the tiles it is
//! woven together with: a *slab*, the fewest neighbours in the order of tiles whose elements are
//! neighbours in C order.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::array::npy::NpyWriter;
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
    /// A `.npy` file whose first extent is not known yet.
    Npy(&'t NpyWriter),
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
    /// What elements that wait or stay in memory may take, and do take, in bytes.
    limit: usize,
    held: AtomicUsize,
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
    /// For each filter of the pass, in the order of its sinks.
    kept: Vec<Kept>,
}

/// What a filter left of a tile.
#[derive(Debug, Default)]
struct Kept {
    bytes: Vec<u8>,
    /// For each run of neighbours along the last axis, how many elements are left of it.
    runs: Vec<u32>,
}

impl<'a> FilterRun<'a> {
    /// A filter of an output of dtype `dtype` and shape `whole`, by the mask that sink `mask` has.
    pub(crate) fn new(
        (index, output): (usize, &Output),
        filter: Filter,
        (dtype, whole): (DType, &Shape),
        (target, limit): (FilterTarget<'a>, usize),
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
            limit,
            held: AtomicUsize::new(0),
            delivered: Mutex::default(),
        }
    }

    /// Where the elements go, and what they may take in memory.
    pub(crate) fn into_target(self) -> (FilterTarget<'a>, usize) {
        (self.target, self.limit)
    }

    /// What passes of a tile's elements, which `mask` has as many bytes for.
    fn keep(&self, tile: &Tile, elems: &mut [u8], mask: &[u8]) -> Result<Kept> {
        // OK because filtered values have an axis.
        let run = tile.extent[tile.extent.len() - 1];
        let size = self.dtype.size();
        let mut runs = Vec::with_capacity(mask.len() / run);
        let kept = match size {
            1 => compact::<1>(elems, mask, run, &mut runs),
            2 => compact::<2>(elems, mask, run, &mut runs),
            4 => compact::<4>(elems, mask, run, &mut runs),
            _ => compact::<8>(elems, mask, run, &mut runs),
        };
        let bytes = elems[..kept * size].to_vec();
        let held = self.held.fetch_add(bytes.len(), Ordering::Relaxed) + bytes.len();
        if held > self.limit {
            let (name, have) = (&self.name, bytes_text(self.limit));
            let message = format!(
                "what passes the filter of `{name}` needs more than the {have} of memory allowed"
            );
            let help = match self.target {
                FilterTarget::Memory => {
                    "write it to a file with `-o OUT.npy`, or raise `--max-memory`"
                }
                FilterTarget::Npy(_) | FilterTarget::Receiver(_) => "raise `--max-memory`",
            };
            return Err(Error::new(ErrorKind::Limit, Code::TooLarge, message).with_help(help));
        }
        Ok(Kept { bytes, runs })
    }

    /// Delivers what is left of the tiles of a slab; `which` of the filters of the pass this is.
    fn deliver(&self, slab: &[Part], which: usize) -> Result<()> {
        let mut delivered = self.delivered();
        match slab {
            [only] => delivered.bytes.extend_from_slice(&only.kept[which].bytes),
            _ => {
                for run in self.woven(slab, which) {
                    delivered.bytes.extend_from_slice(run);
                }
            }
        }
        self.flush(&mut delivered)
    }

    /// The runs of several tiles in C order.
    fn woven<'p>(&self, slab: &'p [Part], which: usize) -> impl Iterator<Item = &'p [u8]> {
        let strides = self.whole.strides();
        let mut runs = Vec::new();
        for Part { tile, kept } in slab {
            let Kept {
                bytes,
                runs: counts,
            } = &kept[which];
            let (mut index, mut first) = (tile.start.clone(), 0);
            for &count in counts {
                let end = first + count as usize * self.dtype.size();
                let at = index.iter().zip(&strides).map(|(i, stride)| i * stride);
                runs.push((at.sum::<usize>(), &bytes[first..end]));
                first = end;
                // The next run of the tile: its last axis is the run itself.
                let outer = index.len() - 1;
                for axis in (0..outer).rev() {
                    index[axis] += 1;
                    if index[axis] < tile.start[axis] + tile.extent[axis] {
                        break;
                    }
                    index[axis] = tile.start[axis];
                }
            }
        }
        runs.sort_unstable_by_key(|(at, _)| *at);
        runs.into_iter().map(|(_, bytes)| bytes)
    }

    /// Hands on what can be.
    fn flush(&self, delivered: &mut Delivered) -> Result<()> {
        let size = self.dtype.size();
        let gone = match &self.target {
            FilterTarget::Memory => return Ok(()),
            FilterTarget::Npy(writer) => {
                writer.write_at(delivered.count, &delivered.bytes)?;
                delivered.bytes.len()
            }
            FilterTarget::Receiver(receiver) => {
                let extent = self.filter.shape(&self.whole, delivered.bytes.len() / size);
                let rows = extent.elems() * size;
                if rows > 0 {
                    let mut start = vec![0; extent.ndim()];
                    start[0] = self.filter.shape(&self.whole, delivered.count)[0];
                    receiver(&Piece {
                        output: self.output,
                        dtype: self.dtype,
                        start: &start,
                        extent: &extent,
                        bytes: &delivered.bytes[..rows],
                    })?;
                }
                rows
            }
        };
        delivered.count += gone / size;
        delivered.bytes.drain(..gone);
        self.held.fetch_sub(gone, Ordering::Relaxed);
        Ok(())
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
            FilterTarget::Npy(writer) => writer.shorten(shape[0]).map(|()| None),
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
    /// Filters what the kernel has stored for a tile, a buffer a sink.
    pub(crate) fn new(run: &PassRun<'_>, tile: Tile, stored: &mut [Buffer]) -> Result<Part> {
        let n = tile.elems();
        let mut kept = Vec::new();
        for (index, sink) in run.sinks.iter().enumerate() {
            if let SinkRun::Filter(filter) = sink {
                // OK because masks are behind the filters, and each filter has one.
                let (filters, masks) = stored.split_at_mut(filter.mask);
                let elems = filters[index].bytes(n * filter.dtype.size());
                kept.push(filter.keep(&tile, elems, masks[0].bytes(n))?);
            }
        }
        Ok(Part { tile, kept })
    }
}

/// Delivers what the filters of a pass left of a slab.
pub(crate) fn deliver_slab(run: &PassRun<'_>, slab: &[Part]) -> Result<()> {
    let filters = run.sinks.iter().filter_map(|sink| match sink {
        SinkRun::Filter(filter) => Some(filter),
        SinkRun::Store(_)
        | SinkRun::Fused(..)
        | SinkRun::Stream(_)
        | SinkRun::Scan(_)
        | SinkRun::Select(_)
        | SinkRun::Bins(_)
        | SinkRun::Mask
        | SinkRun::Raise(_) => None,
    });
    filters
        .enumerate()
        .try_for_each(|(which, filter)| filter.deliver(slab, which))
}

/// Moves the elements of `N` bytes where the mask holds to the front, and says how many there are;
/// `runs` gets how many of each `run` of them.
fn compact<const N: usize>(
    elems: &mut [u8],
    mask: &[u8],
    run: usize,
    runs: &mut Vec<u32>,
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
        // OK because a tile has far fewer elements.
        runs.push((kept - before) as u32);
    }
    kept
}

impl std::fmt::Debug for FilterTarget<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            FilterTarget::Memory => "memory",
            FilterTarget::Npy(_) => "npy",
            FilterTarget::Receiver(_) => "receiver",
        })
    }
}

impl std::fmt::Debug for FilterRun<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{} filtered", self.dtype, self.whole)
    }
}
