from std.math import erf, log, sqrt

from arrays import Floats, exp


@export("black_scholes")
def black_scholes(
    spot: Floats,
    n: Int,
    strike: Floats,
    n1: Int,
    years: Floats,
    n2: Int,
    call: Floats,
    n3: Int,
    put: Floats,
    n4: Int,
    rate: Float64,
    volatility: Float64,
) abi("C"):
    for i in range(n):
        var s = spot[i]
        var k = strike[i]
        var t = years[i]
        var spread = volatility * sqrt(t)
        var d1 = (log(s / k) + (rate + 0.5 * volatility * volatility) * t) / spread
        var d2 = d1 - spread
        var n_1 = 0.5 * (1.0 + erf(d1 * 0.7071067811865476))
        var n_2 = 0.5 * (1.0 + erf(d2 * 0.7071067811865476))
        var discounted = k * exp(-rate * t)
        call[i] = s * n_1 - discounted * n_2
        put[i] = discounted * (1.0 - n_2) - s * (1.0 - n_1)
