"""Writes arrays with python-blosc2 into the directory given, and beside each what it holds.

Each case is NAME.b2nd and NAME.npy; manifest.txt has one line a case: name, dtype, sum."""

import itertools
import pathlib
import sys

import blosc2
import numpy as np

OUT = pathlib.Path(sys.argv[1])
DTYPES = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"]
CODECS = {
    "blosclz": blosc2.Codec.BLOSCLZ,
    "lz4": blosc2.Codec.LZ4,
    "lz4hc": blosc2.Codec.LZ4HC,
    "zstd": blosc2.Codec.ZSTD,
}
FILTERS = {"none": [blosc2.Filter.NOFILTER] * 6, "shuffle": [blosc2.Filter.NOFILTER] * 5 + [blosc2.Filter.SHUFFLE]}
SPLITS = {
    "always": blosc2.SplitMode.ALWAYS_SPLIT,
    "never": blosc2.SplitMode.NEVER_SPLIT,
    "auto": blosc2.SplitMode.AUTO_SPLIT,
    "forward": blosc2.SplitMode.FORWARD_COMPAT_SPLIT,
}
# shape, chunks, blocks
GEOMETRIES = [
    ((), (), ()),
    ((0,), None, None),
    ((1,), (1,), (1,)),
    ((1000,), (300,), (70,)),
    ((1000,), (4096,), (512,)),
    ((20000,), None, None),
    ((5, 7), (4, 5), (2, 2)),
    ((120, 90), (50, 40), (17, 40)),
    ((3, 0, 2), None, None),
    ((9, 10, 11), (4, 10, 5), (3, 3, 5)),
    ((3, 4, 5, 6), (2, 4, 3, 6), (2, 2, 2, 4)),
    ((2, 3, 2, 3, 2, 3, 2), (2,) * 7, (1, 2, 1, 2, 1, 2, 2)),
    ((2, 1) * 7 + (2, 3), (1, 1) + (2, 1) * 6 + (2, 2), (1,) * 14 + (2, 2)),
]
RANDOM = np.random.default_rng(1)
manifest = []


def data(dtype, shape, flavour):
    """Smooth, noisy or mostly zero values."""
    count = int(np.prod(shape, dtype=np.int64))
    match flavour % 3:
        case 0:
            values = np.arange(count)
        case 1:
            values = RANDOM.integers(0, 2**62, count)
        case _:
            values = (np.arange(count) % 97 == 0) * 7
    if dtype == "bool":
        return (values % 2 == 1).reshape(shape)
    if dtype.startswith("float"):
        return (values * 0.5).astype(dtype).reshape(shape)
    return values.astype(dtype).reshape(shape)


def cparams(codec="lz4", clevel=5, filters="shuffle", split="auto", nthreads=1):
    return blosc2.CParams(
        codec=CODECS[codec], clevel=clevel, filters=FILTERS[filters], filters_meta=[0] * 6,
        splitmode=SPLITS[split], nthreads=nthreads,
    )


def record(name, expect):
    expect = np.ascontiguousarray(expect).reshape(np.shape(expect))
    np.save(OUT / f"{name}.npy", expect)
    with np.errstate(all="ignore"):
        total = expect.sum(dtype="float64" if expect.dtype.kind == "f" else None)
    manifest.append(f"{name} {expect.dtype.name} {total!r}".replace("np.", "").replace(" ", "\t"))


def options(name):
    path = OUT / f"{name}.b2nd"
    return {"urlpath": str(path), "mode": "w", "contiguous": True}


def store(name, expect, chunks=None, blocks=None, **params):
    array = blosc2.asarray(expect, chunks=chunks, blocks=blocks, cparams=cparams(**params), **options(name))
    record(name, expect)
    return array


def geometries():
    """Every dtype in every geometry; codecs, levels, filters, splits and threads take turns."""
    turns = itertools.product(FILTERS, SPLITS, [1, 4], [1, 5, 9], CODECS)
    turns = itertools.cycle(list(turns)[::7])
    for flavour, (dtype, (shape, chunks, blocks)) in enumerate(itertools.product(DTYPES, GEOMETRIES)):
        filters, split, nthreads, clevel, codec = next(turns)
        name = f"geometry-{dtype}-{len(shape)}d-{flavour}-{codec}"
        params = {"codec": codec, "clevel": clevel, "filters": filters, "split": split, "nthreads": nthreads}
        store(name, data(dtype, shape, flavour), chunks, blocks, **params)


