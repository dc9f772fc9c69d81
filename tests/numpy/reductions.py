"""In: an array with its error, and a reduction. Out: what it gives: exact where integers, compared
or counted, correctly rounded with the published bound where floats are accumulated.
Never: NumPy's own float sums, which depend on the machine.
"""

import math

import numpy as np

import oracle
from oracle import F32, F64
from values import Ambiguous, Arr, Refused, call, ends

FLOAT_FOLDS = {
    "sum": oracle.fold_sum,
    "mean": oracle.fold_mean,
    "prod": oracle.fold_prod,
    "var": oracle.fold_var,
    "std": oracle.fold_std,
}
EXACT = ["argmin", "argmax", "ptp", "nancount", "nanmin", "nanmax"]
RANKED = ["median", "quantile", "percentile"]
SKIPPING = ["nansum", "nanmean", "nanvar", "nanstd"]
REDUCTIONS = ["sum", "prod", "mean", "min", "max", "any", "all", "count_nonzero", "var", "std"]


def reduction(name, arg, axis=None, keepdims=False, ddof=0, dtype=None):
    """A reduction; NumPy gives dtype and shape, and the value unless floats are accumulated. Where
    a dtype is given, the argument has it."""
    if name == "prod" and arg.err is not None:
        raise Ambiguous()
    value = np.asarray(arg.raw)
    if value.ndim == 0 and axis not in (None, ()):  # NumPy lets 0 and -1 pass
        raise Refused("E0206")
    kwargs = {"ddof": ddof} if name in ("var", "std") else {}
    kwargs |= {} if dtype is None else {"dtype": dtype}
    base = call(getattr(np, name), value, axis=axis, keepdims=keepdims, **kwargs)
    if name in ("min", "max"):
        return extreme_reduction(name, arg, value, base, axis, keepdims)
    if base.dtype.kind != "f":
        if arg.err is not None and not np.array_equal(*[v != 0 for v in ends(arg)]):
            raise Ambiguous()
        return Arr(base)
    return float_reduction(name, arg, value, base, axis, ddof)


def nancount(a, **kwargs):
    """How many elements are not NaN."""
    return np.sum(~np.isnan(np.asarray(a, F64)), **kwargs)


def special(name, arg, axis=None, keepdims=False, ddof=0, **more):
    """A reduction that skips NaN, finds a place, or is told what counts, where to start, in which
    dtype to add, about which mean."""
    if arg.err is not None:
        raise Ambiguous()
    value, plain = np.asarray(arg.raw), name.removeprefix("nan")
    if plain in ("var", "std"):
        more["ddof"] = ddof
    if value.ndim == 0 and axis not in (None, ()) and name not in EXACT[:3]:
        raise Refused("E0206")
    function = nancount if name == "nancount" else getattr(np, name)
    base = call(function, value, axis=axis, keepdims=keepdims, **more)
    if base.dtype.kind != "f":
        return Arr(base)
    if name in EXACT or plain in ("min", "max"):
        if (base == 0).any():  # its sign
            raise Ambiguous()
        return Arr(base)
    if more.get("dtype") is not None and plain in ("sum", "prod", "mean"):
        value = value.astype(more["dtype"])
    mask = np.broadcast_to(np.asarray(more.get("where", True)), value.shape)
    if name.startswith("nan") and value.dtype.kind == "f":
        mask = mask & ~np.isnan(value)
    rows, masks = groups(value.astype(F64), axis, base.size), groups(mask, axis, base.size)
    rows = [row[keep] for row, keep in zip(rows, masks, strict=True)]
    if more.get("initial") is not None:
        rows = [np.append(row, base.dtype.type(more["initial"]).astype(F64)) for row in rows]
    out, err = np.zeros(base.size), np.zeros(base.size)
    for i, row in enumerate(rows):
        if plain not in ("var", "std"):
            out[i], err[i] = FLOAT_FOLDS[plain](row)
        elif more.get("mean") is not None or len(row) <= ddof:
            out[i] = base.reshape(-1)[i]
            err[i] = abs(out[i]) * len(row) * 8 * np.finfo(base.dtype).eps if np.isfinite(out[i]) else 0.0
        else:
            out[i], err[i] = FLOAT_FOLDS[plain](row, ddof)
    with np.errstate(all="ignore"):
        rounded = out.reshape(base.shape).astype(base.dtype)
    overflowing(plain, base, rounded)
    err = np.where(err.reshape(base.shape) > 0, err.reshape(base.shape) * 2 + oracle.spacing(rounded), 0.0)
    check_against_numpy(plain, base, rounded, [np.append(row, 0.0) for row in rows], err)
    return Arr(rounded, err)


