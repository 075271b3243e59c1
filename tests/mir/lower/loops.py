def total(n: int) -> int:
    s = 0
    for i in range(n):
        s += i
    return s


def last(n: int) -> int:
    i = -1
    for i in range(0, n, 3):
        pass
    return i


def find(n: int, wanted: int) -> int:
    for i in range(n):
        if i * i == wanted:
            break
    else:
        return -1
    return i


def collatz(n: int) -> int:
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


def steps(a: int, b: int, c: int) -> int:
    s = 0
    for i in range(a, b, c):
        s = s ^ i
    return s


def down(a: int, b: int) -> int:
    s = 0
    for i in range(a, b, -2):
        s = s * 10 + i
    return s


def backwards(n: int) -> int:
    s = 0
    for k, i in enumerate(reversed(range(0, n, 2)), 1):
        s += k * i
    return s


def pairs(n: int) -> int:
    s = 0
    for i, j in zip(range(n), range(10, 0, -1)):
        s += i * j
    return s


def forever(n: int) -> int:
    while True:
        n += 1
        if n % 7 == 0:
            return n
        if n > 100:
            break
    return -n


def unbound(n: int) -> int:
    for i in range(n):
        x = i
    return x


def nested(n: int) -> int:
    count = 0
    for i in range(n):
        for j in range(i):
            if j == 3:
                continue
            if i == 6:
                break
            count += 1
        else:
            count += 100
    return count


# run: total(10)
# run: last(10)
# run: last(0)
# run: find(10, 49)
# run: find(10, 50)
# run: collatz(27)
# run: steps(0, 10, 3)
# run: steps(10, 0, -3)
# run: steps(0, 10, 0)
# run: steps(9223372036854775800, 9223372036854775807, 9223372036854775807)
# run: steps(-9223372036854775808, 9223372036854775807, 9223372036854775807)
# run: down(9, 0)
# run: backwards(9)
# run: pairs(20)
# run: forever(1)
# run: forever(101)
# run: unbound(3)
# run: unbound(0)
# run: nested(8)
