"""How many threads parallel loops have: asks the pool, once a compiled module has brought it."""

import sys
from _thread import _local

_asked = 0
_here = _local()


def _pool():
    # The first compiled module of the interpreter puts it there, and calls `apply`.
    return sys.modules.get("snek._pool")


def apply(pool):
    """Tells the pool what was asked for before it was there."""
    if _asked:
        pool.set_num_threads(_asked)
    pool.set_here(getattr(_here, "count", 0))


def _checked(count):
    count = range(count).stop
    if count < 1:
        raise ValueError(f"threads must be at least 1, not {count}")
    return min(count, 4096)


def set_num_threads(count, /):
    global _asked
    _asked = _checked(count)
    pool = _pool()
    if pool:
        pool.set_num_threads(_asked)


def num_threads():
    pool = _pool()
    if pool:
        return pool.num_threads()
    return getattr(_here, "count", 0) or _asked or _default()


def _set_here(count):
    before = getattr(_here, "count", 0)
    _here.count = count
    pool = _pool()
    if pool:
        pool.set_here(count)
    return before


class threads:
    """See ``snek.threads``."""

    def __init__(self, count, /):
        self._count = _checked(count)
        self._before = []

    def __enter__(self):
        self._before.append(_set_here(self._count))
        return self

    def __exit__(self, *exception):
        _set_here(self._before.pop())


def _default():
    # As the runtime finds it.
    import os

    for name in ("SNEK_NUM_THREADS", "OMP_NUM_THREADS"):
        first = os.environ.get(name, "").split(",")[0].strip()
        if first.isascii() and first.isdigit() and int(first) >= 1:
            return min(int(first), 4096)
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:
        count = os.cpu_count() or 1
    return max(1, min(count, _quota(_read)))


def _read(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def _quota(read):
    """How many processors the control groups of this process leave it.

    ``read(path)`` is a file's text, or ''.
    """
    least = sys.maxsize
    for line in read("/proc/self/cgroup").splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            root, names = "/sys/fs/cgroup", ("cpu.max",)
        elif "cpu" in controllers.split(","):
            root, names = "/sys/fs/cgroup/cpu", ("cpu.cfs_quota_us", "cpu.cfs_period_us")
        else:
            continue
        parts = [part for part in path.split("/") if part]
        for depth in range(len(parts), -1, -1):
            folder = "/".join([root, *parts[:depth]])
            words = " ".join(read(f"{folder}/{name}") for name in names).split()
            # "max 100000" and "-1 100000" are no limits.
            if len(words) == 2 and words[0].isdigit() and words[1].isdigit() and int(words[1]):
                least = min(least, int(words[0]) // int(words[1]))
    return max(1, least)
