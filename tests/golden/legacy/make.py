"""Writes `sums/`, `plain.blp`, `appended.blp` and `records.blp` beside this file.

Needs Bloscpack 0.16.0, python-blosc 1.11.4, NumPy 1.26 and Python 3.11.
"""

import collections
import collections.abc
import pathlib

# Bloscpack 0.16.0 looks for it where Python had it before 3.10.
collections.MutableMapping = collections.abc.MutableMapping

import bloscpack  # noqa: E402
import numpy  # noqa: E402
from bloscpack import BloscArgs, BloscpackArgs, MetadataArgs  # noqa: E402
from bloscpack.append import append  # noqa: E402

HERE = pathlib.Path(__file__).parent
CHECKSUMS = ["None", "adler32", "crc32", "md5", "sha1", "sha224", "sha256", "sha384", "sha512"]


def pack(array, name, **options):
    bloscpack.pack_ndarray_to_file(array, str(HERE / f"{name}.blp"), **options)
    numpy.save(HERE / f"{name}.npy", array)


(HERE / "sums").mkdir(exist_ok=True)
values = numpy.arange(-30, 30, dtype="<i2").reshape(12, 5)
for number, name in enumerate(CHECKSUMS):
    pack(
        values,
        f"sums/{name.lower()}",
        chunk_size="40B",
        bloscpack_args=BloscpackArgs(checksum=name, offsets=number % 2 == 0),
        metadata_args=MetadataArgs(
            meta_checksum=name,
            meta_codec="zlib" if number % 3 else "None",
            max_meta_size=lambda used: used + 3,
        ),
    )

# A file of bytes: uint32 by its item size, the last chunk shorter than the others.
scratch = HERE / "scratch.bin"
plain = (numpy.arange(1000, dtype="<u4") ** 2) % 977
scratch.write_bytes(plain.tobytes())
bloscpack.pack_file_to_file(
    str(scratch), str(HERE / "plain.blp"), chunk_size="1200B", blosc_args=BloscArgs(typesize=4)
)
numpy.save(HERE / "plain.npy", plain)

# The metadata goes on to tell of the array as it was before more was appended.
values = numpy.arange(100, dtype="<f8") / 8
pack(values, "appended", chunk_size="240B")
scratch.write_bytes(numpy.arange(70, dtype="<f8").tobytes())
append(str(HERE / "appended.blp"), str(scratch), blosc_args=BloscArgs(cname="zstd", typesize=4))
scratch.unlink()

fields = [("a", "<i4"), ("v", "<f4", (2, 3)), ("n", [("x", "<i2")])]
records = numpy.zeros(5, dtype=fields)
records["a"] = range(5)
pack(records, "records")
