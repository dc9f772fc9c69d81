//! In: what a frame's header says. Out: its bytes, those of its index and of its trailer.
//! Never: chunks.

use super::chunk::{Coding, Encoder};
use super::layout::Layout;
use super::options::{Extras, Filters, Options, Split, WriteCodec};
use super::wrong;
use crate::error::Result;
use crate::limits::{MAX_METALAYERS, MAX_VLMETALAYERS};
use crate::store::frame::{HEADER_MIN_BYTES, MAGIC};
use crate::store::meta;
use crate::store::seal::LAYER;

/// Bytes of an index block, as the reference library chooses.
const INDEX_BLOCK_BYTES: usize = 16 << 10;

/// Bytes of the name of a metalayer.
const MAX_NAME_BYTES: usize = 31;

/// A named value of a frame: as it is in the header, a whole chunk in the trailer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::store) struct Layer {
    pub(in crate::store) name: String,
    pub(in crate::store) content: Vec<u8>,
}

/// A frame header; the lengths of the frame and of its chunks come last.
#[derive(Clone, Debug)]
pub(in crate::store) struct FrameBytes(Vec<u8>);

impl FrameBytes {
    /// The header of the array `layout`, compressed by `options`.
    pub(in crate::store) fn of_array(
        layout: &Layout,
        options: &Options,
        extras: &Extras,
    ) -> Result<Self> {
        let b2nd = Layer {
            name: meta::NAMES[0].to_string(),
            content: b2nd(layout)?,
        };
        let others = extras.metalayers.iter().map(|(name, content)| Layer {
            name: name.clone(),
            content: content.clone(),
        });
        let layers: Vec<Layer> = std::iter::once(b2nd).chain(others).collect();
        if layers.len() > MAX_METALAYERS {
            return Err(wrong(format!(
                "{} metalayers are given; a frame has at most {MAX_METALAYERS}",
                layers.len()
            )));
        }
        let compcode = options.codec.compcode();
        let mut out = Vec::with_capacity(HEADER_MIN_BYTES + 256);
        out.extend_from_slice(MAGIC);
        out.push(0xD2);
        out.extend_from_slice(&[0; 4]);
        out.push(0xCF);
        out.extend_from_slice(&[0; 8]);
        out.extend_from_slice(&[0xA4, 0x12, u8::from(extras.sparse)]);
        out.push(options.level << 4 | compcode);
        out.push(options.split.number() - 1);
        out.push(0xD3);
        out.extend_from_slice(&layout.nbytes().to_be_bytes());
        out.push(0xD3);
        out.extend_from_slice(&[0; 8]);
        for size in [layout.item.size, layout.block_bytes, layout.chunk_bytes] {
            out.push(0xD2);
            out.extend_from_slice(&int(size)?.to_be_bytes());
        }
        // One thread to compress and one to decompress: a hint that nobody follows.
        out.extend_from_slice(&[0xD1, 0, 1, 0xD1, 0, 1]);
        // No variable-length metalayers; then the filters, as an extension of 16 bytes.
        out.extend_from_slice(&[0xC2, 0xD8, 6]);
        let Filters { ids, metas } = options.filters;
        out.extend_from_slice(&ids);
        out.extend_from_slice(&[compcode, 0]);
        out.extend_from_slice(&metas);
        out.extend_from_slice(&[0, 0]);
        out.push(0x93);
        append_layers(&mut out, &layers, 1, 0)?;
        let header_len = int(out.len())?;
        out[0x0B..0x0F].copy_from_slice(&header_len.to_be_bytes());
        Ok(Self(out))
    }

    /// The header of a frame that exists: its bytes.
    pub(in crate::store) fn of(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The same for a frame whose chunks are in the file, whatever the other was.
    pub(in crate::store) fn contiguous(mut self) -> Self {
        self.0[0x1A] = 0;
        self
    }

    pub(in crate::store) fn header(&self) -> &[u8] {
        &self.0
    }

    pub(in crate::store) fn header_len(&self) -> u64 {
        self.0.len() as u64
    }

    /// What is known when the frame is complete: its length, that of its chunks, and whether its trailer
    /// has metalayers.
    pub(in crate::store) fn complete(&mut self, frame_len: u64, cbytes: u64, layers: bool) {
        self.0[0x10..0x18].copy_from_slice(&frame_len.to_be_bytes());
        self.0[0x27..0x2F].copy_from_slice(&cbytes.to_be_bytes());
        self.0[0x44] = if layers { 0xC3 } else { 0xC2 };
    }
}

impl FrameBytes {
    /// Gives the array another shape of as many axes; its metalayer has its content at `b2nd`.
    pub(in crate::store) fn reshape(&mut self, b2nd: usize, layout: &Layout) -> Result<()> {
        for (axis, &extent) in layout.shape.iter().enumerate() {
            let extent = i64::try_from(extent).map_err(|_| wrong("an extent is above 2^63"))?;
            // Behind four bytes, nine an axis, the first of which is a marker.
            let at = b2nd + 4 + axis * 9 + 1;
            self.0[at..at + 8].copy_from_slice(&extent.to_be_bytes());
        }
        self.0[0x1E..0x26].copy_from_slice(&layout.nbytes().to_be_bytes());
        self.0[0x3A..0x3E].copy_from_slice(&int(layout.chunk_bytes)?.to_be_bytes());
        Ok(())
    }
}

/// Appends the map of names and the array of contents of metalayers. `before` bytes in front of them count
/// towards the size of the map, and offsets from byte `start` of `out` on.
fn append_layers(out: &mut Vec<u8>, layers: &[Layer], before: usize, start: usize) -> Result<()> {
    let mut names: Vec<&str> = layers.iter().map(|layer| &*layer.name).collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(wrong(format!("two metalayers are called `{}`", twice[0])));
    }
    let map_len: usize = names.iter().map(|name| 1 + name.len() + 5).sum();
    // Three bytes of its own size, three of the map's marker and count.
    let counted = int16(before + 6 + map_len)?;
    let count = int16(layers.len())?;
    out.push(0xCD);
    out.extend_from_slice(&counted);
    out.push(0xDE);
    out.extend_from_slice(&count);
    let mut value_at = out.len() - start + map_len + 3;
    for layer in layers {
        out.push(0xA0 | int16(layer.name.len())?[1]);
        out.extend_from_slice(layer.name.as_bytes());
        out.push(0xD2);
        out.extend_from_slice(&int(value_at)?.to_be_bytes());
        value_at += 5 + layer.content.len();
    }
    out.push(0xDC);
    out.extend_from_slice(&count);
    for layer in layers {
        out.push(0xC6);
        out.extend_from_slice(&int(layer.content.len())?.to_be_bytes());
        out.extend_from_slice(&layer.content);
    }
    Ok(())
}

