"""Ahead-of-time compilation for typed Python.

Annotate a function, build its module with ``snekc build module.py``, and
``import module`` takes the compiled ``module.so``.  Without it the same file
runs in CPython: everything here is then plain Python and gives the same answers.

    from snek import parallel, prange, Array1D, f64

    @parallel
    def total(values: Array1D[f64]) -> float:
        result = 0.0
        for i in prange(len(values)):
            result += values[i]
        return result

Scalar types (``i8`` to ``i64``, ``u8`` to ``u64``, ``f32``, ``f64``, ``c64``,
``c128``) are NumPy's, and ``Array1D`` to ``Array4D`` are aliases of typed
``numpy.ndarray``.  They are made when first asked for, so that importing
``snek`` neither needs nor loads NumPy.
"""

from _thread import allocate_lock as Lock

__all__ = [
    "Array",
    "Array1D",
    "Array2D",
    "Array3D",
    "Array4D",
    "Lock",
    "Task",
    "atomic",
    "c64",
    "c128",
    "f32",
    "f64",
    "i8",
    "i16",
    "i32",
    "i64",
    "join",
    "native",
    "num_threads",
    "parallel",
    "parallel_map",
    "prange",
    "random",
    "reduction",
    "run",
    "set_num_threads",
    "spawn",
    "thread_index",
    "threads",
    "u8",
    "u16",
    "u32",
    "u64",
]


def native(function=None, /, *, strict_math=False, fastmath=False):
    """Demand that a function is compiled to native code.

    Used as ``@native`` or ``@native()``.  ``snekc`` compiles every annotated
    function that it can; with this decorator, whatever keeps the function from
    being native is a compile error that says why.  In CPython the function is
    returned as it is.

    With ``strict_math=True`` functions of ``math`` are the C library's in vectorised
    loops, too, where they may otherwise differ from it by one unit in the last place.

    With ``fastmath=True`` sums and products of floats in loops may be reordered, and a
    product that is added to something may be rounded once instead of twice.  The results
    are then not CPython's to the last bit, and not the same on every processor.
    """
    return native if function is None else function


def parallel(function=None, /, *, strict_math=False, fastmath=False, auto=True):
    """Demand native code whose ``prange`` loops run on all cores.

    Used as ``@parallel`` or ``@parallel()``.  As ``@native``, and loops over
    ``prange`` are checked for independent iterations and divided among threads.
    So are plain loops over ``range`` that are proved to give the same results and
    have enough work, unless ``auto=False``.
    In CPython the function is returned as it is, and ``prange`` is ``range``.
    """
    return parallel if function is None else function


def prange(
    *bounds,
    schedule="auto",
    chunk=None,
    threads=None,
    collapse=None,
    progress=None,
    unchecked=False,
):
    """A ``range`` whose iterations may run at the same time, in any order.

    ``prange(stop)``, ``prange(start, stop)`` and ``prange(start, stop, step)``
    mean what they mean for ``range``.  In compiled code the iterations are
    divided among threads; the compiler proves that they touch different memory
    or recognises a reduction (``total += x``, ``hist[b] += 1``), and refuses the
    loop otherwise.  In CPython this is ``range``.

    ``schedule`` says how iterations are dealt out: ``"static"`` (a share for
    each thread), ``"dynamic"`` (whoever is free takes the next ``chunk``),
    ``"guided"`` (whoever is free takes a part of what is left, at least a
    ``chunk``), ``"auto"``.  ``threads`` is how many may work on the loop.  None
    of these changes a result by a bit.
    ``collapse=2`` runs the loop and the one directly inside of it (a ``range`` or
    ``prange`` whose bounds do not depend on the outer loop) as one loop over all
    their iterations; more than two likewise.  Without it, that is done to nests of
    ``prange`` whose outer loop has few iterations.
    ``progress="label"`` shows a bar on a terminal while the compiled loop runs.
    ``unchecked=True`` turns the proof off: races are then the caller's matter.
    """
    if not isinstance(schedule, str):
        raise TypeError(f"schedule must be a str, not {type(schedule).__name__}")
    if schedule not in ("auto", "static", "dynamic", "guided"):
        raise ValueError(f"there is no schedule {schedule!r}")
    for name, value in (("chunk", chunk), ("threads", threads), ("collapse", collapse)):
        if value is not None and range(value).stop < 1:
            raise ValueError(f"{name} must be at least 1, not {value}")
    if progress is not None and not isinstance(progress, str):
        raise TypeError(f"progress must be a str, not {type(progress).__name__}")
    return range(*bounds)


def reduction(identity, combine):
    """A reduction of one's own for ``prange``: what ``combine`` does to two values.

    Made at module level and used as an update of one variable:

        longest = reduction(0, longer)  # longer(a: int, b: int) -> int
        for i in prange(n):
            best = longest(best, length(i))

    ``combine(a, b)`` must be associative, and ``identity``, a constant, must leave a
    value as it is.  Compiled, each part of the loop starts from ``identity`` and
    parts are combined in the order of the loop: ``a`` is of earlier iterations
    than ``b``.  Calling the reduction is calling ``combine``.
    """
    from functools import partial

    made = partial(combine)
    made.identity = identity
    return made


def join(left, right, /, *, unchecked=False):
    """``left()`` and ``right()``, as a pair: two tasks for divide and conquer.

        a, b = join(lambda: count(n - 1), lambda: count(n - 2))

    Compiled, both may run at the same time; where no thread is free, they run one
    after the other, as they do in CPython.  The compiler proves that they touch
    different memory, and refuses the call otherwise; ``unchecked=True`` turns that off.
    """
    return left(), right()


def num_threads():
    """How many threads a parallel loop may have that this thread runs.

    ``SNEK_NUM_THREADS`` or else ``OMP_NUM_THREADS`` in the environment, or else
    the processors that this process may use, unless ``set_num_threads`` or
    ``threads`` says otherwise.
    """
    from ._threads import num_threads

    return num_threads()


def set_num_threads(count, /):
    """Set how many threads parallel loops have in this process."""
    from ._threads import set_num_threads

    set_num_threads(count)


def threads(count, /):
    """``with snek.threads(2):`` sets how many threads loops of this Python thread have."""
    from ._threads import threads

    return threads(count)


def thread_index():
    """The number of the thread that runs this.

    In a compiled loop it is from 0 to ``num_threads() - 1``, elsewhere 0.  Threads
    that work on one loop have different numbers.
    """
    return 0


def __getattr__(name):
    # Types come from NumPy and are made on demand (PEP 562): the import of this
    # package must stay cheap, and programs on `array.array` need no NumPy.
    if name in ("atomic", "random"):
        from importlib import import_module

        return import_module(f"snek.{name}")
    if name in ("Task", "parallel_map", "run", "spawn"):
        from . import _tasks

        value = globals()[name] = getattr(_tasks, name)
        return value
    if name in __all__:
        from . import _types

        value = globals()[name] = getattr(_types, name)
        return value
    if name == "__version__":
        from importlib.metadata import version

        value = globals()[name] = version("snek")
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__, "__version__"})
