"""Where the cases go: files that python-blosc2 writes, what each holds, a line of the manifest.

manifest.jsonl has one JSON object a case:

    name     of the case, and of its files
    kind     array    a file that is opened as an array; `expect` is a .npy file
             bytes    an n-d array of items that expressions have no dtype for; `expect` is a .bin
                      file of its items in C order
             items    a super-chunk without shape; `expect` is a .bin file of its chunks, one after
                      the other
             chunk    one chunk without a frame; `expect` is a .bin file
             refused  must end in an error whose text has `why` in it
    path     of the file or the directory
    offset   where in the file the frame starts, if not at 0
    expect   the file that has the elements
    format   of the file, where it is not a frame
    dtype    as the file spells it, for arrays and bytes
    shape    for arrays and bytes
    itemsize for bytes, items and chunks
    chunks   decoded bytes of each chunk, for items
    blocks   decoded bytes of each block of each chunk, for items in blocks of their own length
    sum      NumPy's sum, for arrays
    metalayers, vl_metalayers
             their names in order, where they are compared
"""

import json
import pathlib

import blosc2
import numpy as np


class Recorder:
    """Writes the cases into a directory."""

    def __init__(self, out):
        self.out = pathlib.Path(out)
        self.out.mkdir(parents=True, exist_ok=True)
        self.count = 0
        self._manifest = open(self.out / "manifest.jsonl", "w")

    def path(self, name, suffix=".b2nd"):
        """A place for the file of a case; nothing is there."""
        path = self.path_of(name, suffix)
        blosc2.remove_urlpath(str(path))
        return path

    def path_of(self, name, suffix=".b2nd"):
        """Where the file of a case is."""
        return self.out / f"{name}{suffix}"

    def close(self):
        self._manifest.close()

    def _line(self, name, kind, path, **fields):
        fields = {"name": name, "kind": kind, "path": str(path.relative_to(self.out)), **fields}
        self._manifest.write(json.dumps({key: fields[key] for key in fields if fields[key] is not None}) + "\n")
        self.count += 1

    def _bytes(self, name, values):
        (self.out / f"{name}.bin").write_bytes(values)
        return f"{name}.bin"

    def array(self, name, path, expect, **fields):
        """`path` has to open as an array that equals `expect`, or as its bytes where expressions
        have no such dtype; `fields` are further ones of the manifest."""
        # Unlike ascontiguousarray this leaves 0-d arrays 0-d.
        expect = np.asarray(expect, order="C")
        fields = {
            # Structured dtypes and raw bytes are spelled in several ways.
            "dtype": None if expect.dtype.kind == "V" else expect.dtype.str,
            "shape": expect.shape,
            **fields,
        }
        if not computable(expect.dtype):
            file = self._bytes(name, expect.tobytes())
            self._line(name, "bytes", path, expect=file, itemsize=expect.dtype.itemsize, **fields)
            return
        native = expect.astype(expect.dtype.newbyteorder("="), copy=False)
        np.save(self.out / f"{name}.npy", native)
        with np.errstate(all="ignore"):
            total = native.sum(dtype="float64" if native.dtype.kind == "f" else None)
        self._line(name, "array", path, expect=f"{name}.npy", sum=str(total), **fields)

    def items(self, name, path, chunks, itemsize, blocks=None, offset=None):
        """`path` has to open as a super-chunk of these chunks."""
        chunks = [bytes(chunk) for chunk in chunks]
        fields = {"chunks": [len(chunk) for chunk in chunks], "blocks": blocks, "offset": offset}
        self._line(
            name, "items", path, expect=self._bytes(name, b"".join(chunks)), itemsize=itemsize, **fields
        )

    def chunk(self, name, path, expect, itemsize):
        """`path` has to decode as a chunk to `expect`."""
        self._line(name, "chunk", path, expect=self._bytes(name, expect), itemsize=itemsize)

    def refused(self, name, path, why):
        """`path` has to be refused, with a text that has `why` in it."""
        self._line(name, "refused", path, why=why)


def computable(dtype):
    """Whether expressions have the dtype, in either byte order."""
    return dtype.kind in "biu" or (dtype.kind == "f" and dtype.itemsize in (4, 8))
