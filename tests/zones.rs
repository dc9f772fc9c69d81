//! What zone maps, chunks of one value and generators let an evaluation skip: never a bit of the answer, whatever the
//! data, the grids and the program; and blocks that need not be decoded are not.
#![allow(clippy::unwrap_used, reason = "functions of a test, too, may fail it")]

use std::path::Path;

use arbitrary::{Arbitrary, Unstructured};
use fuseblock::exec::{Options, Skipped, Stats};
use fuseblock::math::scalar;
use fuseblock::store::edit::ArrayFile;
use fuseblock::store::write::{self, Filters, WriteCodec, write_frame};
use fuseblock::store::{Indexed, ZoneMap, index, index_beside};
use fuseblock::types::{DType, Grid, Scalar, Shape};
use fuseblock::{Array, Engine, Expr};

/// Arrays with their names.
type Operands = Vec<(&'static str, Array<'static>)>;

const DTYPES: [DType; 6] = [
    DType::Float64,
    DType::Float64,
    DType::Float32,
    DType::Int32,
    DType::UInt8,
    DType::Bool,
];

/// An array of `shape` in chunks and blocks of any size, with elements that zones know something of.
fn operand(
    u: &mut Unstructured<'_>,
    path: &Path,
    dtype: DType,
    shape: &Shape,
) -> arbitrary::Result<Array<'static>> {
    let extents = |u: &mut Unstructured<'_>, most: &[usize]| {
        let each = most.iter().map(|&most| u.int_in_range(1..=most.max(1)));
        each.collect::<arbitrary::Result<Vec<usize>>>()
    };
    let chunk = extents(u, shape)?;
    let grid = Grid {
        block: Shape::from(extents(u, &chunk)?),
        chunk: Shape::from(chunk),
    };
    let mut bytes = Vec::new();
    let pattern = u.int_in_range(0..=6)?;
    let start = i32::from(i8::arbitrary(u)?);
    let run = u.int_in_range(1..=1 + shape.elems() / 20)?;
    let mut noise = u64::arbitrary(u)? | 1;
    for at in 0..shape.elems() {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        let here = (at / run) as f64;
        let value = match pattern {
            0 => f64::from(start) + at as f64 * 50.0 / shape.elems() as f64,
            1 => f64::from(start),
            2 => here,
            3 if noise % 97 == 0 => f64::NAN,
            3 => 20.0 - here,
            4 if here % 3.0 == 0.0 => f64::NAN,
            4 => [0.0, -0.0, -1.0, 5.0][noise as usize % 4],
            5 => [f64::INFINITY, f64::NEG_INFINITY, here, -here][noise as usize % 4],
            _ => (noise % 41) as f64 - 20.0,
        };
        let element = match dtype.is_bool() {
            true => Scalar::Bool(value > 3.0),
            false => scalar::cast(Scalar::Float64(value), dtype),
        };
        element.write(&mut bytes);
    }
    let filters = match u.int_in_range(0..=3)? {
        0 => Filters::NONE,
        1 => "delta,shuffle".parse().unwrap(),
        _ => Filters::SHUFFLE,
    };
    let options = write::Options {
        codec: *u.choose(&[WriteCodec::Lz4, WriteCodec::Zstd])?,
        filters,
        ..write::Options::default()
    };
    write_frame(path, dtype, shape, &grid, options, &bytes).unwrap();
    Ok(Array::open(path).unwrap())
}

/// A mask over `x`, `y` and `k`.
fn mask(u: &mut Unstructured<'_>, depth: usize) -> arbitrary::Result<String> {
    if depth > 0 && u.int_in_range(0..=2)? > 0 {
        let (a, b) = (mask(u, depth - 1)?, mask(u, depth - 1)?);
        return Ok(match u.int_in_range(0..=3)? {
            0 => format!("({a} | {b})"),
            1 => format!("~({a})"),
            _ => format!("({a} & {b})"),
        });
    }
    let op = *u.choose(&["<", "<=", ">", ">=", "==", "!="])?;
    let value: i32 = u.int_in_range(-25..=25)?;
    Ok(match u.int_in_range(0..=7)? {
        0 => format!("(sqrt(y) {op} {value})"),
        1 => format!("(x * 2 - y {op} {value})"),
        2 => format!("(isnan(y) {op} (x > {value}))"),
        3 => format!("(abs(x) {op} y + {value})"),
        4 => format!("(maximum(x, y) {op} {value})"),
        5 => format!("(sin(y) + exp(y / 9) {op} {value})"),
        6 => format!("(k {op} {})", value.abs()),
        _ => format!("({} {op} {value})", u.choose(&["x", "y", "i"])?),
    })
}

