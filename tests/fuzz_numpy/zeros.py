"""In: arrays, and a reduction that finds elements. Out: what it gives, where -0.0 is less than 0.0, as
docs/language.md has it; NumPy's zero follows the order of the elements. Never: an error bound above 0."""

import numpy as np
from values import Arr, Refused, call

EXTREMES = ["min", "max", "nanmin", "nanmax", "ptp"]
# Between -0.0 and 0.0, and no other float.
EITHER = 5e-324


def extreme(name, value, axis=None, keepdims=False, **more):
    """The least, the largest, or how far they are from each other."""
    value = np.asarray(value)
    if value.ndim == 0 and axis not in (None, ()):
        raise Refused("E0206")
    base = call(getattr(np, name), value, axis=axis, keepdims=keepdims, **more)
    if base.dtype.kind != "f" or not (base == 0).any():
        return Arr(base)
    if name == "ptp":
        return Arr(np.where(base == 0, base.dtype.type(0), base))
    at = (value == 0) & np.asarray(more.get("where", True))
    over = {"axis": axis, "keepdims": keepdims}
    minus, plus = np.any(at & np.signbit(value), **over), np.any(at & ~np.signbit(value), **over)
    first = more.get("initial")
    if first is not None and first == 0:
        minus, plus = minus | np.signbit(first), plus | ~np.signbit(np.float64(first))
    negative = minus if name.endswith("min") else ~plus
    zero = np.where(negative, base.dtype.type(-0.0), base.dtype.type(0.0))
    return Arr(np.where(base == 0, zero, base))


def ranked(name, value, *q, **more):
    """Medians and quantiles; where there are zeros of both signs, one may have either."""
    value = np.asarray(value)
    base = call(getattr(np, name), value, *q, **more)
    signs = np.signbit(value[value == 0]) if value.dtype.kind == "f" else []
    if base.dtype.kind != "f" or len(set(signs)) < 2:
        return Arr(base)
    return Arr(base, np.where(base == 0, EITHER, 0.0))
