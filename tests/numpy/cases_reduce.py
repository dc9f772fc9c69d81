"""In: a recorder. Out: reductions, over every axis form. Never: plain elementwise cases."""

from pool import DTYPES, FLOATS, LONG, SHAPES, TILED
from reductions import EXACT, REDUCTIONS, SKIPPING

ALL = list(DTYPES)

# For each shape of the pool: how a reduction's axes can be given.
AXES = {
    "0": ["", "axis=None", "keepdims=True"],
    "1": ["", "axis=0", "axis=-1, keepdims=True"],
    "4": ["", "axis=0", "axis=(0,)"],
    "5x1": ["axis=0", "axis=1", "axis=-1, keepdims=True"],
    "3x1": ["axis=1"],
    "1x4": ["axis=0", "axis=(0, 1)"],
    "3x4": ["", "axis=0", "axis=1", "axis=-1", "axis=-2", "axis=(0, 1)", "axis=None", "axis=0, keepdims=True",
            "axis=-1, keepdims=True", "keepdims=True", "axis=(1, 0)", "axis=()"],
    "2x3x4": ["", "axis=0", "axis=1", "axis=2", "axis=(0, 2)", "axis=(1, -1)", "axis=(0, 1), keepdims=True"],
    "2x1x4": ["axis=1", "axis=(0, 2), keepdims=True"],
    "2x1x3x2": ["", "axis=(0, 3)", "axis=2", "axis=(-1, -2)", "axis=(1, 2, 3), keepdims=True"],
    "e0": ["", "axis=0"],
    "e0x3": ["", "axis=0", "axis=1", "axis=0, keepdims=True"],
    "e3x0": ["axis=0", "axis=1", "axis=(0, 1)"],
    "e2x0x4": ["axis=1", "axis=0", "axis=(0, 2), keepdims=True", ""],
}  # fmt: skip
assert set(AXES) == set(SHAPES)


def record(rec, rng):
    forms(rec, rng)
    data(rec)
    long(rec)
    nested(rec)
    skipping(rec, rng)
    told(rec)
    sorted_out(rec)


def forms(rec, rng):
    """Every reduction over every axis form, and over every dtype."""
    for name in REDUCTIONS:
        for shape, forms in AXES.items():
            for form in forms:
                call = f"{name}(a{', ' + form if form else ''})"
                rec.add(name, call, a=f"{rng.choice(ALL)}_a{shape}")
        for code in ALL:
            for form in ["a", "a, 1"]:
                rec.add(name, f"{name}({form})", a=f"{code}_b3x4")
            rec.add("method", f"a.{name}(axis=0), a.{name}()", a=f"{code}_a2x3x4")
        for form in [
            "ddof=1",
            "axis=0, ddof=1",
            "axis=1, ddof=2",
            "ddof=5, axis=1",
            "axis=(0, 1), ddof=1, keepdims=True",
        ]:
            for code in ["f4", "f8", "i2", "u8"]:
                if name in ("var", "std"):
                    rec.add(name, f"{name}(a, {form})", a=f"{code}_a3x4")
    for name in ("var", "std"):
        for code in FLOATS:
            rec.add(name, f"{name}(a, ddof=1)", a=f"{code}_a1")


def data(rec):
    """NaN, infinities, signed zeros, limits, overflow."""
    made = {
        "nan": [1, float("nan"), 3], "inf": [1, float("inf"), 2], "both": [float("inf"), float("-inf"), 0],
        "negzero": [-0.0, -0.0], "mixzero": [-0.0, 0.0, -0.0], "poszero": [0.0, 0.0],
        "naninf": [float("inf"), float("nan")], "cancel": [1e15, 1.0, -1e15, 2.0 ** -20],
        "far": [1e6 + 1, 1e6 + 2, 1e6 + 4, 1e6 + 7], "same": [0.1] * 11, "ints": list(range(-3, 9)),
        "large": [1e30, 3e30, -2e30, 1e30], "small": [1e-30, 3e-30, 2e-30], "half": [0.5, -1.5, 2.25],
    }  # fmt: skip
    for code in FLOATS:
        for key, values in made.items():
            name = rec.pool.put(f"{code}_r{key}", DTYPES[code].type(values))
            for reduction in REDUCTIONS:
                rec.add(reduction, f"{reduction}(a)", a=name)
    for code in ALL:
        for reduction in REDUCTIONS:
            rec.add(reduction, f"{reduction}(a)", a=f"{code}_s")
        rec.add("sum", "sum(a * a), prod(a + 1), sum(a, axis=0) * 2", a=f"{code}_t")
        for reduction in ["sum", "prod", "min", "mean", "std"]:
            rec.add(reduction, f"{reduction}(a > 1)", a=f"{code}_t")


