"""In: a recorder. Out: every operator and elementwise function over every dtype (pair).
Never: reductions."""

from pool import DTYPES, FLOATS, INTS, TILED

ARITHMETIC = ["+", "-", "*", "/", "//", "%", "**", "&", "|", "^", "<<", ">>"]
COMPARE = ["==", "!=", "<", "<=", ">", ">="]
UNARY = ["-a", "+a", "~a", "not a", "abs(a)", "sqrt(a)", "square(a)", "floor(a)", "ceil(a)"]
UNARY += ["trunc(a)", "rint(a)", "round(a)", "sign(a)", "isnan(a)", "isfinite(a)", "isinf(a)"]
MORE_MATH = ["cbrt", "exp2", "asin", "acos", "atan", "sinh", "cosh", "asinh", "acosh", "atanh"]
MORE_MATH += ["erf", "erfc", "gamma", "lgamma"]
ALIASES = ["arcsin", "arccos", "arctan", "arcsinh", "arccosh", "arctanh", "gammaln"]
TWO_MATH = ["atan2", "arctan2", "hypot", "logaddexp"]
MATH = ["sin", "cos", "tan", "exp", "log", "log10", "log2", "log1p", "expm1", "tanh"]
ALL = list(DTYPES)
EXACT = ["signbit", "reciprocal", "fabs", "deg2rad", "radians", "rad2deg", "degrees", "real", "imag"]
EXACT += ["conj", "conjugate", "nan_to_num"]
NAMED_TWO = ["add", "subtract", "multiply", "divide", "true_divide", "floor_divide", "remainder"]
NAMED_TWO += ["mod", "equal", "not_equal", "less", "less_equal", "greater", "greater_equal"]
NAMED_TWO += ["bitwise_and", "bitwise_or", "bitwise_xor", "left_shift", "right_shift"]
NAMED_TWO += ["bitwise_left_shift", "bitwise_right_shift", "logical_and", "logical_or", "logical_xor"]
NAMED_ONE = ["negative", "positive", "invert", "bitwise_not", "bitwise_invert", "logical_not"]
TWO = ["fmod", "copysign", "nextafter", "fmax", "fmin", "heaviside", "gcd", "lcm"]


def record(rec, rng):
    pairs(rec)
    literals(rec)
    unary(rec)
    math(rec, rng)
    more_unary(rec)
    more_pairs(rec)
    more_math(rec)
    named(rec)
    structure(rec)
    casts(rec)
    selections(rec)
    broadcasting(rec, rng)
    long(rec)


def pairs(rec):
    """Every operator over every pair of dtypes, at the limits."""
    for a in ALL:
        for b in ALL:
            for op in ARITHMETIC:
                right = f"{b}_x" if op == "**" and b not in FLOATS else f"{b}_t"
                rec.add("op " + op, f"a {op} b", a=f"{a}_s", b=right)
            compare = ", ".join(f"a {op} b" for op in COMPARE)
            rec.add("compare", compare, a=f"{a}_s", b=f"{b}_t")
            rec.add("logical", "a and b, a or b, a <= b < 3 != a", a=f"{a}_s", b=f"{b}_t")
        if a[0] == "i":
            rec.add("op **", "a ** b", a=f"{a}_s", b=f"{a}_t")
            rec.add("op **", "2 ** b", b=f"{a}_t")


