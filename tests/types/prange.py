"""Private variables, reductions, and what is neither."""

from snek import Array1D, Array2D, f64, i64, native, parallel, prange, u8


@parallel
def fine(a: Array1D[f64], m: Array2D[u8], n: int) -> float:
    total = 0.0
    product = 1.0
    least = 1e9
    most = a[0]
    count = 0
    found = False
    every = True
    bits = 0
    diff = 0.0
    for i in prange(1, n, 2):
        x = a[i] * 2
        total += x
        total = total + 1.0
        product *= x
        least = min(least, a[i])
        if a[i] > most:
            most = a[i]
        if x > 1:
            count += 1
        found = found or x > 3
        every = every and x > 3
        bits |= i
        diff -= x
        for j in range(3):
            s = 0
            for k in range(j):
                s += int(m[j, k])
            total += s
        if x > 9:
            continue
        y = 3
        count += y
    reveal_type(total)  # revealed: f64
    return total + product + least + most + count + bits + diff + found + every


@parallel
def carried(a: Array1D[f64]) -> float:
    last = 0.0
    total = 0.0
    both = 0.0
    for i in prange(len(a)):
        a[i] = last  # error: R002 "`last` is carried"
        last = a[i]
        total += a[i]
        a[i] = total  # error: R002 "`total` is reduced"
        both += 1
        both *= 2  # error: R002 "reduced in two ways"
    return 1.0


@parallel
def after(a: Array1D[f64]) -> float:
    t = 0.0
    for i in prange(len(a)):
        t = a[i]
    print(i)  # error: R002 "`i` is used after the `prange`"
    return t  # error: R002 "`t` is used after the `prange`"


@parallel
def leaves(a: Array1D[f64]) -> int:
    for i in prange(len(a)):
        if a[i] > 1:
            break  # error: R004 "`break`"
        for j in range(3):
            if j == 2:
                break
            if j == 1:
                return i  # error: R004 "`return`"
    for i in prange(3):
        pass
    else:
        print(1)  # error: R004 "`else`"
    for i, j in enumerate(prange(3)):  # error: R004
        pass
    return 1


@parallel
def nested(m: Array2D[f64]) -> float:
    total = 0.0
    h, w = m.shape
    for y in prange(h):
        for x in prange(w):
            total += m[y, x]
    return total


def undecorated(a: Array1D[f64]) -> float:
    last = 0.0
    for i in prange(len(a)):
        last = last * a[i] + 1  # error: R002
    return last


def python(a: Array1D[f64]) -> str:  # help: N003
    for i in prange(len(a)):
        print(f"{i}")
    return ""


@parallel
def maybe(a: Array1D[f64]) -> None:
    for i in prange(len(a)):
        if a[i] > 0:
            x = a[i]
        a[i] = x  # error: R002


@parallel
def declared(a: Array1D[f64], b: Array1D[i64]) -> float:
    total: float = 0.0
    best: float = 0.0
    least: float = 9.0
    count: int = 0
    for i in prange(len(a)):
        total += a[i]
        if a[i] > best:
            best = a[i]
        least = min(least, a[i])
        count += b[i]
    return total + best + least + count


@parallel
def collapsed(m: Array2D[f64], n: int) -> None:
    for i in prange(n, collapse=2):
        for j in range(m.shape[1]):
            m[i, j] = 1.0
    for i in prange(n, collapse=2):
        m[i, 0] = 1.0  # error: R004 "wants a `for` loop"
    for i in prange(n, collapse=2):
        for j in range(i):  # error: R004 "depend on `i`"
            m[i, j] = 1.0
    for i in prange(n, collapse=2):
        c = 1.0
        for j in range(n):  # error: R004 "nothing between"
            m[i, j] = c
    for i in prange(n, collapse=2):
        for j in prange(n, chunk=3):  # error: R004 "plain `range`"
            m[i, j] = 1.0
    for i in prange(n, collapse=0):  # error: R004 "at least 1, not 0"
        m[i, 0] = 1.0
    for i in prange(n, collapse=n):  # error: R004 "no small number"
        m[i, 0] = 1.0
    for i in prange(n, collapse=2):
        for j in range(n):
            if j > 3:
                break  # error: R004 "`break`"
            m[i, j] = 1.0


@parallel(auto=False)
def left_alone(a: Array1D[f64]) -> None:
    for i in range(len(a)):
        a[i] = 1.0


@parallel(automatic=True)  # error: T003 "no option `automatic`"
def unknown_option(a: Array1D[f64]) -> None:
    a[0] = 1.0


@parallel(auto=len)  # error: T003 "known when the function is compiled"
def unknown_value(a: Array1D[f64]) -> None:
    a[0] = 1.0
