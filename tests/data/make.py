"""Made the .b2nd files beside it with python-blosc2 4.14.1; run it in this directory to make them again."""

import blosc2
import numpy as np

SHUFFLE = [blosc2.Filter.NOFILTER] * 5 + [blosc2.Filter.SHUFFLE]


def store(name, values, chunks, blocks, codec, **options):
    cparams = blosc2.CParams(codec=codec, clevel=5, filters=SHUFFLE, filters_meta=[0] * 6, nthreads=1)
    return blosc2.asarray(values, chunks=chunks, blocks=blocks, cparams=cparams, urlpath=name, mode="w", **options)


# The worked example of the format description.
store("example.b2nd", np.arange(1, 36, dtype="u1").reshape(5, 7), (4, 5), (2, 2), blosc2.Codec.LZ4)
# Several streams a block, an index compressed with BloscLZ.
store("split.b2nd", np.arange(300) * 0.5, (64,), (32,), blosc2.Codec.LZ4)
store("blosclz.b2nd", np.arange(200, dtype="i4"), (100,), (50,), blosc2.Codec.BLOSCLZ)
# Metalayers, in the header and in the trailer.
array = store("meta.b2nd", np.arange(60, dtype="u2"), (60,), (30,), blosc2.Codec.ZSTD, meta={"mine": {"a": 1}})
array.schunk.vlmeta["notes"] = "some text"
# Zeros, NaN, a repeated value, never written: in the index, and stored.
blosc2.nans((30,), dtype="f8", chunks=(10,), blocks=(5,), urlpath="nan.b2nd", mode="w")
blosc2.full((30,), 7, dtype="i2", chunks=(20,), blocks=(10,), urlpath="full.b2nd", mode="w")
array = blosc2.zeros((40,), dtype="f4", chunks=(10,), blocks=(5,), urlpath="zeros.b2nd", mode="w")
array[10:20] = np.arange(10, dtype="f4")
store("scalar.b2nd", np.array(True), (), (), blosc2.Codec.LZ4)
