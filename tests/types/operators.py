"""What operators give."""

from snek import Array1D, Array2D, c64, f32, f64, i8, i64, native, u8, u64


@native
def python(n: int, x: float, b: bool, z: complex) -> None:
    reveal_type(n + n)  # revealed: int
    reveal_type(n / n)  # revealed: float
    reveal_type(n // 2)  # revealed: int
    reveal_type(n + x)  # revealed: float
    reveal_type(b + b)  # revealed: int
    reveal_type(b & b)  # revealed: bool
    reveal_type(b & n)  # revealed: int
    reveal_type(-b)  # revealed: int
    reveal_type(~n)  # revealed: int
    reveal_type(not x)  # revealed: bool
    reveal_type(z * n)  # revealed: complex
    reveal_type(n < x)  # revealed: bool
    reveal_type(z == n)  # revealed: bool
    reveal_type(1 < n < x)  # revealed: bool
    reveal_type(n**2)  # revealed: int
    reveal_type(n**-2)  # revealed: float
    reveal_type(2**3)  # revealed: int
    reveal_type(x**n)  # revealed: float
    reveal_type(int(n**n))  # revealed: int
    reveal_type(float(n**n))  # revealed: float
    reveal_type((1, 2) + (x,))  # revealed: tuple[int, int, float]
    reveal_type(n in (1, 2))  # revealed: bool
    reveal_type(x is None)  # revealed: bool
    for i in range(n):
        reveal_type(2**i)  # revealed: int


@native
def fixed(a: u8, b: i8, c: f32, d: f64, e: i64, f: u64, g: c64) -> None:
    reveal_type(a + 1)  # revealed: u8
    reveal_type(a + b)  # revealed: i16
    reveal_type(a / a)  # revealed: f64
    reveal_type(a + 1.0)  # revealed: f64
    reveal_type(c + 1.0)  # revealed: f32
    reveal_type(c + d)  # revealed: f64
    reveal_type(d + 1)  # revealed: f64
    reveal_type(e + f)  # revealed: f64
    reveal_type(g + d)  # revealed: c128
    reveal_type(a << 1)  # revealed: u8
    reveal_type(a**2)  # revealed: u8
    reveal_type(f < e)  # revealed: bool
    reveal_type(True + a)  # revealed: u8


@native
def wrong(n: int, x: float, z: complex, a: Array2D[f64], u: u8) -> None:
    n & x  # error: T004
    z < z  # error: T004
    z % z  # error: T004
    n @ n  # error: T004
    a + 1  # error: T004
    n**n  # error: T013
    ~x  # error: T004
    u + 300  # error: T016 "Python integer 300 out of bounds for uint8"
    -9223372036854775808
    n + 9223372036854775808  # error: T016
    if a:  # error: T004
        pass
    n is n  # error: N001
    n in a  # error: N001


@native
def stores(a: Array1D[u8], b: Array1D[f64], c: Array1D[bool], n: int, x: float, u: u8) -> None:
    a[0] = n
    a[-1] = 255
    a[1] = 256  # error: T016
    a[2] = x  # error: T015
    a[3] = True
    b[0] = n
    b[1] = u
    b[2] = x
    b[3] = 1j  # error: T015
    c[0] = n > 1
    c[1] = n  # error: T015
    a[n] += 1
    b[n // 2] *= x
    a[0, 1] = 2  # error: T007
    a[x] = 1  # error: T005
    n[0] = 1  # error: T007
    a[:] = 0  # error: N001 "assigns to many elements"
