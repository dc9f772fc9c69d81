//! In: functions as text. Out: answers worked out by hand, or by other means.

use super::*;
use crate::ir::{arbitrary, parse};

fn func(text: &str) -> Verified {
    Verified::new(parse(text).expect("parses")).expect("verifies")
}

fn bytes(elems: &[Scalar]) -> Vec<u8> {
    let mut bytes = Vec::new();
    elems.iter().for_each(|elem| elem.write(&mut bytes));
    bytes
}

fn check(text: &str, operands: &[Vec<u8>], expect: &str) {
    let outputs = eval(&func(text), operands).expect("evaluates");
    let text = |output: &ArrayValue| {
        let elems: Vec<String> = output.elems().iter().map(Scalar::to_string).collect();
        format!("{}{} {}", output.dtype, output.shape, elems.join(" "))
    };
    let outputs: Vec<String> = outputs.iter().map(text).collect();
    assert_eq!(outputs.join("\n"), expect);
}

fn int32(elems: &[i32]) -> Vec<u8> {
    bytes(&elems.iter().map(|&v| Scalar::Int32(v)).collect::<Vec<_>>())
}

fn float64(elems: impl IntoIterator<Item = f64>) -> Vec<u8> {
    bytes(&elems.into_iter().map(Scalar::Float64).collect::<Vec<_>>())
}

#[test]
fn elements_broadcast_in_c_order() {
    let text = "operand x: int32[2, 1]\noperand y: int32[3]
v0: int32[2, 1] = elem x\nv1: int32[3] = elem y\nv2: int32[2, 3] = sub v0 v1
v3: int32 = const 0\nv4: bool[2, 3] = lt v2 v3\nv5: int32[2, 3] = select v4 v1 v0
output \"sub\" = v2\noutput \"select\" = v5\n";
    check(
        text,
        &[int32(&[1, 10]), int32(&[0, 5, 7])],
        "int32(2, 3) 1 -4 -6 10 5 3\nint32(2, 3) 1 5 7 10 10 10",
    );
}

#[test]
fn generators_count() {
    check(
        "v0: int8[4] = arange 100 20\nv1: float32[3] = linspace 0.0 0.5 stop 9.0
v2: float64[2] = linspace 1.0 0.0 tiny 2.0 4.0
output \"a\" = v0\noutput \"b\" = v1\noutput \"c\" = v2\n",
        &[],
        "int8(4,) 100 120 -116 -96\nfloat32(3,) 0.0 0.5 9.0\nfloat64(2,) 1.0 3.0",
    );
}

#[test]
fn reductions_reduce_their_axes() {
    let mut text = "operand x: int32[2, 2, 3]\nv0: int32[2, 2, 3] = elem x\n".to_string();
    let ops = [
        ("int64[2]", "sum v0 axes [0, 2]"),
        ("int64[2, 1, 3]", "prod v0 axes [1]"),
        ("float64", "mean v0 axes [0, 1, 2]"),
        ("int32[2, 2]", "min v0 axes [2]"),
        ("int32[2, 2]", "max v0 axes [2]"),
        ("bool[2, 2]", "any v0 axes [2]"),
        ("bool[2, 2]", "all v0 axes [2]"),
        ("int64[3]", "count_nonzero v0 axes [0, 1]"),
        ("float64[2]", "var v0 axes [1, 2]"),
        ("float64[2]", "std v0 axes [1, 2]"),
    ];
    for (index, (dtype, op)) in ops.iter().enumerate() {
        let ddof = if index >= 8 { " ddof 1.0" } else { "" };
        let keep = if index == 1 { " keepdims" } else { "" };
        let value = index + 1;
        text += &format!("v{value}: {dtype} = reduce {op} cut [2:1, 2:2, 2:1]{ddof}{keep}\n");
        text += &format!("output \"{op}\" = v{value}\n");
    }
    check(
        &text,
        &[int32(&[0, 0, 0, 1, 2, 3, -4, 5, 0, 7, 7, 7])],
        "int64(2,) 1 27
int64(2, 1, 3) 0 0 0 -28 35 0
float64() 2.3333333333333335
int32(2, 2) 0 1 -4 7
int32(2, 2) 0 3 5 7
bool(2, 2) False True True True
bool(2, 2) False True False True
int64(3,) 3 3 2
float64(2,) 1.6 21.466666666666665
float64(2,) 1.2649110640673518 4.633213427705081",
    );
}

