//! In: what a file holds. Out: that as text for people and as JSON for programs.
//! Never: a fact that is not in [`store::Info`](crate::store::Info).

use std::fmt::Write;

use serde_json::{Value, json};

use crate::cli::args::Info as Args;
use crate::cli::dataset;
use crate::cli::output::Output;
use crate::cli::{print, printable};
use crate::error::Result;
use crate::exec::bytes_text;
use crate::store::program::{ProgramFile, ProgramOperand};
use crate::store::{
    self, ChunkCodes, ChunkInfo, ColumnInfo, Compression, FilterInfo, Info, InfoOptions, Layer,
    MemberInfo, SpecialCounts,
};
use crate::types::Shape;

/// Says what a file holds.
pub(super) fn info(args: &Args, output: &mut Output) -> Result<()> {
    if args.history {
        return dataset::history(args, output);
    }
    let options = InfoOptions {
        chunks: args.chunks,
    };
    let info = store::info_with(&args.path, options)?;
    if output.is_json() {
        return print(
            output,
            &json!({ "ok": true, "info": value(&info) }).to_string(),
        );
    }
    print(output, printable(&text(&info)).trim_end())
}

/// A fact a line.
fn text(info: &Info) -> String {
    let mut out = String::new();
    let mut line = |name: &str, fact: String| {
        // OK to ignore: writing to a String does not fail.
        let _ = writeln!(out, "{name:>12}  {fact}");
    };
    line("kind", kind(info));
    let parts = info.members.len() + info.columns.len();
    if info.dtype.is_some() || parts == 0 {
        line("dtype", dtype(info));
    }
    let shapes = [
        ("shape", &info.shape),
        ("chunk", &info.chunk),
        ("block", &info.block),
    ];
    for (name, shape) in shapes {
        if let Some(shape) = shape {
            line(name, shape.to_string());
        }
    }
    if let Some(chunks) = info.chunks {
        line("chunks", format!("{chunks}{}", special(&info.special)));
    }
    line("size", sizes(info));
    if let Some(compression) = &info.compression {
        line("codec", codec(compression));
        line("filters", filters(&compression.filters));
    }
    if info.raw > 0 {
        line("stored", format!("{} as they are", chunks(info.raw)));
    }
    for count in &info.codes {
        line(
            "stored",
            format!("{} {}", chunks(count.chunks), codes(&count.codes)),
        );
    }
    if let Some(checksum) = info.checksum {
        line("checksum", checksum.to_string());
    }
    if let Some(seal) = &info.seal {
        line("seal", seal.to_string());
    }
    if let Some(zone_map) = &info.zone_map {
        line("zone map", zone_map.to_string());
    }
    for (name, layers) in [
        ("metalayers", &info.metalayers),
        ("vlmetalayers", &info.vl_metalayers),
    ] {
        if !layers.is_empty() {
            let listed: Vec<String> = layers.iter().map(layer).collect();
            line(name, listed.join(", "));
        }
    }
    if let Some(program) = &info.program {
        for ProgramOperand {
            name,
            dtype,
            shape,
            place,
        } in &program.operands
        {
            line("operand", format!("{name}: {dtype}{shape} = {place}"));
        }
        for text in program.text.trim().lines() {
            line("program", text.to_string());
        }
    }
    for listed in &info.members {
        line("member", member(listed));
    }
    for listed in &info.columns {
        line("column", column(listed));
    }
    for (name, fact) in info.dataset.iter().flat_map(dataset::facts) {
        line(name, fact);
    }
    for oddity in &info.oddities {
        line("note", oddity.clone());
    }
    if let Some(list) = &info.chunk_list {
        out.push('\n');
        out.push_str(&chunk_table(list));
        if info.chunks.is_some_and(|chunks| chunks > list.len()) {
            out.push_str("     ...\n");
        }
    }
    out
}

fn kind(info: &Info) -> String {
    let layout = info
        .layout
        .map_or(String::new(), |layout| format!(", {layout}"));
    let version = info.version.map_or(String::new(), |version| {
        format!(", format version {version}")
    });
    format!("{}{layout}{version}", info.kind)
}

fn dtype(info: &Info) -> String {
    let declared = info.dtype.as_deref().unwrap_or("not declared");
    let size = match info.itemsize {
        Some(1) => " (1 byte an item)".to_string(),
        Some(size) => format!(" ({size} bytes an item)"),
        None => String::new(),
    };
    let computes = match &info.computes {
        Ok(dtype) if info.dtype.is_none() => {
            let example = match dtype.size() {
                8 => "float64",
                4 => "float32",
                _ => "uint8",
            };
            format!(", read as {dtype} unless told otherwise: x=PATH:{example}")
        }
        Ok(dtype) => format!(", {dtype} in expressions"),
        Err(why) => format!("; not for expressions: {why}"),
    };
    format!("{declared}{size}{computes}")
}