def long(rec):
    """Several strips and tiles; rows and columns of many lengths."""
    sums, others = ["sum", "mean", "var", "std"], ["min", "max", "any", "all", "count_nonzero"]
    for code in ALL:
        for shape in LONG:
            name = f"{code}_a{shape}"
            if shape in ("70001", "300x251") and code not in TILED:
                continue
            if shape in ("1531", "70001"):
                for reduction in [*sums[:2], "std", *others[:3], "count_nonzero"]:
                    rec.add("long " + reduction, f"{reduction}(a)", a=name)
            else:
                rec.add("long sums", ", ".join(f"{r}(a)" for r in sums), a=name)
                rec.add("long others", ", ".join(f"{r}(a)" for r in others), a=name)
        for axis in ["0", "1", "2", "(0, 1)", "(0, 2)", "(1, 2)"]:
            for family, names in [("sums", sums), ("others", others)]:
                text = ", ".join(f"{r}(a, axis={axis})" for r in names)
                rec.add("long axis " + family, text, a=f"{code}_a9x8x70")
        for reduction in ["sum", "min", "count_nonzero", "mean", "var"]:
            rec.add("long axis " + reduction, f"{reduction}(a, axis=1), {reduction}(a, axis=0)", a=f"{code}_a37x41")
        rec.add(
            "long sum", "sum(a * b), sum(a > b), max(a) - min(b)", _errors=False, a=f"{code}_a5000", b=f"{code}_b5000"
        )
    for code in TILED:
        for reduction in ["min", "max", "any"]:
            rec.add("long axis " + reduction, f"{reduction}(a, axis=0), {reduction}(a, axis=1)", a=f"{code}_a300x251")
        if code not in FLOATS:
            rec.add("long axis sum", "sum(a, axis=0), sum(a, axis=1), prod(a, axis=0)", a=f"{code}_a300x251")
    for code in FLOATS:
        tiny = rec.pool.put(f"{code}_near1", 1 + rec.pool.arrays[f"{code}_a511"] / 64)
        rec.add("long prod", "prod(a), prod(a ** 2)", a=tiny)
        for text in ["sum(a * a)", "mean(abs(a))", "std(a + 1000)", "sum(where(a > 0, a, 0))"]:
            rec.add("long fused", text, a=f"{code}_a5000")
            rec.add("long fused", text, a=f"{code}_a70001")
        rec.add("long fused", "sum(((a**3 + b) < 1) & (b > 0))", a=f"{code}_a70001", b=f"{code}_b70001")


def nested(rec):
    """Reductions inside expressions, and several passes."""
    texts = [
        "(x - mean(x)) / std(x)", "x - mean(x, axis=0)", "x / sum(x, axis=-1, keepdims=True)",
        "(x - min(x)) / (max(x) - min(x))", "x > mean(x)", "sum(x > mean(x))",
        "sum(x * mean(x))", "mean(x - 1) * sum(x)", "max(x - min(x))", "where(x == max(x), 1, 0)",
        "x * sum(y)", "sum(x, axis=0) + sum(y, axis=0)", "sum(x + sum(y))", "sqrt(mean(square(x)))",
        "x.mean() + y.mean()", "(x - x.mean(axis=1, keepdims=True)).sum(axis=0)",
        "count_nonzero(x) + any(y)", "min(x) < x < max(x)", "sum(x) / count_nonzero(x)",
        "std(x - mean(y))", "any(x > y) and all(y > -100)", "sum(x if x > y else y)",
        "sum(sum(x, axis=0))", "max(sum(x, axis=1)) * x", "sum(minimum(x, max(y)))",
    ]  # fmt: skip
    for text in texts:
        for code in ["f4", "f8", "i4", "u1", "b1"]:
            rec.add("nested", text, x=f"{code}_a3x4", y=f"{code}_b3x4")
        for code in ["f4", "f8"]:
            if "axis" not in text:
                rec.add("nested", f"sum({text})", x=f"{code}_a5000", y=f"{code}_b5000")
            if "axis=-1" not in text:
                rec.add("nested", text, x=f"{code}_a2x3x4", y=f"{code}_b3x4")


def skipping(rec, rng):
    """What finds a place or skips NaN: every axis form, every dtype."""
    for name in EXACT + SKIPPING:
        for shape, forms in AXES.items():
            for form in forms:
                if name in EXACT[:2] and "(" in form:
                    continue
                call = f"{name}(a{', ' + form if form else ''})"
                rec.add(name, call, a=f"{rng.choice(ALL)}_a{shape}")
        for code in ALL:
            for form in ["a", "a, 1", "a, axis=0, keepdims=True"]:
                rec.add(name, f"{name}({form})", a=f"{code}_b3x4")
            rec.add("long " + name, f"{name}(a)", _errors=False, a=f"{code}_a1531")
            rec.add("long " + name, f"{name}(a, axis=0), {name}(a, axis=1)", _errors=False, a=f"{code}_a37x41")
    made = {
        "gaps": [1.5, float("nan"), -3, float("nan"), 7], "gone": [float("nan")] * 3, "ends": [float("nan"), 2, float("inf")],
        "low": [float("-inf"), float("nan"), 1], "twice": [4, 9, 9, 1, 1, 9], "last": [3, 1, 2, float("nan")],
    }  # fmt: skip
    for code in FLOATS:
        for key, values in made.items():
            name = rec.pool.put(f"{code}_k{key}", DTYPES[code].type(values))
            for reduction in EXACT + SKIPPING:
                rec.add(reduction, f"{reduction}(a)", a=name)
            rec.add("nanvar", "nanvar(a, ddof=1), nanstd(a, ddof=3), nanmean(a, keepdims=True)", a=name)


