//! The same bits on every path: any number of threads, any SIMD level, either engine, any codec,
//! whatever pool runs the work, and however results are delivered.

use std::path::Path;
use std::sync::Mutex;

use fuseblock::array::SaveOptions;
use fuseblock::store::write::{Options, WriteCodec, write_frame};
use fuseblock::types::{DType, Grid, Shape};
use fuseblock::{Array, Engine, Expr, SimdLevel};

/// Expressions whose float reductions would differ if anything but the cut fixed their bits.
const PROGRAM: &str = "\
s = x * 0.1 + sin(y); \
sum(s), mean(s), std(s), prod(1 + x * 1e-4), sum(s, axis=0), mean(s, axis=1), var(s, axis=(0, 1)), \
min(s, axis=0), max(s), sum(k * 3, axis=1), count_nonzero(k > 5), any(x > 50), all(x < 50), \
(s - mean(s)) / std(s), sum(where(k % 2 == 0, s, -s), axis=-1, keepdims=True) * row";

const ROWS: usize = 301;
const COLUMNS: usize = 457;

/// Numbers without a pattern, the same everywhere.
fn noise(n: usize) -> impl Iterator<Item = f64> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    (0..n).map(move |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64 * 40.0 - 20.0
    })
}

/// x on one grid, y on another, k with small items, and a row in memory.
fn operands(dir: &Path, codec: WriteCodec) -> Vec<(&'static str, Array<'static>)> {
    let shape = Shape::new(&[ROWS, COLUMNS]);
    let options = Options {
        codec,
        ..Options::default()
    };
    let write = |name: &str, dtype, chunk: [usize; 2], block: [usize; 2], bytes: &[u8]| {
        let path = dir.join(format!("{name}-{codec:?}.b2nd"));
        let grid = Grid {
            chunk: Shape::new(&chunk),
            block: Shape::new(&block),
        };
        write_frame(&path, dtype, &shape, &grid, options, bytes).expect("the file is written");
        Array::open(&path).expect("the file opens")
    };
    let doubles: Vec<u8> = noise(ROWS * COLUMNS).flat_map(f64::to_ne_bytes).collect();
    let singles: Vec<u8> = noise(ROWS * COLUMNS)
        .flat_map(|v| (v as f32).to_ne_bytes())
        .collect();
    let bytes: Vec<u8> = noise(ROWS * COLUMNS).map(|v| (v + 20.0) as u8).collect();
    let row = Array::from_vec(noise(ROWS).collect(), &[ROWS, 1]).expect("the row has its shape");
    vec![
        (
            "x",
            write("x", DType::Float64, [128, 200], [50, 64], &doubles),
        ),
        (
            "y",
            write("y", DType::Float32, [301, 100], [40, 100], &singles),
        ),
        (
            "k",
            write("k", DType::UInt8, [300, 457], [300, 457], &bytes),
        ),
        ("row", row),
    ]
}

/// Arrays with their names.
type Operands = [(&'static str, Array<'static>)];

/// Operands as expressions take them.
fn named(operands: &Operands) -> Vec<(&str, &Array<'_>)> {
    let each = operands.iter();
    each.map(|(name, array)| (*name, array)).collect()
}

fn results(
    operands: &Operands,
    threads: Option<usize>,
    simd: SimdLevel,
    engine: Engine,
) -> Vec<Vec<u8>> {
    let given = named(operands);
    let expr = Expr::new(PROGRAM).expect("the program parses");
    let mut bound = expr
        .bind(&given)
        .expect("the program checks")
        .simd(simd)
        .engine(engine);
    if let Some(threads) = threads {
        bound = bound.threads(threads);
    }
    let evaluated = bound.run().expect("the program runs");
    evaluated
        .iter()
        .map(|(_, array)| array.to_bytes().expect("results are in memory"))
        .collect()
}

#[test]
fn threads_simd_codecs_and_pools_do_not_change_a_bit() {
    let dir = tempfile::tempdir().expect("a folder");
    let lz4 = operands(dir.path(), WriteCodec::Lz4);
    let zstd = operands(dir.path(), WriteCodec::Zstd);
    let expected = results(&lz4, Some(1), SimdLevel::Off, Engine::Jit);
    for level in SimdLevel::ALL {
        if !level.is_available() {
            eprintln!("!!! this machine has no {level}: NOT tested");
            continue;
        }
        for threads in [1, 2, 3, 7] {
            let got = results(&lz4, Some(threads), level, Engine::Jit);
            assert!(got == expected, "{level}, {threads} threads");
        }
    }
    assert!(
        results(&zstd, Some(2), SimdLevel::detect(), Engine::Jit) == expected,
        "zstd"
    );
    assert!(
        results(&lz4, None, SimdLevel::detect(), Engine::Jit) == expected,
        "global pool"
    );
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(5)
        .build()
        .expect("a pool");
    let inside = pool.install(|| results(&lz4, None, SimdLevel::detect(), Engine::Jit));
    assert!(inside == expected, "the caller's pool");
}

#[test]
fn the_interpreter_agrees_to_the_bit() {
    let dir = tempfile::tempdir().expect("a folder");
    let operands = operands(dir.path(), WriteCodec::Lz4);
    let jit = results(&operands, Some(2), SimdLevel::detect(), Engine::Jit);
    let interpreter = results(&operands, Some(2), SimdLevel::Off, Engine::Interpreter);
    assert!(jit == interpreter);
}

