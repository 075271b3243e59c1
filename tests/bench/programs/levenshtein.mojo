from arrays import Bytes, Ints


@export("levenshtein")
def levenshtein(a: Bytes, n: Int, b: Bytes, m: Int, row: Ints, m1: Int) abi("C") -> Int64:
    for j in range(m + 1):
        row[j] = Int64(j)
    for i in range(n):
        var diagonal = row[0]
        row[0] = Int64(i + 1)
        for j in range(m):
            var change = diagonal if a[i] == b[j] else diagonal + 1
            diagonal = row[j + 1]
            row[j + 1] = min(min(change, diagonal + 1), row[j] + 1)
    return row[m]