/// A program over them.
fn program(u: &mut Unstructured<'_>, ndim: usize) -> arbitrary::Result<String> {
    let mut outputs = Vec::new();
    for _ in 0..u.int_in_range(1..=3)? {
        let deep = u.int_in_range(0..=2)?;
        let condition = mask(u, deep)?;
        let value = match u.int_in_range(0..=6)? {
            0 => format!("where({condition}, x, 0)"),
            1 => format!("where({condition}, y * k, -y)"),
            2 => u
                .choose(&["x", "y", "k", "-0.0 * y", "x ** 2"])?
                .to_string(),
            3 => format!("{condition} * y"),
            4 => format!("clip(y, -3, 3) + ({condition})"),
            _ => condition,
        };
        let axis = match u.int_in_range(0..=3)? {
            0 if ndim > 1 => format!(", axis={}", u.int_in_range(0..=ndim - 1)?),
            _ => String::new(),
        };
        let all = [
            "sum",
            "mean",
            "min",
            "max",
            "any",
            "all",
            "count_nonzero",
            "argmin",
            "argmax",
            "var",
            "prod",
        ];
        outputs.push(match u.int_in_range(0..=9)? {
            0 => value,
            1 => format!("sum(({value})[1:])"),
            2 if axis.is_empty() => format!("({value})[{}]", mask(u, 1)?),
            3 => format!("cumulative_sum(({value}) + 0.5, axis=0)"),
            4 => format!("max(flip({value}))"),
            5 => format!("median({value})"),
            _ => format!("{}({value}{axis})", u.choose(&all)?),
        });
    }
    Ok(outputs.join(", "))
}

/// The elements of an array; one NaN is as good as another.
fn canonical(array: &Array<'_>) -> Vec<u8> {
    let mut bytes = array.to_bytes().unwrap();
    let dtype = array.dtype();
    for item in bytes.chunks_exact_mut(dtype.size()) {
        if Scalar::read(dtype, item).unwrap().is_nan() {
            item.fill(0xff);
        }
    }
    bytes
}

/// What a program delivers, or why it does not.
fn outcome(
    program: &str,
    operands: &Operands,
    options: Options,
) -> (Result<Vec<Vec<u8>>, String>, Skipped) {
    let given: Vec<(&str, &Array<'_>)> = operands
        .iter()
        .map(|(name, array)| (*name, array))
        .collect();
    let bound = Expr::new(program).and_then(|expr| expr.bind(&given));
    let bound = match bound {
        Ok(bound) => bound,
        Err(error) => return (Err(error.to_string()), Skipped::default()),
    };
    match bound.options(options).run() {
        Ok(evaluated) => {
            let bytes = evaluated.iter().map(|(_, array)| canonical(array));
            (Ok(bytes.collect()), evaluated.stats().skipped)
        }
        Err(error) => (Err(error.to_string()), Skipped::default()),
    }
}

/// Bytes without a pattern.
fn noise(mut state: u64) -> Vec<u8> {
    state = state.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut words = Vec::new();
    for _ in 0..128 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        words.extend(state.to_ne_bytes());
    }
    words
}

