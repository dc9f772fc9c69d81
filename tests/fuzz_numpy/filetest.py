"""In: a program, its operands, what it must give. Out: the text of a file for tests/filetests.
Never: an answer of Fuseblock's."""

from values import Refused

WAYS = "simd=off,sse4.2,avx2,avx512 threads=1,2 codec=none,lz4 engine=jit,interpreter grid=given,1,exact"


def filetest(text, arrays, grids, expected, why):
    lines = ["# A sentence that says what is pinned."]
    for name, array in arrays.items():
        chunk, block = (",".join(map(str, extents)) for extents in grids[name])
        grid = f" chunk {chunk} block {block}" if array.ndim else ""
        shape = ",".join(map(str, array.shape))
        lines.append(f"given {name}: {array.dtype.name}[{shape}]{grid} = {elements(array)}")
    lines += [f"expr  {text.replace('; ', chr(10) + 'expr  ')}", ""]
    if isinstance(expected, Refused):
        return "\n".join([*lines, f"--- error  ({expected})"])
    lines.append(f"--- run {WAYS}")
    for output in expected or []:
        value = output.value
        extents = f"({', '.join(map(str, value.shape))}{',' if value.ndim == 1 else ''})"
        lines.append(f"NAME: {value.dtype.name}{extents} = {nested(value)}")
    return "\n".join([*lines, "", f"({why})"])


def elements(array):
    flat = array.reshape(-1)
    if flat.size > 1 and (flat == flat[0]).all():
        return f"fill({flat[0]})"
    return " ".join(str(item) for item in flat)


def nested(value):
    return str(value[()]) if value.ndim == 0 else "[" + " ".join(nested(row) for row in value) + "]"
