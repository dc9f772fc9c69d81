"""In: exact inputs. Out: correctly rounded math, exact sums, and how far an answer may be off.
Never: a value that depends on the machine (NumPy's sin, exp, sum do)."""

import math

import numpy as np
from mpmath import mp, mpf

F32, F64 = np.dtype("float32"), np.dtype("float64")

# Half an ulp of 1.0: every sum, mean, variance is accumulated in float64.
U = 2.0**-53
FLOAT_TINY = float(np.finfo(F64).tiny)

# Precision, smallest and largest exponent of each float dtype.
FORMATS = {F32: (24, -126, 127), F64: (53, -1022, 1023)}


def vanishing(x):
    """Gamma far below 0: less than any float, negative above each odd integer."""
    return mp.ldexp(-1 if mp.floor(x) % 2 else 1, -3000)


MATH = {
    "sin": mp.sin,
    "cos": mp.cos,
    "tan": mp.tan,
    "exp": mp.exp,
    "expm1": mp.expm1,
    "log": mp.log,
    "log2": lambda x: mp.log(x) / mp.log(2),
    "log10": lambda x: mp.log(x) / mp.log(10),
    "log1p": mp.log1p,
    "tanh": mp.tanh,
    "cbrt": lambda x: mp.cbrt(abs(x)) * mp.sign(x),
    "exp2": lambda x: mp.power(2, x),
    "asin": mp.asin,
    "acos": mp.acos,
    "atan": mp.atan,
    "sinh": mp.sinh,
    "cosh": mp.cosh,
    "asinh": mp.asinh,
    "acosh": mp.acosh,
    "atanh": mp.atanh,
    "erf": lambda x: mp.erf(x) if abs(x) < 40 else mp.sign(x),
    "erfc": lambda x: mp.erfc(x) if abs(x) < 40 else 1 - mp.sign(x),
    "gamma": lambda x: mp.gamma(x) if abs(x) < 200 else mpf("inf") if x > 0 else vanishing(x),
    "lgamma": lambda x: mp.log(abs(mp.gamma(x))) if abs(x) < 200 else mp.loggamma(x).real,
}
ALIASES = {"arc" + name[1:]: name for name in MATH if name[0] == "a"}
MATH |= {alias: MATH[name] for alias, name in ALIASES.items()} | {"gammaln": MATH["lgamma"]}

# Of two arguments, finite and not 0.
TWO = {
    "atan2": mp.atan2,
    "arctan2": mp.atan2,
    "hypot": mp.hypot,
    "logaddexp": lambda x, y: max(x, y) + mp.log1p(mp.exp(-abs(x - y))),
}

# Not in NumPy: what C99 says of infinities and poles.
SPECIAL = {
    "erf": {math.inf: 1.0, -math.inf: -1.0, 0.0: 0.0},
    "erfc": {math.inf: 0.0, -math.inf: 2.0, 0.0: 1.0},
    "gamma": {math.inf: math.inf, -math.inf: math.nan, 0.0: math.inf},
    "lgamma": {math.inf: math.inf, -math.inf: math.inf, 0.0: math.inf},
}
SPECIAL["gammaln"] = SPECIAL["lgamma"]
# How many floats off; all others 1. Near its zeros lgamma is only absolutely exact.
ULPS = {"erfc": 4, "gamma": 16, "lgamma": 16, "gammaln": 16}


def special(name, x):
    """A function that NumPy does not have: where it is not finite, and its dtype, as SciPy's."""
    x = np.asarray(x)
    x = x.astype(F32 if np.can_cast(x.dtype, F32) else F64)
    out = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        at = float(x[i])
        if at in SPECIAL[name]:
            out[i] = SPECIAL[name][at]
            keeps = at == 0 and name in ("erf", "gamma")
            out[i] = np.copysign(out[i], x[i]) if keeps else out[i]
        elif math.isnan(at):
            out[i] = math.nan
        elif name in ("gamma", "lgamma", "gammaln") and at < 0 and at == int(at):
            out[i] = math.nan if name == "gamma" else math.inf
    return out


