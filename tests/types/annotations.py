"""Every spelling of a type."""

from __future__ import annotations

import typing
from typing import Annotated, Any, Final, Tuple

import numpy
import numpy as np
import numpy.typing as npt
import snek
import snek as s
from jaxtyping import Float32, Float64, UInt8
from snek import Array, Array1D, Array2D, Array3D, Array4D, c64, f64, u8

Image = Array2D[u8]
Alias: typing.TypeAlias = Image
type Row = Array1D[f64]
Pixel = u8


def scalars(a: int, b: float, c: bool, d: complex, e: u8, f: snek.i32, g: s.u64, h: np.float64) -> None:
    reveal_type(a)  # revealed: int
    reveal_type(b)  # revealed: float
    reveal_type(c)  # revealed: bool
    reveal_type(d)  # revealed: complex
    reveal_type(e)  # revealed: u8
    reveal_type(f)  # revealed: i32
    reveal_type(g)  # revealed: u64
    reveal_type(h)  # revealed: f64


def numpy_scalars(a: np.uint8, b: numpy.int16, c: np.float32, d: np.complex128, e: np.bool_, f: np.double) -> None:
    reveal_type(a)  # revealed: u8
    reveal_type(b)  # revealed: i16
    reveal_type(c)  # revealed: f32
    reveal_type(d)  # revealed: c128
    reveal_type(e)  # revealed: bool
    reveal_type(f)  # revealed: f64


def arrays(
    a: Array1D[f64],
    b: Array2D[u8],
    c: Array3D[np.int16],
    d: Array4D[bool],
    e: Array[f64, 2],
    f: f64[:, :],
    g: u8[:],
    h: np.float32[:, ::1],
    i: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    j: np.ndarray[Tuple[int], numpy.dtype[numpy.uint8]],
    k: Array1D[float],
    l: Array1D[int],
    m: snek.Array2D[c64],
) -> None:
    reveal_type(a)  # revealed: Array1D[f64]
    reveal_type(b)  # revealed: Array2D[u8]
    reveal_type(c)  # revealed: Array3D[i16]
    reveal_type(d)  # revealed: Array4D[bool]
    reveal_type(e)  # revealed: Array2D[f64]
    reveal_type(f)  # revealed: Array2D[f64]
    reveal_type(g)  # revealed: Array1D[u8]
    reveal_type(h)  # revealed: Array2D[f32]
    reveal_type(i)  # revealed: Array2D[f64]
    reveal_type(j)  # revealed: Array1D[u8]
    reveal_type(k)  # revealed: Array1D[f64]
    reveal_type(l)  # revealed: Array1D[i64]
    reveal_type(m)  # revealed: Array2D[c64]


def shapes(
    a: Annotated[Array2D[f64], "n m"],
    b: Float64[np.ndarray, "n m"],
    c: UInt8[np.ndarray, "3"],
    d: Float32[npt.NDArray[Any], "n _"],
    e: Annotated[int, "no shape"],
    f: Annotated[npt.NDArray[np.uint8], "n"],
) -> None:
    reveal_type(a)  # revealed: Array2D[f64]
    reveal_type(b)  # revealed: Array2D[f64]
    reveal_type(c)  # revealed: Array1D[u8]
    reveal_type(d)  # revealed: Array2D[f32]
    reveal_type(e)  # revealed: int
    reveal_type(f)  # revealed: Array1D[u8]


def others(a: "Array2D[u8]", b: tuple[int, float], c: Tuple[bool, "f64"], d: Image, e: Alias, f: Row, g: Pixel, h: tuple[()]) -> None:
    x: Final = 3
    y: Final[float] = 3
    reveal_type(a)  # revealed: Array2D[u8]
    reveal_type(b)  # revealed: tuple[int, float]
    reveal_type(c)  # revealed: tuple[bool, f64]
    reveal_type(d)  # revealed: Array2D[u8]
    reveal_type(e)  # revealed: Array2D[u8]
    reveal_type(f)  # revealed: Array1D[f64]
    reveal_type(g)  # revealed: u8
    reveal_type(h)  # revealed: tuple[()]
    reveal_type(x)  # revealed: int
    reveal_type(y)  # revealed: float


def any_rank(a: npt.NDArray[np.float64]):
    return a[0]


def caller(a: Array1D[f64]) -> float:
    return any_rank(a)