#[test]
fn many_threads_may_use_one_expression_at_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let operands = operands(dir.path(), WriteCodec::Lz4);
    let given = named(&operands);
    let expr = Expr::new("sum(x * y, axis=1)").expect("the expression parses");
    let run = || {
        expr.eval(&given)
            .expect("it runs")
            .array(0)
            .to_bytes()
            .expect("in memory")
    };
    let expected = run();
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| (0..5).for_each(|_| assert!(run() == expected)));
        }
    });
}

#[test]
fn memory_buffer_stream_and_file_deliver_the_same() {
    let dir = tempfile::tempdir().expect("a folder");
    let operands = operands(dir.path(), WriteCodec::Lz4);
    let given = named(&operands);
    let bound = Expr::new("x * 2 + y")
        .expect("parses")
        .bind(&given)
        .expect("checks")
        .threads(3);
    let expected = bound
        .run()
        .expect("runs")
        .array(0)
        .to_vec::<f64>()
        .expect("float64");

    let mut buffer = vec![0f64; ROWS * COLUMNS];
    bound.run_into(&mut buffer).expect("runs into a buffer");
    assert!(buffer == expected);

    let streamed = Mutex::new(vec![f64::NAN; ROWS * COLUMNS]);
    bound
        .stream(&|piece| {
            let mut all = streamed.lock().expect("no receiver panics");
            for (i, item) in piece.bytes.chunks_exact(8).enumerate() {
                let row = piece.start[0] + i / piece.extent[1];
                let column = piece.start[1] + i % piece.extent[1];
                let at = &mut all[row * COLUMNS + column];
                assert!(at.is_nan(), "an element came twice");
                *at = f64::from_ne_bytes(item.try_into().expect("8 bytes"));
            }
            Ok(())
        })
        .expect("streams");
    assert!(streamed.into_inner().expect("no receiver panics") == expected);

    let path = dir.path().join("out.npy");
    bound
        .save(&[&path], &SaveOptions::default())
        .expect("saves");
    let read = Array::open(&path)
        .expect("opens")
        .to_vec::<f64>()
        .expect("float64");
    assert!(read == expected);
}

/// A compressed result is the same file whatever the number of threads, with the operands' chunks or others,
/// filtered or not; and it holds the result.
#[test]
fn compressed_results_are_the_same_files() {
    let dir = tempfile::tempdir().expect("a folder");
    let operands = operands(dir.path(), WriteCodec::Lz4);
    let given = named(&operands);
    let grids = [
        (None, None),
        (Some(Shape::new(&[37, 11])), Some(Shape::new(&[10, 7]))),
        (Some(Shape::new(&[1, COLUMNS])), None),
        (Some(Shape::new(&[ROWS, 1])), Some(Shape::new(&[3, 1]))),
    ];
    for program in [
        "x + y * 2",
        "cumulative_sum(x, axis=0)",
        "x[:, 0][x[:, 0] > 0.5]",
        "(x + y)[x[:, 1] > 1]",
    ] {
        let expr = Expr::new(program).expect("parses");
        let bound = expr.bind(&given).expect("checks");
        let expected = bound.clone().threads(1).run().expect("runs");
        let expected = expected.array(0);
        let axes = expected.shape().ndim();
        for (chunk, block) in &grids {
            let flat = |shape: &Option<Shape>| match axes {
                1 => shape.as_ref().map(|shape| Shape::new(&shape[..1])),
                _ => shape.clone(),
            };
            let options = SaveOptions {
                chunk: flat(chunk),
                block: flat(block),
                ..SaveOptions::default()
            };
            let mut first = None;
            for threads in [1, 2, 7] {
                let path = dir.path().join("out.b2nd");
                let saved = bound.clone().threads(threads).save(&[&path], &options);
                saved.unwrap_or_else(|error| panic!("{program} {options:?}: {error}"));
                let file = std::fs::read(&path).expect("was written");
                let read = Array::open(&path).expect("opens");
                assert_eq!(read.shape(), expected.shape());
                assert!(
                    read.to_bytes().expect("reads") == expected.to_bytes().expect("is in memory")
                );
                assert!(
                    first.get_or_insert(file.clone()) == &file,
                    "{program} {options:?} {threads}"
                );
            }
        }
    }
}

#[test]
fn a_cancelled_evaluation_leaves_no_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let operands = operands(dir.path(), WriteCodec::Lz4);
    let given = named(&operands);
    let options = fuseblock::Options {
        cancel: Some(std::sync::Arc::new(true.into())),
        ..fuseblock::Options::default()
    };
    let bound = Expr::new("x + y")
        .expect("parses")
        .bind(&given)
        .expect("checks")
        .options(options);
    let before = std::fs::read_dir(dir.path()).expect("a folder").count();
    let error = bound
        .save(&[dir.path().join("out.npy")], &SaveOptions::default())
        .expect_err("it was cancelled");
    assert_eq!(error.kind(), fuseblock::ErrorKind::Cancelled);
    assert_eq!(
        std::fs::read_dir(dir.path()).expect("a folder").count(),
        before
    );
}
