//! In: random programs, and functions as text. Out: the same answers, and text, pinned.

use arbtest::arbtest;
use expect_test::{Expect, expect};

use super::passes::{Kind, Leaf, PassSink, Want};
use super::*;
use crate::ir::eval::{EvalError, eval, registers};
use crate::ir::{Inst, Output, Sink, Value, arbitrary, parse};
use crate::math::scalar;
use crate::table::Id;
use crate::types::{Scalar, Shape};

/// What `eval` says, with NaNs made equal.
fn answers(func: &Verified, operands: &[Vec<u8>]) -> Result<Vec<Vec<Scalar>>, EvalError> {
    let outputs = eval(func, operands)?;
    Ok(outputs.iter().map(|output| output.elems()).collect())
}

#[test]
fn optimising_changes_no_answer() {
    arbtest(|u| {
        let (func, operands) = arbitrary::program(u)?;
        let before = answers(&func, &operands);
        for (name, stage) in trace(&func) {
            let after = answers(&stage, &operands);
            assert_eq!(before, after, "{name}\nbefore\n{}after\n{}", *func, *stage);
        }
        Ok(())
    })
    .budget_ms(3_000);
}

#[test]
fn a_plan_delivers_everything_before_it_is_read() {
    arbtest(|u| {
        let (func, _) = arbitrary::program(u)?;
        let func = if u.arbitrary()? { optimise(func) } else { func };
        check_plan(&func, &PassPlan::new(&func));
        Ok(())
    })
    .budget_ms(1_000);
}

fn check_plan(func: &Verified, plan: &PassPlan) {
    let mut raised = vec![0; func.raises.len()];
    for (index, pass) in plan.passes.iter().enumerate() {
        assert!(!pass.sinks.is_empty(), "a dead pass");
        assert_eq!(pass.cut.dims.len(), pass.domain.ndim());
        for input in &pass.inputs {
            assert_eq!(
                input.shape.broadcast(&pass.domain).as_ref(),
                Ok(&pass.domain)
            );
            if let Leaf::Result(value) = input.leaf.root(func) {
                let home = plan.home(value).expect("a result has a home");
                assert!(home.pass < index, "{value} is read before it is there");
            }
        }
        for &sink in &pass.sinks {
            assert_eq!(func.values[sink.arg(func)].shape, pass.domain);
            match sink {
                PassSink::Raise(raise) => raised[raise] += 1,
                PassSink::Fold(value) => {
                    let Inst::Reduce(reduce) = &func.values[value].inst else {
                        panic!("{value} is folded");
                    };
                    assert_eq!(reduce.cut, pass.cut);
                }
                PassSink::Scan(value) => {
                    let Inst::Scan(scan) = &func.values[value].inst else {
                        panic!("{value} is scanned");
                    };
                    assert_eq!(pass.scan_axis(func), Some(scan.axis));
                }
                PassSink::Store(_) => {}
                PassSink::Filter(index) => {
                    let filter = func.outputs[index].filter.expect("it is filtered");
                    let mask = PassSink::Mask(filter.mask);
                    let masks = pass.sinks.iter().filter(|other| **other == mask);
                    assert_eq!(masks.count(), 1);
                }
                PassSink::Tally(value) => {
                    let tally = func.values[value].inst.tally().expect("it is added up");
                    let weight = PassSink::Weight(tally.weight);
                    assert!(pass.sinks.contains(&weight));
                }
                PassSink::Mask(_) | PassSink::Weight(_) => assert_eq!(pass.kind, Kind::Ordered),
            }
        }
        for want in [Want::Fold, Want::Store] {
            let body = pass.body(func, &[], &vec![want; pass.sinks.len()]);
            assert_eq!(body.sinks.len(), pass.sinks.len());
        }
    }
    assert!(raised.iter().all(|&times| times == 1));
    for (output, home) in func.outputs.iter().zip(&plan.outputs) {
        if output.filter.is_none() {
            assert_eq!(plan.home(output.value), Some(*home));
        }
        assert!(home.sink < plan.passes[home.pass].sinks.len());
    }
}

