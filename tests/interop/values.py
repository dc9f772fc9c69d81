"""What the arrays of the matrix hold: values of several characters, and the same ones each time."""

import numpy as np

CHARACTERS = ["smooth", "quantised", "sparse", "noisy", "runs", "constant", "ones"]


def numbers(count, character, rng):
    """`count` integers: rising, random of few or of many values, mostly zero, in runs, repeating, all
    equal, every bit set."""
    match character:
        case "smooth":
            return np.arange(count)
        case "quantised":
            return rng.integers(0, 300, count)
        case "noisy":
            return rng.integers(0, 2**62, count)
        case "sparse":
            return (np.arange(count) % 97 == 0) * 7
        case "runs":
            return np.repeat(rng.integers(0, 2**62, count // 50 + 1), 50)[:count]
        case "periodic":
            return np.arange(count) % 251 * 1000
        case "constant":
            return np.full(count, 1234567)
        case "ones":
            # A run of a repeated byte in most streams, with something else now and then.
            values = np.full(count, -1)
            values[:: max(count // 3, 1)] = 5
            return values
    raise ValueError(character)


def data(dtype, shape, character, rng):
    """An array of any dtype."""
    dtype = np.dtype(dtype)
    count = int(np.prod(shape, dtype=np.int64))
    if dtype.kind not in "biuf":
        return items(dtype, count, character, rng).reshape(shape)
    values = numbers(count, character, rng)
    if dtype.kind == "b":
        return (values % 2 == 1).reshape(shape)
    if dtype.kind == "f":
        values = (values * 0.5).astype(dtype)
        if character == "runs" and count:
            # Once more with the values that arithmetic is not closed over.
            odd = np.array([np.nan, np.inf, -np.inf, -0.0], dtype)
            values[rng.integers(0, count, 5)] = odd[rng.integers(0, 4, 5)]
        return values.reshape(shape)
    return values.astype(dtype).reshape(shape)


def items(dtype, count, character, rng):
    """Items that are bytes to us."""
    width = np.dtype(dtype).itemsize
    match character:
        case "noisy":
            raw = np.frombuffer(rng.bytes(count * width), "u1")
        case "constant":
            raw = np.tile(np.frombuffer(rng.bytes(width), "u1"), count)
        case "sparse":
            raw = (np.arange(count * width) % 97 == 0).astype("u1")
        case _:
            # Columns of items change slowly, as shuffle likes it.
            raw = np.add.outer(np.arange(count) // 7, np.arange(width) * 3).astype("u1")
    if np.dtype(dtype).kind == "U":
        # Code points have to be small.
        raw = (np.ascontiguousarray(raw).reshape(-1)[: count * width // 4] % 100).astype("<u4")
    return np.ascontiguousarray(raw).reshape(-1).view(dtype)
