//! Whatever a sealed file is changed to, with seals that agree with the changes and without: its elements and their
//! sum agree, or there is an error that says why. Where digests were left as they were, elements are those of before.

#![no_main]

#[path = "../../tests/common/noting.rs"]
mod noting;
#[path = "../../tests/common/read.rs"]
mod read;
#[path = "../../tests/common/resign.rs"]
mod resign;
#[path = "../../tests/common/survive.rs"]
mod survive;

use std::sync::LazyLock;

use arbitrary::Arbitrary;
use fuseblock::store::write::{Options, write_frame};
use fuseblock::store::{ReadLimits, Verify};
use fuseblock::types::{Grid, Shape};
use fuseblock::{Array, DType};

#[derive(Arbitrary, Debug)]
struct Input {
    file: u8,
    /// Which byte, from the end, becomes what.
    changes: Vec<(u16, u8)>,
    sign: bool,
    first: bool,
}

/// Sealed files and their elements: compressed, stored as they are, of single values.
static FILES: LazyLock<Vec<(Vec<u8>, Vec<u8>)>> = LazyLock::new(|| {
    let directory = tempfile();
    let build = |flavour: u8| {
        let path = directory.join(format!("{flavour}.b2nd"));
        let (shape, grid) = (
            Shape::new(&[60]),
            Grid {
                chunk: Shape::new(&[16]),
                block: Shape::new(&[8]),
            },
        );
        let options = Options {
            level: if flavour == 1 { 0 } else { 5 },
            ..Options::default()
        };
        let value = |nth: u32| if flavour == 2 { nth / 16 } else { nth };
        let elements: Vec<u8> = (0..60).flat_map(|nth| value(nth).to_ne_bytes()).collect();
        write_frame(&path, DType::UInt32, &shape, &grid, options, &elements).unwrap();
        (std::fs::read(path).unwrap(), elements)
    };
    (0..3).map(build).collect()
});

fn tempfile() -> std::path::PathBuf {
    let directory = std::env::temp_dir().join(format!("fuseblock-seal-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

libfuzzer_sys::fuzz_target!(|input: Input| {
    let (file, elements) = &FILES[usize::from(input.file) % FILES.len()];
    let mut bytes = file.clone();
    for &(at, value) in &input.changes {
        let at = usize::from(at) % bytes.len();
        let last = bytes.len() - 1;
        bytes[last - at] = value;
    }
    if input.sign {
        resign::resign(&mut bytes);
    }
    let what = || format!("{input:?}");
    noting::LARGEST.set(0);
    let options = Array::options()
        .limits(ReadLimits {
            max_block_bytes: survive::MOST_BYTES,
            max_array_bytes: survive::MOST_BYTES as u64,
            max_blocks: 512,
            max_inflated_bytes: survive::MOST_BYTES as u64,
        })
        .verify(if input.first {
            Verify::First
        } else {
            Verify::Always
        });
    survive::survive(options.from_file_bytes(bytes.clone()), &what);
    let few = input.changes.len() == 1 && !input.sign;
    if few
        && let Ok(read) = options
            .from_file_bytes(bytes)
            .and_then(|array| read::read_all(&array))
    {
        assert_eq!(&read, elements, "{}", what());
    }
});
