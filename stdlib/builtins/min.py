"""`min` of two values of one type, and of an array."""


@intrinsic("raise.MinEmpty")
def _raise_empty() -> NoReturn: ...


@overload
def min(a: vector):
    if len(a) == 0:
        _raise_empty()
    least = a[0]
    for i in range(1, len(a)):
        if a[i] < least:
            least = a[i]
    return least


@overload
def min(a, b):
    return b if b < a else a