/// Random data, grids and programs: the same bits with and without, on both engines. `FUSEBLOCK_ZONES` asks for other
/// than 300 of them, from `FUSEBLOCK_ZONES_SEED` on.
#[test]
fn skipping_changes_no_bit() {
    let dir = tempfile::tempdir().unwrap();
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .map(|text| text.parse::<u64>().unwrap())
    };
    let programs = number("FUSEBLOCK_ZONES").unwrap_or(300);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seed = number("FUSEBLOCK_ZONES_SEED").unwrap_or(now.unwrap().as_secs() << 20);
    let mut seen = Seen::default();
    for at in 0..programs {
        seen.seed = seed + at;
        let bytes = noise(seed + at);
        random_case(&mut Unstructured::new(&bytes), dir.path(), &mut seen)
            .unwrap_or_else(|_| panic!("seed {} has too few bytes", seed + at));
    }
    // Else nothing was tested.
    let Seen {
        skipped, refused, ..
    } = seen;
    let enough = skipped * 5 > programs && refused * 2 < programs;
    assert!(
        enough || programs < 300,
        "{programs} programs, {skipped} with skipped blocks, {refused} refused"
    );
}

/// What random programs came across.
#[derive(Default)]
struct Seen {
    /// Of the program at hand.
    seed: u64,
    skipped: u64,
    refused: u64,
}

fn random_case(u: &mut Unstructured<'_>, dir: &Path, seen: &mut Seen) -> arbitrary::Result<()> {
    let ndim = u.int_in_range(1..=3)?;
    // One tile, or many.
    let large = u.ratio(2, 5)?;
    let range = match (large, ndim) {
        (false, 1) => 1..=6000,
        (false, 2) => 1..=90,
        (false, _) => 1..=18,
        (true, 1) => 200_000..=500_000,
        (true, 2) => 400..=700,
        (true, _) => 55..=80,
    };
    let shape: Vec<usize> = (0..ndim)
        .map(|_| u.int_in_range(range.clone()))
        .collect::<arbitrary::Result<_>>()?;
    let shape = Shape::from(shape);
    let mut operands = Operands::new();
    for name in ["x", "y", "k"] {
        let dtype = match name {
            "y" => *u.choose(&[DType::Float64, DType::Float32])?,
            _ => *u.choose(&DTYPES)?,
        };
        // One that broadcasts, now and then.
        let own = match name == "k" && u.ratio(1, 4)? {
            true => Shape::new(&shape[ndim - 1..]),
            false => shape.clone(),
        };
        operands.push((name, operand(u, &dir.join(name), dtype, &own)?));
    }
    let last = shape[ndim - 1];
    let program = format!("i = arange({last}); {}", program(u, ndim)?);
    let mut outcomes = Vec::new();
    for (zone_maps, engine, threads) in [
        (false, Engine::Jit, 1),
        (true, Engine::Jit, 1),
        (true, Engine::Jit, 3),
        (true, Engine::Interpreter, 1),
    ] {
        if large && engine == Engine::Interpreter {
            continue;
        }
        let options = Options {
            zone_maps,
            engine,
            threads: Some(threads),
            ..Options::default()
        };
        outcomes.push(outcome(&program, &operands, options));
    }
    let (first, _) = &outcomes[0];
    for (other, _) in &outcomes[1..] {
        let grids: Vec<_> = operands.iter().map(|(_, array)| array.grid()).collect();
        assert!(
            other == first,
            "seed {}: {program} over {shape} {grids:?}: {other:?}, not {first:?}",
            seen.seed
        );
    }
    seen.skipped += u64::from(outcomes[1].1.total() > 0);
    seen.refused += u64::from(first.is_err());
    Ok(())
}

