//! In: functions as text. Out: their plans and bodies as text, pinned.

use expect_test::{Expect, expect};

use super::*;
use crate::ir::parse;
use crate::limits::MAX_SINKS;

fn func(text: &str) -> Verified {
    Verified::new(parse(text).expect("text parses")).expect("text verifies")
}

fn check(text: &str, expect: Expect) {
    let func = func(text);
    let plan = PassPlan::new(&func);
    expect.assert_eq(&plan.display(&func).to_string());
}

const X: &str = "operand x: float64[100, 80] chunk [40, 80] block [20, 40]
v0: float64[100, 80] = elem x
";

/// A reduction of all of a 100 x 80 value, with the cut that `x` drives.
fn whole(op: &str, arg: &str) -> String {
    let ddof = if op == "std" { " ddof 0.0" } else { "" };
    format!("float64 = reduce {op} {arg} axes [0, 1] cut [100:100, 80:80]{ddof}")
}

#[test]
fn reductions_of_one_array_share_a_pass() {
    let text = format!(
        "{X}v1: {}\nv2: {}\nv3: {}
output \"mean\" = v1\noutput \"std\" = v2\noutput \"max\" = v3\n",
        whole("mean", "v0"),
        whole("std", "v0"),
        whole("max", "v0"),
    );
    check(
        &text,
        expect![[r#"
        pass 0: over [100, 80] cut [100:100, 80:80]
          in0: float64[100, 80] = operand x
          fold v1: float64 = reduce mean v0 axes [0, 1] cut [100:100, 80:80]
          fold v2: float64 = reduce std v0 axes [0, 1] cut [100:100, 80:80] ddof 0.0
          fold v3: float64 = reduce max v0 axes [0, 1] cut [100:100, 80:80]
        output "mean" = v1 from pass 0
        output "std" = v2 from pass 0
        output "max" = v3 from pass 0
    "#]],
    );
}

#[test]
fn standardising_takes_two_passes() {
    let text = format!(
        "{X}v1: {}\nv2: {}
v3: float64[100, 80] = sub v0 v1
v4: float64[100, 80] = div v3 v2
output \"z\" = v4\n",
        whole("mean", "v0"),
        whole("std", "v0"),
    );
    check(
        &text,
        expect![[r#"
        pass 0: over [100, 80] cut [100:100, 80:80]
          in0: float64[100, 80] = operand x
          fold v1: float64 = reduce mean v0 axes [0, 1] cut [100:100, 80:80]
          fold v2: float64 = reduce std v0 axes [0, 1] cut [100:100, 80:80] ddof 0.0
        pass 1: over [100, 80] cut [100:100, 80:80]
          in0: float64[100, 80] = operand x
          in1: float64 = v1 from pass 0
          in2: float64 = v2 from pass 0
          v3: float64[100, 80] = sub v0 v1
          v4: float64[100, 80] = div v3 v2
          store v4
        output "z" = v4 from pass 1
    "#]],
    );
}

#[test]
fn what_needs_no_data_is_an_epilogue() {
    let text = format!(
        "{X}v1: {}
v2: float64 = const 2.0
v3: float64 = div v1 v2
v4: float64[100, 80] = mul v0 v3
v5: {}
v6: float64 = add v5 v3
v7: float64[100, 80] = mul v0 v0
v8: int64[10] = arange 0 1
v9: bool = lt v5 v3
output \"y\" = v6\noutput \"half\" = v3\noutput \"square\" = v7\noutput \"x\" = v0\noutput \"i\" = v8
raise v9\n",
        whole("sum", "v0"),
        whole("sum", "v4"),
    );
    check(
        &text,
        expect![[r#"
        pass 0: over [100, 80] cut [100:100, 80:80]
          in0: float64[100, 80] = operand x
          v7: float64[100, 80] = mul v0 v0
          fold v1: float64 = reduce sum v0 axes [0, 1] cut [100:100, 80:80]
          store v0
          store v7
        pass 1: over [10] cut [10:10]
          in0: int64[10] = generate v8
          store v8
        pass 2: epilogue over []
          in0: float64 = v1 from pass 0
          v2: float64 = const 2.0
          v3: float64 = div v1 v2
          store v3
        pass 3: over [100, 80] cut [100:100, 80:80]
          in0: float64[100, 80] = operand x
          in1: float64 = v3 from pass 2
          v4: float64[100, 80] = mul v0 v3
          fold v5: float64 = reduce sum v4 axes [0, 1] cut [100:100, 80:80]
        pass 4: epilogue over []
          in0: float64 = v1 from pass 0
          in1: float64 = v5 from pass 3
          v2: float64 = const 2.0
          v3: float64 = div v1 v2
          v6: float64 = add v5 v3
          v9: bool = lt v5 v3
          store v6
          raise v9
        output "y" = v6 from pass 4
        output "half" = v3 from pass 2
        output "square" = v7 from pass 0
        output "x" = v0 from pass 0
        output "i" = v8 from pass 1
    "#]],
    );
}

#[test]
fn an_output_may_be_anything() {
    let text = "operand x: int32[4]
v0: int32[4] = elem x
v1: int64[5] = arange 0 1
v2: float32[3] = const 1.5
v3: float32 = const 2.5
output \"x\" = v0\noutput \"x again\" = v0\noutput \"i\" = v1\noutput \"full\" = v2\noutput \"c\" = v3\n";
    check(
        text,
        expect![[r#"
        pass 0: epilogue over [3]
          v2: float32[3] = const 1.5
          store v2
        pass 1: epilogue over []
          v3: float32 = const 2.5
          store v3
        pass 2: over [4] cut [4:4]
          in0: int32[4] = operand x
          store v0
        pass 3: over [5] cut [5:5]
          in0: int64[5] = generate v1
          store v1
        output "x" = v0 from pass 2
        output "x again" = v0 from pass 2
        output "i" = v1 from pass 3
        output "full" = v2 from pass 0
        output "c" = v3 from pass 1
    "#]],
    );
}

#[test]
fn different_cuts_part_and_idle_outputs_wait() {
    let text = format!(
        "{X}operand y: float64[100, 80] chunk [30, 80] block [30, 80]
v1: float64[100, 80] = elem y
v2: float64 = reduce sum v0 axes [0, 1] cut [100:10, 80:80]
v3: float64 = reduce sum v1 axes [0, 1] cut [30:30, 80:80]
v4: float64[100, 80] = sub v0 v2
v5: {}
v6: {}
output \"a\" = v3\noutput \"b\" = v5\noutput \"c\" = v6\n",
        whole("sum", "v4"),
        whole("max", "v0"),
    );
    check(
        &text,
        expect![[r#"
        pass 0: over [100, 80] cut [100:10, 80:80]
          in0: float64[100, 80] = operand x
          fold v2: float64 = reduce sum v0 axes [0, 1] cut [100:10, 80:80]
        pass 1: over [100, 80] cut [30:30, 80:80]
          in0: float64[100, 80] = operand y
          fold v3: float64 = reduce sum v1 axes [0, 1] cut [30:30, 80:80]
        pass 2: over [100, 80] cut [100:100, 80:80]
          in0: float64[100, 80] = operand x
          in1: float64 = v2 from pass 0
          v4: float64[100, 80] = sub v0 v2
          fold v5: float64 = reduce sum v4 axes [0, 1] cut [100:100, 80:80]
          fold v6: float64 = reduce max v0 axes [0, 1] cut [100:100, 80:80]
        output "a" = v3 from pass 1
        output "b" = v5 from pass 2
        output "c" = v6 from pass 2
    "#]],
    );
}

#[test]
fn too_many_sinks_are_split() {
    let mut text = X.to_string();
    for index in 1..=MAX_SINKS + 1 {
        text += &format!("v{index}: {}\n", whole("max", "v0"));
        text += &format!("output \"{index}\" = v{index}\n");
    }
    let func = func(&text);
    let plan = PassPlan::new(&func);
    let sinks: Vec<usize> = plan.passes.iter().map(|pass| pass.sinks.len()).collect();
    assert_eq!(sinks, [MAX_SINKS, 1]);
    let last = plan.outputs.last().copied();
    assert_eq!(last, Some(Home { pass: 1, sink: 0 }));
}

fn check_body(text: &str, wants: &[Want], uniform: &[bool], expect: Expect) {
    let func = func(text);
    let plan = PassPlan::new(&func);
    let body = plan.passes[0].body(&func, uniform, wants);
    expect.assert_eq(&body.to_string());
}

#[test]
fn a_body_converts_what_folds_need() {
    let text = "operand x: int32[100]\noperand y: int32
v0: int32[100] = elem x
v1: int32[100] = elem x
v2: int32 = elem y
v3: int32[100] = mul v0 v2
v4: int32[100] = add v3 v1
v5: float64 = reduce mean v4 axes [0] cut [100:100]
v6: int64 = reduce sum v4 axes [0] cut [100:100]
v7: int64 = reduce count_nonzero v0 axes [0] cut [100:100]
v8: float64 = reduce var v4 axes [0] cut [100:100] ddof 1.0
v9: bool[100] = lt v0 v2
output \"a\" = v5\noutput \"b\" = v6\noutput \"c\" = v7\noutput \"d\" = v8\noutput \"e\" = v3
raise v9\n";
    use Want::{Fold, Nothing, Store};
    let all = [Fold, Fold, Fold, Fold, Fold, Fold];
    check_body(
        text,
        &all,
        &[false, true],
        expect![[r#"
        in0: int32
        in1: int32 uniform
        r0: int32 = input in0
        r1: int32 = input in1
        r2: int32 = mul r0 r1
        r3: int32 = add r2 r0
        r4: bool = lt r0 r1
        r5: float64 = cast r3
        r6: bool = cast r0
        fold sum_float r5
        fold sum_int r3
        fold count_nonzero r6
        store r5
        store r2
        fold any r4
    "#]],
    );
    let some = [Nothing, Nothing, Store, Nothing, Nothing, Store];
    check_body(
        text,
        &some,
        &[false, true],
        expect![[r#"
        in0: int32
        in1: int32 uniform
        r0: int32 = input in0
        r1: int32 = input in1
        r2: bool = lt r0 r1
        r3: bool = cast r0
        store r3
        store r2
    "#]],
    );
}
