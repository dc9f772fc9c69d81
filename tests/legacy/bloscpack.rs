//! Bloscpack files of every version, as the format allows them and as it does not.

use std::fs;

use fuseblock::diag::Code;
use fuseblock::store::{self, ReadLimits, file::Source};
use fuseblock::{Array, DType, Error, ErrorKind, Expr};

use crate::assembled::{Edit, File, counting, metadata, version1};
use crate::common::read_all;
use crate::golden;

fn read(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    read_all(&Array::from_file_bytes(bytes.to_vec())?)
}

/// Opening or reading `bytes` fails with this fact.
fn fails(bytes: &[u8], fact: &str) {
    let error = read(bytes).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    assert!(error.message().contains(fact), "{error}");
}

#[test]
fn version_1_with_any_number_of_chunks() {
    for lengths in [&[40][..], &[40, 40, 12], &[12, 40, 4], &[40, 0, 40], &[]] {
        let (chunks, all) = counting(lengths);
        let count = i64::try_from(lengths.len()).unwrap();
        for count in [count, -1] {
            let file = version1(count, &chunks);
            let array = Array::from_file_bytes(file.clone()).unwrap();
            let dtype = if lengths.is_empty() {
                DType::UInt8
            } else {
                DType::UInt32
            };
            assert_eq!(array.dtype(), dtype);
            assert_eq!(read_all(&array).unwrap(), all, "{lengths:?}");
            // Behind a known number of chunks anything may stand.
            let longer = [file, b"more".to_vec()].concat();
            assert_eq!(read(&longer).is_ok(), count >= 0, "{lengths:?} {count}");
        }
    }
    let (chunks, _) = counting(&[40, 40]);
    fails(&version1(3, &chunks), "ends");
    fails(&version1(i64::MAX, &chunks), "room for 7");
    fails(&version1(-2, &chunks), "counts -2 chunks");
}

#[test]
fn version_2_has_no_metadata_and_no_spare_positions() {
    let (mut file, all) = File::new(&[40, 40, 12]);
    file.version = 2;
    assert_eq!(read(&file.bytes()).unwrap(), all);
    file.offsets = Some((|_| {}, 0));
    assert_eq!(read(&file.bytes()).unwrap(), all);
    file.offsets = Some((|_| {}, 5));
    fails(&file.bytes(), "5 spare offsets");
    file.offsets = None;
    file.metadata = Some(metadata("{}"));
    fails(&file.bytes(), "unknown options");
    let info = store::info_of(Source::memory(
        File {
            metadata: None,
            ..file
        }
        .bytes(),
    ));
    assert_eq!(info.unwrap().version, Some(2));
}

#[test]
fn the_first_version_of_all_is_refused() {
    // It had no version byte: the number of chunks stood there.
    for count in [1u32, 2, 3, 4, 256] {
        let (chunks, _) = counting(&vec![8; count as usize]);
        let file = [
            b"blpk".to_vec(),
            count.to_le_bytes().to_vec(),
            chunks.concat(),
        ]
        .concat();
        let error = read(&file).unwrap_err();
        let kinds = [ErrorKind::Corrupt, ErrorKind::Unsupported];
        assert!(kinds.contains(&error.kind()), "{error}");
    }
}

#[test]
fn sizes_and_counts_may_be_unknown() {
    for lengths in [&[40, 40, 12][..], &[12, 40, 4], &[40]] {
        let (known, all) = File::new(lengths);
        let uniform = lengths[0] == 40;
        let mut cases = vec![
            (-1, known.last_chunk, known.count),
            (-1, -1, known.count),
            (-1, -1, -1),
        ];
        if uniform {
            cases.push((40, -1, known.count));
            cases.push((40, known.last_chunk, -1));
        }
        for (chunk_size, last_chunk, count) in cases {
            let mut file = File {
                chunk_size,
                last_chunk,
                count,
                ..known.clone()
            };
            assert_eq!(read(&file.bytes()).unwrap(), all, "{file:?}");
            if count >= 0 {
                file.offsets = Some((|_| {}, 3));
                assert_eq!(read(&file.bytes()).unwrap(), all, "{file:?}");
            }
        }
    }
}

