//! Directories of bcolz and BLZ arrays and tables, sound and otherwise.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use fuseblock::diag::Code;
use fuseblock::store;
use fuseblock::{Array, DType, Error, ErrorKind, Expr};

use crate::assembled::{counting, version1};
use crate::common::read_all;
use crate::{copy, golden};

/// An array's directory under construction.
struct Rootdir {
    _scratch: tempfile::TempDir,
    root: PathBuf,
}

impl Rootdir {
    fn new(dtype: &str, chunklen: &str, shape: &str) -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let root = scratch.path().join("array");
        fs::create_dir_all(root.join("meta")).unwrap();
        fs::create_dir_all(root.join("data")).unwrap();
        let storage = format!(
            "{{\"dtype\": \"{dtype}\", \"bparams\": {{\"clevel\": 5, \"shuffle\": true}}, \
             \"chunklen\": {chunklen}, \"expectedlen\": 99, \"dflt\": NaN}}\n"
        );
        fs::write(root.join("meta/storage"), storage).unwrap();
        let sizes = format!("{{\"shape\": {shape}, \"nbytes\": 7, \"cbytes\": 7}}\n");
        fs::write(root.join("meta/sizes"), sizes).unwrap();
        let _scratch = scratch;
        Self { _scratch, root }
    }

    /// Writes a file for each chunk, of these decoded lengths.
    fn chunks(self, lengths: &[usize]) -> Self {
        let (chunks, _) = counting(lengths);
        for (number, chunk) in chunks.into_iter().enumerate() {
            self.write(number, &version1(1, &[chunk]));
        }
        self
    }

    fn write(&self, number: usize, bytes: &[u8]) {
        let path = self.root.join(format!("data/__{number}.blp"));
        fs::write(path, bytes).unwrap();
    }

    fn read(&self) -> Result<Vec<u8>, Error> {
        read_all(&Array::open(&self.root)?)
    }

    /// Opening or reading it fails with this fact.
    fn fails(&self, fact: &str) {
        let error = self.read().unwrap_err();
        assert!(error.message().contains(fact), "{error}");
        let place = error.place().path.clone().unwrap();
        assert!(place.starts_with(&self.root), "{error}");
    }
}

fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|nth| (nth % 251) as u8).collect()
}

#[test]
fn the_last_chunk_may_have_room_and_further_files_mean_nothing() {
    let array = Rootdir::new("int32", "5", "[12]").chunks(&[20, 20, 8]);
    assert_eq!(array.read().unwrap(), bytes(48));
    for room in [12, 20] {
        let array = Rootdir::new("int32", "5", "[12]").chunks(&[20, 20, room]);
        assert_eq!(array.read().unwrap(), bytes(48));
        array.write(3, b"of no chunk");
        array.write(70, b"");
        assert_eq!(array.read().unwrap(), bytes(48));
        let info = store::info(&array.root).unwrap();
        assert_eq!(info.oddities, ["2 files belong to no chunk"]);
        assert_eq!((info.chunks, info.data_bytes), (Some(3), Some(48)));
    }
    for lengths in [
        [20, 20, 4],
        [20, 20, 24],
        [20, 16, 8],
        [20, 24, 8],
        [24, 20, 8],
    ] {
        let array = Rootdir::new("int32", "5", "[12]").chunks(&lengths);
        array.fails("its place in the array has");
    }
    // Whole chunks only; no rows at all; fewer rows than a chunk has.
    let array = Rootdir::new("int32", "5", "[10]").chunks(&[20, 20, 20]);
    assert_eq!(array.read().unwrap(), bytes(40));
    assert_eq!(Rootdir::new("int32", "5", "[0]").read().unwrap(), bytes(0));
    let array = Rootdir::new("int32", "5", "[3]").chunks(&[20]);
    assert_eq!(array.read().unwrap(), bytes(12));
}

