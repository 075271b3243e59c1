"""Loops that stay scalar: values carried from store to load, masked products, sums that cannot overflow, found places."""

from snek import Array1D, Array2D, f64, i64, u8


def running(a: Array1D[i64], out: Array1D[i64]) -> None:
    for i in range(1, len(out)):
        out[i] = out[i - 1] + a[i]


def backwards(a: Array1D[f64], start: int) -> None:
    for i in range(start, -1, -1):
        a[i] = a[i + 1] * 0.5 + 1.0


def from_offset(a: Array1D[i64], start: int, stop: int) -> None:
    for i in range(start, stop):
        a[i + 1] = int(a[i]) * 3 + 1


def strides_of_two(a: Array1D[f64]) -> None:
    for i in range(2, len(a), 2):
        a[i] = a[i - 2] + 0.25


def two_back(a: Array1D[f64]) -> None:
    for i in range(2, len(a)):
        a[i] = a[i - 2] + 0.25


def rows(a: Array2D[f64], r: int) -> None:
    for j in range(1, a.shape[1]):
        a[r, j] = a[r, j - 1] + 1.0


def gauss_seidel(a: Array2D[f64], rounds: int) -> None:
    for _ in range(rounds):
        for i in range(1, a.shape[0] - 1):
            for j in range(1, a.shape[1] - 1):
                a[i, j] = (a[i - 1, j] + a[i + 1, j] + a[i, j - 1] + a[i, j + 1]) * 0.25


def levenshtein(a: Array1D[u8], b: Array1D[u8], row: Array1D[i64]) -> int:
    for j in range(len(b) + 1):
        row[j] = j
    for i in range(len(a)):
        diagonal = int(row[0])
        row[0] = i + 1
        for j in range(len(b)):
            change = diagonal if a[i] == b[j] else diagonal + 1
            diagonal = int(row[j + 1])
            row[j + 1] = min(change, diagonal + 1, int(row[j]) + 1)
    return int(row[len(b)])


def generator(n: int, seed: int) -> tuple[int, int]:
    hits = 0
    for _ in range(n):
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        x = seed
        seed = (seed * 1103515245 + 12345) % 2147483648
        if x < seed:
            hits += 1
    return hits, seed


def fixed_generator(n: int) -> int:
    state = 12345
    for _ in range(n):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
    return state


def seen_generator(n: int) -> int:
    state = 1
    total = 0
    for _ in range(n):
        total ^= state >> 3
        state = (state * 5 + 3) & 0xFF
    return total * 1000 + state


def bytes_summed(a: Array1D[u8], start: int) -> int:
    total = start
    for i in range(len(a)):
        total += int(a[i])
    return total


def counted(a: Array1D[u8]) -> int:
    count = 0
    k = 2
    while k < len(a):
        count += int(a[k]) - 3
        k += 1
    return count


def squares_below(n: int) -> int:
    i = 0
    while i * i < n:
        i += 1
    return i


def argmin(a: Array1D[f64]) -> int:
    best = 0
    for i in range(1, len(a)):
        if a[i] < a[best]:
            best = i
    return best


def last_place(a: Array1D[f64], first: int) -> float:
    best = first
    for i in range(len(a)):
        if a[i] < a[best]:
            best = i
    return float(a[best])


def collatz(n: int) -> int:
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


def tripled(a: Array1D[i64], out: Array1D[i64]) -> None:
    for i in range(len(a)):
        x = int(a[i])
        out[i] = 3 * x + 7 if x % 2 == 1 else x // 2


def places(n: int) -> int:
    return 1 << n


def negative_places(n: int) -> int:
    return (-3 << n) + (0 << n)


