"""In: a recorder. Out: programs, precedence, generators, errors, random trees.
Never: the tables of single functions."""

from pool import DTYPES, FLOATS, INTS

ALL = list(DTYPES)


def record(rec, rng):
    generators(rec)
    statements(rec)
    precedence(rec)
    literal_programs(rec)
    errors(rec)
    random_trees(rec, rng, 600)


def generators(rec):
    texts = ["linspace(0, 1, 5)", "linspace(0, 10, 7)", "linspace(1, 0, 4)", "linspace(-1.5, 2.5, 9)"]
    texts += ["linspace(0, 1, 5, endpoint=False)", "linspace(0, 2 * pi, 13)", "linspace(2, 1, 1)"]
    texts += ["linspace(0, 1, 0)", "linspace(3, 3, 4)", "linspace(0, 1, 5, dtype=float32)"]
    texts += ["linspace(0, 10, 5, dtype=int8)", "linspace(0.1, 0.7, 11)", "linspace(1e-3, 1e3, 17)"]
    texts += ["linspace(-1, 1, 1001)", "linspace(0, 1, 5000)", "linspace(0, 1)", "linspace(1, 2, 2)"]
    texts += ["arange(5)", "arange(2, 10)", "arange(1, 10, 2)", "arange(10, 0, -3)", "arange(0)"]
    texts += ["arange(10, 2)", "arange(5.0)", "arange(0, 1, 0.1)", "arange(0.5, 3)", "arange(-3, 3)"]
    texts += ["arange(1, 2, 0.3)", "arange(5, dtype=uint8)", "arange(5, dtype=float32)", "arange(70000)"]
    texts += ["arange(0, 5, 2, dtype=int16)", "arange(3.7)", "arange(1000) * 2", "arange(0, 1, 0.001)"]
    texts += ["full(3, 7)", "full((2, 3), 1.5)", "full(2, True)", "full((2, 2), 7, dtype=float32)"]
    texts += ["full((), 4)", "full(3, -1, dtype=int8)", "full((0, 2), 1)", "full(4, nan)", "full(3, inf)"]
    texts += ["zeros(4)", "zeros((2, 3))", "zeros(3, dtype=int8)", "zeros((2, 2), dtype=bool)", "zeros(0)"]
    texts += ["ones(4)", "ones((3, 1)) + arange(4)", "ones(2, dtype=uint64)", "ones((2, 2), dtype=float32)"]
    texts += ["full(2, 300, dtype=uint8)", "full(2, 1.5, dtype=int8)", "zeros(()) + ones(3)"]
    texts += ["sum(arange(1001))", "sum(arange(100) ** 2)", "mean(linspace(0, 1, 101))", "max(arange(7))"]
    texts += ["sum(ones(70000))", "sum(ones(70000, dtype=float32))"]
    texts += ["sum(ones(5000, dtype=uint8))", "prod(full(10, 2))", "sum(full((3, 4), 2), axis=1)"]
    texts += ["arange(4) * arange(4)", "arange(3) < 2", "where(arange(6) % 2 == 0, arange(6), -1)"]
    texts += ["(arange(10) - 5) ** 3", "cos(linspace(0, 3, 7))", "sum(linspace(0, 1, 1000) ** 2)"]
    texts += ["min(arange(0))", "sum(zeros((0, 3)), axis=0)", "std(arange(10))", "var(arange(5), ddof=1)"]
    for text in texts:
        rec.add("generator", text)
    for code in ALL:
        name = DTYPES[code].name
        rec.add("generator", f"zeros((2, 2), dtype={name}), ones(3, dtype={name}), full(2, 1, dtype={name})")
        if code != "b1":
            rec.add("generator", f"arange(9, dtype={name}), arange(2, 9, 3, dtype={name})")
            rec.add("generator", f"linspace(0, 100, 7, dtype={name})")
        rec.add("generator", "a + arange(4)", a=f"{code}_a3x4")
        rec.add("generator", "a * ones((3, 1)) + zeros(4), a + full((3, 4), 2)", a=f"{code}_a3x4")
        rec.add("generator", "a * linspace(0, 1, 4)", a=f"{code}_a3x4")
        rec.add("generator", "sum(a * arange(5000))", a=f"{code}_a5000")


