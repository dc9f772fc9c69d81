//! In: one tile of a pass. Out: its outputs delivered, its partials submitted.
//! Never: a join, an allocation that grows with the array, or a byte outside the tile's buffers.

#![expect(
    unsafe_code,
    reason = "calls of kernels with pointers into the tile's buffers"
)]

use std::time::Instant;

use crate::array::DecodeScratch;
use crate::error::Result;
use crate::exec::buffer::Buffer;
use crate::exec::cache::BlockCache;
use crate::exec::carry::Carries;
use crate::exec::combine::Combiner;
use crate::exec::filter::Part;
use crate::exec::input::{Access, Fetch, Leaf};
use crate::exec::interp;
use crate::exec::pass::{Code, PassRun, Role, SinkRun};
use crate::exec::skip::{Look, StandIn, Way, answer_with};
use crate::exec::stats::Counters;
use crate::exec::tiling::Tile;
use crate::ir::FoldOp;
use crate::jit::Kernel;
use crate::limits::{LANES, RUN_ELEMS};
use crate::math::fold::{Partials, fold_columns, fold_rows, tile_partial_from_runs};
use crate::store::boxes::{Strided, copy_dense, dense_strides};
use crate::types::{Scalar, Shape};

/// The buffers of one thread, reused from tile to tile.
#[derive(Debug, Default)]
pub(crate) struct Worker {
    pub(crate) decode: DecodeScratch,
    block: Buffer,
    /// What views are copied from.
    spare: Vec<Buffer>,
    /// Per leaf: the box of its own elements.
    own: Vec<Buffer>,
    /// Per leaf: that box with broadcast inner axes repeated.
    full: Vec<Buffer>,
    /// Per sink: what the kernel writes.
    out: Vec<Buffer>,
    /// Per sink: the states of the rows so far.
    states: Vec<Buffer>,
    kernel: Buffer,
    /// Room to bring reduced axes together.
    permuted: Buffer,
    /// What is known of the tile.
    pub(crate) look: Look,
    /// Per leaf: the element that all of its own box is, and how many bytes of it, where one stood in last.
    stood: Vec<Option<(Scalar, usize)>>,
}

/// A leaf's elements for one tile, and how far apart rows are.
struct View<'v> {
    bytes: &'v [u8],
    /// Bytes between neighbouring rows along each row axis; 0 where the leaf broadcasts.
    row_strides: Vec<usize>,
}

/// The rows of a tile: its axes in front of the split, walked in C order.
struct Rows {
    extent: Vec<usize>,
    index: Vec<usize>,
    n_rows: usize,
}

impl Worker {
    /// Bytes of all buffers.
    pub(crate) fn capacity(&self) -> usize {
        let many = [&self.spare, &self.own, &self.full, &self.out, &self.states];
        let listed: usize = many
            .iter()
            .flat_map(|list| list.iter())
            .map(Buffer::capacity)
            .sum();
        listed + self.block.capacity() + self.kernel.capacity() + self.permuted.capacity()
    }

    /// Scans the tile that was computed last, and delivers that.
    pub(crate) fn carry(
        &mut self,
        run: &PassRun<'_>,
        carries: &mut Carries,
        tile: &Tile,
    ) -> Result<()> {
        carries.carry(run, tile, &mut self.out)
    }

    /// What the tile that was computed last has for the ordered sinks of the pass.
    pub(crate) fn filtered(&mut self, run: &PassRun<'_>, tile: Tile) -> Result<Part> {
        Part::new(run, tile, &mut self.out)
    }

