"""Frames in other places than a file of their own, and frames that have to be refused."""

import zipfile

import blosc2
import numpy as np
from arrays import DTYPES, spelled
from case import Case
from values import data
from writers import Coding, any_coding, store


def cases():
    """The systematic ones."""
    for dtype in [*DTYPES, ">f8", "|S7", "|V300"]:
        for contiguous in [True, False]:
            name = f"cframe-{spelled(dtype)}-{'contiguous' if contiguous else 'sparse'}"
            yield Case("container", name, cframe, {"dtype": dtype, "contiguous": contiguous})
    for nth, dtype in enumerate([*DTYPES, ">f8"]):
        yield Case("container", f"offset-{spelled(dtype)}", at_offset, {"dtype": dtype, "offset": 1 + nth * 37})
    for suffix in ["b2z", "b2d"]:
        yield Case("container", f"store-{suffix}", tree, {"suffix": suffix})
    for codec in ["NDLZ", "ZFP_ACC", "ZFP_PREC", "ZFP_RATE"]:
        yield Case("refused", f"refused-{codec.lower()}", other_codec, {"codec": codec})
    yield Case("refused", "refused-nan-of-two-bytes", short_nan)
    yield Case("refused", "refused-expression", expression)
    yield Case("refused", "refused-cache", cache)


def cframe(recorder, name, rng, dtype, contiguous):
    """An array in memory, serialised."""
    expect = data(dtype, (77, 31), "sparse", rng)
    array = blosc2.asarray(
        expect,
        chunks=(20, 31),
        blocks=(7, 8),
        cparams=Coding("zstd").params(expect.dtype.itemsize),
        contiguous=contiguous,
    )
    array.schunk.vlmeta["note"] = "in memory"
    path = recorder.path(name)
    path.write_bytes(array.to_cframe())
    recorder.array(name, path, expect)


def at_offset(recorder, name, rng, dtype, offset):
    """A frame in the middle of a file."""
    expect = data(dtype, (500,), "smooth", rng)
    path = recorder.path(name, ".bin.b2nd")
    store(path, expect, Coding(), (200,), (60,))
    path.write_bytes(rng.bytes(offset) + path.read_bytes() + rng.bytes(100))
    recorder.array(name, path, expect, offset=offset)


def tree(recorder, name, rng, suffix):
    """A store of several arrays: a directory of frames, or a zip file of them, not deflated."""
    path = recorder.path(name, f".{suffix}")
    held = {}
    with blosc2.TreeStore(str(path), mode="w", threshold=0) as store_:
        for dtype in DTYPES:
            expect = data(dtype, (40, 30), "smooth", rng)
            key = f"/group/{spelled(dtype)}"
            held[key] = expect
            coding = any_coding(rng, expect.dtype, exact=True)
            store_[key] = blosc2.asarray(
                expect, chunks=(15, 30), blocks=(4, 11), cparams=coding.params(expect.dtype.itemsize)
            )
    for key, expect in held.items():
        part = f"{name}-{key.rsplit('/')[-1]}"
        if suffix == "b2d":
            recorder.array(part, path / f"{key[1:]}.b2nd", expect)
        else:
            recorder.array(part, path, expect, offset=member_start(path, f"{key[1:]}.b2nd"))


def member_start(path, member):
    """Where the bytes of a member of a zip file start."""
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(member)
        assert info.compress_type == zipfile.ZIP_STORED
    with open(path, "rb") as file:
        file.seek(info.header_offset + 26)
        lengths = np.frombuffer(file.read(4), "<u2")
    return info.header_offset + 30 + int(lengths.sum())


def other_codec(recorder, name, rng, codec):
    """Codecs that only python-blosc2 has."""
    values = data("|u1" if codec == "NDLZ" else "<f4", (64, 64), "smooth", rng)
    path = recorder.path(name)
    params = blosc2.CParams(
        codec=blosc2.Codec[codec], codec_meta={"NDLZ": 4, "ZFP_PREC": 12, "ZFP_RATE": 37}.get(codec, 0), filters=[], filters_meta=[]
    )
    blosc2.asarray(values, chunks=(32, 32), blocks=(16, 16), cparams=params, urlpath=str(path), mode="w")
    recorder.refused(name, path, codec.lower())


def short_nan(recorder, name, rng):
    """There is no NaN of two bytes, but python-blosc2 writes a chunk of them."""
    path = recorder.path(name)
    array = store(path, data("<i2", (300,), "smooth", rng), Coding(), (100,), (50,))
    array.schunk.update_special(1, blosc2.SpecialValue.NAN)
    recorder.refused(name, path, "NaN")


def expression(recorder, name, rng):
    """An array of zeros that stands for what an expression would give."""
    operand = store(recorder.path(f"{name}-operand"), np.arange(50.0), Coding(), (20,), (10,))
    path = recorder.path(name)
    blosc2.lazyexpr("a * 2 + 1", {"a": operand}).save(str(path))
    recorder.refused(name, path, "expression")


def cache(recorder, name, rng):
    """An array of which only what was asked for has been fetched."""
    source = store(recorder.path(f"{name}-source"), np.arange(50.0), Coding(), (20,), (10,))
    path = recorder.path(name)
    blosc2.Proxy(source, urlpath=str(path), mode="w").fetch(slice(0, 20))
    recorder.refused(name, path, "cache")
