//! In: tests/data/numpy_cases.jsonl, recorded by tests/numpy/generate.py. Out: whether every
//! engine, SIMD level and thread count gives what NumPy gives. Never: an answer of our own as
//! the expected one.

mod cases;
mod compare;
mod engine;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use cases::{Case, Recorded};
use compare::compare;
use engine::{Answer, Machine};
use fuseblock::{Engine, SimdLevel};

/// Failures shown in full.
const SHOWN: usize = 20;

static RECORDED: LazyLock<Recorded> = LazyLock::new(Recorded::load);

/// What the interpreter gives: the other engines must give the same bits, not only answers
/// within the bounds.
static INTERPRETED: LazyLock<Vec<Answer>> = LazyLock::new(|| {
    let interpreter = Machine {
        engine: Engine::Interpreter,
        simd: None,
        threads: 1,
    };
    let cases = &RECORDED.cases;
    cases.iter().map(|case| interpreter.run(case)).collect()
});

#[test]
fn there_are_enough_cases() {
    assert!(RECORDED.cases.len() >= 3_000, "{}", RECORDED.cases.len());
    let outputs = RECORDED.cases.iter().flat_map(|case| &case.expected);
    assert!(outputs.flatten().count() >= 3_000);
}

#[test]
fn interpreter() {
    let answers = RECORDED.cases.iter().zip(&*INTERPRETED);
    let failures = answers.filter_map(|(case, got)| Some((case, compare(case, got).err()?)));
    report("interpreter", failures.collect());
}

#[test]
fn interpreter_two_threads() {
    check(Engine::Interpreter, None, 2);
}

#[test]
fn scalar_one_thread() {
    check(Engine::Jit, Some(SimdLevel::Off), 1);
}

#[test]
fn scalar_two_threads() {
    check(Engine::Jit, Some(SimdLevel::Off), 2);
}

#[test]
fn vector_one_thread() {
    check(Engine::Jit, None, 1);
}

#[test]
fn vector_two_threads() {
    check(Engine::Jit, None, 2);
}

#[test]
fn vector_sse42() {
    check_level(SimdLevel::Sse42);
}

#[test]
fn vector_avx2() {
    check_level(SimdLevel::Avx2);
}

#[test]
fn vector_avx512() {
    check_level(SimdLevel::Avx512);
}

#[expect(
    clippy::print_stderr,
    reason = "a level that is not tested must say so"
)]
fn check_level(level: SimdLevel) {
    if level.is_available() {
        check(Engine::Jit, Some(level), 1);
    } else {
        eprintln!("SKIPPED: this machine has no {level}");
    }
}

/// Runs every case on a machine and compares with NumPy and with the interpreter.
fn check(engine: Engine, simd: Option<SimdLevel>, threads: usize) {
    let machine = Machine {
        engine,
        simd,
        threads,
    };
    let mut failures = Vec::new();
    for (case, interpreted) in RECORDED.cases.iter().zip(&*INTERPRETED) {
        let got = machine.run(case);
        if let Err(why) = compare(case, &got) {
            failures.push((case, why));
        } else if !compare::same_bits(&got, interpreted) {
            let why = format!("  interpreter {interpreted:?}\n  got         {got:?}");
            failures.push((case, why));
        }
    }
    report(&format!("{machine:?}"), failures);
}

/// Fails with the first failures in full and a count by family.
fn report(machine: &str, failures: Vec<(&Case, String)>) {
    if failures.is_empty() {
        return;
    }
    let mut families: BTreeMap<&str, usize> = BTreeMap::new();
    let mut shown = String::new();
    for (case, why) in &failures {
        let count = families.entry(&case.family).or_default();
        *count += 1;
        if *count == 1 || shown.matches("\n--- ").count() < SHOWN {
            shown += &format!("\n--- {}: {}\n", case.family, case.expr);
            for (name, operand) in &case.operands {
                let pool = &RECORDED.operands[operand];
                shown += &format!("  {name} = {operand}: {}\n", pool.describe());
            }
            shown += why;
        }
    }
    let (failed, all) = (failures.len(), RECORDED.cases.len());
    panic!("{machine}: {failed} of {all} cases fail\n{families:#?}\n{shown}");
}
