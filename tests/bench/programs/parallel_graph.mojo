from max.algorithm import parallelize

from arrays import Floats, Ints, pieces


@export("parallel_graph")
def parallel_graph(
    starts: Ints,
    n1: Int,
    targets: Ints,
    edges: Int,
    values: Floats,
    n2: Int,
    result: Floats,
    n: Int,
    threads: Int,
) abi("C"):
    def vertex(v: Int) {imm}:
        var first = Int(starts[v])
        var last = Int(starts[v + 1])
        var total = 0.0
        for e in range(first, last):
            total += values[Int(targets[e])]
        result[v] = total / Float64(last - first)

    parallelize(vertex, n, pieces(n, threads))
