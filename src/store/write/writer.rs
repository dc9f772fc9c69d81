//! In: the elements of an array, box by box, from any threads. Out: a Blosc2 frame with the b2nd metalayer, and a
//! seal where it is contiguous, in place when it is complete.
//! Never: more in memory than the chunks that are not complete; two files of the same elements that differ.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rayon::prelude::*;

use super::chunk::{Coding, Encoded, EncodedChunk, Encoder};
use super::frame::{FrameBytes, layers, trailer};
use super::given::{Given, Piece};
use super::layout::{ItemType, Layout, Region};
use super::options::{Extras, Options};
use super::place::Place;
use super::wrong;
use crate::codec::filter::Position;
use crate::error::Result;
use crate::limits::MAX_WAITING_BYTES;
use crate::store::boxes::{cells, dot, each};
use crate::store::disk::{Disk, System};
use crate::store::frame::{NAN_ENTRY, ZEROS_ENTRY};
use crate::store::seal::{ChunkSeal, Leaves, Tail};
use crate::store::zone::zone_of;
use crate::types::{DType, Grid, Shape, Zone};

/// Writes an array. Its elements may come in any order, each once, and from several threads; whoever
/// completes a block compresses it. The file appears under its name when [`ArrayWriter::finish`] succeeds,
/// and not before.
///
/// Chunks are written in order, so that the file is the same however they come; only when
/// [`MAX_WAITING_BYTES`] of them wait for one in front they are written as they are.
#[derive(Debug)]
pub struct ArrayWriter {
    layout: Layout,
    coding: Coding,
    place: Place,
    frame: FrameBytes,
    extras: Extras,
    dtype: DType,
    /// Chunks of which some elements are there.
    open: Mutex<HashMap<usize, Arc<Mutex<OpenChunk>>>>,
    /// Encoders that nobody is using.
    benches: Mutex<Vec<Bench>>,
    /// A block of padding.
    padding: OnceLock<Encoded>,
    done: Mutex<Done>,
    failed: AtomicBool,
    /// The first extent where it has become known later.
    shortened: OnceLock<usize>,
}

/// What a thread encodes with.
#[derive(Debug)]
struct Bench {
    encoder: Encoder,
    block: Vec<u8>,
}

/// A chunk of which elements are missing.
#[derive(Debug)]
struct OpenChunk {
    blocks: Vec<Block>,
    /// Elements that are there.
    got: usize,
}

#[derive(Clone, Debug)]
enum Block {
    /// Nothing of it is there yet.
    Missing,
    /// Some elements are there: so many.
    Part(Vec<u8>, usize),
    /// All of it, as it is.
    Whole(Vec<u8>),
    /// All of it, and what is known of its elements.
    Encoded(Encoded, Zone),
}

/// Chunks that are complete.
#[derive(Debug)]
struct Done {
    /// An entry of the index a chunk; those not written yet are [`UNWRITTEN`].
    index: Vec<i64>,
    /// How many are written.
    written: usize,
    /// Bytes of those that are stored, and of the leaves of the seal among them.
    cbytes: u64,
    /// The first that is not written.
    next: usize,
    waiting: BTreeMap<usize, (EncodedChunk, ChunkSeal)>,
    waiting_bytes: usize,
    /// Where it is sealed: what there is of the seal.
    leaves: Option<Leaves>,
    /// How many chunks are stored.
    stored: u64,
}

/// No entry of an index.
const UNWRITTEN: i64 = i64::MIN;

impl ArrayWriter {
    /// Begins the file that will be at `path`.
    ///
    /// # Errors
    /// When the system refuses, or the grid does not fit the array or the format.
    pub fn create(
        path: impl AsRef<Path>,
        dtype: DType,
        shape: &Shape,
        grid: &Grid,
        options: Options,
    ) -> Result<Self> {
        Self::create_with(path, dtype, shape, grid, options, Extras::default())
    }

    /// The same with metalayers, or as a sparse frame: then nothing may be at `path`.
    ///
    /// # Errors
    /// As [`ArrayWriter::create`], and when there are too many metalayers, or two of a name, or one with a longer name
    /// or content than frames can have.
    pub fn create_with(
        path: impl AsRef<Path>,
        dtype: DType,
        shape: &Shape,
        grid: &Grid,
        options: Options,
        extras: Extras,
    ) -> Result<Self> {
        let (disk, path) = (System::shared(), path.as_ref());
        Self::create_on(disk, path, dtype, shape, grid, options, extras)
    }

