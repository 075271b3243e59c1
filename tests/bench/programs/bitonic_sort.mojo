from arrays import Ints32


@export("bitonic_sort")
def bitonic_sort(a: Ints32, n: Int) abi("C"):
    var k = 2
    while k <= n:
        var j = k // 2
        while j > 0:
            for i in range(n):
                var other = i ^ j
                if other > i and (a[i] > a[other]) == (i & k == 0):
                    var t = a[i]
                    a[i] = a[other]
                    a[other] = t
            j //= 2
        k *= 2
