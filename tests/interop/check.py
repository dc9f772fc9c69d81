"""Has python-blosc2 read what it wrote, and tells which arrays it misreads or refuses."""

import json

import blosc2
import numpy as np


def check(out):
    counts = {}
    for line in (out / "manifest.jsonl").read_text().splitlines():
        case = json.loads(line)
        if case["kind"] == "refused":
            continue
        problem = problem_of(out, case)
        counts[problem is None] = counts.get(problem is None, 0) + 1
        if problem:
            print(f"{case['name']}: {problem}")
    print(f"python-blosc2 reads {counts.get(True, 0)} as expected, {counts.get(False, 0)} not")


def problem_of(out, case):
    """What is wrong with python-blosc2's reading of a case, if anything is."""
    try:
        held = held_by(out, case)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    if case["kind"] == "array":
        expect = np.load(out / case["expect"]).astype(case["dtype"]).tobytes()
    else:
        expect = (out / case["expect"]).read_bytes()
    if held == expect:
        return None
    if len(held) != len(expect):
        return f"{len(held)} bytes instead of {len(expect)}"
    wrong = np.frombuffer(held, "u1") != np.frombuffer(expect, "u1")
    return f"{wrong.sum()} of {len(expect)} bytes differ"


def held_by(out, case):
    """The bytes that python-blosc2 reads, on one thread."""
    path = out / case["path"]
    if case["kind"] == "chunk":
        return blosc2.decompress2(path.read_bytes(), dparams=blosc2.DParams(nthreads=1))
    opened = blosc2.open(
        str(path), mode="r", offset=case.get("offset", 0), dparams=blosc2.DParams(nthreads=1)
    )
    if case["kind"] == "items":
        schunk = getattr(opened, "schunk", opened)
        return b"".join(schunk.decompress_chunk(nth) for nth in range(schunk.nchunks))
    values = opened[()] if opened.ndim == 0 else opened[...]
    return np.asarray(values).tobytes()
