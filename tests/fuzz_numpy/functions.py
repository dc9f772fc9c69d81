"""In: nothing. Out: the functions whose arguments are arrays: what NumPy takes, and how exact the answer
is. The grammars draw from these tables. Never: a program."""

from dataclasses import dataclass

import paths  # noqa: F401
from oracle import ULPS

FLOATS = "float32 float64".split()
INTS = "int8 int16 int32 int64 uint8 uint16 uint32 uint64".split()
WHOLES = ["bool", *INTS]
NUMBERS = INTS + FLOATS
ALL = ["bool", *NUMBERS]
# Those whose float is no float16: NumPy's for its own functions, and all of them for SciPy's.
WIDE = "int16 int32 int64 uint16 uint32 uint64".split() + FLOATS


@dataclass(frozen=True)
class Function:
    """A function of one or two arrays. `bound`: None if the bits are fixed, else how many ulps the
    oracle lets pass."""

    name: str
    takes: list
    gives: str  # a kind of dtype, or "=": that of the arguments
    arity: int = 1
    bound: int | None = None


@dataclass(frozen=True)
class Reduction:
    """A function over axes. `exact`: for which kinds of elements the bits are fixed; over the others
    it is within the published bound. `keys`: the keywords, but for axis and keepdims."""

    name: str
    takes: list
    exact: str
    keys: str = ""


def exact(names, takes, gives, arity=1):
    return [Function(name, takes, gives, arity) for name in names.split()]


def within(names, takes, arity=1):
    return [Function(name, takes, "f", arity, ULPS.get(name, 1)) for name in names.split()]


EXACT = [
    *exact("floor ceil trunc", ALL, "="),
    *exact("rint", WIDE, "f"),
    *exact("abs absolute", ALL, "="),
    *exact("sign negative positive reciprocal", NUMBERS, "="),
    *exact("square real imag conj conjugate", ALL, "="),
    *exact("fabs sqrt deg2rad radians rad2deg degrees angle", WIDE, "f"),
    *exact("isnan isfinite isinf logical_not", ALL, "b"),
    *exact("signbit", WIDE, "b"),
    *exact("bitwise_not bitwise_invert invert", WHOLES, "="),
    *exact("add multiply minimum maximum fmin fmax", ALL, "=", 2),
    *exact("subtract floor_divide remainder mod fmod", NUMBERS, "=", 2),
    *exact("divide true_divide", ALL, "f", 2),
    *exact("copysign nextafter heaviside", WIDE, "f", 2),
    *exact("gcd lcm", INTS, "=", 2),
    *exact("bitwise_and bitwise_or bitwise_xor", WHOLES, "=", 2),
    *exact("left_shift right_shift bitwise_left_shift bitwise_right_shift", INTS, "=", 2),
    *exact("equal not_equal less less_equal greater greater_equal", ALL, "b", 2),
    *exact("logical_and logical_or logical_xor", ALL, "b", 2),
]
MATH = [
    *within("sin cos tan exp exp2 expm1 log log2 log10 log1p cbrt sinc", WIDE),
    *within("asin arcsin acos arccos atan arctan", WIDE),
    *within("sinh cosh tanh asinh arcsinh acosh arccosh atanh arctanh", WIDE),
    *within("erf erfc gamma lgamma gammaln", ALL),
    *within("atan2 arctan2 hypot logaddexp", WIDE, 2),
    *within("pow power", FLOATS, 2),
]
REDUCTIONS = [
    *[Reduction(name, ALL, "biu", "where initial dtype") for name in ("sum", "prod", "nansum")],
    *[Reduction(name, ALL, "", "where dtype") for name in ("mean", "nanmean")],
    *[Reduction(name, ALL, "", "where dtype ddof mean") for name in ("var", "std", "nanvar", "nanstd")],
    *[Reduction(name, ALL, "biuf", "where initial") for name in ("min", "max", "amin", "amax", "nanmin", "nanmax")],
    *[Reduction(name, ALL, "biuf", "where") for name in ("any", "all", "nancount")],
    *[Reduction(name, ALL, "biuf") for name in ("count_nonzero", "argmin", "argmax")],
    Reduction("ptp", NUMBERS, "biuf"),
    Reduction("median", ALL, "biuf"),
    *[Reduction(name, NUMBERS, "biuf", "method") for name in ("quantile", "percentile")],
]
SCANS = {
    "cumulative_sum": "dtype include_initial",
    "cumulative_prod": "dtype include_initial",
    "cumsum": "dtype",
    "cumprod": "dtype",
    "cumulative_max": "",
    "cumulative_min": "",
}