/// Runs the bodies of a plan element by element and compares each register that a sink takes
/// with the value that the interpreter gives the whole function.
#[test]
fn bodies_compute_what_their_sinks_deliver() {
    arbtest(|u| {
        let (func, operands) = arbitrary::program(u)?;
        let func = if u.arbitrary()? { optimise(func) } else { func };
        let values = every_value(&func, &operands);
        for pass in &PassPlan::new(&func).passes {
            let wants = vec![Want::Store; pass.sinks.len()];
            let body = pass.body(&func, &[], &wants);
            for at in 0..pass.domain.elems() {
                let elem = |value: Value| {
                    let flat = broadcast(at, &pass.domain, &func.values[value].shape);
                    values[value.index()][flat]
                };
                let inputs = pass
                    .inputs
                    .iter()
                    .map(|input| elem(value_of(&func, input.leaf)));
                let regs = registers(&body, &inputs.collect::<Vec<_>>());
                for (sink, delivered) in pass.sinks.iter().zip(&body.sinks) {
                    let Sink::Store(reg) = *delivered else {
                        panic!("{delivered:?} where elements are wanted");
                    };
                    let expected = scalar::cast(elem(sink.arg(&func)), body.regs[reg].dtype);
                    assert_eq!(regs[reg], expected, "{sink:?} of\n{}{body}", *func);
                }
            }
        }
        Ok(())
    })
    .budget_ms(2_000);
}

/// The elements of every value, by its number.
fn every_value(func: &Verified, operands: &[Vec<u8>]) -> Vec<Vec<Scalar>> {
    let mut all = (**func).clone();
    all.raises.clear();
    all.outputs.clear();
    for value in func.values.ids() {
        let name = value.to_string();
        let filter = None;
        all.outputs.push(Output {
            name,
            value,
            filter,
        });
    }
    let all = Verified::new(all).expect("only the roots have changed");
    answers(&all, operands).expect("nothing raises")
}

/// A value whose elements an input has.
fn value_of(func: &Func, leaf: Leaf) -> Value {
    match leaf {
        Leaf::Result(value) | Leaf::Generate(value) | Leaf::View(value) => value,
        Leaf::Operand(id) => {
            let reads = |value: &Value| func.values[*value].inst == Inst::Elem(id);
            func.values.ids().find(reads).expect("read by some value")
        }
    }
}

/// Where element `flat` of an array of shape `domain` lies in one of `shape` broadcast to it.
fn broadcast(flat: usize, domain: &Shape, shape: &Shape) -> usize {
    let skip = domain.ndim() - shape.ndim();
    let (ours, theirs) = (shape.strides(), domain.strides());
    let axes = (0..shape.ndim()).filter(|&axis| shape[axis] != 1);
    axes.map(|axis| flat / theirs[axis + skip] % shape[axis] * ours[axis])
        .sum()
}

fn check(text: &str, expect: Expect) {
    let func = Verified::new(parse(text).expect("parses")).expect("verifies");
    expect.assert_eq(&optimise(func).to_string());
}