def told(rec):
    """`where`, `initial`, `dtype`, `mean`."""
    for code in ALL:
        for name in ["sum", "prod", "mean", "var", "std", "any", "all", "nansum", "nanmean", "nanvar", "nancount"]:
            for form in ["where=m", "axis=0, where=m", "axis=1, where=b > 1, keepdims=True", "where=False"]:
                rec.add("where", f"{name}(a, {form})", a=f"{code}_a3x4", b=f"{code}_b3x4", m="b1_a3x4")
        for name in ["min", "max", "nanmin", "nanmax"]:
            rec.add("where", f"{name}(a, where=m, initial=1)", a=f"{code}_a3x4", m="b1_a3x4")
            rec.add("where", f"{name}(a, where=m)", a=f"{code}_a3x4", m="b1_a3x4")
            rec.add("initial", f"{name}(a, axis=0, initial=2)", a=f"{code}_a3x4")
            rec.add("initial", f"{name}(a, initial=-3)", a=f"{code}_a3x4")
            rec.add("initial", f"{name}(a, axis=0, initial=1)", a=f"{code}_ae0x3")
        for name in ["sum", "prod", "nansum"]:
            rec.add("initial", f"{name}(a, initial=3)", a=f"{code}_a3x4")
            rec.add("initial", f"{name}(a, axis=1, initial=1.5)", a=f"{code}_a3x4")
            rec.add("initial", f"{name}(a, initial=300)", a=f"{code}_a3x4")
            rec.add("where", f"{name}(a, axis=1, initial=2, where=m)", a=f"{code}_a3x4", m="b1_a3x4")
        for dtype in ["float32", "float64"]:
            for name in ["sum", "mean", "var", "nanmean"]:
                rec.add("dtype", f"{name}(a, dtype={dtype})", a=f"{code}_b3x4")
        for dtype in ["bool", "int8", "int64", "uint16", "uint64"]:
            if code not in FLOATS:
                for name in ["sum", "prod", "nansum"]:
                    rec.add("dtype", f"{name}(a, axis=0, dtype={dtype})", a=f"{code}_b3x4")
        rec.add("mean=", "var(a, axis=1, mean=1)", a=f"{code}_t")
        rec.add("where", "sum(a, where=m)", a=f"{code}_a4", m="b1_a3x4")


METHODS = ["linear", "lower", "higher", "midpoint", "nearest", "inverted_cdf", "averaged_inverted_cdf",
           "closest_observation", "interpolated_inverted_cdf", "hazen", "weibull", "median_unbiased",
           "normal_unbiased"]  # fmt: skip


def sorted_out(rec):
    """Medians and quantiles, every method."""
    for code in ALL:
        for shape, forms in AXES.items():
            if shape[0] != "e":
                for form in forms[:4]:
                    rec.add("median", f"median(a{', ' + form if form else ''})", a=f"{code}_a{shape}")
        for form in ["axis=0", "axis=1", "axis=1, keepdims=True"]:
            rec.add("quantile", f"quantile(a, 0.3, {form})", a=f"{code}_b3x4")
            rec.add("percentile", f"percentile(a, 62.5, {form})", a=f"{code}_b3x4")
        for q in ["0.5", "0", "1", "(0.1, 0.5, 0.93)", "(0, 1)"]:
            rec.add("quantile", f"quantile(a, {q})", a=f"{code}_a3x4")
        for q in ["50", "0", "100", "(1, 50, 99.5)"]:
            rec.add("percentile", f"percentile(a, {q})", a=f"{code}_a1531")
        for q in ["[0]", "(0, 1)", "[1]"]:
            for method in ["weibull", "interpolated_inverted_cdf", "averaged_inverted_cdf"]:
                rec.add("quantile", f"quantile(a, {q}, method='{method}')", a=f"{code}_a3x4")
        for method in METHODS:
            rec.add("quantile", f"quantile(a, 0.37, method='{method}')", a=f"{code}_a37x41")
            rec.add("quantile", f"quantile(a, 0.02, axis=0, method='{method}')", a=f"{code}_a3x4")
            rec.add("quantile", f"quantile(a, (0.25, 0.75), method='{method}')", a=f"{code}_a4")
        rec.add("median", "median(a)", a=f"{code}_a70001" if code in TILED else f"{code}_a1531")
        rec.add("median", "median(a, axis=0), median(a, axis=1)", a=f"{code}_a37x41")
    for code in FLOATS:
        for key in ["gaps", "gone", "low", "twice", "last"]:
            rec.add("median", "median(a), quantile(a, 0.7), percentile(a, 10, method='lower')", a=f"{code}_k{key}")
