"""Makes the files beside it again, but for those under legacy/: README.md says where they are from.

    python3 -m venv .venv && .venv/bin/pip install -r requirements.txt
    .venv/bin/python make.py

manifest.jsonl says what each holds, in the format of tests/interop/recorder.py."""

import collections
import collections.abc
import contextlib
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "interop"))
# Bloscpack asks for it where it was before Python 3.10.
collections.MutableMapping = collections.abc.MutableMapping

import blosc
import blosc2
import bloscpack
import numpy as np
from containers import member_start
from recorder import Recorder
from superchunks import create
from values import data
from writers import CODECS, ONE_THREAD, PIPELINES, Coding, lossy, store, whole

Special = blosc2.SpecialValue
RNG = np.random.default_rng(2)


def array(name, values, chunks, blocks, coding=Coding(), contiguous=True, **options):
    """An n-d array; returns python-blosc2's handle, for what else is to be done to it."""
    handle = store(OUT.path(name), values, coding, chunks, blocks, contiguous, **options)
    OUT.array(name, OUT.path_of(name), whole(handle) if lossy(coding.pipeline) else values)
    return handle


def recorded(name, expect, suffix=".b2nd", **fields):
    """What was made by hand under that name."""
    OUT.array(name, OUT.path_of(name, suffix), expect, **fields)


def made(constructor, name, *arguments, **options):
    """An array of special chunks, in the index or stored."""
    return constructor(*arguments, urlpath=str(OUT.path(name)), mode="w", dparams=ONE_THREAD, **options)


def simple():
    """The worked example of the format description; several streams a block; metalayers; 0-d."""
    lz4 = Coding("lz4")
    array("example", np.arange(1, 36, dtype="u1").reshape(5, 7), (4, 5), (2, 2), lz4)
    array("split", np.arange(300) * 0.5, (64,), (32,), lz4)
    array("scalar", np.array(True), (), (), lz4)
    array("empty", np.zeros((3, 0), "<f4"), None, None, lz4)
    shape = (2, 1) * 7 + (2, 3)
    array("axes-16", np.arange(768, dtype="<u2").reshape(shape), (1, 1) + (2, 1) * 6 + (2, 2), (1,) * 14 + (2, 2))
    values = np.arange(60, dtype="<u2")
    handle = store(OUT.path("meta"), values, Coding("zstd"), (60,), (30,), meta={"mine": {"a": 1}})
    handle.schunk.vlmeta["notes"] = "some text"
    recorded("meta", values, metalayers=["b2nd", "mine"], vl_metalayers=["notes"])
    # Nothing is left, but the frame still says how many bytes it had.
    handle = store(OUT.path("nothing-left"), np.arange(20, dtype="<i4"), lz4, (10,), (5,))
    handle.resize((0,))
    recorded("nothing-left", np.zeros(0, "<i4"))


def special():
    """Zeros, NaN, a repeated value, never written: in the index, and stored."""
    made(blosc2.nans, "nan", (30,), dtype="f8", chunks=(10,), blocks=(5,))
    recorded("nan", np.full(30, np.nan))
    made(blosc2.full, "full", (30,), 7, dtype="i2", chunks=(20,), blocks=(10,))
    recorded("full", np.full(30, 7, "i2"))
    handle = made(blosc2.zeros, "zeros", (40,), dtype="f4", chunks=(10,), blocks=(5,))
    expect = np.zeros(40, "f4")
    handle[10:20] = expect[10:20] = np.arange(10)
    recorded("zeros", expect)
    handle = made(blosc2.uninit, "uninit", (40,), dtype="i4", chunks=(10,), blocks=(5,))
    expect = np.zeros(40, "i4")
    handle[10:20] = expect[10:20] = np.arange(10)
    recorded("uninit", expect)
    expect = np.arange(60, dtype="<f4")
    handle = store(OUT.path("made-special"), expect, Coding("zstd"), (10,), (5,))
    changes = [(Special.ZERO, None, 0), (Special.VALUE, expect[3:4].tobytes(), 3), (Special.UNINIT, None, 0)]
    for chunk, (kind, value, item) in enumerate([*changes, (Special.NAN, None, np.nan)], 1):
        handle.schunk.update_special(chunk, kind, value)
        expect[chunk * 10 : chunk * 10 + 10] = item
    recorded("made-special", expect)


