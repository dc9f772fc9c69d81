//! In: results, stats, errors. Out: one JSON object a reply, as docs/cli.md lays it down.
//! Never: a number that reads back as another one.

use std::path::Path;

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::array::Array;
use crate::diag::apply_edits;
use crate::error::Error;
use crate::exec::Stats;
use crate::expr::OutputInfo;
use crate::types::{DType, Scalar};

/// `{"ok":true,"outputs":[...],"stats":{...}}`
pub(super) struct Reply<'r> {
    pub(super) outputs: Vec<OutputReply<'r>>,
    pub(super) stats: Option<&'r Stats>,
}

/// One output of a reply.
pub(super) struct OutputReply<'r> {
    pub(super) name: &'r str,
    pub(super) dtype: DType,
    /// `None` for an extent that a filter decides.
    pub(super) shape: Vec<Option<usize>>,
    /// The elements, where they were computed to memory.
    pub(super) bytes: Option<Vec<u8>>,
    /// The file they were written to.
    pub(super) path: Option<String>,
}

impl<'r> OutputReply<'r> {
    /// An output whose elements are not shown: bound only, or written to the file at `path`.
    pub(super) fn elsewhere(info: &'r OutputInfo, path: Option<&Path>) -> Self {
        Self {
            name: &info.name,
            dtype: info.dtype,
            shape: info
                .shape
                .iter()
                .enumerate()
                .map(|(axis, &extent)| Some(extent).filter(|_| !(info.filtered && axis == 0)))
                .collect(),
            bytes: None,
            path: path.map(|path| path.display().to_string()),
        }
    }

    /// An output in memory.
    pub(super) fn array(name: &'r str, array: &'r Array<'_>) -> crate::error::Result<Self> {
        Ok(Self {
            name,
            dtype: array.dtype(),
            shape: array.shape().iter().copied().map(Some).collect(),
            bytes: Some(array.to_bytes()?),
            path: None,
        })
    }
}

/// A reply as one line of JSON.
pub(super) fn line(reply: &impl Serialize) -> String {
    // OK because replies have string keys and finite depth; there is nothing to fail.
    serde_json::to_string(reply).unwrap_or_else(|_| r#"{"ok":false}"#.to_string())
}

/// `{"ok":true,"outputs":[],"defined":"f(x, y)"}`
pub(super) fn defined(call: &str) -> String {
    let call = serde_json::Value::from(call);
    format!(r#"{{"ok":true,"outputs":[],"defined":{call}}}"#)
}

/// `{"ok":false,"error":{...}}`
pub(super) fn error(error: &Error) -> String {
    let mut object = serde_json::Map::new();
    object.insert("code".into(), error.code().as_str().into());
    object.insert("message".into(), error.message().into());
    if let Some((source, list)) = error.diagnostics()
        && let Some(first) = list.first()
    {
        let span = first.span();
        object.insert("span".into(), vec![span.start, span.end].into());
        if let Some(help) = first.help.first() {
            object.insert("help".into(), help.text.as_str().into());
            if !help.edits.is_empty() {
                let mended = apply_edits(source.text(), &help.edits);
                object.insert("suggestion".into(), mended.into());
            }
        }
    }
    if let Some(help) = error.help() {
        object.insert("help".into(), help.into());
    }
    let place = error.place();
    if let Some(path) = &place.path {
        object.insert("path".into(), path.display().to_string().into());
    }
    if let Some(chunk) = place.chunk {
        object.insert("chunk".into(), chunk.into());
    }
    if let Some(offset) = place.offset {
        object.insert("offset".into(), offset.into());
    }
    format!(
        r#"{{"ok":false,"error":{}}}"#,
        serde_json::Value::from(object)
    )
}

impl Serialize for Reply<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("ok", &true)?;
        map.serialize_entry("outputs", &self.outputs)?;
        if let Some(stats) = self.stats {
            map.serialize_entry("stats", &stats_value(stats))?;
        }
        map.end()
    }
}

impl Serialize for OutputReply<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", self.name)?;
        map.serialize_entry("dtype", self.dtype.name())?;
        map.serialize_entry("shape", &self.shape)?;
        if let Some(bytes) = &self.bytes {
            map.serialize_entry("data", &Data(self.dtype, bytes))?;
        }
        if let Some(path) = &self.path {
            map.serialize_entry("path", path)?;
        }
        map.end()
    }
}

/// Elements, flat, in C order.
pub(super) struct Data<'d>(pub(super) DType, pub(super) &'d [u8]);

impl Serialize for Data<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Data(dtype, bytes) = *self;
        let items = bytes.chunks_exact(dtype.size());
        let mut seq = serializer.serialize_seq(Some(items.len()))?;
        for value in items.filter_map(|item| Scalar::read(dtype, item)) {
            seq.serialize_element(&Number(value))?;
        }
        seq.end()
    }
}

/// A number: integers whole, floats as the shortest text that reads back in their own dtype,
/// what JSON has no number for as a string.
struct Number(Scalar);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Scalar::Bool(value) => serializer.serialize_bool(value),
            Scalar::Float32(value) if value.is_finite() => serializer.serialize_f32(value),
            Scalar::Float64(value) if value.is_finite() => serializer.serialize_f64(value),
            Scalar::Float32(_) | Scalar::Float64(_) => {
                let value = self.0.as_f64();
                serializer.serialize_str(match value {
                    value if value.is_nan() => "NaN",
                    value if value > 0.0 => "Infinity",
                    _ => "-Infinity",
                })
            }
            Scalar::UInt64(value) => serializer.serialize_u64(value),
            Scalar::Int8(value) => serializer.serialize_i8(value),
            Scalar::Int16(value) => serializer.serialize_i16(value),
            Scalar::Int32(value) => serializer.serialize_i32(value),
            Scalar::Int64(value) => serializer.serialize_i64(value),
            Scalar::UInt8(value) => serializer.serialize_u8(value),
            Scalar::UInt16(value) => serializer.serialize_u16(value),
            Scalar::UInt32(value) => serializer.serialize_u32(value),
        }
    }
}

/// Stats, with seconds by stage.
fn stats_value(stats: &Stats) -> serde_json::Value {
    serde_json::json!({
        "seconds": {
            "parse": stats.parse.as_secs_f64(),
            "check": stats.check.as_secs_f64(),
            "compile": stats.compile.as_secs_f64(),
            "read": stats.read.as_secs_f64(),
            "verify": stats.verify.as_secs_f64(),
            "decode": stats.decode.as_secs_f64(),
            "unshuffle": stats.unshuffle.as_secs_f64(),
            "kernel": stats.kernel.as_secs_f64(),
            "combine": stats.combine.as_secs_f64(),
            "write": stats.write.as_secs_f64(),
            "total": stats.total.as_secs_f64(),
        },
        "bytes_read": stats.bytes_read,
        "bytes_decoded": stats.bytes_decoded,
        "blocks_decoded": stats.blocks_decoded,
        "blocks_skipped": {
            "known": stats.skipped.known,
            "unneeded": stats.skipped.unneeded,
            "masked": stats.skipped.masked,
            "settled": stats.skipped.settled,
        },
        "kernels_compiled": stats.kernels_compiled,
        "passes": stats.passes,
        "threads": stats.threads,
        "simd": stats.simd.map_or("interpreter", |level| level.name()),
        "peak_scratch_bytes": stats.peak_scratch_bytes,
        "zone_maps_ignored": stats.zone_maps_ignored,
        "elements_left_out": stats.elements_left_out,
    })
}