fn stats(program: &str, operands: &[(&str, &Array<'_>)]) -> (Vec<String>, Stats) {
    let evaluated = Expr::new(program)
        .unwrap()
        .bind(operands)
        .unwrap()
        .run()
        .unwrap();
    let text = evaluated.iter().map(|(_, array)| {
        let bytes = array.to_bytes().unwrap();
        Scalar::read(array.dtype(), &bytes).unwrap().to_string()
    });
    (text.collect(), evaluated.stats().clone())
}

fn f64s(values: impl Iterator<Item = f64>) -> Vec<u8> {
    values.flat_map(f64::to_ne_bytes).collect()
}

/// A million numbers from 0 on, in blocks of 10,000.
fn ramp(path: &Path) -> Array<'static> {
    let grid = Grid {
        chunk: Shape::new(&[100_000]),
        block: Shape::new(&[10_000]),
    };
    let shape = Shape::new(&[1_000_000]);
    let bytes = f64s((0..1_000_000).map(f64::from));
    write_frame(
        path,
        DType::Float64,
        &shape,
        &grid,
        write::Options::default(),
        &bytes,
    )
    .unwrap();
    Array::open(path).unwrap()
}

#[test]
fn what_zones_answer_is_not_decoded() {
    let dir = tempfile::tempdir().unwrap();
    let x = ramp(&dir.path().join("x.b2nd"));
    let (text, all) = stats(
        "min(x), max(x), count_nonzero(x), any(x), all(x)",
        &[("x", &x)],
    );
    assert_eq!(text, ["0.0", "999999.0", "999999", "True", "False"]);
    assert_eq!((all.blocks_decoded, all.skipped.known), (0, 100));
    // A slice cuts through a block at either end, which is not answered but pruned.
    let (text, some) = stats("min(x[5:]), sum(where(x > 999000, 1, 0))", &[("x", &x)]);
    assert_eq!(text, ["5.0", "999"]);
    assert!(some.blocks_decoded < 101 + 4, "{}", some.blocks_decoded);
}

#[test]
fn operands_that_a_mask_hides_are_not_decoded() {
    let dir = tempfile::tempdir().unwrap();
    let (x, y) = (
        ramp(&dir.path().join("x.b2nd")),
        ramp(&dir.path().join("y.b2nd")),
    );
    let operands = [("x", &x), ("y", &y)];
    let (text, stats) = stats("sum(where((x >= 1e4) & (x < 4e4), y, 0))", &operands);
    assert_eq!(text, ["749985000.0"]);
    // y where the mask holds, in groups of blocks that are tiles; x where it changes inside of one.
    assert!(stats.blocks_decoded <= 12, "{}", stats.blocks_decoded);
    assert!(stats.skipped.known >= 188, "{:?}", stats.skipped);
}

/// Numbers of which no zone tells that their differences are small.
#[test]
fn what_a_mask_hides_that_was_computed_is_not_decoded() {
    let dir = tempfile::tempdir().unwrap();
    let grid = Grid {
        chunk: Shape::new(&[160_000]),
        block: Shape::new(&[40_000]),
    };
    let shape = Shape::new(&[1_600_000]);
    let write = |name: &str, value: &dyn Fn(u64) -> f64| {
        let path = dir.path().join(name);
        let bytes = f64s((0..1_600_000).map(value));
        write_frame(
            &path,
            DType::Float64,
            &shape,
            &grid,
            write::Options::default(),
            &bytes,
        )
        .unwrap();
        Array::open(&path).unwrap()
    };
    let noise = |at: u64| (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f64;
    let x = write("x.b2nd", &noise);
    let y = write("y.b2nd", &|at| {
        noise(at) + if at / 40_000 == 7 { 9.0 } else { 0.0 }
    });
    let z = write("z.b2nd", &|at| at as f64);
    let operands = [("x", &x), ("y", &y), ("z", &z)];
    let expected: u64 = (280_000..320_000).sum();
    let (text, seen) = stats("sum(where(y - x > 5, z, 0))", &operands);
    assert_eq!(text, [format!("{expected}.0")]);
    // A mask is looked at when it was wanted for some tiles.
    assert_eq!(seen.skipped.masked + seen.blocks_decoded, 120);
    assert!(seen.skipped.masked > 30, "{:?}", seen.skipped);
    // The other way round: true all over.
    let (_, seen) = stats("sum(where(y - x < 5, 0, z))", &operands);
    assert!(seen.skipped.masked > 30, "{:?}", seen.skipped);
    let filter = Expr::new("z[y - x > 5]")
        .unwrap()
        .bind(&operands)
        .unwrap()
        .run()
        .unwrap();
    assert_eq!(filter.array(0).shape()[0], 40_000);
    assert!(filter.stats().skipped.masked > 30);
    // Where it hides nothing, it is looked at now and then only.
    let (_, seen) = stats("sum(where(x > 5e6, z, 0))", &operands);
    assert_eq!((seen.skipped.masked, seen.blocks_decoded), (0, 80));
}

/// Of no zones: the first block decides.
#[test]
fn what_is_found_ends_the_search() {
    let dir = tempfile::tempdir().unwrap();
    let x = ramp(&dir.path().join("x.b2nd"));
    for program in [
        "any(sin(x) > 0.5)",
        "all(sin(x) < 0.5)",
        "any(x >= 0), all(x < 9)",
    ] {
        let bound = Expr::new(program).unwrap().bind(&[("x", &x)]).unwrap();
        let found = bound.options(Options {
            zone_maps: false,
            threads: Some(1),
            ..Options::default()
        });
        let found = found.run().unwrap();
        let answers: Vec<_> = found
            .iter()
            .map(|(_, array)| array.to_bytes().unwrap()[0])
            .collect();
        assert!(answers == [u8::from(program.starts_with("any"))] || answers == [1, 0]);
        let stats = found.stats();
        assert_eq!(
            stats.blocks_decoded + stats.skipped.settled,
            100,
            "{program}"
        );
        assert!(stats.blocks_decoded < 10, "{program}");
    }
    // An answer that is not found needs all of them, and so does another output beside it.
    let options = || Options {
        zone_maps: false,
        ..Options::default()
    };
    for program in ["any(sin(x) > 2)", "any(x > 5), sum(x)"] {
        let bound = Expr::new(program).unwrap().bind(&[("x", &x)]).unwrap();
        assert_eq!(
            bound
                .options(options())
                .run()
                .unwrap()
                .stats()
                .blocks_decoded,
            100
        );
    }
}

/// Changes keep what is known of other chunks, and forget what they change.
#[test]
fn zones_follow_changes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.b2nd");
    drop(ramp(&path));
    let check = |expected: &[&str], decoded: u64| {
        let x = Array::open(&path).unwrap();
        let (text, stats) = stats("min(x), max(x)", &[("x", &x)]);
        assert_eq!(text, expected);
        assert_eq!(stats.blocks_decoded, decoded);
    };
    let mut file = ArrayFile::open(&path).unwrap();
    file.write(&[500], &[2], &f64s([-7.0, 1e9].into_iter()))
        .unwrap();
    file.commit().unwrap();
    check(&["-7.0", "1000000000.0"], 0);
    // Rows of zeros in a chunk that is not decoded for them: nothing is known of it any more.
    file.resize(&Shape::new(&[1_000_000 - 20_005])).unwrap();
    file.commit().unwrap();
    check(&["-7.0", "1000000000.0"], 8);
    file.write(&[979_994], &[1], &f64s([-9.0].into_iter()))
        .unwrap();
    file.commit().unwrap();
    check(&["-9.0", "1000000000.0"], 0);
    file.append(&[3], &f64s([2e9, 1.0, 2.0].into_iter()))
        .unwrap();
    file.compact().unwrap();
    check(&["-9.0", "2000000000.0"], 0);
}

#[test]
fn files_of_others_get_zones_when_they_are_sealed() {
    let dir = tempfile::tempdir().unwrap();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut known = 0;
    for name in [
        "big-endian-f8.b2nd",
        "big-endian-i2.b2nd",
        "big-endian-u4.b2nd",
    ] {
        let path = dir.path().join(name);
        std::fs::copy(golden.join(name), &path).unwrap();
        let ask = || {
            let x = Array::open(&path).unwrap();
            stats("min(x), max(x)", &[("x", &x)])
        };
        let (before, _) = ask();
        fuseblock::store::edit::seal(&path, false).unwrap();
        let (after, stats) = ask();
        assert_eq!(before, after, "{name}");
        known += stats.skipped.known;
        // Items taken for others are not what is known.
        let bits = Array::options().bytes().open(&path).unwrap();
        let plain = Expr::new("max(b)").unwrap();
        let plain = plain.bind(&[("b", &bits)]).unwrap().run().unwrap();
        assert_eq!(plain.stats().skipped.known, 0);
    }
    assert!(known > 0);
}

/// Beside the file, for one that is to stay as it is; and only as long as it does.
#[test]
fn a_sidecar_counts_while_the_file_stays() {
    let dir = tempfile::tempdir().unwrap();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let path = dir.path().join("a.b2nd");
    std::fs::copy(golden.join("big-endian-f8.b2nd"), &path).unwrap();
    let ask = || {
        let x = Array::open(&path).unwrap();
        stats("min(x), max(x)", &[("x", &x)])
    };
    let (before, _) = ask();
    let file = std::fs::read(&path).unwrap();
    let beside = dir.path().join("a.b2nd.fbz");
    assert_eq!(
        index_beside(&path).unwrap(),
        Indexed::Beside(beside.clone())
    );
    assert_eq!(std::fs::read(&path).unwrap(), file);
    let (after, known) = ask();
    assert_eq!((&after, known.blocks_decoded), (&before, 0));
    assert_eq!(Array::open(&path).unwrap().zone_map(), ZoneMap::Beside);
    // Damaged anywhere, or cut off, it is not used, or says so; and never answers otherwise.
    let sidecar = std::fs::read(&beside).unwrap();
    for at in 0..sidecar.len() {
        let mut flipped = sidecar.clone();
        flipped[at] ^= 1 << (at % 8);
        std::fs::write(&beside, &flipped).unwrap();
        let x = Array::open(&path).unwrap();
        let expr = Expr::new("min(x), max(x)").unwrap();
        let evaluated = expr.bind(&[("x", &x)]).unwrap().run().unwrap();
        let bytes = evaluated.array(0).to_bytes().unwrap();
        let found = Scalar::read(DType::Float64, &bytes).unwrap().to_string();
        assert_eq!(found, before[0], "{at}");
        std::fs::write(&beside, &sidecar[..at]).unwrap();
        assert_ne!(
            Array::open(&path).unwrap().zone_map(),
            ZoneMap::Beside,
            "{at}"
        );
    }
    std::fs::write(&beside, &sidecar).unwrap();
    assert_eq!(Array::open(&path).unwrap().zone_map(), ZoneMap::Beside);
    // The same bytes, but another file.
    std::fs::rename(&path, dir.path().join("b.b2nd")).unwrap();
    std::fs::copy(dir.path().join("b.b2nd"), &path).unwrap();
    let (again, ignored) = ask();
    assert_eq!(again, before);
    assert_eq!(
        ignored.zone_maps_ignored,
        ["x: the file has changed since it was indexed"]
    );
}

/// In chunks of one tile each: what zones answer of some is not taken for what others are.
#[test]
fn answered_tiles_are_not_taken_for_zeros() {
    let dir = tempfile::tempdir().unwrap();
    const TILE: usize = 65_536;
    let grid = Grid {
        chunk: Shape::new(&[TILE]),
        block: Shape::new(&[TILE]),
    };
    let shape = Shape::new(&[4 * TILE]);
    for (number, low) in [3.0, -9.0, -3.0].into_iter().enumerate() {
        let value = |at: usize| match at / TILE % 2 {
            0 => low + (at % 7) as f64,
            _ => 0.0,
        };
        let path = dir.path().join(format!("{number}.b2nd"));
        let bytes = f64s((0..4 * TILE).map(value));
        write_frame(
            &path,
            DType::Float64,
            &shape,
            &grid,
            write::Options::default(),
            &bytes,
        )
        .unwrap();
        let operands = vec![("x", Array::open(&path).unwrap())];
        for program in [
            "min(x)",
            "max(x)",
            "count_nonzero(x)",
            "any(x)",
            "all(x)",
            "min(x), sum(x)",
        ] {
            for (engine, threads) in [(Engine::Jit, 1), (Engine::Jit, 2), (Engine::Interpreter, 1)]
            {
                let run = |zone_maps| {
                    let options = Options {
                        zone_maps,
                        engine,
                        threads: Some(threads),
                        ..Options::default()
                    };
                    outcome(program, &operands, options).0.unwrap()
                };
                assert_eq!(run(true), run(false), "{program} {low}");
            }
        }
    }
}

/// Where a bound is at the end of what floats can say, and where a NaN has a sign.
#[test]
fn bounds_hold_at_the_ends() {
    let dir = tempfile::tempdir().unwrap();
    let grid = Grid {
        chunk: Shape::new(&[4096]),
        block: Shape::new(&[4096]),
    };
    let write = |name: &str, value: &dyn Fn(usize) -> f64| {
        let path = dir.path().join(name);
        let bytes = f64s((0..8192).map(value));
        write_frame(
            &path,
            DType::Float64,
            &Shape::new(&[8192]),
            &grid,
            write::Options::default(),
            &bytes,
        )
        .unwrap();
        Array::open(&path).unwrap()
    };
    let operands = vec![
        ("h", write("h", &|at| 1e308 + at as f64 * 1e304)),
        ("n", write("n", &|_| f64::NAN)),
        ("k", write("k", &|at| at as f64)),
        ("j", write("j", &|at| at as f64 + 0.5)),
    ];
    for program in [
        "sum(where(asinh(h) > 1000, h, k))",
        "sum(where(asinh(-h) > -1000, k, j))",
        "sum(where(cbrt(h) > 1e103, j, k)), sum(where(log1p(h) > 710, j, k)), sum(where(sinh(h) < 1e300, j, k))",
        "sum(where(signbit(maximum(n, -3.0)), k, j)), sum(where(signbit(copysign(1.0, minimum(n, k))), k, j))",
    ] {
        let run = |zone_maps| {
            let options = Options {
                zone_maps,
                engine: Engine::Jit,
                ..Options::default()
            };
            outcome(program, &operands, options).0.unwrap()
        };
        assert_eq!(run(true), run(false), "{program}");
    }
}

/// Zones that lie or contradict themselves: some answer, and no panic.
#[test]
fn hostile_zones_do_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.b2nd");
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for name in ["big-endian-f8.b2nd", "big-endian-i2.b2nd", "bool.b2nd"] {
        let Ok(_) = std::fs::copy(golden.join(name), &path) else {
            continue;
        };
        let Ok(Indexed::Beside(beside)) = index_beside(&path) else {
            panic!("{name} is not indexed")
        };
        let sidecar = std::fs::read(&beside).unwrap();
        // The digests of leaf and table made right again, whatever the zones say.
        let leaf = u64::from_le_bytes(sidecar[0x60..0x68].try_into().unwrap()) as usize;
        let len = u64::from_le_bytes(sidecar[0x68..0x70].try_into().unwrap()) as usize;
        for lie in [0x00, 0x7f, 0xff, 0x80, 0xf0] {
            for step in [1, 3, 8] {
                let mut bytes = sidecar.clone();
                let zones = leaf + 24 + 32..leaf + len;
                for at in zones.step_by(step) {
                    bytes[at] = lie;
                }
                let digest = xxh3(&bytes[leaf..leaf + len]);
                bytes[0x70..0x78].copy_from_slice(&digest.to_le_bytes());
                let root = xxh3_128(&bytes[..0x78]);
                bytes[0x78..0x88].copy_from_slice(&root.to_le_bytes());
                std::fs::write(&beside, &bytes).unwrap();
                let x = Array::open(&path).unwrap();
                for program in [
                    "min(x), max(x), count_nonzero(x)",
                    "sum(where(x > 0, x, 1))",
                    "x[x < 3]",
                ] {
                    // OK to ignore: whoever writes a lie gets one.
                    let _ = Expr::new(program)
                        .unwrap()
                        .bind(&[("x", &x)])
                        .unwrap()
                        .run();
                }
            }
        }
        std::fs::remove_file(&beside).unwrap();
    }
}

