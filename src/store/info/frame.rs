//! In: an open frame. Out: what there is to tell about it.
//! Never: more than the header of any chunk.

use super::chunks::{self, Census, ChunkInfo};
use super::{Compression, Info, InfoOptions, Kind, Layer, computes};
use crate::codec;
use crate::error::{ErrorKind, Result};
use crate::limits::MAX_INFO_CHUNKS;
use crate::store::dtype::FileDType;
use crate::store::frame::{Entry, Frame};
use crate::store::meta::{B2nd, Geometry};
use crate::store::scratch::DecodeScratch;
use crate::store::stored;

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
    if frame.fingerprinted() {
        oddities.push("the trailer's fingerprint slot is in use".to_string());
    }
    let behind = frame.source().len_bytes() - header.frame_len;
    if behind > 0 {
        oddities.push(format!("{behind} bytes follow the frame"));
    }
    let census = census(frame, options, &mut oddities)?;
    let (special, stored_bytes) = (census.special, census.stored_bytes);
    let (codes, chunk_list) = census.finish();
    let file_bytes = match header.sparse {
        true => frame.source().len_bytes().saturating_add(stored_bytes),
        false => frame.source().len_bytes(),
    };
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
        computes: match stored::own_data(frame) {
            Ok(()) => computes(&dtype, itemsize),
            Err(error) => Err(error.message().to_string()),
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
        metalayers: metalayers(frame),
        vl_metalayers: vl_metalayers(frame),
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
        splitmode: match header.splitmode {
            1 => "always",
            2 => "never",
            3 => "auto",
            _ => "forward_compat",
        },
        use_dict: header.use_dict,
        filters: chunks::filters(header.filters, header.filters_meta),
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
        out.push("the shape's array marker is not that of an array".to_string());
    }
    let mut axes = meta.shape.iter().zip(meta.grid.chunk.iter());
    if axes.any(|(extent, chunk)| chunk > extent) {
        out.push(format!(
            "chunks {} reach beyond shape {}",
            meta.grid.chunk, meta.shape
        ));
    }
}

/// Walks the index and the headers of stored chunks.
fn census(frame: &Frame, options: InfoOptions, oddities: &mut Vec<String>) -> Result<Census> {
    let mut census = Census::new(options.chunks);
    let mut scratch = DecodeScratch::default();
    let looked_at = frame.chunks().min(MAX_INFO_CHUNKS);
    for number in 0..looked_at {
        let entry = frame.entry(number, &mut scratch)?;
        census.add(match entry {
            Entry::Stored(place) => {
                let header = frame.chunk_header(place);
                let header = header.map_err(|error| error.with_chunk(number))?;
                ChunkInfo::stored(number, place, &header)
            }
            Entry::Zeros | Entry::Nan | Entry::Uninit => {
                let nbytes = frame.chunk_nbytes(number).unwrap_or(0);
                ChunkInfo::special(number, entry, nbytes)
            }
        });
    }
    let header = frame.header();
    if looked_at < frame.chunks() {
        oddities.push(format!("only the first {looked_at} chunks were looked at"));
    } else if census.stored_bytes < header.cbytes && !header.sparse {
        let dead = header.cbytes - census.stored_bytes;
        oddities.push(format!("{dead} bytes among the chunks belong to none"));
    }
    Ok(census)
}
