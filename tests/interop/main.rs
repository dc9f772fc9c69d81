//! python-blosc2 writes, we read; we write, python-blosc2 reads.
#![allow(clippy::unwrap_used, reason = "functions of a test, too, may fail it")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/compare.rs"]
mod compare;
#[path = "../crash/disk.rs"]
mod disk;
mod dataset;
mod edit;
#[path = "../common/manifest.rs"]
mod manifest;
mod npz;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use common::venv::{python, run};
use common::{geometries, sample};
use fuseblock::array::npy::NpyWriter;
use fuseblock::diag::Code;
use fuseblock::store::attributes::Attribute;
use fuseblock::store::write::{
    ArrayWriter, Extras, Filters, Options, Split, WriteCodec, write_frame,
};
use fuseblock::store::{self, Verify};
use fuseblock::types::{Grid, Shape};
use fuseblock::{Array, DType};
use manifest::Kind;

/// What files are filtered with; what loses bits is left out.
const FILTERS: [&str; 7] = [
    "shuffle",
    "none",
    "bitshuffle",
    "delta",
    "delta,shuffle",
    "shuffle,bytedelta",
    "delta,bitshuffle",
];

/// How often each geometry is written with each dtype, with other options every time.
const ROUNDS: usize = 6;

fn script(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/interop")
        .join(name)
}

/// How many cases `FUSEBLOCK_INTEROP` asks for: `full`, a number, or a share that takes seconds.
fn cases_wanted() -> usize {
    match std::env::var("FUSEBLOCK_INTEROP").as_deref() {
        Ok("full") => 4000,
        Ok(number) => number
            .parse()
            .expect("FUSEBLOCK_INTEROP: full, or a number"),
        Err(_) => 400,
    }
}

#[test]
fn we_read_what_the_reference_writes() {
    let Some(python) = python() else { return };
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let wanted = cases_wanted();
    let mut matrix = Command::new(python);
    let count = ["--count".to_string(), wanted.to_string()];
    run(matrix.arg(script("matrix.py")).arg(root).args(count));
    let cases = manifest::read(root);
    assert!(cases.len() >= wanted, "{} cases", cases.len());
    let kinds: BTreeSet<Kind> = cases.iter().map(|case| case.kind).collect();
    assert_eq!(kinds.len(), Kind::ALL.len(), "{kinds:?}");
    compare::all(&cases);
}

#[test]
fn the_reference_reads_what_we_write() {
    let Some(python) = python() else { return };
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let mut manifest = String::new();
    let mut cases = geometries();
    cases.push((vec![300, 200], vec![128, 100], vec![32, 100]));
    cases.push((vec![3000], vec![2], vec![2]));
    let mut case = 0;
    for (shape, chunk, block) in std::iter::repeat_n(cases, ROUNDS).flatten() {
        for dtype in DType::ALL {
            let name = format!("case-{case}-{dtype}");
            write_case(root, &name, dtype, [&shape, &chunk, &block], case);
            writeln!(
                manifest,
                "{name}\t{dtype}\t{}\t{}",
                commas(&chunk),
                commas(&block)
            )
            .unwrap();
            case += 1;
        }
    }
    std::fs::write(root.join("manifest.txt"), manifest).unwrap();
    let checked = run(Command::new(python).arg(script("read.py")).arg(root));
    assert_eq!(checked.trim(), case.to_string());
}

fn write_case(root: &Path, name: &str, dtype: DType, extents: [&[usize]; 3], case: usize) {
    let [shape, chunk, block] = extents.map(Shape::new);
    let options = Options {
        codec: WriteCodec::ALL[case % 5],
        level: [1, 5, 9, 0, 3, 7][case / 3 % 6],
        filters: FILTERS[case % FILTERS.len()].parse().unwrap(),
        split: [Split::Auto, Split::Always, Split::Never][case / 2 % 3],
    };
    let elements = sample(dtype, shape.elems(), case / 2);
    let path = root.join(format!("{name}.b2nd"));
    let grid = Grid { chunk, block };
    // One in three is a folder, and what each is called is in it.
    let mut extras = Extras {
        sparse: case % 3 == 2,
        metalayers: vec![("mine".to_string(), Attribute::from(name).encode())],
        ..Extras::default()
    };
    extras.set_attribute("case", &Attribute::from(name));
    let writer = ArrayWriter::create_with(&path, dtype, &shape, &grid, options, extras).unwrap();
    let start = vec![0; shape.ndim()];
    writer.write(&start, &shape, &elements).unwrap();
    writer.finish().unwrap();
    if options.filters.to_string().contains("delta") {
        let plain = Options {
            filters: Filters::NONE,
            ..options
        };
        let path = root.join(format!("{name}.plain.b2nd"));
        write_frame(path, dtype, &shape, &grid, plain, &elements).unwrap();
    }
    let path = |extension: &str| root.join(format!("{name}.{extension}"));
    let npy = NpyWriter::create(path("npy"), dtype, &shape).unwrap();
    let npz = NpyWriter::create_npz(path("npz"), dtype, &shape).unwrap();
    for writer in [npy, npz] {
        writer.write_at(0, &elements).unwrap();
        writer.finish().unwrap();
    }
}