def coders():
    """Every codec at every level with and without shuffle, on larger chunks."""
    for codec, clevel, filters in itertools.product(CODECS, range(10), FILTERS):
        dtype = DTYPES[(clevel + len(codec)) % len(DTYPES)]
        name = f"level-{codec}-{clevel}-{filters}"
        store(name, data(dtype, (30000,), clevel), (16000,), (4000,), codec=codec, clevel=clevel, filters=filters)
    for codec, split, dtype in itertools.product(CODECS, SPLITS, ["int16", "float32", "float64"]):
        name = f"split-{codec}-{split}-{dtype}"
        store(name, data(dtype, (300, 100), 1 + len(split)), (150, 100), (40, 100), codec=codec, split=split)
    # Several threads finish blocks in any order.
    for codec in CODECS:
        expect = np.sin(np.arange(150000) * 1e-3).reshape(300, 500)
        store(f"threads-{codec}", expect, (150, 500), (10, 500), codec=codec, nthreads=4)
    # Items too noisy to compress are stored as they are.
    for dtype in ["float64", "uint8"]:
        noise = np.frombuffer(RANDOM.bytes(80000), dtype="uint8")[: 10000 * np.dtype(dtype).itemsize]
        noise = noise.view(dtype).copy()
        noise[~np.isfinite(noise)] = 1
        store(f"noise-{dtype}", noise, (4000,), (1000,), codec="lz4", filters="none")


def specials():
    """Chunks that are one repeated value, and chunks beside them that are not."""
    chunks, blocks = (40, 50), (20, 25)
    for dtype in DTYPES:
        shape = (100, 120)
        name = f"zeros-{dtype}"
        blosc2.zeros(shape, dtype=dtype, chunks=chunks, blocks=blocks, **options(name))
        record(name, np.zeros(shape, dtype))
        name = f"full-{dtype}"
        fill = np.array(7.25).astype(dtype)[()]
        blosc2.full(shape, fill, dtype=dtype, chunks=chunks, blocks=blocks, **options(name))
        record(name, np.full(shape, fill))
        name = f"uninit-{dtype}"
        array = blosc2.uninit(shape, dtype=dtype, chunks=chunks, blocks=blocks, **options(name))
        # Whole chunks only: the rest of a chunk would be undefined.
        expect = np.zeros(shape, dtype)
        array[40:80, :100] = expect[40:80, :100] = data(dtype, (40, 100), 1)
        record(name, expect)
    for dtype in ["float32", "float64"]:
        name = f"nans-{dtype}"
        array = blosc2.nans((100, 120), dtype=dtype, chunks=chunks, blocks=blocks, **options(name))
        expect = np.full((100, 120), np.nan, dtype)
        array[10:60, 5:70] = expect[10:60, 5:70] = data(dtype, (50, 65), 0)
        record(name, expect)
        expect = data(dtype, (1000,), 1)
        expect[::7], expect[::11], expect[::13], expect[5] = np.nan, np.inf, -np.inf, -0.0
        store(f"infinities-{dtype}", expect, (300,), (100,))
        store(f"minus-zeros-{dtype}", np.full(1000, -0.0, dtype), (300,), (100,))


def histories():
    """Frames with a past: resized, overwritten, with metalayers, serialised."""
    expect = data("int32", (100, 60), 0)
    array = store("grown", expect[:50], (30, 40), (10, 20))
    array.resize((100, 60))
    array[50:] = np.ascontiguousarray(expect[50:])
    record("grown", expect)
    array = store("shrunk", expect, (30, 40), (10, 20))
    array.resize((35, 45))
    record("shrunk", expect[:35, :45])
    expect = data("float64", (500,), 0)
    array = store("overwritten", expect, (100,), (25,), codec="zstd")
    expect[150:320] = RANDOM.random(170)
    array[150:320] = expect[150:320].copy()
    record("overwritten", expect)
    expect = data("uint16", (300,), 0)
    array = blosc2.asarray(
        expect, chunks=(100,), blocks=(50,), meta={"mine": {"a": 1}}, cparams=cparams(), **options("meta")
    )
    array.schunk.vlmeta["notes"] = "some text " * 50
    array.schunk.vlmeta["numbers"] = list(range(100))
    record("meta", expect)
    for dtype in ["float32", "int64"]:
        name, expect = f"cframe-{dtype}", data(dtype, (77, 31), 2)
        array = blosc2.asarray(expect, chunks=(20, 31), blocks=(7, 8), cparams=cparams(codec="zstd"))
        (OUT / f"{name}.b2nd").write_bytes(array.to_cframe())
        record(name, expect)
    # An index of several blocks, compressed.
    expect = data("uint8", (30000,), 1)
    store("many-chunks", expect, (5,), (5,))
    many = blosc2.zeros((100000,), dtype="int16", chunks=(10,), blocks=(10,), **options("many-special"))
    expect = np.zeros(100000, "int16")
    many[5000:5500] = expect[5000:5500] = data("int16", (500,), 1)
    record("many-special", expect)


geometries()
coders()
specials()
histories()
# A case may have been recorded twice while it grew; the last one counts.
lines = {line.split("\t")[0]: line for line in manifest}
(OUT / "manifest.txt").write_text("\n".join(lines.values()) + "\n")