fn xxh3(bytes: &[u8]) -> u64 {
    twox_hash::XxHash3_64::oneshot(bytes)
}

fn xxh3_128(bytes: &[u8]) -> u128 {
    twox_hash::XxHash3_128::oneshot(bytes)
}

#[test]
fn sparse_frames_have_sidecars_and_sealed_files_need_none() {
    let dir = tempfile::tempdir().unwrap();
    let x = ramp(&dir.path().join("x.b2nd"));
    let sparse = dir.path().join("s.b2nd");
    let extras = write::Extras {
        sparse: true,
        ..write::Extras::default()
    };
    let options = write::Options::default();
    let grid = x.grid().unwrap();
    let writer =
        write::ArrayWriter::create_with(&sparse, x.dtype(), x.shape(), grid, options, extras);
    let writer = writer.unwrap();
    writer
        .write(&[0], x.shape(), &x.to_bytes().unwrap())
        .unwrap();
    writer.finish().unwrap();
    assert!(
        index(&sparse)
            .unwrap_err()
            .to_string()
            .contains("--sidecar")
    );
    assert!(matches!(index_beside(&sparse).unwrap(), Indexed::Beside(_)));
    let s = Array::open(&sparse).unwrap();
    let (text, seen) = stats("max(s)", &[("s", &s)]);
    assert_eq!((&*text[0], seen.blocks_decoded), ("999999.0", 0));
    // A chunk's file that is another one now, though its bytes are the same.
    let chunk = sparse.join("00000003.chunk");
    let bytes = std::fs::read(&chunk).unwrap();
    std::fs::remove_file(&chunk).unwrap();
    std::fs::write(&chunk, bytes).unwrap();
    let s = Array::open(&sparse).unwrap();
    let (text, seen) = stats("max(s)", &[("s", &s)]);
    assert_eq!((&*text[0], seen.blocks_decoded), ("999999.0", 10));
    // What an earlier version sealed has no zones, and stays as it is.
    let sealed = dir.path().join("v.b2nd");
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/sealed/0.1-00.b2nd");
    std::fs::copy(golden, &sealed).unwrap();
    let before = std::fs::read(&sealed).unwrap();
    assert!(matches!(index_beside(&sealed).unwrap(), Indexed::Beside(_)));
    assert_eq!(std::fs::read(&sealed).unwrap(), before);
    assert_eq!(Array::open(&sealed).unwrap().zone_map(), ZoneMap::Beside);
    assert_eq!(index(&sealed).unwrap(), Indexed::Inside);
    assert_eq!(Array::open(&sealed).unwrap().zone_map(), ZoneMap::Inside);
    assert_eq!(index(dir.path().join("x.b2nd")).unwrap(), Indexed::Already);
    assert_eq!(
        index_beside(dir.path().join("x.b2nd")).unwrap(),
        Indexed::Already
    );
    assert_eq!(x.zone_map(), ZoneMap::Inside);
}

/// However many there are: nodes of the tree whose elements are all the same are not looked into.
#[test]
fn generators_are_known_where_they_are_not_computed() {
    let program = "i = arange(1_000_000_000_000); sum(where(i < 5, 1, 0)), any(i > 7), max(i < 0), count_nonzero(i == 77)";
    let (text, stats) = stats(program, &[]);
    assert_eq!(text, ["5", "True", "False", "1"]);
    assert!(stats.peak_scratch_bytes < 64 << 20);
    // The same bits as without.
    for n in [100_000, 1_000_000, 3_333_333] {
        let program = format!(
            "i = arange({n}); sum(where(i < 70_000, 0.1, 0.3)), mean(where(i > 400_000, 0.7, 1e-3)), std(where(i > 9, 0.1, 0.2)), prod(where(i < 300, 1.1, 0.99999))"
        );
        let run = |zone_maps, threads| {
            let options = Options {
                zone_maps,
                threads: Some(threads),
                ..Options::default()
            };
            outcome(&program, &Vec::new(), options).0.unwrap()
        };
        let expected = run(false, 1);
        assert_eq!(run(true, 1), expected);
        assert_eq!(run(true, 3), expected);
    }
}
