//! In: a frame with the b2nd metalayer. Out: an n-d array whose blocks decode one by one, from
//! any number of threads.
//! Never: a decoded chunk; a byte order or a bool byte that is not this machine's.

use std::collections::{BTreeMap, HashSet};

use rayon::prelude::*;

use super::cache::CachedChunks;
use super::chunk::{Expected, Item};
use super::dtype::{ElementFormat, FileDType, Items};
use super::file::unsupported;
use super::frame::Frame;
use super::meta::{self, B2nd, Geometry};
use super::read_limits::ReadLimits;
use super::scratch::DecodeScratch;
use super::write::Extras;
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_NDIM;
use crate::types::{DType, Grid, Scalar, Shape, Zone};

/// An n-d array in a frame.
#[derive(Debug)]
pub struct StoredArray {
    chunks: CachedChunks<Frame>,
    declared: FileDType,
    format: ElementFormat,
    shape: Shape,
    grid: Grid,
    /// Extents of a block in items, also where items are taken as bytes.
    block_shape: Shape,
    geometry: Geometry,
    /// Whether zones of the seal are of elements as they are taken here.
    zoned: bool,
    /// Chunks that are not decoded: their elements are zero.
    left_out: HashSet<usize>,
}

impl StoredArray {
    /// Opens the array in `frame`.
    ///
    /// # Errors
    /// When the frame is damaged, holds no n-d array, items that cannot be computed with, or more
    /// than `limits` allow.
    pub fn open(frame: Frame, items: Items, limits: &ReadLimits) -> Result<Self> {
        let described = own_data(&frame).and_then(|()| describe(&frame));
        let described = described.and_then(|(meta, geometry)| {
            let format = meta.dtype.resolve(items, geometry.itemsize)?;
            let blocks = geometry.chunks.saturating_mul(geometry.blocks);
            limits.check_array(frame.header().nbytes, blocks)?;
            limits.check_block(geometry.block_bytes)?;
            Ok((meta, geometry, format))
        });
        let (meta, geometry, format) = described.map_err(|error| frame.source().blame(error))?;
        let declared = meta.dtype.resolve(Items::Declared, geometry.itemsize);
        let zoned = declared.is_ok_and(|declared| declared == format);
        let block_shape = meta.grid.block.clone();
        let (mut shape, mut grid) = (meta.shape, meta.grid);
        if items == Items::Bytes {
            if shape.ndim() == MAX_NDIM {
                let message = format!(
                    "the array has {MAX_NDIM} axes, so there is none left for the bytes of items"
                );
                let error = Error::new(ErrorKind::Limit, Code::TooManyAxes, message);
                return Err(frame.source().blame(error));
            }
            for extents in [&mut shape, &mut grid.chunk, &mut grid.block] {
                *extents = extents.with_axis(geometry.itemsize);
            }
        }
        Ok(Self {
            chunks: CachedChunks::new(frame, *limits),
            declared: meta.dtype,
            format,
            shape,
            grid,
            block_shape,
            geometry,
            zoned,
            left_out: HashSet::new(),
        })
    }

    /// Decodes every chunk. From then on the elements of those that are damaged are zero; says which, and how.
    pub fn leave_out_damaged(&mut self) -> BTreeMap<usize, Error> {
        let this = &*self;
        let damaged = damaged_chunks(
            self.chunks(),
            self.block_bytes(),
            |chunk, scratch, block| {
                let mut blocks = 0..this.blocks_per_chunk();
                blocks.try_for_each(|number| this.decode(chunk, number, scratch, block))
            },
        );
        self.left_out = damaged.keys().copied().collect();
        damaged
    }

    /// The dtype as the file declares it.
    pub fn declared(&self) -> &FileDType {
        &self.declared
    }

    /// The dtype of its elements.
    pub fn dtype(&self) -> DType {
        self.format.dtype
    }

    /// The metalayers of its frame.
    ///
    /// # Errors
    /// When they are damaged.
    pub fn extras(&self) -> Result<Extras> {
        Extras::of_frame(self.chunks.container())
    }

    /// Its shape.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// How it is cut into chunks and blocks.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Number of chunks.
    pub fn chunks(&self) -> usize {
        self.geometry.chunks
    }

    /// Number of blocks of every chunk.
    pub fn blocks_per_chunk(&self) -> usize {
        self.geometry.blocks
    }

    /// Bytes of every block.
    pub fn block_bytes(&self) -> usize {
        self.geometry.block_bytes
    }

    /// Decodes block `block` of chunk `chunk` into `dst`, which has exactly a block's bytes.
    ///
    /// # Errors
    /// When the block is damaged or cannot be read, or does not exist, or `dst` has another
    /// length.
    pub fn decode(
        &self,
        chunk: usize,
        block: usize,
        scratch: &mut DecodeScratch,
        dst: &mut [u8],
    ) -> Result<()> {
        if self.left_out.contains(&chunk) {
            dst.fill(0);
            return Ok(());
        }
        let (loaded, source) = self.chunks.open(chunk, &self.expected(), scratch)?;
        loaded
            .chunk
            .decode_block(&source, block, scratch, dst)
            .map_err(|error| error.with_chunk(chunk))?;
        self.format.to_native(dst);
        Ok(())
    }

