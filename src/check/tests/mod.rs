//! Programs and what they mean, as text.

mod meaning;
mod mistakes;
mod random;
mod session;

use expect_test::{Expect, expect};

use super::{Checked, Scope, check};
use crate::diag::{Diagnostic, apply_edits};
use crate::source::Source;
use crate::syntax;
use crate::types::{DType, Grid, Shape};

/// Operands as IR text has them: `a: float64[3, 4]; b: int8; c: bool[8] chunk [4] block [2]`.
fn scope(operands: &str) -> Scope {
    let mut scope = Scope::new();
    for operand in operands
        .split(';')
        .map(str::trim)
        .filter(|text| !text.is_empty())
    {
        let (name, rest) = operand.split_once(": ").unwrap();
        let mut words = rest.split(" chunk ");
        let typed = words.next().unwrap();
        let grid = words.next().map(|grid| {
            let (chunk, block) = grid.split_once(" block ").unwrap();
            Grid {
                chunk: extents(chunk),
                block: extents(block),
            }
        });
        let (dtype, shape) = typed.split_once('[').unwrap_or((typed, "]"));
        scope.operand(name, DType::from_name(dtype).unwrap(), extents(shape), grid);
    }
    scope
}

fn extents(text: &str) -> Shape {
    let text = text.trim_matches(['[', ']']);
    let numbers = text.split(", ").filter(|text| !text.is_empty());
    Shape::from(numbers.map(|n| n.parse().unwrap()).collect::<Vec<usize>>())
}

fn run(scope: &Scope, text: &str) -> Result<Checked, Vec<Diagnostic>> {
    let source = Source::expr(text);
    let parsed = syntax::parse(&source);
    if !parsed.diagnostics.is_empty() {
        return Err(parsed.diagnostics);
    }
    check(&source, &parsed.ast, scope)
}

/// The IR of a program.
fn means(operands: &str, text: &str, expected: Expect) {
    match run(&scope(operands), text) {
        Ok(checked) => expected.assert_eq(&checked.func.to_string()),
        Err(diagnostics) => panic!("{text}: {}", list(text, &diagnostics)),
    }
}

/// The outputs of programs: `name: dtype[shape]`, one a line, `!E0203` for a mistake.
fn types(operands: &str, texts: &[&str], expected: Expect) {
    let scope = scope(operands);
    let lines: Vec<String> = texts.iter().map(|text| typed(&scope, text)).collect();
    expected.assert_eq(&lines.join("\n"));
}

fn typed(scope: &Scope, text: &str) -> String {
    match run(scope, text) {
        Ok(checked) => {
            let func = &checked.func;
            let outputs = func.outputs.iter().map(|output| {
                let data = &func.values[output.value];
                format!("{}: {}{:?}", output.name, data.dtype, &data.shape[..])
            });
            outputs.collect::<Vec<_>>().join(", ")
        }
        Err(diagnostics) => format!("{text}: !{}", diagnostics[0].code),
    }
}

/// Everything that is wrong with a program, with suggested edits applied.
fn list(text: &str, diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        out += &format!("{}: {}\n", diagnostic.code, diagnostic.message);
        for label in &diagnostic.labels {
            let place = text.get(label.span.range()).unwrap_or("?");
            out += &format!("  {place:?} at {}: {}\n", label.span.start, label.text);
        }
        for note in &diagnostic.notes {
            out += &format!("  note: {note}\n");
        }
        for help in &diagnostic.help {
            out += &format!("  help: {}\n", help.text);
            if !help.edits.is_empty() {
                out += &format!("    {}\n", apply_edits(text, &help.edits));
            }
        }
    }
    out
}

/// The dtype of the only output as NumPy's letter; `e` for float16, `.` for no such operation.
fn letter(scope: &Scope, text: &str) -> char {
    match run(scope, text) {
        Ok(checked) => {
            let dtype = checked.func.values[checked.func.outputs[0].value].dtype;
            LETTERS.as_bytes()[dtype.ordinal()] as char
        }
        Err(diagnostics) => match diagnostics[0].code.as_str() {
            "E0203" => '.',
            "E0208" => 'e',
            other => panic!("{text}: {other} {}", diagnostics[0].message),
        },
    }
}

const LETTERS: &str = "?bhilBHILfd";

/// Result dtypes that NumPy recorded, for all combinations of dtypes.
#[test]
fn result_dtypes_are_numpys() {
    for line in include_str!("../../../tests/data/promotion.txt").lines() {
        let (text, letters) = line.split_once('\t').unwrap();
        // OK because 11, 121 and 1331 combinations are one, two and three operands.
        let names = &["a", "b", "c"][..letters.len().ilog(11) as usize];
        let mut found = String::new();
        for index in 0..letters.len() {
            let mut scope = Scope::new();
            for (place, name) in names.iter().rev().enumerate() {
                let dtype = DType::ALL[index / 11usize.pow(place as u32) % 11];
                scope.operand(name, dtype, Shape::new(&[2, 3]), None);
            }
            found.push(letter(&scope, text));
        }
        assert_eq!(found, letters, "{text}");
    }
}

#[test]
fn the_headline() {
    means(
        "a: float64[8, 6] chunk [4, 6] block [2, 3]; b: float64[8, 6] chunk [4, 6] block [2, 3]; c: float64[8, 6]",
        "sum(((a**3 + sin(a*2)) < c) & (b > 0), axis=1)",
        expect![[r#"
            operand a: float64[8, 6] chunk [4, 6] block [2, 3]
            operand c: float64[8, 6]
            operand b: float64[8, 6] chunk [4, 6] block [2, 3]
            v0: float64[8, 6] = elem a
            v1: float64[8, 6] = mul v0 v0
            v2: float64[8, 6] = mul v1 v0
            v3: float64 = const 2.0
            v4: float64[8, 6] = mul v0 v3
            v5: float64[8, 6] = sin v4
            v6: float64[8, 6] = add v2 v5
            v7: float64[8, 6] = elem c
            v8: bool[8, 6] = lt v6 v7
            v9: float64[8, 6] = elem b
            v10: float64 = const 0.0
            v11: bool[8, 6] = gt v9 v10
            v12: bool[8, 6] = and v8 v11
            v13: int64[8] = reduce sum v12 axes [1] cut [8:8, 6:6]
            output "sum(((a**3 + sin(a*2)) < c) & (b > 0), axis=1)" = v13
        "#]],
    );
}
