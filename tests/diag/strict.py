# args: --strict
def opened(path: str) -> int:
    with open(path) as file:
        return len(file.read())


def joined(n: int) -> str:
    return f"{n}"


def fine(n: int) -> int:
    return n + 1


def untyped(x):
    return x
