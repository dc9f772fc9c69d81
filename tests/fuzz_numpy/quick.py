"""In: exact arguments. Out: math functions in long doubles, rounded to the dtype of the result: more
than ten bits wider than float64, so that they miss the correctly rounded value by one ulp only at
near-ties. Never: the last word; what these call wrong, mpmath judges again."""

import contextlib
import ctypes
import ctypes.util

import paths  # noqa: F401
import numpy as np
import oracle

WIDE = np.longdouble
# The C library has what NumPy has not.
LIBM = {"erf": "erfl", "erfc": "erfcl", "gamma": "tgammal", "lgamma": "lgammal", "gammaln": "lgammal"}


def from_libm(symbol):
    function = getattr(ctypes.CDLL(ctypes.util.find_library("m")), symbol)
    function.argtypes, function.restype = [ctypes.c_longdouble], ctypes.c_longdouble
    return np.vectorize(function, otypes=[np.float64])


WIDELY = {name: from_libm(symbol) for name, symbol in LIBM.items()}


def unary(name, x, numpy_result):
    with np.errstate(all="ignore"):
        wide = WIDELY[name](x) if name in WIDELY else getattr(np, name)(x.astype(WIDE))
        wide = wide.astype(x.dtype)
    return special(numpy_result, wide, np.isfinite(x) & (x != 0))


def two(name, x, y, numpy_result):
    with np.errstate(all="ignore"):
        wide = getattr(np, name)(x.astype(WIDE), y.astype(WIDE)).astype(x.dtype)
    plain = np.isfinite(x) & np.isfinite(y) & (x != 0) & (y != 0)
    return special(numpy_result, wide, plain)


def power(x, y, numpy_result):
    return two("power", x, y, numpy_result)


def special(numpy_result, wide, plain):
    """NumPy's value where an argument is special or the result is NaN: those are exact."""
    return np.where(plain & ~np.isnan(numpy_result), wide, numpy_result)


@contextlib.contextmanager
def quick_math():
    """Within it, the oracle is this one."""
    kept = oracle.math_unary, oracle.math_two, oracle.math_pow
    oracle.math_unary, oracle.math_two, oracle.math_pow = unary, two, power
    try:
        yield
    finally:
        oracle.math_unary, oracle.math_two, oracle.math_pow = kept
