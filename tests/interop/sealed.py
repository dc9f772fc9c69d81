"""Changes copies of DIR/sealed.b2nd, an array of 40 float64 in chunks of 16, in ways that python-blosc2 has, and
writes what each holds then to NAME.npy beside NAME.b2nd; prints the names."""

import pathlib
import shutil
import sys

import blosc2
import numpy as np

OUT = pathlib.Path(sys.argv[1])
SEALED = OUT / "sealed.b2nd"


def update(array):
    array[3] = -1.5


def rewrite(array):
    array[:] = np.linspace(0, 1, 40)


def append(array):
    array.resize((70,))
    array[40:] = np.arange(30)


def shrink(array):
    array.resize((20,))


def attribute(array):
    array.schunk.vlmeta["unit"] = "m/s"


def grow_inside_the_last_chunk(array):
    array.resize((45,))


for change in [update, rewrite, append, shrink, attribute, grow_inside_the_last_chunk]:
    path = OUT / f"{change.__name__}.b2nd"
    shutil.copy(SEALED, path)
    array = blosc2.open(str(path), mode="a")
    # All metalayers are msgpack, also those that are not meant for it.
    assert isinstance(array.schunk.vlmeta[:]["fuseblock_seal"], bytes)
    change(array)
    del array
    array = blosc2.open(str(path), mode="r")
    np.save(OUT / f"{change.__name__}.npy", array[:])
    assert "fuseblock_seal" in array.schunk.vlmeta
    print(change.__name__)

# Copies are files of python-blosc2's, which take the metalayer along.
for name, options in {"copy": {}, "sparse": {"contiguous": False}}.items():
    path = OUT / f"{name}.b2nd"
    array = blosc2.open(str(SEALED), mode="r").copy(urlpath=str(path), mode="w", **options)
    np.save(OUT / f"{name}.npy", array[:])
    print(name)
