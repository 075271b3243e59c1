"""Arguments of compiled functions: those that fit, and what is said to the others."""

import array
import math

import numpy as np
import pytest

SOURCE = """
from snek import Array1D, Array2D, f32, f64, i32, u8

def scale(a: Array1D[f64], k: float) -> None:
    for i in range(len(a)):
        a[i] *= k

def total(a: Array2D[i32]) -> int:
    result = 0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            result += int(a[i, j])
    return result

def read(a: Array1D[f64]) -> float:
    return a[0]

def integer(n: int) -> int:
    return n

def real(x: float) -> float:
    return x

def flag(b: bool) -> bool:
    return b

def number(z: complex) -> complex:
    return z

def narrow(a: u8, b: f32) -> int:
    return int(a)

def default(n: int, x: float = 0.5) -> float:
    return n * x
"""


@pytest.fixture(scope="module")
def module(tmp_path_factory):
    import importlib.util
    import subprocess
    import sys
    from importlib.machinery import ExtensionFileLoader

    directory = tmp_path_factory.mktemp("boundary")
    (directory / "boundary.py").write_text(SOURCE)
    command = [sys.executable, "-m", "snek", "build", "--strict", "boundary.py"]
    subprocess.run(command, cwd=directory, check=True)
    path = str(directory / "boundary.so")
    loader = ExtensionFileLoader("boundary", path)
    spec = importlib.util.spec_from_file_location("boundary", path, loader=loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


READ_ONLY = np.zeros(3)
READ_ONLY.flags.writeable = False


@pytest.mark.parametrize(
    "arguments, words",
    [
        ((np.zeros(3, np.float32), 1.0), ["scale()", "'a'", "1-d float64 array", "float32"]),
        ((np.zeros((2, 2)), 1.0), ["scale()", "'a'", "1-d float64 array", "2-d"]),
        ((np.zeros(3, ">f8"), 1.0), ["scale()", "'a'", "byte order"]),
        ((READ_ONLY, 1.0), ["scale()", "'a'", "read-only"]),
        (([1.0, 2.0], 1.0), ["scale()", "'a'", "list"]),
        ((None, 1.0), ["scale()", "'a'", "None"]),
        ((b"12345678", 1.0), ["scale()", "'a'"]),
        ((array.array("f", [1.0]), 1.0), ["scale()", "'a'", "float32"]),
        ((np.zeros(3), "x"), ["scale()", "'k'", "float", "str"]),
        ((np.zeros(3), None), ["scale()", "'k'", "None"]),
    ],
    ids=["dtype", "rank", "order", "read-only", "list", "None", "bytes", "array", "str", "none"],
)
def test_arrays_that_do_not_fit(module, arguments, words):
    with pytest.raises((TypeError, ValueError)) as error:
        module.scale(*arguments)
    for word in words:
        assert word in str(error.value)


def test_extents_beyond_index_arithmetic(module):
    endless = np.broadcast_to(np.int32(1), (2**60 + 1, 1))  # a stride of 0: no memory is as large
    with pytest.raises(ValueError, match="'a' has an extent beyond"):
        module.total(endless)


def test_arrays_that_fit(module):
    a = np.arange(4.0)
    assert module.scale(a, 2) is None  # an int is a float
    assert a.tolist() == [0, 2, 4, 6]
    module.scale(a[::-2], np.float64(10))
    assert a.tolist() == [0, 20, 4, 60]
    values = array.array("d", [1.0, 2.0])
    module.scale(memoryview(values), 3.0)
    assert values.tolist() == [3.0, 6.0]
    assert module.read(READ_ONLY) == 0.0  # it is only read
    assert module.total(np.asfortranarray(np.arange(6, dtype=np.int32).reshape(2, 3))) == 15


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 10**30])
def test_ints_beyond_64_bits(module, value):
    with pytest.raises(OverflowError, match=r"integer\(\).*'n'"):
        module.integer(value)


def test_ints(module):
    for value in (0, -1, 2**63 - 1, -(2**63)):
        assert module.integer(value) == value
    assert module.integer(True) == 1
    assert module.integer(np.int16(7)) == 7
    for wrong in (1.5, "1", None, 1j, [1]):
        with pytest.raises(TypeError, match=r"integer\(\).*'n'"):
            module.integer(wrong)


def test_floats(module):
    assert type(module.real(3)) is float
    assert module.real(-0.0).hex() == "-0x0.0p+0"
    assert math.isnan(module.real(math.nan))
    assert module.real(np.float32(0.5)) == 0.5
    for wrong in ("1", None, 1j):
        with pytest.raises(TypeError, match=r"real\(\).*'x'"):
            module.real(wrong)


def test_bools_and_complex(module):
    assert module.flag(True) is True
    assert module.flag(np.bool_(False)) is False
    with pytest.raises(TypeError, match=r"flag\(\).*'b'"):
        module.flag(1.0)
    assert module.number(1) == 1 + 0j
    assert module.number(1.5 - 2j) == 1.5 - 2j
    with pytest.raises(TypeError, match=r"number\(\).*'z'"):
        module.number("1")


def test_fixed_width_arguments(module):
    assert module.narrow(200, 1.5) == 200
    assert module.narrow(np.uint8(200), np.float32(1.5)) == 200
    with pytest.raises((OverflowError, TypeError), match="narrow"):
        module.narrow(256, 0.0)


def test_changed_defaults_are_obeyed(module):
    assert module.default(4) == 2.0
    module.default.__defaults__ = (0.25,)
    assert module.default(4) == 1.0
