"""In: a seed and a folder. Out: groups of operands that broadcast with each other, with values that
matter, and files of them in several layouts. Never: a program."""

import math
from dataclasses import dataclass, field

import paths  # noqa: F401
import numpy as np
import pool
import writers

# How the same operands are stored: `npy`; `b2nd` in a grid of its own; the same grid again, with
# another codec or none; and another grid.
LAYOUTS = ["npy", "grid", "recoded", "regrid"]
EXTENTS = [1, 2, 2, 3, 3, 4, 5, 7, 8, 9, 16, 17]
LONG = [(511,), (512,), (513,), (1031,), (4, 300), (257, 5), (3, 9, 40), (2, 3, 4, 50), (5000,), (70, 71)]
LONG += [(90, 91), (9000,)]
CODES = list(pool.DTYPES)
NAMES = "abcdefghijklmnop"


@dataclass
class Operand:
    """An array, and the files that hold it."""

    name: str
    code: str
    array: np.ndarray
    paths: dict = field(default_factory=dict)
    grids: dict = field(default_factory=dict)


class Group:
    """Operands whose shapes broadcast with one base shape."""

    def __init__(self, number, rng, count=14):
        self.base = base_shape(rng)
        codes = [str(code) for code in rng.permutation(CODES)] + [str(c) for c in rng.choice(CODES, count - 11)]
        self.operands = {}
        for letter, code in zip(NAMES, codes, strict=False):
            shape = self.base if rng.random() < 0.5 else part(self.base, rng)
            name = f"{letter}{number}"
            self.operands[name] = Operand(name, code, values(code, shape, rng))

    def write(self, folder, rng):
        for operand in self.operands.values():
            write(operand, folder, rng)


def base_shape(rng):
    """Ranks 0 to 4, few elements; sometimes empty; sometimes several strips long."""
    pick = rng.random()
    if pick < 0.1:
        return LONG[int(rng.integers(len(LONG)))]
    shape = [int(rng.choice(EXTENTS)) for _ in range(int(rng.choice([0, 1, 1, 2, 2, 2, 3, 3, 4])))]
    while math.prod(shape) > 300:
        shape[int(np.argmax(shape))] = 2
    if pick > 0.94 and shape:
        shape[int(rng.integers(len(shape)))] = 0
    return tuple(shape)


def part(base, rng):
    """A shape that broadcasts to `base`."""
    keep = int(rng.integers(0, len(base) + 1)) if rng.random() < 0.5 else len(base)
    shape = base[len(base) - keep :]
    return tuple(1 if rng.random() < 0.3 else extent for extent in shape)


def values(code, shape, rng):
    """Elements of one character: what matters, small numbers, any bits, a ramp, mostly one value."""
    dtype, n = pool.DTYPES[code], math.prod(shape)
    special = pool.specials(code, rng, 0)
    pick = rng.random()
    if pick < 0.35:
        flat = rng.choice(special, n)
    elif pick < 0.6:
        flat = pool.moderate(code, (n,), rng)
    elif pick < 0.7:
        flat = pool.formula(code, (n,), int(rng.integers(1 << 40)))
    elif pick < 0.78:
        with np.errstate(all="ignore"):
            flat = np.arange(n).astype(dtype)
    elif pick < 0.85:
        flat = np.where(rng.random(n) < 0.1, rng.choice(special, n), special[int(rng.integers(24))])
    else:
        small = pool.moderate(code, (n,), rng)
        flat = np.where(rng.random(n) < 0.2, rng.choice(special, n), small)
    return np.asarray(flat, dtype).reshape(shape)


def grid(shape, rng):
    """Chunks and blocks: one element, exact, larger than the array, or anything between."""
    pick = rng.random()
    if pick < 0.1:
        return (1,) * len(shape), (1,) * len(shape)
    if pick < 0.25:
        return None, None
    chunks = tuple(int(rng.integers(1, max(extent, 1) + 3)) for extent in shape)
    # Many chunks take python-blosc2 and us long, and show nothing new.
    if math.prod(-(-extent // chunk) for extent, chunk in zip(shape, chunks, strict=True)) > 100:
        chunks = tuple(max(extent, 1) for extent in shape)
    return chunks, tuple(int(rng.integers(1, chunk + 1)) for chunk in chunks)


def write(operand, folder, rng):
    """The operand in every layout."""
    array, place = operand.array, f"{folder}/{operand.name}"
    operand.paths["npy"] = f"{place}.npy"
    ordered = np.asfortranarray(array) if array.ndim > 1 and rng.random() < 0.2 else array
    np.save(operand.paths["npy"], ordered.astype(array.dtype.newbyteorder(">")) if rng.random() < 0.1 else ordered)
    first = grid(array.shape, rng) if array.size <= 300 or rng.random() < 0.8 else (None, None)
    for layout in LAYOUTS[1:]:
        chunks, blocks = first if layout != "regrid" else grid(array.shape, rng)
        if array.size > 1000 and chunks is not None and math.prod(chunks) < 16:
            chunks = blocks = None
        coding = writers.any_coding(rng, array.dtype, blocks, exact=True)
        if layout == "recoded" and rng.random() < 0.5:
            coding = writers.Coding(clevel=0, pipeline="none")
        path = f"{place}-{layout}.b2nd"
        stored = writers.store(path, array, coding, chunks, blocks, contiguous=bool(rng.random() < 0.9))
        operand.paths[layout], operand.grids[layout] = path, (stored.chunks, stored.blocks)
        if layout == "grid":
            first = stored.chunks, stored.blocks
