from arrays import Floats


@always_inline
def swap(a: Floats, i: Int, j: Int):
    var t = a[i]
    a[i] = a[j]
    a[j] = t


@export("fft")
def fft(
    re: Floats, n: Int, im: Floats, n1: Int, cosines: Floats, n2: Int, sines: Floats, n3: Int
) abi("C"):
    var j = 0
    for i in range(1, n):
        var bit = n >> 1
        while j & bit != 0:
            j ^= bit
            bit >>= 1
        j ^= bit
        if i < j:
            swap(re, i, j)
            swap(im, i, j)
    var half = 1
    while half < n:
        var step = n // (2 * half)
        for start in range(0, n, 2 * half):
            for k in range(half):
                var c = cosines[k * step]
                var s = sines[k * step]
                var a = start + k
                var b = a + half
                var x = re[b] * c - im[b] * s
                var y = re[b] * s + im[b] * c
                re[b] = re[a] - x
                im[b] = im[a] - y
                re[a] += x
                im[a] += y
        half *= 2
