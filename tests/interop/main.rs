//! python-blosc2 writes, we read; we write, python-blosc2 reads.
#![allow(clippy::unwrap_used, reason = "functions of a test, too, may fail it")]

#[path = "../common/mod.rs"]
mod common;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use common::venv::{python, run};
use common::{geometries, read_all, sample};
use fuseblock::array::npy::NpyWriter;
use fuseblock::store;
use fuseblock::store::write::{Options, Split, WriteCodec, write_frame};
use fuseblock::types::{Grid, Shape};
use fuseblock::{Array, DType, Engine, Expr};

fn script(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/interop")
        .join(name)
}

#[test]
fn we_read_what_the_reference_writes() {
    let Some(python) = python() else { return };
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    run(Command::new(python).arg(script("write.py")).arg(root));
    let manifest = std::fs::read_to_string(root.join("manifest.txt")).unwrap();
    let mut failures = String::new();
    for line in manifest.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [name, dtype, sum] = fields[..] else {
            panic!("manifest line {line:?}");
        };
        if let Err(why) = compare(root, name, dtype, sum) {
            writeln!(failures, "{name}: {why}").unwrap();
        }
    }
    assert!(failures.is_empty(), "{failures}");
    assert!(
        manifest.lines().count() >= 150,
        "{}",
        manifest.lines().count()
    );
    check_meta(&root.join("meta.b2nd"));
}

fn compare(root: &Path, name: &str, dtype: &str, sum: &str) -> Result<(), String> {
    let path = root.join(format!("{name}.b2nd"));
    let told = |error: fuseblock::Error| format!("{error}");
    let array = Array::open(&path).map_err(told)?;
    let expect = Array::open(root.join(format!("{name}.npy"))).map_err(told)?;
    if array.dtype().name() != dtype || expect.dtype() != array.dtype() {
        return Err(format!("dtype {} instead of {dtype}", array.dtype()));
    }
    if array.shape() != expect.shape() {
        return Err(format!(
            "shape {} instead of {}",
            array.shape(),
            expect.shape()
        ));
    }
    let (got, want) = (
        read_all(&array).map_err(told)?,
        read_all(&expect).map_err(told)?,
    );
    if got != want {
        let at = got.iter().zip(&want).position(|(got, want)| got != want);
        return Err(format!("byte {at:?} of {} differs", want.len()));
    }
    let info = store::info(&path).map_err(told)?;
    if info.shape.as_ref() != Some(array.shape()) {
        return Err(format!("info tells shape {:?}", info.shape));
    }
    check_sum(&array, sum)
}

/// NumPy's own sum of the array, against ours of the bytes that were read.
/// Sums the blocks with a kernel, and compares with the other library's sum.
fn check_sum(array: &Array<'_>, sum: &str) -> Result<(), String> {
    let number = sum.split_once('(').map_or(sum, |(_, rest)| rest);
    let number = number.trim_end_matches(')');
    let bound = Expr::new("sum(x)").and_then(|expr| expr.bind(&[("x", array)]));
    let evaluated = bound.and_then(|bound| bound.engine(Engine::Jit).run());
    let ours = evaluated
        .map_err(|error| format!("{error}"))?
        .scalar()
        .unwrap();
    let same = if let Some(ours) = ours.as_i128() {
        let theirs: i128 = number.parse().map_err(|_| format!("sum {sum:?}"))?;
        ours as u64 == theirs as u64
    } else {
        let theirs: f64 = number.parse().map_err(|_| format!("sum {sum:?}"))?;
        let (ours, single) = (ours.as_f64(), array.dtype() == DType::Float32);
        let bound = if single { 1e-6 } else { 1e-9 } * theirs.abs().max(1.0);
        // Random bits overflow, to inf or NaN, depending on the order of additions.
        (ours - theirs).abs() <= bound || (!ours.is_finite() && !theirs.is_finite())
    };
    same.then_some(())
        .ok_or(format!("sum {ours} instead of {number}"))
}

fn check_meta(path: &Path) {
    let info = store::info(path).unwrap();
    let names = |layers: &[store::Layer]| -> Vec<String> {
        layers.iter().map(|layer| layer.name.clone()).collect()
    };
    let mut metalayers = names(&info.metalayers);
    metalayers.sort();
    assert_eq!(metalayers, ["b2nd", "mine"]);
    assert_eq!(names(&info.vl_metalayers), ["notes", "numbers"]);
    assert_eq!(info.compression.unwrap().codec, "lz4");
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
    for (shape, chunk, block) in cases {
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
        codec: [WriteCodec::Lz4, WriteCodec::Lz4Hc, WriteCodec::Zstd][case % 3],
        level: [1, 5, 9, 0, 3][case % 5],
        shuffle: !case.is_multiple_of(4),
        split: [Split::Auto, Split::Always, Split::Never][case / 2 % 3],
    };
    let elements = sample(dtype, shape.elems(), case / 2);
    let path = root.join(format!("{name}.b2nd"));
    let grid = Grid { chunk, block };
    write_frame(&path, dtype, &shape, &grid, options, &elements).unwrap();
    let npy = NpyWriter::create(root.join(format!("{name}.npy")), dtype, &shape).unwrap();
    npy.write_at(0, &elements).unwrap();
    npy.finish().unwrap();
}

fn commas(extents: &[usize]) -> String {
    let extents: Vec<String> = extents.iter().map(usize::to_string).collect();
    extents.join(",")
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
