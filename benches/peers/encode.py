"""Encoding alone: python-blosc2 and fuseblock write the same arrays, in turn, to files in memory.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install -r benches/peers/requirements.txt
    cargo build --release --example encode
    /tmp/peers/bin/python benches/peers/encode.py [--mib 96] [--rounds 7] [--threads 1 2]
        [--codecs lz4 zstd ...] [--levels 5] [--fields linspace ...]

Both write an n-d array from memory to a file in /dev/shm, where flushing costs nothing: with shuffle, the same
codec and level, and the chunks and blocks that python-blosc2 chooses for chunks of 3 MiB. Rounds alternate, after
one of each that does not count. Prints medians of the rounds in GB/s (10**9 bytes) of decoded data, the median of
the ratios pair by pair, the ratio of the best rounds, that of processor time (Linux, in steps of 10 ms), and the
sizes of the files."""

import argparse
import os
import statistics
import tempfile
import time

import blosc2
import numpy as np
from decode import CHUNK_BYTES, CODECS, FIELDS, Waiting

ENCODE = os.environ.get("ENCODE", "target/release/examples/encode")


def whole_chunks(values):
    """Rows of whole chunks, so that nothing is padding; and the extents of a chunk."""
    items = CHUNK_BYTES // values.dtype.itemsize
    if values.ndim == 1:
        return values[: values.size // items * items], (items,)
    rows = max(items // values.shape[1], 1)
    return np.ascontiguousarray(values[: values.shape[0] // rows * rows]), (rows, values.shape[1])


class Peer:
    def __init__(self, values, path, codec, level, threads, chunks, blocks):
        cparams = blosc2.CParams(codec=CODECS[codec], clevel=level, typesize=values.dtype.itemsize, nthreads=threads)
        self.write = lambda: blosc2.asarray(
            values, chunks=chunks, blocks=blocks, cparams=cparams, urlpath=path, mode="w", contiguous=True
        )
        self.path, self.spent = path, 0.0

    def cpu(self):
        return self.spent

    def round(self):
        spent, start = time.process_time(), time.perf_counter()
        array = self.write()
        seconds = time.perf_counter() - start
        self.spent += time.process_time() - spent
        del array
        return seconds, os.path.getsize(self.path)


class Ours(Waiting):
    def __init__(self, npy, path, codec, level, threads, chunks, blocks):
        extents = [",".join(map(str, one)) for one in [chunks, blocks]]
        command = [ENCODE, npy, path, "--codec", codec, "--level", str(level), "--threads", str(threads)]
        super().__init__([*command, "--chunks", extents[0], "--blocks", extents[1]])

    def round(self):
        _, seconds, stored = self.turn()
        return float(seconds), int(stored)


def compare(values, chunks, codec, level, threads, rounds, folder):
    npy, path = os.path.join(folder, "a.npy"), os.path.join(folder, "a.b2nd")
    np.save(npy, values)
    first = blosc2.asarray(values, chunks=chunks, cparams=blosc2.CParams(codec=CODECS[codec], clevel=level))
    blocks = first.blocks
    del first
    theirs = Peer(values, path, codec, level, threads, chunks, blocks)
    ours = Ours(npy, os.path.join(folder, "b.b2nd"), codec, level, threads, chunks, blocks)
    subjects, rates, before, sizes = {"theirs": theirs, "ours": ours}, {"theirs": [], "ours": []}, {}, {}
    for nth in range(rounds + 1):
        for who in ["theirs", "ours"] if nth % 2 else ["ours", "theirs"]:
            if nth == 1:
                before[who] = subjects[who].cpu()
            seconds, sizes[who] = subjects[who].round()
            if nth:
                rates[who].append(values.nbytes / seconds / 1e9)
    spent = {who: subject.cpu() - before[who] for who, subject in subjects.items()}
    ours.close()
    # What was written is the same array.
    assert np.array_equal(blosc2.open(os.path.join(folder, "b.b2nd"), mode="r")[...], values)
    ratios = [one / two for one, two in zip(rates["ours"], rates["theirs"], strict=True)]
    medians = [statistics.median(figures) for figures in [rates["ours"], rates["theirs"], ratios]]
    of_best = max(rates["ours"]) / max(rates["theirs"])
    return *medians, of_best, spent["theirs"] / max(spent["ours"], 0.01), sizes["theirs"] / sizes["ours"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mib", type=int, default=96)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--codecs", nargs="+", default=["lz4", "zstd"])
    parser.add_argument("--levels", type=int, nargs="+", default=[5])
    parser.add_argument("--fields", nargs="+", default=[])
    given = parser.parse_args()
    print(f"python-blosc2 {blosc2.__version__}; {given.mib} MiB, {given.rounds} rounds; encoded GB/s")
    print(
        f"{'codec':8} {'level':>5} {'data':13} {'threads':>7} {'ours':>7} {'theirs':>7} {'ratio':>6} "
        f"{'of best':>7} {'of cpu':>6} {'theirs/ours bytes':>17}"
    )
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        for field, make in FIELDS.items():
            if given.fields and not any(field.startswith(wanted) for wanted in given.fields):
                continue
            values, chunks = whole_chunks(make(given.mib << 20, np.random.default_rng(1)))
            for codec in given.codecs:
                for level in given.levels:
                    for threads in given.threads:
                        ours, theirs, ratio, of_best, of_cpu, smaller = compare(
                            values, chunks, codec, level, threads, given.rounds, folder
                        )
                        print(
                            f"{codec:8} {level:5} {field:13} {threads:7} {ours:7.2f} {theirs:7.2f} {ratio:6.2f} "
                            f"{of_best:7.2f} {of_cpu:6.2f} {smaller:17.3f}",
                            flush=True,
                        )


if __name__ == "__main__":
    main()