fn commas(extents: &[usize]) -> String {
    let extents: Vec<String> = extents.iter().map(usize::to_string).collect();
    extents.join(",")
}

/// The seals of files are what docs/format.md says, to a reader that knows nothing else of them.
#[test]
fn seals_are_as_the_page_describes_them() {
    let Some(python) = python() else { return };
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/sealed");
    let mut files: Vec<_> = std::fs::read_dir(golden)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension() == Some("b2nd".as_ref()))
        .collect();
    // One with several leaves and streams, as this version writes it.
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("now.b2nd");
    let (shape, grid) = (
        Shape::new(&[700, 90]),
        Grid {
            chunk: Shape::new(&[10, 40]),
            block: Shape::new(&[4, 40]),
        },
    );
    let elements = sample(DType::Float64, shape.elems(), 1);
    let options = Options::default();
    write_frame(&path, DType::Float64, &shape, &grid, options, &elements).unwrap();
    files.push(path);
    assert!(files.len() > 12);
    let compared = run(Command::new(python).arg(script("format.py")).args(&files));
    let compared: usize = compared.trim().parse().unwrap();
    assert!(compared > 1_000, "{compared} digests");
}

/// What python-blosc2 does to sealed files is noticed, and right.
#[test]
fn the_reference_changes_what_we_sealed() {
    let Some(python) = python() else { return };
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let shape = Shape::new(&[40]);
    let grid = Grid {
        chunk: Shape::new(&[16]),
        block: Shape::new(&[8]),
    };
    let elements = sample(DType::Float64, 40, 0);
    let path = root.join("sealed.b2nd");
    let options = Options::default();
    write_frame(&path, DType::Float64, &shape, &grid, options, &elements).unwrap();
    let names = run(Command::new(python).arg(script("sealed.py")).arg(root));
    let mut edited = Vec::new();
    for name in names.lines() {
        let path = root.join(format!("{name}.b2nd"));
        let expected = Array::open(root.join(format!("{name}.npy"))).unwrap();
        match Array::open(&path) {
            Ok(array) => {
                let seal = store::info(&path).unwrap().seal.unwrap().to_string();
                assert_eq!(seal, "broken: another program has written since", "{name}");
                assert_eq!(
                    array.to_vec::<f64>().unwrap(),
                    expected.to_vec::<f64>().unwrap(),
                    "{name}"
                );
            }
            Err(error) => {
                assert_eq!(error.code(), Code::BadSeal, "{name}: {error}");
                assert!(
                    error.message().contains("shape (45,), sealed as (40,)"),
                    "{error}"
                );
                edited.push(name);
                let unverified = Array::options().verify(Verify::Never).open(&path).unwrap();
                assert_eq!(
                    unverified.to_vec::<f64>().unwrap(),
                    expected.to_vec::<f64>().unwrap(),
                    "{name}"
                );
            }
        }
    }
    assert_eq!(edited, ["grow_inside_the_last_chunk"]);
    assert_eq!(names.lines().count(), 8);
}

/// 933 million bools that python-blosc2 stored, weighted by the cosine of the latitude, in a
/// fraction of their memory.
#[test]
#[cfg(feature = "cli")]
fn the_share_of_the_ocean_takes_little_memory() {
    let Some(python) = python() else { return };
    let directory = tempfile::tempdir().unwrap();
    let mask = |verb: &str| {
        let mut command = Command::new(&python);
        command
            .arg(script("mask.py"))
            .arg(verb)
            .arg(directory.path());
        command
    };
    run(&mut mask("make"));
    let printed = run(mask("run").arg(env!("CARGO_BIN_EXE_fuseblock")));
    let mut lines = printed.lines();
    let reply: serde_json::Value = serde_json::from_str(lines.next().unwrap()).unwrap();
    let share = reply["outputs"][0]["data"][0].as_f64().unwrap();
    assert!((share - 0.710_949_816_438_08).abs() < 1e-13, "{share}");
    let peak_kib: u64 = lines.next().unwrap().trim().parse().unwrap();
    assert!(peak_kib < 300 << 10, "peak memory {peak_kib} KiB");
    assert_eq!(reply["stats"]["passes"], 2);
}

/// Where executable memory is refused, the interpreter answers, to the same bits, and says so.
#[test]
#[cfg(feature = "cli")]
fn without_executable_memory_the_interpreter_answers() {
    let Some(python) = python() else { return };
    let program = ["eval", "sum(sin(linspace(0, 1, 100000)))", "--json"];
    let reply = |printed: &str| -> serde_json::Value { serde_json::from_str(printed).unwrap() };
    let usual = run(Command::new(env!("CARGO_BIN_EXE_fuseblock")).args(program));
    let mut command = Command::new(python);
    command.arg(script("refused.py"));
    let refused = run(command.arg(env!("CARGO_BIN_EXE_fuseblock")).args(program));
    if refused.trim() == "unsupported" {
        eprintln!("!!! this kernel cannot forbid executable memory: NOT tested");
        return;
    }
    let (usual, refused) = (reply(&usual), reply(&refused));
    assert_eq!(usual["outputs"], refused["outputs"]);
    assert_eq!(usual["stats"]["kernels_compiled"], 1);
    assert_eq!(refused["stats"]["simd"], "interpreter");
}
