"""Tasks: `snek.spawn`, `snek.parallel_map`, `snek.run`, with compiled and plain functions."""

import asyncio
import os
import threading
import time
import traceback

import pytest
import snek

SOURCE = """
import math

from snek import Array1D, f64, join, parallel


def spin(n: int) -> float:
    s = 0.0
    for i in range(n):
        s += math.sin(i + s)
    return s


def fib(n: int) -> int:
    if n < 2:
        return n
    a, b = join(lambda: fib(n - 1), lambda: fib(n - 2))
    return a + b


def fails(n: int) -> int:
    total = 0
    for i in range(n):
        total += 10 // (n - 1 - i)
    return total
"""


@pytest.fixture
def module(compiled):
    return compiled(SOURCE, "tasks")


def plain(x):
    return 10 // x


def test_spawn_gives_results_and_exceptions(module):
    task = snek.spawn(module.spin, 1000)
    assert task.join() == task.join() == module.spin(1000)
    assert task.done()
    assert snek.spawn(plain, 3).join() == 3
    assert snek.spawn(sorted, [2, 1], reverse=True).join() == [2, 1]
    failed = snek.spawn(plain, 0)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError) as caught:
            failed.join()
    assert "plain" in [frame.name for frame in traceback.extract_tb(caught.tb)]
    with pytest.raises(ZeroDivisionError) as caught:
        snek.spawn(module.fails, 5).join()
    assert "fails" in [frame.name for frame in traceback.extract_tb(caught.tb)]


def test_join_with_a_timeout():
    release = threading.Event()
    task = snek.spawn(release.wait)
    assert not task.done()
    with pytest.raises(TimeoutError):
        task.join(0.01)
    release.set()
    assert task.join(10) is True


def test_tasks_may_wait_for_tasks():
    def count(n):
        if n < 2:
            return 1
        left = snek.spawn(count, n - 1)
        right = snek.spawn(count, n - 2)
        return left.join() + right.join()

    assert count(12) == 233


def test_parallel_map(module):
    sizes = range(0, 2000, 100)
    assert snek.parallel_map(module.spin, sizes) == [module.spin(n) for n in sizes]
    assert snek.parallel_map(plain, []) == []
    assert snek.parallel_map(plain, iter([1, 2, 5])) == [10, 5, 2]
    with pytest.raises(ZeroDivisionError):
        snek.parallel_map(plain, [1, 0, 2])

    def fail(n):
        if n >= 3:
            raise ValueError(n)

    for _ in range(20):
        with pytest.raises(ValueError, match="^3$"):
            snek.parallel_map(fail, range(100))


def test_native_functions_run_at_the_same_time(module):
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one processor")

    def timed(n):
        begin = time.perf_counter()
        module.spin(n)
        return begin, time.perf_counter()

    for _ in range(10):
        (a, b), (c, d) = snek.parallel_map(timed, [2_000_000, 2_000_000])
        if min(b, d) - max(a, c) > 0.5 * min(b - a, d - c):
            return
    pytest.fail("the calls ran one after the other")


def test_the_event_loop_goes_on(module):
    late = []

    async def watch(stop):
        while not stop.is_set():
            begin = time.perf_counter()
            await asyncio.sleep(0.001)
            late.append(time.perf_counter() - begin - 0.001)

    async def main():
        stop = asyncio.Event()
        watcher = asyncio.create_task(watch(stop))
        count = len(os.sched_getaffinity(0))
        results = await asyncio.gather(*(snek.run(module.spin, 3_000_000) for _ in range(count)))
        stop.set()
        await watcher
        assert results == [module.spin(3_000_000)] * count
        with pytest.raises(ZeroDivisionError):
            await snek.run(plain, 0)
        return await snek.run(threading.current_thread) is threading.current_thread()

    assert asyncio.run(main()) is False
    late.sort()
    # The median; what is above it may be other programs'.
    assert late[len(late) // 2] < 0.002


def test_context_variables_go_along():
    import contextvars

    variable = contextvars.ContextVar("variable")

    async def main():
        variable.set(5)
        return await snek.run(variable.get)

    assert asyncio.run(main()) == 5


def test_a_forked_child_has_threads_of_its_own():
    assert snek.spawn(plain, 2).join() == 5
    child = os.fork()
    if child == 0:
        tasks = [snek.spawn(plain, 5) for _ in range(10)]
        os._exit(0 if [task.join(10) for task in tasks] == [2] * 10 else 1)
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.parametrize("threads", ["1", "2", "7"])
def test_join_on_any_number_of_threads(module, threads):
    with snek.threads(int(threads)):
        assert module.fib(20) == 6765
