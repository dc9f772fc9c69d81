//! Datasets that earlier versions wrote, in `tests/golden/datasets`: each version of each is read as it was.
//!
//! `FUSEBLOCK_GOLDEN=0.1 cargo test --test dataset earlier` adds those of this version.

use std::path::{Path, PathBuf};

use fuseblock::store::dataset::{self, Dataset, Root};

use crate::bits::Bits;
use crate::content;
use crate::model::Model;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/datasets")
}

/// Writes a dataset of some versions, and what each holds.
fn write(folder: &Path, name: &str, case: u64) {
    let mut bits = Bits(case * 1_001 + 3);
    let path = folder.join(format!("{name}.fbd"));
    std::fs::create_dir_all(folder).unwrap();
    let (mut dataset, mut model) = Model::create(&path, &mut bits);
    let record = |version: u64, model: &Model| {
        std::fs::write(folder.join(format!("{name}.{version}.bin")), &model.bytes).unwrap();
    };
    record(1, &model);
    for _ in 0..6 {
        model.change(&mut dataset, &mut bits);
        record(dataset.commit().unwrap(), &model);
    }
    record(dataset.compact().unwrap().version, &model);
}

#[test]
fn datasets_of_earlier_versions_are_read() {
    let folder = folder();
    if let Ok(version) = std::env::var("FUSEBLOCK_GOLDEN") {
        (0..3).for_each(|case| write(&folder, &format!("{version}-{case:02}"), case));
    }
    let (mut datasets, mut files) = (0, 0);
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "fbd") {
            continue;
        }
        let (name, root) = (
            path.file_stem().unwrap().to_str().unwrap(),
            Root::open(&path).unwrap(),
        );
        for version in root.versions().unwrap() {
            let expected = std::fs::read(folder.join(format!("{name}.{version}.bin"))).unwrap();
            assert!(
                content(&path, Some(version)).1 == expected,
                "{name} version {version}"
            );
        }
        assert!(dataset::verify(&path).unwrap().is_sound(), "{name}");
        assert!(
            Dataset::open(&path)
                .unwrap()
                .snapshot()
                .header()
                .options()
                .is_ok()
        );
        datasets += 1;
        files += root
            .snapshot(None)
            .unwrap()
            .slabs()
            .iter()
            .filter_map(|slab| slab.file())
            .count();
    }
    assert!(datasets >= 3 && files >= 3, "{datasets} {files}");
}
