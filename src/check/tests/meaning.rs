//! What programs mean, as IR text; and the types of their outputs.

use expect_test::expect;

use super::{means, types};

#[test]
fn literals_combine_as_weak_numbers() {
    types(
        "f: float32[3]; u: uint8[3]; i: int32[3]",
        &[
            "1 + 2",
            "1 / 0",
            "2**-1",
            "7 // 0",
            "-7 // 2",
            "-7 % 3",
            "1.0 // 0.1",
            "f * (1/3)",
            "u + 200",
            "u + (100 * 2)",
            "u + 300",
            "u - 1",
            "u + -1",
            "i == 1.5",
            "f * sum(i)",
            "f * sqrt(2)",
            "-9223372036854775808",
            "9223372036854775807 + 1",
            "9223372036854775808",
            "18446744073709551615 + 1",
            "1 << 63",
            "1 << 62",
            "2 ** 62",
            "2 ** 63",
            "(-1) ** 99999999999",
            "~0",
            "not 3",
            "1 < 2 < 3",
            "True + True",
            "True",
            "-True",
            "pi * f",
            "inf",
            "f * 2**70",
            "0 ** -1",
            "u * True",
            "True + 1",
            "1 if True else 2.5",
            "nan",
            "e",
            "f % ((-1 + 1) | (1 == 1.5))",
            "True // True",
            "~True",
            "f * (True + True)",
            "(True - True)",
        ],
        expect![[r#"
            1 + 2: int64[]
            1 / 0: float64[]
            2**-1: float64[]
            7 // 0: int64[]
            -7 // 2: int64[]
            -7 % 3: int64[]
            1.0 // 0.1: float64[]
            f * (1/3): float32[3]
            u + 200: uint8[3]
            u + (100 * 2): uint8[3]
            u + 300: !E0207
            u - 1: uint8[3]
            u + -1: !E0207
            i == 1.5: bool[3]
            f * sum(i): float64[3]
            f * sqrt(2): float64[3]
            -9223372036854775808: int64[]
            9223372036854775807 + 1: !E0207
            9223372036854775808: uint64[]
            18446744073709551615 + 1: !E0207
            1 << 63: !E0207
            1 << 62: int64[]
            2 ** 62: int64[]
            2 ** 63: !E0207
            (-1) ** 99999999999: int64[]
            ~0: int64[]
            not 3: bool[]
            1 < 2 < 3: bool[]
            True + True: bool[]
            True: bool[]
            -True: !E0203
            pi * f: float32[3]
            inf: float64[]
            f * 2**70: !E0207
            0 ** -1: float64[]
            u * True: uint8[3]
            True + 1: int64[]
            1 if True else 2.5: float64[]
            nan: float64[]
            e: float64[]
            f % ((-1 + 1) | (1 == 1.5)): float32[3]
            True // True: int64[]
            ~True: bool[]
            f * (True + True): float32[3]
            (True - True): !E0203"#]],
    );
}

#[test]
fn literals_are_exact() {
    means(
        "u: uint8[3]",
        "u < 300, u == -1, u != -1, 256 <= u, -9223372036854775808",
        expect![[r#"
        operand u: uint8[3]
        v0: uint8[3] = elem u
        v1: bool[3] = const True
        v2: bool[3] = const False
        v3: bool[3] = const True
        v4: bool[3] = const False
        v5: int64 = const -9223372036854775808
        output "u < 300" = v1
        output "u == -1" = v2
        output "u != -1" = v3
        output "256 <= u" = v4
        output "-9223372036854775808" = v5
    "#]],
    );
    means(
        "f: float32[2]",
        "f * 0.1 + 16777217, f < 1e300",
        expect![[r#"
        operand f: float32[2]
        v0: float32[2] = elem f
        v1: float32 = const 0.1
        v2: float32[2] = mul v0 v1
        v3: float32 = const 16777216.0
        v4: float32[2] = add v2 v3
        v5: float32 = const inf
        v6: bool[2] = lt v0 v5
        output "f * 0.1 + 16777217" = v4
        output "f < 1e300" = v6
    "#]],
    );
    means(
        "",
        "2**-1 + 1/4, 1.0 // 0.1, -7 // 2 * (-7 % 3), 7.5 % -2, 0xff & ~1",
        expect![[r#"
        v0: float64 = const 0.75
        v1: float64 = const 9.0
        v2: int64 = const -8
        v3: float64 = const -0.5
        v4: int64 = const 254
        output "2**-1 + 1/4" = v0
        output "1.0 // 0.1" = v1
        output "-7 // 2 * (-7 % 3)" = v2
        output "7.5 % -2" = v3
        output "0xff & ~1" = v4
    "#]],
    );
}

#[test]
fn mixed_signs_compare_exactly() {
    means(
        "i: int64[3]; u: uint64[3]",
        "i < u, u < i, u == i, i != u",
        expect![[r#"
        operand i: int64[3]
        operand u: uint64[3]
        v0: int64[3] = elem i
        v1: uint64[3] = elem u
        v2: int64 = const 0
        v3: uint64[3] = cast v0
        v4: bool[3] = lt v3 v1
        v5: bool[3] = lt v0 v2
        v6: bool[3] = or v5 v4
        v7: int64 = const 0
        v8: uint64[3] = cast v0
        v9: bool[3] = gt v8 v1
        v10: bool[3] = ge v0 v7
        v11: bool[3] = and v10 v9
        v12: int64 = const 0
        v13: uint64[3] = cast v0
        v14: bool[3] = eq v13 v1
        v15: bool[3] = ge v0 v12
        v16: bool[3] = and v15 v14
        v17: int64 = const 0
        v18: uint64[3] = cast v0
        v19: bool[3] = ne v18 v1
        v20: bool[3] = lt v0 v17
        v21: bool[3] = or v20 v19
        output "i < u" = v6
        output "u < i" = v11
        output "u == i" = v16
        output "i != u" = v21
    "#]],
    );
}

#[test]
fn small_powers_are_products() {
    means(
        "x: float32[3]; i: int16[3]; b: bool[3]",
        "x**2, x**3, x**-1, x**0.5, x**1, x**0, x**2.5, i**2, i**0, i**5, i**0.5, b**2, pow(b, 2), 2**x, (x+1)**2",
        expect![[r#"
            operand x: float32[3]
            operand i: int16[3]
            operand b: bool[3]
            v0: float32[3] = elem x
            v1: float32[3] = mul v0 v0
            v2: float32[3] = mul v0 v0
            v3: float32[3] = mul v2 v0
            v4: float32 = const 1.0
            v5: float32[3] = div v4 v0
            v6: float32[3] = sqrt v0
            v7: float32[3] = const 1.0
            v8: float32 = const 2.5
            v9: float32[3] = pow v0 v8
            v10: int16[3] = elem i
            v11: int16[3] = mul v10 v10
            v12: int16[3] = const 1
            v13: int16 = const 5
            v14: int16[3] = pow v10 v13
            v15: float64[3] = cast v10
            v16: float64[3] = sqrt v15
            v17: bool[3] = elem b
            v18: int8[3] = cast v17
            v19: int8[3] = mul v18 v18
            v20: int64[3] = cast v17
            v21: int64[3] = mul v20 v20
            v22: float32 = const 2.0
            v23: float32[3] = pow v22 v0
            v24: float32 = const 1.0
            v25: float32[3] = add v0 v24
            v26: float32[3] = mul v25 v25
            output "x**2" = v1
            output "x**3" = v3
            output "x**-1" = v5
            output "x**0.5" = v6
            output "x**1" = v0
            output "x**0" = v7
            output "x**2.5" = v9
            output "i**2" = v11
            output "i**0" = v12
            output "i**5" = v14
            output "i**0.5" = v16
            output "b**2" = v19
            output "pow(b, 2)" = v21
            output "2**x" = v23
            output "(x+1)**2" = v26
        "#]],
    );
}

#[test]
fn a_negative_exponent_raises_where_it_is_delivered() {
    means(
        "i: int32[3]; n: int8[3]; m: bool[3]",
        "i**n",
        expect![[r#"
        operand i: int32[3]
        operand n: int8[3]
        v0: int32[3] = elem i
        v1: int8[3] = elem n
        v2: int32[3] = cast v1
        v3: int32[3] = pow v0 v2
        v4: int8 = const 0
        v5: bool[3] = lt v1 v4
        raise v5 at 0..4
        output "i**n" = v3
    "#]],
    );
    means(
        "i: int32[3]; n: int8[3]",
        "where(n >= 0, i**n, 0) + 1",
        expect![[r#"
        operand n: int8[3]
        operand i: int32[3]
        v0: int8[3] = elem n
        v1: int8 = const 0
        v2: bool[3] = ge v0 v1
        v3: int32[3] = elem i
        v4: int32[3] = cast v0
        v5: int32[3] = pow v3 v4
        v6: int32 = const 0
        v7: int32[3] = select v2 v5 v6
        v8: int32 = const 1
        v9: int32[3] = add v7 v8
        v10: int8 = const 0
        v11: bool[3] = lt v0 v10
        v12: bool[3] = and v11 v2
        raise v12 at 14..18
        output "where(n >= 0, i**n, 0) + 1" = v9
    "#]],
    );
    means(
        "i: int32[3]; n: int8[3]; m: bool[3]",
        "p = i**n; where(m, 0, p), where(n > 0, p, 1)",
        expect![[r#"
        operand i: int32[3]
        operand n: int8[3]
        operand m: bool[3]
        v0: int32[3] = elem i
        v1: int8[3] = elem n
        v2: int32[3] = cast v1
        v3: int32[3] = pow v0 v2
        v4: bool[3] = elem m
        v5: int32 = const 0
        v6: int32[3] = select v4 v5 v3
        v7: int8 = const 0
        v8: bool[3] = gt v1 v7
        v9: int32 = const 1
        v10: int32[3] = select v8 v3 v9
        v11: bool[3] = not v4
        v12: bool[3] = or v8 v11
        v13: int8 = const 0
        v14: bool[3] = lt v1 v13
        v15: bool[3] = and v14 v12
        raise v15 at 4..8
        output "where(m, 0, p)" = v6
        output "where(n > 0, p, 1)" = v10
    "#]],
    );
    means(
        "i: int32[3]; n: int8[3]; m: bool[3]",
        "where(m, sum(i**n), 0)",
        expect![[r#"
        operand m: bool[3]
        operand i: int32[3]
        operand n: int8[3]
        v0: bool[3] = elem m
        v1: int32[3] = elem i
        v2: int8[3] = elem n
        v3: int32[3] = cast v2
        v4: int32[3] = pow v1 v3
        v5: int64 = reduce sum v4 axes [0] cut [3:3]
        v6: int64 = const 0
        v7: int64[3] = select v0 v5 v6
        v8: int8 = const 0
        v9: bool[3] = lt v2 v8
        raise v9 at 13..17
        output "where(m, sum(i**n), 0)" = v7
    "#]],
    );
    means(
        "i: int32[3]; n: uint8[3]; x: float32[3]",
        "i**n, i**x, x**i",
        expect![[r#"
        operand i: int32[3]
        operand n: uint8[3]
        operand x: float32[3]
        v0: int32[3] = elem i
        v1: uint8[3] = elem n
        v2: int32[3] = cast v1
        v3: int32[3] = pow v0 v2
        v4: float32[3] = elem x
        v5: float64[3] = cast v0
        v6: float64[3] = cast v4
        v7: float64[3] = pow v5 v6
        v8: float64[3] = cast v4
        v9: float64[3] = cast v0
        v10: float64[3] = pow v8 v9
        output "i**n" = v3
        output "i**x" = v7
        output "x**i" = v10
    "#]],
    );
    means(
        "i: int32[2, 3]; n: int8",
        "i**n",
        expect![[r#"
        operand i: int32[2, 3]
        operand n: int8
        v0: int32[2, 3] = elem i
        v1: int8 = elem n
        v2: int32 = cast v1
        v3: int32[2, 3] = pow v0 v2
        v4: int8 = const 0
        v5: bool = lt v1 v4
        v6: bool[2, 3] = const True
        v7: bool[2, 3] = and v5 v6
        raise v7 at 0..4
        output "i**n" = v3
    "#]],
    );
    means(
        "i: int32[3]; n: int8[3]",
        "p = i**n; i",
        expect![[r#"
        operand i: int32[3]
        operand n: int8[3]
        v0: int32[3] = elem i
        v1: int8[3] = elem n
        v2: int32[3] = cast v1
        v3: int32[3] = pow v0 v2
        output "i" = v0
    "#]],
    );
}

#[test]
fn clip_and_where_and_round() {
    means(
        "u: uint8[3]; f: float32[3]",
        "clip(u, -5, 10), clip(u, 3, 300), clip(u, max=7), u.clip(min=2), clip(f, 0, 1), clip(u, 0.5, None)",
        expect![[r#"
            operand u: uint8[3]
            operand f: float32[3]
            v0: uint8[3] = elem u
            v1: uint8 = const 10
            v2: uint8[3] = min v0 v1
            v3: uint8 = const 3
            v4: uint8[3] = max v0 v3
            v5: uint8 = const 7
            v6: uint8[3] = min v0 v5
            v7: uint8 = const 2
            v8: uint8[3] = max v0 v7
            v9: float32[3] = elem f
            v10: float32 = const 0.0
            v11: float32[3] = max v9 v10
            v12: float32 = const 1.0
            v13: float32[3] = min v11 v12
            v14: float64[3] = cast v0
            v15: float64 = const 0.5
            v16: float64[3] = max v14 v15
            output "clip(u, -5, 10)" = v2
            output "clip(u, 3, 300)" = v4
            output "clip(u, max=7)" = v6
            output "u.clip(min=2)" = v8
            output "clip(f, 0, 1)" = v13
            output "clip(u, 0.5, None)" = v16
        "#]],
    );
    means(
        "u: uint8[3]; f: float64[3]; c: int8[3]",
        "where(c, u, 7), f if c else 0, where(c, u, f)",
        expect![[r#"
        operand c: int8[3]
        operand u: uint8[3]
        operand f: float64[3]
        v0: int8[3] = elem c
        v1: uint8[3] = elem u
        v2: bool[3] = cast v0
        v3: uint8 = const 7
        v4: uint8[3] = select v2 v1 v3
        v5: float64[3] = elem f
        v6: bool[3] = cast v0
        v7: float64 = const 0.0
        v8: float64[3] = select v6 v5 v7
        v9: bool[3] = cast v0
        v10: float64[3] = cast v1
        v11: float64[3] = select v9 v10 v5
        output "where(c, u, 7)" = v4
        output "f if c else 0" = v8
        output "where(c, u, f)" = v11
    "#]],
    );
    means(
        "i: int16[3]; f: float32[3]",
        "round(i, 2), round(i, -1), round(f), round(f, 2), f.round(-2)",
        expect![[r#"
        operand i: int16[3]
        operand f: float32[3]
        v0: int16[3] = elem i
        v1: float64 = const 10.0
        v2: float64[3] = cast v0
        v3: float64[3] = div v2 v1
        v4: float64[3] = rint v3
        v5: float64[3] = mul v4 v1
        v6: int16[3] = cast v5
        v7: float32[3] = elem f
        v8: float32[3] = rint v7
        v9: float32 = const 100.0
        v10: float32[3] = mul v7 v9
        v11: float32[3] = rint v10
        v12: float32[3] = div v11 v9
        v13: float32 = const 100.0
        v14: float32[3] = div v7 v13
        v15: float32[3] = rint v14
        v16: float32[3] = mul v15 v13
        output "round(i, 2)" = v0
        output "round(i, -1)" = v6
        output "round(f)" = v8
        output "round(f, 2)" = v12
        output "f.round(-2)" = v16
    "#]],
    );
    means(
        "i: int16[3]; b: bool[2]",
        "isnan(i), isfinite(b), isinf(i), floor(i), abs(b), trunc(b)",
        expect![[r#"
        operand i: int16[3]
        operand b: bool[2]
        v0: int16[3] = elem i
        v1: bool[3] = const False
        v2: bool[2] = elem b
        v3: bool[2] = const True
        v4: bool[3] = const False
        output "isnan(i)" = v1
        output "isfinite(b)" = v3
        output "isinf(i)" = v4
        output "floor(i)" = v0
        output "abs(b)" = v2
        output "trunc(b)" = v2
    "#]],
    );
}

#[test]
fn casts() {
    types(
        "a: float64[3]",
        &[
            "float32(a)",
            "a.astype(int8)",
            "astype(a, 'uint16')",
            "bool(a)",
            "int8(300)",
            "uint8(-1)",
            "int32(2.7)",
            "float32(1/3)",
            "int64(nan)",
            "a.astype(dtype=float32)",
            "a.astype(float)",
            "a.astype(\"i4\")",
            "bool(3)",
        ],
        expect![[r#"
            float32(a): float32[3]
            a.astype(int8): int8[3]
            astype(a, 'uint16'): uint16[3]
            bool(a): bool[3]
            int8(300): !E0207
            uint8(-1): !E0207
            int32(2.7): int32[]
            float32(1/3): float32[]
            int64(nan): int64[]
            a.astype(dtype=float32): float32[3]
            a.astype(float): !E0201
            a.astype("i4"): !E0213
            bool(3): bool[]"#]],
    );
    means(
        "",
        "int32(2.7), uint8(300.5), int64(nan), float32(0.1), bool(nan)",
        expect![[r#"
        v0: int32 = const 2
        v1: uint8 = const 255
        v2: int64 = const 0
        v3: float32 = const 0.1
        v4: bool = const True
        output "int32(2.7)" = v0
        output "uint8(300.5)" = v1
        output "int64(nan)" = v2
        output "float32(0.1)" = v3
        output "bool(nan)" = v4
    "#]],
    );
}

#[test]
fn reductions() {
    types(
        "x: float32[2, 3, 4]; i: int8[5]; s: float64; z: float64[0, 3]; w: float64[3, 0]; n: uint16[2]",
        &[
            "sum(x)",
            "x.sum(axis=0)",
            "x.sum(axis=-1, keepdims=True)",
            "sum(x, (0, 2))",
            "sum(x, axis=None)",
            "sum(x, axis=())",
            "sum(i)",
            "sum(n)",
            "mean(i)",
            "std(i, ddof=1)",
            "var(x, axis=1, correction=0.5)",
            "any(x, axis=1)",
            "count_nonzero(x, axis=0)",
            "amax(x)",
            "sum(x, axis=3)",
            "sum(x, axis=-4)",
            "sum(x, axis=(0, -3))",
            "sum(s)",
            "sum(s, axis=0)",
            "min(z)",
            "max(z, axis=1)",
            "min(w, axis=1)",
            "sum(w, axis=1)",
            "mean(z)",
            "sum(i, dtype=float32)",
            "sum(i, dtype=int8)",
            "mean(i, dtype=float32)",
            "(x - mean(x)) / std(x)",
            "sum(3)",
            "x.prod()",
            "sum(x, axis=1.0)",
            "sum(x, axis=[0, 1])",
            "sum(x, keepdims=1)",
            "sum(x, where=x > 1)",
            "max(x, x)",
            "all()",
            "x.T",
            "i.T",
        ],
        expect![[r#"
            sum(x): float32[]
            x.sum(axis=0): float32[3, 4]
            x.sum(axis=-1, keepdims=True): float32[2, 3, 1]
            sum(x, (0, 2)): float32[3]
            sum(x, axis=None): float32[]
            sum(x, axis=()): float32[2, 3, 4]
            sum(i): int64[]
            sum(n): uint64[]
            mean(i): float64[]
            std(i, ddof=1): float64[]
            var(x, axis=1, correction=0.5): float32[2, 4]
            any(x, axis=1): bool[2, 4]
            count_nonzero(x, axis=0): int64[3, 4]
            amax(x): float32[]
            sum(x, axis=3): !E0206
            sum(x, axis=-4): !E0206
            sum(x, axis=(0, -3)): !E0206
            sum(s): float64[]
            sum(s, axis=0): float64[]
            min(z): !E0210
            max(z, axis=1): float64[0]
            min(w, axis=1): !E0210
            sum(w, axis=1): float64[3]
            mean(z): float64[]
            sum(i, dtype=float32): float32[]
            sum(i, dtype=int8): int8[]
            mean(i, dtype=float32): float32[]
            (x - mean(x)) / std(x): float32[2, 3, 4]
            sum(3): int64[]
            x.prod(): float32[]
            sum(x, axis=1.0): !E0213
            sum(x, axis=[0, 1]): float32[4]
            sum(x, keepdims=1): !E0213
            sum(x, where=x > 1): float32[]
            max(x, x): !E0213
            all(): !E0205
            x.T: float32[4, 3, 2]
            i.T: int8[5]"#]],
    );
    means(
        "big: float64[40000] chunk [1000] block [100]; small: int8[40000] chunk [500] block [50]; row: float32[7, 1]",
        "sum(small * 2), sum(small + big), std(row), sum(row + small, axis=0), mean(small - mean(big))",
        expect![[r#"
            operand small: int8[40000] chunk [500] block [50]
            operand big: float64[40000] chunk [1000] block [100]
            operand row: float32[7, 1]
            v0: int8[40000] = elem small
            v1: int8 = const 2
            v2: int8[40000] = mul v0 v1
            v3: int64 = reduce sum v2 axes [0] cut [32500:32500]
            v4: float64[40000] = elem big
            v5: float64[40000] = cast v0
            v6: float64[40000] = add v5 v4
            v7: float64 = reduce sum v6 axes [0] cut [32000:32000]
            v8: float32[7, 1] = elem row
            v9: float32 = reduce std v8 axes [0, 1] cut [7:7, 1:1] ddof 0.0
            v10: float32[40000] = cast v0
            v11: float32[7, 40000] = add v8 v10
            v12: float32[40000] = reduce sum v11 axes [0] cut [7:7, 4500:4500]
            v13: float64 = reduce mean v4 axes [0] cut [32000:32000]
            v14: float64[40000] = cast v0
            v15: float64[40000] = sub v14 v13
            v16: float64 = reduce mean v15 axes [0] cut [32500:32500]
            output "sum(small * 2)" = v3
            output "sum(small + big)" = v7
            output "std(row)" = v9
            output "sum(row + small, axis=0)" = v12
            output "mean(small - mean(big))" = v16
        "#]],
    );
}

#[test]
fn generators_are_numpys() {
    means(
        "",
        "linspace(0, 1, 5), linspace(0, 1, 4, endpoint=False), linspace(2, 3, 1), linspace(-1, 1, 3, dtype=int32), linspace(0, 1e-323, 10)",
        expect![[r#"
            v0: float64[5] = linspace 0.0 0.25 stop 1.0
            v1: float64[4] = linspace 0.0 0.25
            v2: float64[1] = linspace 2.0 1.0
            v3: float64[3] = linspace -1.0 1.0 stop 1.0
            v4: float64[3] = floor v3
            v5: int32[3] = cast v4
            v6: float64[10] = linspace 0.0 0.0 stop 1e-323 tiny 9.0 1e-323
            output "linspace(0, 1, 5)" = v0
            output "linspace(0, 1, 4, endpoint=False)" = v1
            output "linspace(2, 3, 1)" = v2
            output "linspace(-1, 1, 3, dtype=int32)" = v5
            output "linspace(0, 1e-323, 10)" = v6
        "#]],
    );
    means(
        "",
        "arange(5), arange(1, 2, 0.1), arange(10, 0, -3, dtype=uint8), arange(0, 1, 0.1, float32), arange(5, 0), arange(0.5, 3, dtype=int16)",
        expect![[r#"
            v0: int64[5] = arange 0 1
            v1: float64[10] = arange 1.0 0.10000000000000009
            v2: uint8[4] = arange 10 253
            v3: float32[10] = arange 0.0 0.1
            v4: int64[0] = arange 5 1
            v5: int16[3] = arange 0 1
            output "arange(5)" = v0
            output "arange(1, 2, 0.1)" = v1
            output "arange(10, 0, -3, dtype=uint8)" = v2
            output "arange(0, 1, 0.1, float32)" = v3
            output "arange(5, 0)" = v4
            output "arange(0.5, 3, dtype=int16)" = v5
        "#]],
    );
    means(
        "",
        "full((2, 3), 7), full(4, 2.5, int8), zeros(3), ones((), dtype=bool), full([2], True)",
        expect![[r#"
        v0: int64[2, 3] = const 7
        v1: int8[4] = const 2
        v2: float64[3] = const 0.0
        v3: bool = const True
        v4: bool[2] = const True
        output "full((2, 3), 7)" = v0
        output "full(4, 2.5, int8)" = v1
        output "zeros(3)" = v2
        output "ones((), dtype=bool)" = v3
        output "full([2], True)" = v4
    "#]],
    );
    types(
        "a: float64[3]",
        &[
            "arange(1, 2, 0)",
            "arange(nan)",
            "arange(1e30)",
            "arange(300, 310, dtype=uint8)",
            "linspace(0, 1, -1)",
            "linspace(0, 1, 2.5)",
            "zeros(-1)",
            "zeros(a)",
            "full(3, 300, uint8)",
            "full(3, a)",
            "zeros((1 << 40, 1 << 40))",
            "arange(3, dtype=bool)",
            "linspace(0, a)",
            "a + linspace(0, 1, 3)",
            "zeros(9223372036854775807)",
        ],
        expect![[r#"
            arange(1, 2, 0): !E0213
            arange(nan): !E0213
            arange(1e30): !E0404
            arange(300, 310, dtype=uint8): !E0207
            linspace(0, 1, -1): !E0213
            linspace(0, 1, 2.5): !E0213
            zeros(-1): !E0213
            zeros(a): !E0213
            full(3, 300, uint8): !E0207
            full(3, a): !E0213
            zeros((1 << 40, 1 << 40)): !E0404
            arange(3, dtype=bool): !E0213
            linspace(0, a): !E0213
            a + linspace(0, 1, 3): float64[3]
            zeros(9223372036854775807): !E0404"#]],
    );
}

#[test]
fn bindings_are_sequential_and_shared() {
    means(
        "x: float64[3]; y: float64[3]",
        "d = x - y; mean(d), max(abs(d))",
        expect![[r#"
        operand x: float64[3]
        operand y: float64[3]
        v0: float64[3] = elem x
        v1: float64[3] = elem y
        v2: float64[3] = sub v0 v1
        v3: float64 = reduce mean v2 axes [0] cut [3:3]
        v4: float64[3] = abs v2
        v5: float64 = reduce max v4 axes [0] cut [3:3]
        output "mean(d)" = v3
        output "max(abs(d))" = v5
    "#]],
    );
    means(
        "x: float64[3]",
        "x = x + 1; x = x * 2\nx",
        expect![[r#"
        operand x: float64[3]
        v0: float64[3] = elem x
        v1: float64 = const 1.0
        v2: float64[3] = add v0 v1
        v3: float64 = const 2.0
        v4: float64[3] = mul v2 v3
        output "x" = v4
    "#]],
    );
    means(
        "x: float64[3]",
        "a = 3; a * x",
        expect![[r#"
        operand x: float64[3]
        v0: float64[3] = elem x
        v1: float64 = const 3.0
        v2: float64[3] = mul v1 v0
        output "a * x" = v2
    "#]],
    );
    types(
        "x: float64[3]",
        &[
            "s = sum; 1",
            "a = a + 1",
            "y = 1; y = y + 1",
            "t = (x, x)",
            "d = sin(int8(x)); x",
        ],
        expect![[r#"
        s = sum; 1: !E0211
        a = a + 1: !E0201
        y: int64[]
        t = (x, x): !E0211
        d = sin(int8(x)); x: !E0208"#]],
    );
}

#[test]
fn what_is_not_there_yet() {
    types(
        "a: float64[3, 3]",
        &[
            "a[(0, 1)]",
            "a @ a",
            "1j",
            "complex(a, a)",
            "vecdot(a, a)",
            "float16(a)",
            "a.astype(complex64)",
            "matmul(a, a)",
            "eye(3)",
        ],
        expect![[r#"
            a[(0, 1)]: !E0106
            a @ a: !E0106
            1j: !E0106
            complex(a, a): !E0106
            vecdot(a, a): !E0106
            float16(a): !E0106
            a.astype(complex64): !E0106
            matmul(a, a): !E0106
            eye(3): !E0106"#]],
    );
}
