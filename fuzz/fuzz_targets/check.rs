//! Whatever the text, with arrays of every dtype to name: it is explained, or checked, optimised and
//! cut into passes, for little memory. Where that is little work it is also computed: the engines
//! give the reference interpreter's answers.

#![no_main]

#[path = "../../tests/common/noting.rs"]
mod noting;
mod words;

use std::sync::LazyLock;
use std::{fs, process};

use fuseblock::check::{Scope, check};
use fuseblock::diag::Code;
use fuseblock::exec::agree;
use fuseblock::opt::{PassPlan, optimise};
use fuseblock::source::Source;
use fuseblock::store::write::{Options as WriteOptions, write_frame};
use fuseblock::syntax::parse;
use fuseblock::types::Grid;
use fuseblock::{Array, DType, Engine, Options, Scalar, Shape};

/// The largest piece of memory that a text of a few KiB justifies, with what optimising it adds.
const LARGEST_ALLOWED: usize = 32 << 20;

/// Names, dtypes and shapes, and whether the array is in blocks. The filetests, which are where the
/// fuzzer begins, use most of these names.
const OPERANDS: [(&str, DType, &[usize], bool); 22] = [
    ("a", DType::Float64, &[3], false),
    ("b", DType::Bool, &[3], false),
    ("c", DType::Int8, &[2, 3], false),
    ("e", DType::UInt16, &[2, 1, 3], true),
    ("f", DType::Float32, &[7], true),
    ("g", DType::UInt32, &[1], false),
    ("i", DType::Int64, &[3], false),
    ("m", DType::Float32, &[4, 5], true),
    ("n", DType::Int64, &[], false),
    ("s", DType::Float32, &[], false),
    ("u", DType::UInt64, &[2, 3], false),
    ("x", DType::Int32, &[3, 5], true),
    ("z", DType::Int16, &[0, 3], false),
    ("f32", DType::Float32, &[3], false),
    ("i8", DType::Int8, &[3], false),
    ("i16", DType::Int16, &[3], false),
    ("i32", DType::Int32, &[3], false),
    ("u8", DType::UInt8, &[3], false),
    ("u16", DType::UInt16, &[3], false),
    ("u32", DType::UInt32, &[3], false),
    ("u64", DType::UInt64, &[3], false),
    ("long", DType::Float64, &[700], true),
];

static ARRAYS: LazyLock<Vec<(&str, Array<'static>)>> = LazyLock::new(|| {
    let each = OPERANDS.iter();
    each.map(|&(name, dtype, shape, stored)| (name, array(dtype, shape, stored)))
        .collect()
});

libfuzzer_sys::fuzz_target!(|text: &str| {
    let scope = scope();
    let source = Source::expr(text);
    noting::LARGEST.set(0);
    let parsed = parse(&source);
    if !parsed.diagnostics.is_empty() {
        return;
    }
    let func = match check(&source, &parsed.ast, &scope) {
        Ok(checked) => checked.func,
        Err(found) => {
            assert!(!found.is_empty());
            assert!(found.iter().all(|one| one.code != Code::Internal));
            return frugal();
        }
    };
    let small = agree::is_small(&func);
    let func = optimise(func);
    PassPlan::new(&func);
    frugal();
    if small {
        let declared = func.operands.rows().iter();
        let array = |name: &str| {
            let mut arrays = ARRAYS.iter();
            let found = arrays.find(|(known, _)| *known == name);
            found.expect("an operand that is known").1.clone()
        };
        let arrays: Vec<_> = declared.map(|operand| array(&operand.name)).collect();
        let ways = [Engine::Interpreter, Engine::Jit].map(|engine| Options {
            engine,
            threads: Some(1),
            ..Options::default()
        });
        agree::check(&func, &arrays, &ways);
    }
});

// Of four changes, one is libFuzzer's own.
libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    match std::str::from_utf8(&data[..size]) {
        Ok(text) if seed % 4 > 0 => {
            let names: Vec<&str> = OPERANDS.iter().map(|(name, ..)| *name).collect();
            let text = words::changed(text, &names, seed);
            let len = text.len().min(max_size);
            data[..len].copy_from_slice(&text.as_bytes()[..len]);
            len
        }
        _ => libfuzzer_sys::fuzzer_mutate(data, size, max_size),
    }
});

fn scope() -> Scope {
    let mut scope = Scope::new();
    for (name, array) in ARRAYS.iter() {
        let (shape, grid) = (array.shape().clone(), array.grid().cloned());
        scope.operand(name, array.dtype(), shape, grid);
    }
    scope
}

fn frugal() {
    let largest = noting::LARGEST.get();
    assert!(largest <= LARGEST_ALLOWED, "{largest} bytes");
}

/// An array of numbers around 0, in one piece or as a frame of small blocks.
fn array(dtype: DType, shape: &[usize], stored: bool) -> Array<'static> {
    let shape = Shape::new(shape);
    let mut bytes = Vec::new();
    for number in 0..shape.elems() {
        let number = (number * 7 % 19) as f64 / 2.0 - 3.0;
        fuseblock::math::scalar::cast(Scalar::Float64(number), dtype).write(&mut bytes);
    }
    if !stored {
        return Array::from_bytes(dtype, &shape, bytes).expect("as many bytes as the shape has");
    }
    let half = |shape: &Shape| {
        let halves = shape.iter().map(|extent| extent.div_ceil(2));
        Shape::from(halves.collect::<Vec<_>>())
    };
    let chunk = half(&shape);
    let block = half(&chunk);
    let path = std::env::temp_dir().join(format!("fuseblock-fuzz-{}.b2nd", process::id()));
    let (grid, options) = (Grid { chunk, block }, WriteOptions::default());
    write_frame(&path, dtype, &shape, &grid, options, &bytes).expect("a frame that is written");
    let file = fs::read(&path).expect("the file that was written");
    fs::remove_file(&path).expect("the file that was read");
    Array::from_file_bytes(file).expect("what was written opens")
}
