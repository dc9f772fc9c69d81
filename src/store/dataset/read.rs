//! In: a version of a dataset. Out: an array whose blocks decode one by one, from any number of threads, whatever slabs
//! they lie in. Never: more than a few files open; a file that is not the one that was committed.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::manifest::bad;
use super::root::{Root, is_missing};
use super::slab::{Content, FileId, SlabFile, fill, root_of};
use super::snapshot::Snapshot;
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_OPEN_FILES;
use crate::store::dtype::Items;
use crate::store::file::{Source, unsupported};
use crate::store::frame::Frame;
use crate::store::generations::Generations;
use crate::store::read_limits::ReadLimits;
use crate::store::scratch::DecodeScratch;
use crate::store::seal::{self, Verify};
use crate::store::stored::{StoredArray, damaged_chunks};
use crate::store::write::{Extras, Layout};
use crate::types::{DType, Grid, Scalar, Shape, Zone};

/// The array that a version of a dataset is, with the regular grid of the dataset over all of its rows.
#[derive(Debug)]
pub struct DatasetArray {
    root: Root,
    snapshot: Snapshot,
    /// The first row of each slab, and behind them the end.
    starts: Vec<usize>,
    layout: Layout,
    dtype: DType,
    items: Items,
    verify: Verify,
    limits: ReadLimits,
    open: Generations<Arc<StoredArray>>,
    /// Chunks that are not decoded: their elements are zero.
    left_out: HashSet<usize>,
}

impl DatasetArray {
    /// The array of a version, its items taken in this way. No file is opened yet.
    ///
    /// # Errors
    /// When items cannot be taken so, or there is more than `limits` allow.
    pub fn open(
        root: Root,
        snapshot: Snapshot,
        items: Items,
        verify: Verify,
        limits: &ReadLimits,
    ) -> Result<Self> {
        let header = snapshot.header();
        let dtype = match items {
            Items::Declared => header.dtype,
            Items::As(dtype) if dtype.size() == header.dtype.size() => dtype,
            Items::As(dtype) => {
                let own = header.dtype;
                let message = format!("the items are {own}, and cannot be taken as {dtype}");
                let error = Error::new(ErrorKind::Unsupported, Code::UnsupportedDType, message);
                return Err(error.with_path(root.path()));
            }
            Items::Bytes => {
                let error = unsupported("the items of a dataset cannot be taken as bytes");
                return Err(error
                    .with_path(root.path())
                    .with_help("they are numbers of a dtype that expressions have"));
            }
        };
        let layout = snapshot.layout()?;
        let blocks = layout.chunks.saturating_mul(layout.blocks_per_chunk());
        limits.check_array(layout.nbytes(), blocks)?;
        limits.check_block(layout.block_bytes)?;
        let mut starts = vec![0];
        let mut end = 0;
        for slab in snapshot.slabs() {
            end += slab.rows;
            starts.push(end);
        }
        Ok(Self {
            root,
            snapshot,
            starts,
            layout,
            dtype,
            items,
            verify,
            limits: *limits,
            open: Generations::new(MAX_OPEN_FILES),
            left_out: HashSet::new(),
        })
    }

    /// The version that it is.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The dtype of its elements.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Its shape.
    pub fn shape(&self) -> &Shape {
        &self.layout.shape
    }

    /// How it is cut into chunks and blocks.
    pub fn grid(&self) -> &Grid {
        &self.layout.grid
    }

    /// Its attributes, as a frame would have them.
    pub fn extras(&self) -> Extras {
        let attributes = self.snapshot.state.attributes.iter();
        Extras {
            vlmetalayers: attributes
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            ..Extras::default()
        }
    }

    /// Bytes of every block.
    pub(super) fn block_bytes(&self) -> usize {
        self.layout.block_bytes
    }

    /// How it is cut, in more detail.
    pub(super) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Decodes every chunk. From then on the elements of those that are damaged are zero; says which, and how.
    pub fn leave_out_damaged(&mut self) -> BTreeMap<usize, Error> {
        let (this, blocks) = (&*self, self.layout.blocks_per_chunk());
        let damaged = damaged_chunks(
            self.layout.chunks,
            self.block_bytes(),
            |chunk, scratch, block| {
                if this.value_of(chunk).is_some() {
                    return Ok(());
                }
                (0..blocks).try_for_each(|number| this.decode(chunk, number, scratch, block))
            },
        );
        self.left_out = damaged.keys().copied().collect();
        damaged
    }

