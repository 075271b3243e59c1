"""Changes of array elements that iterations of a ``prange`` may make at the same time.

Each function changes one element in one step and returns what it was before:
``atomic.add(hist, b, 1)``, ``atomic.max(image, y, x, value)``, with an index
for each dimension.  Compiled, each is one instruction (or a short loop of
them); in CPython a lock does the same.  Integers wrap as NumPy's arrays do.

Sums of floats depend on the order of the iterations: where results must be the
same each time, update elements plainly (``hist[b] += x``), which ``prange``
recognises as a reduction.
"""

from _thread import allocate_lock as _allocate_lock

__all__ = [
    "add",
    "and_",
    "compare_exchange",
    "exchange",
    "max",
    "min",
    "or_",
    "sub",
    "xor",
]

_lock = _allocate_lock()


def _place(array, index):
    rank = getattr(array, "ndim", 1)
    if len(index) != rank:
        raise TypeError(f"an array of {rank} dimensions takes {rank} indices, not {len(index)}")
    return index[0] if rank == 1 else index


def _as_element(array, value):
    # As the array would hold it: numpy.uint8(300) raises, as storing it would.
    dtype = getattr(array, "dtype", None)
    if dtype is None or dtype.kind == "b":
        return value
    return dtype.type(value)


def _change(array, arguments, new):
    *index, value = arguments
    place = _place(array, tuple(index))
    value = _as_element(array, value)
    with _lock:
        old = array[place]
        array[place] = new(old, value)
    return old


def _wrapping(new):
    def change(old, value):
        numpy = type(old).__module__ == "numpy" and getattr(old, "dtype", None)
        if not numpy or old.dtype.kind not in "iu":
            return new(old, value)
        bits = 8 * old.dtype.itemsize
        exact = new(int(old), int(value)) & ((1 << bits) - 1)
        if old.dtype.kind == "i" and exact >> (bits - 1):
            exact -= 1 << bits
        return exact

    return change


_plus = _wrapping(lambda old, value: old + value)
_minus = _wrapping(lambda old, value: old - value)


def add(array, *index_and_value):
    """``array[index] += value``; returns the value before."""
    return _change(array, index_and_value, _plus)


def sub(array, *index_and_value):
    """``array[index] -= value``; returns the value before."""
    return _change(array, index_and_value, _minus)


def min(array, *index_and_value):
    """``array[index] = value`` if that is less; returns the value before."""
    return _change(array, index_and_value, lambda old, value: value if value < old else old)


def max(array, *index_and_value):
    """``array[index] = value`` if that is greater; returns the value before."""
    return _change(array, index_and_value, lambda old, value: value if value > old else old)


def and_(array, *index_and_value):
    """``array[index] &= value``; returns the value before."""
    return _change(array, index_and_value, lambda old, value: old & value)


def or_(array, *index_and_value):
    """``array[index] |= value``; returns the value before."""
    return _change(array, index_and_value, lambda old, value: old | value)


def xor(array, *index_and_value):
    """``array[index] ^= value``; returns the value before."""
    return _change(array, index_and_value, lambda old, value: old ^ value)


def exchange(array, *index_and_value):
    """``array[index] = value``; returns the value before."""
    return _change(array, index_and_value, lambda old, value: value)


def _bits(value):
    return value.tobytes() if hasattr(value, "tobytes") else value


def compare_exchange(array, *arguments):
    """``array[index] = value`` if it is ``expected``; returns the value before.

    Called as ``compare_exchange(array, index, expected, value)``.  Floats are
    compared by their bits, so that a NaN is found again.
    """
    *index, expected, value = arguments
    place = _place(array, tuple(index))
    expected, value = _as_element(array, expected), _as_element(array, value)
    with _lock:
        old = array[place]
        if _bits(old) == _bits(expected):
            array[place] = value
    return old
