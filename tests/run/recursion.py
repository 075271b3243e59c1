"""Recursive functions, which are unfolded into themselves: results, and exceptions at every level."""

from snek import Array1D, f64, i64


def fibonacci(n: int) -> int:
    if n < 2:
        return n
    return fibonacci(n - 1) + fibonacci(n - 2)


def one_expression(n: int) -> int:
    return n if n < 2 else one_expression(n - 1) + one_expression(n - 2)


def ackermann(m: int, n: int) -> int:
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


def queens(all: int, columns: int, left: int, right: int) -> int:
    if columns == all:
        return 1
    count = 0
    free = all & ~(columns | left | right)
    while free != 0:
        bit = free & -free
        free ^= bit
        count += queens(all, columns | bit, ((left | bit) << 1) & all, (right | bit) >> 1)
    return count


def countdown(n: int, bad: int) -> int:
    if n == bad:
        raise ValueError("reached")
    if n <= 0:
        return 100 // (n - bad)
    return countdown(n - 1, bad) + 1


def growing(n: int, x: int) -> int:
    if n == 0:
        return x
    return growing(n - 1, x * 3) + growing(n - 1, 1)


def total(a: Array1D[f64], low: int, high: int) -> float:
    if high - low == 1:
        return float(a[low])
    middle = (low + high) // 2
    return total(a, low, middle) + total(a, middle, high)


def quicksort(a: Array1D[i64], low: int, high: int) -> None:
    while low < high:
        pivot = a[(low + high) // 2]
        i = low
        j = high
        while i <= j:
            while a[i] < pivot:
                i += 1
            while a[j] > pivot:
                j -= 1
            if i <= j:
                t = a[i]
                a[i] = a[j]
                a[j] = t
                i += 1
                j -= 1
        quicksort(a, low, j)
        low = i


def hanoi(n: int, a: int, b: int, c: int, moves: Array1D[i64]) -> int:
    if n == 0:
        return 0
    before = hanoi(n - 1, a, c, b, moves)
    moves[before % len(moves)] += a * 3 + c
    return before + 1 + hanoi(n - 1, b, a, c, moves)


def both(n: int) -> tuple[int, float]:
    if n < 1:
        return n, 0.5
    a, x = both(n - 1)
    b, y = both(n - 2)
    return a + b, x - y * 0.5


def endless(n: int) -> int:
    if n == -1:
        return 0
    return endless(n + 1) + endless(n + 2)


CASES = [
    "[fibonacci(n) for n in range(-3, 23)]",
    "[one_expression(n) for n in range(-3, 23)]",
    "[[ackermann(m, n) for m in range(3)] for n in range(6)]",
    "ackermann(2, 50)",
    "[queens((1 << n) - 1, 0, 0, 0) for n in range(1, 8)]",
    "[countdown(n, -1) for n in range(12)]",
    "countdown(0, 0)",
    "countdown(1, 0)",
    "countdown(4, 3)",
    "countdown(5, 0)",
    "countdown(9, 2)",
    "countdown(17, 1)",
    "[growing(n, 2) for n in range(10)]",
    "total(np.array([0.1 * k for k in range(37)]), 0, 37)",
    "total(np.array([1.5]), 0, 1)",
    "total(np.array([0.1 * k for k in range(5)]), 0, 8)",
    "total(np.array([0.1 * k for k in range(5)]), 5, 6)",
    "a = np.array([(k * 7919) % 101 for k in range(67)]); quicksort(a, 0, 66)",
    "a = np.zeros(7, np.int64); hanoi(9, 0, 1, 2, a)",
    "hanoi(3, 0, 1, 2, np.zeros(0, np.int64))",
    "[both(n) for n in range(12)]",
    "endless(0)",
]
