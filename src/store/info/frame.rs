//! In: an open frame. Out: what there is to tell about it.
//! Never: more than the header of any chunk.

use super::chunks::{self, Census, ChunkInfo};
use super::{Compression, Info, InfoOptions, Kind, Layer, computes};
use crate::codec;
use crate::error::{ErrorKind, Result};
use crate::limits::MAX_INFO_CHUNKS;
use crate::store::dtype::{FileDType, Items};
use crate::store::frame::{Entry, Frame};
use crate::store::meta::{B2nd, Geometry};
use crate::store::scratch::DecodeScratch;
use crate::store::seal::SealStatus;
use crate::store::stored;
use crate::types::DType;

pub(super) fn info(frame: &Frame, options: InfoOptions) -> Result<Info> {
    let header = frame.header();
    let mut oddities = Vec::new();
    let array = match stored::describe(frame) {
        Ok(array) => Some(array),
        Err(error) if error.kind() == ErrorKind::Unsupported => {
            if frame.has_shape() {
                oddities.push(error.message().to_string());
            }
            None
        }
        Err(error) => return Err(frame.source().blame(error)),
    };
    if header.chunksize.is_none() {
        oddities.push("the chunks vary in size".to_string());
    }
    if let Some((meta, geometry)) = &array {
        array_oddities(meta, geometry, frame, &mut oddities);
    }
    match frame.seal() {
        SealStatus::Whole { notes } => oddities.extend_from_slice(notes),
        SealStatus::None | SealStatus::Broken(_) | SealStatus::Unchecked => {}
    }
    if frame.fingerprinted() && *frame.seal() == SealStatus::None {
        oddities.push("the trailer's fingerprint slot is in use".to_string());
    }
    let behind = frame.source().len_bytes() - header.frame_len;
    if behind > 0 {
        oddities.push(format!("{behind} bytes follow the frame"));
    }
    let census = walk(frame, options, &mut oddities)?;
    let Walk {
        census,
        other_files,
    } = census;
    let (special, raw) = (census.special, census.raw);
    let (codes, chunk_list) = census.finish();
    let missing = codes.iter().find_map(|count| count.codes.missing.clone());
    let file_bytes = frame.source().len_bytes().saturating_add(other_files);
    let (meta, geometry) = array.unzip();
    let kind = match meta {
        Some(_) => Kind::B2nd,
        None => Kind::Frame,
    };
    let itemsize = geometry.map_or(header.itemsize, |geometry| geometry.itemsize);
    let dtype = meta
        .as_ref()
        .map_or_else(FileDType::missing, |m| m.dtype.clone());
    Ok(Info {
        layout: Some(match header.sparse {
            true => "sparse",
            false => "contiguous",
        }),
        version: Some(u32::from(header.version)),
        dtype: (!dtype.is_missing()).then(|| dtype.text().to_string()),
        computes: match missing {
            Some(missing) => Err(missing),
            None => computes_with(frame, &dtype, itemsize),
        },
        itemsize: Some(itemsize),
        shape: meta.as_ref().map(|meta| meta.shape.clone()),
        chunk: meta.as_ref().map(|meta| meta.grid.chunk.clone()),
        block: meta.as_ref().map(|meta| meta.grid.block.clone()),
        chunks: Some(frame.chunks()),
        data_bytes: Some(match &meta {
            // `describe` has checked the product.
            Some(meta) => (meta.shape.elems() as u64).saturating_mul(itemsize as u64),
            None => header.nbytes,
        }),
        nbytes: header.nbytes,
        cbytes: header.cbytes,
        compression: Some(compression(frame)),
        codes,
        special,
        raw,
        metalayers: metalayers(frame),
        vl_metalayers: vl_metalayers(frame),
        seal: Some(frame.seal().clone()),
        zone_map: frame.has_shape().then(|| frame.zone_map()),
        chunk_list,
        oddities,
        ..Info::blank(kind, file_bytes)
    })
}

fn metalayers(frame: &Frame) -> Vec<Layer> {
    let layers = frame.header().metalayers.iter();
    layers
        .map(|layer| Layer {
            name: layer.name.clone(),
            stored: layer.content.len(),
            len: layer.content.len(),
        })
        .collect()
}

