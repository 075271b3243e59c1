"""`max` of two values of one type, and of an array."""


@intrinsic("raise.MaxEmpty")
def _raise_empty() -> NoReturn: ...


@overload
def max(a: vector):
    if len(a) == 0:
        _raise_empty()
    most = a[0]
    for i in range(1, len(a)):
        if a[i] > most:
            most = a[i]
    return most


@overload
def max(a, b):
    return b if b > a else a
