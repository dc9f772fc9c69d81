"""The options that python-blosc2 is asked to write with."""

from dataclasses import dataclass

import blosc2
import numpy as np

CODECS = {
    "blosclz": blosc2.Codec.BLOSCLZ,
    "lz4": blosc2.Codec.LZ4,
    "lz4hc": blosc2.Codec.LZ4HC,
    "zlib": blosc2.Codec.ZLIB,
    "zstd": blosc2.Codec.ZSTD,
}
# The codecs that can be given a dictionary.
WITH_DICT = ["lz4", "lz4hc", "zstd"]
SPLITS = {
    "always": blosc2.SplitMode.ALWAYS_SPLIT,
    "never": blosc2.SplitMode.NEVER_SPLIT,
    "auto": blosc2.SplitMode.AUTO_SPLIT,
    "forward": blosc2.SplitMode.FORWARD_COMPAT_SPLIT,
}
NONE, SHUFFLE, BITSHUFFLE, DELTA = 0, 1, 2, 3
TRUNC_PREC, NDCELL, NDMEAN, OLD_BYTEDELTA, BYTEDELTA, INT_TRUNC = 4, 32, 33, 34, 35, 36
# The item size, as a parameter.
ITEM = "item"
# (filter, its parameter) in the order of application.
PIPELINES = {
    "none": [],
    "shuffle": [(SHUFFLE, 0)],
    "bitshuffle": [(BITSHUFFLE, 0)],
    "delta": [(DELTA, 0)],
    "delta-shuffle": [(DELTA, 0), (SHUFFLE, 0)],
    "delta-bitshuffle": [(DELTA, 0), (BITSHUFFLE, 0)],
    "shuffle-delta": [(SHUFFLE, 0), (DELTA, 0)],
    "bitshuffle-delta": [(BITSHUFFLE, 0), (DELTA, 0)],
    "delta-delta": [(DELTA, 0), (DELTA, 0)],
    "shuffle-bitshuffle": [(SHUFFLE, 0), (BITSHUFFLE, 0)],
    "shuffle-bytedelta": [(SHUFFLE, 0), (BYTEDELTA, ITEM)],
    "shuffle-bytedelta3": [(SHUFFLE, 0), (BYTEDELTA, 3)],
    "shuffle-oldbytedelta": [(SHUFFLE, 0), (OLD_BYTEDELTA, ITEM)],
    "bytedelta": [(BYTEDELTA, ITEM)],
    "shuffle1": [(SHUFFLE, 1)],
    "shuffle2": [(SHUFFLE, 2)],
    "shuffle3": [(SHUFFLE, 3)],
    "shuffle16": [(SHUFFLE, 16)],
    "shuffleitem": [(SHUFFLE, ITEM)],
    "ndcell2": [(NDCELL, 2)],
    "ndcell3-shuffle": [(NDCELL, 3), (SHUFFLE, 0)],
    "ndmean2": [(NDMEAN, 2)],
    "ndmean4-shuffle": [(NDMEAN, 4), (SHUFFLE, 0)],
    "trunc10": [(TRUNC_PREC, 10)],
    "trunc10-shuffle": [(TRUNC_PREC, 10), (SHUFFLE, 0)],
    "trunc3-bitshuffle": [(TRUNC_PREC, 3), (BITSHUFFLE, 0)],
    # python-blosc2 writes files with a negative parameter, but does not open them.
    "trunc-20-shuffle": [(TRUNC_PREC, -20), (SHUFFLE, 0)],
    "trunc10-delta": [(TRUNC_PREC, 10), (DELTA, 0)],
    "inttrunc5": [(INT_TRUNC, 5)],
    "inttrunc5-shuffle": [(INT_TRUNC, 5), (SHUFFLE, 0)],
    "inttrunc-3-bitshuffle": [(INT_TRUNC, -3), (BITSHUFFLE, 0)],
    "shuffle-bitshuffle-bytedelta": [(SHUFFLE, 0), (BITSHUFFLE, 0), (BYTEDELTA, ITEM)],
    "trunc10-shuffle-bytedelta": [(TRUNC_PREC, 10), (SHUFFLE, 0), (BYTEDELTA, ITEM)],
    "six": [(BYTEDELTA, ITEM), (SHUFFLE, 0), (BITSHUFFLE, 0), (SHUFFLE, 2), (SHUFFLE, 0), (BITSHUFFLE, 0)],
}


