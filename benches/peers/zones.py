"""What zone maps save: the same expressions over the same files with and without, each a whole process, in turn.

    zones.py [N] [ROUNDS] [--dir DIR]

Writes with fuseblock: the headline's arrays of N x N float64 in zstd and in LZ4; 50 million sorted timestamps that do
not compress to nothing, and quantities. Prints medians, ratios pair by pair, of the processes and of
what the evaluation alone takes, and what was decoded. Answers are compared.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

BINARY = Path(__file__).resolve().parents[2] / "target/release/fuseblock"
HEADLINE = "sum(((a**3 + sin(a*2)) < c) & (b > 0), axis=1)"
ROWS = 50_000_000


def run(*args):
    done = subprocess.run([BINARY, *args], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def write(expr, path, *options):
    if not path.exists():
        run("eval", expr, "-o", str(path), "--json", *options)


def pair(name, expr, operands, rounds):
    """Times both in turn, as whole processes, after one round that does not count."""
    times, replies = {"": [], "--no-zone-maps": []}, {}
    inside = {option: [] for option in times}
    for turn in range(rounds + 1):
        for option in times:
            begin = time.perf_counter()
            reply = run("eval", expr, *operands, "--json", "--threads", "2", *filter(None, [option]))
            if turn:
                times[option].append(time.perf_counter() - begin)
                inside[option].append(reply["stats"]["seconds"]["total"])
            replies[option] = reply
    with_, without = replies[""], replies["--no-zone-maps"]
    assert with_["outputs"] == without["outputs"], "the answers differ"
    ratios = [b / a for a, b in zip(times[""], times["--no-zone-maps"])]
    within = statistics.median(b / a for a, b in zip(inside[""], inside["--no-zone-maps"]))
    stats = with_["stats"]
    skipped = sum(stats["blocks_skipped"].values())
    print(
        f"{name:28} {statistics.median(times['']) * 1e3:8.1f} ms {statistics.median(times['--no-zone-maps']) * 1e3:8.1f} ms"
        f"  {statistics.median(ratios):6.2f} ({min(ratios):.2f} to {max(ratios):.2f})  {within:6.2f}"
        f"  {stats['blocks_decoded']} of {without['stats']['blocks_decoded']} blocks, {skipped} skipped",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("n", nargs="?", type=int, default=8000)
    parser.add_argument("rounds", nargs="?", type=int, default=9)
    parser.add_argument("--dir", type=Path)
    args = parser.parse_args()
    folder = args.dir or Path(tempfile.mkdtemp())
    folder.mkdir(exist_ok=True)
    print(f"{'':28} {'with':>11} {'without':>11}  without / with         evaluation alone", flush=True)
    n = args.n
    for codec in ["zstd", "lz4"]:
        a, b, c = (folder / f"{name}-{codec}.b2nd" for name in "abc")
        write(f"linspace(0, 1, {n * n}).reshape(({n}, {n}))", a, "--codec", codec)
        write(f"linspace(1, 2, {n * n}).reshape(({n}, {n}))", b, "--codec", codec)
        write(f"linspace(0, 1, {n})", c, "--codec", codec)
        operands = [f"a={a}", f"b={b}", f"c={c}"]
        pair(f"headline, {codec}", HEADLINE, operands, args.rounds)
    for codec in ["zstd", "lz4"]:
        ts, qty = (folder / f"{name}-{codec}.b2nd" for name in ["ts", "qty"])
        jitter = f"int64(random(1, ({ROWS},)) * 900)"
        write(f"1_700_000_000_000 + arange({ROWS}) * 1000 + {jitter}", ts, "--codec", codec)
        write(f"rint(random(2, ({ROWS},)) * 1e4) / 100", qty, "--codec", codec)
        low = 1_700_000_000_000 + ROWS * 1000 // 2
        expr = f"sum(where((ts > {low}) & (ts < {low + ROWS * 10}), qty, 0))"
        pair(f"1 % of timestamps, {codec}", expr, [f"ts={ts}", f"qty={qty}"], args.rounds)
        pair(f"extremes of ts, {codec}", "min(ts), max(ts)", [f"ts={ts}"], args.rounds)


main()
