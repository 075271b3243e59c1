"""Tasks for Python code: calls on a few threads, for functions that run without the GIL.

There is one set of threads per process, as many as parallel loops have. A task that
nobody has begun is run by whoever waits for it, so tasks may start tasks and wait for
them without running out of threads.
"""

import os
import threading
from collections import deque

_WAITING, _RUNNING, _DONE = range(3)


class Task:
    """A call that runs in another thread; made by ``snek.spawn``."""

    def __init__(self, function, args, kwargs):
        self._call = function, args, kwargs
        self._lock = threading.Lock()
        self._state = _WAITING
        self._finished = threading.Event()
        self._result = None
        self._error = None
        self._callbacks = []

    def _run(self):
        # Whoever comes first: a thread of the set, or one that waits for the result.
        with self._lock:
            if self._state != _WAITING:
                return
            self._state = _RUNNING
        function, args, kwargs = self._call
        try:
            self._result = function(*args, **kwargs)
        except BaseException as error:
            self._error = error
        with self._lock:
            self._state = _DONE
            callbacks, self._callbacks = self._callbacks, None
            self._call = None
        self._finished.set()
        for callback in callbacks:
            callback()

    def _when_done(self, callback):
        with self._lock:
            if self._state != _DONE:
                self._callbacks.append(callback)
                return
        callback()

    def done(self):
        """Whether it has ended, well or with an exception."""
        return self._state == _DONE

    def join(self, timeout=None):
        """Wait for it: its result, or the exception that it has raised.

        With a ``timeout`` in seconds, ``TimeoutError`` if it takes longer.
        """
        if timeout is None:
            self._run()
            self._finished.wait()
        elif not self._finished.wait(timeout):
            raise TimeoutError("the task is still running")
        if self._error is not None:
            raise self._error
        return self._result

    def __repr__(self):
        word = ("waiting", "running", "done")[self._state]
        return f"<snek.Task {word}>"


class _Threads:
    """The threads, started as tasks come; they end with the process."""

    def __init__(self):
        self._ready = threading.Condition()
        self._queue = deque()
        self._idle = 0
        self._count = 0

    def add(self, task):
        from . import num_threads

        with self._ready:
            self._queue.append(task)
            if self._idle:
                self._ready.notify()
            elif self._count < num_threads():
                self._count += 1
                name = f"snek-task-{self._count}"
                threading.Thread(target=self._work, name=name, daemon=True).start()

    def _work(self):
        while True:
            with self._ready:
                self._idle += 1
                while not self._queue:
                    self._ready.wait()
                self._idle -= 1
                task = self._queue.popleft()
            task._run()
            del task


_threads = _Threads()


def _forget():
    # A forked child has none of the threads.
    global _threads
    _threads = _Threads()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def spawn(function, /, *args, **kwargs):
    """Start ``function(*args, **kwargs)`` in another thread; gives a ``Task``."""
    task = Task(function, args, kwargs)
    _threads.add(task)
    return task


def parallel_map(function, items, /):
    """``[function(item) for item in items]``, in several threads.

    If calls raise, the exception of the first of these items is raised; items
    after it may or may not have been begun.
    """
    from . import num_threads

    items = list(items)
    results = [None] * len(items)
    parts = max(1, min(len(items), 4 * num_threads()))
    failed = len(items)

    def work(begin, end):
        nonlocal failed
        for at in range(begin, end):
            if at > failed:
                break
            try:
                results[at] = function(items[at])
            except BaseException:
                failed = min(failed, at)
                raise

    bounds = [len(items) * part // parts for part in range(parts + 1)]
    tasks = [spawn(work, begin, end) for begin, end in zip(bounds, bounds[1:], strict=False)]
    error = None
    for task in tasks:
        try:
            task.join()
        except BaseException as raised:
            # Others must not go on after the call has ended.
            error = error or raised
    if error is not None:
        raise error
    return results


async def run(function, /, *args, **kwargs):
    """``await snek.run(function, ...)``: the call in another thread, while the event loop goes on."""
    import asyncio
    import contextvars

    loop = asyncio.get_running_loop()
    ended = loop.create_future()
    context = contextvars.copy_context()
    task = spawn(context.run, function, *args, **kwargs)

    def tell():
        if not ended.done():
            ended.set_result(None)

    def from_thread():
        try:
            loop.call_soon_threadsafe(tell)
        except RuntimeError:
            # The loop was closed: nobody waits any more.
            pass

    task._when_done(from_thread)
    await ended
    return task.join()
