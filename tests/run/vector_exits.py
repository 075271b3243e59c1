"""Loops in lanes that raise or are left in the middle: at the right iteration, with all earlier writes done and no later."""

from snek import Array1D, Array2D, f64, i64, u8


def shifted(x: Array1D[i64], y: Array1D[i64], k: int) -> None:
    for i in range(len(x)):
        y[i + k] = x[i] * 3 + 1


def through(index: Array1D[i64], x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(index)):
        out[i] = x[index[i]] * 0.5


def reciprocals(x: Array1D[i64], out: Array1D[f64]) -> None:
    for i in range(len(x)):
        out[i] = 1.0 / int(x[i])


def quotients(x: Array1D[i64], y: Array1D[i64], out: Array1D[i64]) -> None:
    for i in range(len(x)):
        out[i] = int(x[i]) // int(y[i])


def positive(x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(x)):
        if x[i] < 0.0:
            raise ValueError("negative")
        out[i] = x[i] * 2.0


def named(x: Array1D[i64]) -> int:
    n = 0
    for i in range(len(x)):
        if x[i] == 13:
            raise ValueError(n)
        n += 1
    return n


def find(x: Array1D[u8], value: int) -> int:
    for i in range(len(x)):
        if int(x[i]) == value:
            return i
    return -1


def first_large(x: Array1D[f64], limit: float) -> tuple[int, float]:
    at = -1
    value = 0.0
    for i in range(len(x)):
        if x[i] > limit:
            at = i
            value = float(x[i])
            break
    return at, value


def all_sorted(x: Array1D[i64]) -> bool:
    for i in range(1, len(x)):
        if x[i - 1] > x[i]:
            return False
    return True


def until(x: Array1D[i64], stop: int) -> int:
    s = 0
    for i in range(len(x)):
        if x[i] == stop:
            break
        s ^= int(x[i])
    return s


def some_checked(x: Array1D[i64], y: Array1D[f64], limit: int) -> None:
    for i in range(len(x)):
        if x[i] > limit:
            y[x[i]] = 1.5


def rows(a: Array2D[f64], index: Array1D[i64], out: Array1D[f64]) -> None:
    for i in range(len(index)):
        s = 0.0
        for j in range(a.shape[1]):
            s += a[index[i], j]
        out[i] = s


def stores_first(x: Array1D[i64], y: Array1D[i64], k: int) -> None:
    for i in range(len(x)):
        x[i] = x[i] + 1
        y[i + k] = x[i]


def outcome(f, *arguments):
    """What a call gives or raises, and the arrays afterwards."""
    try:
        result = f(*arguments)
    except (ArithmeticError, LookupError, ValueError) as error:
        result = f"{type(error).__name__}: {error}"
    return result, [a.tolist() if hasattr(a, "tolist") else a for a in arguments]


_X = "np.arange({n}) * 7919 % 1009 - 500"
CASES = []
for n in (0, 1, 7, 8, 9, 16, 31, 40, 67):
    x = _X.format(n=n)
    CASES += [
        f"outcome(shifted, {x}, np.zeros({m}, int), {k})"
        for m in (n, n + 3, max(n - 5, 0))
        for k in (0, 1, -1, -4)
    ]
    CASES += [f"outcome(stores_first, {x}, np.zeros({n}, int), {k})" for k in (0, 2)]
    for at in {0, 5, 8, 15, n - 1}:
        if not 0 <= at < n:
            continue
        put = f"np.put(x := np.arange(1, {n + 1}), {at}, {{}}) or x"
        CASES += [
            f"outcome(through, {put.format(v)}, np.arange({n + 1}.), np.zeros({n}))"
            for v in (n + 1, -1, -n - 2)
        ]
        CASES += [
            f"outcome(reciprocals, {put.format(0)}, np.zeros({n}))",
            f"outcome(quotients, {x}, {put.format(0)}, np.zeros({n}, int))",
            f"outcome(quotients, {x}, {put.format(-1)}, np.zeros({n}, int))",
            f"outcome(positive, ({put.format(-3)}) / 2, np.zeros({n}))",
            f"outcome(named, 100 + ({put.format(-87)}))",
            f"outcome(find, ({put.format(200)}).astype(np.uint8), 200)",
            f"outcome(first_large, ({put.format(500)}) / 3, 50.0)",
            f"outcome(all_sorted, {put.format(-3)})",
            f"outcome(until, {put.format(-3)}, -3)",
            f"outcome(some_checked, {put.format(n + 9)}, np.zeros({n + 1}), 2)",
            f"outcome(rows, np.arange({3 * n + 3}.).reshape(-1, 3), {put.format(n + 1)}, np.zeros({n}))",
        ]
    CASES += [
        f"outcome(find, np.zeros({n}, np.uint8), 1)",
        f"outcome(first_large, np.full({n}, np.nan), 1.0)",
        f"outcome(all_sorted, np.arange({n})[::-1])",
        f"outcome(positive, np.full({n}, np.nan)[::-1], np.zeros({n}))",
    ]
