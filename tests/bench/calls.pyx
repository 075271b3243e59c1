# cython: language_level=3, boundscheck=False
"""The functions whose call is measured, in Cython."""


def scalar(double x) -> float:
    return x + 1.0


def array(double[:] a, double x) -> float:
    return x + 1.0