/// The content of the b2nd metalayer.
fn b2nd(layout: &Layout) -> Result<Vec<u8>> {
    let text = &layout.item.text;
    // At most 16. The marker of 16 axes is the one the reference library writes.
    let ndim = int16(layout.shape.ndim())?[1];
    let mut out = vec![0x97, 0, ndim, 0x90 + ndim];
    for &extent in layout.shape.iter() {
        let extent = i64::try_from(extent).map_err(|_| wrong("an extent is above 2^63"))?;
        out.push(0xD3);
        out.extend_from_slice(&extent.to_be_bytes());
    }
    for extents in [&layout.grid.chunk, &layout.grid.block] {
        out.push(0x90 + ndim);
        for &extent in extents.iter() {
            out.push(0xD2);
            out.extend_from_slice(&int(extent)?.to_be_bytes());
        }
    }
    out.extend_from_slice(&[0, 0xDB]);
    out.extend_from_slice(&int(text.len())?.to_be_bytes());
    out.extend_from_slice(text.as_bytes());
    Ok(out)
}

/// The chunk that holds the index; nothing where there are no chunks, as the format has it.
pub(in crate::store) fn index_chunk(index: &[i64]) -> Result<Vec<u8>> {
    if index.is_empty() {
        return Ok(Vec::new());
    }
    let bytes: Vec<u8> = index.iter().flat_map(|entry| entry.to_le_bytes()).collect();
    let options = Options {
        codec: WriteCodec::Lz4,
        level: 5,
        filters: Filters::SHUFFLE,
        split: Split::Never,
    };
    let blocksize = INDEX_BLOCK_BYTES.min(bytes.len());
    Encoder::new(Coding::inner(options, 8, blocksize))?.whole(&bytes)
}

/// A trailer with these metalayers, each content a whole chunk, and room for a digest at its end.
pub(in crate::store) fn trailer(layers: &[Layer]) -> Result<Vec<u8>> {
    if layers.len() > MAX_VLMETALAYERS {
        return Err(wrong(format!(
            "{} variable-length metalayers are given; a frame has at most {MAX_VLMETALAYERS}",
            layers.len()
        )));
    }
    let mut out = vec![0x94, 1, 0x93];
    append_layers(&mut out, layers, 0, 0)?;
    let length = int(out.len() + 23)?;
    out.push(0xCE);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&[0xD8, 0]);
    out.extend_from_slice(&[0; FINGERPRINT_BYTES]);
    Ok(out)
}

/// Bytes at the end of a trailer that are for a digest.
pub(in crate::store) const FINGERPRINT_BYTES: usize = 16;

/// Checks that a metalayer may have this name.
///
/// # Errors
/// When it is empty, too long, or one that formats have given a meaning.
pub(in crate::store) fn check_name(name: &str) -> Result<()> {
    if name.is_empty() || name.len() > MAX_NAME_BYTES {
        return Err(wrong(format!(
            "`{name}` cannot be the name of a metalayer or attribute: it has 1 to {MAX_NAME_BYTES} bytes"
        )));
    }
    if meta::NAMES.contains(&name) || name == LAYER {
        return Err(wrong(format!(
            "`{name}` cannot be the name of a metalayer or attribute: it is that of the format's own"
        )));
    }
    Ok(())
}

/// Metalayers of a trailer, of these names and contents.
pub(in crate::store) fn layers(given: &[(String, Vec<u8>)]) -> Result<Vec<Layer>> {
    let layers = given.iter().map(|(name, content)| {
        Ok(Layer {
            name: name.clone(),
            content: value_chunk(content)?,
        })
    });
    layers.collect()
}

/// The chunk that holds the value of a metalayer in a trailer.
pub(in crate::store) fn value_chunk(content: &[u8]) -> Result<Vec<u8>> {
    let options = Options {
        codec: WriteCodec::Zstd,
        level: 5,
        filters: Filters::NONE,
        split: Split::Never,
    };
    Encoder::new(Coding::inner(options, 1, content.len().max(1)))?.whole(content)
}

fn int(value: usize) -> Result<i32> {
    i32::try_from(value).map_err(|_| wrong(format!("{value} is too large for a frame's header")))
}

fn int16(value: usize) -> Result<[u8; 2]> {
    u16::try_from(value)
        .map(u16::to_be_bytes)
        .map_err(|_| wrong(format!("{value} is too large for a frame's header")))
}
