"""Super-chunks without shape: items of every size, special chunks, chunks that came and went,
chunks of different lengths, blocks of different lengths; and chunks on their own."""

import itertools
import os

import blosc2
import numpy as np
from case import Case
from values import items
from writers import CODECS, NDCELL, PIPELINES, SPLITS, WITH_DICT, Coding, any_coding, lossy

Special = blosc2.SpecialValue


def cases():
    """The systematic ones."""
    for itemsize in range(1, 256):
        yield Case("superchunk", f"superchunk-{itemsize}", plain, {"itemsize": itemsize})
    for itemsize, chunk, length in itertools.product([1, 4, 8], [1, 7, 100, 1000], [0, 1, 99, 1000]):
        name = f"superchunk-{itemsize}-{chunk}-{length}"
        yield Case("superchunk", name, plain, {"itemsize": itemsize, "chunk": chunk, "length": length})
    for kind, contiguous in [("contiguous", True), ("sparse", False)]:
        where = {"contiguous": contiguous}
        for special, itemsize in itertools.product(["ZERO", "NAN", "VALUE", "UNINIT"], [1, 4, 7, 8, 100]):
            if special == "NAN" and itemsize not in (4, 8):
                continue
            name = f"superchunk-{special.lower()}-{itemsize}-{kind}"
            yield Case("superchunk", name, filled, {"special": special, "itemsize": itemsize, **where})
        for itemsize in [1, 3, 8]:
            for function in [edited, reordered]:
                name = f"superchunk-{function.__name__}-{itemsize}-{kind}"
                yield Case("superchunk", name, function, {"itemsize": itemsize, **where})
        for codec in CODECS:
            yield Case("varying", f"varying-{codec}-{kind}", varying, {"codec": codec, **where})
            yield Case("varying", f"blocks-{codec}-{kind}", varying_blocks, {"codec": codec, **where})
        for codec in WITH_DICT:
            options = {"codec": codec, "use_dict": True, **where}
            yield Case("varying", f"blocks-dictionary-{codec}-{kind}", varying_blocks, options)
        for pipeline in ["shuffle", "bitshuffle", "delta", "delta-shuffle"]:
            options = {"codec": "zstd", "pipeline": pipeline, "itemsize": 4, **where}
            yield Case("varying", f"blocks-{pipeline}-{kind}", varying_blocks, options)
        yield Case("superchunk", f"superchunk-cframe-{kind}", serialised, {"chunksize": 400, **where})
        yield Case("varying", f"varying-cframe-{kind}", serialised, {"chunksize": 0, **where})
        yield Case("varying", f"batches-{kind}", batches, where)
        yield Case("varying", f"objects-{kind}", objects, where)
    for codec, pipeline, itemsize in itertools.product(CODECS, PIPELINES, [1, 4, 8]):
        if lossy(pipeline) or any(step >= NDCELL for step, _ in PIPELINES[pipeline]):
            continue
        options = {"coding": Coding(codec, pipeline=pipeline), "itemsize": itemsize}
        yield Case("chunk", f"chunk2-{codec}-{pipeline}-{itemsize}", new_chunk, options)
    for codec, split in itertools.product(CODECS, SPLITS):
        options = {"coding": Coding(codec, split=split), "itemsize": 4}
        yield Case("chunk", f"chunk2-{codec}-{split}-4", new_chunk, options)
    for codec, shuffle, itemsize in itertools.product(CODECS, [0, 1, 2], [1, 2, 4, 8, 16, 17, 100]):
        options = {"codec": codec, "shuffle": shuffle, "itemsize": itemsize}
        yield Case("chunk", f"chunk1-{codec}-{shuffle}-{itemsize}", old_chunk, options)
        if itemsize in (1, 4, 8):
            yield Case("chunk", f"chunk1b-{codec}-{shuffle}-{itemsize}", compatible_chunk, options)


def character(rng):
    return str(rng.choice(["smooth", "noisy", "sparse", "constant"]))


def some(rng, itemsize, count):
    """The bytes of `count` items."""
    return items(f"|V{itemsize}", count, character(rng), rng).tobytes()


