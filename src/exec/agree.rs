//! In: functions and their operands, made of random bytes or given. Out: nothing, if the engines
//! give the reference interpreter's answers. Never: a difference that is not the payload of a NaN;
//! a part of the library: property tests and `fuzz/` are all that see it.

use std::path::Path;

use ::arbitrary::Unstructured;

use super::{Destination, Engine, Options, Stats, Task, evaluate};
use crate::array::Array;
use crate::error::{ErrorKind, Result};
use crate::ir::eval::{ArrayValue, EvalError, eval};
use crate::ir::{Func, Operand, Verified, arbitrary};
use crate::math::SimdLevel;
use crate::opt::{self, PassPlan};
use crate::store::write::{Options as WriteOptions, write_frame};
use crate::types::{Grid, Shape};

/// Elements of all values of a function that is evaluated: the interpreters take up to a
/// microsecond for each.
const MOST_ELEMS: usize = 1 << 16;

/// A function and operands of random bytes, as built or optimised, over memory or files of blocks,
/// on every engine and SIMD level and a few threads. Files are made in `folder`.
pub fn random(u: &mut Unstructured<'_>, folder: &Path) -> ::arbitrary::Result<()> {
    let [stored, optimised]: [bool; 2] = u.arbitrary()?;
    let threads = u.int_in_range(1..=3)?;
    let (func, operands) = arbitrary::program(u)?;
    if !is_small(&func) {
        return Ok(());
    }
    let declared = func.operands.rows().iter().zip(&operands).enumerate();
    let arrays: Vec<Array<'static>> = declared
        .map(|(index, (operand, bytes))| match stored {
            true => in_blocks(operand, bytes, &folder.join(format!("{index}.b2nd"))),
            false => Array::from_bytes(operand.dtype, &operand.shape, bytes.clone())
                .expect("as many bytes as the shape has"),
        })
        .collect();
    let func = match optimised {
        true => opt::optimise(func),
        false => func,
    };
    check(&func, &arrays, &every_engine(threads));
    Ok(())
}

/// Whether a function is little work for the interpreters.
pub fn is_small(func: &Func) -> bool {
    let mut values = func.values.rows().iter();
    let elems = values.try_fold(0_usize, |sum, data| {
        sum.checked_add(data.shape.checked_elems()?)
    });
    elems.is_some_and(|elems| elems <= MOST_ELEMS)
}

/// Every way to compute.
fn every_engine(threads: usize) -> Vec<Options> {
    let mut ways = vec![(Engine::Interpreter, None), (Engine::Auto, None)];
    let levels = SimdLevel::ALL.into_iter();
    let levels = levels.filter(|level| level.is_available());
    ways.extend(levels.map(|level| (Engine::Jit, Some(level))));
    let options = |(engine, simd)| Options {
        engine,
        simd,
        threads: Some(threads),
        ..Options::default()
    };
    ways.into_iter().map(options).collect()
}

/// Checks that each of `ways` gives the reference interpreter's answers, or its refusal.
pub fn check(func: &Verified, arrays: &[Array<'_>], ways: &[Options]) {
    let bytes = arrays.iter().map(Array::to_bytes);
    let bytes: Result<Vec<_>> = bytes.collect();
    let expected = eval(func, &bytes.expect("the operands can be read"));
    let plan = PassPlan::new(func);
    for options in ways {
        let task = Task {
            func,
            plan: &plan,
            operands: arrays,
            options,
        };
        match (&expected, computed(&task)) {
            (Ok(expected), Ok(found)) => {
                for (expected, found) in expected.iter().zip(&found) {
                    assert_eq!(found.shape, expected.shape, "{options:?} of\n{}", **func);
                    let (found, expected) = (found.elems(), expected.elems());
                    assert_eq!(found, expected, "{options:?} of\n{}", **func);
                }
            }
            (Err(EvalError::Raise { .. }), Err(found)) if found.kind() == ErrorKind::Run => {}
            (expected, found) => {
                panic!("{options:?}: {found:?}, not {expected:?}, of\n{}", **func)
            }
        }
    }
}

/// The outputs, in memory.
fn computed(task: &Task<'_, '_>) -> Result<Vec<ArrayValue>> {
    let outputs = task.func.outputs.iter();
    let destinations = outputs.map(|_| Destination::Memory).collect();
    let outputs = evaluate(task, destinations, &mut Stats::default())?;
    let value = |output: Array<'_>| {
        Ok(ArrayValue {
            dtype: output.dtype(),
            shape: output.shape().clone(),
            data: output.to_bytes()?,
        })
    };
    outputs.into_iter().flatten().map(value).collect()
}

/// An operand in a file at `path`.
fn in_blocks(operand: &Operand, bytes: &[u8], path: &Path) -> Array<'static> {
    let grid = operand.grid.clone().unwrap_or_else(|| {
        let extents = operand.shape.iter().map(|&extent| extent.max(1));
        let whole = Shape::from(extents.collect::<Vec<_>>());
        Grid {
            chunk: whole.clone(),
            block: whole,
        }
    });
    let Operand { dtype, shape, .. } = operand;
    write_frame(path, *dtype, shape, &grid, WriteOptions::default(), bytes)
        .and_then(|()| Array::open(path))
        .expect("what was written opens")
}
