from arrays import Bytes


@export("sieve")
def sieve(flags: Bytes, n: Int) abi("C") -> Int:
    for i in range(n):
        flags[i] = 1
    var i = 2
    while i * i < n:
        if flags[i] != 0:
            for j in range(i * i, n, i):
                flags[j] = 0
        i += 1
    var count = 0
    for k in range(2, n):
        count += Int(flags[k])
    return count
