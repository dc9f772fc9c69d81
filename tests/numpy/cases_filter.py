"""In: a recorder. Out: filters and what is made of them, histograms, counts, elements at indices that
are computed. Never: a minimum of nothing, which is an error when it is run.
"""

from cases_reduce import METHODS
from pool import DTYPES, FLOATS

SHAPES = ["4", "3x4", "2x3x4", "37x41"]
ELEMENTWISE = [
    "a[a > b]",
    "a[a > b] + b[a > b]",
    "-a[a <= b] * 2",
    "where(a[a > b] > 2, a[a > b], b[a > b])",
    "a[a > b][b[a > b] < 2]",
    "a[a == b], a[a != b] > 3",
]
REDUCED = ["sum", "prod", "mean", "any", "all", "count_nonzero", "var", "nansum"]
ROWS = [
    "a[a[:, 0] > 1]",
    "a[a[:, 1] > 1] - a[0]",
    "sum(a[a[:, 1] > 1], axis=0)",
    "max(a[a[:, 0] >= b[:, 0]], axis=1)",
    "cumulative_sum(a[a[:, 1] > 1], axis=0)",
    "count_nonzero(a[a[:, 0] > 1], axis=1)",
]
BINS = ["bins=4", "bins=1", "bins=7", "bins=3, range=(-2, 5)", "range=(-1.5, 2.5)", "bins=[-3, 0, 1, 5]"]
BINS += ["bins=[-1.5, 0.25, 3.0]", "range=(2, 2)", "bins=5, density=True", "bins=4, range=(0, 3), density=True"]

SORTED = ["median(a[a >= b])", "median(a[a != a])", "quantile(a[a == a], [0, 0.3, 1], method='lower')"]
RULES = ["auto", "fd", "scott", "doane", "rice", "sqrt", "sturges"]
NARROW = RULES[3:]
WIDE = ["f8", "f4", "i1", "u8"]
WEIGHTED = ["histogram(a, bins=4, weights=w)[0]", "histogram(a, bins=3, range=(0, 5), weights=w)[0]"]
WEIGHTED += ["histogram(a, bins=[-3, 0, 1, 5], weights=w)[0]"]
WEIGHTED += ["histogram(a, bins=2, range=(0, 3), weights=w, density=True)[0]"]

TAKEN = ["take(a, i % 3)", "take(a, i % 3, axis=1)", "a[i % 3]", "a[:, -(i % 3)]", "a[1:, i % 3] * 2"]
TAKEN += ["a[[2, 0, -1]]", "a[..., [3, 1]]", "sum(a[i % 3], axis=0)", "a[i % 2 - 1]"]


def record(rec, rng):
    codes = list(DTYPES)
    for shape in SHAPES:
        for code in codes:
            use = {"a": f"{code}_a{shape}", "b": f"{code}_b{shape}"}
            if use["b"] not in rec.pool.arrays:
                use["b"] = use["a"]
            for expr in ELEMENTWISE:
                if code != "b1" or not expr.startswith("-"):
                    rec.add("filter", expr, False, **use)
            for name in REDUCED:
                rec.add("filtered reduction", f"{name}(a[a >= b])", False, **use)
            for form in SORTED:
                rec.add("filtered quantile", form, False, **use)
            for name in ["min", "max", "argmin", "argmax"]:
                rec.add("filtered reduction", f"{name}(a[a == a])", False, a=use["a"])
            for name in ["cumulative_sum", "cumulative_max", "cumsum"]:
                rec.add("filtered scan", f"{name}(a[a > b])", False, **use)
    for code in codes:
        for expr in ROWS:
            rec.add("filtered rows", expr, False, a=f"{code}_a3x4", b=f"{code}_a3x4")
        for method in METHODS:
            if code != "b1":
                rec.add("filtered quantile", f"quantile(a[a <= 5], 0.37, method='{method}')", False, a=f"{code}_a37x41")
                rec.add("filtered quantile", f"quantile(a[a <= 5], (0.02, 0.75), method='{method}')", False, a=f"{code}_a4")
        for bins in BINS:
            for array in ["a3x4", "b4", "a37x41"]:
                expr = f"histogram(a, {bins})[0], histogram(a, {bins})[1]"
                rec.add("histogram", expr, False, a=f"{code}_{array}")
        # Where nothing bounds the number of bins, there is room for 262,144: slow in the reference.
        for rule in RULES if code in WIDE else NARROW:
            for array in ["a3x4", "a37x41"]:
                expr = f"histogram(a, bins={rule!r})[0], histogram(a, bins={rule!r})[1]"
                rec.add("estimated bins", expr, False, a=f"{code}_{array}")
        for rule in NARROW:
            rec.add("estimated bins", f"histogram(a[a > 1], bins={rule!r})[0]", False, a=f"{code}_a37x41")
        if code in WIDE:
            expr = f"histogram(a, {RULES[WIDE.index(code) + 2]!r}, range=(-2, 5))[0]"
            rec.add("estimated bins", expr, False, a=f"{code}_a37x41")
        if code in FLOATS:
            rec.add("histogram", "histogram(a, range=(-9, 9))[0]", False, a=f"{code}_s")
    for code in [code for code in codes if code not in [*FLOATS, "u8"]]:
        for expr in ["bincount(a % 7)", "bincount(a % 7, minlength=9)", "bincount(a % 5) / 2"]:
            if code != "b1":
                rec.add("bincount", expr, False, a=f"{code}_b4")
        rec.add("bincount", "bincount(a > 2)", False, a=f"{code}_a5000")
    for code in codes:
        for weights in codes:
            use = {"a": f"{code}_a3x4", "w": f"{weights}_a3x4"}
            for expr in WEIGHTED:
                rec.add("weights", expr, False, **use)
            rec.add("weights", "bincount(a > 2, weights=w)", False, a=f"{code}_b4", w=f"{weights}_b4")
        rec.add("weights", "histogram(a > 2, weights=a, range=(0, 1))[0]", False, a=f"{code}_a5000")
    for code in codes:
        for at in ["i8", "i2", "u1"]:
            for expr in TAKEN:
                rec.add("take", expr, False, a=f"{code}_a3x4", i=f"{at}_b4")