def literals(rec):
    """Weak literals on both sides of every operator."""
    plain = ["2", "0", "-1", "1.5", "0.1", "True"]
    edges = ["127", "128", "200", "255", "256", "-128", "-129", "300", "65535", "65536", "-32769"]
    edges += ["2147483647", "2147483648", "4294967296", "9223372036854775807"]
    edges += ["9223372036854775808", "18446744073709551615"]
    for a in ALL:
        for op in ARITHMETIC:
            for lit in plain if op not in ("<<", ">>", "&", "|", "^") else plain[:3] + ["1.5", "7"]:
                rec.add("literal " + op, f"a {op} {lit}", a=f"{a}_s")
                # An int to a negative power is no question of literals on the left.
                right = f"{a}_x" if op == "**" and a not in FLOATS else f"{a}_s"
                if lit in ("2", "1.5", "-1", "7"):
                    rec.add("literal " + op, f"{lit} {op} a", a=right)
        for lit in edges:
            if a in FLOATS and abs(int(lit)) > 2**24:
                continue
            rec.add("literal range", f"a + {lit}", a=f"{a}_s")
            rec.add("literal compare", f"a < {lit}, {lit} <= a, a == {lit}, a != {lit}", a=f"{a}_s")
        for lit in ["1.5", "0.1", "-0.0", "1e10", "inf", "nan", "-inf"]:
            rec.add("literal compare", f"a < {lit}, a == {lit}, {lit} != a", a=f"{a}_s")
    for a in FLOATS:
        for lit in ["3", "3.0", "-2", "0.5", "-0.5", "-1", "1", "0", "2.0", "4", "10", "1/3", "-3"]:
            rec.add("literal **", f"a ** {lit}", a=f"{a}_s")
        for lit in ["1e300", "1e-50", "pi", "e", "inf", "nan", "0x10", "1_000", "0b11", "0o17", "1/3"]:
            rec.add("literal *", f"a * {lit}", a=f"{a}_s")
    for a in INTS:
        for lit in ["0x10", "0b101", "0o17", "1_0", "1e0", "inf", "nan", "pi"]:
            rec.add("literal *", f"a * {lit}", a=f"{a}_s")
        for lit in ["3", "0", "7", "0.5", "-0.5", "2.0", "-1.0"]:
            rec.add("literal **", f"a ** {lit}", a=f"{a}_s")
        for lit in ["8", "31", "63", "64", "100"]:
            rec.add("literal <<", f"a << {lit}, a >> {lit}", a=f"{a}_s")


def unary(rec):
    for a in ALL:
        for text in UNARY:
            for suffix in "st" if a in FLOATS else "s":
                rec.add(text.split("(")[0], text, a=f"{a}_{suffix}")
        for digits in ["0", "1", "2", "3", "-1", "-2"]:
            rec.add("round", f"round(a, {digits})", a=f"{a}_b3x4")
            if a in FLOATS and digits in "123":
                rec.add("round", f"round(a, {digits})", a=f"{a}_s")
        rec.add("round", "a.round(1)", a=f"{a}_b3x4")
        rec.add("method", "a.abs()", a=f"{a}_s")


def more_unary(rec):
    """Exact functions of one argument; of integers, shapes and literals too."""
    for a in ALL:
        for function in EXACT:
            for suffix in ["s", "t", "b3x4", "a1531"]:
                rec.add(function, f"{function}(a)", a=f"{a}_{suffix}")
        rec.add("sinc", "sinc(a)", a=f"{a}_b3x4")
        rec.add("sinc", "sinc(a)", a=f"{a}_s")
        rec.add("real", "a.real, a.imag, a.conj()", a=f"{a}_s")
        for text in ["nan=1", "nan=-1.5, posinf=2", "posinf=1e300, neginf=-7", "neginf=nan", "copy=False"]:
            rec.add("nan_to_num", f"nan_to_num(a, {text})", a=f"{a}_s")
    for function in EXACT:
        rec.add(function, f"{function}(2.5), {function}(-3)")


def more_pairs(rec):
    """Exact functions of two arguments over every pair of dtypes, and with literals."""
    for function in TWO:
        for a in ALL:
            for b in ALL:
                rec.add(function, f"{function}(a, b)", a=f"{a}_s", b=f"{b}_t")
            for lit in ["2", "0", "-1", "1.5", "-0.0", "True", "nan"]:
                rec.add(function, f"{function}(a, {lit})", a=f"{a}_s")
                rec.add(function, f"{function}({lit}, a)", a=f"{a}_s")
            rec.add(function, f"{function}(a, b)", a=f"{a}_t", b=f"{a}_s")
            rec.add(function, f"{function}(a, b)", a=f"{a}_a3x1", b=f"{a}_b1x4")
            rec.add("long " + function, f"{function}(a, b)", _errors=False, a=f"{a}_a1531", b=f"{a}_b1531")


