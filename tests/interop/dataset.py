"""Reads datasets as docs/format.md describes them, with python-blosc2 and nothing of Fuseblock's.

    dataset.py DATASET OUT.npy [VERSION]

Writes the array, compares every digest on the way, and prints how many files were opened."""

import pathlib
import struct
import sys

import blosc2
import msgpack
import numpy as np
import xxhash

ROOT, OUT = pathlib.Path(sys.argv[1]), sys.argv[2]


def digest(data):
    return xxhash.xxh3_128_intdigest(data).to_bytes(16, "little")


class Bytes:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        assert self.at + count <= len(self.data)
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, form):
        (value,) = struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))
        return value


def manifest(version):
    data = (ROOT / "meta" / f"{version:020}.manifest").read_bytes()
    assert digest(data[:-16]) == data[-16:]
    rest = Bytes(data[:-16])
    assert rest.take(8) == b"FBDATA\0\1" and rest.number("I") == 0
    rest.number("I")
    assert rest.number("Q") == version
    kind, count, previous, _, _ = rest.number("I"), rest.number("I"), rest.take(16), rest.number("q"), rest.number("Q")
    sections = {}
    for _ in range(count):
        number, flags = rest.number("I"), rest.number("I")
        assert flags & 1 == 0 or number <= 3
        sections[number] = Bytes(rest.take(rest.number("Q")))
    assert rest.at == len(rest.data)
    return kind, previous, sections, data[-16:]


def read(version):
    kind, previous, sections, own = manifest(version)
    if kind == 0:
        array, attributes, slabs = None, {}, []
    else:
        array, attributes, slabs, before = read(version - 1)
        assert previous == before
    if 1 in sections:
        section = sections[1]
        dtype = section.take(section.number("B")).decode()
        ndim = section.number("B")
        extents = [section.number("Q") for _ in range(3 * ndim - 1)]
        array = dtype, tuple(extents[: ndim - 1]), tuple(extents[ndim - 1 : 2 * ndim - 1]), tuple(extents[2 * ndim - 1 :])
    if 2 in sections:
        section = sections[2]
        for _ in range(section.number("I")):
            name = section.take(section.number("B")).decode()
            is_set = section.number("B")
            value = section.take(section.number("I"))
            if is_set:
                attributes[name] = msgpack.unpackb(value)
            else:
                attributes.pop(name, None)
    if 3 in sections:
        section, out, at = sections[3], [], 0
        for _ in range(section.number("I")):
            first, removed, added = section.number("Q"), section.number("Q"), section.number("Q")
            out += slabs[at:first]
            at = first + removed
            out += [section.take(section.number("I")) for _ in range(added)]
        slabs = out + slabs[at:]
    return array, attributes, slabs, own


assert (ROOT / "format").read_text() == "fuseblock dataset 1\nrequires\noptional\n"
newest = max(int(path.stem) for path in (ROOT / "meta").glob("*.manifest"))
(dtype, row, chunk, block), attributes, slabs, _ = read(int(sys.argv[3]) if len(sys.argv) > 3 else newest)
parts, opened = [np.empty((0, *row), dtype)], 0
for record in slabs:
    record = Bytes(record)
    kind, _, _, rows = record.number("B"), record.number("B"), record.number("H"), record.number("Q")
    if kind == 1:
        value = np.frombuffer(record.take(8)[: np.dtype(dtype).itemsize], dtype)[0]
        parts.append(np.full((rows, *row), value, dtype))
        continue
    digits, length, whole, root = record.take(16).hex(), record.number("Q"), record.take(16), record.take(16)
    name = "-".join([digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]]) + ".b2nd"
    path = ROOT / "data" / name
    data = path.read_bytes()
    assert len(data) == length and digest(data) == whole and data[-16:] == root
    array = blosc2.open(str(path), mode="r")
    assert array.shape == (rows, *row) and array.chunks == chunk and array.blocks == block and array.dtype == dtype
    parts.append(array[:])
    opened += 1
np.save(OUT, np.concatenate(parts))
print(opened, attributes.get("unit"))
