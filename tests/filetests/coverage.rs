//! In: all files, the docs, the cases recorded from NumPy. Out: what none of them pins: error codes,
//! functions, instructions, promotions. Never: a silent gap.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use fuseblock::diag::Code;
use fuseblock::explain::{Stage, explain};
use fuseblock::ir::{ReduceOp, ScanOp};
use fuseblock::source::Source;
use fuseblock::syntax::ast::{Ast, InfixOp, Node};
use fuseblock::types::{BinaryOp, UnaryOp};
use fuseblock::{DType, Options, funcs, syntax};

use crate::Outcome;
use crate::case::{Case, Contents};
use crate::matrix::{Cells, Codec};
use crate::operands::Opened;

/// Codes that no expression over operands can end with, and where they come from.
const ELSEWHERE: &[(Code, &str)] = &[
    (Code::WriteFailed, "writing results to files"),
    (
        Code::BadDataset,
        "directories, which no file of a test is: tests/dataset",
    ),
    (
        Code::Conflict,
        "several who change a dataset: tests/dataset",
    ),
    (
        Code::Compile,
        "a machine that code cannot be made for; the interpreter steps in",
    ),
    (Code::MissingOperand, "a caller that gives too few arrays"),
    (Code::WrongBuffer, "a caller's own buffer"),
    (Code::Cancelled, "a caller that stops the evaluation"),
    (Code::Usage, "a request that is not about an expression"),
    (Code::Internal, "bugs"),
];

/// What the files pin so far.
#[derive(Default)]
struct Pinned {
    codes: BTreeSet<String>,
    functions: BTreeSet<String>,
    instructions: BTreeSet<String>,
    sums: BTreeSet<(DType, DType)>,
}

/// Fails with the list of what is missing.
pub(crate) fn check(root: &Path, paths: &[PathBuf]) -> Outcome<()> {
    let mut pinned = Pinned::default();
    for path in paths {
        let case =
            Case::read(root, path).map_err(|error| format!("{}: {error}", path.display()))?;
        pinned.add(&case)?;
    }
    let missing = [
        ("error codes", missing_codes(&pinned)),
        ("functions", missing_functions(&pinned)),
        ("functions in docs/language.md", undocumented()?),
        ("functions in the recorded cases", unrecorded()?),
        ("instructions", missing_instructions(&pinned)),
        ("promotions of `+`", missing_sums(&pinned)),
    ];
    let missing: Vec<String> = missing
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(what, names)| format!("{what} that no file pins: {}", names.join(", ")))
        .collect();
    match missing.is_empty() {
        true => Ok(()),
        false => Err(missing.join("\n")),
    }
}

impl Pinned {
    fn add(&mut self, case: &Case) -> Outcome<()> {
        let errors = case
            .sections
            .iter()
            .filter(|section| section.kind == "error");
        for line in errors.flat_map(|section| section.body.lines()) {
            let code = line
                .strip_prefix("error[")
                .and_then(|rest| rest.split_once(']'));
            self.codes.extend(code.map(|(code, _)| code.to_string()));
        }
        if !case.has("run") {
            return Ok(());
        }
        let ast = syntax::parse(&Source::expr(&case.program)).ast;
        for node in ast.nodes.rows() {
            self.functions.extend(called(&ast, node));
            self.sums.extend(sum_of(case, &ast, node));
        }
        let both = |args: &str| args.contains("jit") && args.contains("interpreter");
        let runs = case.sections.iter().filter(|section| section.kind == "run");
        if runs.into_iter().any(|section| both(&section.args)) {
            self.instructions.extend(instructions(case)?);
        }
        Ok(())
    }
}

/// The instructions of the optimised program, as `add int8`, `reduce sum bool`, `cast int8 bool`:
/// with the dtype of the last argument where there is one.
fn instructions(case: &Case) -> Outcome<Vec<String>> {
    let opened = Opened::new(case, Codec::None, Cells::Given)?;
    let text =
        opened.with(|operands| explain(&case.program, operands, Stage::Opt, &Options::default()));
    // A file that does not check fails on its own.
    let text = text.unwrap_or_default();
    let mut dtypes: HashMap<&str, &str> = HashMap::new();
    let mut found = Vec::new();
    for line in text.lines() {
        let Some((name, (dtype, inst))) = value(line) else {
            continue;
        };
        dtypes.insert(name, dtype);
        let words: Vec<&str> = inst.split(' ').collect();
        let arg = words.iter().rev().find_map(|word| dtypes.get(word));
        let arg = arg.copied().unwrap_or(dtype);
        found.push(match words[..] {
            [kind @ ("reduce" | "scan"), op, ..] => format!("{kind} {op} {arg}"),
            ["cast", ..] => format!("cast {arg} {dtype}"),
            [op, ..] => format!("{op} {arg}"),
            [] => continue,
        });
    }
    Ok(found)
}

/// `v2: float64[3] = mul v0 v1` in parts: name, dtype, instruction.
fn value(line: &str) -> Option<(&str, (&str, &str))> {
    let (name, rest) = line.split_once(": ")?;
    let (dtype, inst) = rest.split_once(" = ")?;
    let dtype = dtype.split('[').next()?;
    name.starts_with('v').then_some((name, (dtype, inst)))
}

