"""Random programs, compared with NumPy on every way that Fuseblock can compute them.

    python tests/fuzz_numpy/fuzz.py --binary target/release/fuseblock --count 100000 [--seed N]

Ends with 1 if a program was wrong. The same seed and count give the same programs. README.md says
what is compared with what.
"""

import argparse
import concurrent.futures
import dataclasses
import random
import secrets
import sys
import tempfile
import time
import warnings

import paths  # noqa: F401
import numpy as np
from counts import Counts
from beside import beside, of_part, of_whole
from expected import expected
from filetest import filetest
from grammar import Grammar
from operands import Group, Operand, write
from quick import quick_math
from shrink import Shrinker, is_program, kind
from subject import ask, levels, ways
from verdict import verdict

# Programs that share processes and operands.
BATCH = 320
GROUPS = 8


@dataclasses.dataclass
class Program:
    """A program to be asked about, with the operands it may use and what it must give."""

    text: str
    group: Group
    expected: object
    whole: object = None  # the program of which this one is a part, which has to have its bits


class Batch:
    """Programs from one seed, and the files of their operands."""

    def __init__(self, seed, number, count, grammars, binary):
        self.seed, self.number, self.binary = seed, number, binary
        self.ways = ways(number, levels())
        self.folder = tempfile.TemporaryDirectory(prefix="fuseblock-fuzz-")
        rng = np.random.Generator(np.random.PCG64([seed, number]))
        self.groups = [Group(index, rng) for index in range(GROUPS)]
        for group in self.groups:
            group.write(self.folder.name, rng)
        self.operands = [operand for group in self.groups for operand in group.operands.values()]
        self.counts = Counts()
        with quick_math():
            self.programs = list(self.grow(count, grammars))

    def grow(self, count, grammars):
        source = random.Random(f"{self.seed} {self.number}")
        growers = [Grammar(group, source) for group in self.groups]
        done = 0
        while done < count:
            grower = growers[done % len(growers)]
            case = grower.case(grammars[done % len(grammars)])
            arrays = {name: operand.array for name, operand in grower.group.operands.items()}
            want = expected(case.text, arrays)
            if want is None:
                self.counts.add("discarded", case.text, grower.group.operands)
                continue
            done += 1
            program = Program(case.text, grower.group, want)
            yield program
            if case.index and done < count:
                text = of_part(case.text, case.index)
                want = expected(text, arrays)
                if want is not None:
                    done += 1
                    yield Program(text, grower.group, want, program)
        for grower in growers:
            for part in grower.discarded:
                self.counts.add("discarded", part, grower.group.operands)

    def ask(self, pool):
        """Starts asking; `finish` waits for it."""
        lines = [program.text for program in self.programs]
        self.asked = [pool.submit(ask, self.binary, way, self.operands, lines) for way in self.ways]

    def finish(self):
        """The programs that are wrong, and why."""
        replies = [future.result() for future in self.asked]
        for program, *answers in zip(self.programs, *replies, strict=True):
            program.answers = answers
            why = verdict(program.expected, self.ways, answers)
            if why:
                why = self.again(program, answers)
            if program.whole and not why:
                why = beside(program.text, self.ways, answers, program.whole.answers)
            refused = isinstance(program.expected, Exception)
            fate = "wrong" if why else "refused" if refused else "accepted"
            more = [("form", "part beside the whole")] if program.whole else []
            self.counts.add(fate, program.text, program.group.operands, *more)
            if why:
                yield program, why

    def again(self, program, answers):
        """The verdict of the slow oracle."""
        arrays = {name: operand.array for name, operand in program.group.operands.items()}
        program.expected = expected(program.text, arrays)
        if program.expected is None:
            return None
        return verdict(program.expected, self.ways, answers)


class Finding:
    """A wrong program: made small, and printed as a filetest."""

    def __init__(self, batch, program, why):
        self.batch, self.program, self.why = batch, program, why
        # The way that is wrong alone, if it is one.
        self.ways = [way for way in batch.ways if why.startswith(way.text())] or batch.ways

    def wrong(self, text, arrays):
        """Why a variant is wrong, or None; asked in fresh processes."""
        try:
            want = expected(text, arrays)
        except Exception:  # a variant that is no program
            return None
        whole = of_whole(text) if self.program.whole else None
        if want is None or not is_program(text, want) or self.program.whole and not whole:
            return None
        with tempfile.TemporaryDirectory(prefix="fuseblock-shrink-") as folder:
            rng = np.random.Generator(np.random.PCG64(1))
            operands = [Operand(name, "", array) for name, array in arrays.items()]
            for operand in operands:
                write(operand, folder, rng)
            self.grids = {operand.name: operand.grids["grid"] for operand in operands}
            lines = [text, whole] if whole else [text]
            replies = [ask(self.batch.binary, way, operands, lines) for way in self.ways]
        why = verdict(want, self.ways, [reply[0] for reply in replies])
        if whole and not why:
            why = beside(text, self.ways, *zip(*replies, strict=True))
        return why if why and kind(why) == kind(self.why) else None

    def report(self, shrink):
        text = self.program.text
        arrays = {name: operand.array for name, operand in self.program.group.operands.items()}
        print(f"\n=== batch {self.batch.number}: {text}\n    {self.why}", flush=True)
        if not shrink:
            return
        if not self.wrong(text, arrays):
            print("    not wrong alone, with other grids")
            return
        text, arrays = Shrinker(self.wrong, text, arrays).run()
        why = self.wrong(text, arrays)
        print(filetest(text, arrays, self.grids, expected(text, arrays), why), flush=True)


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--first", type=int, default=0, help="the batch to start with")
    parser.add_argument("--grammar", choices=["exact", "inexact", "both"], default="both")
    parser.add_argument("--shrink", type=int, default=10, help="so many findings are made small")
    parser.add_argument("--findings", type=int, default=40, help="ends after so many")
    return parser.parse_args()


def main():
    warnings.simplefilter("ignore")
    args = arguments()
    seed = secrets.randbits(32) if args.seed is None else args.seed
    print(f"seed {seed}", flush=True)
    grammars = {"exact": ["exact"], "inexact": ["inexact"], "both": ["exact", "exact", "inexact"]}[args.grammar]
    counts, findings, started = Counts(), 0, time.monotonic()
    sizes = [BATCH] * (args.count // BATCH) + ([args.count % BATCH] if args.count % BATCH else [])
    pool = concurrent.futures.ThreadPoolExecutor(8)
    waiting = None
    for number, size in [*enumerate(sizes, args.first), (None, 0)]:
        batch = None
        if size:
            batch = Batch(seed, number, size, grammars, args.binary)
            batch.ask(pool)
        for program, why in waiting.finish() if waiting else ():
            findings += 1
            Finding(waiting, program, why).report(findings <= args.shrink)
        if waiting:
            counts.merge(waiting.counts)
        waiting = batch
        if findings >= args.findings:
            break
        if sys.stdout.isatty():
            print(f"\r{counts.total.total()} programs", end="", flush=True)
    print(counts.table())
    seconds = time.monotonic() - started
    asked = counts.total.total() - counts.total["discarded"]
    print(f"seed {seed}: {asked} programs in {seconds:.0f} s ({60 * asked / seconds:.0f} a minute): {dict(counts.total)}")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
