"""n-d arrays: codecs, levels, filters, splits, threads and dictionaries on every dtype and geometry."""

import itertools

import numpy as np
from case import Case
from values import CHARACTERS, data
from writers import CODECS, PIPELINES, SPLITS, WITH_DICT, Coding, any_coding, fits, lossy, store, whole

DTYPES = ["|b1", "|i1", "<i2", "<i4", "<i8", "|u1", "<u2", "<u4", "<u8", "<f4", "<f8"]
BIG_ENDIAN = [">i2", ">i4", ">i8", ">u2", ">u4", ">u8", ">f4", ">f8"]
# shape, chunks, blocks
GEOMETRIES = [
    ((), (), ()),
    ((0,), None, None),
    ((0,), (4,), (2,)),
    ((1,), (1,), (1,)),
    ((7,), (1,), (1,)),
    ((1000,), (1000,), (1000,)),
    ((1000,), (300,), (70,)),
    ((1000,), (4096,), (512,)),
    ((20000,), None, None),
    ((5, 7), (4, 5), (2, 2)),
    ((120, 90), (50, 40), (17, 40)),
    ((40, 50), (13, 17), (5, 6)),
    ((60, 3), (1, 3), (1, 3)),
    ((1, 2000), (1, 700), (1, 64)),
    ((4, 0), (2, 3), (2, 2)),
    ((3, 0, 2), None, None),
    ((9, 10, 11), (4, 10, 5), (3, 3, 5)),
    ((6, 5, 4), (7, 9, 5), (3, 2, 5)),
    ((3, 4, 5, 6), (2, 4, 3, 6), (2, 2, 2, 4)),
    ((3, 2, 3, 2, 3), (2, 2, 2, 1, 2), (1, 2, 1, 1, 2)),
    ((2, 3, 2, 3, 2, 3, 2), (2,) * 7, (1, 2, 1, 2, 1, 2, 2)),
    ((3, 2) * 4, (2,) * 8, (2, 1) * 4),
    ((2,) * 9, (2,) * 9, (2, 1, 2) * 3),
    ((2, 1, 3) * 4, (2, 1, 2) * 4, (1, 1, 2) * 4),
    ((2, 1) * 7 + (2, 3), (1, 1) + (2, 1) * 6 + (2, 2), (1,) * 14 + (2, 2)),
    ((1,) * 16, (1,) * 16, (1,) * 16),
]
# Item sizes beyond a byte: chunks then say 1.
WIDE = [256, 257, 300, 512, 1000, 4096, 70000]
# Dtypes that are bytes to expressions, and to be told apart from the others.
OPAQUE = ["<f2", "<c8", "<c16", "<U3", ">U2", "|S5", "<M8[ns]", "<m8[s]"]
STRUCTURED = [
    [("a", "<i4"), ("b", "<f8")],
    [("a", "u1"), ("v", "<f4", (2, 3)), ("n", [("x", "<i2")])],
    {"names": ["a", "b"], "formats": ["<i2", "<f8"], "offsets": [0, 8], "itemsize": 24},
]


def cases():
    """The systematic ones."""
    yield from geometries()
    yield from levels()
    yield from pipelines()
    yield from dictionaries()
    yield from item_sizes()


def write(recorder, name, rng, dtype, geometry, coding=None, character=None, contiguous=None):
    """One array; what is not given is drawn."""
    shape, chunks, blocks = geometry
    character = character or str(rng.choice(CHARACTERS))
    contiguous = bool(rng.random() < 0.7) if contiguous is None else contiguous
    values = data(dtype, shape, character, rng)
    coding = coding or any_coding(rng, dtype, blocks)
    path = recorder.path(name)
    array = store(path, values, coding, chunks, blocks, contiguous)
    recorder.array(name, path, whole(array) if lossy(coding.pipeline) else values)
    return array


def geometries():
    """Every dtype in every geometry."""
    for dtype, (nth, geometry) in itertools.product(DTYPES + BIG_ENDIAN, enumerate(GEOMETRIES)):
        name = f"geometry-{spelled(dtype)}-{len(geometry[0])}d-{nth}"
        yield Case("geometry", name, write, {"dtype": dtype, "geometry": geometry})


def levels():
    """Every codec at every level with each of the simple filters; every split; several threads."""
    for nth, (codec, clevel, pipeline) in enumerate(
        itertools.product(CODECS, range(10), ["none", "shuffle", "bitshuffle"])
    ):
        dtype = DTYPES[nth % len(DTYPES)]
        options = {
            "dtype": dtype,
            "geometry": ((12000,), (7000,), (1500,)),
            "coding": Coding(codec, clevel, pipeline),
            "character": CHARACTERS[nth % 4],
        }
        yield Case("level", f"level-{codec}-{clevel}-{pipeline}-{spelled(dtype)}", write, options)
    for codec, split, dtype in itertools.product(CODECS, SPLITS, ["|u1", "<i2", "<f4", "<f8"]):
        options = {
            "dtype": dtype,
            "geometry": ((100, 80), (50, 80), (20, 80)),
            "coding": Coding(codec, split=split),
        }
        yield Case("level", f"split-{codec}-{split}-{spelled(dtype)}", write, options)
    # Several threads finish blocks in any order.
    for codec, pipeline in itertools.product(CODECS, ["none", "shuffle", "bitshuffle", "delta-shuffle"]):
        options = {
            "dtype": "<f8",
            "geometry": ((100, 200), (80, 200), (5, 200)),
            "coding": Coding(codec, pipeline=pipeline, nthreads=4),
            "character": "smooth",
        }
        yield Case("level", f"threads-{codec}-{pipeline}", write, options)