    /// Computes one tile, and delivers all of it but scans and what filters.
    pub(crate) fn process(
        &mut self,
        run: &PassRun<'_>,
        cache: &BlockCache,
        counters: &Counters,
        tile: &Tile,
    ) -> Result<()> {
        self.own.resize_with(run.leaves.len(), Buffer::default);
        self.full.resize_with(run.leaves.len(), Buffer::default);
        self.out.resize_with(run.sinks.len(), Buffer::default);
        let Worker {
            decode,
            block,
            spare,
            own,
            full,
            out,
            states,
            kernel,
            permuted,
            look,
            stood,
        } = self;
        stood.resize(run.leaves.len(), None);
        let mut way = match &run.skips {
            Some(skips) => skips.look(run, tile, decode, look)?,
            None => Way::All,
        };
        let mut places: Vec<Place<'_>> = own
            .iter_mut()
            .zip(full.iter_mut())
            .zip(stood.iter_mut())
            .map(|((own, full), stood)| Place::Room { own, full, stood })
            .collect();
        let mut fetch = Fetch {
            leaf: 0,
            shared: None,
            scratch: decode,
            block,
            spare,
        };
        if let Some(skips) = &run.skips
            && let Some((probe, reads, truth)) = skips.probe(&way, look)
        {
            let stand_in = |index: usize| look.stand_ins.get(index).copied().flatten();
            for (index, place) in places.iter_mut().enumerate() {
                if reads[index] {
                    place.read(run, tile, index, &mut fetch, cache, stand_in(index))?;
                }
            }
            let started = Instant::now();
            let same = probe_rows(run, tile, &places, probe, truth, kernel);
            Counters::add(&counters.kernel_ns, started.elapsed());
            if same {
                way = skips.masked(run, tile, way, look);
            }
        }
        if let (Way::Known(key), Some(skips)) = (&way, &run.skips)
            && let Some(mut partials) = skips.recall(key)
        {
            answer_with(&mut look.answered, &mut partials);
            submit(run, counters, tile, partials);
            return Ok(());
        }
        for (index, place) in places.iter_mut().enumerate() {
            let stand_in = match way {
                Way::All => None,
                Way::Some | Way::Known(_) => look.stand_ins[index],
            };
            place.read(run, tile, index, &mut fetch, cache, stand_in)?;
        }
        let views: Vec<View<'_>> = places.into_iter().filter_map(Place::into_view).collect();
        let started = Instant::now();
        let collected = match &run.code {
            Code::Jit(code) => {
                let code = match way {
                    Way::Some => look.variant.as_ref().unwrap_or(code),
                    Way::All | Way::Known(_) => code,
                };
                call_rows(run, code, tile, &views, out, states, kernel)
            }
            Code::Interpreter => interpret_rows(run, tile, &views, out),
        };
        let folded = fold_streams(run, tile, out, permuted);
        let both = collected.into_iter().zip(folded);
        let mut partials: Vec<_> = both.map(|(fused, streamed)| fused.or(streamed)).collect();
        Counters::add(&counters.kernel_ns, started.elapsed());
        match (way, &run.skips) {
            (Way::Known(key), Some(skips)) => {
                skips.keep(key, &partials);
                answer_with(&mut look.answered, &mut partials);
                submit(run, counters, tile, partials);
                return Ok(());
            }
            (Way::Some, _) => answer_with(&mut look.answered, &mut partials),
            (Way::All | Way::Known(_), _) => {}
        }
        deliver(run, counters, tile, out)?;
        submit(run, counters, tile, partials);
        Ok(())
    }
}

/// A leaf's part of a tile: room for it, or the elements.
enum Place<'p> {
    Room {
        own: &'p mut Buffer,
        full: &'p mut Buffer,
        stood: &'p mut Option<(Scalar, usize)>,
    },
    Read(View<'p>),
    /// Nothing: reading it failed.
    Gone,
}

impl<'p> Place<'p> {
    /// Reads the elements, unless that was done.
    fn read<'w>(
        &mut self,
        run: &'p PassRun<'_>,
        tile: &Tile,
        index: usize,
        fetch: &mut Fetch<'w>,
        cache: &'w BlockCache,
        stand_in: Option<StandIn>,
    ) -> Result<()> {
        fetch.leaf = run.roots[index];
        fetch.shared = (run.access[index] == Access::SharedBlocks).then_some(cache);
        let place = std::mem::replace(self, Place::Gone);
        *self = match place {
            Place::Room { own, full, stood } => {
                let own = Own {
                    buffer: own,
                    stood,
                    stand_in,
                };
                Place::Read(view(run, tile, index, fetch, own, full)?)
            }
            Place::Read(_) | Place::Gone => place,
        };
        Ok(())
    }

    fn view(&self) -> Option<&View<'p>> {
        match self {
            Place::Read(view) => Some(view),
            Place::Room { .. } | Place::Gone => None,
        }
    }

    fn into_view(self) -> Option<View<'p>> {
        match self {
            Place::Read(view) => Some(view),
            Place::Room { .. } | Place::Gone => None,
        }
    }
}

