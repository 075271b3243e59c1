"""Modules for aarch64: built everywhere, and run where `make test-aarch64` has set that up."""

import os
import queue
import struct
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import aarch64
import programs
import pytest
import snek

AARCH64 = "aarch64-unknown-linux-gnu"
MACHINES = {"x86_64-unknown-linux-gnu": 62, AARCH64: 183}
PYTHON = aarch64.find()
# What a program is compiled with, and what the outcome is called.
LEVELS = {"-O2": "compiled"}
TIMEOUT = 600

SOURCE = """
from snek import Array1D, f64, native, prange


@native
def total(a: Array1D[f64]) -> float:
    total = 0.0
    for i in prange(len(a)):
        total += a[i]
    return total


def fib(n: int) -> int:
    return n if n < 2 else fib(n - 1) + fib(n - 2)
"""


@pytest.fixture
def build(snekc, write, tmp_path):
    """Builds a source for a machine and gives the module, or skips where this `snekc` cannot."""

    def build(target, text=SOURCE, *options):
        result = snekc("build", "--target", target, "-o", "out", write("sample.py", text), *options)
        if "error[L003]" in result.stderr:
            pytest.skip(f"this snekc was built without the runtime for {target}")
        assert result.returncode == 0, result.stderr
        return tmp_path / "out/sample.so"

    return build


def elf(path):
    """The machine of a shared object, the libraries that it needs, and what it exports."""
    data = path.read_bytes()
    assert data[:6] == b"\x7fELF\x02\x01"
    (machine,) = struct.unpack_from("<H", data, 18)
    (table,) = struct.unpack_from("<Q", data, 40)
    size, count = struct.unpack_from("<HH", data, 58)
    sections = [struct.unpack_from("<IIQQQQIIQQ", data, table + n * size) for n in range(count)]

    def entries(kind, form):
        for _, type_, _, _, offset, length, link, *_ in sections:
            if type_ == kind:
                strings = sections[link][4]
                for entry in struct.iter_unpack(form, data[offset : offset + length]):
                    yield entry, strings

    def text(at):
        return data[at : data.index(b"\0", at)].decode()

    dynamic, symbols = 6, 11
    needed = {
        text(strings + value) for (tag, value), strings in entries(dynamic, "<QQ") if tag == 1
    }
    exported = {
        text(strings + name)
        for (name, _, _, section, _, _), strings in entries(symbols, "<IBBHQQ")
        if section != 0
    }
    return machine, needed, exported


@pytest.mark.parametrize("target", MACHINES)
def test_a_module_is_of_its_machine(build, target):
    machine, needed, exported = elf(build(target))
    assert machine == MACHINES[target]
    assert needed == {"libc.so.6", "libm.so.6", "libgcc_s.so.1"}
    assert exported == {"PyInit_sample", "PyModExport_sample"}


def test_the_same_source_gives_the_same_bytes(build):
    assert build(AARCH64).read_bytes() == build(AARCH64).read_bytes()


def test_stages_are_those_of_the_machine(snekc, write):
    result = snekc("build", "--target", AARCH64, "--emit", "asm", write("sample.py", SOURCE))
    assert result.returncode == 0, result.stderr
    assert "fadd v" in result.stdout and "xmm" not in result.stdout


def test_with_fastmath_products_are_fused(snekc, write):
    body = """
def fused(a: Array1D[f64], b: Array1D[f64], c: Array1D[f64]) -> None:
    for i in range(len(a)):
        c[i] = c[i] - a[i] * b[i]
"""
    for option, fuses in (("", False), ("(fastmath=True)", True)):
        source = write("fused.py", f"from snek import *\n\n@native{option}{body}")
        result = snekc("build", "--target", AARCH64, "--emit", "asm", source)
        assert result.returncode == 0, result.stderr
        assert ("fmls v" in result.stdout) == fuses
        assert ("fmul v" in result.stdout) != fuses


def test_machines_that_nobody_knows(snekc, write):
    result = snekc("build", "--target", "riscv64gc-unknown-linux-gnu", write("sample.py", SOURCE))
    assert result.returncode == 2
    for known in MACHINES:
        assert known in result.stderr


def test_the_instructions_of_another_machine_are_not_known(snekc, write):
    source = write("sample.py", SOURCE)
    other = next(t for t in MACHINES if not t.startswith(f"{programs.MACHINE}-"))
    result = snekc("build", "--target", other, "--cpu", "native", source)
    assert result.returncode == 1
    assert "error[D004]" in result.stderr and other in result.stderr


emulated = pytest.mark.skipif(
    PYTHON is None, reason="no Python for aarch64 (make test-aarch64 sets it up)"
)


@emulated
def test_modules_need_no_package(build):
    module = build(AARCH64)
    script = "import numpy, sample; print(sample.total(numpy.ones(1000)), sample.fib(20))"
    ran = subprocess.run(
        [PYTHON, "-c", script], cwd=module.parent, capture_output=True, text=True, timeout=TIMEOUT
    )
    assert ran.stdout == "1000.0 6765\n", ran.stderr


@pytest.fixture(scope="session")
def both_ways(request, tmp_path_factory):
    """What `programs.run` gives for each program: as many at a time as there are cores."""
    # What else is installed is for this machine.
    package = tmp_path_factory.mktemp("package")
    (package / "snek").symlink_to(Path(snek.__file__).parent)
    sizes = {"SNEK_TEST_SIZES": "5"}
    # Its server forks, and threads of others do not survive that.
    environment = {"PYTHONPATH": str(package), "OPENBLAS_NUM_THREADS": "1", **sizes}
    servers = queue.SimpleQueue()

    def run(path):
        folder = tmp_path_factory.mktemp(path.stem)
        known = folder / "interpreted.jsonl"
        programs.interpret(path, known, sizes)
        server = servers.get() or programs.Server(PYTHON, environment)
        try:
            options = ["--target", AARCH64]
            return programs.run(path, folder, LEVELS, options=options, known=known, execute=server)
        finally:
            # One that was stopped, or has crashed, is replaced when it is needed.
            servers.put(server if server.process.poll() is None else None)

    name = "test_both_ways"
    items = [i for i in request.session.items if getattr(i, "originalname", None) == name]
    workers = os.cpu_count()
    for _ in range(workers):
        servers.put(None)
    with ThreadPoolExecutor(workers) as pool:
        paths = [item.callspec.params["path"] for item in items]
        yield {path: pool.submit(run, path) for path in paths}
        pool.shutdown(cancel_futures=True)
    for server in filter(None, (servers.get() for _ in range(workers))):
        server.close()


@emulated
@pytest.mark.parametrize(
    "path",
    sorted([*programs.TESTS.glob("run/*.py"), *programs.TESTS.glob("bench/programs/*.py")]),
    ids=lambda path: path.stem,
)
def test_both_ways(both_ways, path):
    error, outcomes = both_ways[path].result()
    assert error is None, error
    different = [programs.disagreement(outcome, LEVELS) for outcome in outcomes.values()]
    assert outcomes and not any(different), "\n".join(filter(None, different))
