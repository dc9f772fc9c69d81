//! In: random programs over arrays in memory and in blocks. Out: the interpreter's answers, on
//! every engine. Never: a difference that is not the payload of a NaN.

use arbtest::arbtest;

use super::{Destination, Engine, Options, Stats, Task, evaluate};
use crate::array::Array;
use crate::ir::arbitrary;
use crate::ir::eval::{ArrayValue, eval};
use crate::ir::{Operand, Verified};
use crate::opt::{self, PassPlan};
use crate::store::write::{Options as WriteOptions, write_frame};
use crate::types::{Grid, Scalar, Shape};

/// Random programs, as built or optimised, with operands in memory or in files of blocks.
#[test]
fn engines_agree_with_the_interpreter() {
    let folder = tempfile::tempdir().expect("a scratch directory");
    arbtest(|u| {
        let (func, operands) = arbitrary::program(u)?;
        let Ok(expected) = eval(&func, &operands) else {
            return Ok(());
        };
        let stored = u.arbitrary()?;
        let declared = func.operands.rows().iter().zip(&operands);
        let arrays: Vec<Array<'static>> = declared
            .enumerate()
            .map(|(index, (operand, bytes))| {
                let path = folder.path().join(format!("{index}.b2nd"));
                array(operand, bytes, &path, stored)
            })
            .collect();
        let func = if u.arbitrary()? {
            opt::optimise(func)
        } else {
            func
        };
        let options = Options {
            engine: *u.choose(&[Engine::Jit, Engine::Interpreter, Engine::Auto])?,
            threads: Some(u.int_in_range(1..=3)?),
            ..Options::default()
        };
        check(&func, &arrays, &options, &expected);
        Ok(())
    })
    .budget_ms(5_000);
}

fn check(func: &Verified, arrays: &[Array<'static>], options: &Options, expected: &[ArrayValue]) {
    let plan = PassPlan::new(func);
    let task = Task {
        func,
        plan: &plan,
        operands: arrays,
        options,
    };
    let destinations = expected.iter().map(|_| Destination::Memory).collect();
    let outputs = evaluate(&task, destinations, &mut Stats::default());
    let outputs = outputs.expect("what the interpreter answers, the engine does");
    for (output, expected) in outputs.into_iter().zip(expected) {
        let output = output.expect("an output to memory");
        assert_eq!(*output.shape(), expected.shape, "of\n{}", **func);
        let bytes = output.to_bytes().expect("memory can be read");
        let found = ArrayValue {
            dtype: output.dtype(),
            shape: output.shape().clone(),
            data: bytes,
        };
        assert_eq!(
            same_nans(&found),
            same_nans(expected),
            "{options:?} of\n{}",
            **func
        );
    }
}

/// The elements, all NaNs being one.
fn same_nans(array: &ArrayValue) -> Vec<Scalar> {
    let one = |elem: Scalar| match elem.as_f64().is_nan() {
        true => Scalar::Float64(f64::NAN),
        false => elem,
    };
    array.elems().into_iter().map(one).collect()
}

fn array(operand: &Operand, bytes: &[u8], path: &std::path::Path, stored: bool) -> Array<'static> {
    let grid = operand.grid.clone().unwrap_or_else(|| {
        let one = |extent: &usize| (*extent).max(1);
        let extents: Vec<usize> = operand.shape.iter().map(one).collect();
        Grid {
            chunk: Shape::from(extents.clone()),
            block: Shape::from(extents),
        }
    });
    if !stored {
        return Array::from_bytes(operand.dtype, &operand.shape, bytes.to_vec())
            .expect("as many bytes as the shape has");
    }
    let options = WriteOptions::default();
    write_frame(path, operand.dtype, &operand.shape, &grid, options, bytes)
        .and_then(|()| Array::open(path))
        .expect("what was written opens")
}