fn sizes(info: &Info) -> String {
    let size = |bytes: u64| bytes_text(usize::try_from(bytes).unwrap_or(usize::MAX));
    let ratio = info
        .ratio()
        .map_or(String::new(), |ratio| format!(", ratio {ratio:.2}"));
    let decoded = match info.data_bytes {
        Some(data) if data < info.nbytes => {
            format!("{} of data, {} with padding", size(data), size(info.nbytes))
        }
        Some(_) | None => format!("{} decoded", size(info.nbytes)),
    };
    format!(
        "{decoded}, {} stored{ratio}; file {}",
        size(info.cbytes),
        size(info.file_bytes)
    )
}

fn codec(compression: &Compression) -> String {
    let Compression {
        codec,
        level,
        splitmode,
        use_dict,
        ..
    } = compression;
    let dict = if *use_dict { ", with dictionaries" } else { "" };
    format!("{codec}, level {level}, split {splitmode}{dict}")
}

fn filters(filters: &[FilterInfo]) -> String {
    let each = filters.iter().map(|filter| match filter.meta {
        0 => filter.name.clone(),
        // Parameters are small numbers of either sign.
        meta => format!("{}({})", filter.name, meta.cast_signed()),
    });
    let listed: Vec<String> = each.collect();
    match listed.is_empty() {
        true => "none".into(),
        false => listed.join(", "),
    }
}

fn codes(codes: &ChunkCodes) -> String {
    let mut out = codes.codec.clone();
    for filter in &codes.filters {
        out.push_str(" + ");
        out.push_str(&filters(std::slice::from_ref(filter)));
    }
    if codes.split {
        out.push_str(", split");
    }
    if codes.dictionary {
        out.push_str(", dictionary");
    }
    out
}

fn chunks(count: usize) -> String {
    match count {
        1 => "1 chunk".into(),
        _ => format!("{count} chunks"),
    }
}

fn member(member: &MemberInfo) -> String {
    let size = |bytes: u64| bytes_text(usize::try_from(bytes).unwrap_or(usize::MAX));
    let dtype = member.dtype.as_deref();
    let dtype = dtype.map_or(String::new(), |dtype| format!("{dtype} "));
    let shape = member.shape.as_ref();
    let shape = shape.map_or(String::new(), |shape| format!("{shape}, "));
    let computes = match &member.computes {
        Ok(_) => String::new(),
        Err(why) => format!("; not for expressions: {why}"),
    };
    format!(
        "{}: {dtype}{shape}{} in {} {}{computes}",
        member.name.escape_debug(),
        size(member.nbytes),
        size(member.cbytes),
        member.method
    )
}

fn column(column: &ColumnInfo) -> String {
    let ColumnInfo { name, dtype, shape } = column;
    let (name, dtype) = (name.escape_debug(), dtype.escape_debug());
    format!("{name}: {dtype} {shape}")
}

fn layer(layer: &Layer) -> String {
    format!("{} ({} B)", layer.name, layer.len)
}

/// How many chunks are one repeated value, in brackets.
fn special(counts: &SpecialCounts) -> String {
    let kinds = [
        (counts.zeros, "of zeros"),
        (counts.nan, "of NaN"),
        (counts.value, "of one value"),
        (counts.uninit, "never written"),
    ];
    let found = kinds.iter().filter(|(count, _)| *count > 0);
    let listed: Vec<String> = found
        .map(|(count, kind)| format!("{count} {kind}"))
        .collect();
    match listed.is_empty() {
        true => String::new(),
        false => format!(" ({})", listed.join(", ")),
    }
}

/// A line a chunk.
fn chunk_table(list: &[ChunkInfo]) -> String {
    let mut out = format!(
        "{:>8} {:>14} {:>12} {:>12} {:>7}  {}\n",
        "chunk", "place", "decoded", "stored", "blocks", "how"
    );
    for chunk in list {
        let place = chunk.place.map_or("-".into(), |place| place.to_string());
        let how = match &chunk.codes {
            Some(through) => format!("{}: {}", chunk.kind, codes(through)),
            None => chunk.kind.to_string(),
        };
        // OK to ignore: writing to a String does not fail.
        let _ = writeln!(
            out,
            "{:>8} {place:>14} {:>12} {:>12} {:>7}  {how}",
            chunk.number, chunk.nbytes, chunk.cbytes, chunk.blocks
        );
    }
    out
}