#[test]
fn constants_fold_and_keep_their_shape() {
    check(
        "v0: float64[3] = const 2.0
v1: float64 = const 0.5
v2: float64[3] = mul v0 v1
v3: int8[3] = cast v2
v4: float64 = reduce sum v2 axes [0] cut [3:3]
output \"a\" = v3\noutput \"b\" = v4\n",
        expect![[r#"
            v0: float64[3] = const 1.0
            v1: int8[3] = const 1
            v2: float64 = reduce sum v0 axes [0] cut [3:3]
            output "a" = v1
            output "b" = v2
        "#]],
    );
}

#[test]
fn only_exact_identities_go() {
    check(
        "operand x: float64[3]
v0: float64[3] = elem x
v1: float64 = const 0.0
v2: float64 = const -0.0
v3: float64 = const 1.0
v4: float64 = const 8.0
v5: float64 = const 10.0
v6: float64[3] = add v0 v1
v7: float64[3] = add v0 v2
v8: float64[3] = sub v7 v1
v9: float64[3] = mul v3 v8
v10: float64[3] = div v9 v4
v11: float64[3] = div v9 v5
v12: float64[3] = sub v0 v0
v13: float64[3] = mul v0 v1
output \"x + 0\" = v6\noutput \"x / 8\" = v10\noutput \"x / 10\" = v11\noutput \"x - x\" = v12
output \"x * 0\" = v13\noutput \"x\" = v9\n",
        expect![[r#"
            operand x: float64[3]
            v0: float64[3] = elem x
            v1: float64 = const 0.0
            v2: float64 = const 10.0
            v3: float64[3] = add v0 v1
            v4: float64 = const 0.125
            v5: float64[3] = mul v0 v4
            v6: float64[3] = div v0 v2
            v7: float64[3] = sub v0 v0
            v8: float64[3] = mul v0 v1
            output "x + 0" = v3
            output "x / 8" = v5
            output "x / 10" = v6
            output "x - x" = v7
            output "x * 0" = v8
            output "x" = v0
        "#]],
    );
}

#[test]
fn a_rewrite_never_makes_a_shape_smaller() {
    check(
        "operand x: int32[3]
v0: int32[3] = elem x
v1: int32[2, 3] = const 1
v2: int32[2, 3] = mul v0 v1
v3: int32[2, 1] = const 0
v4: int32[2, 3] = mul v0 v3
output \"x * ones\" = v2\noutput \"x * zeros\" = v4\n",
        expect![[r#"
            operand x: int32[3]
            v0: int32[3] = elem x
            v1: int32[2, 3] = const 1
            v2: int32[2, 3] = mul v0 v1
            v3: int32[2, 3] = const 0
            output "x * ones" = v2
            output "x * zeros" = v3
        "#]],
    );
}

#[test]
fn conditions_simplify() {
    check(
        "operand x: int32[3]
operand c: bool[3]
v0: int32[3] = elem x
v1: bool[3] = elem c
v2: bool[3] = lt v0 v0
v3: bool[3] = not v1
v4: bool = const True
v5: bool = const False
v6: int32 = const 7
v7: int32[3] = select v3 v0 v6
v8: bool[3] = select v3 v5 v4
v9: int32[3] = select v4 v7 v0
v10: bool[3] = and v8 v4
v11: bool[3] = ge v0 v6
v12: bool[3] = not v11
output \"a\" = v9\noutput \"b\" = v10\noutput \"c\" = v12
raise v2\n",
        expect![[r#"
            operand x: int32[3]
            operand c: bool[3]
            v0: int32[3] = elem x
            v1: bool[3] = elem c
            v2: int32 = const 7
            v3: int32[3] = select v1 v2 v0
            v4: bool[3] = lt v0 v2
            output "a" = v3
            output "b" = v1
            output "c" = v4
        "#]],
    );
}

#[test]
fn what_is_computed_twice_is_computed_once() {
    check(
        "operand x: int32[3]
operand y: int32[3]
v0: int32[3] = elem x
v1: int32[3] = elem y
v2: int32[3] = elem x
v3: int32[3] = mul v0 v1
v4: int32[3] = mul v1 v2
v5: int64 = reduce sum v3 axes [0] cut [3:3]
v6: int64 = reduce sum v4 axes [0] cut [3:3]
v7: int64 = reduce sum v4 axes [0] cut [3:2]
v8: bool[3] = lt v0 v1
v9: bool[3] = lt v2 v1
output \"a\" = v5\noutput \"b\" = v6\noutput \"c\" = v7
raise v8 at 1..2\nraise v9 at 3..4\n",
        expect![[r#"
            operand x: int32[3]
            operand y: int32[3]
            v0: int32[3] = elem x
            v1: int32[3] = elem y
            v2: int32[3] = mul v0 v1
            v3: int64 = reduce sum v2 axes [0] cut [3:3]
            v4: int64 = reduce sum v2 axes [0] cut [3:2]
            v5: bool[3] = lt v0 v1
            raise v5 at 1..2
            output "a" = v3
            output "b" = v3
            output "c" = v4
        "#]],
    );
}
