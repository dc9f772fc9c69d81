//! Facts against what is computed: elements within what is known of the arguments.

use arbitrary::{Arbitrary, Unstructured};

use super::*;
use crate::ir::{BodyInput, RegData};
use crate::table::Id;

const DTYPES: [DType; 11] = [
    DType::Bool,
    DType::Int8,
    DType::Int16,
    DType::Int32,
    DType::Int64,
    DType::UInt8,
    DType::UInt16,
    DType::UInt32,
    DType::UInt64,
    DType::Float32,
    DType::Float64,
];

/// Whether `fact` holds for an element.
fn holds(fact: Fact, value: Scalar) -> bool {
    match fact {
        Same(same) => same == value,
        Int { low, high } => value
            .as_i128()
            .is_some_and(|value| (low..=high).contains(&value)),
        Float { low, high, nan } => match value.is_nan() {
            true => nan,
            false => low <= value.as_f64() && value.as_f64() <= high,
        },
    }
}

/// An element of `dtype`, an unusual one rather often.
fn element(u: &mut Unstructured<'_>, dtype: DType) -> arbitrary::Result<Scalar> {
    const SPECIAL: [f64; 22] = [
        1e308,
        -1.5e308,
        f64::MAX,
        f64::MIN_POSITIVE,
        709.8,
        -745.2,
        88.75,
        3.4e38,
        0.0,
        -0.0,
        1.0,
        -1.0,
        2.0,
        0.5,
        -3.7,
        100.25,
        1e30,
        -1e-40,
        5e-324,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
    ];
    Ok(match u.int_in_range(0..=3)? {
        0 => Scalar::from_bits(dtype, u64::arbitrary(u)?),
        1 => scalar::cast(Scalar::Float64(*u.choose(&SPECIAL)?), dtype),
        2 => scalar::cast(Scalar::Int64(i64::from(i8::arbitrary(u)?)), dtype),
        _ => {
            let (low, high) = dtype.int_range().unwrap_or((-1000, 1000));
            let ends = [low, low + 1, high, high - 1, 0, 7];
            match Scalar::from_i128(dtype, *u.choose(&ends)?) {
                Some(value) => value,
                None => scalar::cast(Scalar::Float64(f64::from(i16::arbitrary(u)?) / 16.0), dtype),
            }
        }
    })
}

/// Some elements, and what a zone of them knows.
fn elements(u: &mut Unstructured<'_>, dtype: DType) -> arbitrary::Result<(Vec<Scalar>, Fact)> {
    let count = u.int_in_range(1..=6)?;
    let values = (0..count)
        .map(|_| element(u, dtype))
        .collect::<arbitrary::Result<Vec<_>>>()?;
    let fact = values.iter().map(|&value| Same(value)).reduce(Fact::or);
    Ok((values, fact.unwrap_or(Fact::unknown(dtype))))
}

#[test]
fn what_is_known_of_results_holds() {
    arbtest::arbtest(|u| {
        let dtype = *u.choose(&DTYPES)?;
        let ((a, known_a), (b, known_b)) = (elements(u, dtype)?, elements(u, dtype)?);
        for &x in &a {
            assert!(holds(known_a, x), "{known_a:?} {x}");
            assert!(holds(known_a, known_a.example(dtype)));
            for op in UnaryOp::ALL {
                let (Some(to), Some(value)) = (op.result(dtype), scalar::unary(op, x)) else {
                    continue;
                };
                let fact = step(Elementwise::Unary(op, (known_a, dtype)), to);
                assert!(
                    holds(fact, value),
                    "{} {x} = {value}: {fact:?} of {known_a:?}",
                    op.name()
                );
            }
            for to in DTYPES {
                let (value, fact) = (
                    scalar::cast(x, to),
                    step(Elementwise::Cast((known_a, dtype)), to),
                );
                assert!(
                    holds(fact, value),
                    "{to} {x} = {value}: {fact:?} of {known_a:?}"
                );
            }
            for &y in &b {
                for op in BinaryOp::ALL {
                    let (Some(to), Some(value)) = (op.result(dtype), scalar::binary(op, x, y))
                    else {
                        continue;
                    };
                    let args = ((known_a, dtype), (known_b, dtype));
                    let fact = step(Elementwise::Binary(op, args.0, args.1), to);
                    assert!(
                        holds(fact, value),
                        "{} {x} {y} = {value}: {fact:?} of {known_a:?} {known_b:?}",
                        op.name()
                    );
                }
            }
        }
        Ok(())
    })
    .budget_ms(1500);
}

