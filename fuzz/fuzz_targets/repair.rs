//! Whatever a damaged frame is, sealed or not: what is repaired is a file that opens, and each of its chunks reads; or
//! there is an error that says why not.

#![no_main]

#[path = "../../tests/common/noting.rs"]
mod noting;
#[path = "../../tests/common/read.rs"]
mod read;
#[path = "../../tests/common/survive.rs"]
mod survive;

use std::path::PathBuf;
use std::sync::LazyLock;

use fuseblock::store::repair::{RepairOptions, repair};
use fuseblock::store::{ReadLimits, verify};

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("fuseblock-repair-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let what = || String::from("repair");
    let (damaged, whole) = (FOLDER.join("damaged"), FOLDER.join("whole"));
    std::fs::write(&damaged, bytes).unwrap();
    let options = RepairOptions {
        // The last byte lies behind every frame that is whole.
        guess: bytes.last().is_some_and(|last| last % 2 == 1),
        limits: ReadLimits {
            max_block_bytes: survive::MOST_BYTES,
            max_array_bytes: survive::MOST_BYTES as u64,
            max_blocks: 512,
            max_inflated_bytes: survive::MOST_BYTES as u64,
        },
    };
    noting::LARGEST.set(0);
    let repaired = repair(&damaged, &whole, options);
    survive::frugal(&what);
    match repaired {
        Ok(repaired) if repaired.sealed => {
            let report = verify(&whole).unwrap();
            assert!(report.damaged.is_empty(), "{:?}", report.damaged);
        }
        Ok(repaired) => {
            // Not only arrays are repaired.
            if let Ok(report) = verify(&whole) {
                assert_eq!(report.chunks, repaired.chunks);
                assert!(report.damaged.is_empty(), "{:?}", report.damaged);
            }
        }
        Err(error) => survive::clear(Some(&error), &what),
    }
});
