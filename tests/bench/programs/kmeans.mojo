from arrays import Floats, Ints


@export("kmeans")
def kmeans(
    points: Floats,
    n: Int,
    d: Int,
    centres: Floats,
    m: Int,
    d1: Int,
    labels: Ints,
    n1: Int,
    sums: Floats,
    m1: Int,
    d2: Int,
    counts: Ints,
    m2: Int,
    steps: Int,
) abi("C"):
    for _ in range(steps):
        for c in range(m):
            counts[c] = 0
            for k in range(d):
                sums[c * d + k] = 0.0
        for i in range(n):
            var nearest = 0
            var least = 1e300
            for c in range(m):
                var distance = 0.0
                for k in range(d):
                    var delta = points[i * d + k] - centres[c * d + k]
                    distance += delta * delta
                if distance < least:
                    least = distance
                    nearest = c
            labels[i] = Int64(nearest)
            counts[nearest] += 1
            for k in range(d):
                sums[nearest * d + k] += points[i * d + k]
        for c in range(m):
            if counts[c] > 0:
                for k in range(d):
                    centres[c * d + k] = sums[c * d + k] / Float64(counts[c])
