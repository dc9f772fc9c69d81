//! In: tests/data/numpy_cases.jsonl, recorded by tests/numpy/generate.py. Out: whether every
//! engine, SIMD level and thread count gives what NumPy gives. Never: an answer of our own as
//! the expected one.

mod cases;
mod compare;
mod engine;

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::thread;

use cases::{Case, Recorded};
use compare::{compare, same_bits};
use engine::{Answer, Machine};
use fuseblock::{Engine, SimdLevel};

/// Failures shown in full.
const SHOWN: usize = 20;

static RECORDED: LazyLock<Recorded> = LazyLock::new(Recorded::load);

/// What the checked functions mean: all engines must give these bits, not only answers within
/// the bounds.
static REFERENCE: LazyLock<Vec<Answer>> = LazyLock::new(|| {
    let cases = &RECORDED.cases;
    let (first, second) = cases.split_at(cases.len() / 2);
    let run = |cases: &[Case]| cases.iter().map(engine::reference).collect::<Vec<_>>();
    thread::scope(|scope| {
        let first = scope.spawn(|| run(first));
        let second = run(second);
        let first = first.join().expect("the reference does not panic");
        first.into_iter().chain(second).collect()
    })
});

#[test]
fn there_are_enough_cases() {
    if std::env::var_os("NUMPY_CASES").is_some() {
        return;
    }
    assert!(RECORDED.cases.len() >= 12_000, "{}", RECORDED.cases.len());
    let expected = RECORDED.cases.iter().map(|case| &case.expected);
    assert!(expected.filter(|expected| expected.is_ok()).count() >= 10_000);
}

#[test]
fn reference() {
    let answers = RECORDED.cases.iter().zip(&*REFERENCE);
    let failures = answers.filter_map(|(case, got)| Some((case, compare(case, got).err()?)));
    report("reference", &failures.collect::<Vec<_>>());
}

#[test]
fn interpreter() {
    check(Engine::Interpreter, &[None]);
}

/// Kernels for what is large enough, the interpreter for the rest.
#[test]
fn automatic() {
    check(Engine::Auto, &[None]);
}

#[test]
fn scalar() {
    check(Engine::Jit, &[Some(SimdLevel::Off)]);
}

#[test]
fn vector() {
    check(Engine::Jit, &[None]);
}

#[test]
fn vector_at_every_level() {
    let levels = [SimdLevel::Sse42, SimdLevel::Avx2, SimdLevel::Avx512];
    let (available, missing): (Vec<_>, Vec<_>) =
        levels.into_iter().partition(|level| level.is_available());
    for level in missing {
        eprintln!("SKIPPED: this machine has no {level}");
    }
    let levels: Vec<_> = available.into_iter().map(Some).collect();
    check(Engine::Jit, &levels);
}

/// Runs every case at one and two threads and compares with NumPy and with the reference.
fn check(engine: Engine, levels: &[Option<SimdLevel>]) {
    let mut failures = Vec::new();
    for (case, reference) in RECORDED.cases.iter().zip(&*REFERENCE) {
        let bound = engine::bind(case);
        for (simd, threads) in levels.iter().flat_map(|level| [(*level, 1), (*level, 2)]) {
            let machine = Machine {
                engine,
                simd,
                threads,
            };
            let got = match &bound {
                Ok(bound) => machine.run(bound),
                Err(error) => Err(error.clone()),
            };
            if let Err(why) = compare(case, &got) {
                failures.push((case, format!("  {machine:?}\n{why}")));
            } else if !same_bits(&got, reference) {
                let why =
                    format!("  {machine:?}\n  reference {reference:?}\n  got       {got:?}\n");
                failures.push((case, why));
            }
        }
    }
    report(&format!("{engine:?} {levels:?}"), &failures);
}

/// Fails with the first failures in full and a count by family.
fn report(machine: &str, failures: &[(&Case, String)]) {
    if failures.is_empty() {
        return;
    }
    let mut families: BTreeMap<&str, usize> = BTreeMap::new();
    let mut shown = String::new();
    for (case, why) in failures {
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
    panic!("{machine}: {failed} failures in {all} cases\n{families:#?}\n{shown}");
}
