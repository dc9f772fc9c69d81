"""Writes tests/data/numpy_cases.jsonl: what NumPy gives, by the rules of docs/language.md.

    python -m venv /tmp/venv && /tmp/venv/bin/pip install -r tests/numpy/requirements.txt
    /tmp/venv/bin/python tests/numpy/generate.py [--check]
    /tmp/venv/bin/python tests/numpy/generate.py --trees SEED COUNT FILE

The same bytes on every machine; `--check` compares instead of writing. `--trees` writes random
expressions from another seed to another file, for `NUMPY_CASES=FILE cargo test --test numpy`.
"""

import pathlib
import sys
import tempfile
import warnings
from collections import Counter

import numpy as np

import cases_elementwise
import cases_filter
import cases_programs
import cases_reduce
import cases_scan
from pool import Pool
from recorder import Recorder

TARGET = pathlib.Path(__file__).resolve().parent.parent / "data" / "numpy_cases.jsonl"
SEED = 20240607


def main():
    warnings.simplefilter("ignore")
    if "--trees" in sys.argv:
        seed, count, path = sys.argv[sys.argv.index("--trees") + 1 :]
        return trees(int(seed), int(count), path)
    recorder = Recorder(Pool(SEED))
    for number, module in enumerate([cases_elementwise, cases_reduce, cases_programs, cases_scan, cases_filter]):
        module.record(recorder, np.random.Generator(np.random.PCG64(SEED + number)))
    if "--check" in sys.argv:
        with tempfile.TemporaryDirectory() as folder:
            fresh = pathlib.Path(folder) / TARGET.name
            recorder.write(fresh)
            sys.exit(0 if fresh.read_bytes() == TARGET.read_bytes() else f"{TARGET} differs")
    recorder.write(TARGET)
    families = Counter(line["f"] for line in recorder.lines)
    size = Counter()
    for line in recorder.lines:
        size[line["f"]] += len(str(line))
    print(*[f"{n:5} {size[f] // 1024:5} KiB {f}" for f, n in families.most_common()], sep="\n")
    codes = Counter(line["x"] for line in recorder.lines if "x" in line)
    print(f"{len(recorder.lines)} cases, {sum(codes.values())} of them errors {dict(codes)}")
    print(f"{recorder.ambiguous} left out as ambiguous; {TARGET.stat().st_size / 1e6:.2f} MB")


def trees(seed, count, path):
    """A file of random expressions."""
    recorder = Recorder(Pool(seed))
    rng = np.random.Generator(np.random.PCG64(seed))
    cases_programs.random_trees(recorder, rng, count)
    recorder.write(path)


if __name__ == "__main__":
    main()
