"""Arrays with a past: made of special chunks, updated, resized, given metalayers, copied."""

import itertools

import blosc2
import numpy as np
from arrays import BIG_ENDIAN, DTYPES, spelled
from case import Case
from values import data
from writers import CODECS, ONE_THREAD, Coding, any_coding, store, whole

SHAPE, CHUNKS, BLOCKS = (100, 120), (40, 50), (20, 25)
Special = blosc2.SpecialValue


def cases():
    """The systematic ones: everything on disk as a contiguous frame and as a sparse one."""
    for kind, contiguous in [("contiguous", True), ("sparse", False)]:
        for dtype in [*DTYPES, ">f8", ">i2", "|S7", "|V300"]:
            for function in [zeros, full, uninit, nans, updated_special]:
                if function is nans and np.dtype(dtype).kind != "f":
                    continue
                name = f"{function.__name__.replace('_', '-')}-{spelled(dtype)}-{kind}"
                yield Case("special", name, function, {"dtype": dtype, "contiguous": contiguous})
        for dtype in ["<f4", "<f8"]:
            name = f"minus-zeros-{spelled(dtype)}-{kind}"
            yield Case("special", name, minus_zeros, {"dtype": dtype, "contiguous": contiguous})
        for dtype, change in itertools.product(["|u1", "<i4", "<f8", ">u2"], RESIZES):
            name = f"resized-{change}-{spelled(dtype)}-{kind}"
            options = {"dtype": dtype, "change": change, "contiguous": contiguous}
            yield Case("history", name, resized, options)
        for codec in CODECS:
            options = {"codec": codec, "contiguous": contiguous}
            yield Case("history", f"overwritten-{codec}-{kind}", overwritten, options)
            yield Case("history", f"appended-{codec}-{kind}", appended, options)
        for function in [metalayers, changed_metalayers, many_chunks, many_special, reopened]:
            name = f"{function.__name__.replace('_', '-')}-{kind}"
            yield Case("history", name, function, {"contiguous": contiguous})
    for constructor in CONSTRUCTORS:
        yield Case("history", f"constructor-{constructor}", constructed, {"constructor": constructor})


def options(path, contiguous):
    return {"urlpath": str(path), "mode": "w", "contiguous": contiguous, "dparams": ONE_THREAD}


def made(recorder, name, function, dtype, contiguous, *arguments):
    """An array that one of python-blosc2's constructors makes of special chunks, and what it holds."""
    path = recorder.path(name)
    array = function(
        SHAPE, *arguments, dtype=np.dtype(dtype), chunks=CHUNKS, blocks=BLOCKS, **options(path, contiguous)
    )
    return path, array


def zeros(recorder, name, rng, dtype, contiguous):
    path, _ = made(recorder, name, blosc2.zeros, dtype, contiguous)
    recorder.array(name, path, np.zeros(SHAPE, dtype))


def full(recorder, name, rng, dtype, contiguous):
    dtype = np.dtype(dtype)
    value = rng.bytes(dtype.itemsize) if dtype.kind in "SV" else np.array(7.25).astype(dtype)[()]
    path, _ = made(recorder, name, blosc2.full, dtype, contiguous, value)
    recorder.array(name, path, np.full(SHAPE, np.array(value).astype(dtype)[()], dtype))


def uninit(recorder, name, rng, dtype, contiguous):
    """Whole chunks are written, the others are zeros to us: a chunk in part would be undefined."""
    path, array = made(recorder, name, blosc2.uninit, dtype, contiguous)
    expect = np.zeros(SHAPE, dtype)
    array[40:80, :100] = expect[40:80, :100] = data(dtype, (40, 100), "noisy", rng)
    recorder.array(name, path, expect)


def nans(recorder, name, rng, dtype, contiguous):
    path, array = made(recorder, name, blosc2.nans, dtype, contiguous)
    expect = np.full(SHAPE, np.nan, dtype)
    if not expect.dtype.isnative:
        # The library's NaN is little-endian, whatever the dtype.
        expect = np.full(SHAPE, np.nan, expect.dtype.newbyteorder("<")).view(dtype)
    array[10:60, 5:70] = expect[10:60, 5:70] = data(dtype, (50, 65), "smooth", rng)
    recorder.array(name, path, expect)


