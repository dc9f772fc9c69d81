"""In: what a program must give and a reply. Out: why the reply is wrong, or None.
Never: a tolerance that the oracle does not state."""

import numpy as np
from pool import CODES
from values import Refused

NAMES = {dtype.name: dtype for dtype in CODES}
FLOAT_TEXTS = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}
# The errors that NumPy raises, too. A program may have several; which of them is told first, the
# recorded table pins.
SHARED = ["E0203", "E0204", "E0205", "E0206", "E0207", "E0208", "E0209", "E0210", "E0213", "E0214"]
SHARED += ["E0503", "E0506", "E0507", "E0508", "E0509"]


def judge(expected, reply):
    """`expected`: outputs of the oracle, or its refusal."""
    if reply.get("died"):
        return "the process died or hung"
    if not reply["ok"]:
        error = reply["error"]
        told = f"{error['code']} {error['message']}"
        if not isinstance(expected, Refused):
            return f"refused with {told}; NumPy answers"
        fits = error["code"] == expected.code or {error["code"], expected.code} <= set(SHARED)
        return None if fits else f"refused with {told}; expected {expected.code}"
    if isinstance(expected, Refused):
        return f"answered; expected the error {expected}"
    outputs = reply["outputs"]
    if len(outputs) != len(expected):
        return f"{len(outputs)} outputs instead of {len(expected)}"
    for number, (want, got) in enumerate(zip(expected, outputs, strict=True)):
        why = judge_output(want, got)
        if why:
            return f"output {number}: {why}"
    return None


def judge_output(want, got):
    value = want.value
    if got["dtype"] != value.dtype.name or tuple(got["shape"]) != value.shape:
        return f"{got['dtype']}{got['shape']} instead of {value.dtype}{list(value.shape)}"
    have = read(got["data"], value.dtype)
    if have.shape != (value.size,):
        return f"{have.size} elements"
    wrong = ~covered(value.reshape(-1), have, want)
    if not wrong.any():
        return None
    at = int(np.argmax(wrong))
    flat = value.reshape(-1)
    allowed = "the same bits" if want.err is None else f"within {limit(want)[at]:g}"
    return f"element {at} is {have[at]!r}, expected {flat[at]!r} ({allowed}); {int(wrong.sum())} of {wrong.size} wrong"


def read(data, dtype):
    """Elements of a reply."""
    if dtype.kind == "f":
        texts = [FLOAT_TEXTS[item] if isinstance(item, str) else item for item in data]
        return np.array(texts, np.float64).astype(dtype)
    return np.array(data, dtype)


def bits(values):
    return values.view(f"u{values.dtype.itemsize}")


def limit(want):
    return np.broadcast_to(np.asarray(want.err, np.float64), want.value.shape).reshape(-1)


def covered(value, have, want):
    """Which elements are right."""
    value = np.ascontiguousarray(value)
    same = bits(value) == bits(have)
    if value.dtype.kind != "f":
        return same
    same |= np.isnan(value) & np.isnan(have)
    if want.ulp is not None:
        near = np.abs(order(value) - order(have)) <= want.ulp
        return same | (near & ~np.isnan(value) & ~np.isnan(have) & (value != have))
    if want.err is not None:
        with np.errstate(all="ignore"):
            gap = np.abs(value.astype(np.float64) - have.astype(np.float64))
        return same | (value == have) | (gap <= limit(want))
    return same


def order(values):
    """Floats as numbers that grow by one from each to the next; as longdouble, which holds them."""
    size = 8 * values.dtype.itemsize
    raw = values.view(f"i{values.dtype.itemsize}").astype(np.int64)
    magnitude = (raw & (2 ** (size - 1) - 1)).astype(np.longdouble)
    return np.where(raw < 0, -magnitude, magnitude)