def math(rec, rng):
    """Math functions: limits, all scales of argument, and every dtype they promote from."""
    ranges = {
        "unit": (-1, 1), "ten": (-10, 10), "wide": (-700, 700), "huge": (-1e7, 1e7),
        "pos": (0, 4), "one": (0.9, 1.1), "thousand": (0, 1000),
    }  # fmt: skip
    for a in FLOATS:
        names = {}
        for name, (low, high) in ranges.items():
            names[name] = rec.pool.put(f"{a}_m{name}", rng.uniform(low, high, 24).astype(DTYPES[a]))
        for name, top in [("tiny", -30), ("scales", 38 if a == "f4" else 300)]:
            exponents = rng.uniform(-35 if a == "f4" else -300, top, 24)
            signs = rng.choice([-1, 1], 24)
            names[name] = rec.pool.put(f"{a}_m{name}", (signs * 10**exponents).astype(DTYPES[a]))
        for function in MATH:
            for suffix in "st":
                rec.add(function, f"{function}(a)", a=f"{a}_{suffix}")
            for name in names.values():
                rec.add(function, f"{function}(a)", a=name)
        for x, y in [("pos", "ten"), ("thousand", "unit"), ("one", "wide"), ("scales", "unit"), ("ten", "ten")]:
            rec.add("pow", "pow(a, b)", a=names[x], b=names[y])
            rec.add("pow", "a ** b", a=names[x], b=names[y])
        rec.add("pow", "pow(a, b)", a=f"{a}_s", b=f"{a}_t")
        for base in ["2", "10", "e", "0.5", "1.0001"]:
            rec.add("pow", f"{base} ** a", a=names["ten"])
        for text in ["sin(a)**2 + cos(a)**2", "exp(-a**2 / 2)", "log1p(exp(a))", "tanh(a) * exp(a)"]:
            rec.add("math composed", text, a=names["ten"])
        for text in ["a**3 + sin(a * 2)", "sqrt(a**2 + 1)", "log(abs(a) + 1)", "exp(a) / (1 + exp(a))"]:
            rec.add("math composed", text, a=names["ten"])
    for a in ["b1", *INTS]:
        for function in MATH:
            rec.add(function, f"{function}(a)", a=f"{a}_s")
            rec.add(function, f"{function}(a + 0.5)", a=f"{a}_x")
        rec.add("pow", "pow(a, 0.5)", a=f"{a}_x")
        rec.add("pow", "pow(a, b)", a=f"{a}_s", b=f"{a}_x")


def named(rec):
    """Operators as functions, over pairs of kinds that meet in each family of dtypes."""
    for a in ALL:
        for function in NAMED_ONE:
            rec.add("named", f"{function}(a)", a=f"{a}_s")
        for b in ["b1", a, "i8", "f4"]:
            for function in NAMED_TWO:
                rec.add("named", f"{function}(a, b)", a=f"{a}_s", b=f"{b}_t")


def structure(rec):
    """Functions that move elements, of every dtype."""
    texts = ["reshape(a, (2, 6))", "ravel(a)", "permute_dims(a, (1, 0))", "expand_dims(a, 1)"]
    texts += ["squeeze(expand_dims(a, 0))", "broadcast_to(a, (2, 3, 4))", "flip(a, 1)", "roll(a, 5)"]
    texts += ["roll(a, 1, 0)", "take(a, (2, 0, 0), 1)", "repeat(a, 2, 0)", "tile(a, (2, 1))"]
    texts += ["concat([a, b])", "stack([a, b], 1)", "diff(a)", "flip(a) + b", "concat([b, a], 1)"]
    for a in ALL:
        for text in texts:
            rec.add("structure", text, a=f"{a}_a3x4", b=f"{a}_b3x4")
    for text in ["index(0, (3, 4))", "index(1, (2, 3, 2)) * 2", "random(7, 5)", "random(11, (3, 4))"]:
        rec.add("structure", text)


def more_math(rec):
    """Functions with a bound: limits, all scales of argument, and every dtype they promote from."""
    for a in FLOATS:
        names = [f"{a}_m{name}" for name in ["unit", "ten", "wide", "pos", "one", "tiny", "scales"]]
        for function in MORE_MATH:
            for name in [f"{a}_s", f"{a}_t", *names]:
                rec.add(function, f"{function}(a)", a=name)
            rec.add("long " + function, f"max(abs({function}(a / 8 + 1)))", a=f"{a}_a1531")
        for function in TWO_MATH:
            rec.add(function, f"{function}(a, b)", a=f"{a}_s", b=f"{a}_t")
            for x, y in zip(names, names[1:], strict=False):
                rec.add(function, f"{function}(a, b)", a=x, b=y)
            rec.add(function, f"{function}(a, b)", a=f"{a}_a3x1", b=f"{a}_b1x4")
            rec.add("long " + function, f"max({function}(a, b))", a=f"{a}_a1531", b=f"{a}_b1531")
        for text in ["erf(a) + erfc(a)", "sinh(a) - cosh(a)", "hypot(sin(a), cos(a))", "exp2(a) * 3"]:
            rec.add("math composed", text, a=f"{a}_munit")
    for a in ALL:
        for function in MORE_MATH + ALIASES:
            rec.add(function, f"{function}(a)", a=f"{a}_b3x4")
        for function in TWO_MATH:
            for b in ALL:
                rec.add(function, f"{function}(a, b)", a=f"{a}_b3x4", b=f"{b}_b3x4")
            rec.add(function, f"{function}(a, 2), {function}(0.5, a)", a=f"{a}_b3x4")
        rec.add("angle", "angle(a)", a=f"{a}_s")
        rec.add("angle", "angle(a, True)", a=f"{a}_s")


