@export("monte_carlo")
def monte_carlo(n: Int, first: Int) abi("C") -> Float64:
    var seed = first
    var inside = 0
    for _ in range(n):
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        var x = Float64(seed) / 2147483648.0
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        var y = Float64(seed) / 2147483648.0
        if x * x + y * y <= 1.0:
            inside += 1
    return 4.0 * Float64(inside) / Float64(n)