    /// The value that chunk `chunk` repeats, where that is known without decoding it.
    ///
    /// # Errors
    /// When the chunk's metadata is damaged or cannot be read.
    pub fn constant(&self, chunk: usize, scratch: &mut DecodeScratch) -> Result<Option<Scalar>> {
        if self.left_out.contains(&chunk) {
            return Ok(None);
        }
        let loaded = self.chunks.get(chunk, &self.expected(), scratch)?;
        Ok(loaded
            .chunk
            .item()
            .and_then(|item| scalar(self.format, item)))
    }

    /// What the seal knows of the elements of block `block` of chunk `chunk`, padding aside.
    ///
    /// # Errors
    /// When the seal is damaged there, or does not hold for the chunk.
    pub fn zone(
        &self,
        chunk: usize,
        block: usize,
        scratch: &mut DecodeScratch,
    ) -> Result<Option<Zone>> {
        let frame = self.frame();
        if !self.zoned || !frame.has_zones() || self.left_out.contains(&chunk) {
            return Ok(None);
        }
        let entry = frame.entry(chunk, scratch)?;
        frame.zone(chunk, entry, block, scratch)
    }

    /// The frame that it is in.
    pub fn frame(&self) -> &Frame {
        self.chunks.container()
    }

    fn expected(&self) -> Expected<'_> {
        Expected {
            nbytes: self.geometry.chunk_bytes..=self.geometry.chunk_bytes,
            itemsize: self.geometry.itemsize,
            blocksize: Some(self.geometry.block_bytes),
            block_shape: Some(&self.block_shape),
        }
    }
}

/// The chunks that `decode` finds damaged, given room for a block, and how.
pub(super) fn damaged_chunks(
    chunks: usize,
    block_bytes: usize,
    decode: impl Fn(usize, &mut DecodeScratch, &mut [u8]) -> Result<()> + Sync,
) -> BTreeMap<usize, Error> {
    let check = |(scratch, block): &mut (DecodeScratch, Vec<u8>), chunk: usize| {
        block.resize(block_bytes, 0);
        let checked = decode(chunk, scratch, block);
        checked.err().map(|error| (chunk, error))
    };
    let chunks = (0..chunks).into_par_iter();
    chunks.map_init(Default::default, check).flatten().collect()
}

/// The value that every element of a repeated item has, where it is one.
pub(super) fn scalar(format: ElementFormat, item: &Item) -> Option<Scalar> {
    // No element is longer than 8 bytes.
    let mut bytes = [0; 8];
    let bytes = &mut bytes[..format.dtype.size()];
    if !item.repeats(bytes.len()) {
        return None;
    }
    item.fill(0, bytes);
    format.to_native(bytes);
    Scalar::read(format.dtype, bytes)
}

/// Metalayers of frames whose chunks are not, or not all, what the array holds.
const STAND_INS: [(&str, &str); 3] = [
    (
        "b2o",
        "the file stands for an expression or a remote array, and has no elements of its own",
    ),
    (
        "LazyArray",
        "the file stands for an expression, and has no elements of its own",
    ),
    (
        "proxy-source",
        "the file is a cache of another array, and what was not fetched is missing",
    ),
];

/// Metalayers of super-chunks that hold something else than items one after the other.
const RECORDS: [(&str, &str); 7] = [
    ("vlarray", "serialised objects"),
    ("batcharray", "batches of serialised objects"),
    ("listarray", "serialised lists"),
    ("ctable_varlen_scalar", "serialised values of a table"),
    ("b2embed", "a store of arrays"),
    ("b2dict", "a store of arrays"),
    ("b2tree", "a store of arrays"),
];

/// Checks that the bytes of the frame are items, if that is what they are to be taken for.
pub(super) fn has_items(frame: &Frame, items: Items) -> Result<()> {
    let header = frame.header();
    let found = RECORDS
        .iter()
        .find(|(name, _)| header.metalayer(name).is_some());
    match (found, items) {
        (Some((_, what)), Items::Declared) => Err(unsupported(format!(
            "the super-chunk holds {what}, not numbers"
        ))
        .with_help("read its bytes with PATH:bytes")),
        (_, _) => own_data(frame),
    }
}

/// Checks that the elements are in the frame.
pub(super) fn own_data(frame: &Frame) -> Result<()> {
    let header = frame.header();
    let stand_in = STAND_INS
        .iter()
        .find(|(name, _)| header.metalayer(name).is_some());
    match stand_in {
        None => Ok(()),
        Some((_, what)) => Err(unsupported(*what)
            .with_help("compute or fetch it with python-blosc2, and store the result")),
    }
}

/// The n-d array that a frame holds, checked against the frame.
pub(super) fn describe(frame: &Frame) -> Result<(B2nd, Geometry)> {
    let header = frame.header();
    let layer = meta::NAMES.iter().find_map(|name| header.metalayer(name));
    let Some(layer) = layer else {
        return Err(unsupported("the frame has no b2nd metalayer, so no shape"));
    };
    let meta = B2nd::parse(&layer.content)?;
    let geometry = Geometry::new(&meta, header)?;
    if geometry.chunks != frame.chunks() {
        return Err(Error::new(
            ErrorKind::Corrupt,
            Code::BadMeta,
            format!(
                "the array has {} chunks, its frame {}",
                geometry.chunks,
                frame.chunks()
            ),
        ));
    }
    Ok((meta, geometry))
}
