//! What is wrong with programs, and the way out.

use expect_test::{Expect, expect};

use super::{list, run, scope, typed};
use crate::types::{DType, Shape};

const OPERANDS: &str = "a: float64[3]; b: float64[3]; i: int64[3]; u: uint64[3]; u8: uint8[3]; \
    i8: int8[3]; m: float32[4, 5]; temperature: float32";

/// All that is wrong with some programs.
fn explained(texts: &[&str], expected: Expect) {
    let mut out = String::new();
    for text in texts {
        match run(&scope(OPERANDS), text) {
            Ok(checked) => panic!("{text} checks: {}", *checked.func),
            Err(diagnostics) => out += &format!("--- {text}\n{}", list(text, &diagnostics)),
        }
    }
    expected.assert_eq(&out);
}

#[test]
fn dtypes_and_shapes() {
    explained(
        &[
            "(a > 0) - (b > 1)",
            "(a > 0) - (b > 1) + 1",
            "-(a > 0)",
            "+(a > 0)",
            "sign(a > 0)",
            "a > 0 & b < 1",
            "a > 0 | b < 1 | a == b",
            "a & b",
            "a + a | b",
            "~a",
            "u & i",
            "a << 1",
            "u8 + 300",
            "where(a > 0, u8, -1)",
            "int8(300)",
            "i ** -2",
            "(i + 1) ** -2",
            "sin(i8)",
            "sqrt(a > 0)",
            "i8.sin()",
            "round(b > 0, 1)",
            "a + m",
            "m - mean(m, axis=1)",
            "where(a > 0, m, a)",
            "full(3, 2) + m + a",
        ],
        expect![[r#"
            --- (a > 0) - (b > 1)
            E0203: cannot subtract `bool` from `bool`
              "-" at 8: 
              "(a > 0)" at 0: `bool`, the result of `>`
              "(b > 1)" at 10: `bool`, the result of `>`
              help: to tell where the two differ, use `^`
                (a > 0) ^ (b > 1)
            --- (a > 0) - (b > 1) + 1
            E0203: cannot subtract `bool` from `bool`
              "-" at 8: 
              "(a > 0)" at 0: `bool`, the result of `>`
              "(b > 1)" at 10: `bool`, the result of `>`
              help: to tell where the two differ, use `^`
                ((a > 0) ^ (b > 1)) + 1
            --- -(a > 0)
            E0203: cannot negate `bool`
              "-" at 0: 
              "(a > 0)" at 1: `bool`, the result of `>`
              help: to turn a truth value around, use `~`
                ~(a > 0)
            --- +(a > 0)
            E0203: `+` does not take `bool`
              "+(a > 0)" at 0: 
              "(a > 0)" at 1: `bool`, the result of `>`
              help: to count with it, convert it
                +int8(a > 0)
            --- sign(a > 0)
            E0203: `sign` does not take `bool`
              "sign(a > 0)" at 0: 
              "a > 0" at 5: `bool`, the result of `>`
              help: to count with it, convert it
                sign(int8(a > 0))
            --- a > 0 & b < 1
            E0203: `&` does not take an integer and `float64`
              "&" at 6: 
              "0" at 4: an integer literal
              "b" at 8: `float64`
              help: comparisons bind weaker than this operator: put them in brackets
                (a > 0) & (b < 1)
            --- a > 0 | b < 1 | a == b
            E0203: `|` does not take an integer and `float64`
              "|" at 6: 
              "0" at 4: an integer literal
              "b" at 8: `float64`
              help: comparisons bind weaker than this operator: put them in brackets
                (a > 0) | (b < 1) | (a == b)
            E0203: `|` does not take an integer and `float64`
              "|" at 14: 
              "1" at 12: an integer literal
              "a" at 16: `float64`
              help: comparisons bind weaker than this operator: put them in brackets
                (a > 0) | (b < 1) | (a == b)
            --- a & b
            E0203: `&` does not take `float64` and `float64`
              "&" at 2: 
              "a" at 0: `float64`
              "b" at 4: `float64`
              help: to combine truth values, use `and`
                a and b
            --- a + a | b
            E0203: `|` does not take `float64` and `float64`
              "|" at 6: 
              "a + a" at 0: `float64`, the result of `+`
              "b" at 8: `float64`
              help: to combine truth values, use `or`
                a + a or b
            --- ~a
            E0203: cannot invert the bits of `float64`
              "~" at 0: 
              "a" at 1: `float64`
              help: to turn a truth value around, use `not`
                not a
            --- u & i
            E0203: `&` does not take `uint64` and `int64`
              "&" at 2: 
              "u" at 0: `uint64`
              "i" at 4: `int64`
              help: convert one of them
                u & uint64(i)
            --- a << 1
            E0203: `<<` does not take `float64` and an integer
              "<<" at 2: 
              "a" at 0: `float64`
              "1" at 5: an integer literal
              help: convert to integers first
                int64(a) << 1
            --- u8 + 300
            E0207: `300` does not fit in `uint8`
              "300" at 5: `uint8` holds 0 to 255
              "u8" at 0: `uint8`
              help: compute in `int16`
                int16(u8) + 300
            --- where(a > 0, u8, -1)
            E0207: `-1` does not fit in `uint8`
              "-1" at 17: `uint8` holds 0 to 255
              "u8" at 13: `uint8`
              help: compute in `int16`
                where(a > 0, int16(u8), -1)
            --- int8(300)
            E0207: `300` does not fit in `int8`
              "300" at 5: `int8` holds -128 to 127
            --- i ** -2
            E0209: cannot raise `int64` to a negative integer power
              "-2" at 5: negative
              "i" at 0: `int64`
              help: for a fraction, convert first
                float64(i) ** -2
            --- (i + 1) ** -2
            E0209: cannot raise `int64` to a negative integer power
              "-2" at 11: negative
              "(i + 1)" at 0: `int64`, the result of `+`
              help: for a fraction, convert first
                float64(i + 1) ** -2
            --- sin(i8)
            E0208: `sin` of `int8` is `float16` in NumPy, which is not available yet
              "i8" at 4: `int8`
              help: choose a precision: convert first
                sin(float32(i8))
            --- sqrt(a > 0)
            E0208: `sqrt` of `bool` is `float16` in NumPy, which is not available yet
              "a > 0" at 5: `bool`, the result of `>`
              help: choose a precision: convert first
                sqrt(float32(a > 0))
            --- i8.sin()
            E0208: `sin` of `int8` is `float16` in NumPy, which is not available yet
              "i8" at 0: `int8`
              help: choose a precision: convert first
                float32(i8).sin()
            --- round(b > 0, 1)
            E0203: `round` does not take `bool`
              "round(b > 0, 1)" at 0: 
              "b > 0" at 6: `bool`, the result of `>`
              help: to count with it, convert it
                round(int8(b > 0), 1)
            --- a + m
            E0204: shapes `(3,)` and `(4, 5)` do not broadcast: axis 1 has 3 on the left and 5 on the right
              "+" at 2: 
              "a" at 0: `(3,)`
              "m" at 4: `(4, 5)`
            --- m - mean(m, axis=1)
            E0204: shapes `(4, 5)` and `(4,)` do not broadcast: axis 1 has 5 on the left and 4 on the right
              "-" at 2: 
              "m" at 0: `(4, 5)`
              "mean(m, axis=1)" at 4: `(4,)`
              help: keep the reduced axis with extent 1
                m - mean(m, axis=1, keepdims=True)
            --- where(a > 0, m, a)
            E0204: shapes `(3,)` and `(4, 5)` do not broadcast: axis 1 has 3 on the left and 5 on the right
              "where(a > 0, m, a)" at 0: 
              "a > 0" at 6: `(3,)`
              "m" at 13: `(4, 5)`
            --- full(3, 2) + m + a
            E0204: shapes `(3,)` and `(4, 5)` do not broadcast: axis 1 has 3 on the left and 5 on the right
              "+" at 11: 
              "full(3, 2)" at 0: `(3,)`
              "m" at 13: `(4, 5)`
        "#]],
    );
}

#[test]
fn names_and_arguments() {
    explained(
        &[
            "temperatur + 1",
            "sqroot(a)",
            "Sum(a)",
            "ln(a)",
            "np.sqrt(a)",
            "sum",
            "a + sum",
            "float32 + a",
            "a(2)",
            "a.summ()",
            "a.sum",
            "a.shape",
            "sum(a, axes=0)",
            "sum(a, 0, 1)",
            "sum(a, axis=0, axis=1)",
            "sqrt()",
            "sqrt(a, a)",
            "sqrt(a, where=b)",
            "max(a, b)",
            "max(a, 3)",
            "min(a, axis=b)",
            "m.sum(axis=2)",
            "m.sum(axis=(0, 0))",
            "a.astype(flot32)",
            "a.astype(float)",
            "a.astype('flot32')",
            "a.astype(7)",
            "9223372036854775807 + 1",
            "(a, b)",
            "'text'",
            "None + 1",
            "xx + yy",
            "a @ b",
            "a[(0, 1)]",
            "complex(a)",
            "f(x) = x + 1; f = f",
            "pow(b, b) % sum",
            "subtract(a > 0, b > 0)",
            "maximum(u8, 300)",
            "clip(u8, 300, 400)",
            "t = sum",
            "d = sin(i8); a",
            "a # - b\n - (b > 0) - (b > 1)",
        ],
        expect![[r#"
            --- temperatur + 1
            E0201: `temperatur` is not bound
              "temperatur" at 0: unknown name
              help: did you mean `temperature`?
                temperature + 1
            --- sqroot(a)
            E0202: there is no function `sqroot`
              "sqroot" at 0: unknown function
              help: did you mean `sqrt`?
                sqrt(a)
            --- Sum(a)
            E0202: there is no function `Sum`
              "Sum" at 0: unknown function
              help: did you mean `sum`?
                sum(a)
            --- ln(a)
            E0202: there is no function `ln`
              "ln" at 0: unknown function
              help: did you mean `log`?
                log(a)
            --- np.sqrt(a)
            E0201: `np` is not bound
              "np" at 0: unknown name
              help: functions are called without a prefix
                sqrt(a)
            --- sum
            E0211: `sum` is a function, not an array
              "sum" at 0: an array is needed here
              help: call it: `sum(x, axis=None, dtype=None, *, keepdims=False, initial=None, where=True)`
            --- a + sum
            E0211: `sum` is a function, not an array
              "sum" at 4: an array is needed here
              help: call it: `sum(x, axis=None, dtype=None, *, keepdims=False, initial=None, where=True)`
            --- float32 + a
            E0211: `float32` is a dtype, not an array
              "float32" at 0: an array is needed here
              help: to convert, call it: `float32(x)`
            --- a(2)
            E0202: `a` is not a function
              "a" at 0: this cannot be called
              help: to multiply, write `*`
                a * (2)
            --- a.summ()
            E0202: an array has no `summ`
              "summ" at 2: unknown
              help: did you mean `sum`?
                a.sum()
            --- a.sum
            E0211: `a.sum` is a function, not an array
              "a.sum" at 0: an array is needed here
              help: call it: `sum(x, axis=None, dtype=None, *, keepdims=False, initial=None, where=True)`
            --- a.shape
            E0202: an array has no `shape`
              "shape" at 2: unknown
            --- sum(a, axes=0)
            E0205: `sum` has no argument `axes`
              "axes" at 7: unknown
              note: it is `sum(x, axis=None, dtype=None, *, keepdims=False, initial=None, where=True)`
              help: did you mean `axis`?
                sum(a, axis=0)
            --- sum(a, 0, 1)
            E0213: `1` is not a dtype
              "1" at 10: 
              help: the dtypes are bool, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float32, float64
            --- sum(a, axis=0, axis=1)
            E0205: `sum` is given `axis` twice
              "1" at 20: again
              note: it is `sum(x, axis=None, dtype=None, *, keepdims=False, initial=None, where=True)`
            --- sqrt()
            E0205: `sqrt` needs the argument `x`
              "sqrt" at 0: 
              note: it is `sqrt(x)`
            --- sqrt(a, a)
            E0205: `sqrt` takes 1 argument by position
              "a" at 8: one too many
              note: it is `sqrt(x)`
            --- sqrt(a, where=b)
            E0106: `where=` of `sqrt` is not available in this version yet
              "where" at 8: not yet
            --- max(a, b)
            E0213: `axis` must be an integer or a tuple of integers, written out
              "b" at 7: 
              help: for the `max` of two arrays, use `maximum`
                maximum(a, b)
            --- max(a, 3)
            E0206: axis 3 is not an axis of shape `(3,)`
              "3" at 7: the only axis is 0
              "a" at 4: `(3,)`
              help: for the `max` of two arrays, use `maximum`
                maximum(a, 3)
            --- min(a, axis=b)
            E0213: `axis` must be an integer or a tuple of integers, written out
              "b" at 12: 
            --- m.sum(axis=2)
            E0206: axis 2 is not an axis of shape `(4, 5)`
              "2" at 11: the axes are 0 to 1
              "m" at 0: `(4, 5)`
            --- m.sum(axis=(0, 0))
            E0206: axis 0 is named twice
              "0" at 15: again
            --- a.astype(flot32)
            E0201: `flot32` is not bound
              "flot32" at 9: unknown name
              help: did you mean `float32`?
                a.astype(float32)
            --- a.astype(float)
            E0201: `float` is not bound
              "float" at 9: unknown name
              help: did you mean `float64`?
                a.astype(float64)
            --- a.astype('flot32')
            E0213: `flot32` is not a dtype
              "'flot32'" at 9: 
              help: did you mean `float32`?
                a.astype(float32)
            --- a.astype(7)
            E0213: `7` is not a dtype
              "7" at 9: 
              help: the dtypes are bool, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float32, float64
            --- 9223372036854775807 + 1
            E0207: an integer computed from literals does not fit in 64 bits
              "9223372036854775807 + 1" at 0: too large for `int64`
              help: write out a number that fits in `uint64`, or write a float, `2.0**64`
            --- (a, b)
            E0211: `(a, b)` is several values, not an array
              "(a, b)" at 0: an array is needed here
              help: without the brackets each is an output
                a, b
            --- 'text'
            E0211: `'text'` is text, not an array
              "'text'" at 0: an array is needed here
              help: strings name dtypes only
            --- None + 1
            E0211: `None` is no value, not an array
              "None" at 0: an array is needed here
              help: leave it out
            --- xx + yy
            E0201: `xx` is not bound
              "xx" at 0: unknown name
              note: the operands are `a`, `b`, `i`, `i8`, `m`, `temperature`, `u`, `u8`
            E0201: `yy` is not bound
              "yy" at 5: unknown name
              note: the operands are `a`, `b`, `i`, `i8`, `m`, `temperature`, `u`, `u8`
            --- a @ b
            E0106: the matrix product `@` is not available in this version yet
              "@" at 2: not yet
            --- a[(0, 1)]
            E0106: a tuple as an index is not available in this version yet
              "(0, 1)" at 2: not yet
            --- complex(a)
            E0106: the function `complex` is not available in this version yet
              "complex" at 0: not yet
            --- f(x) = x + 1; f = f
            E0211: `f` is a function, not an array
              "f" at 18: an array is needed here
              help: call it: `f(x)`
            --- pow(b, b) % sum
            E0211: `sum` is a function, not an array
              "sum" at 12: an array is needed here
              help: call it: `sum(x, axis=None, dtype=None, *, keepdims=False, initial=None, where=True)`
            --- subtract(a > 0, b > 0)
            E0203: cannot subtract `bool` from `bool`
              "subtract(a > 0, b > 0)" at 0: 
              "a > 0" at 9: `bool`, the result of `>`
              "b > 0" at 16: `bool`, the result of `>`
              help: to count, convert
                subtract(int8(a > 0), b > 0)
            --- maximum(u8, 300)
            E0207: `300` does not fit in `uint8`
              "300" at 12: `uint8` holds 0 to 255
              "u8" at 8: `uint8`
              help: compute in `int16`
                maximum(int16(u8), 300)
            --- clip(u8, 300, 400)
            E0207: `300` does not fit in `uint8`
              "300" at 9: `uint8` holds 0 to 255
              "u8" at 5: `uint8`
              help: compute in `int16`
                clip(int16(u8), 300, 400)
            --- t = sum
            E0211: `sum` is a function, not an array
              "sum" at 4: an array is needed here
              help: call it: `sum(x, axis=None, dtype=None, *, keepdims=False, initial=None, where=True)`
            --- d = sin(i8); a
            E0208: `sin` of `int8` is `float16` in NumPy, which is not available yet
              "i8" at 8: `int8`
              help: choose a precision: convert first
                d = sin(float32(i8)); a
            --- a # - b
             - (b > 0) - (b > 1)
            E0203: cannot negate `bool`
              "-" at 9: 
              "(b > 0)" at 11: `bool`, the result of `>`
        "#]],
    );
}

#[test]
fn limits_are_mistakes() {
    let mut scope = scope("x: float64[3, 1]; h: float64[2147483648, 1]; w: float64[4294967296]");
    let deep = format!("{}x", "-".repeat(150));
    assert!(typed(&scope, &deep).ends_with("float64[3, 1]"));
    assert_eq!(typed(&scope, "h + w"), "h + w: !E0404");
    scope.operand("i", DType::Int64, Shape::new(&[1]), None);
    scope.operand("u", DType::UInt64, Shape::new(&[1]), None);
    let many = |count: usize| vec!["i < u"; count].join(", ");
    assert!(run(&scope, &many(6_000)).is_ok());
    let selects = vec!["where(i, i < u, u < i)"; 2_800].join(", ");
    let code = run(&scope, &selects).unwrap_err()[0].code;
    assert!(matches!(code.as_str(), "E0403"), "{code}");
    scope.operand("wide", DType::Bool, Shape::from(vec![1; 17]), None);
    assert_eq!(typed(&scope, "wide"), "wide: !E0405");
}
