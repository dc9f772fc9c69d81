//! Sealed files: whatever single bit of one is flipped, it is read as it was, or not at all. Those that were made to
//! do harm, seals of their own included, end in errors; and what the errors say.
#![allow(clippy::unwrap_used, reason = "functions of a test, too, may fail it")]

mod common;
#[path = "common/noting.rs"]
mod noting;
#[path = "common/resign.rs"]
mod resign;
#[path = "common/survive.rs"]
mod survive;

use std::path::Path;

use common::{read, read_all, sample};
use fuseblock::diag::Code;
use fuseblock::store::attributes::Attribute;
use fuseblock::store::edit::ArrayFile;
use fuseblock::store::file::Source;
use fuseblock::store::write::{Options, Split, WriteCodec, write_frame};
use fuseblock::store::{SealStatus, Verify, info, info_of};
use fuseblock::types::{Grid, Shape};
use fuseblock::{Array, DType, Error, ErrorKind};
use resign::resign;

/// A sealed file, and the bytes of its elements.
struct Sealed {
    name: String,
    file: Vec<u8>,
    elements: Vec<u8>,
}

fn write(dtype: DType, extents: [&[usize]; 3], options: Options, elements: Vec<u8>) -> Sealed {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file.b2nd");
    let [shape, chunk, block] = extents.map(Shape::new);
    let grid = Grid { chunk, block };
    write_frame(&path, dtype, &shape, &grid, options, &elements).unwrap();
    Sealed {
        name: format!("{dtype} {shape} {options:?}"),
        file: std::fs::read(&path).unwrap(),
        elements,
    }
}

fn options(codec: WriteCodec, level: u8, filters: &str, split: Split) -> Options {
    Options {
        codec,
        level,
        filters: filters.parse().unwrap(),
        split,
    }
}

/// Several geometries, every codec, chunks of every kind, one leaf and several.
fn files() -> Vec<Sealed> {
    let plain = |dtype, extents: [&[usize]; 3], options, flavour| {
        let elems = extents[0].iter().product();
        write(dtype, extents, options, sample(dtype, elems, flavour))
    };
    let (auto, never, always) = (Split::Auto, Split::Never, Split::Always);
    let mut files = vec![
        plain(
            DType::Float64,
            [&[40], &[16], &[8]],
            options(WriteCodec::Zstd, 5, "shuffle", auto),
            0,
        ),
        plain(
            DType::Int32,
            [&[7, 30], &[4, 30], &[2, 20]],
            options(WriteCodec::Lz4, 5, "delta,shuffle", always),
            0,
        ),
        plain(
            DType::Bool,
            [&[100], &[200], &[50]],
            options(WriteCodec::Lz4Hc, 9, "none", never),
            2,
        ),
        plain(
            DType::UInt16,
            [&[90], &[30], &[10]],
            options(WriteCodec::Zlib, 3, "bitshuffle", never),
            0,
        ),
        plain(
            DType::UInt8,
            [&[120], &[60], &[20]],
            options(WriteCodec::BloscLz, 5, "shuffle,bytedelta", never),
            0,
        ),
        // Stored as they are: asked for, because nothing compresses, and in the last a whole chunk of it.
        plain(
            DType::Int64,
            [&[8, 5], &[4, 5], &[2, 3]],
            options(WriteCodec::Lz4, 0, "shuffle", auto),
            1,
        ),
        plain(
            DType::Float32,
            [&[33], &[16], &[4]],
            options(WriteCodec::Zstd, 5, "shuffle", auto),
            1,
        ),
        plain(DType::Int16, [&[], &[], &[]], Options::default(), 1),
        plain(DType::Int16, [&[0], &[4], &[2]], Options::default(), 1),
        plain(DType::UInt8, [&[200], &[1], &[1]], Options::default(), 1),
    ];
    // Zeros, one value, NaN, a mixture, and zeros again.
    let mut values = vec![0.0f64; 100];
    values[20..40].fill(2.5);
    values[40..60].fill(f64::NAN);
    values[70] = -0.0;
    let elements = values.iter().flat_map(|value| value.to_ne_bytes());
    files.push(write(
        DType::Float64,
        [&[100], &[20], &[10]],
        Options::default(),
        elements.collect(),
    ));
    files
}

