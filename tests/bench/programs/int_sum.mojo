from arrays import Ints


@export("int_sum")
def int_sum(a: Ints, n: Int) abi("C") -> Int64:
    var total: Int64 = 0
    for i in range(n):
        total += a[i]
    return total