def lossy(pipeline):
    """Whether what is stored may differ from what was given."""
    # The third filter writes over python-blosc2's source, which it then stores where it finds that
    # nothing was gained. (With delta, whose reference is the source, all of it is spoilt.)
    return len(PIPELINES[pipeline]) > 2 or any(step in (TRUNC_PREC, INT_TRUNC, NDMEAN) for step, _ in PIPELINES[pipeline])


def fits(pipeline, dtype, blocks=None):
    """Whether python-blosc2 takes the pipeline for arrays of that dtype in such blocks."""
    dtype = np.dtype(dtype)
    ndim = 0 if blocks is None else len(blocks)
    number = dtype.kind in "biuf" and dtype.isnative
    allowed = {
        TRUNC_PREC: dtype.kind == "f" and dtype.itemsize in (4, 8) and number,
        INT_TRUNC: dtype.kind in "iu" and number,
        NDMEAN: dtype.kind == "f" and dtype.itemsize in (4, 8) and number and 1 <= ndim <= 8,
        # Of other dtypes we read whole chunks, without the shape that this needs.
        NDCELL: dtype.kind in "biuf" and dtype.itemsize <= 8 and 1 <= ndim <= 8,
    }
    steps = PIPELINES[pipeline]
    # Parameters are signed to python-blosc2.
    if any(meta == ITEM for _, meta in steps) and dtype.itemsize > 127:
        return False
    for step, side in steps:
        # Smaller blocks it does not write.
        if step == NDCELL and np.prod(blocks or ()) < side**ndim:
            return False
        # Nor does it read these.
        if step == NDMEAN and any(extent < side for extent in blocks or ()):
            return False
    return all(allowed.get(step, True) for step, _ in steps)


@dataclass(frozen=True)
class Coding:
    """How data is compressed."""

    codec: str = "lz4"
    clevel: int = 5
    pipeline: str = "shuffle"
    split: str = "auto"
    nthreads: int = 1
    use_dict: bool = False

    def params(self, itemsize, **others):
        """As python-blosc2 wants it."""
        steps = PIPELINES[self.pipeline]
        padding = 6 - len(steps)
        return blosc2.CParams(
            codec=CODECS[self.codec],
            clevel=self.clevel,
            filters=[NONE] * padding + [step for step, _ in steps],
            filters_meta=[0] * padding + [itemsize if meta == ITEM else meta for _, meta in steps],
            splitmode=SPLITS[self.split],
            nthreads=self.nthreads,
            use_dict=self.use_dict,
            typesize=min(itemsize, 255),
            **others,
        )


def any_coding(rng, dtype, blocks=None, exact=False):
    """One of all that fit, each option drawn on its own; with `exact` none that is lossy."""
    # Where a chunk of less than 32 bytes is given one, what python-blosc2 writes is damaged.
    large = np.dtype(dtype).itemsize * np.prod(blocks or ()) >= 32
    use_dict = bool(rng.random() < 0.15 and large)
    pipelines = [name for name in PIPELINES if fits(name, dtype, blocks) and not (exact and lossy(name))]
    # Half of the time those that are common. What python-blosc2 stores of lossy ones has to be read
    # by it, which it cannot where noise was given a dictionary.
    common = ["none", "shuffle", "bitshuffle", "delta-shuffle"]
    pipeline = str(rng.choice(common if use_dict or rng.random() < 0.5 else pipelines))
    return Coding(
        codec=str(rng.choice(WITH_DICT if use_dict else list(CODECS))),
        clevel=int(rng.integers(0, 10)),
        pipeline=pipeline,
        split=str(rng.choice(list(SPLITS))),
        nthreads=int(rng.choice([1, 4])),
        use_dict=use_dict,
    )


# Reads are by one thread and of whole arrays: python-blosc2 misreads delta otherwise.
ONE_THREAD = blosc2.DParams(nthreads=1)


def store(path, values, coding, chunks=None, blocks=None, contiguous=True, **others):
    """Writes an n-d array; returns python-blosc2's handle to it."""
    itemsize = values.dtype.itemsize
    return blosc2.asarray(
        values,
        chunks=chunks,
        blocks=blocks,
        cparams=coding.params(itemsize),
        dparams=ONE_THREAD,
        urlpath=str(path),
        mode="w",
        contiguous=contiguous,
        **others,
    )


def whole(array):
    """Everything that python-blosc2 reads of an array."""
    return np.asarray(array[()] if array.ndim == 0 else array[...])
