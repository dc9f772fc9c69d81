//! What the libraries wrote reads as the arrays they wrote it from.

use std::fs;
use std::path::{Path, PathBuf};

use fuseblock::store::{self, Kind};
use fuseblock::{Array, DType, ErrorKind, Expr, Scalar};

use crate::common::read_all;
use crate::golden;

/// Every sample that is an array expressions can read, and the .npy beside it.
fn samples() -> Vec<(PathBuf, PathBuf)> {
    let mut found = Vec::new();
    for folder in [".", "bloscpack", "blz", "bcolz", "sums"] {
        for entry in fs::read_dir(golden(folder)).unwrap() {
            let npy = entry.unwrap().path();
            let stem = npy.file_stem().unwrap().to_str().unwrap().to_string();
            let other = ["tab", "records"].contains(&&*stem);
            if npy.extension().is_none_or(|extension| extension != "npy") || other {
                continue;
            }
            let file = npy.with_extension("blp");
            let directory = npy.with_extension("");
            let path = if file.exists() { file } else { directory };
            found.push((path, npy));
        }
    }
    assert_eq!(found.len(), 7 + 5 + 5 + 9 + 2);
    found
}

#[test]
fn every_sample_is_the_array_it_was_made_from() {
    for (path, npy) in samples() {
        let (array, wanted) = (Array::open(&path).unwrap(), Array::open(npy).unwrap());
        let name = path.display();
        assert_eq!(array.dtype(), wanted.dtype(), "{name}");
        assert_eq!(array.shape(), wanted.shape(), "{name}");
        assert!(
            read_all(&array).unwrap() == read_all(&wanted).unwrap(),
            "{name}"
        );
    }
}

#[test]
fn sums_of_every_sample() {
    for (path, npy) in samples() {
        for text in ["sum(x)", "count_nonzero(x)", "sum(x * x)"] {
            let program = Expr::new(text).unwrap();
            let [found, wanted] = [&path, &npy].map(|path| {
                let array = Array::open(path).unwrap();
                let answer = program.eval(&[("x", &array)]).unwrap();
                answer.scalar().unwrap()
            });
            let name = path.display();
            assert_eq!(found.dtype(), wanted.dtype(), "{text} of {name}");
            // Sums of floats depend on the grid in their last bits.
            let (a, b) = (found.as_f64(), wanted.as_f64());
            let close = (a - b).abs() <= 1e-12 * b.abs();
            assert!(close, "{text} of {name}: {found:?}, {wanted:?}");
        }
    }
}

#[test]
fn info_of_every_sample() {
    for (path, npy) in samples() {
        let info = store::info(&path).unwrap();
        let wanted = Array::open(npy).unwrap();
        let name = path.display();
        let plain = path.ends_with("plain.blp");
        let shape = (!plain).then(|| wanted.shape().clone());
        assert_eq!(info.shape, shape, "{name}");
        assert_eq!(info.computes, Ok(wanted.dtype()), "{name}");
        assert_eq!(info.itemsize, Some(wanted.dtype().size()), "{name}");
        let kind = if path.is_dir() {
            Kind::Rootdir
        } else {
            Kind::Bloscpack
        };
        assert_eq!(info.kind, kind, "{name}");
        assert!(info.cbytes > 0 && info.cbytes <= info.file_bytes, "{name}");
        let odd = path.ends_with("appended.blp") || path.ends_with("m_noflush");
        assert_eq!(
            !info.oddities.is_empty(),
            odd,
            "{name}: {:?}",
            info.oddities
        );
    }
    let info = store::info(golden("appended.blp")).unwrap();
    assert_eq!((info.data_bytes, info.nbytes), (Some(800), 1360));
    assert_eq!((info.checksum, info.version), (Some("adler32"), Some(3)));
    let codecs: Vec<&str> = info.codes.iter().map(|count| &*count.codes.codec).collect();
    assert_eq!(codecs, ["blosclz", "zstd"]);
    let info = store::info(golden("bcolz/nd3")).unwrap();
    assert_eq!(info.chunk.unwrap().to_string(), "(2, 3, 4)");
    assert_eq!((info.chunks, info.data_bytes), (Some(4), Some(336)));
    let info = store::info(golden("bloscpack/np_F3d.blp")).unwrap();
    assert_eq!(info.layout, Some("Fortran order"));
}