/// One that was changed and committed several times, with an attribute.
fn changed() -> Sealed {
    let (directory, path) = written(&files()[1].file);
    let mut elements = files().swap_remove(1).elements;
    let mut file = ArrayFile::open(&path).unwrap();
    for commit in 1..4 {
        let more = sample(DType::Int32, commit * 30, commit);
        file.append(&[commit, 30], &more).unwrap();
        elements.extend(more);
        file.set_attribute("commit", &Attribute::Int(commit as i64))
            .unwrap();
        file.commit().unwrap();
    }
    let file = std::fs::read(&path).unwrap();
    drop(directory);
    Sealed {
        name: "changed".to_string(),
        file,
        elements,
    }
}

/// Files that each version wrote, and later ones have to read: `FUSEBLOCK_GOLDEN=VERSION` adds those of this one, whose
/// elements are in the `.bin` files beside them.
#[test]
fn what_earlier_versions_sealed_is_read_and_verified() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/sealed");
    if let Ok(version) = std::env::var("FUSEBLOCK_GOLDEN") {
        let all = files().into_iter().chain([changed()]);
        for (number, sealed) in all.enumerate() {
            let name = folder.join(format!("{version}-{number:02}.b2nd"));
            std::fs::write(&name, sealed.file).unwrap();
            std::fs::write(name.with_extension("bin"), sealed.elements).unwrap();
        }
    }
    let mut files = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension() != Some("b2nd".as_ref()) {
            continue;
        }
        let file = std::fs::read(&path).unwrap();
        assert_eq!(status(&file), whole(), "{}", path.display());
        let expected = std::fs::read(path.with_extension("bin")).unwrap();
        assert_eq!(elements(&file).unwrap(), expected, "{}", path.display());
        files += 1;
    }
    assert!(files >= 12, "{files} files");
}

fn open(file: &[u8]) -> Result<Array<'static>, Error> {
    Array::from_file_bytes(file.to_vec())
}

/// The elements; as they stand in any order, so that those of one chunk are there without the others.
fn elements(file: &[u8]) -> Result<Vec<u8>, Error> {
    read_all(&open(file)?)
}

fn status(file: &[u8]) -> SealStatus {
    info_of(Source::memory(file.to_vec()))
        .unwrap()
        .seal
        .unwrap()
}

fn whole() -> SealStatus {
    info_of(Source::memory(files().remove(0).file))
        .unwrap()
        .seal
        .unwrap()
}

#[test]
fn what_we_write_is_sealed_and_read_by_every_way_of_verifying() {
    let directory = tempfile::tempdir().unwrap();
    for Sealed {
        name,
        file,
        elements,
    } in files()
    {
        assert_eq!(status(&file), whole(), "{name}");
        let told = info_of(Source::memory(file.clone())).unwrap();
        assert!(
            told.oddities
                .iter()
                .all(|oddity| oddity.contains("reach beyond")),
            "{name}: {:?}",
            told.oddities
        );
        let path = directory.path().join("a.b2nd");
        std::fs::write(&path, &file).unwrap();
        for verify in [Verify::Always, Verify::First, Verify::Never] {
            let options = Array::options().verify(verify);
            for _ in 0..2 {
                let resident = options.from_file_bytes(file.clone()).unwrap();
                assert_eq!(read_all(&resident).unwrap(), elements, "{name} {verify:?}");
                let stored = options.open(&path).unwrap();
                assert_eq!(read_all(&stored).unwrap(), elements, "{name} {verify:?}");
                assert_eq!(
                    read_all(&stored).unwrap(),
                    elements,
                    "{name} {verify:?} again"
                );
            }
        }
    }
}