def minus_zeros(recorder, name, rng, dtype, contiguous):
    expect = np.full(1000, -0.0, dtype)
    expect[:200] = 0.0
    path = recorder.path(name)
    store(path, expect, Coding(), (300,), (100,), contiguous)
    recorder.array(name, path, expect)


def updated_special(recorder, name, rng, dtype, contiguous):
    """Chunks that were data become special ones, and data again."""
    dtype = np.dtype(dtype)
    expect = data(dtype, (1000,), "smooth", rng)
    path = recorder.path(name)
    array = store(path, expect, Coding("zstd"), (100,), (25,), contiguous)
    expect = expect.copy()
    raw = expect.view(f"|V{dtype.itemsize}")
    item = raw[5].tobytes()
    blank = np.zeros(1, dtype).view(raw.dtype)[0]
    # python-blosc2 does not read a repeated value whose chunk says other blocks than the array has.
    changes = [(1, Special.ZERO, None, blank), (3, Special.VALUE, item, raw[5]), (4, Special.UNINIT, None, blank)]
    if dtype.itemsize in (4, 8):
        nan = np.array(np.nan, f"<f{dtype.itemsize}").tobytes()
        changes.append((8, Special.NAN, None, np.frombuffer(nan, raw.dtype)[0]))
    if dtype.itemsize > 255:
        # Its chunks have items of a byte, to python-blosc2.
        changes = changes[:1]
    for chunk, special, value, item in changes:
        array.schunk.update_special(chunk, special, value)
        raw[chunk * 100 : chunk * 100 + 100] = item
    array[100:150] = expect[100:150] = data(dtype, (50,), "noisy", rng)
    recorder.array(name, path, expect)


# From what to what; what appears is zeros, or what there once was.
RESIZES = {
    "up": [(50, 60), (100, 60)],
    "up-both": [(35, 45), (100, 120)],
    "down": [(100, 60), (35, 45)],
    "down-up": [(100, 60), (33, 44), (70, 61)],
    "up-down": [(35, 45), (120, 120), (35, 50)],
    "to-nothing": [(35, 45), (0, 45)],
    "from-nothing": [(35, 45), (0, 45), (35, 45)],
}


def resized(recorder, name, rng, dtype, change, contiguous):
    first, *others = RESIZES[change]
    path = recorder.path(name)
    array = store(path, data(dtype, first, "smooth", rng), Coding(), (30, 40), (10, 20), contiguous)
    for shape in others:
        array.resize(shape)
    if change.startswith("up"):
        array[5:33, 3:40] = data(dtype, (28, 37), "noisy", rng)
    # The contents of what a resize uncovers are python-blosc2's choice.
    recorder.array(name, path, whole(array))


def overwritten(recorder, name, rng, codec, contiguous):
    expect = data("<f8", (500,), "smooth", rng)
    path = recorder.path(name)
    array = store(path, expect, Coding(codec), (100,), (25,), contiguous)
    for start, end in [(150, 320), (0, 1), (410, 500), (160, 170)]:
        array[start:end] = expect[start:end] = rng.random(end - start)
    array[300:400] = expect[300:400] = 0
    recorder.array(name, path, expect)


def appended(recorder, name, rng, codec, contiguous):
    expect = data("<i4", (1500,), "runs", rng)
    path = recorder.path(name)
    array = store(path, expect[:350], Coding(codec), (100,), (30,), contiguous)
    for start, end in [(350, 351), (351, 900), (900, 1500)]:
        array.append(expect[start:end])
    recorder.array(name, path, expect)


def metalayers(recorder, name, rng, contiguous):
    expect = data("<u2", (300,), "smooth", rng)
    path = recorder.path(name)
    meta = {"mine": {"a": 1}, **{f"layer-{nth}": list(range(nth)) for nth in range(8)}}
    array = store(path, expect, Coding(), (100,), (50,), contiguous, meta=meta)
    array.schunk.vlmeta["notes"] = "some text " * 50
    array.schunk.vlmeta["numbers"] = list(range(100))
    recorder.array(
        name, path, expect, metalayers=sorted(["b2nd", *meta]), vl_metalayers=["notes", "numbers"]
    )