/// Where a leaf's own elements of a tile go.
struct Own<'o> {
    buffer: &'o mut Buffer,
    /// The element that all of the buffer is, and how many bytes of it.
    stood: &'o mut Option<(Scalar, usize)>,
    /// What stands in for all, where they are not needed.
    stand_in: Option<StandIn>,
}

impl<'o> Own<'o> {
    /// Fetches `len` bytes of elements, or fills in what stands in for them.
    fn elements(self, len: usize, fetch: impl FnOnce(&mut [u8]) -> Result<()>) -> Result<&'o [u8]> {
        let bytes = self.buffer.bytes(len);
        let element = match self.stand_in {
            Some(StandIn::Element(element)) => element,
            Some(StandIn::Anything) => return Ok(bytes),
            None => {
                *self.stood = None;
                fetch(bytes)?;
                return Ok(bytes);
            }
        };
        let stands = |&(before, have): &(Scalar, usize)| {
            (before.dtype(), before.bits()) == (element.dtype(), element.bits()) && have >= len
        };
        if !self.stood.as_ref().is_some_and(stands) {
            fill(bytes, element);
            *self.stood = Some((element, len));
        }
        Ok(bytes)
    }
}

/// Fills `bytes` with one element.
fn fill(bytes: &mut [u8], element: Scalar) {
    fn repeat<const N: usize>(bytes: &mut [u8], item: &[u8]) {
        if let Some(item) = item.first_chunk::<N>() {
            bytes.as_chunks_mut::<N>().0.fill(*item);
        }
    }
    let mut item = Vec::with_capacity(8);
    element.write(&mut item);
    match item.len() {
        1 => repeat::<1>(bytes, &item),
        2 => repeat::<2>(bytes, &item),
        4 => repeat::<4>(bytes, &item),
        _ => repeat::<8>(bytes, &item),
    }
}

/// Fetches a leaf's part of a tile and repeats it where a row needs it.
fn view<'v>(
    run: &'v PassRun<'_>,
    tile: &Tile,
    index: usize,
    fetch: &mut Fetch<'_>,
    own: Own<'v>,
    full: &'v mut Buffer,
) -> Result<View<'v>> {
    let (leaf, role) = (&run.leaves[index], &run.roles[index]);
    if let Role::Scalar(cell) = role {
        return Ok(View {
            bytes: &cell.0,
            row_strides: vec![0; run.split],
        });
    }
    let item = leaf.dtype().size();
    let (start, extent) = own_box(leaf, tile);
    let dense = match leaf.in_place(&start, &extent) {
        Some(found) => found,
        None => {
            let len = extent.iter().product::<usize>() * item;
            own.elements(len, |bytes| leaf.fetch(&start, &extent, fetch, bytes))?
        }
    };
    // As the domain sees the box: missing axes in front have extent 1.
    let ndim = tile.extent.len();
    let mut seen = vec![1; ndim - extent.len()];
    seen.extend_from_slice(&extent);
    if *role != Role::Repeated {
        return Ok(View {
            bytes: dense,
            row_strides: row_strides(&seen, run.split, item),
        });
    }
    let mut wanted = seen.clone();
    wanted[run.split..].copy_from_slice(&tile.extent[run.split..]);
    let from = broadcast_strides(&seen, item);
    let bytes = full.bytes(wanted.iter().product::<usize>() * item);
    let from = Strided {
        offset: 0,
        strides: &from,
    };
    copy_dense(item, &wanted, dense, from, bytes);
    Ok(View {
        bytes,
        row_strides: row_strides(&wanted, run.split, item),
    })
}