/// The function that a node calls, as a function or as a method.
fn called(ast: &Ast, node: &Node) -> Option<String> {
    let Node::Call { callee, .. } = node else {
        return None;
    };
    let callee = &ast.nodes[*callee];
    if let Node::Name(name) | Node::Attribute { name, .. } = callee {
        return Some(name.clone());
    }
    None
}

/// The dtypes of `a + b`, where both are operands.
fn sum_of(case: &Case, ast: &Ast, node: &Node) -> Option<(DType, DType)> {
    let Node::Infix(InfixOp::Add, left, right) = node else {
        return None;
    };
    let dtype = |id| {
        let Node::Name(wanted) = &ast.nodes[id] else {
            return None;
        };
        let given = case.givens.iter().find(|given| given.name == *wanted)?;
        match given.contents {
            Contents::Values { dtype, .. } => Some(dtype),
            Contents::File(_) => None,
        }
    };
    Some((dtype(*left)?, dtype(*right)?))
}

fn missing_codes(pinned: &Pinned) -> Vec<String> {
    let elsewhere = |code: &Code| ELSEWHERE.iter().any(|(other, _)| other == code);
    let expected = Code::ALL.iter().filter(|code| !elsewhere(code));
    let missing = expected.filter(|code| !pinned.codes.contains(code.as_str()));
    missing
        .map(|code| format!("{code} {}", code.title()))
        .collect()
}

fn missing_functions(pinned: &Pinned) -> Vec<String> {
    let available = funcs::all().filter(|function| function.is_available());
    let names = available.flat_map(|function| function.names());
    names
        .filter(|name| !pinned.functions.contains(*name))
        .map(str::to_string)
        .collect()
}

/// Functions that NumPy does not have, so that there is nothing to record.
const OURS: &[&str] = &["shift"];

/// Names of functions, aliases too, that the section about functions does not list in code.
fn undocumented() -> Outcome<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/language.md");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{path:?}: {error}"))?;
    let section = text
        .split("\n## ")
        .find(|part| part.starts_with("Functions"));
    let section = section.ok_or("docs/language.md has no section `Functions`")?;
    let code = section.split('`').skip(1).step_by(2);
    let listed: BTreeSet<&str> = code.flat_map(words).collect();
    let available = funcs::all().filter(|function| function.is_available());
    let names = available.flat_map(|function| function.names());
    let missing = names.filter(|name| !listed.contains(name));
    Ok(missing.map(str::to_string).collect())
}

/// Functions that no recorded case calls, by any of their names.
fn unrecorded() -> Outcome<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/numpy_cases.jsonl");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{path:?}: {error}"))?;
    let exprs = text.lines().filter_map(|line| {
        let (_, rest) = line.split_once("\"e\":\"")?;
        Some(rest.split_once("\",\"")?.0)
    });
    let called: BTreeSet<&str> = exprs
        .flat_map(|expr| expr.split('(').rev().skip(1))
        .filter_map(|before| words(before).last())
        .collect();
    let available = funcs::all().filter(|function| function.is_available());
    let missing = available.filter(|function| {
        !OURS.contains(&function.name) && !function.names().any(|name| called.contains(name))
    });
    Ok(missing.map(|function| function.name.to_string()).collect())
}

/// The identifiers in a text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    parts.filter(|part| !part.is_empty())
}

fn missing_instructions(pinned: &Pinned) -> Vec<String> {
    use ReduceOp::*;
    let ddof = 0;
    let folds = [
        Sum,
        Prod,
        Mean,
        Min,
        Max,
        ArgMin,
        ArgMax,
        Nth {
            rank: fuseblock::ir::Rank::Known(0),
        },
        Any,
        All,
        CountNonzero,
        Var { ddof },
        Std { ddof },
    ];
    let mut expected = vec!["linspace float64".to_string()];
    for dtype in DType::ALL {
        // The magnitude of an unsigned integer is the integer itself: no instruction.
        let idle = |op: &UnaryOp| *op == UnaryOp::Abs && dtype.is_unsigned();
        let unary = UnaryOp::ALL.into_iter().filter(|op| !idle(op));
        let unary = unary.filter(|op| op.result(dtype).is_some());
        let binary = BinaryOp::ALL
            .into_iter()
            .filter(|op| op.result(dtype).is_some());
        let named = unary.map(UnaryOp::name).chain(binary.map(BinaryOp::name));
        let named = named.chain(["elem", "const", "select"]);
        expected.extend(named.map(|name| format!("{name} {dtype}")));
        expected.extend(folds.map(|op| format!("reduce {} {dtype}", op.name())));
        expected.extend(ScanOp::ALL.map(|op| format!("scan {} {dtype}", op.name())));
        let others = DType::ALL.into_iter().filter(|other| *other != dtype);
        expected.extend(others.map(|other| format!("cast {other} {dtype}")));
        if !dtype.is_bool() {
            expected.push(format!("arange {dtype}"));
        }
    }
    expected.retain(|name| !pinned.instructions.contains(name));
    expected
}

fn missing_sums(pinned: &Pinned) -> Vec<String> {
    let pairs = DType::ALL
        .iter()
        .flat_map(|&left| DType::ALL.map(|right| (left, right)));
    let missing = pairs.filter(|pair| !pinned.sums.contains(pair));
    missing
        .map(|(left, right)| format!("{left} + {right}"))
        .collect()
}
