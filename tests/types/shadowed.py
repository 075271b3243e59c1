"""Builtins that are something else here."""

from snek import Array1D, native, u8


def sum(values: Array1D[u8]) -> int:
    return 1


@native
def shadowed(a: Array1D[u8], len: int) -> None:
    reveal_type(sum(a))  # revealed: int
    len(a)  # error: N001 "calls the variable `len`"
