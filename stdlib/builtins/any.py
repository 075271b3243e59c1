"""`any` of an array."""


def any(a: vector) -> bool:
    for x in a:
        if x:
            return True
    return False
