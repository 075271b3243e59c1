"""Loops of which a part can be in lanes and a part cannot: they may become two, but nobody must notice."""

import numpy as np
from snek import Array1D, f64, i64, native


def heavy(x: f64) -> f64:
    return (x * x + 1.0) / (x * x + 2.0) + (x + 3.0) / (x * x + 5.0)


@native
def scatter(a: Array1D[f64], at: Array1D[i64], out: Array1D[f64]) -> None:
    for i in range(len(a)):
        out[at[i]] += heavy(a[i])


@native
def chain(a: Array1D[f64], out: Array1D[f64]) -> float:
    state = f64(1.0)
    for i in range(len(a)):
        y = heavy(a[i]) / heavy(a[i] + 1.0)
        state = 0.5 * state + y
        out[i] = state
    return state


@native
def two_values(a: Array1D[f64], b: Array1D[f64], out: Array1D[f64]) -> float:
    state = f64(1.0)
    for i in range(1, len(a) - 1):
        x = heavy(a[i - 1]) / (1.0 + heavy(a[i + 1]))
        y = heavy(b[i]) / (1.0 + heavy(b[i] - 1.0))
        if state > 4.0:
            state = x
        else:
            state = state + y
        out[i] = state
    return state


@native
def raises(a: Array1D[f64], least: float, out: Array1D[f64]) -> float:
    state = f64(1.0)
    for i in range(len(a)):
        if a[i] < least:
            raise ValueError("too small")
        y = heavy(a[i]) / (1.0 + heavy(a[i] - 1.0))
        state = 0.5 * state + y
        out[i] = state
    return state


@native
def in_place(a: Array1D[f64]) -> float:
    state = f64(1.0)
    for i in range(1, len(a)):
        y = heavy(a[i]) / (1.0 + heavy(a[i] - 1.0))
        state = 0.5 * state + y
        a[i - 1] = state
    return state


@native
def in_place_ahead(a: Array1D[f64]) -> float:
    state = f64(1.0)
    for i in range(len(a) - 1):
        y = heavy(a[i]) / (1.0 + heavy(a[i] - 1.0))
        state = 0.5 * state + y
        a[i + 1] = state
    return state


@native
def stores_beside(a: Array1D[f64], at: Array1D[i64], out: Array1D[f64], bins: Array1D[i64]) -> None:
    for i in range(len(a)):
        out[i] = heavy(a[i]) * 0.5 + a[i]
        bins[at[i] & 7] += 1


@native
def returns(a: Array1D[f64], limit: float) -> float:
    state = f64(1.0)
    for i in range(len(a)):
        y = heavy(a[i]) / (1.0 + heavy(a[i] - 1.0))
        state = 0.9 * state + y
        if state > limit:
            return float(i)
    return -1.0


@native
def rows(a: Array1D[f64], n: int, out: Array1D[f64]) -> None:
    for r in range(n):
        state = f64(r)
        for i in range(len(a)):
            y = heavy(a[i] + f64(r)) / (1.0 + heavy(a[i] - 1.0))
            state = 0.5 * state + y
            out[i] += state


def data(n):
    return (np.arange(n) * 7 % 11) * 0.25 - 1.0


def places(n, m):
    return np.arange(n) * 5 % m


@native
def reads_ahead(a: Array1D[i64], out: Array1D[bool], b: Array1D[i64], c: Array1D[i64]) -> int:
    # What the next iteration stores must not be there yet.
    most = 0
    for i in range(1, len(out)):
        out[i] = a[i] > 1
        b[i] = c[i]
        most = max(most, int(b[i + 1]))
    return most


CASES = [
    *(
        f"a = np.arange({n}); out = np.zeros({n}, bool); b = np.arange({n} + 2) ** 3 % 1000; "
        f"reads_ahead(a, out, b, np.zeros({n}, int))"
        for n in (0, 1, 2, 9, 40, 300, 600)
    ),
    *(f"out = np.zeros(9); scatter(data({n}), places({n}, 9), out)" for n in (0, 1, 31, 32, 300)),
    "out = np.zeros(9); scatter(data(300), places(300, 10), out)",
    "out = np.zeros(9); scatter(data(300), places(200, 9), out)",
    "out = np.zeros(900); scatter(out[300:700], places(400, 9), out)",
    "a = data(700); scatter(a[300:], places(400, 9), a[301:])",
    *(f"out = np.zeros({n}); chain(data({n}), out)" for n in (0, 1, 31, 32, 33, 256, 257, 600)),
    "out = np.zeros(500); chain(data(600), out)",
    "a = data(600); chain(a, a)",
    "a = data(600); chain(a[:500], a[1:501])",
    "a = data(600); chain(a[1:501], a[:500])",
    "out = np.zeros(300); chain(data(600)[::2], out[::-1])",
    *(f"out = np.zeros({n}); two_values(data({n}), data({n}), out)" for n in (0, 2, 40, 600)),
    "out = np.zeros(600); two_values(data(600), data(500), out)",
    *(f"out = np.zeros(600); raises(data(600), {x}, out)" for x in (-2.0, -0.9, 1.0)),
    "out = np.zeros(600); a = data(600); a[400] = -9.0; raises(a, -2.0, out)",
    "out = np.zeros(300); a = data(600); a[400] = -9.0; raises(a, -2.0, out)",
    *(
        f"a = data({n}); {f}(a)"
        for n in (0, 1, 40, 300, 600)
        for f in ("in_place", "in_place_ahead")
    ),
    *(
        f"out, bins = np.zeros({m}), np.zeros(8, 'i8'); stores_beside(data(300), places(300, 9), out, bins)"
        for m in (300, 299)
    ),
    "a = data(400); stores_beside(a[:300], places(300, 9), a[1:301], places(8, 9))",
    "p = places(400, 9); stores_beside(data(300), p[:300], np.zeros(300), p[100:108])",
    *(f"returns(data(600), {x})" for x in (0.5, 2.0, 5.0, 1e9)),
    *(f"out = np.zeros(300); rows(data({n}), 3, out)" for n in (0, 20, 300, 310)),
]