#[test]
fn reductions_of_nothing_give_the_identity() {
    let mut text = "operand x: float64[0, 2]\nv0: float64[0, 2] = elem x\n".to_string();
    let ops = ["sum", "prod", "mean", "any", "all", "count_nonzero", "var"];
    for (index, op) in ops.iter().enumerate() {
        let dtype = ["float64", "bool", "int64"][match *op {
            "any" | "all" => 1,
            "count_nonzero" => 2,
            _ => 0,
        }];
        let ddof = if *op == "var" { " ddof 0.0" } else { "" };
        let value = index + 1;
        text += &format!("v{value}: {dtype}[2] = reduce {op} v0 axes [0] cut [1:1, 2:2]{ddof}\n");
        text += &format!("output \"{op}\" = v{value}\n");
    }
    check(
        &text,
        &[Vec::new()],
        "float64(2,) 0.0 0.0\nfloat64(2,) 1.0 1.0\nfloat64(2,) nan nan\nbool(2,) False False
bool(2,) True True\nint64(2,) 0 0\nfloat64(2,) nan nan",
    );
}

/// 2**53 absorbs a single 1.0, so where it meets the others tells lanes and runs apart.
#[test]
fn sums_follow_the_manual() {
    let sum = |len: usize, inner: usize, big: usize| {
        let text = format!(
            "operand x: float64[{len}]\nv0: float64[{len}] = elem x
v1: float64 = reduce sum v0 axes [0] cut [{len}:{inner}]\noutput \"s\" = v1\n"
        );
        let x = (0..len).map(|at| if at == big { 9007199254740992.0 } else { 1.0 });
        let outputs = eval(&func(&text), &[float64(x)]).expect("evaluates");
        outputs[0].elems()[0].as_f64() - 9007199254740992.0
    };
    // One run: lane 0 loses the 15 ones that follow in it, the other seven lanes have 16 each;
    // 112 is a multiple of 2 and adds exactly.
    assert_eq!(sum(128, 128, 0), 112.0);
    // At the end of lane 7 it loses the 15 before it no more: 15 rounds to 16 (ties to even
    // have 2**53 + 15 between 14 and 16, the even significand is 2**53 + 16).
    assert_eq!(sum(128, 128, 127), 128.0);
    // Two runs: lane 0 of the second run adds 16 at once.
    assert_eq!(sum(256, 256, 0), 240.0);
    // Tiles of 1: only the tree of tiles, a lone last one going up.
    assert_eq!(sum(3, 1, 0), 0.0);
    assert_eq!(sum(3, 1, 2), 2.0);
    // (2**53 + 1) + (1 + 1) is 2**53 + 2, and the lone 1.0 rounds that up to the even 2**53 + 4.
    assert_eq!(sum(5, 1, 0), 4.0);
}

#[test]
fn a_condition_that_holds_is_named_by_its_first_index() {
    let text = "operand x: int32[2, 2]\nv0: int32[2, 2] = elem x\nv1: int32 = const 0
v2: bool[2, 2] = lt v0 v1\nv3: bool[2, 2] = gt v0 v1\noutput \"x\" = v0
raise v2 at 3..5\nraise v3\n";
    let func = func(text);
    let raised = |x: &[i32]| eval(&func, &[int32(x)]).map(|_| ());
    assert_eq!(raised(&[0; 4]), Ok(()));
    let span = Some(Span::new(3, 5));
    assert_eq!(
        raised(&[1, 0, -1, -1]),
        Err(EvalError::Raise {
            kind: RaiseKind::NegativePower,
            span,
            index: 2
        })
    );
    let span = None;
    assert_eq!(
        raised(&[0, 0, 0, 1]),
        Err(EvalError::Raise {
            kind: RaiseKind::NegativePower,
            span,
            index: 3
        })
    );
}

#[test]
fn registers_have_their_dtypes() {
    arbtest::arbtest(|u| {
        let body = arbitrary::body(u)?;
        let mut random = arbitrary::Random(u.arbitrary()?);
        let inputs = body.inputs.rows().iter();
        let inputs: Vec<Scalar> = inputs.map(|input| random.scalar(input.dtype)).collect();
        for (reg, scalar) in registers(&body, &inputs).iter() {
            assert_eq!(scalar.dtype(), body.regs[reg].dtype, "{reg} of\n{body}");
        }
        Ok(())
    })
    .budget_ms(300);
}

#[test]
fn wrong_operands_are_refused() {
    let func = func("operand x: int32[2]\nv0: int32[2] = elem x\noutput \"x\" = v0\n");
    let none: &[Vec<u8>] = &[];
    assert!(matches!(eval(&func, none), Err(EvalError::Operands { .. })));
    assert!(matches!(
        eval(&func, &[int32(&[1])]),
        Err(EvalError::Operand { .. })
    ));
    let big = Verified::new(
        parse(&format!(
            "v0: bool[{}] = const True\noutput \"x\" = v0\n",
            MAX_EVAL_ELEMS + 1
        ))
        .expect("parses"),
    )
    .expect("verifies");
    assert!(matches!(eval(&big, none), Err(EvalError::TooLarge(_))));
}
