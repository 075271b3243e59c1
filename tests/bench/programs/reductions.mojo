from max.algorithm import parallelize

from arrays import Floats


# Not inlined, as a caller from another file would find them.
@no_inline
def dot(a: Floats, first: Int, last: Int, b: Floats) -> Float64:
    var total = 0.0
    for i in range(first, last):
        total += a[i] * b[i]
    return total


@no_inline
def array_sum(a: Floats, first: Int, last: Int) -> Float64:
    var total = 0.0
    for i in range(first, last):
        total += a[i]
    return total


def parallel_dot(a: Floats, n: Int, b: Floats, threads: Int) -> Float64:
    var totals = List[Float64](length=threads, fill=0.0)

    def piece(t: Int) {mut totals, imm}:
        totals[t] = dot(a, t * n // threads, (t + 1) * n // threads, b)

    parallelize(piece, threads, threads)
    return totals[0] + totals[1]


def parallel_sum(a: Floats, n: Int, threads: Int) -> Float64:
    var totals = List[Float64](length=threads, fill=0.0)

    def piece(t: Int) {mut totals, imm}:
        totals[t] = array_sum(a, t * n // threads, (t + 1) * n // threads)

    parallelize(piece, threads, threads)
    return totals[0] + totals[1]


@export("dot_often")
def dot_often(
    a: Floats, n: Int, b: Floats, n2: Int, times: Int, threads: Int
) abi("C") -> Float64:
    var total = 0.0
    for k in range(times):
        a[k % n] += 1.0
        total += dot(a, 0, n, b) if threads == 1 else parallel_dot(a, n, b, threads)
    return total


@export("array_sum_often")
def array_sum_often(
    a: Floats, n: Int, b: Floats, n2: Int, times: Int, threads: Int
) abi("C") -> Float64:
    var total = 0.0
    for k in range(times):
        a[k % n] += 1.0
        total += array_sum(a, 0, n) if threads == 1 else parallel_sum(a, n, threads)
    return total