#[test]
fn rows_of_several_axes() {
    let array = Rootdir::new("int16", "2", "[5, 2, 3]").chunks(&[24, 24, 12]);
    assert_eq!(array.read().unwrap(), bytes(60));
    let opened = Array::open(&array.root).unwrap();
    let rows = Expr::new("sum(x, axis=(1, 2))").unwrap();
    let sums = rows.eval(&[("x", &opened)]).unwrap();
    let wanted = |row: usize| -> i64 {
        let words = bytes(60)[row * 12..row * 12 + 12].to_vec();
        let words = words
            .chunks(2)
            .map(|word| i64::from(i16::from_le_bytes([word[0], word[1]])));
        words.sum()
    };
    let wanted: Vec<i64> = (0..5).map(wanted).collect();
    assert_eq!(sums.array(0).to_vec::<i64>().unwrap(), wanted);
    let none = Rootdir::new("int16", "2", "[5, 0, 3]");
    assert_eq!(none.read().unwrap(), bytes(0));
    fs::remove_dir(none.root.join("data")).unwrap();
    assert_eq!(store::info(&none.root).unwrap().chunks, Some(0));
    let deep = Rootdir::new("int16", "2", &format!("[{}1]", "1, ".repeat(16)));
    assert_eq!(deep.read().unwrap_err().code(), Code::TooManyAxes);
}

#[test]
fn a_missing_file_is_an_error_that_names_it() {
    let array = Rootdir::new("int32", "5", "[12]").chunks(&[20, 20, 8]);
    fs::remove_file(array.root.join("data/__1.blp")).unwrap();
    let error = array.read().unwrap_err();
    assert_eq!(
        (error.kind(), error.place().chunk),
        (ErrorKind::Io, Some(1))
    );
    assert!(
        error
            .place()
            .path
            .as_ref()
            .unwrap()
            .ends_with("data/__1.blp")
    );
    assert!(store::info(&array.root).is_err());
    fs::remove_dir_all(array.root.join("data")).unwrap();
    array.fails("No such file");
}

#[test]
fn a_file_has_one_chunk_behind_a_header_of_version_1() {
    let (chunks, _) = counting(&[20]);
    let array = Rootdir::new("int32", "5", "[5]");
    for count in [1, -1] {
        let file = version1(count, &chunks);
        array.write(0, &file);
        assert_eq!(array.read().unwrap(), bytes(20));
        array.write(0, &[file, b"and more".to_vec()].concat());
        assert_eq!(array.read().unwrap(), bytes(20));
    }
    array.write(0, &version1(2, &[chunks[0].clone(), chunks[0].clone()]));
    array.fails("format version 1 and 2 chunks");
    array.write(0, &version1(0, &chunks));
    array.fails("format version 1 and 0 chunks");
    let mut file = version1(1, &chunks);
    file[0] = b'B';
    array.write(0, &file);
    array.fails("does not begin as a Bloscpack file");
    array.write(0, b"");
    array.fails("ends");
    array.write(0, &version1(1, &chunks)[..50]);
    array.fails("room for 34");
}

#[test]
fn what_is_said_of_an_array_is_checked() {
    for chunklen in ["0", "-5", "5.0", "\"5\"", "null", "1e3"] {
        Rootdir::new("int32", chunklen, "[5]").fails("number of rows of a chunk");
    }
    for chunklen in ["536870912", "4611686018427387904", "18446744073709551615"] {
        Rootdir::new("int32", chunklen, "[5]").fails("longer than chunks can be");
    }
    for shape in ["[-5]", "[5.0]", "[null]", "[18446744073709551616]"] {
        Rootdir::new("int32", "5", shape).fails("extent");
    }
    Rootdir::new("int32", "5", "[]").fails("count no rows");
    Rootdir::new("int32", "5", "5").fails("has no shape");
    Rootdir::new("int32", "5", "[4611686018427387904]").fails("larger than memory can count");
    Rootdir::new("|S0", "5", "[5]").fails("without bytes");
    Rootdir::new("int33", "5", "[5]").fails("not a NumPy dtype");
    let array = Rootdir::new("int32", "5", "[5]").chunks(&[20]);
    // What writers leave behind that stumbled over a dtype.
    fs::write(array.root.join("meta/storage"), "").unwrap();
    array.fails("the meta/storage is empty");
    fs::write(array.root.join("meta/storage"), "{\"chunklen\": 5}").unwrap();
    array.fails("has no dtype");
    fs::write(array.root.join("meta/storage"), [0xFF]).unwrap();
    array.fails("is no text");
    fs::write(array.root.join("meta/storage"), " ".repeat(2 << 20)).unwrap();
    array.fails("at most 1048576 are read");
    fs::remove_file(array.root.join("meta/storage")).unwrap();
    array.fails("No such file");
}

