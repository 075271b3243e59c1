# strict
"""With `--strict`, annotated functions must be native."""


def annotated(x: str) -> int:  # error: N001 "must be native (`--strict`)"
    return 1


def conflict(c: bool) -> int:
    if c:
        x = 1
    else:
        x = 1.0
    return int(x)  # error: T014


def plain(x):
    return eval(x)
