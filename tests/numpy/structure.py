"""In: arrays with their errors, and a function that moves elements. Out: the same elements elsewhere,
each with its error. Never: a value that was not there, but for `diff`.
"""

import numpy as np

from values import Arr, Ambiguous, Refused, call

MOVES = {
    "reshape": np.reshape,
    "ravel": np.ravel,
    "flatten": np.ravel,
    "permute_dims": np.transpose,
    "transpose": np.transpose,
    "squeeze": np.squeeze,
    "expand_dims": np.expand_dims,
    "broadcast_to": np.broadcast_to,
    "flip": np.flip,
    "roll": np.roll,
    "take": np.take,
    "repeat": np.repeat,
    "tile": np.tile,
}
JOINS = {"concat": np.concatenate, "concatenate": np.concatenate, "stack": np.stack}
# Methods whose argument may be written without the brackets of a tuple.
SPREAD = {"reshape", "transpose", "permute_dims"}
STRUCTURE = [*MOVES, *JOINS, "diff", "shift"]


def moved(function, arg):
    """`function` of the values and of their errors."""
    out = call(function, arg.raw)
    if getattr(arg, "ulp", None) is not None:
        return Arr(out, ulp=arg.ulp)
    if arg.err is None:
        return Arr(out)
    return Arr(out, function(np.broadcast_to(arg.err, np.shape(arg.raw))))


def structure(name, arrays, args, keywords):
    """A function of structure; `arrays` is its first argument, or the list of them."""
    if name in JOINS:
        if any(array.err is not None for array in arrays):
            raise Ambiguous()
        return Arr(call(JOINS[name], [array.raw for array in arrays], *args, **keywords))
    if name == "diff":
        if arrays[0].err is not None:
            raise Ambiguous()
        return Arr(call(np.diff, arrays[0].raw, *args, **keywords))
    if name == "shift":
        return moved(lambda values: shifted(np.asarray(values), *args, **keywords), arrays[0])
    return moved(lambda values: MOVES[name](values, *args, **keywords), arrays[0])


def shifted(values, offsets, mode="constant", fill=0):
    """Element `i` is element `i - offset`; what is outside, NumPy's `pad` says."""
    offsets = np.atleast_1d(offsets)
    if len(offsets) != values.ndim:
        raise Refused("E0206")
    widths = [(max(0, int(offset)), max(0, -int(offset))) for offset in offsets]
    kwargs = {"constant_values": fill} if mode == "constant" else {}
    padded = np.pad(values, widths, mode=mode, **kwargs)
    extents = zip(widths, values.shape, strict=True)
    return padded[tuple(slice(after, after + extent) for (_, after), extent in extents)]
