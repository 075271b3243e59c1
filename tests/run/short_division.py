"""Quotients and rests of numbers around 32 bits, whose division is shorter where both are small."""


def divided(n: int, k: int) -> int:
    total = 0
    for i in range(n, n + 5):
        for j in range(k, k + 5):
            if i >= 0 and j > 0:
                total += i % j + i // j
    return total


def of_any_sign(n: int, k: int) -> int:
    total = 0
    for i in range(n, n + 5):
        for j in range(k, k + 5):
            if j != 0:
                total += i % j - i // j
    return total


def common(a: int, b: int) -> int:
    while b != 0:
        a, b = b, a % b
    return a


EDGES = [0, 1, 3, 2**16, 2**31 - 3, 2**32 - 3, 2**33, 2**40, 2**57]

CASES = [
    *(f"divided({n}, {k})" for n in EDGES for k in EDGES),
    *(f"of_any_sign({n}, {k})" for n in EDGES for k in EDGES),
    *(f"of_any_sign({-n}, {k})" for n in EDGES for k in EDGES),
    *(f"of_any_sign({n}, {-k})" for n in EDGES for k in EDGES),
    *(
        f"common({a}, {b})"
        for a in (0, 12, 2**32, 3**20, 2**62)
        for b in (0, 8, 2**31, 3**21, -(6**20))
    ),
]
