"""Arrays as the programs are passed them, and what the C library calculates."""

from std.ffi import external_call


struct Array[type: DType](TrivialRegisterPassable):
    """The address of an array. Subscripts are not checked."""

    var address: Pointer[Scalar[Self.type], MutUntrackedOrigin]

    @always_inline
    def __getitem__(self, index: Int) -> Scalar[Self.type]:
        return self.address[unsafe_offset=index]

    @always_inline
    def __setitem__(self, index: Int, value: Scalar[Self.type]):
        self.address[unsafe_offset=index] = value


comptime Bytes = Array[DType.uint8]
comptime Words = Array[DType.uint32]
comptime Ints32 = Array[DType.int32]
comptime Ints = Array[DType.int64]
comptime Floats32 = Array[DType.float32]
comptime Floats = Array[DType.float64]


def pieces(n: Int, threads: Int) -> Int:
    """In how many pieces threads share `n` iterations that differ: of 16 each."""
    return 1 if threads == 1 else max(n // 16, threads)


@always_inline
def exp(x: Float64) -> Float64:
    """The function of `std.math` is exact to eleven digits only."""
    return external_call["exp", Float64](x)
