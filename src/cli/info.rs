//! In: what a file holds. Out: that as text for people and as JSON for programs.
//! Never: a fact that is not in [`store::Info`](crate::store::Info).

use std::fmt::Write;

use serde_json::{Value, json};

use crate::cli::args::Info as Args;
use crate::cli::output::Output;
use crate::cli::print;
use crate::error::Result;
use crate::exec::bytes_text;
use crate::store::{self, Compression, Info, SpecialCounts};
use crate::types::Shape;

/// Says what a file holds.
pub(super) fn info(args: &Args, output: &mut Output) -> Result<()> {
    let info = store::info(&args.path)?;
    if output.is_json() {
        return print(
            output,
            &json!({ "ok": true, "info": value(&info) }).to_string(),
        );
    }
    print(output, text(&info).trim_end())
}

/// A fact a line.
fn text(info: &Info) -> String {
    let mut out = String::new();
    let mut line = |name: &str, fact: String| {
        // OK to ignore: writing to a String does not fail.
        let _ = writeln!(out, "{name:>12}  {fact}");
    };
    line("kind", info.kind.to_string());
    if let Some(dtype) = &info.dtype {
        line(
            "dtype",
            format!("{dtype} ({} bytes an element)", info.itemsize),
        );
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
        line("chunks", chunks.to_string());
    }
    line("size", sizes(info));
    if let Some(compression) = &info.compression {
        line("codec", codec(compression));
        line("filters", filters(compression));
    }
    let special = special(&info.special);
    if !special.is_empty() {
        line("special", special);
    }
    for (name, layers) in [
        ("metalayers", &info.metalayers),
        ("vlmetalayers", &info.vl_metalayers),
    ] {
        if !layers.is_empty() {
            let listed: Vec<String> = layers
                .iter()
                .map(|(name, len)| format!("{name} ({len} B)"))
                .collect();
            line(name, listed.join(", "));
        }
    }
    for oddity in &info.oddities {
        line("note", oddity.clone());
    }
    out
}

fn sizes(info: &Info) -> String {
    let size = |bytes: u64| bytes_text(usize::try_from(bytes).unwrap_or(usize::MAX));
    let ratio = info
        .ratio()
        .map_or(String::new(), |ratio| format!(", ratio {ratio:.2}"));
    format!(
        "{} decoded, {} stored{ratio}; file {}",
        size(info.nbytes),
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

fn filters(compression: &Compression) -> String {
    let listed: Vec<String> = compression
        .filters
        .iter()
        .map(|filter| match filter.meta {
            0 => filter.name.clone(),
            meta => format!("{}({meta})", filter.name),
        })
        .collect();
    match listed.is_empty() {
        true => "none".into(),
        false => listed.join(", "),
    }
}

fn special(counts: &SpecialCounts) -> String {
    let kinds = [
        (counts.zeros, "zeros"),
        (counts.nan, "NaN"),
        (counts.value, "one value"),
        (counts.uninit, "never written"),
    ];
    let found = kinds.iter().filter(|(count, _)| *count > 0);
    let listed: Vec<String> = found
        .map(|(count, kind)| format!("{count} chunks {kind}"))
        .collect();
    listed.join(", ")
}

/// The same for programs.
fn value(info: &Info) -> Value {
    let shape = |shape: &Option<Shape>| shape.as_ref().map(|shape| shape.to_vec());
    let layers = |layers: &[(String, usize)]| -> Vec<Value> {
        let each = layers.iter();
        each.map(|(name, len)| json!({ "name": name, "bytes": len }))
            .collect()
    };
    json!({
        "kind": info.kind.to_string(),
        "file_bytes": info.file_bytes,
        "dtype": info.dtype,
        "itemsize": info.itemsize,
        "shape": shape(&info.shape),
        "chunk": shape(&info.chunk),
        "block": shape(&info.block),
        "chunks": info.chunks,
        "nbytes": info.nbytes,
        "cbytes": info.cbytes,
        "ratio": info.ratio(),
        "compression": info.compression.as_ref().map(|compression| json!({
            "codec": compression.codec,
            "level": compression.level,
            "splitmode": compression.splitmode,
            "use_dict": compression.use_dict,
            "filters": compression.filters.iter().map(|filter| json!({
                "slot": filter.slot,
                "id": filter.id,
                "name": filter.name,
                "meta": filter.meta,
            })).collect::<Vec<_>>(),
        })),
        "special": {
            "zeros": info.special.zeros,
            "nan": info.special.nan,
            "value": info.special.value,
            "uninit": info.special.uninit,
        },
        "metalayers": layers(&info.metalayers),
        "vlmetalayers": layers(&info.vl_metalayers),
        "oddities": info.oddities,
    })
}