#[test]
fn structured_samples_are_described_and_give_their_bytes() {
    let path = golden("records.blp");
    let error = Array::open(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.message().contains("structured"), "{error}");
    let info = store::info(&path).unwrap();
    assert_eq!((info.itemsize, info.data_bytes), (Some(30), Some(150)));
    assert!(info.computes.unwrap_err().contains("structured"));
    let bytes = Array::open_bytes(&path).unwrap();
    assert_eq!(bytes.shape().to_string(), "(5, 30)");
    let npy = fs::read(golden("records.npy")).unwrap();
    assert_eq!(read_all(&bytes).unwrap(), npy[npy.len() - 150..]);
}

#[test]
fn plain_bytes_are_taken_as_the_caller_says() {
    let path = golden("plain.blp");
    let array = Array::open(&path).unwrap();
    assert_eq!(
        (array.dtype(), &array.shape()[..]),
        (DType::UInt32, &[1000][..])
    );
    let array = Array::open_as(&path, DType::Float64).unwrap();
    assert_eq!(
        (array.dtype(), &array.shape()[..]),
        (DType::Float64, &[500][..])
    );
    let array = Array::open_bytes(&path).unwrap();
    assert_eq!(
        (array.dtype(), &array.shape()[..]),
        (DType::UInt8, &[1000, 4][..])
    );
    // A file among larger things, and one in memory.
    let bytes = fs::read(&path).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let inside = directory.path().join("larger");
    fs::write(&inside, [b"something else", &bytes[..]].concat()).unwrap();
    for array in [Array::open_at(inside, 14), Array::from_file_bytes(bytes)] {
        assert_eq!(
            array.unwrap().to_vec::<u32>().unwrap()[999],
            999 * 999 % 977
        );
    }
}

#[test]
fn columns_of_a_table_are_operands() {
    let table = golden("bcolz/tab");
    // A row is an int64, three int16 and two letters.
    let npy = fs::read(golden("bcolz/tab.npy")).unwrap();
    let rows: Vec<&[u8]> = npy[npy.len() - 105 * 16..].chunks(16).collect();
    let x = Array::open(table.join("x")).unwrap();
    let wanted: Vec<u8> = rows.iter().flat_map(|row| &row[..8]).copied().collect();
    assert_eq!((x.dtype(), &x.shape()[..]), (DType::Int64, &[105][..]));
    assert_eq!(read_all(&x).unwrap(), wanted);
    let z = Array::open(table.join("z")).unwrap();
    let wanted: Vec<u8> = rows.iter().flat_map(|row| &row[8..14]).copied().collect();
    assert_eq!((z.dtype(), &z.shape()[..]), (DType::Int16, &[105, 3][..]));
    assert_eq!(read_all(&z).unwrap(), wanted);
    let both = Expr::new("sum(x * sum(z, axis=1))").unwrap();
    let answer = both.eval(&[("x", &x), ("z", &z)]).unwrap();
    let wanted: i64 = (0..105)
        .map(|row| {
            let word =
                |at: usize| i64::from(i16::from_le_bytes([rows[row][at], rows[row][at + 1]]));
            let x = i64::from_le_bytes(rows[row][..8].try_into().unwrap());
            x * (word(8) + word(10) + word(12))
        })
        .sum();
    assert_eq!(answer.scalar(), Some(Scalar::Int64(wanted)));
    let error = Array::open(table.join("s")).unwrap_err();
    assert!(error.message().contains("it is a string"), "{error}");
    let s = Array::open_bytes(table.join("s")).unwrap();
    assert_eq!(s.declared_dtype(), Some("|S2"));
    let wanted: Vec<u8> = rows.iter().flat_map(|row| &row[14..]).copied().collect();
    assert_eq!(read_all(&s).unwrap(), wanted);
}

#[test]
fn tables_say_which_columns_they_have() {
    let table = golden("bcolz/tab");
    let error = Array::open(&table).unwrap_err();
    assert_eq!(
        error.message(),
        "the directory is a table; its columns: x, z, s"
    );
    let help = error.help().unwrap();
    assert!(
        help.starts_with("give one: x=") && help.ends_with("bcolz/tab/x"),
        "{help}"
    );
    let error = Array::open(table.join("y")).unwrap_err();
    assert_eq!(error.message(), "the table has no column 'y'");
    assert_eq!(error.help(), Some("its columns: x, z, s"));
    let info = store::info(&table).unwrap();
    assert_eq!(
        (info.kind, &info.shape.unwrap()[..]),
        (Kind::Table, &[105][..])
    );
    let told: Vec<String> = info
        .columns
        .iter()
        .map(|column| format!("{} {} {}", column.name, column.dtype, column.shape))
        .collect();
    assert_eq!(told, ["x int64 (105,)", "z int16 (105, 3)", "s |S2 (105,)"]);
    assert_eq!(
        store::info(Path::new(&table.join("z"))).unwrap().chunks,
        Some(1)
    );
}
