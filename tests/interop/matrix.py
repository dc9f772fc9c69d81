"""Writes files with python-blosc2 in every combination of what it offers, and what each holds.

    matrix.py OUT [--count N] [--only TEXT] [--check]

    --count N    N of the cases (400 unless told): a share of each group where N is less than the
                 systematic ones, else all of them and as many more as are asked for, drawn at random
    --only TEXT  the cases whose name has this text
    --check      have python-blosc2 read each array again, and tell which it misreads

The same N gives the same files, but for what python-blosc2 with several threads makes of them.
recorder.py describes the manifest."""

import argparse
import collections
import zlib

import arrays
import containers
import histories
import superchunks
from case import Case
from check import check
from recorder import Recorder


def chosen(count, only):
    """The cases to write."""
    systematic = [
        case for module in [arrays, histories, superchunks, containers] for case in module.cases()
    ]
    assert len({case.name for case in systematic}) == len(systematic)
    drawn = [Case("drawn", f"drawn-{nth}", arrays.drawn) for nth in range(max(count - len(systematic), 0))]
    if only:
        return [case for case in [*systematic, *drawn] if only in case.name]
    if count >= len(systematic):
        return systematic + drawn
    groups = collections.defaultdict(list)
    for case in systematic:
        groups[case.group].append(case)
    share = []
    for cases in groups.values():
        # In an order that has nothing to do with what they are.
        cases.sort(key=lambda case: zlib.crc32(case.name.encode()))
        share += cases[: -(-len(cases) * count // len(systematic))]
    return share


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--only", default="")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    recorder = Recorder(arguments.out)
    for case in chosen(arguments.count, arguments.only):
        case.write(recorder)
    recorder.close()
    print(recorder.count)
    if arguments.check:
        check(recorder.out)


if __name__ == "__main__":
    main()