def changed_metalayers(recorder, name, rng, contiguous):
    """The trailer is rewritten behind chunks that come and go."""
    expect = data("<i8", (400,), "smooth", rng)
    path = recorder.path(name)
    array = store(path, expect, Coding(), (100,), (50,), contiguous, meta={"mine": 1})
    for nth in range(12):
        array.schunk.vlmeta[f"note-{nth}"] = "text " * nth
        array[nth * 30 : nth * 30 + 30] = expect[nth * 30 : nth * 30 + 30] = rng.integers(0, 2**40, 30)
    for nth in range(0, 12, 2):
        del array.schunk.vlmeta[f"note-{nth}"]
    array.schunk.vlmeta["note-1"] = "another text"
    array.schunk.meta["mine"] = 2
    notes = sorted(f"note-{nth}" for nth in range(1, 12, 2))
    recorder.array(name, path, expect, metalayers=["b2nd", "mine"], vl_metalayers=notes)


def many_chunks(recorder, name, rng, contiguous):
    """An index of several blocks, compressed."""
    count = 30000 if contiguous else 300
    expect = data("|u1", (count,), "noisy", rng)
    path = recorder.path(name)
    store(path, expect, Coding(), (5,), (5,), contiguous)
    recorder.array(name, path, expect)


def many_special(recorder, name, rng, contiguous):
    path = recorder.path(name)
    array = blosc2.zeros((100000,), dtype="<i2", chunks=(10,), blocks=(10,), **options(path, contiguous))
    expect = np.zeros(100000, "<i2")
    array[5000:5500] = expect[5000:5500] = data("<i2", (500,), "noisy", rng)
    recorder.array(name, path, expect)


def reopened(recorder, name, rng, contiguous):
    """Several handles, one after the other, with other parameters each."""
    expect = data("<f4", (60, 40), "smooth", rng)
    path = recorder.path(name)
    store(path, expect, any_coding(rng, "<f4", exact=True), (25, 40), (5, 10), contiguous)
    for row in range(0, 60, 20):
        array = blosc2.open(str(path), mode="a")
        codec = list(CODECS)[row // 20]
        array.schunk.cparams = Coding(codec, pipeline="bitshuffle").params(4, blocksize=5 * 10 * 4)
        array[row : row + 13] = expect[row : row + 13] = rng.random((13, 40))
        del array
    recorder.array(name, path, expect)



# What python-blosc2 makes on its own, with its own chunks, blocks and parameters.
CONSTRUCTORS = {
    "arange": lambda where: blosc2.arange(0, 5000, 3, dtype="<i4", **where),
    "linspace": lambda where: blosc2.linspace(0, 1, 6000, shape=(60, 100), **where),
    "eye": lambda where: blosc2.eye(40, 50, **where),
    "fromiter": lambda where: blosc2.fromiter(range(500), dtype="<i8", shape=(50, 10), **where),
    "ones": lambda where: blosc2.ones((50, 60), dtype="<u2", **where),
    "copy": lambda where: blosc2.arange(0, 3000, shape=(30, 100)).copy(chunks=(11, 30), blocks=(5, 7), **where),
    "slice": lambda where: blosc2.arange(0, 3000, shape=(30, 100)).slice((slice(3, 29), slice(10, 77)), **where),
    "reshape": lambda where: blosc2.reshape(blosc2.arange(0, 3000), (50, 60), **where),
    "concat": lambda where: blosc2.concat([blosc2.zeros((30, 9)), blosc2.ones((20, 9))], axis=0, **where),
    "stack": lambda where: blosc2.stack([blosc2.zeros((30, 9)), blosc2.ones((30, 9))], axis=1, **where),
    "computed": lambda where: (blosc2.linspace(0, 1, 5000) ** 2 > 0.5).compute(**where),
    "default": lambda where: blosc2.asarray(np.linspace(0, 1, 20000), **where),
}


def constructed(recorder, name, rng, constructor):
    path = recorder.path(name)
    array = CONSTRUCTORS[constructor]({"urlpath": str(path), "mode": "w"})
    recorder.array(name, path, whole(array))