def create(recorder, name, itemsize, coding, chunksize, contiguous):
    path = recorder.path(name, ".b2frame")
    schunk = blosc2.SChunk(
        chunksize=chunksize,
        cparams=coding.params(itemsize),
        dparams=blosc2.DParams(nthreads=1),
        urlpath=str(path),
        mode="w",
        contiguous=contiguous,
    )
    return path, schunk


def coding_of(rng, itemsize):
    return any_coding(rng, f"|V{itemsize}", exact=True)


def plain(recorder, name, rng, itemsize, chunk=None, length=None):
    """`length` items in chunks of `chunk`; the last one is short."""
    chunk = int(rng.integers(20, 200)) if chunk is None else chunk
    length = int(rng.integers(0, 700)) if length is None else length
    path, schunk = create(
        recorder, name, itemsize, coding_of(rng, itemsize), chunk * itemsize, bool(rng.random() < 0.7)
    )
    held = []
    for start in range(0, length, chunk):
        held.append(some(rng, itemsize, min(chunk, length - start)))
        schunk.append_data(held[-1])
    recorder.items(name, path, held, itemsize)


def filled(recorder, name, rng, special, itemsize, contiguous):
    """450 items of one value in chunks of 100."""
    path, schunk = create(recorder, name, itemsize, Coding(), 100 * itemsize, contiguous)
    value = rng.bytes(itemsize)
    schunk.fill_special(450, Special[special], value if special == "VALUE" else None)
    item = {"ZERO": bytes(itemsize), "UNINIT": bytes(itemsize), "VALUE": value}.get(special)
    if special == "NAN":
        item = np.array(np.nan, f"<f{itemsize}").tobytes()
    recorder.items(name, path, [item * 100] * 4 + [item * 50], itemsize)


def edited(recorder, name, rng, itemsize, contiguous):
    """Chunks are updated, inserted, deleted, made special: dead bytes and an unordered index."""
    path, schunk = create(recorder, name, itemsize, coding_of(rng, itemsize), 100 * itemsize, contiguous)
    held = [some(rng, itemsize, 100) for _ in range(12)]
    for chunk in held:
        schunk.append_data(chunk)
    value = rng.bytes(itemsize)
    specials = [(Special.ZERO, None), (Special.UNINIT, None), (Special.VALUE, value)]
    for _ in range(25):
        at = int(rng.integers(0, len(held)))
        match int(rng.integers(0, 4)):
            case 0:
                held[at] = some(rng, itemsize, 100)
                schunk.update_data(at, held[at], copy=True)
            case 1:
                held.insert(at, some(rng, itemsize, 100))
                schunk.insert_data(at, held[at], copy=True)
            case 2:
                del held[at]
                schunk.delete_chunk(at)
            case 3:
                special, item = specials[int(rng.integers(0, len(specials)))]
                held[at] = (item or bytes(itemsize)) * 100
                schunk.update_special(at, special, item)
    schunk.vlmeta["edits"] = 25
    recorder.items(name, path, held, itemsize)


def reordered(recorder, name, rng, itemsize, contiguous):
    path, schunk = create(recorder, name, itemsize, coding_of(rng, itemsize), 50 * itemsize, contiguous)
    held = [some(rng, itemsize, 50) for _ in range(10)]
    for chunk in held:
        schunk.append_data(chunk)
    order = rng.permutation(len(held))
    schunk.reorder_offsets(order)
    recorder.items(name, path, [held[at] for at in order], itemsize)


def varying(recorder, name, rng, codec, contiguous):
    """Chunks of different lengths."""
    path, schunk = create(recorder, name, 4, Coding(codec), 0, contiguous)
    held = [some(rng, 4, int(count)) for count in rng.integers(1, 900, 8)]
    # Special chunks have no place in such frames: python-blosc2 writes them, but cannot read them.
    held = [chunk if len(set(chunk)) > 1 else rng.bytes(len(chunk)) for chunk in held]
    for chunk in held:
        schunk.append_data(chunk)
    recorder.items(name, path, held, 4)


