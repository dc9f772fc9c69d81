//! Manifests that are damaged, or made to do harm: an error, or the version that it was; no panic, and no memory that they
//! do not justify.

use std::path::Path;

use fuseblock::store::dataset::{Dataset, Root};
use fuseblock::types::Shape;
use fuseblock::{Array, DType, ErrorKind, Scalar};
use twox_hash::XxHash3_128;

use crate::bits::Bits;
use crate::model::Model;
use crate::noting::LARGEST;
use crate::options;

fn manifest(path: &Path, version: u64) -> std::path::PathBuf {
    path.join(format!("meta/{version:020}.manifest"))
}

/// A dataset with a checkpoint and some deltas.
fn written(path: &Path) -> Model {
    let mut bits = Bits(11);
    let (mut dataset, mut model) = Model::create(path, &mut bits);
    for _ in 0..6 {
        model.change(&mut dataset, &mut bits);
        dataset.commit().unwrap();
    }
    model
}

/// Gives a manifest the digest that its bytes have.
fn signed(mut bytes: Vec<u8>) -> Vec<u8> {
    if let Some((content, digest)) = bytes.split_last_chunk_mut::<16>() {
        *digest = XxHash3_128::oneshot(content).to_le_bytes();
    }
    bytes
}

#[test]
fn every_flipped_bit_and_every_cut_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.fbd");
    let model = written(&path);
    let versions = Root::open(&path).unwrap().versions().unwrap();
    for &version in &versions {
        let whole = std::fs::read(manifest(&path, version)).unwrap();
        let check = |bytes: &[u8]| {
            std::fs::write(manifest(&path, version), bytes).unwrap();
            let error = Array::open(&path).map(|_| ()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        };
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut changed = whole.clone();
                changed[at] ^= 1 << bit;
                check_kind(&path, version, &changed);
            }
            check(&whole[..at]);
        }
        std::fs::write(manifest(&path, version), &whole).unwrap();
    }
    model.check(&path, None, "as it was");
}

fn check_kind(path: &Path, version: u64, bytes: &[u8]) {
    std::fs::write(manifest(path, version), bytes).unwrap();
    let error = Array::open(path).map(|_| ()).unwrap_err();
    // Another version of the layout is said to be that.
    assert!(
        matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Unsupported),
        "{error}"
    );
}

/// The same with digests that hold, and lengths and counts written over.
#[test]
fn made_up_manifests_do_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.fbd");
    written(&path);
    let versions = Root::open(&path).unwrap().versions().unwrap();
    let mut bits = Bits(5);
    let (mut read, mut refused) = (0, 0);
    for &version in &versions {
        let whole = std::fs::read(manifest(&path, version)).unwrap();
        for round in 0..3_000 {
            let mut changed = whole.clone();
            for _ in 0..1 + bits.below(2) {
                let at = bits.below(whole.len() - 16);
                let value = bits.next();
                match round % 4 {
                    0 => changed[at] ^= 1 << (value % 8),
                    1 => changed[at] = [0, 1, 0x7F, 0xFF][value as usize % 4],
                    2 => {
                        let end = (at + 4).min(whole.len());
                        changed[at..end].fill([0, 0xFF][value as usize % 2]);
                    }
                    _ => {
                        let end = (at + 8).min(whole.len());
                        changed[at..end].copy_from_slice(&value.to_le_bytes()[..end - at]);
                    }
                }
            }
            if bits.below(20) == 0 {
                changed.truncate(bits.below(whole.len()));
            }
            std::fs::write(manifest(&path, version), signed(changed)).unwrap();
            LARGEST.set(0);
            let opened = Array::open(&path);
            assert!(LARGEST.get() < 64 << 10, "{} bytes at once", LARGEST.get());
            let opened = opened.and_then(|array| {
                match array.shape().elems() {
                    // Nobody waits for the rest.
                    ..100_000 => array.to_bytes().map(|_| ()),
                    _ => Ok(()),
                }
            });
            match opened {
                Ok(()) => read += 1,
                Err(_) => refused += 1,
            }
        }
        std::fs::write(manifest(&path, version), &whole).unwrap();
    }
    assert!(read > 10 && refused > 1_000, "{read} {refused}");
}

#[test]
fn what_is_not_known_is_refused_or_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.fbd");
    Dataset::create(
        &path,
        DType::Int8,
        &Shape::new(&[4]),
        Scalar::Int8(7),
        &options(&[4], &[4], 4),
    )
    .unwrap();
    let whole = std::fs::read(manifest(&path, 1)).unwrap();
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut changed = whole.clone();
        change(&mut changed);
        std::fs::write(manifest(&path, 1), signed(changed)).unwrap();
        Array::open(&path).and_then(|array| array.to_vec::<i8>())
    };
    let refused = |change: &dyn Fn(&mut Vec<u8>), kind, words: &str| {
        let error = with(change).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(words), "{error}");
    };
    use ErrorKind::{Corrupt, Unsupported};
    refused(&|bytes| bytes[8] = 4, Unsupported, "features 0x4");
    refused(&|bytes| bytes[7] = 2, Unsupported, "layout 2");
    refused(&|bytes| bytes[0x10] = 2, Corrupt, "version 1 is that of 2");
    refused(&|bytes| bytes[0x18] = 1, Corrupt, "builds upon none");
    refused(&|bytes| bytes[0x18] = 2, Unsupported, "kind 2");
    assert_eq!(with(&|bytes| bytes[0x0C] = 0xFF).unwrap(), [7; 4]);
    // One more section, which has to be understood or not.
    let section = |flags: u8| {
        move |bytes: &mut Vec<u8>| {
            bytes[0x1C] += 1;
            let end = bytes.len() - 16;
            let more = [
                &[9, 0, 0, 0, flags, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0][..],
                b"new",
            ]
            .concat();
            bytes.splice(end..end, more);
        }
    };
    assert_eq!(with(&section(0)).unwrap(), [7; 4]);
    refused(&section(1), Unsupported, "sections of kind 9");
    // A summary of zones behind a slab: its record is longer.
    let zones = |bytes: &mut Vec<u8>| {
        let end = bytes.len() - 16;
        let record = end - 20;
        let section = record - 4 - 24 - 4 - 8;
        bytes[record - 4] += 40;
        bytes[record + 1] = 1;
        bytes[section] += 40;
        bytes.splice(end..end, [0xAB; 40]);
    };
    assert_eq!(with(&zones).unwrap(), [7; 4]);
    // Of the format as a whole.
    std::fs::write(manifest(&path, 1), &whole).unwrap();
    std::fs::write(
        path.join("format"),
        "fuseblock dataset 1\nrequires tape\noptional\n",
    )
    .unwrap();
    let error = Array::open(&path).unwrap_err();
    assert!(error.message().contains("requires `tape`"), "{error}");
    assert_eq!(Dataset::open(&path).unwrap_err().kind(), Unsupported);
    std::fs::write(path.join("format"), "fuseblock dataset 2\n").unwrap();
    assert_eq!(Array::open(&path).unwrap_err().kind(), Unsupported);
}