    /// Decodes block `block` of chunk `chunk` into `dst`, which has exactly a block's bytes.
    ///
    /// # Errors
    /// When a file that it lies in is missing, damaged or not the one that was committed, or there is no such block, or
    /// `dst` has another length.
    pub fn decode(
        &self,
        chunk: usize,
        block: usize,
        scratch: &mut DecodeScratch,
        dst: &mut [u8],
    ) -> Result<()> {
        let layout = &self.layout;
        let (chunks, blocks) = (layout.chunks, layout.blocks_per_chunk());
        if chunk >= chunks || block >= blocks || dst.len() != layout.block_bytes {
            let len = dst.len();
            let message = format!("there is no block {block} of {len} bytes in chunk {chunk}");
            return Err(Error::new(ErrorKind::Argument, Code::WrongBuffer, message));
        }
        if self.left_out.contains(&chunk) {
            dst.fill(0);
            return Ok(());
        }
        let place = self.place(chunk);
        let slab = self.slab_at(place.rows.start);
        if self.has_all(slab, &place.rows) {
            let first = (place.rows.start - self.starts[slab]) / self.high();
            let local = first * place.beside + place.number;
            return self.decode_in(slab, local, block, scratch, dst);
        }
        self.assemble(&place, block, scratch, dst)
            .map_err(|error| error.with_chunk(chunk))
    }

    /// The value that chunk `chunk` repeats, where that is known without decoding it.
    ///
    /// # Errors
    /// When the chunk's metadata is damaged or cannot be read.
    pub fn constant(&self, chunk: usize, scratch: &mut DecodeScratch) -> Result<Option<Scalar>> {
        if chunk >= self.layout.chunks || self.left_out.contains(&chunk) {
            return Ok(None);
        }
        if let Some(bits) = self.value_of(chunk) {
            return Ok(Some(Scalar::from_bits(self.dtype, bits)));
        }
        match self.in_one_file(chunk) {
            Some((slab, local)) => self
                .array(slab)?
                .constant(local, scratch)
                .map_err(|error| self.damaged(slab, error)),
            None => Ok(None),
        }
    }

    /// What is known, without decoding it, of the elements of block `block` of chunk `chunk`: of all but padding. Nothing
    /// where chunks are put together.
    ///
    /// # Errors
    /// When what is known of them is damaged or cannot be read.
    pub fn zone(
        &self,
        chunk: usize,
        block: usize,
        scratch: &mut DecodeScratch,
    ) -> Result<Option<Zone>> {
        let out = chunk >= self.layout.chunks || self.left_out.contains(&chunk);
        match self.in_one_file(chunk).filter(|_| !out) {
            Some((slab, local)) => self
                .array(slab)?
                .zone(local, block, scratch)
                .map_err(|error| self.damaged(slab, error)),
            None => Ok(None),
        }
    }

    /// Whether [`DatasetArray::same_over`] may know of boxes of many blocks.
    pub fn has_spans(&self) -> bool {
        let mut slabs = self.snapshot.slabs().iter();
        self.left_out.is_empty() && slabs.any(|slab| slab.file().is_none())
    }

    /// The value of every element of a box, where all of its rows are those of a slab of one value.
    pub fn same_over(&self, start: &[usize], extent: &[usize]) -> Option<Scalar> {
        let (first, rows) = (*start.first()?, *extent.first()?);
        let slab = self.slab_at(first);
        let end = *self.starts.get(slab + 1)?;
        match self.snapshot.slabs().get(slab)?.content {
            Content::Constant(bits) if self.left_out.is_empty() && first + rows <= end => {
                Some(Scalar::from_bits(self.dtype, bits))
            }
            Content::Constant(_) | Content::File(_) => None,
        }
    }

