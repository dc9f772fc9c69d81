//! NumPy writes `.npy` and `.npz` files in every order; we read them and compute with them.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::common::read_all;
use crate::common::venv::{python, run};
use crate::script;
use fuseblock::{Array, Engine, Expr};

#[test]
fn we_read_what_numpy_writes_and_compute_the_same() {
    let Some(python) = python() else { return };
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    run(Command::new(python).arg(script("npz.py")).arg(root));
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    let mut failures = String::new();
    let (arrays, programs) = (read("arrays.txt"), read("programs.txt"));
    for line in arrays.lines() {
        let (operand, wanted) = line.split_once('\t').unwrap();
        if let Err(why) = compare(root, operand, wanted) {
            writeln!(failures, "{operand}: {why}").unwrap();
        }
    }
    for line in programs.lines() {
        for engine in [Engine::Jit, Engine::Interpreter] {
            if let Err(why) = evaluate(root, line, engine) {
                writeln!(failures, "{line}, {engine:?}: {why}").unwrap();
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
    let counts = (arrays.lines().count(), programs.lines().count());
    assert!(counts.0 >= 400 && counts.1 >= 26, "{counts:?}");
}

fn open(root: &Path, operand: &str) -> Result<Array<'static>, String> {
    let text = root.join(operand).display().to_string();
    Array::open_operand(&text).map_err(|error| error.to_string())
}

fn compare(root: &Path, operand: &str, wanted: &str) -> Result<(), String> {
    let (array, wanted) = (open(root, operand)?, open(root, wanted)?);
    let kinds = [&array, &wanted].map(|array| (array.dtype(), array.shape().clone()));
    if kinds[0] != kinds[1] {
        return Err(format!("{:?} instead of {:?}", kinds[0], kinds[1]));
    }
    let told = |error: fuseblock::Error| error.to_string();
    // Block by block, and box by box as programs read.
    for bytes in [
        read_all(&array).map_err(told)?,
        array.to_bytes().map_err(told)?,
    ] {
        if bytes != wanted.to_bytes().map_err(told)? {
            return Err("the elements differ".into());
        }
    }
    Ok(())
}

/// The last float of a mean may differ in its last bits; everything else is the same.
fn evaluate(root: &Path, line: &str, engine: Engine) -> Result<(), String> {
    let told = |error: fuseblock::Error| error.to_string();
    let fields: Vec<&str> = line.split('\t').collect();
    let operands = fields[1].split(' ').map(|operand| {
        let (name, text) = operand.split_once('=').unwrap();
        Ok((name, open(root, text)?))
    });
    let arrays: Vec<(&str, Array<'_>)> = operands.collect::<Result<_, String>>()?;
    let named: Vec<(&str, &Array<'_>)> = arrays.iter().map(|(name, a)| (*name, a)).collect();
    let bound = Expr::new(fields[0]).and_then(|expr| expr.bind(&named));
    let evaluated = bound
        .and_then(|bound| bound.engine(engine).run())
        .map_err(told)?;
    let (_, found) = evaluated.iter().next().unwrap();
    let wanted = open(root, fields[2])?;
    if (found.dtype(), found.shape()) != (wanted.dtype(), wanted.shape()) {
        return Err(format!("{}{}", found.dtype(), found.shape()));
    }
    let values = |array: &Array<'_>| array.to_bytes().map_err(told);
    if fields[0].starts_with("mean") {
        let [found, wanted] = [found, &wanted].map(|array| array.to_vec::<f64>().unwrap()[0]);
        let close = (found - wanted).abs() <= 1e-13 * wanted.abs();
        return close
            .then_some(())
            .ok_or(format!("{found} instead of {wanted}"));
    }
    match values(found)? == values(&wanted)? {
        true => Ok(()),
        false => Err("the results differ".into()),
    }
}