def statements(rec):
    texts = [
        "d = x - y; mean(d), std(d), max(abs(d))", "s = x + y; s * s", "s = x * 2; t = s + y; t - s, t",
        "m = mean(x)\nx - m", "a = x; b = y; a < b, a == b", "k = 2; x * k", "k = 0.5; x * k + k",
        "s = sum(x); s, s * 2, x + s", "x + y", "z = x + y", "z = x; z", "x, y, x", "x; y", "x + 1; y + 2, x",
        "lo = min(x); hi = max(x); (x - lo) * 2 > hi - lo", "t = x > 1; where(t, x, 0), sum(t), any(t)",
        "# only a comment\nx + y  # and one more", "q = (x + y) * (x + y); q, q + 1", "c = clip(x, 0, 2); c == x",
        "n = count_nonzero(x); sum(x) / n", "x\n", "u = x * y; v = u * u; w = v + u; sum(w), min(w)",
        "s = sum(x, axis=0); t = sum(x, axis=1); s, t", "x.sum(), x.min(), x.max(), x.mean()",
        "d = x; d = y; d, d + x", "d = x\nd = d + y\nd * 2",
    ]  # fmt: skip
    for text in texts:
        for code in ["f4", "f8", "i4", "u1", "i8", "b1"]:
            rec.add("program", text, x=f"{code}_a3x4", y=f"{code}_b3x4")
    for code in ["i1", "f4"]:
        for text in ["x + (True + 1)", "x * (1 | False)", "x * (True * 0.5)", "x + (2 if True else 3)", "x + -True"]:
            rec.add("literal program", text, x=f"{code}_a4")
    rec.add("names", "pi * 2, e, inf, -inf, nan, True, False, true, false")
    rec.add("names", "e * 2, pi + 1", e="i4_a4", pi="f4_a4")
    rec.add("names", "pi = 3; pi * x", x="i4_a4")
    rec.add("names", "größe + x_1 - _y", größe="f8_a4", x_1="f8_b4", _y="i1_a4")
    rec.add("names", "sum + 1, sum(sum)", sum="i4_a4")


def precedence(rec):
    texts = [
        "-x**2", "(-x)**2", "2**y**2", "x**2**1", "-x * y", "not x == y", "not (x == y)", "not x", "x - y - 1",
        "x - (y - 1)", "x / 2 / 2", "x / (2 / 2)", "x // 2 * 2 + x % 2", "x + y * 2", "(x + y) * 2", "x % 3 * 2",
        "x < y == y", "x < y < 3", "x > y >= 1 > 0", "1 < x", "x == y == x", "x != y != 0",
        "x if x > y else y if y > 1 else 0", "(x if x > 1 else y) if y > 1 else 2", "x if not y else -x",
        "1 if x < y else 2 if x == y else 3", "x > 1 and y > 1 or x < 0", "x > 1 or y > 1 and x < 0",
        "not x > 1 and y > 1", "not (x > 1 and y > 1)", "not not x", "- -x", "-(-x)", "+x", "x + -y", "x - -y",
        "x*-1", "x** 2 * 3", "3 * x**2", "x * y ** 2", "x < y and y < 3", "0 < x <= 3", "x and y or 1",
        "x + 1 if x else 0", "(x + 1) * (y - 1) / 2", "((((x))))", "x*y+x*y", "x < 1 or not y", "not x or y",
        "x == 1 if y else y == 1", "-x if x < 0 else x", "x ** 2 ** 0", "abs(-x) ** 2", "-abs(x)", "-2 * x",
        "-2**2 + x",
    ]  # fmt: skip
    ints = [
        "x & y | 1", "x | y & 1", "x ^ y & 3", "x | y ^ y", "x & 1 == 1", "(x & 1) == 1", "x << 1 + 1", "x << 1 << 1",
        "x >> 1 & 1", "~x & y", "~x + 1", "-~x", "~-x", "x & y == y", "x | 1 < 3", "x << 2 | y >> 1", "x + y << 1",
        "x ^ 1 | 2 & 3", "~x ** 2", "x >> 1 << 1",
    ]  # fmt: skip
    for text in texts:
        for code in ["i4", "f4", "u1"]:
            rec.add("precedence", text, x=f"{code}_a3x4", y=f"{code}_b3x4")
    for text in ints:
        for code in ["u1", "i8", "b1"]:
            rec.add("precedence", text, x=f"{code}_a3x4", y=f"{code}_b3x4")


