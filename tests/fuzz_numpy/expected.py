"""In: a program and its operands. Out: what NumPy gives for it by the rules of tests/numpy.
Never: a rule of its own.

Math functions have two oracles. The quick one computes in long double and rounds: more than ten bits
wider than float64, so that it misses the correctly rounded value by one ulp only at near-ties. What
it calls wrong is judged again by the slow one, which is correctly rounded (mpmath).
"""

import contextlib

import paths  # noqa: F401
import numpy as np
import oracle
from evaluate import Program
from values import Ambiguous, Arr, Refused

WIDE = np.longdouble


def quick_unary(name, x, numpy_result):
    with np.errstate(all="ignore"):
        wide = getattr(np, name)(x.astype(WIDE)).astype(x.dtype)
    return special(numpy_result, wide, np.isfinite(x) & (x != 0))


def quick_pow(x, y, numpy_result):
    with np.errstate(all="ignore"):
        wide = np.power(x.astype(WIDE), y.astype(WIDE)).astype(x.dtype)
    plain = np.isfinite(x) & np.isfinite(y) & (x != 0) & (y != 0)
    return special(numpy_result, wide, plain)


def special(numpy_result, wide, plain):
    """NumPy's value where an argument is special or the result is NaN: those are exact."""
    return np.where(plain & ~np.isnan(numpy_result), wide, numpy_result)


@contextlib.contextmanager
def quick_math():
    """Within it, the oracle is the quick one."""
    kept = oracle.math_unary, oracle.math_pow
    oracle.math_unary, oracle.math_pow = quick_unary, quick_pow
    try:
        yield
    finally:
        oracle.math_unary, oracle.math_pow = kept


def expected(text, arrays):
    """The outputs, or the refusal; None where rounding decides."""
    try:
        return Program(arrays).run(text)
    except Refused as refusal:
        return refusal
    except Ambiguous:
        return None


class Evaluator:
    """Values of the parts of a program, one operation at a time."""

    def __init__(self, operands):
        self.known = {name: Arr(operand.array) for name, operand in operands.items()}

    def value(self, template, children):
        """`template` is an expression over `children`, by name, and the operands."""
        program = Program({})
        program.names = {**self.known, **children}
        return program.single(template)
