//! In: a directory with the manifest that tests/interop/recorder.py describes. Out: its cases.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// How a case is opened, and what is compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Kind {
    Array,
    Bytes,
    Items,
    Chunk,
    Refused,
}

impl Kind {
    pub(crate) const ALL: [(&str, Kind); 5] = [
        ("array", Kind::Array),
        ("bytes", Kind::Bytes),
        ("items", Kind::Items),
        ("chunk", Kind::Chunk),
        ("refused", Kind::Refused),
    ];
}

/// A line of the manifest; what its kind does not have is empty.
#[derive(Debug)]
pub(crate) struct Case {
    pub name: String,
    pub kind: Kind,
    pub path: PathBuf,
    pub offset: Option<u64>,
    pub format: Option<String>,
    pub expect: PathBuf,
    pub dtype: Option<String>,
    pub shape: Vec<usize>,
    pub itemsize: usize,
    pub chunks: Vec<usize>,
    pub blocks: Option<Vec<Vec<usize>>>,
    pub metalayers: Option<Vec<String>>,
    pub vl_metalayers: Option<Vec<String>>,
    pub sum: String,
    pub why: String,
}

pub(crate) fn read(root: &Path) -> Vec<Case> {
    let text = fs::read_to_string(root.join("manifest.jsonl")).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.map(|line| case(root, &line)).collect()
}

fn case(root: &Path, line: &Value) -> Case {
    let text = |key: &str| line[key].as_str().map(str::to_string);
    let kind = text("kind").unwrap();
    let (_, kind) = Kind::ALL
        .into_iter()
        .find(|(name, _)| *name == kind)
        .unwrap();
    Case {
        name: text("name").unwrap(),
        kind,
        path: root.join(text("path").unwrap()),
        offset: line["offset"].as_u64(),
        format: text("format"),
        expect: root.join(text("expect").unwrap_or_default()),
        dtype: text("dtype"),
        shape: numbers(&line["shape"]),
        itemsize: line["itemsize"].as_u64().unwrap_or(0) as usize,
        chunks: numbers(&line["chunks"]),
        blocks: list(&line["blocks"], numbers),
        metalayers: list(&line["metalayers"], name),
        vl_metalayers: list(&line["vl_metalayers"], name),
        sum: text("sum").unwrap_or_default(),
        why: text("why").unwrap_or_default(),
    }
}

fn list<T>(value: &Value, item: impl FnMut(&Value) -> T) -> Option<Vec<T>> {
    Some(value.as_array()?.iter().map(item).collect())
}

fn numbers(value: &Value) -> Vec<usize> {
    list(value, |number| number.as_u64().unwrap() as usize).unwrap_or_default()
}

fn name(value: &Value) -> String {
    value.as_str().unwrap().to_string()
}
