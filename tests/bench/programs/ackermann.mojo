@export("ackermann")
def ackermann(m: Int, n: Int) abi("C") -> Int:
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))