#[test]
fn every_flipped_bit_is_noticed_or_harmless() {
    for Sealed {
        name,
        mut file,
        elements: sound,
    } in files()
    {
        let (shape, dtype) = {
            let array = open(&file).unwrap();
            (array.shape().clone(), array.dtype())
        };
        let mut noticed = 0;
        for at in 0..file.len() {
            for bit in 0..8 {
                file[at] ^= 1 << bit;
                let what = || format!("{name} flip {at:#x} bit {bit}");
                noting::LARGEST.set(0);
                let told = info_of(Source::memory(file.clone()));
                survive::clear(told.as_ref().err(), &what);
                let read = open(&file).and_then(|array| {
                    assert_eq!(
                        (array.shape(), array.dtype()),
                        (&shape, dtype),
                        "{}",
                        what()
                    );
                    read_all(&array)
                });
                survive::frugal(&what);
                match read {
                    Ok(elements) => {
                        assert!(elements == sound, "{} is read as something else", what());
                    }
                    Err(error) => {
                        survive::clear(Some(&error), &what);
                        noticed += 1;
                    }
                }
                file[at] ^= 1 << bit;
            }
        }
        // Harmless are hints and markers in the header and in the index, blocks of padding; and the name of the seal.
        let harmless = file.len() * 8 - noticed;
        assert!(
            harmless < 700,
            "{name}: {harmless} of {} flips not noticed",
            file.len() * 8
        );
    }
}

#[test]
fn truncated_files_are_refused() {
    for Sealed { name, file, .. } in files() {
        for cut in 0..file.len() {
            assert!(open(&file[..cut]).is_err(), "{name} cut at {cut}");
        }
    }
}

/// Whoever can change bytes can change their digests, too: the rest of the reader is there for that.
#[test]
fn changed_seals_that_agree_with_themselves_do_no_harm() {
    let telling = [0u8, 1, 0x7F, 0x80, 0xFF];
    for Sealed { name, file, .. } in files() {
        let table = resign::table(&file).unwrap();
        let end = file.len() - 23;
        let mut places: Vec<usize> = (table..end).collect();
        for leaf in 0..4 {
            places.extend(
                resign::leaf(&file, leaf)
                    .map(|(_, place)| place)
                    .into_iter()
                    .flatten(),
            );
        }
        for at in places {
            for change in 0..8 + telling.len() {
                let mut bytes = file.clone();
                bytes[at] = match change.checked_sub(8) {
                    None => bytes[at] ^ 1 << change,
                    Some(nth) => telling[nth],
                };
                resign(&mut bytes);
                let what = || format!("{name} byte {at:#x} change {change}, signed");
                for verify in [Verify::Always, Verify::First] {
                    noting::LARGEST.set(0);
                    let array = Array::options()
                        .verify(verify)
                        .from_file_bytes(bytes.clone());
                    let read = array.and_then(|array| read_all(&array));
                    survive::clear(read.as_ref().err(), &what);
                    survive::frugal(&what);
                }
            }
        }
    }
}

/// A file whose blocks are known, and where.
fn known() -> Sealed {
    files().swap_remove(0)
}

fn written(file: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.b2nd");
    std::fs::write(&path, file).unwrap();
    (directory, path)
}

fn error_at(path: &Path) -> Error {
    Array::open(path)
        .and_then(|array| read_all(&array))
        .unwrap_err()
}

#[test]
fn errors_say_what_and_where() {
    let Sealed { mut file, .. } = known();
    let header_len = usize::from(file[0x0D]) << 8 | usize::from(file[0x0E]);
    let first_block = u32::from_le_bytes(file[header_len + 32..][..4].try_into().unwrap()) as usize;
    let second_block =
        u32::from_le_bytes(file[header_len + 36..][..4].try_into().unwrap()) as usize;
    assert!(first_block < second_block);
    let at = header_len + second_block;
    file[at + 5] ^= 1;
    let (_directory, path) = written(&file);
    let error = error_at(&path);
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Corrupt, Code::BadChecksum)
    );
    assert_eq!(
        error.message(),
        "the checksum of block 1 does not match: its bytes have changed since they were sealed"
    );
    let place = error.place();
    assert_eq!((place.chunk, place.offset), (Some(0), Some(at as u64)));
    assert_eq!(place.path.as_deref(), Some(&*path));
    // The first block is sound.
    let array = Array::open(&path).unwrap();
    let fuseblock::array::Layout::Blocks(_, blocks) = array.layout() else {
        panic!("a stored array has blocks");
    };
    let mut scratch = fuseblock::array::DecodeScratch::default();
    blocks.decode(0, 0, &mut scratch, &mut [0; 64]).unwrap();
    assert!(!scratch.counts.verify.is_zero());
    file[at + 5] ^= 1;

    file[header_len + 4] ^= 1;
    let (_directory, path) = written(&file);
    let error = error_at(&path);
    assert!(
        error
            .message()
            .contains("the chunk's header and block starts"),
        "{error}"
    );
    assert_eq!(error.place().offset, Some(header_len as u64));
    file[header_len + 4] ^= 1;

    let (_, leaf) = resign::leaf(&file, 0).unwrap();
    file[leaf.start + 30] ^= 1;
    let (_directory, path) = written(&file);
    let error = error_at(&path);
    assert!(
        error
            .message()
            .contains("the checksum of leaf 0 of the seal"),
        "{error}"
    );
    assert_eq!(error.place().offset, Some(leaf.start as u64));
    file[leaf.start + 30] ^= 1;

    let trailer = resign::trailer(&file).unwrap();
    file[trailer.end - 1] ^= 1;
    let (_directory, path) = written(&file);
    let error = error_at(&path);
    assert!(
        error
            .message()
            .contains("the checksum of the frame's trailer"),
        "{error}"
    );
    assert_eq!(error.place().offset, Some(trailer.start as u64));
}

