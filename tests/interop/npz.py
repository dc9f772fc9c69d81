"""Writes .npy and .npz files of every sort into the directory given, and what they hold.

arrays.txt has a line an array: operand, the C-order .npy file with the same elements.
programs.txt has a line a program: expression, operands (NAME=OPERAND, space-separated), .npy file of the result."""

import pathlib
import sys
import zipfile

import blosc2
import numpy as np

OUT = pathlib.Path(sys.argv[1])
DTYPES = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"]
# Below and above the blocks that Fortran order is read in: 4 KiB of the first axis, 256 KiB in all.
SHAPES = [(), (1,), (5,), (0, 3), (4, 5), (1, 9, 1), (700, 300), (3, 9000), (9000, 3), (17, 19, 23), (70, 1, 80, 9), (2, 3) * 4]
RANDOM = np.random.default_rng(2)
arrays, programs = [], []


def data(dtype, shape):
    values = RANDOM.integers(0, 2**62, shape)
    return (values % 3 == 0) if dtype == "bool" else (values % 10_007).astype(dtype)


def expect(operand, values):
    """Notes that the operand has these values."""
    name = f"expect-{len(arrays)}.npy"
    np.save(OUT / name, np.ascontiguousarray(values).astype(values.dtype.newbyteorder("=")).reshape(values.shape))
    arrays.append(f"{operand}\t{name}")


def program(expression, operands, values):
    name = f"result-{len(programs)}.npy"
    np.save(OUT / name, np.ascontiguousarray(values).reshape(np.shape(values)))
    programs.append(f"{expression}\t{operands}\t{name}")


# Both orders and byte orders, in .npy files and as members.
for number, shape in enumerate(SHAPES):
    members = {}
    for dtype in DTYPES if len(shape) == 2 else ["uint8", "float64"]:
        values = data(dtype, shape)
        for order in "CF":
            for swapped in "<>":
                file = np.asarray(values, order=order).astype(values.dtype.newbyteorder(swapped), order=order)
                name = f"{dtype}-{order}-{'little' if swapped == '<' else 'big'}"
                np.save(OUT / f"{number}-{name}.npy", file)
                expect(f"{number}-{name}.npy", values)
                members[name] = file
    for kind, save in [("stored", np.savez), ("deflated", np.savez_compressed)]:
        save(OUT / f"{number}-{kind}.npz", **members)
        for name, file in members.items():
            expect(f"{number}-{kind}.npz:{name}", file)

# Every version of the header.
values = np.asfortranarray(data("int32", (31, 17)))
for version in [(1, 0), (2, 0), (3, 0)]:
    with open(OUT / f"version{version[0]}.npy", "wb") as file:
        np.lib.format.write_array(file, values, version=version)
    expect(f"version{version[0]}.npy", values)

# One member needs no name; long forms of sizes; folders; frames in a zip file.
np.savez(OUT / "only.npz", values)
expect("only.npz", values)
expect("only.npz:arr_0", values)
expect("only.npz:arr_0.npy", values)
expect("only.npz:int32", values)
expect("only.npz:arr_0:uint32", values.astype("uint32"))
limit, zipfile.ZIP64_LIMIT = zipfile.ZIP64_LIMIT, 1
np.savez_compressed(OUT / "zip64.npz", a=values, b=values * 2)
zipfile.ZIP64_LIMIT = limit
assert (OUT / "zip64.npz").read_bytes().count(b"PK\x01\x02\x2d") == 2
expect("zip64.npz:b", values * 2)
blosc2.asarray(np.ascontiguousarray(values), urlpath=str(OUT / "frame.b2nd"), mode="w")
with zipfile.ZipFile(OUT / "store.b2z", "w") as store:
    store.mkdir("group")
    store.write(OUT / "frame.b2nd", "group/frame.b2nd")
    store.write(OUT / "frame.b2nd", "deflated.b2nd", compress_type=zipfile.ZIP_DEFLATED)
    store.write(OUT / "frame.b2nd", "é.b2nd")
for member in ["group/frame.b2nd", "deflated.b2nd", "é.b2nd"]:
    expect(f"store.b2z:{member}", values)

# Items as bytes, structured ones in Fortran order too.
records = np.asfortranarray(np.zeros((20, 30), dtype=[("a", "<i4"), ("v", "<i2", (3,)), ("n", [("x", "|u1")])]))
records["a"], records["v"] = data("int32", (20, 30)), data("int16", (20, 30, 3))
np.save(OUT / "records.npy", records)
expect("records.npy:bytes", np.ascontiguousarray(records).view("u1").reshape(20, 30, 11))

# Programs over operands in different orders.
a, b = data("float64", (700, 300)) / 7, data("int32", (700, 300))
np.save(OUT / "a.npy", np.asfortranarray(a))
np.save(OUT / "b.npy", b)
np.savez_compressed(OUT / "ab.npz", a=a, b=np.asfortranarray(b))
row = data("float64", (300,))
np.save(OUT / "row.npy", row)
for x, y in [("a.npy", "b.npy"), ("ab.npz:a", "ab.npz:b"), ("a.npy", "ab.npz:b"), ("ab.npz:a", "b.npy")]:
    operands = f"x={x} y={y} r=row.npy"
    program("x * y + r", operands, a * b + row)
    program("where(x > 300, y, -1)", operands, np.where(a > 300, b, -1))
    program("sum(y)", operands, b.sum())
    program("sum(y, axis=0)", operands, b.sum(axis=0))
    program("max(x - r, axis=1)", operands, (a - row).max(axis=1))
    program("mean(x * y)", operands, (a * b).mean())
c = data("float32", (60, 50, 40))
np.save(OUT / "c.npy", np.asfortranarray(c))
program("x + 1", "x=c.npy", c + np.float32(1))
program("max(x, axis=1)", "x=c.npy", c.max(axis=1))

(OUT / "arrays.txt").write_text("\n".join(arrays))
(OUT / "programs.txt").write_text("\n".join(programs))
