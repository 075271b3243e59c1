from snek import Array1D, Array2D, f64, native, u8


@native
def unknown_type(a: Array2D[f46]) -> int:
    return 1


@native
def conflicting(flag: bool) -> float:
    if flag:
        value = 1
    else:
        value = 2.5
    return value


@native
def arity(n: int) -> int:
    return unary(n, n)


@native
def unary(n: int) -> int:
    return n


@native
def wrong_rank(a: Array2D[f64]) -> float:
    return a[0]


@native
def operands(a: Array1D[u8], b: Array1D[u8]) -> int:
    return a + b


@native
def undefined(n: int) -> int:
    return n + nowhere


@native
def narrowing(x: float) -> int:
    return x
