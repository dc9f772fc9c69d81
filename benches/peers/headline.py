"""The headline expression on the same on-disk files: python-blosc2 in its process, fuseblock as a
whole process, in turn, after one untimed run each. Prints medians and the ratio, and checks that
the answers agree.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install -r benches/peers/requirements.txt
    cargo build --release
    /tmp/peers/bin/python benches/peers/headline.py [N] [RUNS]
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import blosc2
import numpy as np

EXPR = "sum(((a**3 + sin(a*2)) < c) & (b > 0), axis=1)"
FUSEBLOCK = os.environ.get("FUSEBLOCK", "target/release/fuseblock")


def make(folder, n):
    """The arrays of the Blosc2 slides, written with python-blosc2's defaults."""
    paths = {name: os.path.join(folder, f"{name}.b2nd") for name in "abc"}
    blosc2.linspace(0, 1, n * n, shape=(n, n), urlpath=paths["a"], mode="w")
    blosc2.linspace(1, 2, n * n, shape=(n, n), urlpath=paths["b"], mode="w")
    blosc2.linspace(0, 1, n, urlpath=paths["c"], mode="w")
    return paths


def peer(paths):
    operands = {name: blosc2.open(path) for name, path in paths.items()}
    start = time.perf_counter()
    result = blosc2.lazyexpr(EXPR, operands).compute()[:]
    return time.perf_counter() - start, result


def ours(paths):
    command = [FUSEBLOCK, "eval", EXPR, *(f"{n}={p}" for n, p in paths.items()), "--json"]
    start = time.perf_counter()
    reply = subprocess.run(command, capture_output=True, check=True)
    took = time.perf_counter() - start
    return took, np.array(json.loads(reply.stdout)["outputs"][0]["data"])


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 9
    with tempfile.TemporaryDirectory() as folder:
        paths = make(folder, n)
        a = blosc2.open(paths["a"])
        print(f"python-blosc2 {blosc2.__version__}, {blosc2.nthreads} threads; N = {n}, "
              f"chunks {a.chunks}, blocks {a.blocks}, {a.schunk.cratio:.1f}x")
        times = {"python-blosc2": [], "fuseblock": []}
        for run in range(runs + 1):
            took_peer, answer_peer = peer(paths)
            took_ours, answer_ours = ours(paths)
            assert np.array_equal(answer_peer, answer_ours), "the answers differ"
            if run:
                times["python-blosc2"].append(took_peer)
                times["fuseblock"].append(took_ours)
        ratios = [p / o for p, o in zip(times["python-blosc2"], times["fuseblock"])]
        for name, list_ in times.items():
            print(f"{name:>14}: median {statistics.median(list_) * 1e3:.0f} ms, "
                  f"min {min(list_) * 1e3:.0f}, max {max(list_) * 1e3:.0f}")
        print(f"python-blosc2 / fuseblock, pair by pair: median {statistics.median(ratios):.2f}, "
              f"min {min(ratios):.2f}, max {max(ratios):.2f}")


if __name__ == "__main__":
    main()