def casts(rec):
    for a in ALL:
        for b in ALL:
            name = DTYPES[b].name
            rec.add("cast", f"a.astype({name}), {name}(b)", a=f"{a}_s", b=f"{a}_t")
            if a in FLOATS:
                rec.add("cast", f"astype(a * 1e3, {name})", a=f"{a}_b3x4")
    for text in ["float32(0.1)", "int8(-3)", "int32(2.7)", "float64(1)", "bool(2)", "uint8(3) + 250"]:
        rec.add("cast", text)
    for text in ["a * float32(0.1)", "a + int64(1)", "a + uint8(1)", "a * float64(2)"]:
        for a in ALL:
            rec.add("cast", text, a=f"{a}_s")


def selections(rec):
    for a in ALL:
        for b in ALL:
            rec.add("where", "where(c, a, b), a if c else b", a=f"{a}_s", b=f"{b}_t", c="b1_t")
            rec.add("minimum", "minimum(a, b), maximum(a, b)", a=f"{a}_s", b=f"{b}_t")
            if b in ("b1", "i1", "u4", "f4", "f8"):
                rec.add("clip", "clip(a, b, c)", a=f"{a}_s", b=f"{b}_t", c=f"{a}_t")
        for lit in ["0", "1", "-1", "300", "1.5", "True", "nan", "70000", "-inf"]:
            rec.add("where", f"where(c, a, {lit}), {lit} if c else a", a=f"{a}_s", c="b1_t")
            rec.add("minimum", f"minimum(a, {lit}), maximum({lit}, a)", a=f"{a}_s")
        for low, high in [
            ("0", "1"),
            ("-1", "1"),
            ("2", "100"),
            ("0.5", "2"),
            ("1", "0"),
            ("-5", "300"),
            ("10", "100000"),
        ]:
            rec.add("clip", f"clip(a, {low}, {high})", a=f"{a}_s")
        rec.add("clip", "clip(a)", _means="a", a=f"{a}_s")
        rec.add("clip", "a.clip(1, 3)", a=f"{a}_s")
        rec.add("where", "where(a, 1, 0), where(a, 1, 2.5), 3 if a else 4", a=f"{a}_s")
        rec.add("where", "where(a > 1, a, 0) + where(a <= 1, 1, a)", a=f"{a}_s")
        rec.add("bool arithmetic", "(a > 1) * 10, (a > 1) + (a > 2), (a > 1) & ~(a > 2)", a=f"{a}_s")
    for text in ["where(a != 0, b / a, 0)", "where(b > 0, sqrt(b), 0)", "where(a > 0, log(a), -1)"]:
        for a in FLOATS:
            rec.add("where", text, a=f"{a}_s", b=f"{a}_t")
    for text in ["where(b != 0, a // b, 0)", "where(b != 0, a % b, -1)"]:
        for a in INTS:
            rec.add("where", text, a=f"{a}_s", b=f"{a}_t")
    undelivered(rec)


def undelivered(rec):
    """A lane that is not delivered raises nothing; one that is, does."""
    safe = "a ** where(b >= 0, b, 0)"
    texts = [
        ("where(b >= 0, a ** b, 7)", f"where(b >= 0, {safe}, 7)"),
        ("where(b >= 0, a ** abs(b), 7)", f"where(b >= 0, {safe}, 7)"),
        ("0 if b < 0 else a ** b", f"0 if b < 0 else {safe}"),
        ("sum(where(b >= 0, a ** b, 0))", f"sum(where(b >= 0, {safe}, 0))"),
        ("where(b >= 0, a ** b + 1, b) * 2", f"where(b >= 0, {safe} + 1, b) * 2"),
        ("where(a > 2, where(b >= 0, a ** b, 1), a)", f"where(a > 2, where(b >= 0, {safe}, 1), a)"),
        ("p = a ** b; where(b >= 0, p, -p)", None), ("where(b >= 0, a, a ** b)", None),
        ("where(b < 0, 1, a) + a ** b", None), ("max(a ** b)", None), ("where(b < 0, a ** b, 1)", None),
    ]  # fmt: skip
    for a in ["i1", "i2", "i4", "i8"]:
        for text, means in texts:
            rec.add("undelivered", text, _means=means, a=f"{a}_s", b=f"{a}_t")


