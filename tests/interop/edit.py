"""What python-blosc2 makes of files that are changed in place.

edit.py stages DIR    opens every file stage-*.b2nd and compares it with one of the arrays of stage-*.txt, which
                      names them; prints how many
edit.py change FILE   appends, overwrites and resizes FILE, sets an attribute, and saves FILE.npy
"""

import pathlib
import sys

import blosc2
import numpy as np


def stages(folder):
    count = 0
    for path in sorted(folder.glob("stage-*.b2nd")):
        array = blosc2.open(str(path), mode="r")
        found = np.asarray(array[...])
        names = path.with_suffix(".txt").read_text().split()
        allowed = [np.load(folder / f"{name}.npy") for name in names]
        assert any(found.shape == one.shape and found.tobytes() == one.tobytes() for one in allowed), path
        count += 1
    print(count)


def change(path):
    array = blosc2.open(str(path), mode="a")
    assert array.vlmeta["unit"] == "K" and array.vlmeta["list"] == [1, -2.5, True, None], array.vlmeta[:]
    rows, width = array.shape
    array.resize((rows + 7, width))
    array[rows:] = np.arange(7 * width).reshape(7, width)
    array[2:5, 1:3] = -1
    array.resize((rows + 4, width))
    array.vlmeta["by"] = {"who": "python", "n": 3}
    np.save(f"{path}.npy", array[...])


if __name__ == "__main__":
    what, where = sys.argv[1], pathlib.Path(sys.argv[2])
    {"stages": stages, "change": change}[what](where)