def literal_programs(rec):
    texts = [
        "1 + 2", "7 // 2, -7 // 2, 7 % -3, -7 % 3", "1 / 0, -1 / 0, 0 / 0", "1 // 0, 1 % 0", "2**-1", "2**10",
        "-2**2", "2**3**2", "1 << 4, 256 >> 3", "5 & 3, 5 | 3, 5 ^ 3, ~5", "1.5 + 1", "0.1 + 0.2",
        "1 < 2, 2 < 1, 1 == 1.0", "1 < 2 < 3, 3 > 2 > 2", "True, False", "not True, True and False, True or False",
        "1 if True else 2", "1 if False else 2.5", "pi, e", "inf - inf", "1e400", "0x7fffffffffffffff", "1_000_000",
        "9223372036854775807", "-9223372036854775808", "9223372036854775808", "1.0 // 0.1", "1.0 % 0.1", "-1.0 % 0.3",
        "0b101 + 0o17 + 0xff", "3", "2.5", "-0.0", "abs(-3), sqrt(2), floor(2.5)", "sin(1), exp(0)", "sum(3)",
        "1e-320", "5e-324", "1.7976931348623157e308", "123456789.123456789", "minimum(1, 2), maximum(1, 2.5)",
    ]  # fmt: skip
    for text in texts:
        rec.add("literal program", text)


def errors(rec):
    """Programs that must be refused, NumPy or not; the code is all that is compared."""
    listed = {
        "E0001": ["x $ y", "x ? y", "`x`"],
        "E0101": ["x y", "x + * y", "sum(x,, y)", ") + x"],
        "E0102": ["x +", "1 if x", "-"],
        "E0103": ["x * (y +", "sum(x", "[x"],
        "E0105": ["", "   ", "# nothing"],
        "E0201": ["x + nope", "nope", "sum(nope)", "z = zz; z", "d = d + 1", "x + X"],
        "E0202": ["sine(x)", "x.summ()", "nope(x, y)", "x.foo()", "summ(x, axis=0)"],
        "E0204": ["x + b", "where(x > 0, x, b)", "x * b + 1", "minimum(x, b)", "x < b", "t = x * b; t"],
        "E0205": ["sum(x, foo=1)", "sin()", "sin(x, y)", "where(x, y)", "sum(x, axis=0, axis=1)", "pow(x)"],
        "E0206": ["sum(x, axis=2)", "mean(x, axis=-3)", "max(x, axis=(0, 5))", "sum(x, axis=(0, 0))", "x.std(axis=7)",
                  "sum(x, axis=(0, -2))", "sum(sum(x), axis=1)"],
        "E0207": ["9223372036854775807 + 1", "where(x > 0, u, 300)", "where(x > 0, -1, u)", "u + 256", "u * -1",
                  "u // 1000"],
        "E0207 cast": ["uint8(-1)", "x + int8(200)", "uint64(-1)"],
        "E0209": ["x ** -1", "u ** -1", "2 * x ** -3", "x ** (1 - 2)"],
        "E0210": ["min(n)", "max(n, axis=0)", "min(n * 2)", "max(zeros(0))", "min(n, axis=(0, 1))"],
        "E0211": ["sin + 1", "float32 * x", "x + sum"],
        "E0213": ["round(x, y)", "sum(x, axis=y)", "zeros(x)", "sum(x, axis=1.5)", "linspace(0, 1, x)",
                  "sum(x, axis=0.0)"],
        "E0106": ["x @ y"],
        "E0203": ["p - q", "-p", "(x > 0) - (y > 0)", "~w", "w & w", "w << 1", "x ^ w", "sign(p)", "+p", "h & s",
                  "h << s",
                  "w | 1", "1.5 & 2", "clip(p > 0, 1.5, 2) & 1", "sum(p - q)"],
        "E0208": ["sin(c)", "sqrt(u)", "exp(p)", "rint(c)", "tanh(u) + 1", "log(p)", "round(p)",
                  "sin(u + c.astype(uint8))"],
        "E0503": ["x ** m", "2 ** m", "sum(x ** m)"],
    }  # fmt: skip
    use = {
        "x": "i4_a3x4", "y": "i4_b3x4", "b": "i4_a5x1", "u": "u1_a3x4", "c": "i1_a3x4", "p": "b1_a3x4", "q": "b1_b3x4",
        "w": "f8_a3x4", "h": "u8_a3x4", "s": "i8_a3x4", "n": "f8_ae0x3", "m": "i4_b3x4",
    }  # fmt: skip
    rec.pool.put("i4_negative", -rec.pool.arrays["i4_x"].reshape(4, 6)[:3, :4] - 1)
    use["m"] = "i4_negative"
    use["b"] = "i4_a2x3"
    rec.pool.put("i4_a2x3", rec.pool.arrays["i4_x"].reshape(4, 6)[:2, :3].copy())
    for code, texts in listed.items():
        for text in texts:
            rec.refuse("error " + code, text, code[:5], **{k: v for k, v in use.items() if k in names_in(text)})


