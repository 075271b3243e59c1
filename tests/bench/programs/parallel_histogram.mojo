from max.algorithm import parallelize

from arrays import Bytes, Ints


@export("histogram_in_parts")
def histogram_in_parts(
    image: Bytes, h: Int, w: Int, bins: Ints, m: Int, parts: Ints, n: Int, m1: Int, threads: Int
) abi("C"):
    def count(part: Int) {imm}:
        for y in range(part * h // n, (part + 1) * h // n):
            for x in range(w):
                parts[part * m + Int(image[y * w + x])] += 1

    parallelize(count, n, threads)
    for part in range(n):
        for k in range(m):
            bins[k] += parts[part * m + k]
