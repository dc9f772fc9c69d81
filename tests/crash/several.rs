//! Several who want the same file, and files that others replace or change: nobody's commits are lost unsaid.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use fuseblock::store::attributes::Attribute;
use fuseblock::store::edit::{ArrayFile, compact, seal};
use fuseblock::store::write::{ArrayWriter, Extras, Options, write_frame};
use fuseblock::store::{SealStatus, info, verify};
use fuseblock::types::{Grid, Shape};
use fuseblock::{Array, DType, Error, ErrorKind};

use crate::content;

fn grid() -> Grid {
    Grid {
        chunk: Shape::new(&[4]),
        block: Shape::new(&[4]),
    }
}

fn write(path: &Path, values: &[i32], level: u8) -> Result<(), Error> {
    let bytes: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_ne_bytes())
        .collect();
    let options = Options {
        level,
        ..Options::default()
    };
    write_frame(
        path,
        DType::Int32,
        &Shape::new(&[values.len()]),
        &grid(),
        options,
        &bytes,
    )
}

fn values(path: &Path) -> Vec<i32> {
    Array::open(path).unwrap().to_vec().unwrap()
}

fn append(file: &mut ArrayFile, value: i32) -> Result<(), Error> {
    file.append(&[1], &value.to_ne_bytes())?;
    file.commit()
}

#[test]
fn who_finds_nothing_there_does_not_write_over_who_came_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.b2nd");
    let create = || {
        let shape = Shape::new(&[0]);
        ArrayFile::open_or_create(&path, DType::Int32, &shape, &grid(), Options::default())
    };
    let mut first = create().unwrap();
    append(&mut first, 1).unwrap();
    let error = create().unwrap_err();
    assert!(error.message().contains("another process"), "{error}");
    append(&mut first, 2).unwrap();
    drop(first);
    append(&mut create().unwrap(), 3).unwrap();
    assert_eq!(values(&path), [1, 2, 3]);
}

#[test]
fn a_file_has_one_writer_whatever_it_is_called() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.b2nd");
    let [link, name] = ["link.b2nd", "name.b2nd"].map(|name| folder.path().join(name));
    write(&path, &[1, 2], 5).unwrap();
    symlink("a.b2nd", &link).unwrap();
    std::fs::hard_link(&path, &name).unwrap();
    let mut file = ArrayFile::open(&link).unwrap();
    for other in [&path, &link, &name] {
        assert!(
            ArrayFile::open(other)
                .unwrap_err()
                .message()
                .contains("another process")
        );
    }
    append(&mut file, 3).unwrap();
    // Nor is it replaced meanwhile.
    for other in [&path, &link] {
        let error = write(other, &[7], 5).unwrap_err();
        assert!(error.message().contains("another process"), "{error}");
    }
    append(&mut file, 4).unwrap();
    drop(file);
    assert_eq!(values(&path), [1, 2, 3, 4]);
    assert!(!folder.path().join("link.b2nd.b2lock").exists());
    // Where nobody writes, what the link leads to is replaced.
    write(&link, &[7], 5).unwrap();
    assert!(link.is_symlink());
    assert_eq!(values(&path), [7]);
}

#[test]
fn what_others_did_to_the_file_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.b2nd");
    let other = folder.path().join("other.b2nd");
    write(&other, &[9, 9, 9], 5).unwrap();
    // Another file in its place.
    write(&path, &[1, 2], 5).unwrap();
    let mut file = ArrayFile::open(&path).unwrap();
    append(&mut file, 3).unwrap();
    std::fs::copy(&other, folder.path().join("copy")).unwrap();
    std::fs::rename(folder.path().join("copy"), &path).unwrap();
    let error = append(&mut file, 4).unwrap_err();
    assert!(error.message().contains("taken the place"), "{error}");
    assert!(append(&mut file, 5).is_err());
    assert_eq!(values(&path), [9, 9, 9]);
    drop(file);
    // Another content, as programs leave it that do not look at locks.
    write(&path, &[1, 2], 5).unwrap();
    let mut file = ArrayFile::open(&path).unwrap();
    append(&mut file, 3).unwrap();
    std::fs::write(&path, std::fs::read(&other).unwrap()).unwrap();
    let error = append(&mut file, 4).unwrap_err();
    assert!(
        error.message().contains("another program has changed"),
        "{error}"
    );
    assert_eq!(values(&path), [9, 9, 9]);
}

