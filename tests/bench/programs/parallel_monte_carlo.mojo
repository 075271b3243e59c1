from max.algorithm import parallelize


@export("parallel_monte_carlo")
def parallel_monte_carlo(games: Int, throws: Int, threads: Int) abi("C") -> Float64:
    var insides = List[Int](length=games, fill=0)

    def play(game: Int) {mut insides, imm}:
        var seed = (game * 7919 + 42) & 0x7FFFFFFF
        var inside = 0
        for _ in range(throws):
            seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
            var x = Float64(seed) / 2147483648.0
            seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
            var y = Float64(seed) / 2147483648.0
            if x * x + y * y <= 1.0:
                inside += 1
        insides[game] = inside

    parallelize(play, games, threads)
    var total = 0
    for game in range(games):
        total += insides[game]
    return 4.0 * Float64(total) / Float64(games * throws)