def round_to(value, dtype):
    """The mpf `value`, rounded once (half to even) to a Python float that `dtype` holds."""
    if mp.isnan(value):
        return math.nan
    if mp.isinf(value):
        return float(value)
    sign, man, exp, _ = value._mpf_
    man = int(man)
    if man == 0:
        return 0.0
    precision, emin, emax = FORMATS[dtype]
    top = exp + man.bit_length() - 1
    signed = -1.0 if sign else 1.0
    if top > emax:
        return signed * math.inf
    last = max(top, emin) - precision + 1
    shift = last - exp
    if shift <= 0:
        man <<= -shift
    elif shift > man.bit_length() + 1:
        man = 0
    else:
        kept, rest, half = man >> shift, man & ((1 << shift) - 1), 1 << (shift - 1)
        man = kept + (1 if rest > half or (rest == half and kept & 1) else 0)
    if man.bit_length() + last - 1 > emax:
        return signed * math.inf
    return signed * math.ldexp(man, last)


def math_unary(name, x, numpy_result):
    """Correctly rounded `name(x)`; special values are NumPy's (C99 Annex F), which is exact."""
    out = numpy_result.copy()
    for i in np.ndindex(x.shape):
        got = numpy_result[i]
        pole = np.isinf(got) and (x[i] in (0, -1, 1) or name in SPECIAL)
        if np.isnan(got) or not np.isfinite(x[i]) or x[i] == 0 or pole:
            continue
        exponent = abs(math.frexp(float(x[i]))[1])
        with mp.workprec(200 + 2 * exponent):
            value = round_to(MATH[name](mpf(float(x[i]))), x.dtype)
        out[i] = value
        if name not in SPECIAL:
            sanity(name, got, value, x.dtype)
    return out


def math_two(name, x, y, numpy_result):
    """Correctly rounded `name(x, y)`; special values are NumPy's."""
    out = numpy_result.copy()
    for i in np.ndindex(x.shape):
        a, b = float(x[i]), float(y[i])
        if not (math.isfinite(a) and math.isfinite(b)) or a == 0 or b == 0:
            continue
        with mp.workprec(300):
            out[i] = round_to(TWO[name](mpf(a), mpf(b)), x.dtype)
        if name != "logaddexp":
            sanity(name, numpy_result[i], out[i], x.dtype)
    return out


def math_pow(x, y, numpy_result):
    """Correctly rounded `x ** y` for floats of one dtype."""
    out = numpy_result.copy()
    for i in np.ndindex(x.shape):
        a, b = float(x[i]), float(y[i])
        finite = math.isfinite(a) and math.isfinite(b)
        if np.isnan(numpy_result[i]) or not finite or a == 0 or b == 0:
            continue
        out[i] = pow_value(a, b, x.dtype)
        sanity("pow", numpy_result[i], out[i], x.dtype)
    return out


def pow_value(a, b, dtype):
    """`a ** b` for finite non-zero floats where C99 has a number as the answer."""
    negative = a < 0 and b % 2 == 1
    with mp.workprec(1300):
        size = mpf(b) * mp.log(abs(mpf(a)), 2)
        if abs(size) > 1200:
            value = math.inf if size > 0 else 0.0
        elif b == int(b) and abs(b) < 64:
            value = round_to(mp.power(abs(mpf(a)), int(b)), dtype)
        else:
            value = round_to(mp.exp(mpf(b) * mp.log(abs(mpf(a)))), dtype)
    return -value if negative else value


def sanity(name, numpy_value, value, dtype):
    """NumPy and the oracle must at least nearly agree, or one of them was asked another question."""
    if not np.isfinite(numpy_value) or not np.isfinite(value):
        near = numpy_value == value or abs(float(numpy_value) + float(value)) > 1e38
    else:
        scale = max(float(np.spacing(np.abs(dtype.type(value)))), 5e-324)
        near = abs(float(numpy_value) - float(value)) <= 8 * scale
    assert near, f"{name}: numpy {numpy_value!r}, oracle {value!r}"


