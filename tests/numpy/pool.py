"""In: a seed. Out: the named operands that cases refer to. Never: a case."""

import numpy as np

DTYPES = {
    "b1": np.dtype("bool"),
    "i1": np.dtype("int8"),
    "i2": np.dtype("int16"),
    "i4": np.dtype("int32"),
    "i8": np.dtype("int64"),
    "u1": np.dtype("uint8"),
    "u2": np.dtype("uint16"),
    "u4": np.dtype("uint32"),
    "u8": np.dtype("uint64"),
    "f4": np.dtype("float32"),
    "f8": np.dtype("float64"),
}
CODES = {dtype: code for code, dtype in DTYPES.items()}
INTS = ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]
FLOATS = ["f4", "f8"]

# Name suffix -> shape of the operands with moderate values, two of each (`a`, `b`).
SHAPES = {
    "0": (),
    "1": (1,),
    "4": (4,),
    "5x1": (5, 1),
    "3x1": (3, 1),
    "1x4": (1, 4),
    "3x4": (3, 4),
    "2x3x4": (2, 3, 4),
    "2x1x4": (2, 1, 4),
    "2x1x3x2": (2, 1, 3, 2),
    "e0": (0,),
    "e0x3": (0, 3),
    "e3x0": (3, 0),
    "e2x0x4": (2, 0, 4),
}

# Dtypes of the cases with several tiles: one of each width and kind.
TILED = ["b1", "i2", "u4", "i8", "f4", "f8"]

# Long operands are made by a formula that the test repeats: name suffix -> shape.
LONG = {
    "511": (511,),
    "512": (512,),
    "1531": (1531,),
    "37x41": (37, 41),
    "5000": (5000,),
    "9x8x70": (9, 8, 70),
    "70001": (70001,),
    "300x251": (300, 251),
}


def specials(code, rng, phase):
    """24 values that matter: limits, zeros, NaN, infinities, and some at random."""
    dtype = DTYPES[code]
    if code == "b1":
        return np.array([(i >> phase) & 1 for i in range(24)], dtype)
    if code in FLOATS:
        return float_specials(dtype, rng, phase)
    info = np.iinfo(dtype)
    lo, hi = int(info.min), int(info.max)
    base = [0, 1, 2, 3, 5, 7, 10, hi, hi - 1, lo, lo + 1, hi // 2, hi // 2 + 1, hi // 3]
    base += [-1, -2, -3, -7] if lo < 0 else [4, 100, 13, 64]
    base += [int(rng.integers(lo, hi, dtype=dtype, endpoint=True)) for _ in range(6)]
    if phase:
        order = rng.permutation(24)
        # Pairs that trap on most machines: x // 0, 0 // 0, MIN // -1.
        values = [base[i] for i in order]
        values[0], values[7], values[9] = 0, 0, (-1 if lo < 0 else 1)
        return np.array(values, dtype)
    return np.array(base, dtype)


def float_specials(dtype, rng, phase):
    """Signed zeros, infinities, NaN, subnormals, limits, halves, and some at random."""
    info = np.finfo(dtype)
    base = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 0.1, 3.0, -7.25]
    base += [np.inf, -np.inf, np.nan, info.max, -info.max, info.tiny, info.smallest_subnormal]
    base += [16777217.0, -1e10] + [float(x) for x in rng.normal(0, 20, 3)]
    values = np.array(base, dtype)
    if phase:
        values = values[rng.permutation(24)]
        values[0], values[1], values[2], values[9], values[12] = -0.0, 0.0, 0.1, 0.1, 2.0
    return values


def moderate(code, shape, rng):
    """Small values without NaN, whose sums and products stay far from every limit."""
    dtype = DTYPES[code]
    if code == "b1":
        return rng.integers(0, 2, shape).astype(dtype)
    if code in FLOATS:
        return np.asarray(np.round(rng.uniform(-4, 4, shape), 3)).astype(dtype)
    low = 0 if code[0] == "u" else -9
    return np.asarray(rng.integers(low, 12, shape)).astype(dtype)


def mix(words):
    """splitmix64's finaliser, on uint64 arrays."""
    words = words ^ (words >> np.uint64(30))
    words = words * np.uint64(0xBF58476D1CE4E5B9)
    words = words ^ (words >> np.uint64(27))
    words = words * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def words_of(seed, n):
    """The first `n` outputs of splitmix64 from `seed`."""
    index = np.arange(1, n + 1, dtype=np.uint64)
    return mix(np.uint64(seed) + index * np.uint64(0x9E3779B97F4A7C15))


def formula(code, shape, seed):
    """Ints and bool: the low bits. Floats: uniform in [-4, 4), 53 bits, rounded to the dtype."""
    words = words_of(seed, int(np.prod(shape)))
    if code in FLOATS:
        unit = (words >> np.uint64(11)).astype(np.float64) * 2.0**-53
        return (unit * 8.0 - 4.0).astype(DTYPES[code]).reshape(shape)
    if code == "b1":
        return ((words & np.uint64(1)) == 1).reshape(shape)
    size = DTYPES[code].itemsize
    raw = (words & np.uint64(2 ** (8 * size) - 1)).astype(f"uint{8 * size}")
    return raw.view(DTYPES[code]).reshape(shape)


def digest(values):
    """A number that changes with any bit and any order of the elements; NaNs count as one."""
    flat = np.ascontiguousarray(values).reshape(-1)
    if flat.dtype.kind == "f":
        flat = np.where(np.isnan(flat), flat.dtype.type(np.nan), flat)
        bits = flat.view(f"uint{8 * flat.dtype.itemsize}").astype(np.uint64)
        quiet = np.uint64(0x7FC00000 if flat.dtype.itemsize == 4 else 0x7FF8000000000000)
        bits = np.where(np.isnan(flat), quiet, bits)
    elif flat.dtype.kind == "b":
        bits = flat.astype(np.uint64)
    else:
        bits = flat.view(f"uint{8 * flat.dtype.itemsize}").astype(np.uint64)
    salted = mix(bits + words_of(1, len(flat)))
    return int(np.add.reduce(salted, dtype=np.uint64))


class Pool:
    """Every operand by name, and which of them are formulas."""

    def __init__(self, seed):
        rng = np.random.Generator(np.random.PCG64(seed))
        self.arrays, self.seeds = {}, {}
        for code in DTYPES:
            self.arrays[f"{code}_s"] = specials(code, rng, 0)
            self.arrays[f"{code}_t"] = specials(code, rng, 1)
            exponents = rng.integers(0, 2 if code == "b1" else 9, 24)
            self.arrays[f"{code}_x"] = exponents.astype(DTYPES[code])
            for name, shape in SHAPES.items():
                self.arrays[f"{code}_a{name}"] = moderate(code, shape, rng)
                self.arrays[f"{code}_b{name}"] = moderate(code, shape, rng)
            for which in "ab":
                for name, shape in LONG.items():
                    self.formula(f"{code}_{which}{name}", code, shape)

    def formula(self, name, code, shape):
        self.seeds[name] = len(self.seeds) * 1_000_003 + 17
        self.arrays[name] = formula(code, shape, self.seeds[name])

    def put(self, name, values):
        self.arrays[name] = values
        return name
