from arrays import Floats


@export("floyd_warshall")
def floyd_warshall(d: Floats, n: Int, n2: Int) abi("C"):
    for k in range(n):
        for i in range(n):
            for j in range(n):
                var through = d[i * n + k] + d[k * n + j]
                if through < d[i * n + j]:
                    d[i * n + j] = through