    /// As [`ArrayWriter::create`], for a caller who has the lock of what is at `path`.
    pub(in crate::store) fn create_locked(
        path: &Path,
        dtype: DType,
        shape: &Shape,
        grid: &Grid,
        options: Options,
    ) -> Result<Self> {
        let place = |disk| Place::create(disk, path, false, true);
        Self::begin(
            System::shared(),
            place,
            dtype,
            shape,
            grid,
            options,
            Extras::default(),
        )
    }

    /// The same on a disk of the caller's: for tests of what one that fails leaves.
    #[doc(hidden)]
    pub fn create_on(
        disk: Arc<dyn Disk>,
        path: &Path,
        dtype: DType,
        shape: &Shape,
        grid: &Grid,
        options: Options,
        extras: Extras,
    ) -> Result<Self> {
        let sparse = extras.sparse;
        let place = |disk| Place::create(disk, path, sparse, false);
        Self::begin(disk, place, dtype, shape, grid, options, extras)
    }

    fn begin(
        disk: Arc<dyn Disk>,
        place: impl FnOnce(Arc<dyn Disk>) -> Result<Place>,
        dtype: DType,
        shape: &Shape,
        grid: &Grid,
        options: Options,
        extras: Extras,
    ) -> Result<Self> {
        let layout = Layout::new(ItemType::from(dtype), shape, grid)?;
        if options.level > 9 {
            return Err(wrong(format!(
                "there is no compression level {}: 9 is the highest",
                options.level
            )));
        }
        let coding = Coding::of_array(options, &layout);
        extras.check()?;
        let frame = FrameBytes::of_array(&layout, &options, &extras)?;
        // Whether there can be such a trailer, before anything is written.
        trailer(&layers(&extras.vlmetalayers)?)?;
        // Whether filters and items fit each other, before anything is written.
        let bench = Bench::new(&coding)?;
        let leaves = Leaves::new(layout.blocks_per_chunk(), layout.block_bytes)?;
        let done = Done::new(Some(leaves).filter(|_| !extras.sparse));
        Ok(Self {
            place: place(disk)?,
            extras,
            layout,
            coding,
            frame,
            dtype,
            open: Mutex::default(),
            benches: Mutex::new(vec![bench]),
            padding: OnceLock::new(),
            done: Mutex::new(done),
            failed: AtomicBool::new(false),
            shortened: OnceLock::new(),
        })
    }

    /// Element type.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The extents that it was created with.
    pub fn shape(&self) -> &Shape {
        &self.layout.shape
    }

    /// The extents that the array has got.
    pub fn final_shape(&self) -> Shape {
        let mut extents = self.layout.shape.to_vec();
        if let (Some(first), Some(&shortened)) = (extents.first_mut(), self.shortened.get()) {
            *first = shortened;
        }
        Shape::from(extents)
    }

    /// How it is cut into chunks and blocks.
    pub fn grid(&self) -> &Grid {
        &self.layout.grid
    }

    /// Number of chunks.
    pub fn chunks(&self) -> usize {
        self.layout.chunks
    }

    /// The part of chunk `chunk` that is inside the array.
    pub fn region(&self, chunk: usize) -> Region {
        self.layout.region(chunk)
    }

    /// Writes the elements of a box; `bytes` has them in C order, native-endian.
    ///
    /// # Errors
    /// When the system refuses, the box does not lie inside the array or has other bytes, or elements come
    /// twice.
    pub fn write(&self, start: &[usize], extent: &[usize], bytes: &[u8]) -> Result<()> {
        self.check_box(start, extent, bytes)?;
        if extent.contains(&0) {
            return Ok(());
        }
        let written = self.write_chunks(start, extent, bytes);
        if written.is_err() {
            self.failed.store(true, Ordering::Relaxed);
        }
        written
    }

    fn check_box(&self, start: &[usize], extent: &[usize], bytes: &[u8]) -> Result<()> {
        let layout = &self.layout;
        if layout.has_box(start, extent) && layout.box_bytes(extent) == Some(bytes.len()) {
            return Ok(());
        }
        Err(wrong(format!(
            "a box of {} at {} of an array of shape {} of {} is written with {} bytes",
            Shape::new(extent),
            Shape::new(start),
            layout.shape,
            self.layout.item.text,
            bytes.len()
        )))
    }

