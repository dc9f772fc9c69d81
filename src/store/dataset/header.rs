//! In: the array section of a manifest. Out: dtype, grid and compression of a dataset; and back.
//! Never: an extent of zero; a grid that files cannot have.

use super::manifest::bad;
use crate::bytes::Cursor;
use crate::error::Result;
use crate::limits::{MAX_NDIM, SLAB_BYTES};
use crate::store::write::{Filters, ItemType, Layout, Options};
use crate::types::{DType, Grid, Shape};

/// What a dataset is, whatever its rows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    /// Element type.
    pub dtype: DType,
    /// The extents of a row: all but the first of the array.
    pub row: Shape,
    /// How the array, and each of its files, is cut into chunks and blocks.
    pub grid: Grid,
    /// Rows of new slabs, a multiple of those of a chunk.
    pub slab_rows: usize,
    pub(super) compression: Compression,
}

/// How new files are compressed, as frames number it: what is only read need not be known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Compression {
    codec: u8,
    level: u8,
    split: u8,
    filters: Filters,
}

impl Header {
    /// That of a dataset of rows like this, in slabs of `slab_rows` rows, else of about 256 MiB.
    ///
    /// # Errors
    /// When the grid does not fit.
    pub(super) fn new(
        dtype: DType,
        row: &Shape,
        grid: &Grid,
        slab_rows: Option<usize>,
        options: &Options,
    ) -> Result<Self> {
        let high = grid.chunk.first().copied().unwrap_or(1).max(1);
        let row_bytes = row
            .iter()
            .try_fold(dtype.size(), |n, &extent| n.checked_mul(extent));
        let most = slab_rows.unwrap_or(SLAB_BYTES / row_bytes.unwrap_or(usize::MAX).max(1));
        let header = Self {
            dtype,
            row: row.clone(),
            grid: grid.clone(),
            slab_rows: (most / high).max(1).saturating_mul(high),
            compression: Compression {
                codec: options.codec.compcode(),
                level: options.level,
                split: options.split.number(),
                filters: options.filters,
            },
        };
        header.layout(0)?;
        Ok(header)
    }

    /// The extents of an array of so many rows.
    pub(super) fn shape(&self, rows: usize) -> Shape {
        let extents = std::iter::once(rows).chain(self.row.iter().copied());
        extents.collect::<Vec<_>>().into()
    }

    /// How an array of so many rows is cut.
    ///
    /// # Errors
    /// When it is larger than what can be counted, or its grid does not fit.
    pub(super) fn layout(&self, rows: usize) -> Result<Layout> {
        let item = ItemType::from(self.dtype);
        let layout = Layout::new(item, &self.shape(rows), &self.grid)?;
        let extents = self.grid.chunk.iter().chain(self.grid.block.iter());
        match extents.min() {
            Some(1..) => Ok(layout),
            Some(0) | None => Err(bad("the chunks of the dataset have no elements")),
        }
    }

    /// Rows of a chunk.
    pub(super) fn high(&self) -> usize {
        // `layout` has checked that there is one.
        self.grid.chunk.first().copied().unwrap_or(1)
    }

    /// How new files are compressed.
    ///
    /// # Errors
    /// When files are not written with the codec.
    pub fn options(&self) -> Result<Options> {
        let Compression {
            codec,
            level,
            split,
            filters,
        } = self.compression;
        Options::of_numbers(codec, level, split, filters)
    }

    /// The codec's number, level and filters, for those who tell of them.
    pub(in crate::store) fn numbers(&self) -> (u8, u8, u8, Filters) {
        let compression = &self.compression;
        (
            compression.codec,
            compression.level,
            compression.split,
            compression.filters,
        )
    }

    pub(super) fn encode(&self) -> Result<Vec<u8>> {
        let name = self.dtype.name();
        let byte = |count: usize| u8::try_from(count).map_err(|_| bad("there are too many axes"));
        let mut out = vec![byte(name.len())?];
        out.extend_from_slice(name.as_bytes());
        out.push(byte(self.grid.chunk.ndim())?);
        let extents = [&self.row, &self.grid.chunk, &self.grid.block];
        for extent in extents.into_iter().flat_map(|extents| extents.iter()) {
            out.extend_from_slice(&(*extent as u64).to_le_bytes());
        }
        out.extend_from_slice(&(self.slab_rows as u64).to_le_bytes());
        let Compression {
            codec,
            level,
            split,
            filters,
        } = self.compression;
        out.extend_from_slice(&[codec, level, split, 0]);
        out.extend_from_slice(&filters.ids);
        out.extend_from_slice(&filters.metas);
        Ok(out)
    }

    /// Reads one; what follows it is for later versions.
    ///
    /// # Errors
    /// When it is cut off, or no array can be like this.
    pub(super) fn decode(cursor: &mut Cursor<'_>) -> Result<Self> {
        let len = cursor.u8("length of the dtype")?;
        let name = cursor.take(usize::from(len), "dtype")?;
        let name = String::from_utf8_lossy(name);
        let dtype = DType::from_name(&name)
            .ok_or_else(|| bad(format!("there is no dtype `{}`", name.escape_debug())))?;
        let ndim = usize::from(cursor.u8("number of axes")?);
        if ndim == 0 || ndim > MAX_NDIM {
            return Err(bad(format!("a dataset cannot have {ndim} axes")));
        }
        let mut extents = |count: usize, field: &'static str| -> Result<Shape> {
            let each = (0..count).map(|_| {
                let extent = cursor.u64_le(field)?;
                usize::try_from(extent).map_err(|_| bad("an extent is too large"))
            });
            Ok(Shape::from(each.collect::<Result<Vec<_>>>()?))
        };
        let row = extents(ndim - 1, "extents")?;
        let (chunk, block) = (extents(ndim, "chunk")?, extents(ndim, "block")?);
        let slab_rows = extents(1, "rows of a slab")?[0];
        let header = Self {
            dtype,
            row,
            grid: Grid { chunk, block },
            slab_rows: slab_rows.max(1),
            compression: Compression {
                codec: cursor.u8("codec")?,
                level: cursor.u8("level")?,
                split: cursor.u8("split mode")?,
                filters: {
                    cursor.u8("reserved byte")?;
                    let ids = cursor.array("filters")?;
                    let metas = cursor.array("parameters of filters")?;
                    Filters { ids, metas }
                },
            },
        };
        let row_bytes = header
            .row
            .iter()
            .try_fold(dtype.size(), |n, &extent| n.checked_mul(extent));
        if row_bytes.is_none() {
            return Err(bad("a row of the dataset is larger than memory can count"));
        }
        header.layout(0).map_err(|error| bad(error.message()))?;
        Ok(header)
    }
}
