from max.algorithm import parallelize

from arrays import Ints32


@always_inline
def one_row(result: Ints32, y: Int, w: Int, ci: Float64, limit: Int) -> Int:
    var total = 0
    for x in range(w):
        var cr = 3.0 * Float64(x) / Float64(w) - 2.0
        var zr = 0.0
        var zi = 0.0
        var k = 0
        while k < limit and zr * zr + zi * zi <= 4.0:
            var t = zr * zr - zi * zi + cr
            zi = 2.0 * zr * zi + ci
            zr = t
            k += 1
        result[y * w + x] = Int32(k)
        total += k
    return total


@export("mandelbrot")
def mandelbrot(result: Ints32, h: Int, w: Int, limit: Int) abi("C") -> Int:
    var total = 0
    for y in range(h):
        total += one_row(result, y, w, 3.0 * Float64(y) / Float64(h) - 1.5, limit)
    return total


@export("mandelbrot_parallel")
def mandelbrot_parallel(result: Ints32, h: Int, w: Int, limit: Int, threads: Int) abi("C") -> Int:
    var totals = List[Int](length=h, fill=0)

    def row(y: Int) {mut totals, imm}:
        totals[y] = one_row(result, y, w, 3.0 * Float64(y) / Float64(h) - 1.5, limit)

    parallelize(row, h, threads)
    var total = 0
    for y in range(h):
        total += totals[y]
    return total