def broadcasting(rec, rng):
    shapes = ["0", "1", "4", "5x1", "3x1", "1x4", "3x4", "2x3x4", "2x1x4", "e0", "e0x3", "e3x0", "e2x0x4"]
    codes = ["i4", "f8", "f4", "u1", "i8", "b1"]
    for x in shapes:
        for y in shapes:
            a, b = rng.choice(codes, 2)
            op = rng.choice(["+", "*", "<", "/", "&", "//", ">="]) if {a, b}.isdisjoint(FLOATS) else "*"
            rec.add("broadcast", f"a {op} b", a=f"{a}_a{x}", b=f"{b}_b{y}")
    for x, y, z in [
        ("3x1", "1x4", "0"),
        ("4", "3x4", "3x1"),
        ("1", "2x3x4", "4"),
        ("2x1x4", "3x1", "1x4"),
        ("0", "0", "0"),
        ("e3x0", "3x1", "1"),
    ]:
        for a in codes:
            rec.add("broadcast", "where(a > b, a * c, b)", a=f"{a}_a{x}", b=f"{a}_b{y}", c=f"{a}_a{z}")
            rec.add("broadcast", "minimum(a, b) * 2 + c", a=f"{a}_a{x}", b=f"{a}_b{y}", c=f"{a}_a{z}")
    for a in ALL:
        for text in ["a", "a + a", "a == a", "a * b + c"]:
            rec.add("scalar", text, a=f"{a}_a0", b=f"{a}_b0", c=f"{a}_b1")


def long(rec):
    """Vector bodies, their tails, several strips, several tiles."""
    for a in ALL:
        for n in ["511", "512", "1531", "5000", "37x41"]:
            use = {"a": f"{a}_a{n}", "b": f"{a}_b{n}"}
            for op in ["+", "-", "*", "/", "//", "%", "&", "|", "^", "<<", ">>"]:
                if n == "1531" or (op in "+/%" and n in ("511", "37x41")):
                    rec.add("long " + op, f"a {op} b", _errors=False, **use)
            rec.add("long compare", "a < b, a == b, a >= 1", **use)
    for a in TILED:
        use = {"a": f"{a}_a70001", "b": f"{a}_b70001"}
        for text in ["a * b + a", "where(a < b, a, b), minimum(a, b)", "a // 3", "abs(a) ** 2, a < b"]:
            rec.add("long", text, _errors=False, **use)
        for text in ["a.astype(float32), a.astype(int8)", "a.astype(uint64)", "a != 0 and b > 1, a + 1 > b"]:
            rec.add("long", text, **use)
        rec.add("long", "a * b - a, a >= b", _errors=False, a=f"{a}_a300x251", b=f"{a}_b300x251")
    for a in FLOATS:
        use = {"a": f"{a}_a5000", "b": f"{a}_b5000"}
        for text in ["floor(a)", "rint(a)", "trunc(a * b)", "round(a, 2)", "sqrt(abs(a))", "a**3 - b**2"]:
            rec.add("long", text, **use)
        for text in ["(a > 0) & (b < 1) | (a * b > 2)", "clip(a, -1, 1)", "int32(a * 1000)", "sign(a) * b"]:
            rec.add("long", text, **use)
        for name in MATH:
            for n in ["511", "1531", "70001"] if name in ("sin", "exp", "log1p") else ["1531"]:
                use = {"a": f"{a}_a{n}", "b": f"{a}_b{n}"}
                if n != "70001":
                    rec.add("long " + name, f"sum({name}(abs(a) + 0.25))", **use)
                rec.add("long " + name, f"min({name}(a / 4 + 1)), max({name}(a / 4 + 1))", **use)
    for x, y in [("i1", "f4"), ("u2", "i4"), ("i8", "u8"), ("f4", "f8"), ("b1", "i2"), ("u1", "i1"), ("u4", "f4")]:
        for text in ["a + b", "a * b", "a < b", "where(a > b, a, b)", "(a > 0) * b"]:
            rec.add("long mixed", text, a=f"{x}_a1531", b=f"{y}_b1531")
            if x in TILED and y in TILED:
                rec.add("long mixed", text, a=f"{x}_a70001", b=f"{y}_b70001")
