"""In: nothing. Out: what a node of a program is: a weak literal, or an array and how far it may be
off; and how NumPy's refusals become our codes. Never: an operation.
"""

import numpy as np

import oracle
from oracle import F64


class Refused(Exception):
    """The program is an error with this code."""

    def __init__(self, code, why=""):
        super().__init__(f"{code} {why}")
        self.code = code


class Ambiguous(Exception):
    """Rounding decides the answer: not a case."""


class Lit:
    """A literal, or literals among themselves: weak."""

    def __init__(self, value):
        if isinstance(value, int) and not -(2**63) <= value < 2**64:
            raise Refused("E0207", "literal overflow")
        self.value = value

    raw = property(lambda self: self.value)
    err = None


class Arr:
    """An array, with an absolute error an element (`err`) or, straight from a math function, an
    error in ulps; neither: exact to the bit."""

    def __init__(self, value, err=None, ulp=None):
        self.value = np.asarray(value)
        if self.value.dtype == np.float16:
            raise Refused("E0208")
        if ulp is None and err is not None and not np.any(err):
            err = None
        self.own_err, self.ulp = err, ulp

    raw = property(lambda self: self.value)

    @property
    def err(self):
        if self.ulp is not None:
            return self.ulp * oracle.spacing(self.value)
        return self.own_err


def refuse(error):
    """NumPy's exception as our code."""
    text = str(error)
    if isinstance(error, np.exceptions.AxisError) or "duplicate value in 'axis'" in text:
        return Refused("E0206", text)
    if isinstance(error, IndexError):
        return Refused("E0214", text)
    if isinstance(error, OverflowError):
        return Refused("E0207", text)
    if "the same shape as a." in text or "too small depth" in text or "too deep" in text or "same length" in text:
        return Refused("E0204", text)
    if isinstance(error, TypeError):
        return Refused("E0203", text)
    shapes = ["broadcast", "more dimensions than allowed", "cannot reshape", "all input array"]
    shapes += ["all the input array", "zero-dimensional arrays", "at least one dimension", "must have at least one"]
    if any(words in text for words in shapes):
        return Refused("E0204", text)
    if "does not have an identity" in text:
        return Refused("E0205", text)
    if "zero-size array" in text or "empty sequence" in text:
        return Refused("E0210", text)
    if "negative integer powers" in text:
        return Refused("E0503", text)
    raise error


def call(function, *args, **kwargs):
    """NumPy's answer, or its refusal as one of ours."""
    try:
        with np.errstate(all="ignore"):
            return np.asarray(function(*args, **kwargs))
    except (TypeError, ValueError, OverflowError, IndexError) as error:
        raise refuse(error) from error


def same(a, b):
    """Equal values, NaN being equal to itself."""
    return (a == b) | ((a != a) & (b != b))


def ends(arg):
    """The values between which an inexact argument lies; an exact one is itself."""
    if arg.err is None:
        return [arg.raw]
    wide, dtype = arg.value.astype(F64), arg.value.dtype
    if dtype.kind != "f":
        # Integers next to a number that was rounded: there is none between them.
        low, high = np.floor(wide - arg.err), np.ceil(wide + arg.err)
        info = np.iinfo(dtype) if dtype.kind in "iu" else None
        if info:
            low, high = np.clip(low, info.min, info.max), np.clip(high, info.min, info.max)
        with np.errstate(all="ignore"):
            low, high = low.astype(dtype), high.astype(dtype)
        return [np.where(arg.err == 0, arg.value, low), np.where(arg.err == 0, arg.value, high)]
    with np.errstate(all="ignore"):
        low = np.nextafter((wide - arg.err).astype(dtype), dtype.type(-np.inf))
        high = np.nextafter((wide + arg.err).astype(dtype), dtype.type(np.inf))
    still = (arg.err == 0) | ~np.isfinite(wide)
    return [np.where(still, arg.value, low), np.where(still, arg.value, high)]
