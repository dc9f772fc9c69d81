"""Reads every array that manifest.txt in the directory given names, and compares it with the .npy beside it.

A line of the manifest has: name, dtype, chunks, blocks (comma-separated, empty for 0-d). Some are files, some folders
with a file a chunk; each has its name as a metalayer `mine` and as an attribute `case`.

Where the filter is delta, the library decodes only whole chunks right, its own files', too: they are compared
with those of the same array without filters, NAME.plain.b2nd."""

import pathlib
import sys

import blosc2
import numpy as np

OUT = pathlib.Path(sys.argv[1])


def numbers(text):
    return tuple(int(number) for number in text.split(",") if number)


checked = 0
for line in (OUT / "manifest.txt").read_text().splitlines():
    name, dtype, chunks, blocks = line.split("\t")
    expect = np.load(OUT / f"{name}.npy")
    with np.load(OUT / f"{name}.npz") as members:
        assert members.files == ["arr_0"] and members.zip.testzip() is None, name
        assert members["arr_0"].dtype == expect.dtype, name
        assert members["arr_0"].tobytes() == expect.tobytes(), name
    for nthreads in [1, 4]:
        array = blosc2.open(str(OUT / f"{name}.b2nd"), mode="r", dparams=blosc2.DParams(nthreads=nthreads))
        assert isinstance(array, blosc2.NDArray), name
        assert array.dtype == np.dtype(dtype), (name, array.dtype)
        assert array.shape == expect.shape, (name, array.shape)
        assert array.schunk.vlmeta["case"] == name, name
        assert array.schunk.meta["mine"] == name, name
        if expect.size:
            assert array.chunks == numbers(chunks), (name, array.chunks)
            assert array.blocks == numbers(blocks), (name, array.blocks)
        if blosc2.Filter.DELTA in array.schunk.cparams.filters:
            plain = blosc2.open(str(OUT / f"{name}.plain.b2nd"), mode="r")
            for number in range(array.schunk.nchunks):
                assert array.schunk.decompress_chunk(number) == plain.schunk.decompress_chunk(number), (name, number)
            array = plain
        values = array[()] if expect.ndim == 0 else array[...]
        values = np.asarray(values)
        assert values.tobytes() == expect.tobytes(), name
    if expect.ndim and expect.size:
        part = tuple(slice(extent // 3, extent // 3 + 2) for extent in expect.shape)
        assert np.asarray(array[part]).tobytes() == expect[part].tobytes(), (name, "slice")
        # The same bytes, opened from memory.
        if pathlib.Path(array.urlpath).is_file():
            frame = blosc2.ndarray_from_cframe(pathlib.Path(array.urlpath).read_bytes(), copy=True)
            assert np.asarray(frame[...]).tobytes() == expect.tobytes(), (name, "cframe")
    checked += 1
print(checked)