    fn write_chunks(&self, start: &[usize], extent: &[usize], bytes: &[u8]) -> Result<()> {
        let cells = cells(start, extent, &self.layout.grid.chunk);
        let strides = self.layout.counts.strides();
        let given = Given::new(&self.layout, start, extent, bytes);
        each(&cells, |cell| self.write_chunk(dot(cell, &strides), &given))
    }

    /// Writes what is given of one chunk.
    fn write_chunk(&self, chunk: usize, given: &Given<'_>) -> Result<()> {
        let layout = &self.layout;
        let region = layout.region(chunk);
        let open = Arc::clone(lock(&self.open).entry(chunk).or_insert_with(|| {
            let blocks = vec![Block::Missing; layout.blocks_per_chunk()];
            Arc::new(Mutex::new(OpenChunk { blocks, got: 0 }))
        }));
        let part = given.part_of(&region);
        given.each_block(layout, &region, |piece| self.write_block(&open, piece))?;
        let mut state = lock(&open);
        state.got += part.elems();
        let all = region.shape.elems();
        if state.got > all {
            return Err(twice(chunk));
        }
        if state.got < all {
            return Ok(());
        }
        let blocks = std::mem::take(&mut state.blocks);
        drop(state);
        lock(&self.open).remove(&chunk);
        self.finish_chunk(chunk, blocks)
    }

    /// Writes what is given of one block.
    fn write_block(&self, open: &Mutex<OpenChunk>, piece: &Piece<'_>) -> Result<()> {
        let number = piece.block;
        if piece.is_all() {
            let mut bench = self.bench()?;
            bench.clear(
                self.layout.block_bytes,
                piece.extent == *self.layout.grid.block,
            );
            piece.copy_into(&mut bench.block);
            let block = match bench.encoder.needs_first() {
                true => Block::Whole(bench.block.clone()),
                false => {
                    let zone = self.zone(&bench.block, &piece.valid);
                    Block::Encoded(bench.encoder.block(Position::First, &bench.block), zone)
                }
            };
            lock(&self.benches).push(bench);
            return put(open, number, block);
        }
        let mut state = lock(open);
        let slot = state.blocks.get_mut(number).ok_or_else(|| twice(number))?;
        if matches!(slot, Block::Missing) {
            *slot = Block::Part(vec![0; self.layout.block_bytes], 0);
        }
        let Block::Part(bytes, got) = slot else {
            return Err(twice(number));
        };
        piece.copy_into(bytes);
        *got += piece.extent.iter().product::<usize>();
        if *got < piece.valid.iter().product() {
            return Ok(());
        }
        let bytes = std::mem::take(bytes);
        *slot = Block::Missing;
        drop(state);
        let mut bench = self.bench()?;
        let block = match bench.encoder.needs_first() {
            true => Block::Whole(bytes),
            false => {
                let zone = self.zone(&bytes, &piece.valid);
                Block::Encoded(bench.encoder.block(Position::First, &bytes), zone)
            }
        };
        lock(&self.benches).push(bench);
        put(open, number, block)
    }

    /// What is known of the `valid` elements of a decoded block.
    fn zone(&self, block: &[u8], valid: &[usize]) -> Zone {
        zone_of(self.dtype, block, &self.layout.grid.block, valid)
    }

    fn bench(&self) -> Result<Bench> {
        let idle = lock(&self.benches).pop();
        idle.map_or_else(|| Bench::new(&self.coding), Ok)
    }