fn vl_metalayers(frame: &Frame) -> Vec<Layer> {
    let layers = frame.vl_metalayers().iter();
    layers
        .map(|layer| Layer {
            name: layer.name.clone(),
            stored: layer.cbytes,
            len: layer.nbytes,
        })
        .collect()
}

fn compression(frame: &Frame) -> Compression {
    let header = frame.header();
    Compression {
        codec: codec::name(header.compcode),
        level: header.clevel,
        splitmode: splitmode(header.splitmode),
        use_dict: header.use_dict,
        filters: chunks::filters(header.filters, header.filters_meta),
    }
}

/// The name of a split mode, as frames number them.
pub(super) fn splitmode(number: u8) -> &'static str {
    match number {
        1 => "always",
        2 => "never",
        3 => "auto",
        _ => "forward_compat",
    }
}

fn array_oddities(meta: &B2nd, geometry: &Geometry, frame: &Frame, out: &mut Vec<String>) {
    if frame.header().itemsize != geometry.itemsize {
        out.push(format!(
            "the frame's header says items of {} bytes, its chunks have {}",
            frame.header().itemsize,
            geometry.itemsize
        ));
    }
    if meta.odd_marker {
        out.push("the byte before the shape is none that any library writes".to_string());
    }
    let mut axes = meta.shape.iter().zip(meta.grid.chunk.iter());
    if axes.any(|(extent, chunk)| chunk > extent) {
        out.push(format!(
            "chunks {} reach beyond shape {}",
            meta.grid.chunk, meta.shape
        ));
    }
}

/// What expressions compute with, unless the frame holds something else than elements.
fn computes_with(frame: &Frame, dtype: &FileDType, itemsize: usize) -> Result<DType, String> {
    let items = match frame.has_shape() {
        true => stored::own_data(frame),
        false => stored::has_items(frame, Items::Declared),
    };
    match items {
        Ok(()) => computes(dtype, itemsize),
        Err(error) => Err(error.message().to_string()),
    }
}

/// What a look at every chunk's header told.
struct Walk {
    census: Census,
    /// Bytes of the files that chunks of a sparse frame have.
    other_files: u64,
}

/// Walks the index and the headers of stored chunks.
fn walk(frame: &Frame, options: InfoOptions, oddities: &mut Vec<String>) -> Result<Walk> {
    let mut census = Census::new(options.chunks);
    let mut scratch = DecodeScratch::default();
    let header = frame.header();
    let looked_at = frame.chunks().min(MAX_INFO_CHUNKS);
    let (mut other_files, mut odd_file) = (0u64, None);
    for number in 0..looked_at {
        let entry = frame.entry(number, &mut scratch)?;
        census.add(match entry {
            Entry::Stored(place) => {
                let chunk = frame.chunk_header(place);
                let chunk = chunk.map_err(|error| error.with_chunk(number))?;
                if header.sparse {
                    let (_, _, len) = frame.locate(place)?;
                    other_files = other_files.saturating_add(len);
                    if len != chunk.cbytes as u64 && odd_file.is_none() {
                        odd_file = Some((number, len, chunk.cbytes));
                    }
                }
                ChunkInfo::stored(number, place, &chunk)
            }
            Entry::Zeros | Entry::Nan | Entry::Uninit => {
                let nbytes = frame.chunk_nbytes(number).unwrap_or(0);
                ChunkInfo::special(number, entry, nbytes)
            }
        });
    }
    if let Some((number, len, cbytes)) = odd_file {
        oddities.push(format!(
            "the file of chunk {number} has {len} bytes, the chunk {cbytes}"
        ));
    }
    if looked_at < frame.chunks() {
        oddities.push(format!("only the first {looked_at} chunks were looked at"));
    } else if !header.sparse {
        let leaves = frame
            .sealed()
            .map_or(0, |sealed| sealed.table().leaf_bytes());
        let dead = header
            .cbytes
            .saturating_sub(census.stored_bytes.saturating_add(leaves));
        if dead > 0 {
            oddities.push(format!("{dead} bytes among the chunks belong to none"));
        }
    }
    Ok(Walk {
        census,
        other_files,
    })
}
