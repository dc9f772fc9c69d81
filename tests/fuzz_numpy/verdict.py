"""In: what a program must give and its replies on every way. Out: why one is wrong, or None.
Never: a process.
"""

import json

from judge import judge
from subject import DIED


def answer(reply):
    """What has to be the same on every way, as text."""
    return reply.split(',"stats":', 1)[0]


def verdict(expected, ways, replies):
    """The first way that is wrong and why; float sums of ways with the same grid have the same bits."""
    judged, by_layout = {}, {}
    for way, reply in zip(ways, replies, strict=True):
        text = answer(reply)
        if text not in judged:
            judged[text] = judge(expected, json.loads(reply))
        why = judged[text] or not_compiled(way, reply)
        if why:
            return f"{way.text()}: {why}"
        by_layout[way.layout] = comparable(text)
    if "recoded" in by_layout and by_layout["grid"] != by_layout["recoded"]:
        return f"two ways with the same grid differ: {by_layout['grid'][:300]} and {by_layout['recoded'][:300]}"
    return None


def comparable(text):
    """An error is its code: the message may name a file."""
    return json.loads(text)["error"]["code"] if text.startswith('{"ok":false') else text


def not_compiled(way, reply):
    """Machine code that was asked for and is not there."""
    hidden = way.engine == "jit" and '"simd":"interpreter"' in reply and '"passes":0,' not in reply
    return "no kernel was compiled" if hidden and reply != DIED else None