# How a random tree grows: weight, and a node over the subtrees {a} and {b}.
GROWTH = [
    (40, "({a} {arithmetic} {b})"),
    (10, "({a} {comparison} {b})"),
    (8, "where({a} > {b}, {leaf}, {b})"),
    (6, "({a} if {b} < {leaf} else {b})"),
    (8, "{extremum}({a}, {b})"),
    (12, "{unary}({a})"),
    (4, "{math}({a} / 2)"),
    (4, "{cast}({a})"),
    (8, "{reduction}({a}{axis})"),
]
CHOICES = {
    "arithmetic": ["+", "-", "*", "+", "-", "*", "/", "//", "%", "&", "|", "^", "<<", ">>"],
    "comparison": ["<", "<=", "==", "!=", ">", ">="],
    "extremum": ["minimum", "maximum"],
    "unary": ["abs", "square", "floor", "trunc", "sign", "sqrt", "ceil", "-", "isnan", "round"],
    "math": ["sin", "exp", "tanh", "cos"],
    "cast": ["float32", "int16", "int64", "uint8", "float64", "bool"],
    "reduction": ["sum", "mean", "max", "min", "any", "count_nonzero", "all", "prod"],
    "axis": ["", ", axis=0", ", axis=-1, keepdims=True"],
    "scalar": ["1", "2", "3", "-1", "0.5", "1.5", "10", "0", "100", "True", "-0.0"],
}
OPERANDS = {"x": "a3x4", "y": "b3x4", "r": "a4", "k": "b3x1", "s": "a0", "w": "b1x4"}
# The same names at the limits: every shape broadcasts with 24 elements.
LIMITS = {"x": "s", "y": "t", "r": "a1", "k": "b1", "s": "a0", "w": "x"}
# Which dtypes the operands of one tree have.
MIXTURES = [["i4", "f8", "i1", "u1"], ["f4", "i2", "u2"], ["f8"], ["f4"], ["i8", "u8", "f8"], INTS, ALL, FLOATS]


def random_trees(rec, rng, count):
    """Typed by luck: what NumPy refuses is left out, what it computes must come out."""
    wanted = len(rec.lines) + count
    while len(rec.lines) < wanted:
        text = tree(rng, int(rng.integers(2, 5)))
        codes = MIXTURES[int(rng.integers(len(MIXTURES)))]
        arrays = LIMITS if rng.random() < 0.4 else OPERANDS
        names = [name for name in arrays if name in names_in(text)]
        use = {name: f"{rng.choice(codes)}_{arrays[name]}" for name in names}
        if use and len(text) <= 160:
            rec.add("random", text, _errors=False, **use)


def tree(rng, depth):
    if depth == 0 or rng.random() < 0.1:
        return str(rng.choice(list(OPERANDS) if rng.random() < 0.8 else CHOICES["scalar"]))
    weights = [weight / 100 for weight, _ in GROWTH]
    form = GROWTH[int(rng.choice(len(GROWTH), p=weights))][1]
    parts = {name: str(rng.choice(values)) for name, values in CHOICES.items()}
    a, b, leaf = tree(rng, depth - 1), tree(rng, depth - 1), tree(rng, 0)
    return form.format(a=a, b=b, leaf=leaf, **parts)


def names_in(text):
    cleaned = "".join(c if c.isalnum() or c == "_" else " " for c in text)
    return set(cleaned.split())