    /// Encodes a chunk whose elements are all there; what is missing is padding.
    fn finish_chunk(&self, chunk: usize, blocks: Vec<Block>) -> Result<()> {
        let mut bench = self.bench()?;
        let mut first: Option<Vec<u8>> = None;
        let (mut encoded, mut zones) = (Vec::with_capacity(blocks.len()), Vec::new());
        let inside = self.layout.region(chunk).shape;
        for (number, block) in blocks.into_iter().enumerate() {
            let whole = match block {
                Block::Encoded(block, zone) => {
                    encoded.push(block);
                    zones.push(zone);
                    continue;
                }
                Block::Whole(bytes) | Block::Part(bytes, _) => bytes,
                Block::Missing if bench.encoder.needs_first() => vec![0; self.layout.block_bytes],
                Block::Missing => {
                    let zeros = || {
                        let zeros = vec![0; self.layout.block_bytes];
                        bench.encoder.block(Position::First, &zeros)
                    };
                    encoded.push(self.padding.get_or_init(zeros).clone());
                    zones.push(self.zone(&[], &[0]));
                    continue;
                }
            };
            let (_, valid) = self.layout.block(number, &inside);
            zones.push(self.zone(&whole, &valid));
            let at = match &first {
                Some(first) => Position::After(first),
                None => Position::First,
            };
            encoded.push(bench.encoder.block(at, &whole));
            if bench.encoder.needs_first() && first.is_none() {
                first = Some(whole);
            }
        }
        let stored = bench.encoder.chunk(&encoded, self.layout.chunk_bytes);
        lock(&self.benches).push(bench);
        let stored = stored?;
        let sealed = match &stored {
            EncodedChunk::Zeros => ChunkSeal::unstored(ZEROS_ENTRY),
            EncodedChunk::Nan => ChunkSeal::unstored(NAN_ENTRY),
            EncodedChunk::Stored(bytes) => {
                ChunkSeal::of(bytes, self.layout.block_bytes)?.with_zones(zones)
            }
        };
        self.store(chunk, stored, sealed)
    }

    /// Writes a chunk, if it is its turn, and those that waited for it.
    fn store(&self, chunk: usize, encoded: EncodedChunk, sealed: ChunkSeal) -> Result<()> {
        let mut writes = Vec::new();
        let mut done = lock(&self.done);
        done.waiting_bytes += encoded.len();
        done.waiting.insert(chunk, (encoded, sealed));
        while let Some((number, encoded, mut sealed)) = done.due() {
            if let EncodedChunk::Stored(bytes) = encoded {
                let offset = done.append(&bytes);
                // Files of a sparse frame are numbered, other chunks are where they are.
                let word = if self.extras.sparse {
                    done.stored
                } else {
                    offset
                };
                done.stored += 1;
                sealed.word = offset_entry(word)?;
                writes.push((word, bytes));
            }
            done.put(number, sealed.word);
            let offset = done.cbytes;
            let leaves = done.leaves.as_mut();
            if let Some(leaf) = leaves.and_then(|leaves| leaves.put(number, sealed, offset)) {
                writes.push((done.append(&leaf), leaf));
            }
        }
        drop(done);
        let start = self.frame.header_len();
        writes
            .into_iter()
            .try_for_each(|(word, bytes)| self.place.put(start, word, &bytes))
    }

    /// Gives the array its first extent, once, when that is known: not larger than that it was created with.
    ///
    /// # Errors
    /// When the extent is larger.
    pub fn shorten(&self, extent: usize) -> Result<()> {
        match self.layout.shape.first() {
            Some(&first) if extent <= first => {
                self.shortened.get_or_init(|| extent);
                Ok(())
            }
            Some(_) | None => Err(wrong(format!(
                "an array of shape {} has no first {extent}",
                self.layout.shape
            ))),
        }
    }

    /// Writes the index, the trailer and the header, makes the file durable and gives it its name.
    ///
    /// # Errors
    /// When the system refuses, or elements are missing.
    pub fn finish(mut self) -> Result<()> {
        if self.failed.load(Ordering::Relaxed) {
            return Err(wrong("a part of the array could not be written"));
        }
        if self.shortened.get().is_some() {
            self.cut()?;
        }
        let mut done = self
            .done
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let chunks = self.layout.chunks;
        if done.written < chunks {
            return Err(wrong(format!(
                "the array has {chunks} chunks, and only {} are written",
                done.written
            )));
        }
        let (header_len, index) = (self.frame.header_len(), std::mem::take(&mut done.index));
        let mut leaves = done.leaves.take();
        while let Some(leaf) = leaves.as_mut().and_then(|leaves| leaves.rest(done.cbytes)) {
            let offset = done.append(&leaf);
            self.place.put(header_len, offset, &leaf)?;
        }
        let tail = Tail {
            cbytes: done.cbytes,
            index: &index,
            layers: &layers(&self.extras.vlmetalayers)?,
            table: leaves.map(|leaves| leaves.table(chunks)),
            sparse: self.extras.sparse,
        };
        let tail = tail.complete(&mut self.frame)?;
        self.place.finish(self.frame.header(), done.cbytes, &tail)
    }

    /// The same for an array of zeros, of which nothing was written.
    ///
    /// # Errors
    /// When the system refuses.
    pub(in crate::store) fn finish_with_zeros(self) -> Result<()> {
        for chunk in 0..self.layout.chunks {
            self.store(chunk, EncodedChunk::Zeros, ChunkSeal::unstored(ZEROS_ENTRY))?;
        }
        self.finish()
    }