#[test]
fn dtypes_by_their_long_names_and_in_either_byte_order() {
    for (name, dtype) in [
        ("bool", DType::Bool),
        ("int8", DType::Int8),
        ("uint64", DType::UInt64),
        ("float32", DType::Float32),
        ("<f8", DType::Float64),
    ] {
        let array = Rootdir::new(name, "4", "[4]").chunks(&[4 * dtype.size()]);
        assert_eq!(Array::open(&array.root).unwrap().dtype(), dtype);
    }
    let array = Rootdir::new(">i4", "2", "[2]").chunks(&[8]);
    let opened = Array::open(&array.root).unwrap();
    assert_eq!(opened.to_vec::<i32>().unwrap(), [0x0001_0203, 0x0405_0607]);
    for (name, itemsize, why) in [
        ("float16", 2, "4 and 8 byte floats"),
        ("datetime64[ns]", 8, "a date"),
        ("|S3", 3, "a string"),
        ("<U2", 8, "a string"),
        ("|V300", 300, "raw bytes"),
        ("[('a', '<i4'), ('b', '<f8')]", 12, "structured"),
    ] {
        let array = Rootdir::new(name, "4", "[4]").chunks(&[4 * itemsize]);
        array.fails(why);
        let info = store::info(&array.root).unwrap();
        assert_eq!(info.itemsize, Some(itemsize));
        assert!(info.computes.unwrap_err().contains(why));
        let bytes_of = Array::open_bytes(&array.root).unwrap();
        assert_eq!(&bytes_of.shape()[..], [4, itemsize]);
        assert_eq!(read_all(&bytes_of).unwrap(), bytes(4 * itemsize));
    }
    let array = Rootdir::new("|V8", "4", "[4]").chunks(&[32]);
    let as_floats = Array::open_as(&array.root, DType::Float64).unwrap();
    assert_eq!(read_all(&as_floats).unwrap(), bytes(32));
}

#[test]
fn python_objects_are_never_unpickled() {
    let array = Rootdir::new("object", "1", "[2]").chunks(&[9, 14]);
    array.fails("Python objects");
    assert!(Array::open_bytes(&array.root).is_err());
    let info = store::info(&array.root).unwrap();
    assert_eq!(
        (info.chunks, info.chunk, info.itemsize),
        (Some(2), None, None)
    );
    assert!(info.computes.unwrap_err().contains("Python objects"));
}

#[test]
fn links_do_not_lead_out_of_an_array() {
    let outside = Rootdir::new("int32", "5", "[5]").chunks(&[20]);
    let leads_out = "a link that leads out of its directory";
    for part in ["data", "data/__0.blp", "meta", "meta/sizes", "meta/storage"] {
        let array = Rootdir::new("int32", "5", "[5]").chunks(&[20]);
        assert!(array.read().is_ok());
        let (inner, outer) = (array.root.join(part), outside.root.join(part));
        match inner.is_dir() {
            true => fs::remove_dir_all(&inner).unwrap(),
            false => fs::remove_file(&inner).unwrap(),
        }
        symlink(outer, inner).unwrap();
        array.fails(leads_out);
        assert!(store::info(&array.root).is_err());
    }
    // A link to the array itself is how people give it another name.
    let elsewhere = tempfile::tempdir().unwrap();
    let link = elsewhere.path().join("link");
    symlink(&outside.root, &link).unwrap();
    assert_eq!(read_all(&Array::open(link).unwrap()).unwrap(), bytes(20));
}

/// A table with the columns of `rootdirs`, and these arrays in its directory.
fn table(rootdirs: &str, arrays: &[(&str, &str)]) -> tempfile::TempDir {
    let scratch = tempfile::tempdir().unwrap();
    let root = scratch.path().join("tab");
    fs::create_dir_all(&root).unwrap();
    fs::write(root.join("__rootdirs__"), rootdirs).unwrap();
    for (directory, sample) in arrays {
        copy(&golden("legacy/blz").join(sample), &root.join(directory));
    }
    scratch
}