/// The box of a leaf's own elements that a tile reads, in the leaf's own axes.
pub(crate) fn own_box(leaf: &Leaf<'_>, tile: &Tile) -> (Vec<usize>, Vec<usize>) {
    let shape = leaf.shape();
    let skip = tile.extent.len() - shape.ndim();
    let axes = shape.iter().enumerate();
    axes.map(|(axis, &extent)| match extent {
        1 => (0, 1),
        _ => (tile.start[axis + skip], tile.extent[axis + skip]),
    })
    .unzip()
}

/// Bytes of scratch that a full tile takes, kernel temporaries aside.
pub(crate) fn tile_bytes(run: &PassRun<'_>) -> usize {
    let elems = run.tiling.tile_elems();
    let leaves = run.leaves.iter().zip(&run.roles);
    let inputs: usize = leaves
        .map(|(leaf, role)| match role {
            Role::Scalar(_) => 0,
            Role::RowUniform => leaf.shape().elems().min(elems) * leaf.dtype().size(),
            Role::Stream => elems * leaf.dtype().size(),
            Role::Repeated => 2 * elems * leaf.dtype().size(),
        })
        .sum();
    let outputs: usize = run
        .sinks
        .iter()
        .filter(|sink| sink.fused().is_none())
        .map(|sink| elems * sink.dtype().size())
        .sum();
    inputs + outputs
}

/// Dense strides, with 0 where the extent is 1.
fn broadcast_strides(extent: &[usize], item: usize) -> Vec<isize> {
    let mut strides = dense_strides(extent, item);
    for (stride, &extent) in strides.iter_mut().zip(extent) {
        if extent == 1 {
            *stride = 0;
        }
    }
    strides
}

fn row_strides(extent: &[usize], split: usize, item: usize) -> Vec<usize> {
    let strides = broadcast_strides(extent, item);
    strides[..split]
        .iter()
        .map(|stride| stride.unsigned_abs())
        .collect()
}

impl Rows {
    fn new(tile: &Tile, split: usize) -> Rows {
        let extent = tile.extent[..split].to_vec();
        Rows {
            index: vec![0; split],
            n_rows: extent.iter().product(),
            extent,
        }
    }

    /// Byte offset of the current row for a leaf with these row strides.
    fn offset(&self, strides: &[usize]) -> usize {
        self.index
            .iter()
            .zip(strides)
            .map(|(&i, &stride)| i * stride)
            .sum()
    }

    fn advance(&mut self) {
        for (i, &n) in self.index.iter_mut().zip(&self.extent).rev() {
            *i += 1;
            if *i < n {
                return;
            }
            *i = 0;
        }
    }
}

/// Where the kernel writes a sink's part of a row.
struct OutRow {
    start: *mut u8,
    /// Bytes between rows: along each row axis where rows go straight to the result, else one
    /// entry for the row number.
    strides: Vec<usize>,
    by_number: bool,
}