    /// The slab, where that is a file, that has a chunk as a chunk of its own, and which one it is there.
    fn in_one_file(&self, chunk: usize) -> Option<(usize, usize)> {
        let place = self.place(chunk);
        let slab = self.slab_at(place.rows.start);
        let file = self.snapshot.slabs().get(slab)?.file();
        let first = place.rows.start.checked_sub(self.starts[slab])? / self.high();
        let found = (slab, first * place.beside + place.number);
        (file.is_some() && self.has_all(slab, &place.rows)).then_some(found)
    }

    /// The bits that all rows of a chunk have, where no file has any of them.
    fn value_of(&self, chunk: usize) -> Option<u64> {
        let rows = self.place(chunk).rows;
        let mut value = None;
        for slab in self.slabs_of(&rows) {
            let Content::Constant(bits) = self.snapshot.slabs()[slab].content else {
                return None;
            };
            if *value.get_or_insert(bits) != bits {
                return None;
            }
        }
        value
    }

    /// Rows of a chunk.
    fn high(&self) -> usize {
        self.snapshot.header().high()
    }

    /// Where a chunk lies.
    fn place(&self, chunk: usize) -> Place {
        let beside = self.layout.counts.iter().skip(1).product::<usize>().max(1);
        let first = chunk / beside * self.high();
        let end = self.starts.last().copied().unwrap_or(0);
        Place {
            rows: first..end.min(first.saturating_add(self.high())),
            number: chunk % beside,
            beside,
        }
    }

    /// The slab that has row `row`.
    fn slab_at(&self, row: usize) -> usize {
        self.starts
            .partition_point(|&start| start <= row)
            .saturating_sub(1)
    }

    /// The slabs that have some of these rows.
    fn slabs_of(&self, rows: &Range<usize>) -> Range<usize> {
        let first = self.slab_at(rows.start);
        first
            ..self
                .starts
                .partition_point(|&start| start < rows.end)
                .max(first)
    }

    /// Whether a slab has all of these rows, which begin a chunk, as a chunk of its own.
    fn has_all(&self, slab: usize, rows: &Range<usize>) -> bool {
        let (start, end) = (self.starts[slab], self.starts[slab + 1]);
        rows.end <= end && (rows.start - start).is_multiple_of(self.high())
    }

    /// Decodes a block of a slab.
    fn decode_in(
        &self,
        slab: usize,
        chunk: usize,
        block: usize,
        scratch: &mut DecodeScratch,
        dst: &mut [u8],
    ) -> Result<()> {
        match &self.snapshot.slabs()[slab].content {
            Content::File(_) => self
                .array(slab)?
                .decode(chunk, block, scratch, dst)
                .map_err(|error| self.damaged(slab, error)),
            Content::Constant(bits) => {
                fill(self.dtype, *bits, dst);
                Ok(())
            }
        }
    }

    /// Puts a block together of the slabs that its rows lie in.
    fn assemble(
        &self,
        place: &Place,
        block: usize,
        scratch: &mut DecodeScratch,
        dst: &mut [u8],
    ) -> Result<()> {
        let layout = &self.layout;
        let deep = layout.grid.block.first().copied().unwrap_or(1);
        let beside = layout.blocks.iter().skip(1).product::<usize>().max(1);
        let row_bytes = layout.block_bytes / deep;
        let first = place.rows.start + block / beside * deep;
        let rows = first..place.rows.end.min(first + deep);
        dst.fill(0);
        if rows.is_empty() {
            return Ok(());
        }
        let mut piece = vec![0; layout.block_bytes];
        for slab in self.slabs_of(&rows) {
            let start = self.starts[slab];
            let mut at = rows.start.max(start);
            let end = rows.end.min(self.starts[slab + 1]);
            while at < end {
                // Where the row is in the slab's own file: in which row of chunks, and of blocks.
                let local = at - start;
                let (chunk, inside) = (local / self.high(), local % self.high());
                let (deeper, skipped) = (inside / deep, inside % deep);
                let count = (deep - skipped).min(self.high() - inside).min(end - at);
                let (chunk, number) = (
                    chunk * place.beside + place.number,
                    deeper * beside + block % beside,
                );
                self.decode_in(slab, chunk, number, scratch, &mut piece)?;
                let (from, to) = (skipped * row_bytes, (at - rows.start) * row_bytes);
                let len = count * row_bytes;
                dst[to..to + len].copy_from_slice(&piece[from..from + len]);
                at += count;
            }
        }
        Ok(())
    }