def spacing(values):
    """The distance to the next float of the dtype, as float64; 0 where not finite."""
    with np.errstate(all="ignore"):
        gap = np.spacing(np.abs(values)).astype(F64)
    return np.where(np.isfinite(gap), gap, 0.0)


def depth(n):
    """The most roundings any element of a sum of `n` goes through: a lane adds at most 16, three
    merges join the 8 lanes, and runs and tiles merge in balanced trees (see README.md)."""
    return max(0, min(n - 1, 20 + math.ceil(math.log2(max(1.0, n / 128)))))


def non_finite(xs):
    """What a sum with infinities or NaN in it is; `None` if all are finite. OverflowError where the
    order of the additions decides whether finite elements overflow on the way."""
    if np.isnan(xs).any():
        return math.nan
    math.fsum(np.abs(xs[np.isfinite(xs)]))
    if np.isposinf(xs).any() and np.isneginf(xs).any():
        return math.nan
    if np.isposinf(xs).any():
        return math.inf
    return -math.inf if np.isneginf(xs).any() else None


def fold_sum(xs):
    """Exact sum and the error allowed."""
    special = non_finite(xs)
    if special is not None:
        return special, 0.0
    return math.fsum(xs), depth(len(xs)) * U * math.fsum(np.abs(xs))


def fold_mean(xs):
    """Exact mean; the sum's error over n, one rounding for the division, one for each int."""
    n = len(xs)
    if n == 0:
        return math.nan, 0.0
    special = non_finite(xs)
    if special is not None:
        return special, 0.0
    with mp.workprec(300):
        value = float(mp.fsum([mpf(float(x)) for x in xs]) / n)
    return value, (depth(n) + 3) * U * math.fsum(np.abs(xs)) / n


def fold_prod(xs):
    """Exact product; one rounding a factor. None where the order of the factors decides whether it
    overflows or vanishes on the way."""
    size = np.abs(xs)
    with np.errstate(all="ignore"):
        direct = float(np.prod(xs))
        top, bottom = float(np.prod(size[size > 1])), float(np.prod(size[(size < 1) & (size > 0)]))
    if np.isnan(xs).any():
        return math.nan, 0.0
    shrinks, grows = bottom < FLOAT_TINY or (xs == 0).any(), math.isinf(top)
    if shrinks and grows and not (np.isinf(xs).any() and (xs == 0).any()) or bottom < FLOAT_TINY and top > 1:
        return None
    if grows and bottom < 1 and not np.isinf(xs).any():
        return None
    if len(xs) == 0 or not math.isfinite(direct) or (xs == 0).any():
        return direct, 0.0
    with mp.workprec(300):
        value = float(mp.fprod([mpf(float(x)) for x in xs]))
    return value, len(xs) * U * abs(value) + (len(xs) * 5e-324 if bottom < FLOAT_TINY else 0.0)


def fold_var(xs, ddof):
    """Exact variance and the bound of Welford-Chan merging (see README.md)."""
    n = len(xs)
    if n == 0 or non_finite(xs) is not None:
        return math.nan, 0.0
    divisor = max(n - ddof, 0)
    with mp.workprec(500):
        ys = [mpf(float(x)) for x in xs]
        mean = mp.fsum(ys) / n
        m2 = mp.fsum([(y - mean) ** 2 for y in ys])
        if divisor == 0:
            return (math.nan if m2 == 0 else math.inf), 0.0
        value, m1 = float(m2 / divisor), float(mp.fsum([abs(y) for y in ys]) / n)
    k, grown = depth(n) + 8, n / divisor
    shift = k * U * m1
    return value, k * U * value + 4 * shift * math.sqrt(value * grown) + grown * shift**2


def fold_std(xs, ddof):
    """The square root, with the variance's bound carried through it."""
    value, err = fold_var(xs, ddof)
    if not math.isfinite(value):
        return value, 0.0
    root = math.sqrt(value)
    low, high = math.sqrt(max(value - err, 0.0)), math.sqrt(value + err)
    return root, max(root - low, high - root) + 2 * U * root
