from arrays import Bytes, Words


@always_inline
def rotate(x: UInt32, n: UInt32) -> UInt32:
    return x >> n | x << (32 - n)


@export("sha256")
def sha256(
    data: Bytes, n: Int, k: Words, n1: Int, w: Words, n2: Int, state: Words, n3: Int
) abi("C"):
    for block in range(0, n, 64):
        for t in range(16):
            var word: UInt32 = 0
            for byte in range(4):
                word = word << 8 | UInt32(data[block + 4 * t + byte])
            w[t] = word
        for t in range(16, 64):
            var x = w[t - 15]
            var y = w[t - 2]
            var s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >> 3)
            var s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >> 10)
            w[t] = w[t - 16] + s0 + w[t - 7] + s1
        var a = state[0]
        var b = state[1]
        var c = state[2]
        var d = state[3]
        var e = state[4]
        var f = state[5]
        var g = state[6]
        var h = state[7]
        for t in range(64):
            var s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
            var t1 = h + s1 + ((e & f) ^ (~e & g)) + k[t] + w[t]
            var s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
            var t2 = s0 + ((a & b) ^ (a & c) ^ (b & c))
            h = g
            g = f
            f = e
            e = d + t1
            d = c
            c = b
            b = a
            a = t1 + t2
        state[0] += a
        state[1] += b
        state[2] += c
        state[3] += d
        state[4] += e
        state[5] += f
        state[6] += g
        state[7] += h