def ranked(name, arg, *q, **more):
    """Elements at ranks, and what lies between: NumPy's own arithmetic, to the bit."""
    if arg.err is not None:
        raise Ambiguous()
    base = call(getattr(np, name), np.asarray(arg.raw), *q, **more)
    if base.dtype.kind == "f" and (base == 0).any():  # its sign
        raise Ambiguous()
    return Arr(base)


def extreme_reduction(name, arg, value, base, axis, keepdims):
    """min and max: -0.0 before +0.0; where the argument is inexact, the largest
    error of the elements that may be the extremum."""
    if base.dtype.kind == "f" and (base == 0).any():
        minus = np.signbit(value) & (value == 0)
        plus = ~np.signbit(value) & (value == 0)
        if name == "min":
            negative = np.any(minus, axis=axis, keepdims=keepdims)
        else:
            negative = ~np.any(plus, axis=axis, keepdims=keepdims)
        base = np.where(base == 0, np.where(negative, -0.0, 0.0).astype(base.dtype), base)
    if arg.err is None:
        return Arr(base)
    sign = 1.0 if name == "min" else -1.0
    near, far = sign * value.astype(F64) - arg.err, sign * value.astype(F64) + arg.err
    may_win = near <= np.min(far, axis=axis, keepdims=True)
    return Arr(base, np.max(np.where(may_win, arg.err, 0.0), axis=axis, keepdims=keepdims))


def groups(value, axis, n_out):
    """The elements of each output element, in C order, as rows."""
    axes = range(value.ndim) if axis is None else np.atleast_1d(axis)
    axes = sorted(int(a) % value.ndim for a in axes)
    kept = [a for a in range(value.ndim) if a not in axes]
    n = math.prod(value.shape[a] for a in axes)
    return np.transpose(value, kept + axes).reshape(n_out, n)


def float_reduction(name, arg, value, base, axis, ddof):
    """sum, mean, prod, var, std in floats: exact, with the published bound."""
    if arg.err is not None and name in ("var", "std"):
        raise Ambiguous()
    wide = value.astype(F64)
    rows = groups(wide, axis, base.size)
    inner = None if arg.err is None else groups(np.broadcast_to(arg.err, value.shape), axis, base.size)
    out, err = np.zeros(base.size), np.zeros(base.size)
    extra = (ddof,) if name in ("var", "std") else ()
    for i, row in enumerate(rows):
        try:
            folded = FLOAT_FOLDS[name](row, *extra)
        except OverflowError:
            raise Ambiguous() from None
        if folded is None:
            raise Ambiguous()
        out[i], err[i] = folded
        if not math.isfinite(out[i]):
            err[i] = 0.0
        elif inner is not None:
            err[i] += math.fsum(inner[i]) / (len(row) if name == "mean" else 1)
    with np.errstate(all="ignore"):
        rounded = out.reshape(base.shape).astype(base.dtype)
    overflowing(name, base, rounded)
    err = err.reshape(base.shape)
    err = np.where(err > 0, err + oracle.spacing(rounded) * (1 if base.dtype == F32 else 0.5), 0.0)
    check_against_numpy(name, base, rounded, rows, err)
    return Arr(rounded, err)


def overflowing(name, base, exact):
    """Squares that add up to more than there is, though their mean would be a number."""
    if name in ("var", "std") and (np.isfinite(exact) & ~np.isfinite(base)).any():
        raise Ambiguous()


def check_against_numpy(name, base, ours, rows, err):
    """Section 6 lets us be more exact than NumPy, never far from it."""
    eps = float(np.finfo(base.dtype).eps)
    for mine, theirs, row in zip(ours.reshape(-1), base.reshape(-1), rows, strict=True):
        mine, theirs = float(mine), float(theirs)
        if mine == theirs or (mine != mine and theirs != theirs) or not math.isfinite(theirs):
            continue
        if theirs == 0 and name in ("var", "std"):  # the squares underflow in float32, not in ours
            continue
        scale = math.fsum(np.abs(row)) if name in ("sum", "mean") else max(abs(mine), err.max())
        # A mean that is off by eps * largest moves a deviation by as much, and adds its square.
        largest = float(np.abs(row).max())
        scale = max(scale, largest * (largest * eps if name == "var" else 1 if name == "std" else eps))
        assert abs(mine - theirs) <= 64 * len(row) * eps * scale, (name, mine, theirs)
