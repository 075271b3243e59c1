from max.algorithm import parallelize


@always_inline
def steps_from(start: Int) -> Int:
    var x = start
    var steps = 0
    while x != 1:
        if x % 2 == 0:
            x //= 2
        else:
            x = 3 * x + 1
        steps += 1
    return steps


@export("collatz")
def collatz(n: Int) abi("C") -> Int:
    var longest = 0
    for start in range(1, n):
        longest = max(longest, steps_from(start))
    return longest


@export("collatz_parallel")
def collatz_parallel(n: Int, threads: Int) abi("C") -> Int:
    var longest = List[Int](length=threads, fill=0)

    def piece(t: Int) {mut longest, imm}:
        var most = 0
        for start in range(max(t * n // threads, 1), (t + 1) * n // threads):
            most = max(most, steps_from(start))
        longest[t] = most

    parallelize(piece, threads, threads)
    return max(longest[0], longest[threads - 1])
