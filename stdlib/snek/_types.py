"""The types that `snek` exports, made of NumPy's; loaded by `snek.__getattr__` on first use.

Without NumPy they are stand-ins that may be written in annotations and complain
when they are called, so that typed code on `array.array` runs without NumPy.
"""

_SCALARS = {
    "i8": "int8",
    "i16": "int16",
    "i32": "int32",
    "i64": "int64",
    "u8": "uint8",
    "u16": "uint16",
    "u32": "uint32",
    "u64": "uint64",
    "f32": "float32",
    "f64": "float64",
    "c64": "complex64",
    "c128": "complex128",
}

try:
    import numpy
except ModuleNotFoundError as error:
    if error.name != "numpy":
        raise
    numpy = None


if numpy is not None:

    class _Array:
        """`ArrayND[dtype]` at run time: the alias `numpy.ndarray[shape, numpy.dtype[dtype]]`."""

        def __init__(self, name, rank):
            self.__name__ = name
            self._rank = rank

        def __getitem__(self, parameters):
            rank = self._rank
            if rank is None:
                if not isinstance(parameters, tuple):
                    parameters = (parameters, None)
                if len(parameters) != 2:
                    raise TypeError(f"write Array[dtype, rank], not {len(parameters)} parameters")
                dtype, rank = parameters
            elif isinstance(parameters, tuple):
                raise TypeError(f"{self.__name__} takes one parameter, the element type")
            else:
                dtype = parameters
            shape = tuple[int, ...] if rank is None else tuple[(int,) * rank]
            return numpy.ndarray[shape, numpy.dtype[dtype]]

        def __repr__(self):
            return f"snek.{self.__name__}"

        def __reduce__(self):
            return self.__name__

    for _short, _long in _SCALARS.items():
        globals()[_short] = getattr(numpy, _long)
else:

    class _StandIn:
        """A type of NumPy's where there is no NumPy: fit for annotations only."""

        def __init__(self, name):
            self.__name__ = name

        def __getitem__(self, parameters):
            return _StandIn(f"{self.__name__}[{parameters!r}]")

        def __call__(self, *args, **kwargs):
            raise ModuleNotFoundError(
                f"snek.{self.__name__} needs NumPy to make values: pip install numpy", name="numpy"
            )

        def __or__(self, other):
            return self

        __ror__ = __or__

        def __repr__(self):
            return f"snek.{self.__name__}"

    def _Array(name, rank):
        return _StandIn(name)

    for _short in _SCALARS:
        globals()[_short] = _StandIn(_short)

Array = _Array("Array", None)
Array1D = _Array("Array1D", 1)
Array2D = _Array("Array2D", 2)
Array3D = _Array("Array3D", 3)
Array4D = _Array("Array4D", 4)