/// Calls the kernel for each row; returns the partials of fused folds, one entry a sink.
fn call_rows(
    run: &PassRun<'_>,
    kernel: &Kernel,
    tile: &Tile,
    views: &[View<'_>],
    out: &mut [Buffer],
    states: &mut Vec<Buffer>,
    kernel_scratch: &mut Buffer,
) -> Vec<Option<Partials>> {
    let n = tile.extent[run.split..].iter().product::<usize>();
    let mut rows = Rows::new(tile, run.split);
    let targets: Vec<OutRow> = run
        .sinks
        .iter()
        .zip(out.iter_mut())
        .map(|(sink, buffer)| out_row(run, sink, tile, n, rows.n_rows, buffer))
        .collect();
    states.resize_with(run.sinks.len(), Buffer::default);
    let scratch = kernel_scratch.bytes(kernel.scratch_bytes());
    let mut inputs = vec![std::ptr::null(); views.len()];
    let mut outputs = vec![std::ptr::null_mut(); targets.len()];
    for row in 0..rows.n_rows {
        for (index, (pointer, view)) in inputs.iter_mut().zip(views).enumerate() {
            *pointer = input_row(run, index, view, &rows, n);
        }
        for (pointer, target) in outputs.iter_mut().zip(&targets) {
            let moved = if target.by_number {
                row * target.strides[0]
            } else {
                rows.offset(&target.strides)
            };
            *pointer = target.start.wrapping_add(moved);
        }
        // SAFETY: each input points to `n` elements (1 if uniform), as the slicing above checked;
        // each output points to room for `n` elements or for a fold's state, as `out_row` sized
        // it; `scratch` has the bytes the kernel asks for.
        unsafe { kernel.call_raw(n, &inputs, &outputs, scratch.as_mut_ptr()) };
        for ((sink, states), &state) in run.sinks.iter().zip(states.iter_mut()).zip(&outputs) {
            if let Some((op, combiner)) = sink.fused() {
                let item = combiner.state_bytes();
                let room = &mut states.bytes(item * rows.n_rows)[row * item..][..item];
                // SAFETY: the kernel has just written this state, sized by `out_row`.
                unsafe { collect(op, n, state, room) };
            }
        }
        rows.advance();
    }
    let states = run.sinks.iter().zip(states);
    states
        .map(|(sink, states)| {
            let (_, combiner) = sink.fused()?;
            let bytes = states.bytes(combiner.state_bytes() * rows.n_rows);
            Partials::from_bytes(combiner.kind(), combiner.arg_dtype(), bytes)
        })
        .collect()
}

/// Where a leaf's elements for the current row begin, of which there are `n`, or one.
fn input_row(run: &PassRun<'_>, index: usize, view: &View<'_>, rows: &Rows, n: usize) -> *const u8 {
    let at = rows.offset(&view.row_strides);
    let elems = if run.roles[index].is_uniform() { 1 } else { n };
    view.bytes[at..][..elems * run.leaves[index].dtype().size()].as_ptr()
}

/// Whether the mask that `probe` folds is `truth` in every row. It reads only leaves that are there.
fn probe_rows(
    run: &PassRun<'_>,
    tile: &Tile,
    places: &[Place<'_>],
    probe: &Kernel,
    truth: bool,
    scratch: &mut Buffer,
) -> bool {
    let n = tile.extent[run.split..].iter().product::<usize>();
    let mut rows = Rows::new(tile, run.split);
    let scratch = scratch.bytes(probe.scratch_bytes()).as_mut_ptr();
    let mut state = [0u8; 8];
    for _ in 0..rows.n_rows {
        let each = places.iter().enumerate();
        let inputs: Vec<*const u8> = each
            .map(|(index, place)| match place.view() {
                Some(view) => input_row(run, index, view, &rows, n),
                None => std::ptr::null(),
            })
            .collect();
        // SAFETY: each input that the probe reads points to `n` elements (1 if uniform), as the slicing above checked;
        // the others it does not touch; its state is one byte; `scratch` has the bytes that it asks for.
        unsafe { probe.call_raw(n, &inputs, &[state.as_mut_ptr()], scratch) };
        if (state[0] != 0) != truth {
            return false;
        }
        rows.advance();
    }
    true
}

/// Decides where a sink's rows go and makes room for them.
fn out_row(
    run: &PassRun<'_>,
    sink: &SinkRun<'_>,
    tile: &Tile,
    n: usize,
    n_rows: usize,
    buffer: &mut Buffer,
) -> OutRow {
    if let SinkRun::Store(output) = sink
        && let Some((memory, strides)) = output.row(tile, run.split)
    {
        let strides: Vec<usize> = strides.iter().map(|stride| stride.unsigned_abs()).collect();
        let first: usize = tile
            .start
            .iter()
            .zip(&strides)
            .map(|(&i, &stride)| i * stride)
            .sum();
        let last: usize = tile.extent[..run.split]
            .iter()
            .zip(&strides)
            .map(|(&extent, &stride)| (extent - 1) * stride)
            .sum();
        let bytes = last + n * output.dtype.size();
        return OutRow {
            start: memory.at(first, bytes),
            strides: strides[..run.split].to_vec(),
            by_number: false,
        };
    }
    let (row, rows) = match sink.fused() {
        Some((FoldOp::SumFloat, _)) => (n.div_ceil(RUN_ELEMS) * LANES * 8, 1),
        Some(_) => (8, 1),
        None => (n * sink.dtype().size(), n_rows),
    };
    OutRow {
        start: buffer.bytes(row * rows).as_mut_ptr(),
        strides: vec![if rows == 1 { 0 } else { row }],
        by_number: true,
    }
}

/// Copies the state a kernel left for one row to `room`.
///
/// # Safety
/// `state` points to what `op` over `n` elements writes, aligned to 64.
unsafe fn collect(op: FoldOp, n: usize, state: *mut u8, room: &mut [u8]) {
    if op == FoldOp::SumFloat {
        let runs = n.div_ceil(RUN_ELEMS);
        // SAFETY: by the contract of this function there are that many run vectors.
        let runs = unsafe { std::slice::from_raw_parts_mut(state.cast::<[f64; LANES]>(), runs) };
        room.copy_from_slice(&tile_partial_from_runs(runs).to_ne_bytes());
        return;
    }
    // SAFETY: by the contract of this function the state has at least 8 bytes of room, and no
    // state is larger.
    let bytes = unsafe { std::slice::from_raw_parts(state, room.len()) };
    room.copy_from_slice(bytes);
}

/// Interprets the body for each row, into the sinks' buffers.
fn interpret_rows(
    run: &PassRun<'_>,
    tile: &Tile,
    views: &[View<'_>],
    out: &mut [Buffer],
) -> Vec<Option<Partials>> {
    let n = tile.extent[run.split..].iter().product::<usize>();
    let mut rows = Rows::new(tile, run.split);
    for row in 0..rows.n_rows {
        let inputs: Vec<&[u8]> = views
            .iter()
            .map(|view| &view.bytes[rows.offset(&view.row_strides)..])
            .collect();
        let sinks = run.sinks.iter().zip(out.iter_mut());
        let mut outputs: Vec<&mut [u8]> = sinks
            .map(|(sink, buffer)| {
                let bytes = n * sink.dtype().size();
                &mut buffer.bytes(bytes * rows.n_rows)[row * bytes..][..bytes]
            })
            .collect();
        interp::run(&run.body, n, &inputs, &mut outputs);
        rows.advance();
    }
    run.sinks.iter().map(|_| None).collect()
}

/// Folds the streams of the sinks that the kernel only stored.
fn fold_streams(
    run: &PassRun<'_>,
    tile: &Tile,
    out: &mut [Buffer],
    permuted: &mut Buffer,
) -> Vec<Option<Partials>> {
    let sinks = run.sinks.iter().zip(out);
    sinks
        .map(|(sink, buffer)| match sink {
            SinkRun::Stream(combiner) => {
                let dtype = combiner.arg_dtype();
                let values = buffer.bytes(tile.elems() * dtype.size());
                Some(fold_tile(combiner, tile, values, permuted))
            }
            SinkRun::Store(_)
            | SinkRun::Fused(..)
            | SinkRun::Scan(_)
            | SinkRun::Select(_)
            | SinkRun::Bins(_)
            | SinkRun::Filter(_)
            | SinkRun::Tally(_)
            | SinkRun::Mask
            | SinkRun::Weight(_)
            | SinkRun::Raise(_) => None,
        })
        .collect()
}

/// The C-order position, along the reduced axes of the whole domain, of an element that is the
/// `index`-th along those axes of a tile.
fn whole_index(domain: &Shape, axes: &[usize], tile: &Tile, index: u64) -> u64 {
    let mut rest = index as usize;
    let (mut whole, mut stride) = (0, 1);
    for &axis in axes.iter().rev() {
        whole += (tile.start[axis] + rest % tile.extent[axis]) * stride;
        rest /= tile.extent[axis];
        stride *= domain[axis];
    }
    whole as u64
}

/// Folds a tile's dense values over the combiner's axes.
fn fold_tile(combiner: &Combiner, tile: &Tile, values: &[u8], permuted: &mut Buffer) -> Partials {
    let (kind, dtype) = (combiner.kind(), combiner.arg_dtype());
    let axes = combiner.axes();
    let ndim = tile.extent.len();
    // Axes of extent 1 may count as kept or reduced, whichever is easier.
    let long: Vec<(usize, bool)> = (0..ndim)
        .filter(|&axis| tile.extent[axis] > 1)
        .map(|axis| (tile.extent[axis], axes.contains(&axis)))
        .collect();
    let n_red: usize = long
        .iter()
        .filter(|axis| axis.1)
        .map(|axis| axis.0)
        .product();
    let n_out = tile.elems() / n_red;
    let reduced_last = long.windows(2).all(|pair| pair[0].1 <= pair[1].1);
    if reduced_last {
        return fold_rows(kind, dtype, values, n_out, n_red);
    }
    let reduced_first = long.windows(2).all(|pair| pair[0].1 >= pair[1].1);
    if reduced_first {
        return fold_columns(kind, dtype, values, n_red, n_out);
    }
    let item = dtype.size();
    let order: Vec<usize> = (0..ndim)
        .filter(|axis| !axes.contains(axis))
        .chain(axes.iter().copied())
        .collect();
    let dense = dense_strides(&tile.extent, item);
    let extent: Vec<usize> = order.iter().map(|&axis| tile.extent[axis]).collect();
    let from: Vec<isize> = order.iter().map(|&axis| dense[axis]).collect();
    let gathered = permuted.bytes(values.len());
    let from = Strided {
        offset: 0,
        strides: &from,
    };
    copy_dense(item, &extent, values, from, gathered);
    fold_rows(kind, dtype, gathered, n_out, n_red)
}

/// Hands a tile's elements on.
fn deliver(run: &PassRun<'_>, counters: &Counters, tile: &Tile, out: &mut [Buffer]) -> Result<()> {
    for (sink, buffer) in run.sinks.iter().zip(out) {
        match sink {
            SinkRun::Store(output) => {
                let direct =
                    matches!(run.code, Code::Jit(_)) && output.row(tile, run.split).is_some();
                if !direct {
                    let started = Instant::now();
                    output.deliver(tile, buffer.bytes(tile.elems() * output.dtype.size()))?;
                    Counters::add(&counters.write_ns, started.elapsed());
                }
            }
            SinkRun::Scan(_)
            | SinkRun::Filter(_)
            | SinkRun::Tally(_)
            | SinkRun::Mask
            | SinkRun::Weight(_) => {}
            SinkRun::Raise(raise) => raise.look(tile, buffer.bytes(tile.elems())),
            SinkRun::Select(selection) => {
                let started = Instant::now();
                selection.count(buffer.bytes(tile.elems() * selection.dtype().size()));
                Counters::add(&counters.combine_ns, started.elapsed());
            }
            SinkRun::Bins(bins) => {
                let started = Instant::now();
                bins.count(buffer.bytes(tile.elems() * 8));
                Counters::add(&counters.combine_ns, started.elapsed());
            }
            // Their partials are submitted.
            SinkRun::Fused(..) | SinkRun::Stream(_) => {}
        }
    }
    Ok(())
}

/// Hands a tile's partials on.
fn submit(run: &PassRun<'_>, counters: &Counters, tile: &Tile, partials: Vec<Option<Partials>>) {
    let started = Instant::now();
    for (sink, partials) in run.sinks.iter().zip(partials) {
        if let SinkRun::Fused(_, combiner) | SinkRun::Stream(combiner) = sink
            && let Some(mut partials) = partials
        {
            let axes = combiner.axes();
            partials.relocate(|index| whole_index(&run.domain, axes, tile, index));
            combiner.submit(&run.tiling, tile, partials);
        }
    }
    Counters::add(&counters.combine_ns, started.elapsed());
}
