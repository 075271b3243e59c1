"""The functions whose call is measured."""

from snek import Array1D, f64, native


@native
def scalar(x: float) -> float:
    return x + 1.0


@native
def array(a: Array1D[f64], x: float) -> float:
    return x + 1.0
