"""`all` of an array."""


def all(a: vector) -> bool:
    for x in a:
        if not x:
            return False
    return True
