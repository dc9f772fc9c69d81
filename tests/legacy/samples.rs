//! What the libraries wrote, beyond the elements of arrays.

use std::fs;

use fuseblock::store::{self, InfoOptions, Kind};
use fuseblock::{Array, DType, ErrorKind, Expr};

use crate::common::read_all;
use crate::{data, golden};

#[test]
fn what_was_appended_is_behind_the_end_of_the_array() {
    for name in ["appended", "plain"] {
        let array = Array::open(data(&format!("{name}.blp"))).unwrap();
        let wanted = Array::open(data(&format!("{name}.npy"))).unwrap();
        assert_eq!(array.shape(), wanted.shape());
        assert_eq!(read_all(&array).unwrap(), read_all(&wanted).unwrap());
    }
    let info = store::info(data("appended.blp")).unwrap();
    assert_eq!((info.data_bytes, info.nbytes), (Some(800), 1360));
    let oddity = "the shape is that of 800 bytes, the chunks have 1360";
    assert_eq!(info.oddities[0], oddity);
    let codecs: Vec<&str> = info.codes.iter().map(|count| &*count.codes.codec).collect();
    assert_eq!(codecs, ["blosclz", "zstd"]);
}

#[test]
fn info_tells_of_chunks_checksums_and_order() {
    let info = store::info(golden("bloscpack-sha1.blp")).unwrap();
    assert_eq!((info.kind, info.version), (Kind::Bloscpack, Some(3)));
    assert_eq!(
        (info.checksum, info.layout),
        (Some("sha1"), Some("C order"))
    );
    assert_eq!((info.chunks, info.computes), (Some(3), Ok(DType::Int32)));
    assert!(info.oddities.is_empty(), "{:?}", info.oddities);
    let info = store::info(golden("legacy/bloscpack/np_F3d.blp")).unwrap();
    assert_eq!(info.layout, Some("Fortran order"));
    let info = store::info(golden("legacy/bcolz/nd3")).unwrap();
    assert_eq!((info.kind, info.checksum), (Kind::Rootdir, None));
    assert_eq!(info.chunk.unwrap().to_string(), "(2, 3, 4)");
    assert_eq!((info.chunks, info.data_bytes), (Some(4), Some(336)));
    let info = store::info(golden("legacy/bcolz/m_noflush")).unwrap();
    assert_eq!(info.oddities, ["1 files belong to no chunk"]);
    let options = InfoOptions { chunks: true };
    let info = store::info_with(golden("legacy/blz/nd3"), options).unwrap();
    let list = info.chunk_list.unwrap();
    let places: Vec<_> = list
        .iter()
        .map(|chunk| (chunk.place, chunk.nbytes))
        .collect();
    assert_eq!(
        places,
        [(Some(0), 96), (Some(1), 96), (Some(2), 96), (Some(3), 48)]
    );
}

#[test]
fn arrays_in_fortran_order_give_their_bytes_too() {
    let path = golden("legacy/bloscpack/np_F3d.blp");
    let array = Array::open(&path).unwrap();
    let bytes = Array::open_bytes(&path).unwrap();
    assert_eq!(&bytes.shape()[..], [3, 4, 5, 4]);
    assert_eq!(read_all(&bytes).unwrap(), read_all(&array).unwrap());
    assert_eq!(bytes.declared_dtype(), Some("<f4"));
}

#[test]
fn structured_samples_are_described_and_give_their_bytes() {
    let path = data("records.blp");
    let error = Array::open(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.message().contains("structured"), "{error}");
    let info = store::info(&path).unwrap();
    assert_eq!((info.itemsize, info.data_bytes), (Some(30), Some(150)));
    assert!(info.computes.unwrap_err().contains("structured"));
    let bytes = Array::open_bytes(&path).unwrap();
    assert_eq!(bytes.shape().to_string(), "(5, 30)");
    let npy = fs::read(data("records.npy")).unwrap();
    assert_eq!(read_all(&bytes).unwrap(), npy[npy.len() - 150..]);
}

#[test]
fn plain_bytes_are_taken_as_the_caller_says() {
    let path = data("plain.blp");
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
    let table = golden("legacy/bcolz/tab");
    let column = |name: &str| {
        let array = Array::open(table.join(name)).unwrap();
        let wanted = Array::open(golden(&format!("bcolz-tab-{name}.npy"))).unwrap();
        assert_eq!(read_all(&array).unwrap(), read_all(&wanted).unwrap());
        (array, wanted)
    };
    let ((x, wanted_x), (z, wanted_z)) = (column("x"), column("z"));
    let both = Expr::new("sum(x * sum(z, axis=1))").unwrap();
    let answer = both.eval(&[("x", &x), ("z", &z)]).unwrap().scalar();
    let wanted = both.eval(&[("x", &wanted_x), ("z", &wanted_z)]).unwrap();
    assert_eq!(answer, wanted.scalar());
    let error = Array::open(table.join("s")).unwrap_err();
    assert!(error.message().contains("it is a string"), "{error}");
    let s = Array::open_bytes(table.join("s")).unwrap();
    assert_eq!(s.declared_dtype(), Some("|S2"));
    assert_eq!(&s.shape()[..], [105, 2]);
    assert_eq!(read_all(&s).unwrap()[..6], *b"ababab");
}

#[test]
fn columns_are_members_of_their_table() {
    let table = golden("legacy/bcolz/tab");
    let open = |part: &str| Array::open_operand(&format!("{}{part}", table.display()));
    let shape = |part: &str| open(part).unwrap().shape().to_string();
    assert_eq!((&*shape(":x"), &*shape("/x")), ("(105,)", "(105,)"));
    assert_eq!(
        (&*shape(":s:bytes"), &*shape("/s:bytes")),
        ("(105, 2)", "(105, 2)")
    );
    let array = open(":z:uint16").unwrap();
    assert_eq!(
        (array.dtype(), &array.shape()[..]),
        (DType::UInt16, &[105, 3][..])
    );
    assert_eq!(
        Array::open_member(&table, "x").unwrap().dtype(),
        DType::Int64
    );
    for part in [":y", "/y", ":y:bytes", ":x:float23"] {
        let error = open(part).unwrap_err();
        assert!(error.message().contains("has no column"), "{part}: {error}");
    }
}

#[test]
fn tables_say_which_columns_they_have() {
    let table = golden("legacy/bcolz/tab");
    let error = Array::open(&table).unwrap_err();
    assert_eq!(
        error.message(),
        "the directory is a table; its columns: x, z, s"
    );
    let help = error.help().unwrap();
    assert!(
        help.starts_with("give one: x=") && help.ends_with("legacy/bcolz/tab/x"),
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
    assert_eq!(store::info(table.join("z")).unwrap().chunks, Some(1));
}