def codecs():
    for codec in CODECS:
        array(f"codec-{codec}", np.arange(200, dtype="<i4") // 3, (100,), (50,), Coding(codec))
    array("level-0", np.arange(50, dtype="<i4"), (30,), (15,), Coding("lz4", clevel=0))
    array("unsplit", np.arange(300) * 0.5, (200,), (100,), Coding("zlib", split="never"))
    # Several threads finish blocks in any order, so that their starts are not in order.
    array("threads", np.arange(3000, dtype="<i8") // 5, (1500,), (50,), Coding("zstd", nthreads=4))
    for codec in ["lz4", "zstd"]:
        values = data("<f4", (4000,), "periodic", RNG)
        handle = array(f"dictionary-{codec}", values, (2000,), (200,), Coding(codec, use_dict=True, split="never"))
        assert handle.schunk.get_chunk(0)[31] & 1
    # Noise, stored as it is, yet said to have a dictionary.
    array("dictionary-noise", data("<u4", (64,), "noisy", RNG), (64,), (32,), Coding("zstd", use_dict=True))


def filters():
    for pipeline in PIPELINES:
        dtype = "<i4" if pipeline.startswith("inttrunc") else "<f8" if pipeline == "shuffle16" else "<f4"
        values = (np.arange(240) // 40).astype(dtype).reshape(12, 20)
        handle = array(f"filter-{pipeline}", values, (8, 20), (5, 9), Coding("lz4", pipeline=pipeline))
        # What cannot be compressed is stored without having been filtered.
        assert not any(handle.schunk.get_chunk(nth)[2] & 2 for nth in range(2)), pipeline


def dtypes():
    for dtype in [">i2", ">u4", ">f8"]:
        array(f"big-endian-{dtype[1:]}", data(dtype, (90,), "smooth", RNG), (40,), (15,))
    made(blosc2.full, "big-endian-full", (30,), 7, dtype=">i4", chunks=(20,), blocks=(10,))
    recorded("big-endian-full", np.full(30, 7, ">i4"))
    array("opaque-s5", data("|S5", (40,), "smooth", RNG), (20,), (6,))
    # Wider than a chunk can say.
    array("opaque-v300", data("|V300", (12,), "smooth", RNG), (5,), (2,))
    array("opaque-record", data([("a", "<i4"), ("b", "<f8")], (20,), "smooth", RNG), (9,), (4,))


def sparse():
    array("sparse", np.arange(100, dtype="<f4"), (40,), (20,), contiguous=False)
    handle = store(OUT.path("sparse-edited"), np.arange(40, dtype="<i2"), Coding("zstd"), (10,), (5,), False)
    expect = np.arange(40, dtype="<i2")
    handle.schunk.update_special(2, Special.ZERO)
    expect[20:30] = 0
    handle.resize((60,))
    handle[40:60] = np.arange(20)
    recorded("sparse-edited", np.concatenate([expect, np.arange(20, dtype="<i2")]))


def superchunks():
    """Without shape: equal chunks, chunks and blocks of their own length, items of an odd size."""
    text = b"some words that come again; "
    cases = {
        "plain": (4, 200, [bytes(range(200)), bytes(200), b"ab" * 100, b"last" * 5]),
        "plain-items-of-7": (7, 70, [bytes(range(70)), b"seventh" * 10, b"seventh" * 3]),
        "varying": (4, 0, [text * 3, b"four", bytes(range(180))]),
    }
    for name, (itemsize, chunksize, chunks) in cases.items():
        for kind, contiguous in [("", True), ("-sparse", False)]:
            path, schunk = create(OUT, name + kind, itemsize, Coding("lz4"), chunksize, contiguous)
            for chunk in chunks:
                schunk.append_data(chunk)
            OUT.items(name + kind, path, chunks, itemsize)
    path, schunk = create(OUT, "edited", 2, Coding("blosclz"), 20, True)
    held = [bytes([nth, 1] * 10) for nth in range(6)]
    for chunk in held:
        schunk.append_data(chunk)
    schunk.delete_chunk(1)
    schunk.insert_data(3, text[:20], copy=True)
    schunk.update_data(0, text[4:24], copy=True)
    schunk.update_special(4, Special.ZERO)
    held = [text[4:24], held[2], held[3], text[:20], bytes(20), held[5]]
    OUT.items("edited", path, held, 2)
    for name, coding in {
        "blocks": Coding("lz4", pipeline="none"),
        "blocks-dictionary": Coding("zstd", pipeline="none", use_dict=True),
    }.items():
        path, schunk = create(OUT, name, 1, coding, -1, True)
        parameters = {key: getattr(schunk.cparams, key) for key in schunk.cparams.__dataclass_fields__}
        chunks = [[text, b"x", text * 4], [b"%d " % nth + text * 9 for nth in range(30)]]
        for blocks in chunks:
            schunk.append_chunk(blosc2.blosc2_ext.vlcompress(blocks, **parameters))
        lengths = [[len(block) for block in blocks] for blocks in chunks]
        OUT.items(name, path, [b"".join(blocks) for blocks in chunks], 1, lengths)


def elsewhere():
    """A frame inside of a larger file; a store of several arrays; a frame from memory."""
    values = np.arange(50, dtype="<u2")
    path = OUT.path("offset", ".bin")
    store(path.with_suffix(".b2nd"), values, Coding(), (20,), (10,))
    path.write_bytes(b"13 bytes here" + path.with_suffix(".b2nd").read_bytes() + b"and more behind")
    path.with_suffix(".b2nd").unlink()
    OUT.array("offset", path, values, offset=13)
    handle = blosc2.asarray(values, chunks=(20,), blocks=(10,), cparams=Coding("zstd").params(2))
    OUT.path("cframe").write_bytes(handle.to_cframe())
    recorded("cframe", values)
    path = OUT.path("store", ".b2z")
    with blosc2.TreeStore(str(path), mode="w", threshold=0) as tree:
        tree["/group/numbers"] = handle
    OUT.array("store", path, values, offset=member_start(path, "group/numbers.b2nd"))


def refused():
    """Arrays that are not what they look like."""
    for name in ["operand", "expression", "cache"]:
        OUT.path(name)
    # The path of the operand is stored, as it was given.
    with contextlib.chdir(HERE):
        operand = store("operand.b2nd", np.arange(50.0), Coding(), (20,), (10,))
        blosc2.lazyexpr("a * 2 + 1", {"a": operand}).save("expression.b2nd")
        blosc2.Proxy(operand, urlpath="cache.b2nd", mode="w").fetch(slice(0, 20))
    OUT.refused("expression", OUT.path_of("expression"), "expression")
    OUT.refused("cache", OUT.path_of("cache"), "cache")
    OUT.path("operand")


def chunks():
    """Chunks on their own: of Blosc 1, of Blosc 2, and of Blosc 2 with the header of Blosc 1."""
    blosc.set_nthreads(1)
    values = (np.arange(401, dtype="<i4") // 3).tobytes()
    for codec, shuffle in [("blosclz", 1), ("lz4", 2), ("zlib", 1), ("zstd", 0)]:
        # Of the last block 17 elements are left, which Blosc 1 does not shuffle bit by bit.
        blosc.set_blocksize(512)
        chunk(f"blosc1-{codec}-{shuffle}", blosc.compress(values, 4, 5, shuffle, codec), values, 4)
    blosc.set_blocksize(0)
    noise = RNG.bytes(40)
    chunk("blosc1-noise", blosc.compress(noise, 8, 5, 1, "lz4"), noise, 8)
    packed = blosc2.compress2(values, cparams=Coding("zstd", pipeline="delta-shuffle").params(4, blocksize=512))
    chunk("blosc2", packed, values, 4)


def chunk(name, packed, values, itemsize):
    path = OUT.path(name, ".chunk")
    path.write_bytes(packed)
    OUT.chunk(name, path, values, itemsize)


def bloscpacks():
    """A Bloscpack file of each checksum, of several chunks."""
    values = np.arange(60, dtype="<i4").reshape(6, 10)
    for checksum in bloscpack.checksums.CHECKSUMS_AVAIL:
        path = OUT.path(f"bloscpack-{checksum.lower()}", ".blp")
        bloscpack.pack_ndarray_to_file(
            values,
            str(path),
            chunk_size="100B",
            blosc_args=bloscpack.BloscArgs(typesize=4, cname="zlib" if checksum == "None" else "lz4"),
            bloscpack_args=bloscpack.BloscpackArgs(
                checksum=checksum, offsets=checksum != "md5", max_app_chunks=2
            ),
            metadata_args=bloscpack.MetadataArgs(meta_codec="None" if checksum == "crc32" else "zlib"),
        )
        OUT.array(path.stem, path, values, format="bloscpack")


def legacy():
    """What the old libraries made. The .npy files came with it, and are written as they were read."""
    for path in sorted(HERE.glob("legacy/*/*")):
        # A table is a directory of columns, of which we can compute with these.
        for part in ["x", "z"] if path.name == "tab" else [""]:
            name = "-".join(filter(None, [path.parent.name, path.stem, part]))
            OUT.array(name, path / part, np.load(HERE / f"{name}.npy"), format=path.parent.name)


OUT = Recorder(HERE)
for function in [simple, special, codecs, filters, dtypes, sparse, superchunks, elsewhere, refused, chunks, bloscpacks, legacy]:
    function()
OUT.close()
