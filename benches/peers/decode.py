"""Decoding alone: python-blosc2 and fuseblock decode the same files, in turn, each all of it.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install -r benches/peers/requirements.txt
    cargo build --release --example decode
    /tmp/peers/bin/python benches/peers/decode.py [--mib 96] [--rounds 7] [--threads 1 2]
        [--codecs lz4 zstd ...] [--fields linspace ...]

Files are n-d arrays with python-blosc2's defaults for a codec: shuffle, level 5, its own chunks and
blocks, but that a chunk has 3 MiB. python-blosc2 decodes a chunk at a time into the same buffer with
`SChunk.decompress_chunk`, fuseblock (examples/decode.rs) a block at a time into the same buffer, both
from disk and from a copy of the file in memory. The place where python-blosc2 is faster is where the
two are compared. Rounds alternate, after one of each that does not count. Prints medians of the
rounds in decoded GB/s (10**9 bytes), the median of the ratios pair by pair, the ratio of the best
rounds, and that of the processor time of all rounds (Linux), which a busy machine disturbs least; it
is told in steps of 10 ms, so ask for rounds enough. Both are checked to decode the same number of
bytes."""

import argparse
import os
import statistics
import subprocess
import tempfile
import time

import blosc2
import numpy as np

CODECS = {
    "blosclz": blosc2.Codec.BLOSCLZ,
    "lz4": blosc2.Codec.LZ4,
    "lz4hc": blosc2.Codec.LZ4HC,
    "zlib": blosc2.Codec.ZLIB,
    "zstd": blosc2.Codec.ZSTD,
}
CHUNK_BYTES = 3 << 20
PLACES = ["disk", "memory"]
DECODE = os.environ.get("DECODE", "target/release/examples/decode")


def grid(count):
    """A smooth field of two axes, as from a simulation."""
    side = int(count**0.5)
    y, x = np.mgrid[0:side, 0:side].astype("f4") / side
    return (np.sin(9 * x) * np.cos(7 * y) + 0.3 * np.sin(40 * x * y)).astype("f4")


FIELDS = {
    "linspace f64": lambda nbytes, rng: np.linspace(0, 1, nbytes // 8),
    "noisy f64": lambda nbytes, rng: np.linspace(0, 1, nbytes // 8) + rng.normal(0, 1e-3, nbytes // 8),
    "grid f32": lambda nbytes, rng: grid(nbytes // 4),
    "small i64": lambda nbytes, rng: rng.integers(0, 1000, nbytes // 8),
    "counters i32": lambda nbytes, rng: np.cumsum(rng.integers(0, 4, nbytes // 4), dtype="i4"),
}


def write(path, values, codec):
    """Rows of whole chunks, so that nothing is padding."""
    items = CHUNK_BYTES // values.dtype.itemsize
    if values.ndim == 1:
        values = values[: values.size // items * items]
        chunks = (items,)
    else:
        rows = max(items // values.shape[1], 1)
        values = np.ascontiguousarray(values[: values.shape[0] // rows * rows])
        chunks = (rows, values.shape[1])
    cparams = blosc2.CParams(codec=codec, typesize=values.dtype.itemsize)
    blosc2.asarray(values, chunks=chunks, cparams=cparams, urlpath=path, mode="w")


class Peer:
    """python-blosc2, decoding a file on disk or a copy of it in memory."""

    def __init__(self, path, threads, memory):
        dparams = blosc2.DParams(nthreads=threads)
        if memory:
            with open(path, "rb") as file:
                array = blosc2.ndarray_from_cframe(file.read(), copy=True)
            array.schunk.dparams = dparams
        else:
            array = blosc2.open(path, mode="r", dparams=dparams)
        # The super-chunk is gone when the array is.
        self.array, self.schunk = array, array.schunk
        self.buffer = bytearray(self.schunk.chunksize)
        self.spent = 0.0

    def cpu(self):
        """Seconds of processor time so far."""
        return self.spent

    def round(self):
        schunk, buffer = self.schunk, self.buffer
        spent = time.process_time()
        start = time.perf_counter()
        for nchunk in range(schunk.nchunks):
            schunk.decompress_chunk(nchunk, buffer)
        seconds = time.perf_counter() - start
        self.spent += time.process_time() - spent
        return schunk.nbytes, seconds


class Waiting:
    """An example of fuseblock's, in a process that waits for its turn."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def cpu(self):
        """Seconds of processor time so far."""
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def turn(self):
        """The words that it prints for a turn."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().split()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Ours(Waiting):
    def __init__(self, path, threads, memory):
        super().__init__([DECODE, path, "--threads", str(threads), *(["--memory"] if memory else [])])

    def round(self):
        nbytes, seconds = self.turn()
        return int(nbytes), float(seconds)


def compare(path, threads, rounds):
    """GB/s of ours, of theirs, the median ratio, that of the best rounds and that of processor time,
    and where python-blosc2 is faster."""
    theirs = {place: Peer(path, threads, place == "memory") for place in PLACES}
    ours = {place: Ours(path, threads, place == "memory") for place in PLACES}
    rates = {(who, place): [] for who in ["ours", "theirs"] for place in PLACES}
    before = {}
    for nth in range(rounds + 1):
        turns = [("theirs", theirs), ("ours", ours)]
        for place in PLACES:
            # Whoever goes first finds colder caches.
            for who, subjects in turns if nth % 2 else reversed(turns):
                if nth == 1:
                    before[who, place] = subjects[place].cpu()
                nbytes, seconds = subjects[place].round()
                assert nbytes == theirs[place].schunk.nbytes, (who, nbytes)
                if nth:
                    rates[who, place].append(nbytes / seconds / 1e9)
    spent = {
        (who, place): subject.cpu() - before[who, place]
        for who, subjects in [("theirs", theirs), ("ours", ours)]
        for place, subject in subjects.items()
    }
    for subject in ours.values():
        subject.close()
    best = max(PLACES, key=lambda place: statistics.median(rates["theirs", place]))
    mine, other = rates["ours", best], rates["theirs", best]
    ratios = [one / two for one, two in zip(mine, other)]
    medians = [statistics.median(figures) for figures in [mine, other, ratios]]
    of_cpu = spent["theirs", best] / max(spent["ours", best], 0.01)
    return *medians, max(mine) / max(other), of_cpu, best


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mib", type=int, default=96)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--codecs", nargs="+", default=list(CODECS))
    parser.add_argument("--fields", nargs="+", default=[])
    given = parser.parse_args()
    print(f"python-blosc2 {blosc2.__version__}; {given.mib} MiB, {given.rounds} rounds; decoded GB/s")
    print(
        f"{'codec':8} {'data':13} {'compressed':>10} {'threads':>7} {'ours':>7} {'theirs':>7} "
        f"{'ratio':>6} {'of best':>7} {'of cpu':>6}  from"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a.b2nd")
        for field, make in FIELDS.items():
            if given.fields and not any(field.startswith(wanted) for wanted in given.fields):
                continue
            values = make(given.mib << 20, np.random.default_rng(1))
            for codec in given.codecs:
                write(path, values, CODECS[codec])
                ratio = blosc2.open(path, mode="r").schunk.cratio
                for threads in given.threads:
                    ours, theirs, faster, of_best, of_cpu, place = compare(path, threads, given.rounds)
                    print(
                        f"{codec:8} {field:13} {ratio:9.1f}x {threads:7} {ours:7.2f} {theirs:7.2f} "
                        f"{faster:6.2f} {of_best:7.2f} {of_cpu:6.2f}  {place}",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