    /// Takes what is there of the last chunks for all of them: the array has become shorter.
    fn cut(&mut self) -> Result<()> {
        let shape = self.final_shape();
        let layout = Layout::new(self.layout.item.clone(), &shape, &self.layout.grid)?;
        self.frame = FrameBytes::of_array(&layout, &self.coding.options, &self.extras)?;
        self.layout = layout;
        let mut open: Vec<_> = std::mem::take(&mut *lock(&self.open)).into_iter().collect();
        open.sort_unstable_by_key(|&(chunk, _)| chunk);
        for (chunk, state) in open {
            let mut state = lock(&state);
            if chunk >= self.layout.chunks || state.got != self.region(chunk).shape.elems() {
                return Err(wrong(format!("chunk {chunk} is written in part only")));
            }
            let blocks = std::mem::take(&mut state.blocks);
            self.finish_chunk(chunk, blocks)?;
        }
        Ok(())
    }
}

impl Bench {
    fn new(coding: &Coding) -> Result<Self> {
        Ok(Self {
            encoder: Encoder::new(coding.clone())?,
            block: Vec::new(),
        })
    }

    /// Room for a block, zero where not all of it will be written.
    fn clear(&mut self, len: usize, all: bool) {
        if !all {
            self.block.clear();
        }
        self.block.resize(len, 0);
    }
}

impl Done {
    fn new(leaves: Option<Leaves>) -> Self {
        Self {
            index: Vec::new(),
            written: 0,
            cbytes: 0,
            next: 0,
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
            leaves,
            stored: 0,
        }
    }

    /// Where these bytes go, which are written next.
    fn append(&mut self, bytes: &[u8]) -> u64 {
        let place = self.cbytes;
        self.cbytes += bytes.len() as u64;
        place
    }

    /// The chunk to write now, if any.
    fn due(&mut self) -> Option<(usize, EncodedChunk, ChunkSeal)> {
        let entry = self.waiting.first_entry()?;
        if *entry.key() != self.next && self.waiting_bytes <= MAX_WAITING_BYTES {
            return None;
        }
        let (number, (encoded, sealed)) = entry.remove_entry();
        self.waiting_bytes -= encoded.len();
        Some((number, encoded, sealed))
    }

    fn put(&mut self, chunk: usize, entry: i64) {
        if self.index.len() <= chunk {
            self.index.resize(chunk + 1, UNWRITTEN);
        }
        self.index[chunk] = entry;
        self.written += 1;
        while self
            .index
            .get(self.next)
            .is_some_and(|&entry| entry != UNWRITTEN)
        {
            self.next += 1;
        }
    }
}

/// Writes an array whose elements are in memory, in C order.
///
/// # Errors
/// As the functions of [`ArrayWriter`].
pub fn write_frame(
    path: impl AsRef<Path>,
    dtype: DType,
    shape: &Shape,
    grid: &Grid,
    options: Options,
    elements: &[u8],
) -> Result<()> {
    let writer = ArrayWriter::create(path, dtype, shape, grid, options)?;
    let start = vec![0; shape.ndim()];
    writer.check_box(&start, shape, elements)?;
    let given = Given::new(&writer.layout, &start, shape, elements);
    // Some at a time, so that none waits long for its turn.
    let at_once = rayon::current_num_threads() * 4;
    for first in (0..writer.chunks()).step_by(at_once) {
        let some = first..writer.chunks().min(first + at_once);
        some.into_par_iter()
            .try_for_each(|chunk| writer.write_chunk(chunk, &given))?;
    }
    writer.finish()
}

fn put(open: &Mutex<OpenChunk>, number: usize, block: Block) -> Result<()> {
    match lock(open).blocks.get_mut(number) {
        Some(slot @ Block::Missing) => {
            *slot = block;
            Ok(())
        }
        Some(Block::Part(..) | Block::Whole(_) | Block::Encoded(..)) | None => Err(twice(number)),
    }
}

#[cold]
fn twice(number: usize) -> crate::error::Error {
    wrong(format!(
        "elements of block {number} of a chunk are written twice"
    ))
}

fn offset_entry(offset: u64) -> Result<i64> {
    i64::try_from(offset).map_err(|_| wrong("the file is larger than offsets can say"))
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    // A thread that panicked while it held the lock left a whole value behind.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
