def check(n: int) -> int:
    assert n > 0, "must be positive"
    assert n < 100, n
    if n == 7:
        raise ValueError("seven", n)
    if n == 8:
        raise KeyError
    return n


def show(n: int, x: float) -> None:
    print("n =", n, n > 3, None, (n, n > 1), sep="; ")
    print()


def fact(n: int) -> int:
    return 1 if n < 2 else n * fact(n - 1)


def even(n: int) -> bool:
    return n == 0 or odd(n - 1)


def odd(n: int) -> bool:
    return n != 0 and even(n - 1)


# run: check(3)
# run: check(0)
# run: check(100)
# run: check(8)
# run: show(5, 1.5)
# run: fact(10)
# run: fact(20)
# run: even(11)