#[test]
fn another_header_is_shown_beside_the_one_that_was_sealed() {
    let Sealed { file, .. } = known();
    let b2nd = file
        .windows(4)
        .position(|bytes| bytes == [0x97, 0, 1, 0x91])
        .unwrap();
    let mut longer = file.clone();
    // The last byte of the only extent.
    longer[b2nd + 4 + 8] += 1;
    let (_directory, path) = written(&longer);
    let error = error_at(&path);
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Corrupt, Code::BadSeal)
    );
    assert_eq!(
        error.message(),
        "the frame's header is not the one that was sealed: shape (41,), sealed as (40,)"
    );
    assert!(error.help().unwrap().contains("fuseblock repair FILE"));
    assert!(info(&path).is_err());
    // Whoever wants to may still read it.
    let array = Array::options().verify(Verify::Never).open(&path).unwrap();
    assert_eq!(array.shape().to_vec(), [41]);
    // How new chunks are to be compressed concerns nobody who reads.
    let mut level = file;
    level[0x1B] ^= 0x10;
    let SealStatus::Whole { notes } = status(&level) else {
        panic!("{:?}", status(&level));
    };
    assert_eq!(notes.len(), 1);
    assert!(elements(&level).is_ok());
}

#[test]
fn a_root_that_is_gone_means_that_another_program_wrote() {
    let Sealed {
        mut file,
        elements: sound,
        ..
    } = known();
    let end = file.len();
    file[end - 16..].fill(0);
    assert_eq!(
        status(&file).to_string(),
        "broken: another program has written since"
    );
    assert_eq!(elements(&file).unwrap(), sound);
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/example.b2nd");
    assert_eq!(info(golden).unwrap().seal, Some(SealStatus::None));
}

#[test]
fn what_has_to_be_understood_is_refused_and_what_may_be_ignored_is() {
    let Sealed {
        file,
        elements: sound,
        ..
    } = known();
    let table = resign::table(&file).unwrap();
    let changed = |at: usize, value: u8| {
        let mut bytes = file.clone();
        bytes[table + at] = value;
        resign(&mut bytes);
        elements(&bytes)
    };
    assert_eq!(changed(0x0C, 0xFF).unwrap(), sound, "an optional feature");
    for (at, value) in [(0x07, 2), (0x08, 1), (0x0B, 0x80)] {
        let error = changed(at, value).unwrap_err();
        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::Unsupported, Code::UnsupportedFile)
        );
    }
}

/// Each block once, and damage that comes later is not seen.
#[test]
fn verified_first_is_verified_once() {
    let Sealed { file, .. } = known();
    let (_directory, path) = written(&file);
    for verify in [Verify::Always, Verify::First] {
        let array = Array::options().verify(verify).open(&path).unwrap();
        let fuseblock::array::Layout::Blocks(_, blocks) = array.layout() else {
            panic!("a stored array has blocks");
        };
        let mut took = [false; 2];
        for took in &mut took {
            let mut scratch = fuseblock::array::DecodeScratch::default();
            for chunk in 0..3 {
                blocks.decode(chunk, 0, &mut scratch, &mut [0; 64]).unwrap();
            }
            *took = !scratch.counts.verify.is_zero();
        }
        assert_eq!(took, [true, verify == Verify::Always], "{verify:?}");
    }
}
