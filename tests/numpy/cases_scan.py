"""In: a recorder. Out: scans along every axis, over every dtype. Never: a plain reduction."""

from pool import DTYPES, FLOATS, SHAPES

SCANS = ["cumulative_sum", "cumulative_prod", "cumulative_max", "cumulative_min", "cumsum", "cumprod"]

# For each shape of the pool: the axes that are there.
AXES = {shape: range(-1, len(shape.lstrip("e").split("x"))) for shape in SHAPES if shape != "0"}


def record(rec, rng):
    codes = list(DTYPES)
    for name in SCANS:
        for shape, axes in AXES.items():
            for axis in axes:
                rec.add(name, f"{name}(a, axis={axis})", a=f"{rng.choice(codes)}_a{shape}")
        for code in codes:
            rec.add(name, f"{name}(a, axis=0), {name}(a, axis=1)", a=f"{code}_a3x4")
            rec.add(name, f"{name}(a)", a=f"{code}_b4")
            rec.add(name, f"{name}(a)", a=f"{code}_s")
            rec.add("scan axis", f"{name}(a, axis=0), {name}(a, axis=1)", a=f"{code}_a37x41")
        for code in FLOATS:
            rec.add("long scan", f"{name}(a)", a=f"{code}_a5000")
            rec.add("long scan", f"{name}(a + 1, axis=1)", a=f"{code}_a9x8x70")
            for key in ["nan", "inf", "both", "negzero", "cancel", "large", "small"]:
                rec.add(name, f"{name}(a)", a=f"{code}_r{key}")
    for code in codes:
        for dtype in ["int8", "uint16", "int64", "float32", "float64"]:
            rec.add("scan dtype", f"cumsum(a, axis=0, dtype={dtype})", a=f"{code}_a2x3x4")
        for name in ["cumulative_sum", "cumulative_prod"]:
            for shape in ["4", "3x4", "e0x3", "e3x0"]:
                axis = "" if shape == "4" else ", axis=0"
                rec.add("scan initial", f"{name}(a{axis}, include_initial=True)", a=f"{code}_a{shape}")
        rec.add("nested scan", "cumsum(a - min(a), axis=1) / sum(a + 1, axis=1, keepdims=True)", a=f"{code}_a3x4")
        rec.add("nested scan", "cumsum(cumsum(a, axis=0), axis=1) - a", a=f"{code}_a3x4")
        rec.add("nested scan", "max(cumsum(a * 2)), cumulative_max(a) == a", a=f"{code}_b4")
