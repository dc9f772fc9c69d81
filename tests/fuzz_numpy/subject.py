"""In: lines for `fuseblock repl --json`. Out: its replies, in order, or that it died or hung.
Never: an opinion about a reply."""


import subprocess
import threading
from dataclasses import dataclass

# Seconds for one line; nothing here takes long.
PATIENCE = 60
DIED = '{"died":true}'


@dataclass(frozen=True)
class Way:
    """How a process computes, and which files it opens."""

    layout: str
    engine: str
    threads: int
    simd: str = "auto"

    def arguments(self):
        return ["--engine", self.engine, "--threads", str(self.threads), "--simd", self.simd]

    def text(self):
        return f"{self.layout} engine={self.engine} threads={self.threads} simd={self.simd}"


def levels():
    """The SIMD levels of this machine."""
    with open("/proc/cpuinfo") as file:
        flags = set(file.read().split())
    has = {"sse4.2": "sse4_2" in flags, "avx2": "avx2" in flags, "avx512": "avx512f" in flags}
    return ["off"] + [level for level, there in has.items() if there]


def ways(batch, available):
    """The processes of a batch: over a few batches every engine, level, layout and thread count. The
    second and the third read the same grid, so that even float sums have the same bits."""
    level = available[batch % len(available)]
    other = available[(batch + 1 + batch // len(available)) % len(available)]
    threads = [1, 2, 7]
    return [
        Way("npy", "interpreter", threads[batch % 3]),
        Way("grid", "jit", threads[(batch + 1) % 3], level),
        Way("recoded", ["jit", "interpreter", "auto"][batch % 3], threads[(batch + 2) % 3], other),
        Way("regrid", ["auto", "jit"][batch % 2], threads[batch // 3 % 3], level),
    ]


def ask(binary, way, operands, lines):
    """The reply to each line, as text; `DIED` for the line that killed the process, which is then
    started again for those after it."""
    replies = []
    while len(replies) < len(lines):
        given = [f"{operand.name}={operand.paths[way.layout]}" for operand in operands]
        got = run([binary, "repl", "--json", *given, *way.arguments()], lines[len(replies) :])
        replies += got
        if len(replies) < len(lines):
            replies.append(DIED)
    return replies


def run(command, lines):
    """The replies of one process; fewer than lines if it died or was stopped because it hung."""
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    writer = threading.Thread(target=feed, args=(child, lines), daemon=True)
    replies, done = [], threading.Event()
    watch = threading.Thread(target=watch_over, args=(child, replies, done), daemon=True)
    writer.start()
    watch.start()
    for _ in lines:
        reply = child.stdout.readline()
        if not reply.endswith(b"\n"):
            break
        replies.append(reply.decode())
    done.set()
    child.kill()
    child.wait()
    writer.join()
    return replies


def watch_over(child, replies, done):
    """Stops a process that has not replied for a while."""
    seen = -1
    while len(replies) > seen and not done.is_set():
        seen = len(replies)
        done.wait(PATIENCE)
    if not done.is_set():
        child.kill()


def feed(child, lines):
    try:
        for line in lines:
            child.stdin.write(line.encode() + b"\n")
        child.stdin.close()
    except OSError:
        pass  # it died; the missing replies say so
