from arrays import Floats


@export("argmin")
def argmin(a: Floats, n: Int) abi("C") -> Int:
    var best = 0
    for i in range(1, n):
        if a[i] < a[best]:
            best = i
    return best
