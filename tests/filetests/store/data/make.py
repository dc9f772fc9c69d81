"""Writes the files beside it with python-blosc2 4 and NumPy 2, small enough to look at."""

import pathlib

import blosc2
import numpy as np

HERE = pathlib.Path(__file__).parent


def save(name, array, chunks, blocks, codec=blosc2.Codec.LZ4, filters=(blosc2.Filter.SHUFFLE,), **more):
    path = HERE / f"{name}.b2nd"
    path.unlink(missing_ok=True)
    filters = dict.fromkeys(filters, 0) | (filters if isinstance(filters, dict) else {})
    cparams = blosc2.CParams(codec=codec, filters=list(filters), filters_meta=list(filters.values()), **more)
    blosc2.asarray(array, chunks=chunks, blocks=blocks, cparams=cparams, urlpath=str(path))


# sealed.b2nd is ours: fuseblock eval "y = (arange(35) * 3).reshape(5, 7)" -o sealed.b2nd
count = np.arange(35, dtype=np.int32).reshape(5, 7)
save("lz4", count, (3, 4), (2, 3))
save("blosclz", count, (3, 4), (2, 3), blosc2.Codec.BLOSCLZ)
save("zstd", count.astype(np.float64) / 4, (3, 4), (2, 3), blosc2.Codec.ZSTD, ())
save("bool", count % 3 == 0, (3, 4), (2, 3))
save("zlib", count, (5, 7), (5, 7), blosc2.Codec.ZLIB)
save("bitshuffle", count, (5, 7), (5, 7), filters=(blosc2.Filter.BITSHUFFLE,))
save("delta", count, (5, 7), (2, 7), filters=(blosc2.Filter.DELTA, blosc2.Filter.SHUFFLE))
save("bytedelta", count, (5, 7), (5, 7), filters=(blosc2.Filter.SHUFFLE, blosc2.Filter.BYTEDELTA))
save("int_trunc", count, (5, 7), (5, 7), filters={blosc2.Filter.INT_TRUNC: 30, blosc2.Filter.SHUFFLE: 0})
third = count.astype(np.float32) / 3
save("trunc_prec", third, (5, 7), (5, 7), filters={blosc2.Filter.TRUNC_PREC: 8, blosc2.Filter.SHUFFLE: 0})
save("ndcell", count, (5, 7), (5, 7), filters={blosc2.Filter.NDCELL: 3, blosc2.Filter.SHUFFLE: 0})
save("ndmean", third, (5, 7), (5, 7), filters={blosc2.Filter.NDMEAN: 2})
mixed = np.arange(4096, dtype=np.int32) * 7919 % 4096 // 3 % 1000
with_dictionary = dict(use_dict=True, splitmode=blosc2.SplitMode.NEVER_SPLIT, clevel=9)
save("zstd_dictionary", mixed, (4096,), (256,), blosc2.Codec.ZSTD, **with_dictionary)
save("lz4_dictionary", mixed, (4096,), (256,), blosc2.Codec.LZ4, **with_dictionary)
save("complex", count.astype(np.complex128), (5, 7), (5, 7))
save("text", np.array(["one", "two"]), (2,), (2,))
save("big_endian", count.astype(">i4"), (5, 7), (5, 7))
save("coded", np.arange(400, dtype=np.int32).reshape(20, 20) % 7, (10, 20), (5, 20))

for name, make in [("zeros", blosc2.zeros), ("nans", blosc2.nans)]:
    path = HERE / f"{name}.b2nd"
    path.unlink(missing_ok=True)
    make((6,), dtype=np.float64, chunks=(4,), blocks=(2,), urlpath=str(path))
path = HERE / "repeated.b2nd"
path.unlink(missing_ok=True)
blosc2.full((6,), 2.5, dtype=np.float32, chunks=(4,), blocks=(2,), urlpath=str(path))

plain = HERE / "plain.b2frame"
plain.unlink(missing_ok=True)
blosc2.SChunk(chunksize=16, data=np.arange(8, dtype=np.int32), urlpath=str(plain))

np.save(HERE / "c_order.npy", count[:2])
np.save(HERE / "fortran.npy", np.asfortranarray(count[:2]))
np.save(HERE / "complex.npy", count[:1].astype(np.complex64))
np.save(HERE / "big_endian.npy", count[:2].astype(">i4"))
np.save(HERE / "records.npy", np.zeros(2, dtype=[("a", "<i4"), ("v", "<f8", (2,))]))
np.savez(HERE / "one.npz", x=count[:2])
np.savez_compressed(HERE / "deflated.npz", x=np.asfortranarray(count))
np.savez(HERE / "two.npz", temperature=count[:2] / 4, mask=count[:2] > 5)
