"""Checks the seals of files as docs/format.md describes them, with XXH3 of the xxhash package and nothing of Fuseblock's,
and the zones in them with NumPy, over the elements that python-blosc2 reads.

    format.py FILE ...

Prints how many digests and zones were compared.
"""

import itertools
import struct
import sys

import blosc2
import msgpack
import numpy as np
import xxhash

compared = 0


def same(found, expected, what):
    global compared
    assert found == expected, f"{what}: {found!r}, not {expected!r}"
    compared += 1


def digest(data):
    return xxhash.xxh3_64_intdigest(data)


def header_of(frame):
    (header_len,) = struct.unpack_from(">i", frame, 0x0B)
    (frame_len,) = struct.unpack_from(">Q", frame, 0x10)
    (nbytes,) = struct.unpack_from(">q", frame, 0x1E)
    (cbytes,) = struct.unpack_from(">q", frame, 0x27)
    (chunksize,) = struct.unpack_from(">i", frame, 0x3A)
    return header_len, frame_len, -(-nbytes // chunksize) if nbytes else 0, cbytes


def table_of(frame, frame_len):
    """The table's bytes, after a look at the root."""
    assert frame[frame_len - 23] == 0xCE and frame[frame_len - 18 : frame_len - 16] == b"\xd8\0"
    (length,) = struct.unpack_from(">I", frame, frame_len - 22)
    trailer = frame[frame_len - length : frame_len]
    root = xxhash.xxh3_128_intdigest(trailer[:-16]).to_bytes(16, "little")
    same(trailer[-16:], root, "root")
    assert trailer[:3] == b"\x94\x01\x93" and trailer[6] == 0xDE
    (count,) = struct.unpack_from(">H", trailer, 7)
    at = 9
    for _ in range(count):
        length = trailer[at] & 0x1F
        name = trailer[at + 1 : at + 1 + length]
        (offset,) = struct.unpack_from(">i", trailer, at + 2 + length)
        at += 6 + length
        if name == b"fuseblock_seal":
            assert trailer[offset] == 0xC6
            (length,) = struct.unpack_from(">I", trailer, offset + 1)
            chunk = trailer[offset + 5 : offset + 5 + length]
            assert chunk[2] == 0x07 and chunk[3] == 1 and chunk[16:32] == bytes(16), "a memcpyed chunk"
            value = msgpack.unpackb(chunk[32:])
            assert isinstance(value, bytes)
            return value
    raise AssertionError("no fuseblock_seal")


def parts_of(chunk, block_bytes):
    """The bytes of the head and of each block."""
    flags, special = chunk[2], chunk[31] >> 4 & 7
    nbytes, blocksize, cbytes = struct.unpack_from("<iii", chunk, 4)
    chunk = chunk[:cbytes]
    assert flags & 5 == 5, "an extended header"
    if special:
        return chunk, []
    if flags & 2:
        blocks = range(0, nbytes, block_bytes)
        return chunk[:32], [chunk[32 + at : 32 + min(at + block_bytes, nbytes)] for at in blocks]
    assert not chunk[31] & 1, "no dictionary"
    count = -(-nbytes // blocksize)
    starts = struct.unpack_from(f"<{count}i", chunk, 32)
    after = sorted(starts)[1:] + [cbytes]
    ends = dict(zip(sorted(starts), after))
    return chunk[: 32 + 4 * count], [chunk[start : ends[start]] for start in starts]


def regions(shape, chunks, blocks):
    """For each chunk the elements of each of its blocks, as slices."""
    grid = [range(-(-extent // chunk)) for extent, chunk in zip(shape, chunks)]
    inner = [range(-(-chunk // block)) for chunk, block in zip(chunks, blocks)]
    for chunk in itertools.product(*grid):
        starts = [index * extent for index, extent in zip(chunk, chunks)]
        ends = [min(start + extent, end) for start, extent, end in zip(starts, chunks, shape)]
        yield [
            tuple(
                slice(min(start + index * block, end), min(start + (index + 1) * block, end))
                for index, start, end, block in zip(place, starts, ends, blocks)
            )
            for place in itertools.product(*inner)
        ]


def bits(value):
    return int.from_bytes(value.tobytes(), sys.byteorder)


def zone_of(elements):
    """What is known of some elements, as a leaf has it."""
    flat = elements.reshape(-1).astype(elements.dtype.newbyteorder("="))
    if flat.dtype.kind == "f":
        numbers = flat[~np.isnan(flat)]
        high, low = np.array([np.inf, -np.inf], flat.dtype)
    elif flat.dtype.kind == "b":
        numbers, high, low = flat, np.True_, np.False_
    else:
        numbers, info = flat, np.iinfo(flat.dtype)
        high, low = flat.dtype.type(info.max), flat.dtype.type(info.min)
    if numbers.size:
        # -0.0 is less than +0.0.
        by_sign = np.lexsort((~np.signbit(numbers), numbers)) if flat.dtype.kind == "f" else np.argsort(numbers)
        high, low = numbers[by_sign[0]], numbers[by_sign[-1]]
    raw = flat.view(f"u{flat.dtype.itemsize}")
    same = raw.size > 0 and bool((raw == raw[0]).all())
    least, greatest = (bits(flat[0]),) * 2 if same else (bits(high), bits(low))
    nans, zeros = flat.size - numbers.size, int((numbers == 0).sum())
    return least, greatest, nans | same << 31, zeros


def check(path):
    frame = open(path, "rb").read()
    array = blosc2.open(path)
    places = list(regions(array.shape, array.chunks, array.blocks)) if array.size else []
    elements = array[...] if array.size else None
    header_len, frame_len, nchunks, cbytes = header_of(frame)
    data = frame[header_len : header_len + cbytes]
    table = table_of(frame, frame_len)
    assert table[:8] == b"FBSEAL\0\x01"
    names = "required optional chunks blocks block_bytes per_leaf header leaves segments reserve"
    fields = dict(zip(names.split(), struct.unpack_from("<IIQIIIIQII", table, 8)))
    assert fields["required"] == 0 and fields["segments"] == 0
    per_leaf = fields["per_leaf"]
    assert fields["chunks"] == nchunks and per_leaf & (per_leaf - 1) == 0
    assert fields["leaves"] == -(-nchunks // per_leaf)
    at = 0x38 + fields["header"]
    same(table[0x38:at], frame[:header_len], "copy of the header")
    for number in range(fields["leaves"]):
        place, length, expected = struct.unpack_from("<QQQ", table, at + 24 * number)
        leaf = data[place : place + length]
        same(digest(leaf), expected, f"leaf {number}")
        assert leaf[:7] == b"FBLEAF\0" and leaf[7] in (1, 2)
        row = struct.Struct("<qQIIII" if leaf[7] == 2 else "<qQII")
        first, count, blocks = struct.unpack_from("<QII", leaf, 8)
        assert first == number * per_leaf and blocks == fields["blocks"]
        assert count == min(per_leaf, nchunks - first)
        digests, zones = 0x18 + row.size * count, []
        for chunk in range(count):
            word, head, head_len, own, *more = row.unpack_from(leaf, 0x18 + row.size * chunk)
            known, reserve = more or (0, 0)
            assert reserve == 0 and known in (0, blocks)
            if known:
                zones.append(first + chunk)
            if word < 0:
                assert (head, head_len, own) == (0, 0, 0)
                continue
            begin, parts = parts_of(data[word:], fields["block_bytes"])
            assert len(begin) == head_len and len(parts) == own, (path, chunk)
            same(digest(begin), head, f"head of chunk {first + chunk}")
            for block, part in enumerate(parts):
                same(digest(part), struct.unpack_from("<Q", leaf, digests)[0], f"block {block}")
                digests += 8
        for chunk in zones:
            for place in places[chunk]:
                zone = struct.unpack_from("<QQII", leaf, digests)
                same(zone, zone_of(elements[place]), f"zone of chunk {chunk} at {place}")
                digests += 24
        assert digests == length, "nothing behind the zones"


for path in sys.argv[1:]:
    check(path)
print(compared)