#[test]
fn chunks_have_the_sizes_that_the_header_says() {
    for offsets in [None, Some((|_| {}) as Edit)] {
        let (mut file, _) = File::new(&[40, 40, 12]);
        file.offsets = offsets.map(|edit| (edit, 2));
        file.last_chunk = 8;
        fails(&file.bytes(), "decodes to 12 bytes");
        (file, _) = File::new(&[40, 36, 12]);
        file.offsets = offsets.map(|edit| (edit, 2));
        fails(&file.bytes(), "decodes to 36 bytes");
    }
    let (mut file, _) = File::new(&[40, 40, 12]);
    file.last_chunk = 44;
    fails(&file.bytes(), "more than the 40 of the others");
}

#[test]
fn positions_are_used_only_where_they_can_be_true() {
    let (mut file, all) = File::new(&[40, 40, 12]);
    let mut with = |edit: Edit| {
        file.offsets = Some((edit, 30));
        file.bytes()
    };
    assert_eq!(read(&with(|_| {})).unwrap(), all);
    // What a writer leaves behind that did not get to its end.
    assert_eq!(read(&with(|offsets| offsets.fill(-1))).unwrap(), all);
    assert_eq!(read(&with(|offsets| offsets[1] = -1)).unwrap(), all);
    fails(
        &with(|offsets| offsets[1] = -2),
        "chunk 1 starts at byte -2",
    );
    fails(&with(|offsets| offsets[1] = offsets[0]), "chunk 1 starts");
    fails(&with(|offsets| offsets.swap(1, 2)), "chunk 2 starts");
    fails(&with(|offsets| offsets[0] -= 8), "chunk 0 starts");
    fails(&with(|offsets| offsets[0] += 8), "chunk 0 starts");
    fails(&with(|offsets| offsets[2] = i64::MAX), "chunk 2 starts");
    fails(&with(|offsets| offsets[1] += 16), "the next one starts at");
    fails(&with(|offsets| offsets[1] -= 16), "the next one starts at");
    let (mut file, _) = File::new(&[40, 40, 12]);
    file.count = -1;
    file.offsets = Some((|_| {}, 0));
    fails(&file.bytes(), "unknown number of chunks");
}

fn numpy(dtype: &str, shape: &str, order: &str) -> String {
    format!(
        "{{\"dtype\": {dtype}, \"shape\": {shape}, \"order\": \"{order}\", \
         \"container\": \"numpy\", \"note\": NaN}}"
    )
}

/// A file of 92 bytes with this metadata.
fn with_metadata(json: &str) -> Vec<u8> {
    let (mut file, _) = File::new(&[40, 40, 12]);
    file.metadata = Some(metadata(json));
    file.bytes()
}

