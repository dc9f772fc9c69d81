//! In: an open legacy container. Out: what there is to tell about it.
//! Never: more than the header of any chunk.

use super::chunks::{Census, ChunkInfo};
use super::{ColumnInfo, Info, InfoOptions, Kind, computes};
use crate::error::Result;
use crate::limits::MAX_INFO_CHUNKS;
use crate::store::chunk::Header;
use crate::store::legacy::{Bloscpack, Rootdir, Table};
use crate::types::Shape;

pub(super) fn bloscpack(file: &Bloscpack, options: InfoOptions) -> Result<Info> {
    let header = file.header();
    let mut oddities = Vec::new();
    let census = census(file.chunks(), options, &mut oddities, |number| {
        file.chunk_header(number)
    })?;
    let behind = file.source().len_bytes() - file.data_end()?;
    if behind > 0 {
        oddities.push(format!("{behind} bytes follow the last chunk"));
    }
    let (dtype, itemsize) = (file.dtype(), file.itemsize()?);
    let shape = file.numpy().map(|numpy| numpy.shape.clone());
    let data_bytes = match &shape {
        Some(shape) => data_bytes(shape, itemsize),
        None => Some(file.nbytes()),
    };
    if let Some(data) = data_bytes.filter(|&data| data != file.nbytes()) {
        oddities.push(format!(
            "the shape is that of {data} bytes, the chunks have {}",
            file.nbytes()
        ));
    }
    let info = Info {
        layout: file.numpy().map(|numpy| match numpy.fortran {
            true => "Fortran order",
            false => "C order",
        }),
        version: Some(u32::from(header.version)),
        dtype: (!dtype.is_missing()).then(|| dtype.text().to_string()),
        computes: computes(&dtype, itemsize.unwrap_or(1)),
        itemsize,
        shape,
        chunks: Some(file.chunks()),
        data_bytes,
        nbytes: file.nbytes(),
        checksum: Some(header.checksum.name()),
        oddities,
        ..Info::blank(Kind::Bloscpack, file.source().len_bytes())
    };
    Ok(with_census(info, census))
}

pub(super) fn rootdir(array: &Rootdir, options: InfoOptions) -> Result<Info> {
    let (dtype, shape) = (array.dtype(), array.shape());
    let mut oddities = Vec::new();
    let census = census(array.chunks(), options, &mut oddities, |number| {
        array.chunk_header(number)
    })?;
    let files = array.chunk_files()?;
    if files.stale > 0 {
        oddities.push(format!("{} files belong to no chunk", files.stale));
    }
    let itemsize = dtype.itemsize();
    let data_bytes = data_bytes(shape, itemsize);
    let rows = Shape::new(&[array.chunklen()]);
    let axes = shape[1..].iter();
    let chunk = axes.fold(rows, |chunk, &extent| chunk.with_axis(extent));
    let info = Info {
        dtype: Some(dtype.text().to_string()),
        computes: computes(dtype, itemsize.unwrap_or(1)),
        itemsize,
        shape: Some(shape.clone()),
        chunk: (!array.has_objects()).then_some(chunk),
        chunks: Some(array.chunks()),
        data_bytes,
        nbytes: data_bytes.unwrap_or(0),
        oddities,
        ..Info::blank(Kind::Rootdir, files.bytes)
    };
    Ok(with_census(info, census))
}

/// What there is to tell about the columns together, and a line about each.
pub(super) fn table(table: &Table) -> Result<Info> {
    let mut info = Info::blank(Kind::Table, 0);
    info.computes = Err(table.refuse().message().to_string());
    for name in table.names() {
        let column = table.column(name);
        match column.and_then(|array| rootdir(&array, InfoOptions::default())) {
            Ok(column) => add_column(&mut info, name, column),
            Err(error) => info.oddities.push(format!(
                "column '{}' cannot be read: {}",
                name.escape_debug(),
                error.message()
            )),
        }
    }
    let rows = |column: &ColumnInfo| column.shape.first().copied();
    if let Some(first) = info.columns.first().and_then(rows) {
        info.shape = Some(Shape::new(&[first]));
        if info
            .columns
            .iter()
            .any(|column| rows(column) != Some(first))
        {
            let oddity = "the columns differ in their number of rows";
            info.oddities.push(oddity.to_string());
        }
    }
    Ok(info)
}

fn add_column(info: &mut Info, name: &str, column: Info) {
    info.file_bytes = info.file_bytes.saturating_add(column.file_bytes);
    info.nbytes = info.nbytes.saturating_add(column.nbytes);
    info.cbytes = info.cbytes.saturating_add(column.cbytes);
    let oddities = column.oddities.into_iter();
    let named = oddities.map(|oddity| format!("column '{}': {oddity}", name.escape_debug()));
    info.oddities.extend(named);
    info.columns.push(ColumnInfo {
        name: name.to_string(),
        dtype: column.dtype.unwrap_or_default(),
        shape: column.shape.unwrap_or_else(Shape::scalar),
    });
}

/// Bytes of the elements, where they can be counted.
fn data_bytes(shape: &Shape, itemsize: Option<usize>) -> Option<u64> {
    (shape.checked_elems()? as u64).checked_mul(itemsize? as u64)
}

/// Walks the headers of chunks.
fn census(
    chunks: usize,
    options: InfoOptions,
    oddities: &mut Vec<String>,
    header: impl Fn(usize) -> Result<(u64, Header)>,
) -> Result<Census> {
    let mut census = Census::new(options.chunks);
    let looked_at = chunks.min(MAX_INFO_CHUNKS);
    for number in 0..looked_at {
        let (place, header) = header(number).map_err(|error| error.with_chunk(number))?;
        census.add(ChunkInfo::stored(number, place, &header));
    }
    if looked_at < chunks {
        oddities.push(format!("only the first {looked_at} chunks were looked at"));
    }
    Ok(census)
}

fn with_census(mut info: Info, census: Census) -> Info {
    info.special = census.special;
    info.raw = census.raw;
    info.cbytes = census.stored_bytes;
    (info.codes, info.chunk_list) = census.finish();
    info
}
