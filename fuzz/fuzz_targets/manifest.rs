//! Whatever the manifests of a dataset are changed to, with digests that agree with the changes: the elements of the array
//! and their sum agree, or it is refused.

#![no_main]

#[path = "../../tests/common/noting.rs"]
mod noting;
#[path = "../../tests/common/read.rs"]
mod read;
#[path = "../../tests/common/survive.rs"]
mod survive;

use std::path::PathBuf;
use std::sync::LazyLock;
use std::{fs, process};

use fuseblock::store::ReadLimits;
use fuseblock::store::dataset::{Dataset, DatasetOptions};
use fuseblock::{Array, DType, ErrorKind, Scalar, Shape};
use twox_hash::XxHash3_128;

/// Bytes that stand in the place of `instead` others, from byte `at` of a manifest on.
#[derive(Debug, arbitrary::Arbitrary)]
struct Patch {
    version: u8,
    at: u16,
    instead: u8,
    with: Vec<u8>,
}

/// Versions of a dataset with a checkpoint, deltas, files, a value and attributes.
static SAMPLE: LazyLock<(PathBuf, Vec<Vec<u8>>)> = LazyLock::new(|| {
    let path = std::env::temp_dir().join(format!("fuseblock-fuzz-{}.fbd", process::id()));
    let options = DatasetOptions {
        chunk: Some(Shape::new(&[4, 3])),
        block: Some(Shape::new(&[2, 3])),
        slab_rows: Some(4),
        ..DatasetOptions::default()
    };
    let (shape, fill) = (Shape::new(&[10, 3]), Scalar::Int16(7));
    let create = Dataset::create(&path, DType::Int16, &shape, fill, &options);
    let mut dataset = create.expect("a dataset can be made");
    let bytes: Vec<u8> = (0..30).collect();
    for first in [0, 5] {
        let replaced = dataset.replace(first, &[5, 3], &bytes);
        replaced
            .and_then(|()| dataset.set_attribute("at", &1i64.into()))
            .expect("rows are there");
        dataset.commit().expect("nobody else commits");
    }
    let versions = 1..=3u64;
    let read = |version| fs::read(manifest(&path, version)).expect("it was just written");
    (path.clone(), versions.map(read).collect())
});

fn manifest(path: &std::path::Path, version: u64) -> PathBuf {
    path.join(format!("meta/{version:020}.manifest"))
}

libfuzzer_sys::fuzz_target!(|patches: Vec<Patch>| {
    let (path, sound) = &*SAMPLE;
    let mut versions = sound.clone();
    for patch in patches {
        let number = usize::from(patch.version) % versions.len();
        let content = &mut versions[number];
        let last = content.len().saturating_sub(16);
        let at = usize::from(patch.at).min(last);
        let end = (at + usize::from(patch.instead)).min(last);
        content.splice(at..end, patch.with);
    }
    let mut previous = [0; 16];
    for (bytes, version) in versions.iter_mut().zip(1..) {
        // Versions build upon each other whatever they say.
        if let Some(slot) = bytes.get_mut(0x20..0x30).filter(|_| version > 1) {
            slot.copy_from_slice(&previous);
        }
        if let Some((content, digest)) = bytes.split_last_chunk_mut::<16>() {
            *digest = XxHash3_128::oneshot(content).to_le_bytes();
            previous = *digest;
        }
        fs::write(manifest(path, version), bytes).expect("the directory can be written");
    }
    noting::LARGEST.set(0);
    let limits = ReadLimits {
        max_block_bytes: survive::MOST_BYTES,
        max_array_bytes: survive::MOST_BYTES as u64,
        ..ReadLimits::untrusted()
    };
    let array = Array::options().limits(limits).open(path);
    let refused = match &array {
        Ok(array) => read::read_all(array).err(),
        Err(_) => None,
    };
    // A file may have a name that there is none of.
    if refused.is_none_or(|error| error.kind() != ErrorKind::Io) {
        survive::survive(array, &|| String::from("manifest"));
    }
});
