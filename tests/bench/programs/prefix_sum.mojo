from arrays import Ints


@export("prefix_sum")
def prefix_sum(a: Ints, n: Int, result: Ints, n2: Int) abi("C"):
    var total: Int64 = 0
    for i in range(n):
        total += a[i]
        result[i] = total
