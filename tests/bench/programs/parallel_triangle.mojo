from max.algorithm import parallelize

from arrays import pieces


@export("parallel_triangle")
def parallel_triangle(n: Int, threads: Int) abi("C") -> Int:
    var founds = List[Int](length=n, fill=0)

    def row(i: Int) {mut founds, imm}:
        var found = 0
        for j in range(i):
            var a = i
            var b = j
            while b != 0:
                var t = a % b
                a = b
                b = t
            if a == 1:
                found += 1
        founds[i] = found

    parallelize(row, n, pieces(n, threads))
    var total = 0
    for i in range(n):
        total += founds[i]
    return total
