"""`join`: two tasks in native code; values, exceptions, prints and writes are those of the order."""

from snek import Array1D, f32, f64, i64, join, native, parallel, prange, u8


def fib(n: int) -> int:
    if n < 2:
        return n
    a, b = join(lambda: fib(n - 1), lambda: fib(n - 2))
    return a + b


def total(a: Array1D[f64], lo: int, hi: int) -> float:
    if hi - lo <= 8:
        s = 0.0
        for i in range(lo, hi):
            s += a[i]
        return s
    mid = (lo + hi) // 2
    left, right = join(lambda: total(a, lo, mid), lambda: total(a, mid, hi))
    return left + right


def insertion(a: Array1D[i64], lo: int, hi: int) -> None:
    for i in range(lo + 1, hi):
        x = a[i]
        j = i - 1
        while j >= lo and a[j] > x:
            a[j + 1] = a[j]
            j -= 1
        a[j + 1] = x


def merge_sort(a: Array1D[i64], spare: Array1D[i64], lo: int, hi: int) -> None:
    if hi - lo <= 16:
        insertion(a, lo, hi)
        return
    mid = (lo + hi) // 2
    join(
        lambda: merge_sort(a, spare, lo, mid),
        lambda: merge_sort(a, spare, mid, hi),
        unchecked=True,
    )
    i, j = lo, mid
    for k in range(lo, hi):
        if i < mid and (j >= hi or a[i] <= a[j]):
            spare[k] = a[i]
            i += 1
        else:
            spare[k] = a[j]
            j += 1
    for k in range(lo, hi):
        a[k] = spare[k]


@native
def kinds(x: float, n: int) -> tuple[float, bool, int, complex, float, int]:
    a, b = join(lambda: -x, lambda: n > 3)
    c, d = join(lambda: n * 2, lambda: complex(x, -0.0))
    e, f = join(lambda: f32(x), lambda: u8(200) + u8(n))
    return a, b, c, d, float(e), int(f)


def one() -> int:
    return 1


def nothing() -> None:
    pass


@native
def functions(n: int) -> tuple[int, int]:
    a, b = join(one, lambda: (n, one()))
    join(nothing, nothing)
    pair = join(lambda: n + 1, one)
    return a + b[0] + b[1], pair[0] * 100 + pair[1]


def inverse(n: int) -> int:
    if n == 0:
        raise ValueError("zero")
    return 100 // n


@native
def fails(a: int, b: int) -> int:
    x, y = join(lambda: inverse(a), lambda: inverse(b) // (b - 5))
    return x + y


@native
def fails_in_the_lambda(a: int, b: int) -> int:
    x, y = join(
        lambda: 10 // a,
        lambda: 20 // b,
    )
    return x + y


def say(n: int) -> int:
    print("task", n)
    return n


@native
def prints(n: int) -> int:
    a, b = join(lambda: say(n), lambda: say(n + 1))
    return a + b


@native
def writes_apart(a: Array1D[f64], b: Array1D[f64], n: int) -> None:
    join(lambda: fill(a, n), lambda: fill(b, n + 1))


def fill(a: Array1D[f64], n: int) -> None:
    for i in range(len(a)):
        a[i] = n + i


@parallel
def in_prange(out: Array1D[i64]) -> None:
    for i in prange(len(out)):
        a, b = join(lambda: fib(i % 12), lambda: fib(i % 7))
        out[i] = a * 1000 + b


def deep(n: int) -> int:
    a, b = join(lambda: deep(n + 1), lambda: 0)
    return a + b


CASES = [
    *(f"fib({n})" for n in (0, 1, 2, 5, 12, 17)),
    *(f"total(np.cos(np.arange({n})), 0, {n})" for n in (0, 1, 9, 100, 5000)),
    *(
        f"a = np.arange({n}) * 7919 % 1009; merge_sort(a, a * 0, 0, {n}); a"
        for n in (0, 1, 16, 17, 100, 1000)
    ),
    *(f"kinds({x}, {n})" for x in ("0.0", "-0.0", "1.5", "nan", "-inf") for n in (0, 5)),
    "functions(4)",
    *(f"fails({a}, {b})" for a in (0, 4) for b in (0, 4, 5)),
    *(f"fails_in_the_lambda({a}, {b})" for a in (0, 3) for b in (0, 3)),
    "prints(3)",
    "a = np.zeros(5); b = np.zeros(6); writes_apart(a, b, 3)",
    "a = np.zeros(100, np.int64); in_prange(a); a",
]