    /// The array in the file of a slab.
    fn array(&self, slab: usize) -> Result<Arc<StoredArray>> {
        let Content::File(file) = &self.snapshot.slabs()[slab].content else {
            return Err(bad("a slab of one value has no file"));
        };
        self.open.get(slab as u64, || {
            let array = self.open_file(file, self.rows_of(slab).len());
            array
                .map(Arc::new)
                .map_err(|error| self.damaged(slab, error))
        })
    }

    /// Opens a file of so many rows, which has to be the one that was committed.
    fn open_file(&self, file: &SlabFile, rows: usize) -> Result<StoredArray> {
        let source = self.root.data(file.id)?;
        let changed = |what: String| Err(source.blame(bad(what)));
        let len = source.len_bytes();
        if len != file.len {
            return changed(format!(
                "the file has {len} bytes, and had {} when it was committed",
                file.len
            ));
        }
        if file.root != [0; 16] && root_of(&source)? != file.root && self.verify != Verify::Never {
            return changed("the file has another seal than when it was committed".to_string());
        }
        self.check_array(source, rows)
    }

    /// The array in a file, which has to have so many rows.
    fn check_array(&self, source: Source, rows: usize) -> Result<StoredArray> {
        let header = self.snapshot.header();
        let frame = Frame::open(source.clone(), self.verify)?;
        let array = StoredArray::open(frame, self.items, &self.limits)?;
        let (dtype, shape, grid) = (array.dtype(), array.shape(), array.grid());
        if dtype != self.dtype || *shape != header.shape(rows) || *grid != header.grid {
            let message = format!(
                "the file has an array of {dtype} {shape} in chunks of {}; the dataset has {} {} there in chunks of {}",
                grid.chunk,
                self.dtype,
                header.shape(rows),
                header.grid.chunk
            );
            return Err(source.blame(bad(message)));
        }
        Ok(array)
    }

    /// Whether the file at `path` could be a slab of so many rows.
    pub(super) fn fits(&self, path: &Path, rows: usize) -> Result<()> {
        self.check_array(Source::open(path)?, rows).map(|_| ())
    }

    /// The rows of a slab.
    pub(super) fn rows_of(&self, slab: usize) -> Range<usize> {
        self.starts[slab]..self.starts[slab + 1]
    }

    /// Where a slab file is.
    pub(super) fn data_path(&self, id: FileId) -> PathBuf {
        self.root.data_path(id)
    }

    /// Checks every byte of the file of a slab, if it has one.
    ///
    /// # Errors
    /// When it is missing or is not the one that was committed.
    pub(super) fn check_file(&self, slab: usize) -> Result<()> {
        let Content::File(file) = &self.snapshot.slabs()[slab].content else {
            return Ok(());
        };
        let check = || {
            let source = self.root.data(file.id)?;
            if seal::root(&source, 0, source.len_bytes())? != file.digest {
                let message = "the file's checksum does not match: its bytes have changed since it was committed";
                let error = Error::new(ErrorKind::Corrupt, Code::BadChecksum, message);
                return Err(source.blame(error));
            }
            self.open_file(file, self.rows_of(slab).len()).map(|_| ())
        };
        check().map_err(|error| self.damaged(slab, error))
    }

    /// An error in the file of a slab, with what it means for the dataset.
    #[cold]
    fn damaged(&self, slab: usize, error: Error) -> Error {
        let (start, end) = (self.starts[slab], self.starts[slab + 1]);
        let (root, version) = (self.root.path().display(), self.snapshot.version());
        let help = match is_missing(&error) {
            true => format!(
                "the other files of the dataset are whole; if {version} is not its newest version, it may have been vacuumed"
            ),
            false => "the other files of the dataset are whole".to_string(),
        };
        error
            .context(format!("reading rows {start} to {end} of version {version} of {root}"))
            .with_help(format!(
                "{help}: `fuseblock verify {root}` names all that is damaged, `fuseblock repair {root} OUT.fbd` saves the rest"
            ))
    }
}

/// Where a chunk lies: its rows, and which one it is of those with the same rows.
struct Place {
    rows: Range<usize>,
    number: usize,
    /// How many chunks have the same rows.
    beside: usize,
}
