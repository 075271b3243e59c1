@export("queens")
def queens(n: Int, columns: Int, left: Int, right: Int) abi("C") -> Int:
    var full = (1 << n) - 1
    if columns == full:
        return 1
    var count = 0
    var free = full & ~(columns | left | right)
    while free != 0:
        var bit = free & -free
        free -= bit
        count += queens(n, columns | bit, (left | bit) << 1, (right | bit) >> 1)
    return count
