"""What an iteration stores and a later one loads, with other stores of the loop between that hit it or miss it."""

from snek import Array1D, Array2D, f64, i64


def dithered(a: Array2D[f64]) -> None:
    h, w = a.shape
    for y in range(h - 1):
        for x in range(1, w - 1):
            old = a[y, x]
            new = 255.0 if old > 127.5 else 0.0
            a[y, x] = new
            error = old - new
            a[y, x + 1] += error * 7.0 / 16.0
            a[y + 1, x - 1] += error * 3.0 / 16.0
            a[y + 1, x] += error * 5.0 / 16.0
            a[y + 1, x + 1] += error * 1.0 / 16.0


def written_later(a: Array1D[f64]) -> None:
    for i in range(len(a) - 2):
        a[i + 1] = a[i] * 0.5 + 1.0
        a[i + 2] = 7.0


def written_again(a: Array1D[f64]) -> None:
    for i in range(len(a) - 1):
        a[i + 1] = a[i] * 0.5 + 1.0
        a[i + 1] = a[i + 1] + 3.0


def written_before(a: Array1D[f64]) -> None:
    for i in range(len(a) - 1):
        a[i] = a[i] + 5.0
        a[i + 1] = a[i] * 0.5


def written_first(a: Array1D[f64]) -> None:
    for i in range(len(a) - 1):
        a[i] = 5.0
        t = a[i]
        a[i + 1] = t + a[i + 1]


def written_behind(a: Array1D[f64]) -> None:
    for i in range(1, len(a) - 1):
        t = a[i] * 0.5 + 1.0
        a[i - 1] = 9.0
        a[i + 1] = t + a[i + 1]


def two_before(a: Array1D[f64]) -> None:
    for i in range(2, len(a) - 1):
        t = a[i - 2] + a[i - 1]
        a[i + 1] = 2.0
        a[i] = t * 0.5
        a[i - 1] = t + 1.0


def backward(a: Array1D[i64]) -> None:
    for i in range(len(a) - 2, 0, -1):
        a[i + 1] = 3
        a[i - 1] = a[i] * 2 - a[i + 1]


def by_two(a: Array1D[f64]) -> None:
    for i in range(0, len(a) - 3, 2):
        a[i + 1] = 1.0
        a[i + 2] = a[i] * 0.5 + a[i + 1]
        a[i + 3] = 4.0


def rows(a: Array2D[f64], k: int) -> None:
    h, w = a.shape
    if k < 0 or k >= h:
        return
    for y in range(1, h - 1):
        for x in range(w - 1):
            t = a[y, x] * 0.5 + 1.0
            a[y - 1, x] = t
            a[k, x] = 8.0
            a[y + 1, x + 1] = t + 2.0
            a[y, x + 1] = t


def two_arrays(a: Array1D[f64], b: Array1D[f64]) -> None:
    for i in range(min(len(a), len(b)) - 1):
        t = a[i] * 0.5 + 1.0
        a[i + 1] = t
        b[i + 1] = t + 1.0


def in_branch(a: Array1D[f64]) -> None:
    for i in range(len(a) - 1):
        t = a[i] * 0.5 + 1.0
        a[i + 1] = t
        if t > 2.0:
            a[i + 1] = -1.0


def changed(function, *arguments):
    function(*arguments)
    return arguments


LINES = (
    "written_later",
    "written_again",
    "written_before",
    "written_first",
    "written_behind",
    "two_before",
    "by_two",
)
LENGTHS = (0, 1, 2, 3, 4, 5, 8, 9, 33)
CASES = [
    *(f"changed({name}, np.arange({n}) / 4)" for name in (*LINES, "in_branch") for n in LENGTHS),
    *(
        f"changed({name}, np.arange(40.0)[::{step}])"
        for name in (*LINES, "in_branch")
        for step in (2, -1, -3)
    ),
    *(
        f"changed({name}, np.lib.stride_tricks.as_strided(np.arange(9.0), (9,), (0,)))"
        for name in LINES
    ),
    *(f"changed(backward, np.arange({n}))" for n in LENGTHS),
    *(
        f"changed(dithered, np.arange({h * w}).reshape({h}, {w}) * 3.7 % 255)"
        for h in (0, 1, 2, 5)
        for w in (0, 2, 3, 9)
    ),
    "changed(dithered, (np.arange(120).reshape(10, 12) * 7.3 % 255)[::2, ::-1])",
    "changed(dithered, np.lib.stride_tricks.as_strided(np.arange(60.0), (5, 9), (8, 8)))",
    *(f"changed(rows, np.arange(42.0).reshape(6, 7), {k})" for k in range(-1, 7)),
    *(
        f"a = np.arange(30.0); changed(two_arrays, a[{x}], a[{y}])"
        for x in (":9", "1:")
        for y in (":9", "1:", "2:20")
    ),
]