/// Whoever decodes no element needs no dtype that expressions know, nor a codec that is written.
#[test]
fn any_array_is_sealed_and_compacted() {
    let folder = tempfile::tempdir().unwrap();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut arrays = 0;
    let names = [
        "big-endian-f8",
        "opaque-record",
        "opaque-s5",
        "opaque-v300",
        "example",
        "codec-zstd",
    ];
    for name in names {
        let from = golden.join(name).with_extension("b2nd");
        let path = folder.path().join(name).with_extension("b2nd");
        std::fs::copy(from, &path).unwrap();
        let read = || {
            Array::options()
                .bytes()
                .open(&path)
                .unwrap()
                .to_bytes()
                .unwrap()
        };
        let before = read();
        seal(&path, false).unwrap();
        compact(&path).unwrap();
        assert!(matches!(
            info(&path).unwrap().seal,
            Some(SealStatus::Whole { .. })
        ));
        assert!(read() == before, "{name}");
        arrays += 1;
    }
    assert_eq!(arrays, names.len());
}

/// A header that is more than a sector is not written in place: each commit writes the file anew.
#[test]
fn long_headers_are_committed_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.b2nd");
    let extras = Extras {
        metalayers: vec![("long".to_string(), vec![7; 700])],
        ..Extras::default()
    };
    let (shape, options) = (Shape::new(&[3]), Options::default());
    let writer = ArrayWriter::create_with(
        &path,
        DType::Int32,
        &shape,
        &grid(),
        options,
        extras.clone(),
    );
    let writer = writer.unwrap();
    let bytes: Vec<u8> = [0i32, 1, 2]
        .iter()
        .flat_map(|value| value.to_ne_bytes())
        .collect();
    writer.write(&[0], &[3], &bytes).unwrap();
    writer.finish().unwrap();
    let mut file = ArrayFile::open(&path).unwrap();
    for value in 3..20 {
        file.set_attribute("last", &Attribute::Int(value.into()))
            .unwrap();
        append(&mut file, value).unwrap();
        assert_eq!(values(&path), (0..=value).collect::<Vec<i32>>());
        assert!(verify(&path).unwrap().damaged.is_empty());
    }
    assert!(matches!(
        info(&path).unwrap().seal,
        Some(SealStatus::Whole { .. })
    ));
    let kept = Array::open(&path).unwrap().extras().unwrap();
    assert_eq!(kept.metalayers, extras.metalayers);
    assert_eq!(kept.vlmetalayers.len(), 1);
}

#[test]
fn what_is_written_anew_looks_like_what_it_replaces() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.b2nd");
    let link = folder.path().join("link.b2nd");
    write(&path, &[1, 2, 3, 4, 5], 5).unwrap();
    symlink(&path, &link).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let mode = || std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    compact(&link).unwrap();
    assert_eq!((mode(), link.is_symlink()), (0o640, true));
    write(&path, &[6], 5).unwrap();
    assert_eq!(mode(), 0o640);
    // Names that processes before have left are passed over.
    for number in 0..400 {
        let name = format!(".a.b2nd.{}-{number}.tmp", std::process::id());
        std::fs::write(folder.path().join(name), []).unwrap();
    }
    write(&path, &[7], 5).unwrap();
    assert_eq!(values(&path), [7]);
    // What is no file is not replaced.
    let socket = folder.path().join("socket.b2nd");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    assert_eq!(
        write(&socket, &[1], 5).unwrap_err().kind(),
        ErrorKind::Argument
    );
}

#[test]
fn changed_bits_are_not_sealed_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.b2nd");
    write(&path, &[1, 2, 3, 4, 5, 6, 7, 8], 0).unwrap();
    let whole = std::fs::read(&path).unwrap();
    let six: Vec<u8> = [5i32, 6]
        .iter()
        .flat_map(|value| value.to_ne_bytes())
        .collect();
    let at = whole.windows(8).position(|bytes| bytes == six).unwrap();
    let mut changed = whole.clone();
    changed[at] = 0x55;
    std::fs::write(&path, &changed).unwrap();
    let error = seal(&path, false).unwrap_err();
    assert!(error.help().unwrap().contains("--accept"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), changed);
    seal(&path, true).unwrap();
    assert!(verify(&path).unwrap().damaged.is_empty());
    assert_eq!(values(&path)[4], 0x55);
    // A seal whose name has changed is not one that is not there.
    let name = whole
        .windows(14)
        .position(|bytes| bytes == b"fuseblock_seal")
        .unwrap();
    let mut renamed = whole.clone();
    renamed[name] ^= 1;
    std::fs::write(&path, &renamed).unwrap();
    assert_eq!(Array::open(&path).unwrap_err().kind(), ErrorKind::Corrupt);
    std::fs::write(&path, &whole).unwrap();
    seal(&path, false).unwrap();
    assert!(matches!(
        info(&path).unwrap().seal,
        Some(SealStatus::Whole { .. })
    ));
    assert_eq!(content(&path).0, [8]);
}