fn shape_at(path: &Path) -> String {
    Array::open(path).unwrap().shape().to_string()
}

#[test]
fn columns_go_by_the_names_that_the_table_has_for_them() {
    let rootdirs = r#"{"names": ["b", "a", "x y"], "dirs": {"a": "/old/place/b", "b": "a",
        "x y": "C:\\data\\tab\\col-3", "gone": "/old/place/gone"}}"#;
    let arrays = [
        ("a", "nd3"),
        ("b", "m_append"),
        ("col-3", "bool"),
        ("left", "f8_1d"),
    ];
    let scratch = table(rootdirs, &arrays);
    let root = scratch.path().join("tab");
    assert_eq!(shape_at(&root.join("a")), "(150,)");
    assert_eq!(shape_at(&root.join("b")), "(7, 3, 4)");
    assert_eq!(shape_at(&root.join("x y")), "(3000,)");
    // What the table does not name opens by its path.
    assert_eq!(shape_at(&root.join("col-3")), "(3000,)");
    assert_eq!(shape_at(&root.join("left")), "(5000,)");
    let error = Array::open(root.join("gone")).unwrap_err();
    assert_eq!(error.help(), Some("its columns: b, a, x y"));
    let info = store::info(&root).unwrap();
    let names: Vec<&str> = info.columns.iter().map(|column| &*column.name).collect();
    assert_eq!(names, ["b", "a", "x y"]);
    assert_eq!(
        info.oddities,
        ["the columns differ in their number of rows"]
    );
}

#[test]
fn columns_are_directories_right_inside_their_table() {
    let rootdirs = r#"{"names": ["../evil", "e", "n", "l", "..", "", "ok"],
        "dirs": {"../evil": "x/..", "e": "../evil/", "l": "link", "..": ".", "": "", "ok": "ok"}}"#;
    let scratch = table(rootdirs, &[("ok", "bool"), ("../evil", "bool")]);
    let root = scratch.path().join("tab");
    symlink("../evil", root.join("link")).unwrap();
    assert_eq!(shape_at(&root.join("ok")), "(3000,)");
    for (name, fact) in [
        ("e", "not that of an entry"),
        ("l", "not that of an entry"),
        ("n", "does not say where column 'n' is"),
    ] {
        let error = Array::open(root.join(name)).unwrap_err();
        assert!(error.message().contains(fact), "{name}: {error}");
    }
    let info = store::info(&root).unwrap();
    assert_eq!((info.columns.len(), info.oddities.len()), (1, 6));
    let refused = |oddity: &String| oddity.contains("cannot be read");
    assert!(info.oddities.iter().all(refused), "{:?}", info.oddities);
    // Without `dirs` names are directories.
    let scratch = table(
        r#"{"names": ["../evil", "a/b", "."]}"#,
        &[("../evil", "bool")],
    );
    let info = store::info(scratch.path().join("tab")).unwrap();
    assert_eq!((info.columns.len(), info.oddities.len()), (0, 3));
}

#[test]
fn damaged_tables_are_errors() {
    for (rootdirs, fact) in [
        ("", "is empty"),
        ("[]", "no JSON object"),
        ("{}", "lists no columns"),
        (r#"{"names": "a"}"#, "lists no columns"),
        (r#"{"names": [3]}"#, "whose name is no text"),
        (r#"{"names": ["a"], "names": ["b"]}"#, "twice"),
    ] {
        let scratch = table(rootdirs, &[("a", "bool")]);
        let root = scratch.path().join("tab");
        // The directory of a column is an array, whatever is wrong with the table.
        assert!(Array::open(root.join("a")).is_ok());
        for error in [
            Array::open(&root).unwrap_err(),
            Array::open(root.join("b")).unwrap_err(),
            store::info(&root).unwrap_err(),
        ] {
            assert!(error.message().contains(fact), "{error}");
            assert_eq!(
                error.place().path.as_ref().unwrap(),
                &root.join("__rootdirs__")
            );
        }
    }
    let scratch = table(r#"{"names": []}"#, &[]);
    let error = Array::open(scratch.path().join("tab")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}