/// The same for programs.
fn value(info: &Info) -> Value {
    let shape = |shape: &Option<Shape>| shape.as_ref().map(|shape| shape.to_vec());
    let layers = |layers: &[Layer]| -> Vec<Value> {
        let each = layers.iter();
        each.map(|layer| json!({ "name": layer.name, "bytes": layer.len, "stored": layer.stored }))
            .collect()
    };
    json!({
        "kind": info.kind.to_string(),
        "layout": info.layout,
        "version": info.version,
        "file_bytes": info.file_bytes,
        "dtype": info.dtype,
        "computes": info.computes.as_ref().ok().map(|dtype| dtype.name()),
        "computes_not": info.computes.as_ref().err(),
        "itemsize": info.itemsize,
        "shape": shape(&info.shape),
        "chunk": shape(&info.chunk),
        "block": shape(&info.block),
        "chunks": info.chunks,
        "data_bytes": info.data_bytes,
        "nbytes": info.nbytes,
        "cbytes": info.cbytes,
        "ratio": info.ratio(),
        "compression": info.compression.as_ref().map(|compression| json!({
            "codec": compression.codec,
            "level": compression.level,
            "splitmode": compression.splitmode,
            "use_dict": compression.use_dict,
            "filters": filters_value(&compression.filters),
        })),
        "stored": info.codes.iter().map(|count| {
            let mut object = codes_value(&count.codes);
            object["chunks"] = count.chunks.into();
            object
        }).collect::<Vec<_>>(),
        "raw": info.raw,
        "special": {
            "zeros": info.special.zeros,
            "nan": info.special.nan,
            "value": info.special.value,
            "uninit": info.special.uninit,
        },
        "metalayers": layers(&info.metalayers),
        "vlmetalayers": layers(&info.vl_metalayers),
        "chunk_list": info.chunk_list.as_ref().map(|list| {
            list.iter().map(chunk_value).collect::<Vec<_>>()
        }),
        "checksum": info.checksum,
        "seal": info.seal.as_ref().map(ToString::to_string),
        "program": info.program.as_ref().map(program_value),
        "zone_map": info.zone_map.as_ref().map(ToString::to_string),
        "members": info.members.iter().map(member_value).collect::<Vec<_>>(),
        "columns": info.columns.iter().map(column_value).collect::<Vec<_>>(),
        "dataset": info.dataset.as_ref().map(dataset::value),
        "oddities": info.oddities,
    })
}

fn column_value(column: &ColumnInfo) -> Value {
    json!({
        "name": column.name,
        "dtype": column.dtype,
        "shape": column.shape.to_vec(),
    })
}

fn member_value(member: &MemberInfo) -> Value {
    json!({
        "name": member.name,
        "method": member.method,
        "nbytes": member.nbytes,
        "cbytes": member.cbytes,
        "dtype": member.dtype,
        "shape": member.shape.as_ref().map(|shape| shape.to_vec()),
        "computes": member.computes.as_ref().ok().map(|dtype| dtype.name()),
        "computes_not": member.computes.as_ref().err(),
    })
}

fn filters_value(filters: &[FilterInfo]) -> Vec<Value> {
    let each = filters.iter();
    each.map(|filter| {
        json!({
            "slot": filter.slot,
            "id": filter.id,
            "name": filter.name,
            "meta": filter.meta,
        })
    })
    .collect()
}

fn codes_value(codes: &ChunkCodes) -> Value {
    json!({
        "codec": codes.codec,
        "filters": filters_value(&codes.filters),
        "split": codes.split,
        "dictionary": codes.dictionary,
        "missing": codes.missing,
    })
}

fn chunk_value(chunk: &ChunkInfo) -> Value {
    json!({
        "number": chunk.number,
        "kind": chunk.kind.to_string(),
        "place": chunk.place,
        "nbytes": chunk.nbytes,
        "cbytes": chunk.cbytes,
        "blocks": chunk.blocks,
        "codes": chunk.codes.as_ref().map(|codes| codes_value(codes)),
    })
}

/// A program and its operands.
fn program_value(program: &ProgramFile) -> Value {
    let operands = program.operands.iter().map(|operand| {
        json!({
            "name": operand.name,
            "dtype": operand.dtype.name(),
            "shape": operand.shape.to_vec(),
            "place": operand.place,
        })
    });
    json!({ "text": program.text, "operands": operands.collect::<Vec<_>>() })
}
