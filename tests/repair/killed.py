"""Records what python-blosc2 writes to a file while it appends to arrays and changes them.

    python killed.py KIND FILE

KIND is `append`, `update` or `plain`. Every write to the file is recorded with strace, so that a test can make each state
that a killed process leaves: data/*.writes are what python-blosc2 4.14.1 wrote. A record is a big-endian u64 and u32, the
place and the length, and the bytes; one with the length 2^32-1 makes the file as long as its place says.
"""

import os
import re
import struct
import subprocess
import sys

import numpy as np


def values(first, last):
    return np.arange(first, last) * 7919 % 100003


def write(kind, path):
    import blosc2

    cut = {"chunks": (10, 20), "blocks": (5, 20), "urlpath": path, "mode": "w", "contiguous": True}
    if kind == "append":
        array, rows = blosc2.zeros((0, 20), dtype="i8", **cut), 0
        for more in (10, 7, 10):
            array.resize((rows + more, 20))
            array[rows : rows + more] = values(rows * 20, (rows + more) * 20).reshape(more, 20)
            rows += more
    elif kind == "update":
        array = blosc2.asarray(values(0, 800).reshape(40, 20), **cut)
        array[12:17] = -1
        array[0:10] = (values(77, 277) ** 3).reshape(10, 20)
    elif kind == "plain":
        chunks = blosc2.SChunk(chunksize=1600, cparams={"typesize": 8}, urlpath=path, mode="w", contiguous=True)
        for number in range(3):
            chunks.append_data(values(number * 200, (number + 1) * 200))


def record(kind, out):
    path, trace = os.path.abspath(out + ".b2nd"), out + ".trace"
    tracing = ["strace", "-f", "-y", "-xx", "-s", "1000000", "-e", "trace=pwrite64,ftruncate", "-o", trace]
    subprocess.run(tracing + [sys.executable, __file__, kind, path, "write"], check=True)
    text = re.compile(r'<((?:\\x..|[^>])*)>, (?:"((?:\\x..)*)", (\d+), )?(\d+)\)')
    with open(trace) as lines, open(out, "wb") as records:
        for line in lines:
            found = text.search(line)
            if not found:
                continue
            name, data, _, place = found.groups()
            if bytes.fromhex(name.replace("\\x", "")).decode() != path:
                continue
            data = data and bytes.fromhex(data.replace("\\x", ""))
            records.write(struct.pack(">QI", int(place), 2**32 - 1 if data is None else len(data)))
            records.write(data or b"")
    os.remove(trace)
    os.remove(path)


if __name__ == "__main__":
    (write if sys.argv[3:] else record)(sys.argv[1], sys.argv[2])