#[test]
fn dtypes_of_three_generations() {
    for dtype in [
        r#""'<i4'""#,
        r#""\"<i4\"""#,
        r#""u'<i4'""#,
        r#""<i4""#,
        r#"[["", "<i4"]]"#,
        r#""[('', '<i4')]""#,
    ] {
        let bytes = with_metadata(&numpy(dtype, "[23]", "C"));
        let array = Array::from_file_bytes(bytes).unwrap();
        assert_eq!(
            (array.dtype(), &array.shape()[..]),
            (DType::Int32, &[23][..]),
            "{dtype}"
        );
    }
    for (dtype, itemsize) in [
        (r#""[('a', '<i4'), ('', '|V4')]""#, 8),
        (r#"[["a", "<i4"], ["b", "<f8", 2]]"#, 20),
        (r#""[(('title', 'name'), '<i2')]""#, 2),
        (r#""'|S3'""#, 3),
        (r#""'<M8[ns]'""#, 8),
    ] {
        let bytes = with_metadata(&numpy(dtype, "[2]", "C"));
        let info = store::info_of(Source::memory(bytes.clone())).unwrap();
        assert_eq!(info.itemsize, Some(itemsize), "{dtype}");
        assert!(info.computes.is_err(), "{dtype}");
        let error = Array::from_file_bytes(bytes).unwrap_err();
        assert_eq!(error.code(), Code::UnsupportedDType, "{dtype}");
    }
}

#[test]
fn an_array_may_be_shorter_than_what_is_stored_but_not_longer() {
    let (_, all) = counting(&[40, 40, 12]);
    let read_as = |shape: &str, order: &str| read(&with_metadata(&numpy("\"<i4\"", shape, order)));
    for (shape, bytes) in [
        ("[23]", 92),
        ("[21]", 84),
        ("[11]", 44),
        ("[10]", 40),
        ("[3, 2]", 24),
        ("[]", 4),
        ("[0]", 0),
        ("[4, 0, 9]", 0),
    ] {
        assert_eq!(read_as(shape, "C").unwrap(), all[..bytes], "{shape}");
    }
    // In Fortran order the first axis varies fastest.
    let columns: Vec<u8> = [0, 3, 1, 4, 2, 5]
        .iter()
        .flat_map(|nth| &all[nth * 4..nth * 4 + 4])
        .copied()
        .collect();
    assert_eq!(read_as("[3, 2]", "F").unwrap(), columns);
    assert_eq!(read_as("[21]", "F").unwrap(), all[..84]);
    for shape in [
        "[24]",
        "[5, 5]",
        "[4611686018427387905]",
        "[4294967296, 4294967296]",
    ] {
        let json = numpy("\"<i4\"", shape, "C");
        fails(&with_metadata(&json), "too few for shape");
    }
    for shape in [
        "[-1]",
        "[1.0]",
        "[\"3\"]",
        "[18446744073709551616]",
        "[[3]]",
    ] {
        fails(&with_metadata(&numpy("\"<i4\"", shape, "C")), "extent");
    }
    fails(&with_metadata(&numpy("\"<i4\"", "3", "C")), "has no shape");
    fails(
        &with_metadata(&numpy("\"<i4\"", "[3]", "K")),
        "order of axes",
    );
    fails(
        &with_metadata(&numpy("\"|S0\"", "[3]", "C")),
        "without bytes",
    );
    let axes = format!("[{}1]", "1, ".repeat(16));
    let error = read_as(&axes, "C").unwrap_err();
    assert_eq!(error.code(), Code::TooManyAxes);
}

#[test]
fn other_metadata_says_nothing_about_the_bytes() {
    let (_, all) = counting(&[40, 40, 12]);
    for json in [
        "{}",
        "{\"container\": \"mine\", \"shape\": [1]}",
        "{\"container\": 3}",
    ] {
        assert_eq!(read(&with_metadata(json)).unwrap(), all);
    }
    fails(&with_metadata("{\"a\": 1, \"a\": 2}"), "twice");
    fails(
        &with_metadata("{\"a\": open('x')}"),
        "where a value belongs",
    );
    fails(&with_metadata("[]"), "no JSON object");
    fails(&with_metadata(" "), "is empty");
    fails(&with_metadata(&"[".repeat(10_000)), "deeper");
    let (mut file, _) = File::new(&[40]);
    let section = metadata("{}");
    let edited = |at: usize, value: u8| {
        let mut section = section.clone();
        section[at] = value;
        section
    };
    // Older writers padded with blanks.
    let mut blanks = section.clone();
    blanks[4..8].fill(b' ');
    file.metadata = Some(blanks);
    assert!(read(&file.bytes()).is_ok());
    for (at, value, fact) in [
        (8, 1, "unknown options"),
        (9, 9, "unknown checksum 9"),
        (10, 2, "unknown codec 2"),
        (12, 3, "cannot have 3 bytes"),
        (14, 0x20, "at most 1048576"),
        (16, 1, "its section 1 for them"),
    ] {
        file.metadata = Some(edited(at, value));
        let error = read(&file.bytes()).unwrap_err();
        assert!(error.message().contains(fact), "{error}");
    }
    file.metadata = Some(edited(0, b'X'));
    assert_eq!(
        read(&file.bytes()).unwrap_err().kind(),
        ErrorKind::Unsupported
    );
    // The section reaches behind the end of the file.
    file.metadata = Some(edited(18, 1));
    assert!(read(&file.bytes()).is_err());
}

#[test]
fn compressed_metadata_has_the_size_it_declares() {
    let bytes = fs::read(golden("legacy/bloscpack/np_u1.blp")).unwrap();
    assert!(read(&bytes).is_ok());
    for size in [62u8, 64] {
        let mut wrong = bytes.clone();
        wrong[32 + 12] = size;
        fails(&wrong, "does not decode to");
    }
    let mut bomb = bytes.clone();
    bomb[32 + 13] = 0xFF;
    fails(&bomb, "which");
}

#[test]
fn every_checksum_notices_every_flip_in_a_chunk() {
    for name in [
        "none", "adler32", "crc32", "md5", "sha1", "sha224", "sha256", "sha384", "sha512",
    ] {
        let sound = fs::read(golden(&format!("bloscpack-{name}.blp"))).unwrap();
        let info = store::info_of(Source::memory(sound.clone())).unwrap();
        assert_eq!((info.checksum, info.chunks), (Some(name), Some(3)));
        assert!(info.oddities.is_empty(), "{:?}", info.oddities);
        let wanted = read(&sound).unwrap();
        // The file ends with the last of 40 bytes of data, and their digest.
        for back in 1..=40 {
            let mut flipped = sound.clone();
            let at = flipped.len() - back;
            flipped[at] ^= 0x10;
            match read(&flipped) {
                Ok(elements) => assert!(name == "none" && elements != wanted, "{name} {back}"),
                Err(_) if name == "none" => {}
                Err(error) => {
                    assert_eq!(error.code(), Code::BadChecksum, "{name} {back}: {error}");
                    assert_eq!(error.place().chunk, Some(2));
                }
            }
        }
    }
}

#[test]
fn metadata_has_a_checksum_of_its_own() {
    let (mut file, _) = File::new(&[40]);
    let mut section = metadata("{}");
    // The digest of md5 stands behind what is reserved.
    section[9] = 3;
    let digest = 0x9991_4b93_2bd3_7a50_b983_c5e7_c90a_e93b_u128;
    section.extend(digest.to_be_bytes());
    file.metadata = Some(section.clone());
    assert!(read(&file.bytes()).is_ok());
    section[32] = b' ';
    file.metadata = Some(section);
    let error = read(&file.bytes()).unwrap_err();
    assert_eq!(error.code(), Code::BadChecksum);
    assert_eq!(
        error.message(),
        "the metadata does not agree with its md5 digest"
    );
}

#[test]
fn a_damaged_chunk_is_found_when_it_is_needed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.blp");
    let mut bytes = fs::read(golden("bloscpack-sha1.blp")).unwrap();
    let last = bytes.len() - 25;
    bytes[last] ^= 1;
    fs::write(&path, bytes).unwrap();
    let array = Array::open(&path).unwrap();
    let sum = Expr::new("sum(x)").unwrap();
    let error = sum.eval(&[("x", &array)]).unwrap_err();
    assert_eq!(error.code(), Code::BadChecksum);
    assert_eq!(error.place().path.as_deref(), Some(&*path));
}

#[test]
fn limits_bound_what_a_file_may_ask_for() {
    let (file, all) = File::new(&[40, 40, 12]);
    let open = |limits: ReadLimits| {
        let options = Array::options().limits(limits);
        options
            .from_file_bytes(file.bytes())
            .and_then(|array| read_all(&array))
    };
    let limits = ReadLimits {
        max_array_bytes: 92,
        max_blocks: 3,
        max_block_bytes: 40,
        ..ReadLimits::default()
    };
    assert_eq!(open(limits).unwrap(), all);
    for less in [
        ReadLimits {
            max_array_bytes: 91,
            ..limits
        },
        ReadLimits {
            max_blocks: 2,
            ..limits
        },
    ] {
        assert_eq!(open(less).unwrap_err().kind(), ErrorKind::Limit);
    }
}