def blocks(a: Array1D[f64]) -> float:
    total = 0.0
    for block in range(len(a) // 4):
        base = block * 4
        for k in range(4):
            total += a[base + k] * k
    return total


def caught(function, *arguments):
    """The documented error, also where CPython goes on."""
    try:
        value = function(*arguments)
    except OverflowError:
        return "OverflowError"
    values = value if isinstance(value, tuple) else (value,)
    fits = all(v is None or -(2**63) <= v < 2**63 for v in values)
    return value if fits else "OverflowError"


def raised(out: Array1D[i64], start: int, n: int) -> None:
    for i in range(start, n):
        out[i] = int(out[i]) * 3 + int(out[i - 1])


def any_seed(seed: int, n: int) -> int:
    high = 0
    for _ in range(n):
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        if seed > 0x3FFFFFFF:
            high += 1
    return high


def last_seed(seed: int, n: int) -> int:
    for _ in range(n):
        seed = (seed * 69069 + 1) % 65536
    return seed


def greatest(a: Array1D[f64]) -> tuple[int, float]:
    place = 0
    for i in range(len(a)):
        if a[i] >= a[place]:
            place = i
    return place, float(a[place])


CASES = [
    "out = np.arange(9); running(np.arange(9), out)",
    "out = np.arange(1); running(np.arange(9), out)",
    "out = np.arange(0); running(np.arange(0), out)",
    "out = np.arange(9); running(np.arange(5), out)",
    "a = np.arange(30); running(a, a)",
    "a = np.arange(30); running(a[1:], a[:-1])",
    "a = np.arange(30); running(a[:-1], a[1:])",
    "a = np.arange(30); running(a[::-1], a)",
    "a = np.arange(30); running(a[::2], a[1::2])",
    *(f"a = np.arange({n}, dtype=float); backwards(a, {n} - 2)" for n in (1, 2, 3, 17)),
    "a = np.arange(5.0); backwards(a, 4)",
    "a = np.arange(5.0); backwards(a, -1)",
    *(
        f"a = np.arange(12); from_offset(a, {s}, {t})"
        for s in (-3, 0, 4, 11, 12, 40)
        for t in (-1, 0, 7, 11, 14)
    ),
    "a = np.full(60, 7); caught(from_offset, a, 0, 59), a[30]",
    *(f"a = np.arange({n}.0); strides_of_two(a); two_back(a)" for n in range(9)),
    *(f"a = np.arange(12.0).reshape(3, 4); rows(a, {r})" for r in (-4, -1, 0, 2, 3)),
    "a = np.arange(12.0).reshape(3, 4).T; rows(a, 1)",
    "a = np.zeros((3, 0)); rows(a, 1)",
    "a = np.zeros((0, 3)); rows(a, 0)",
    "a = np.arange(42.0).reshape(6, 7) ** 0.5; gauss_seidel(a, 3)",
    "a = (np.arange(42.0).reshape(6, 7) ** 0.5)[::-1, ::-2]; gauss_seidel(a, 3)",
    "row = np.zeros(9, np.int64);"
    " levenshtein(np.frombuffer(b'kitten', np.uint8), np.frombuffer(b'sittings', np.uint8), row)",
    "row = np.zeros(8, np.int64);"
    " levenshtein(np.frombuffer(b'kitten', np.uint8), np.frombuffer(b'sittings', np.uint8), row)",
    "row = np.zeros(1, np.int64);"
    " levenshtein(np.frombuffer(b'abc', np.uint8), np.zeros(0, np.uint8), row)",
    *(f"generator({n}, {seed})" for n in (0, 1, 2, 67) for seed in (0, 12345, -7, 2**31, -(2**30))),
    "[fixed_generator(n) for n in range(6)]",
    "[seen_generator(n) for n in range(40)]",
    *(f"caught(bytes_summed, np.full({n}, 255, np.uint8), 2**63 - 256)" for n in (0, 1, 2, 67)),
    "bytes_summed(np.full(67, 255, np.uint8), -(2**63))",
    "bytes_summed(np.broadcast_to(np.uint8(255), 67), 5)",
    "[counted(np.arange(n).astype(np.uint8)) for n in range(68)]",
    "[squares_below(n) for n in (-5, 0, 1, 2, 24, 25, 26, 10**9)]",
    *(f"argmin(np.cos(np.arange({n}.0)))" for n in range(0, 68, 3)),
    "argmin(np.array([nan, 1.0, 0.5]))",
    "argmin(np.array([1.0, nan, -0.0, 0.0]))",
    *(f"last_place(np.array([3.0, 1.0, 2.0]), {k})" for k in (-4, -3, -1, 0, 2, 3)),
    "last_place(np.zeros(0), 0)",
    "[collatz(n) for n in range(1, 40)]",
    "collatz(837799), collatz(8400511), collatz(63728127), collatz(670617279)",
    "collatz(2**31 - 1), collatz(2**31 + 1), collatz(2**61)",
    "out = np.zeros(6, np.int64);"
    " tripled(np.array([-3, 2**30 - 1, 2**31 + 1, -(2**31) - 1, 7, 0]), out)",
    *(
        f"out = np.zeros(2, np.int64); caught(tripled, np.array([1, {x}]), out), out"
        for x in (
            "3074457345618258599",
            "3074457345618258603",
            "3074457345618258601 + 2",
            "2**63 - 2",
            "2**63 - 1",
            "-(2**63)",
            "-(2**63) + 1",
            "-3074457345618258601",
            "-3074457345618258611",
        )
    ),
    *(f"places({n}), negative_places({n})" for n in (0, 1, 60, 61)),
    *(f"caught(places, {n})" for n in (62, 63, 64, 200, -1)),
    *(f"caught(negative_places, {n})" for n in (62, 63, 64, 200, -1)),
    *(f"blocks(np.arange({n}.0))" for n in range(0, 14)),
]
CASES += [
    f"(out := np.arange(12), raised(out, {start}, {n}))"
    for start in (-3, 0, 1, 5, 12, 13)
    for n in (-1, 1, 12, 13, 20)
]
CASES += [
    "(out := np.array([2**62, 2**62, 1, 2]), caught(raised, out, 1, 4))",
    "(out := np.array([5, 2**60, 1, 2]), caught(raised, out, 1, 4))",
    "(out := np.array([5, 1, 2**62, 2]), caught(raised, out, 1, 4))",
    "(out := np.arange(40), raised(out[::-3], 1, 14), out)",
]
CASES += [
    f"{f}({seed}, {n})"
    for f in ("any_seed", "last_seed")
    for seed in (0, 42, -7, 2**30, 2**30 + 1, -(2**30) - 1, 2**31, -(2**32))
    for n in (-1, 0, 1, 2, 9)
]
CASES += [
    "greatest(np.arange(40) * 7 % 31 / 2)",
    "greatest(np.array([1.0, nan, 3.0, nan, 2.0]))",
    "greatest(np.array([nan, 1.0]))",
    "greatest(np.zeros(0))",
]
