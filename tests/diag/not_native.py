from snek import native, parallel


@native
def evaluated(text: str) -> int:
    return eval(text)


@native
def lists(n: int) -> int:
    values = [i for i in range(n)]
    return len(values)


@parallel
def caught(n: int) -> int:
    try:
        return 1 // n
    except ZeroDivisionError:
        return 0


@native
def unannotated(a, b):
    return a + b


def plain(text: str) -> str:
    return text.upper()