fn float(low: f64, high: f64) -> Fact {
    Float {
        low,
        high,
        nan: false,
    }
}

#[test]
fn what_is_known_is_worth_something() {
    let f64s = |op, a, b| {
        step(
            Elementwise::Binary(op, (a, DType::Float64), (b, DType::Float64)),
            DType::Bool,
        )
    };
    let truth = |truth| Same(Scalar::Bool(truth));
    assert_eq!(
        f64s(BinaryOp::Lt, float(0.0, 1.0), float(1.5, 2.0)),
        truth(true)
    );
    assert_eq!(
        f64s(BinaryOp::Lt, float(0.0, 1.0), float(1.0, 2.0)).truth(),
        None
    );
    assert_eq!(
        f64s(BinaryOp::Ge, float(0.0, 1.0), float(1.5, 2.0)),
        truth(false)
    );
    // A NaN is not less than anything, and not equal to anything.
    let some = Float {
        low: 0.0,
        high: 1.0,
        nan: true,
    };
    assert_eq!(f64s(BinaryOp::Lt, some, float(1.5, 2.0)).truth(), None);
    assert_eq!(f64s(BinaryOp::Gt, some, float(1.5, 2.0)), truth(false));
    assert_eq!(f64s(BinaryOp::Ne, some, float(1.5, 2.0)), truth(true));
    assert_eq!(
        f64s(BinaryOp::Le, NO_NUMBERS, float(1.5, 2.0)),
        truth(false)
    );
    let sine = step(
        Elementwise::Unary(UnaryOp::Sin, (float(0.0, 9.0), DType::Float64)),
        DType::Float64,
    );
    assert_eq!(f64s(BinaryOp::Lt, sine, float(1.1, 2.0)), truth(true));
    let cube = step(
        Elementwise::Binary(
            BinaryOp::Mul,
            (float(-2.0, 3.0), DType::Float64),
            (float(4.0, 5.0), DType::Float64),
        ),
        DType::Float64,
    );
    assert_eq!(cube, float(-10.0, 15.0));
}

/// `where(x < 5, y, z)` and a store of `x`.
fn body() -> Body {
    let mut body = Body::default();
    for _ in 0..3 {
        body.inputs.push(BodyInput {
            dtype: DType::Int32,
            uniform: false,
        });
    }
    let mut reg = |inst, dtype| body.regs.push(RegData { inst, dtype });
    let [x, y, z] = [0, 1, 2].map(|input| reg(BodyInst::Input(InputId::new(input)), DType::Int32));
    let five = reg(BodyInst::Const(Scalar::Int32(5)), DType::Int32);
    let less = reg(
        BodyInst::Map(Elementwise::Binary(BinaryOp::Lt, x, five)),
        DType::Bool,
    );
    let picked = reg(
        BodyInst::Map(Elementwise::Select {
            condition: less,
            then: y,
            otherwise: z,
        }),
        DType::Int32,
    );
    body.sinks = vec![Sink::Store(picked), Sink::Store(x)];
    body
}

#[test]
fn only_what_is_picked_is_needed() {
    let body = body();
    let any = Fact::unknown(DType::Int32);
    let mut known = Table::new();
    let mut check = |x: Fact, y: Fact, both: bool, expected: (bool, [bool; 3])| {
        facts(&body, &[x, y, any], None, &mut known);
        let found = needed(&body, &known, |sink| both || sink == 0);
        let inputs = found.inputs.rows().to_vec();
        assert_eq!((found.known, &inputs[..]), (expected.0, &expected.1[..]));
    };
    check(any, any, false, (false, [true, true, true]));
    check(
        Int { low: 0, high: 4 },
        any,
        false,
        (false, [false, true, false]),
    );
    check(
        Int { low: 0, high: 4 },
        any,
        true,
        (false, [true, true, false]),
    );
    check(
        Int { low: 5, high: 9 },
        any,
        false,
        (false, [false, false, true]),
    );
    check(
        Int { low: 0, high: 4 },
        Same(Scalar::Int32(3)),
        false,
        (true, [false; 3]),
    );
}
