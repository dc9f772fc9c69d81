"""In: arrays. Out: NumPy's histogram, also of weights, and how far its density may be off. Between edges
that are written out float weights are added up as docs/language.md says: in float64, in C order, where
NumPy takes differences of running sums. Never: an integer sum that C leaves open.
"""

import math

import numpy as np
from numpy.lib import _histograms_impl
from values import Ambiguous, Arr, Refused, call


def histogram(x, bins=10, range=None, density=False, weights=None):
    """Counts and edges."""
    if isinstance(bins, str):
        near_a_whole_number(np.asarray(x), bins, range)
    x, plain = np.asarray(x), {"bins": bins, "range": range}
    if weights is not None:
        weights = np.asarray(weights)
        if weights.dtype == np.bool_ and weights.shape == x.shape:
            raise Refused("E0203", "weights of bool")
        plain["weights"] = weights
    counts, edges = [call(lambda: np.histogram(x, **plain)[each]) for each in (0, 1)]
    if weights is not None:
        counts = added(x, counts, edges, isinstance(bins, int), weights)
    edges = either_zero(x, range, edges)
    if not density:
        return Arr(counts), edges
    widths = np.diff(edges.value).astype(float)
    if counts.dtype.kind != "f":
        return Arr(call(lambda: counts / widths / counts.sum())), edges
    finite = np.isfinite(counts).all()
    total = counts.dtype.type(math.fsum(counts) if finite else counts.sum())
    lost = 8 * np.finfo(counts.dtype).eps * float(np.abs(counts).sum())
    if finite and lost > 1e-3 * abs(total) > 0:
        raise Ambiguous()
    value = call(lambda: counts / widths / total)
    return Arr(value, np.abs(value) * lost / abs(total) if finite and total else None), edges


def either_zero(x, ends, edges):
    """An end that is found among zeros of both signs may have either."""
    signs = np.signbit(x[x == 0]) if x.dtype.kind == "f" and ends is None else []
    return Arr(edges, np.where(edges == 0, 5e-324, 0.0)) if len(set(signs)) == 2 else Arr(edges)


def near_a_whole_number(x, rule, ends):
    """Rounding decides how many bins there are, where the estimate is next to a whole number."""
    x = x.astype(np.uint8) if x.dtype == np.bool_ else x
    first, last = call(lambda: np.array(_histograms_impl._get_outer_edges(x, ends), dtype=object))
    x = x[(x >= first) & (x <= last)]
    with np.errstate(all="ignore"):
        width = _histograms_impl._hist_bin_selectors[rule](x, (first, last)) if x.size else 0
        width = max(width, 1) if width and x.dtype.kind in "iu" else width
        bins = float(_histograms_impl._unsigned_subtract(last, first) / width) if width else 1
    rounded = x.dtype == np.float32 and rule in ("doane", "scott")
    if not np.isfinite(bins) or bins > 2**17:
        raise Ambiguous()
    if width and rule != "sqrt" and abs(bins - round(bins)) <= (1e-4 if rounded else 1e-12) * bins:
        raise Ambiguous()


def added(x, counts, edges, uniform, weights):
    """The sums of weights."""
    if weights.dtype.kind in "iu" and uniform:
        # What a float is as an integer that is too narrow for it, C leaves open.
        most = 2**63 if weights.dtype.itemsize == 8 else 2**31
        if sum(abs(int(weight)) for weight in weights.flat) >= most:
            raise Ambiguous()
    if weights.dtype.kind in "iu" or uniform or len(edges) < 2:
        return counts
    number = np.searchsorted(edges, x.ravel(), "right") - 1
    number[x.ravel() == edges[-1]] = len(edges) - 2
    number[np.isnan(x.ravel().astype(float))] = -1
    inside = (number >= 0) & (number < len(edges) - 1)
    with np.errstate(all="ignore"):
        wide = np.bincount(number[inside], weights.ravel()[inside], len(edges) - 1).astype(float)
        ours = wide.astype(weights.dtype)
        if np.isfinite(weights).all() and np.isfinite(counts).all():
            most = weights.size * np.finfo(weights.dtype).eps * float(np.abs(weights.astype(float)).sum())
            assert (np.abs(ours.astype(float) - counts.astype(float)) <= most).all() or not np.isfinite(most)
    return ours
