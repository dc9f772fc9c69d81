"""Writes the files beside it, with what tests/golden/requirements.txt pins on Python 3.11."""

import collections
import collections.abc
import pathlib

# Bloscpack asks for it where it was before Python 3.10.
collections.MutableMapping = collections.abc.MutableMapping

import bloscpack  # noqa: E402
import numpy as np  # noqa: E402
from bloscpack import BloscArgs  # noqa: E402
from bloscpack.append import append  # noqa: E402

HERE = pathlib.Path(__file__).parent


def pack(array, name, **options):
    bloscpack.pack_ndarray_to_file(array, str(HERE / f"{name}.blp"), **options)
    np.save(HERE / f"{name}.npy", array)


# A file of bytes: uint32 by its item size, the last chunk shorter than the others.
scratch = HERE / "scratch.bin"
plain = (np.arange(1000, dtype="<u4") ** 2) % 977
scratch.write_bytes(plain.tobytes())
bloscpack.pack_file_to_file(
    str(scratch), str(HERE / "plain.blp"), chunk_size="1200B", blosc_args=BloscArgs(typesize=4)
)
np.save(HERE / "plain.npy", plain)

# The metadata goes on to tell of the array as it was before more was appended.
pack(np.arange(100, dtype="<f8") / 8, "appended", chunk_size="240B")
scratch.write_bytes(np.arange(70, dtype="<f8").tobytes())
append(str(HERE / "appended.blp"), str(scratch), blosc_args=BloscArgs(cname="zstd", typesize=4))
scratch.unlink()

fields = [("a", "<i4"), ("v", "<f4", (2, 3)), ("n", [("x", "<i2")])]
records = np.zeros(5, dtype=fields)
records["a"] = range(5)
pack(records, "records")
