//! In: a case of the manifest. Out: whether we read of it what it holds, in every way there is.

use std::fs;
use std::panic::catch_unwind;

use fuseblock::limits::MAX_NDIM;
use fuseblock::store::chunk::BareChunk;
use fuseblock::store::file::Source;
use fuseblock::store::frame::Frame;
use fuseblock::store::{self, DecodeScratch, Info, Opened, Verify};
use fuseblock::types::Grid;
use fuseblock::{Array, DType, Engine, Error, ErrorKind, Expr, Shape};

use crate::common::{place_blocks, read_all};
use crate::manifest::{Case, Kind};

/// More than any chunk of the matrix decodes to.
const MAX_BYTES: usize = 1 << 26;

type Checked = Result<(), String>;

/// Reads every case, and tells all that fail.
pub(crate) fn all(cases: &[Case]) {
    let failures: Vec<String> = cases
        .iter()
        .filter_map(|of| Some(format!("{}: {}", of.name, case(of).err()?)))
        .collect();
    assert!(
        failures.is_empty(),
        "{} of {} cases:\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
}

/// A panic is a failure of this case, not of the others.
fn case(case: &Case) -> Checked {
    let read = match case.kind {
        Kind::Array => array,
        Kind::Bytes => bytes,
        Kind::Items => items,
        Kind::Chunk => chunk,
        Kind::Refused => refused,
    };
    catch_unwind(|| read(case)).unwrap_or_else(|_| Err("panicked".to_string()))
}

fn told(error: Error) -> String {
    format!("{error}")
}

fn equal(what: &str, got: &[u8], want: &[u8]) -> Checked {
    if got == want {
        return Ok(());
    }
    let at = got.iter().zip(want).position(|(got, want)| got != want);
    Err(match at {
        Some(at) => format!("{what}: byte {at} of {} differs", want.len()),
        None => format!("{what}: {} bytes instead of {}", got.len(), want.len()),
    })
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, got: T, want: T) -> Checked {
    match got == want {
        true => Ok(()),
        false => Err(format!("{what} {got:?} instead of {want:?}")),
    }
}

/// An array file: from its path, and from memory.
fn array(case: &Case) -> Checked {
    let expect = Array::open(&case.expect).map_err(told)?;
    let want = read_all(&expect).map_err(told)?;
    let opened = match case.offset {
        Some(offset) => Array::open_at(&case.path, offset),
        None => Array::open(&case.path),
    };
    let array = opened.map_err(told)?;
    same("dtype", array.dtype(), expect.dtype())?;
    same("shape", array.shape(), expect.shape())?;
    equal("elements", &read_all(&array).map_err(told)?, &want)?;
    if case.offset.is_none() && case.path.is_file() && case.format.is_none() {
        let memory = fs::read(&case.path).unwrap();
        let array = Array::from_file_bytes(memory).map_err(told)?;
        equal("from memory", &read_all(&array).map_err(told)?, &want)?;
    }
    info(case)?;
    sum(&array, &case.sum)
}

/// What `info` tells of a file that has a shape.
fn info(case: &Case) -> Checked {
    let info = info_of(case).map_err(told)?;
    same("info: shape", info.shape, Some(Shape::new(&case.shape)))?;
    let computes = info.computes.is_ok();
    same("info: computes", computes, case.kind == Kind::Array)?;
    if case.format.is_some() {
        return Ok(());
    }
    if case.dtype.is_some() {
        same("info: dtype", &info.dtype, &case.dtype)?;
    }
    same("info: kind", info.kind, store::Kind::B2nd)?;
    let layers = [
        (&case.metalayers, info.metalayers),
        (&case.vl_metalayers, info.vl_metalayers),
    ];
    for (wanted, found) in layers {
        if let Some(wanted) = wanted {
            let mut found: Vec<String> = found.into_iter().map(|layer| layer.name).collect();
            found.sort();
            same("info: metalayers", &found, wanted)?;
        }
    }
    Ok(())
}

fn info_of(case: &Case) -> Result<Info, Error> {
    match case.offset {
        Some(offset) => store::info_of(Source::open(&case.path)?.tail(offset)?),
        None => store::info(&case.path),
    }
}

/// Sums the blocks with a kernel, and compares with the other library's sum.
fn sum(array: &Array<'_>, theirs: &str) -> Checked {
    let bound = Expr::new("sum(x)").and_then(|expr| expr.bind(&[("x", array)]));
    let evaluated = bound.and_then(|bound| bound.engine(Engine::Jit).run());
    let ours = evaluated.map_err(told)?.scalar().unwrap();
    let same = if let Some(ours) = ours.as_i128() {
        let theirs: i128 = theirs.parse().map_err(|_| format!("sum {theirs:?}"))?;
        ours as u64 == theirs as u64
    } else {
        let theirs: f64 = theirs.parse().map_err(|_| format!("sum {theirs:?}"))?;
        let (ours, single) = (ours.as_f64(), array.dtype() == DType::Float32);
        let bound = if single { 1e-6 } else { 1e-9 } * theirs.abs().max(1.0);
        // Random bits overflow, to inf or NaN, depending on the order of additions.
        (ours - theirs).abs() <= bound || (!ours.is_finite() && !theirs.is_finite())
    };
    same.then_some(())
        .ok_or(format!("sum {ours} instead of {theirs}"))
}

fn frame_of(case: &Case) -> Result<Box<Frame>, String> {
    match Opened::at(&case.path, Verify::Always).map_err(told)? {
        Opened::Frame(frame) => Ok(frame),
        other @ (Opened::Npy(_)
        | Opened::Zip(_)
        | Opened::Bloscpack(_)
        | Opened::Rootdir(_)
        | Opened::Table(_)
        | Opened::Dataset(_)
        | Opened::Program(..)) => Err(format!("{other:?} is no frame")),
    }
}

/// An array of items that expressions do not have: refused by its dtype, but its bytes are there.
fn bytes(case: &Case) -> Checked {
    let refused = Array::open(&case.path).map(drop);
    let kind = refused.map_err(|error| error.kind());
    same("as an array", kind, Err(ErrorKind::Unsupported))?;
    info(case)?;
    let want = fs::read(&case.expect).unwrap();
    equal("items", &items_of_chunks(case)?, &want)?;
    let mut shape = case.shape.clone();
    shape.push(case.itemsize);
    if shape.len() > MAX_NDIM {
        return Ok(());
    }
    let array = Array::open_bytes(&case.path).map_err(told)?;
    same("shape", array.shape(), &Shape::new(&shape))?;
    equal("bytes", &read_all(&array).map_err(told)?, &want)
}

/// Items of any size, from whole chunks.
fn items_of_chunks(case: &Case) -> Result<Vec<u8>, String> {
    let info = info_of(case).map_err(told)?;
    same("info: itemsize", info.itemsize, Some(case.itemsize))?;
    let (Some(chunk), Some(block)) = (info.chunk, info.block) else {
        return Err("info tells no grid".to_string());
    };
    let (grid, shape) = (Grid { chunk, block }, Shape::new(&case.shape));
    let frame = frame_of(case)?;
    let mut got = vec![0; shape.elems() * case.itemsize];
    let mut last = (usize::MAX, Vec::new());
    place_blocks(&grid, &shape, case.itemsize, &mut got, |nth, block, dst| {
        if last.0 != nth {
            last = (nth, frame.read_chunk(nth, MAX_BYTES)?);
        }
        let start = block * dst.len();
        dst.copy_from_slice(&last.1[start..start + dst.len()]);
        Ok(None)
    })
    .map_err(told)?;
    Ok(got)
}

/// A super-chunk: chunk by chunk, block by block, and as an array of one axis.
fn items(case: &Case) -> Checked {
    let want = fs::read(&case.expect).unwrap();
    let frame = frame_of(case)?;
    same("chunks", frame.chunks(), case.chunks.len())?;
    let mut start = 0;
    for (nth, &len) in case.chunks.iter().enumerate() {
        let want = &want[start..start + len];
        start += len;
        let got = frame.read_chunk(nth, MAX_BYTES).map_err(told)?;
        equal(&format!("chunk {nth}"), &got, want)?;
        let blocks = frame.read_blocks(nth, MAX_BYTES).map_err(told)?;
        equal(&format!("blocks of chunk {nth}"), &blocks.concat(), want)?;
        if let Some(lengths) = &case.blocks {
            let found = blocks.iter().map(Vec::len).collect();
            same("block lengths", &found, &lengths[nth])?;
        }
    }
    for array in [
        Array::open_as(&case.path, DType::UInt8),
        Array::open_bytes(&case.path),
    ] {
        equal(
            "as bytes",
            &read_all(&array.map_err(told)?).map_err(told)?,
            &want,
        )?;
    }
    let info = store::info(&case.path).map_err(told)?;
    same("info: kind", info.kind, store::Kind::Frame)?;
    same("info: chunks", info.chunks, Some(case.chunks.len()))?;
    same("info: itemsize", info.itemsize, Some(case.itemsize))?;
    let array = Array::open(&case.path);
    if ![1, 2, 4, 8].contains(&case.itemsize) || info.computes.is_err() {
        let kind = array.map(drop).map_err(|error| error.kind());
        return same("as an array", kind, Err(ErrorKind::Unsupported));
    }
    let array = array.map_err(told)?;
    same("size", array.dtype().size(), case.itemsize)?;
    equal("as integers", &read_all(&array).map_err(told)?, &want)
}

/// A chunk without a frame: at once, and block by block.
fn chunk(case: &Case) -> Checked {
    let want = fs::read(&case.expect).unwrap();
    let packed = fs::read(&case.path).unwrap();
    let chunk = BareChunk::open(packed, MAX_BYTES).map_err(told)?;
    same("typesize", chunk.header().typesize, case.itemsize)?;
    equal("chunk", &chunk.decode().map_err(told)?, &want)?;
    let (mut scratch, mut got) = (DecodeScratch::default(), Vec::new());
    for block in 0..chunk.blocks() {
        let mut part = vec![0; chunk.block_len(block)];
        let decoded = chunk.decode_block(block, &mut scratch, &mut part);
        decoded.map_err(told)?;
        got.extend_from_slice(&part);
    }
    equal("blocks", &got, &want)
}

fn refused(case: &Case) -> Checked {
    let read = Array::open(&case.path).and_then(|array| read_all(&array));
    match read {
        Err(error) if error.to_string().contains(&case.why) => Ok(()),
        Err(error) => Err(format!("refused, but without {:?}: {error}", case.why)),
        Ok(_) => Err("not refused".to_string()),
    }
}
