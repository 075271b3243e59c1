"""Types that are unknown, and types that native code has no values of."""

from collections.abc import Sequence
from typing import Optional

import numpy as np
import snek
from snek import Array1D, Array2D, native, u8


class Thing:
    pass


@native
def slip(a: Aray2D[u8], b: flaot, c: snek.u9) -> None: ...  # error: T002 "unknown type `Aray2D`"; error: T002 "unknown type `flaot`"; error: T002 "snek has no type `u9`"


@native
def missing_import(a: Array3D[u8], b: f32) -> None: ...  # error: T002; error: T002


@native
def incomplete(a: Array2D, b: np.ndarray, c: tuple, d: Array2D[u8, 2]) -> None: ...  # error: T002; error: N001; error: N001; error: T002


@native
def elements(a: Array2D[str]) -> None: ...  # error: N001


@native
def python(a: str, b: list[int], c: Optional[int], d: int | None, e: Thing, f: Sequence[int]) -> None: ...  # error: N001 "`str`"; error: N001 "`list`"; error: N001 "`Optional`"; error: N001 "union"; error: N001 "class `Thing`"; error: N001 "`Sequence`"


@native
def ranks(a: np.ndarray[tuple[int, int, int, int, int], np.dtype[np.uint8]]) -> None: ...  # error: N001 "5 dimensions"


@native
def open_rank(a: np.typing.NDArray[np.float64]) -> None: ...  # error: N001 "left open"


@native
def open_tuple(a: tuple[int, ...]) -> None: ...  # error: N001 "unknown length"


@native
def returns_array(a: Array2D[u8]) -> Array2D[u8]:
    return a


@native
def returns_view(a: Array2D[u8]) -> Array1D[u8]:
    return a[0]  # error: N001 "returns an array that is not one of its parameters"


@native
def returns_other(a: Array1D[u8], b: Array1D[u8]) -> Array1D[u8]:
    a = b
    return a  # error: N001 "returns an array that is not one of its parameters"


@native
def unannotated(a, b: int) -> None: ...  # error: N002 "parameter `a`"


def quiet(a: str) -> int:  # help: N003 "parameter `a`, which is of the type `str`"
    return 1


def spelled(a: Array2D[u88]) -> int:  # warning: T002
    return 1
