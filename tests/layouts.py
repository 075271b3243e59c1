"""Arrays as users pass them: with strides, reversed, at odd addresses, overlapping."""

import os

import numpy as np

LAYOUTS = ("plain", "step2", "reversed", "unaligned", "overlapping")


def laid(layout, *arguments):
    """The arguments, with arrays of the same contents in a layout.

    Overlapping arrays of one type begin an element after each other, so the contents are those of
    the first.
    """
    if layout == "overlapping":
        return overlapping(arguments)
    place = {"plain": np.copy, "step2": step2, "reversed": backwards, "unaligned": unaligned}
    return [place[layout](a) if isinstance(a, np.ndarray) else a for a in arguments]


def step2(a):
    """Every other element in each row of a larger array."""
    room = np.zeros((*a.shape[:-1], 2 * a.shape[-1]), a.dtype)
    room[..., ::2] = a
    return room[..., ::2]


def backwards(a):
    """Negative strides in all dimensions."""
    every = (slice(None, None, -1),) * a.ndim
    return a[every].copy()[every]


def unaligned(a):
    """An element behind the start of a cache line."""
    line = 64 // a.itemsize
    room = np.zeros(a.size + 2 * line, a.dtype)
    start = -(room.ctypes.data // a.itemsize) % line + 1
    view = room[start : start + a.size].reshape(a.shape)
    view[...] = a
    return view


def overlapping(arguments):
    groups = {}
    for a in arguments:
        if isinstance(a, np.ndarray):
            groups.setdefault(a.dtype, []).append(a)
    rooms = {}
    for dtype, arrays in groups.items():
        size = max(len(arrays) + a.size for a in arrays)
        rooms[dtype] = np.resize(arrays[0], size) if arrays[0].size else np.zeros(size, dtype)
    found = []
    taken = dict.fromkeys(rooms, 0)
    for a in arguments:
        if isinstance(a, np.ndarray):
            start = taken[a.dtype]
            taken[a.dtype] += 1
            found.append(rooms[a.dtype][start : start + a.size].reshape(a.shape))
        else:
            found.append(a)
    return found


def cases(module):
    """The cases of a program of the benchmark: each function, in each layout, in each size.

    `SNEK_TEST_SIZES=5` takes every fifth size, for a machine that is slow.
    """
    sizes = module.SIZES[:: int(os.environ.get("SNEK_TEST_SIZES", 1))]
    functions = dict.fromkeys(
        row.get("function", module.__name__.rsplit("/")[-1]) for row in module.ROWS
    )
    exact = getattr(module, "EXACT", True)
    overlaps = exact and getattr(module, "OVERLAPPING", True)
    for function in functions:
        for layout in LAYOUTS:
            arrays = [a for a in module.inputs(3) if isinstance(a, np.ndarray)]
            if layout != "plain" and not arrays:
                continue
            alone = len({a.dtype for a in arrays}) == len(arrays)
            if layout == "overlapping" and (alone or not overlaps):
                continue
            for size in sizes:
                given = f"given = laid({layout!r}, *inputs({size}))"
                if exact:
                    yield f"{given}; {function}(*given)"
                else:
                    # The results may differ by an ulp: they are judged, not compared.
                    call = f"right({function}(*given), inputs({size}), given)"
                    yield f"{given}; same = {call}; del given"
