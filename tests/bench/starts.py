"""Times what starting a parallel loop takes, and how late an event loop is beside one.

starts.py SNEK_MODULE: prints JSON, in microseconds.
"""

import asyncio
import json
import statistics
import sys
import time

import numpy as np
import snek
from calls import load

TIMES = 20_000
SECONDS = 2.0


def microseconds(call):
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1e6


def in_a_row(empty, pieces):
    """Of one of many loops that follow each other."""
    out = np.zeros(pieces)
    calls = [microseconds(lambda: empty(TIMES, pieces, 0, out)) / TIMES for _ in range(7)]
    return statistics.median(calls)


def after_idle(empty):
    """Of a loop before which the threads have slept, without the call from Python."""
    out = np.zeros(2)
    taken = {0: [], 1: []}
    for _ in range(300):
        for times, found in taken.items():
            time.sleep(0.002)
            found.append(microseconds(lambda times=times: empty(times, 2, 0, out)))
    return statistics.median(taken[1]) - statistics.median(taken[0])


async def lateness(busy):
    """By how much the event loop wakes too late while all cores compute: the 99th of 100."""
    late = []
    stop = asyncio.Event()

    async def watch():
        while not stop.is_set():
            start = time.perf_counter()
            await asyncio.sleep(0.001)
            late.append((time.perf_counter() - start - 0.001) * 1e6)

    watching = asyncio.create_task(watch())
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        await snek.run(busy, 400_000)
    stop.set()
    await watching
    return sorted(late)[len(late) * 99 // 100]


def main():
    module = load("starts_snek", sys.argv[1])
    results = {
        "in a row": in_a_row(module.empty, 2),
        "many pieces": in_a_row(module.empty, 256),
        "after idle": after_idle(module.empty),
        "event loop": asyncio.run(lateness(module.busy)),
    }
    json.dump(results, sys.stdout)


main()
