//! Whatever the files of a BLZ or bcolz directory hold: the elements of the array and their sum
//! agree, or it is refused.

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
use fuseblock::{Array, ErrorKind};

/// The files of a sound array, and their contents.
macro_rules! sample {
    ($root:literal: $($name:literal)*) => {
        &[$((
            $name,
            include_bytes!(concat!("../../tests/golden/legacy/", $root, "/", $name)),
        )),*]
    };
}

type Files = &'static [(&'static str, &'static [u8])];

const SAMPLES: [Files; 3] = [
    sample!("blz/nd3": "meta/sizes" "meta/storage" "data/__0.blp" "data/__1.blp" "data/__2.blp"
        "data/__3.blp"),
    sample!("blz/bool": "meta/sizes" "meta/storage" "data/__0.blp" "data/__1.blp" "data/__2.blp"
        "data/__3.blp" "data/__4.blp" "data/__5.blp"),
    sample!("bcolz/tab/x": "meta/sizes" "meta/storage" "data/__0.blp"),
];

/// What is done to a sample.
#[derive(Debug, arbitrary::Arbitrary)]
struct Input {
    sample: u8,
    patches: Vec<Patch>,
}

/// Bytes that stand in the place of `instead` others, from byte `at` of a file on.
#[derive(Debug, arbitrary::Arbitrary)]
struct Patch {
    file: u8,
    at: u16,
    instead: u8,
    with: Vec<u8>,
}

libfuzzer_sys::fuzz_target!(|input: Input| {
    let number = usize::from(input.sample) % SAMPLES.len();
    let directory = DIRECTORY.join(number.to_string());
    for (name, content) in patched(SAMPLES[number], input.patches) {
        let path = directory.join(name);
        // OK to ignore: it is there but the first time.
        let _ = fs::create_dir_all(path.parent().unwrap_or(&directory));
        fs::write(path, content).expect("the directory can be written");
    }
    noting::LARGEST.set(0);
    let limits = ReadLimits {
        max_block_bytes: survive::MOST_BYTES,
        max_array_bytes: survive::MOST_BYTES as u64,
        ..ReadLimits::untrusted()
    };
    let array = Array::options().limits(limits).open(&directory);
    let refused = match &array {
        Ok(array) => read::read_all(array).err(),
        Err(_) => None,
    };
    // A chunk may be one that there is no file for.
    if refused.is_none_or(|error| error.kind() != ErrorKind::Io) {
        survive::survive(array, &|| String::from("rootdir"));
    }
});

static DIRECTORY: LazyLock<PathBuf> =
    LazyLock::new(|| std::env::temp_dir().join(format!("fuseblock-fuzz-{}", process::id())));

fn patched(sample: Files, patches: Vec<Patch>) -> Vec<(&'static str, Vec<u8>)> {
    let own = |(name, content): &(&'static str, &[u8])| (*name, content.to_vec());
    let mut files: Vec<_> = sample.iter().map(own).collect();
    for patch in patches {
        let number = usize::from(patch.file) % files.len();
        let content = &mut files[number].1;
        let at = usize::from(patch.at).min(content.len());
        let end = (at + usize::from(patch.instead)).min(content.len());
        content.splice(at..end, patch.with);
    }
    files
}
