from arrays import Bytes, Ints


@export("histogram")
def histogram(data: Bytes, n: Int, bins: Ints, m: Int) abi("C"):
    for i in range(m):
        bins[i] = 0
    for i in range(n):
        bins[Int(data[i])] += 1