def serialised(recorder, name, rng, chunksize, contiguous):
    """A super-chunk that was in memory."""
    schunk = blosc2.SChunk(chunksize=chunksize, cparams=Coding("zstd").params(4), contiguous=contiguous)
    counts = [100, 100, 100, 37] if chunksize else [100, 3, 250, 37]
    held = [rng.bytes(4 * count // 2) * 2 for count in counts]
    for chunk in held:
        schunk.append_data(chunk)
    schunk.vlmeta["note"] = "in memory"
    path = recorder.path(name, ".b2frame")
    path.write_bytes(schunk.to_cframe())
    recorder.items(name, path, held, 4)


def varying_blocks(recorder, name, rng, codec, contiguous, pipeline="none", itemsize=1, use_dict=False):
    """Chunks of blocks of different lengths."""
    coding = Coding(codec, pipeline=pipeline, use_dict=use_dict)
    path, schunk = create(recorder, name, itemsize, coding, -1, contiguous)
    params = schunk.cparams
    options = {key: getattr(params, key) for key in params.__dataclass_fields__}
    held, lengths = [], []
    for _ in range(5):
        blocks = [some(rng, itemsize, int(count)) for count in rng.integers(1, 400, int(rng.integers(1, 9)))]
        if use_dict:
            # There is nothing to learn from a few bytes.
            blocks = [(b"some words that come again, %d of them; " % nth) * 40 for nth in range(40)]
        schunk.append_chunk(blosc2.blosc2_ext.vlcompress(blocks, **options))
        held.append(b"".join(blocks))
        lengths.append([len(block) for block in blocks])
    if use_dict:
        assert schunk.get_chunk(0)[31] & 1, f"{name}: no dictionary was made"
    recorder.items(name, path, held, itemsize, lengths)


def batches(recorder, name, rng, contiguous):
    """python-blosc2's own use of such blocks: batches of objects."""
    path = recorder.path(name, ".b2b")
    array = blosc2.BatchArray(urlpath=str(path), mode="w", contiguous=contiguous, items_per_block=4)
    for nth in range(6):
        array.append(["x" * count for count in range(nth * 3 + 1)])
    schunk = array.schunk
    held, lengths = [], []
    for nth in range(schunk.nchunks):
        blocks = blosc2.blosc2_ext.vldecompress(schunk.get_chunk(nth))
        held.append(b"".join(blocks))
        lengths.append([len(block) for block in blocks])
    recorder.items(name, path, held, 1, lengths)


def objects(recorder, name, rng, contiguous):
    """An object a chunk, in chunks of different lengths."""
    path = recorder.path(name, ".b2frame")
    array = blosc2.ObjectArray(urlpath=str(path), mode="w", contiguous=contiguous)
    for nth in range(8):
        array.append({"numbers": list(range(nth * nth)), "text": "t" * nth})
    schunk = array.schunk
    recorder.items(name, path, [schunk.decompress_chunk(nth) for nth in range(schunk.nchunks)], 1)


def record_chunk(recorder, name, packed, values, itemsize):
    path = recorder.path(name, ".chunk")
    path.write_bytes(packed)
    recorder.chunk(name, path, values, itemsize)


def new_chunk(recorder, name, rng, coding, itemsize):
    """A chunk of Blosc2 on its own; the last block is short."""
    values = some(rng, itemsize, int(rng.integers(1, 3000)))
    params = coding.params(itemsize, blocksize=int(rng.integers(8, 200)) * itemsize)
    record_chunk(recorder, name, blosc2.compress2(values, cparams=params), values, itemsize)


def old_chunk(recorder, name, rng, codec, shuffle, itemsize):
    """A chunk of Blosc 1."""
    import blosc

    values = some(rng, itemsize, int(rng.integers(1, 3000)))
    blosc.set_nthreads(1)
    blosc.set_blocksize(int(rng.choice([0, 64, 256, 1000, 4096])) * itemsize)
    packed = blosc.compress(values, itemsize, int(rng.integers(0, 10)), shuffle, codec)
    blosc.set_blocksize(0)
    record_chunk(recorder, name, packed, values, itemsize)


def compatible_chunk(recorder, name, rng, codec, shuffle, itemsize):
    """A chunk of Blosc2 with the header of Blosc 1."""
    values = some(rng, itemsize, int(rng.integers(40, 3000)))
    coding = Coding(codec, pipeline=["none", "shuffle", "bitshuffle"][shuffle])
    os.environ["BLOSC_BLOSC1_COMPAT"] = "1"
    try:
        packed = blosc2.compress2(values, cparams=coding.params(itemsize))
    finally:
        del os.environ["BLOSC_BLOSC1_COMPAT"]
    record_chunk(recorder, name, packed, values, itemsize)
