@export("fib")
def fib(n: Int) abi("C") -> Int:
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)
