//! Programs that use what earlier ones bound.

use std::sync::Arc;

use expect_test::expect;

use super::{list, run, scope, typed};
use crate::check::{Scope, check};
use crate::source::Source;
use crate::syntax;
use crate::types::{DType, Shape};

/// Checks a program and keeps what it binds, as a session does.
fn keep(scope: &mut Scope, text: &str) -> String {
    let source = Source::expr(text);
    let ast = Arc::new(syntax::parse(&source).ast);
    match check(&source, &ast, scope) {
        Ok(checked) => {
            scope.keep(&Arc::new(source), &ast);
            checked.func.to_string()
        }
        Err(diagnostics) => list(text, &diagnostics),
    }
}

#[test]
fn bindings_stay_as_they_were() {
    let mut scope = scope("x: float64[3]; y: int8[3]");
    keep(&mut scope, "d = x * 2; n = y ** 3");
    keep(&mut scope, "x = d + x");
    keep(&mut scope, "d = 1");
    for _ in 0..500 {
        keep(&mut scope, "x = x + 1");
    }
    assert_eq!(keep(&mut scope, "x").lines().count(), 1 + 4 + 2 * 500 + 1);
    keep(&mut scope, "z = n + y + d");
    expect![[r#"
        operand y: int8[3]
        v0: int8[3] = elem y
        v1: int8[3] = mul v0 v0
        v2: int8[3] = mul v1 v0
        v3: int8[3] = add v2 v0
        v4: int8 = const 1
        v5: int8[3] = add v3 v4
        v6: int8 = const 1
        v7: int8[3] = add v5 v6
        v8: int8[3] = add v7 v2
        v9: float64 = const 3.141592653589793
        output "e" = v8
        output "pi" = v9
    "#]]
    .assert_eq(&keep(&mut scope, "e = z + d + n; e, pi"));
}

#[test]
fn a_binding_follows_its_operands() {
    let mut scope = scope("x: float64[3]; y: int8[3]");
    keep(&mut scope, "z = -(x > y) if x > 0 else y; w = z + 1");
    keep(&mut scope, "z = y + x");
    keep(&mut scope, "w = z + 1");
    scope.operand("y", DType::Bool, Shape::new(&[3]), None);
    assert_eq!(typed(&scope, "w"), "w: float64[3]");
    scope.operand("y", DType::Bool, Shape::new(&[4]), None);
    expect![[r#"
        E0204: `z` no longer checks: shapes `(4,)` and `(3,)` do not broadcast: axis 0 has 4 on the left and 3 on the right
          "w" at 4: bound earlier
    "#]].assert_eq(&list("2 * w", &run(&scope, "2 * w").unwrap_err()));
    let mut names: Vec<&str> = scope.names().collect();
    names.sort_unstable();
    assert_eq!(names, ["w", "x", "y", "z"]);
}

#[test]
fn functions_live_on() {
    let mut scope = scope("x: float64[3]; b: bool[3]");
    keep(
        &mut scope,
        "k = x * 2; f(y) = y - k; k = 1; g(y) = f(y) * k",
    );
    keep(&mut scope, "h(y) = f(y) + g(y); k = b");
    keep(&mut scope, "z = h(b)");
    keep(&mut scope, "f = 3");
    keep(&mut scope, "f(y) = y + f");
    expect![[r#"
        operand x: float64[3]
        operand b: bool[3]
        v0: float64[3] = elem x
        v1: float64 = const 2.0
        v2: float64[3] = mul v0 v1
        v3: bool[3] = elem b
        v4: float64[3] = cast v3
        v5: float64[3] = sub v4 v2
        v6: float64[3] = cast v3
        v7: float64[3] = sub v6 v2
        v8: float64 = const 1.0
        v9: float64[3] = mul v7 v8
        v10: float64[3] = add v5 v9
        v11: int8 = const 1
        v12: int8 = const 3
        v13: int8 = add v11 v12
        output "z" = v10
        output "f(int8(1))" = v13
    "#]]
    .assert_eq(&keep(&mut scope, "z, f(int8(1))"));
    scope.operand("x", DType::Bool, Shape::new(&[4]), None);
    expect![[r#"
        E0205: `g` has no argument `x`
          "x" at 6: unknown
          note: it is `g(y)`
        E0204: shapes `(3,)` and `(4,)` do not broadcast: axis 0 has 3 on the left and 4 on the right
          "g(b)" at 13: in this call
          note: it is `f(y) = y - k`
    "#]]
    .assert_eq(&list(
        "2 * g(x=b) + g(b)",
        &run(&scope, "2 * g(x=b) + g(b)").unwrap_err(),
    ));
    expect![[r#"
        E0204: shapes `(3,)` and `(4,)` do not broadcast: axis 0 has 3 on the left and 4 on the right
          "z" at 0: in this call
          note: it is `f(y) = y - k`
        E0204: shapes `(3,)` and `(4,)` do not broadcast: axis 0 has 3 on the left and 4 on the right
          "z" at 0: in this call
          note: it is `f(y) = y - k`
        E0202: there is no function `hh`
          "hh" at 4: unknown function
    "#]]
    .assert_eq(&list("z + hh(1)", &run(&scope, "z + hh(1)").unwrap_err()));
}
