"""What type checkers see: NumPy's types, `range`, and decorators that keep signatures."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from threading import Lock as Lock
from typing import Any, Generic, Literal, ParamSpec, SupportsIndex, TypeAlias, TypeVar, overload

import numpy
from numpy import complex64 as c64
from numpy import complex128 as c128
from numpy import float32 as f32
from numpy import float64 as f64
from numpy import int8 as i8
from numpy import int16 as i16
from numpy import int32 as i32
from numpy import int64 as i64
from numpy import uint8 as u8
from numpy import uint16 as u16
from numpy import uint32 as u32
from numpy import uint64 as u64

from . import atomic as atomic
from . import random as random

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

__version__: str

_P = ParamSpec("_P")
_T = TypeVar("_T")
_A = TypeVar("_A")
_B = TypeVar("_B")
_F = TypeVar("_F", bound=Callable[..., object])
_S = TypeVar("_S", bound=numpy.generic)

Array: TypeAlias = numpy.ndarray[tuple[Any, ...], numpy.dtype[_S]]
Array1D: TypeAlias = numpy.ndarray[tuple[int], numpy.dtype[_S]]
Array2D: TypeAlias = numpy.ndarray[tuple[int, int], numpy.dtype[_S]]
Array3D: TypeAlias = numpy.ndarray[tuple[int, int, int], numpy.dtype[_S]]
Array4D: TypeAlias = numpy.ndarray[tuple[int, int, int, int], numpy.dtype[_S]]

@overload
def native(function: _F, /) -> _F: ...
@overload
def native(*, strict_math: bool = False, fastmath: bool = False) -> Callable[[_F], _F]: ...
@overload
def parallel(function: _F, /) -> _F: ...
@overload
def parallel(
    *, strict_math: bool = False, fastmath: bool = False, auto: bool = True
) -> Callable[[_F], _F]: ...

_Schedule: TypeAlias = Literal["auto", "static", "dynamic", "guided"]

@overload
def prange(
    stop: SupportsIndex,
    /,
    *,
    schedule: _Schedule = ...,
    chunk: SupportsIndex | None = ...,
    threads: SupportsIndex | None = ...,
    collapse: int | None = ...,
    progress: str | None = ...,
    unchecked: bool = ...,
) -> range: ...
@overload
def prange(
    start: SupportsIndex,
    stop: SupportsIndex,
    step: SupportsIndex = ...,
    /,
    *,
    schedule: _Schedule = ...,
    chunk: SupportsIndex | None = ...,
    threads: SupportsIndex | None = ...,
    collapse: int | None = ...,
    progress: str | None = ...,
    unchecked: bool = ...,
) -> range: ...
class Task(Generic[_A]):
    def done(self) -> bool: ...
    def join(self, timeout: float | None = None) -> _A: ...

def spawn(function: Callable[_P, _A], /, *args: _P.args, **kwargs: _P.kwargs) -> Task[_A]: ...
def parallel_map(function: Callable[[_B], _A], items: Iterable[_B], /) -> list[_A]: ...
async def run(function: Callable[_P, _A], /, *args: _P.args, **kwargs: _P.kwargs) -> _A: ...
def join(
    left: Callable[[], _A], right: Callable[[], _B], /, *, unchecked: bool = False
) -> tuple[_A, _B]: ...
def num_threads() -> int: ...
def set_num_threads(count: SupportsIndex, /) -> None: ...
def threads(count: SupportsIndex, /) -> AbstractContextManager[object]: ...
def thread_index() -> int: ...

class _Reduction(Generic[_T]):
    identity: _T
    def __call__(self, a: _T, b: _T, /) -> _T: ...

def reduction(identity: _T, combine: Callable[[_T, _T], _T]) -> _Reduction[_T]: ...
