from snek import parallel, prange


@parallel
def sums(n: int) -> tuple[int, float, complex, int]:
    a = 0
    b = 1.0
    c = 0j
    d = 0
    for i in prange(n):
        a += i * i
        b *= 1.5
        c += complex(i, 1)
        if i % 3 == 0:
            d ^= i
    return a, b, c, d


@parallel
def extremes(n: int) -> tuple[int, int, bool, bool]:
    low = 100
    high = -100
    all_small = True
    some_large = False
    for i in prange(0, n, 2):
        x = (i * 7) % 11
        low = min(low, x)
        if x > high:
            high = x
        all_small = all_small and x < 10
        some_large = some_large or x > 9
    return low, high, all_small, some_large


@parallel
def product(n: int) -> complex:
    z = 1 + 0j
    for i in prange(n):
        z *= complex(i, 1)
    return z


# run: sums(10)
# run: extremes(9)
# run: extremes(0)
# run: product(5)