def pipelines():
    """Every codec with every pipeline, on dtypes of each width."""
    both = [((3000,), (1100,), (250,)), ((50, 60), (32, 25), (11, 25))]
    for codec, pipeline, dtype in itertools.product(CODECS, PIPELINES, ["|i1", "<u2", "<i4", "<f4", "<f8"]):
        geometry = both[(len(codec) + len(pipeline)) % 2]
        if not fits(pipeline, dtype, geometry[2]):
            continue
        # What cannot be compressed is stored without having been filtered.
        options = {
            "dtype": dtype,
            "geometry": geometry,
            "coding": Coding(codec, pipeline=pipeline),
            "character": "smooth" if dtype != "|i1" else "sparse",
        }
        yield Case("pipeline", f"pipeline-{codec}-{pipeline}-{spelled(dtype)}", write, options)


def with_dictionary(recorder, name, rng, **options):
    array = write(recorder, name, rng, character="periodic", **options)
    chunk = array.schunk.get_chunk(0)
    assert chunk[31] & 1 and not chunk[2] & 2, f"{name}: no dictionary was made"


def dictionaries():
    """Every codec that can has a dictionary, split and not; and what cannot be compressed with one."""
    for codec, split, dtype, pipeline in itertools.product(
        WITH_DICT, ["always", "never"], ["<i2", "<f4", "<f8"], ["none", "shuffle", "bitshuffle", "delta-shuffle"]
    ):
        options = {
            "dtype": dtype,
            "geometry": ((16000,), (8000,), (1000,)),
            "coding": Coding(codec, pipeline=pipeline, split=split, use_dict=True),
        }
        name = f"dictionary-{codec}-{split}-{pipeline}-{spelled(dtype)}"
        yield Case("dictionary", name, with_dictionary, options)
    # Such chunks are stored as they are, yet claim a dictionary: python-blosc2 cannot read them.
    for codec in WITH_DICT:
        options = {
            "dtype": "<u8",
            "geometry": ((4000,), (2000,), (500,)),
            "coding": Coding(codec, use_dict=True),
            "character": "noisy",
        }
        yield Case("dictionary", f"dictionary-{codec}-noise", write, options)


def item_sizes():
    """Items of 1 to 255 bytes and wider, and dtypes that only their bytes are read of."""
    for width in [*range(1, 256), *WIDE]:
        dtype = f"|V{width}" if width % 3 else f"|S{width}"
        few = 7 if width > 10000 else 60
        geometry = ((few,), (few * 2 // 3,), (few // 6,)) if width % 2 else ((few // 3, 3), (4, 2), (2, 2))
        yield Case("itemsize", f"itemsize-{width}", write, {"dtype": dtype, "geometry": geometry})
    for dtype in OPAQUE:
        options = {"dtype": dtype, "geometry": ((300,), (100,), (30,))}
        yield Case("itemsize", f"opaque-{spelled(dtype)}", write, options)
    for nth, dtype in enumerate(STRUCTURED):
        options = {"dtype": np.dtype(dtype), "geometry": ((90,), (40,), (15,))}
        yield Case("itemsize", f"structured-{nth}", write, options)


def drawn(recorder, name, rng):
    """An array of which everything is drawn."""
    wide = rng.random()
    if wide < 0.65:
        dtype = str(rng.choice(DTYPES))
    elif wide < 0.8:
        dtype = str(rng.choice(BIG_ENDIAN))
    else:
        dtype = f"|V{rng.integers(1, 256)}"
    write(recorder, name, rng, dtype, drawn_geometry(rng, 6000 if wide < 0.8 else 300))


def drawn_geometry(rng, most):
    """Any rank and extents of up to `most` elements, chunks and blocks that fit together."""
    ndim = int(rng.choice([1, 1, 2, 2, 2, 3, 3, 4, 5, 6, 8, 16]))
    per_axis = max(2, int(most ** (1 / ndim)))
    least = 1 if rng.random() < 0.3 else max(per_axis // 2, 1)
    shape = tuple(int(extent) for extent in rng.integers(least, per_axis + 1, ndim))
    if rng.random() < 0.15:
        return shape, None, None
    # Chunks may reach beyond the array.
    chunks = tuple(int(rng.integers(1, max(2, int(extent * 1.3) + 1))) for extent in shape)
    if np.prod([-(-extent // chunk) for extent, chunk in zip(shape, chunks)]) > 300:
        chunks = shape
    # Blocks of a few items cannot be compressed; most are large.
    blocks = tuple(int(rng.choice([chunk, -(-chunk // 2), rng.integers(1, chunk + 1)])) for chunk in chunks)
    return shape, chunks, blocks


def spelled(dtype):
    """A dtype as part of a file's name."""
    return dtype.replace("<", "").replace("|", "").replace(">", "be-").replace("[", "-").replace("]", "")
