"""The compilers that snek is compared with: what is there is used, what is not is said.

Numba, Cython, Pythran, Mojo and NumPy are installed into `.bench/peers`, those that can be; C,
Cython and Pythran need `cc`.  All are built without fast-math, except the ways whose names end in
`-fast`.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import forms

# Each is installed on its own, and may be missing.
PACKAGES = {
    "numba": ["numba==0.68.1", "numpy"],
    "cython": ["cython==3.3.1", "numpy", "setuptools"],
    "pythran": ["pythran==0.19.0", "numpy", "setuptools"],
    # Mojo's `parallelize` is in the second.
    "mojo": ["mojo-compiler==1.2.0", "max-core==26.7.0", "numpy"],
}
C_FLAGS = ["-O3", "-march=native", "-w"]
NAMES = {
    "snek": "snek",
    "numba": "Numba",
    "cython": "Cython",
    "pythran": "Pythran",
    "mojo": "Mojo",
    "c": "C",
    "numba-fast": "Numba fastmath",
    "c-fast": "C -ffast-math",
    "numpy": "NumPy",
    "numba-omp": "Numba (omp)",
    "numba-workqueue": "Numba (workqueue)",
    "cython-parallel": "Cython (OpenMP)",
    "pythran-parallel": "Pythran (OpenMP)",
    "mojo-parallel": "Mojo (parallelize)",
    "threads": "`ThreadPoolExecutor`",
    "processes": "`multiprocessing.Pool`",
}
STRICT = ("numba", "cython", "pythran", "mojo", "c")
FAST = ("numba-fast", "c-fast")
# The layers of threads that Numba can have, with the modules in which they are.
LAYERS = {"numba-omp": "omppool", "numba-workqueue": "workqueue"}
PARALLEL = (*LAYERS, "cython-parallel", "pythran-parallel", "mojo-parallel")
# What each package compiles.
WAYS = {
    "numba": ("numba", "numba-fast", *LAYERS),
    "cython": ("cython", "cython-parallel"),
    "pythran": ("pythran", "pythran-parallel"),
    "mojo": ("mojo", "mojo-parallel"),
}


class Peers:
    """`modules` has the file of each way that can be used, or one for each program that it compiles
    on its own; `missing` says why ways cannot be used, `failed` why programs cannot."""

    def __init__(self, work):
        self.work = work
        self.folder = work / "peers"
        self.python = self.folder / "bin/python"
        self.modules = {"numpy": ""}
        self.missing = {}
        self.failed = {}
        self.cc = shutil.which("cc")
        installed = self.install()
        if not installed:
            self.python = Path(sys.executable)
        if "numba" in installed:
            self.modules |= {"numba": "", "numba-fast": ""}
            self.find_layers()
        for package in WAYS.keys() - installed:
            self.missing |= dict.fromkeys(WAYS[package], "could not be installed")
        if self.cc:
            self.build_programs()
        else:
            ways = "c", "c-fast", *WAYS["cython"], *WAYS["pythran"]
            self.missing |= dict.fromkeys(ways, "needs a C compiler, `cc`")

    def module(self, way, program):
        """The file in which a way has a program, "" where that is its source, or None."""
        found = self.modules.get(way)
        return found.get(program) if isinstance(found, dict) else found

    def find_layers(self):
        for way, layer in LAYERS.items():
            command = [self.python, "-c", f"from numba.np.ufunc import {layer}"]
            if subprocess.run(command, capture_output=True).returncode == 0:
                self.modules[way] = ""
            else:
                self.missing[way] = "is not in this build of Numba"

    def install(self):
        """Which packages are there."""
        installed = set()
        for package, versions in PACKAGES.items():
            marker = self.folder / f".{package}"
            if not marker.exists() or marker.read_text() != " ".join(versions):
                print(f"installing {NAMES[package]}", file=sys.stderr)
                try:
                    if not self.python.exists():
                        subprocess.run([sys.executable, "-m", "venv", self.folder], check=True)
                    pip = [self.folder / "bin/pip", "install", "--quiet", *versions]
                    subprocess.run(pip, check=True)
                except subprocess.CalledProcessError:
                    continue
                marker.write_text(" ".join(versions))
            installed.add(package)
        return installed

    def build_programs(self):
        """The ways that have one file for all programs."""
        files = sorted(forms.PROGRAMS.glob("*.c"))
        for way, flags in (("c", []), ("c-fast", ["-ffast-math"])):
            self.build(way, files, [self.cc, *C_FLAGS, *flags, "-shared", "-fPIC"])
        if "cython" not in self.missing:
            self.build_cython("cython", forms.cython(forms.serial()))
            text = forms.cython(forms.parallel(), parallel=True)
            self.build_cython("cython-parallel", text, "-fopenmp")

    def build_each(self, ways, paths):
        """The ways that have a file for each program, of some programs."""
        tasks = [(way, path) for way in ways if way not in self.missing for path in paths]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for (way, path), (file, error) in zip(tasks, pool.map(self.build_one, tasks)):
                if file:
                    self.modules.setdefault(way, {})[path.stem] = file
                else:
                    self.failed[way, path.stem] = f"does not build: {error}"

    def build_one(self, task):
        """Compiles a program, unless that was done: its file, or why there is none."""
        way, path = task
        folder = self.work / way.removesuffix("-parallel")
        if way in WAYS["pythran"]:
            is_parallel = way.endswith("-parallel")
            source = folder / f"{path.stem}_{'parallel' if is_parallel else 'serial'}.py"
            folder.mkdir(exist_ok=True)
            source.write_text(forms.pythran(path, is_parallel))
            sources = [source]
            flags = ["-w", "-O3", "-march=native", *(["-fopenmp"] if is_parallel else [])]
            command = [self.folder / "bin/pythran", *flags]
            versions = PACKAGES["pythran"]
        else:
            sources = [path.with_suffix(".mojo"), forms.PROGRAMS / "arrays.mojo"]
            command = [self.folder / "bin/mojo", "build", "--emit", "shared-lib", "-O3"]
            versions = PACKAGES["mojo"]
        # The module's name, other than that of the program that is loaded beside it.
        made = folder / f"{sources[0].stem}_{digest([*command, *versions], sources)}.so"
        if made.exists():
            return str(made), None
        print(f"building {path.stem}, {NAMES[way]}", file=sys.stderr)
        folder.mkdir(exist_ok=True)
        done = subprocess.run(
            [*command, "-o", made, sources[0]],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode == 0 and made.exists():
            return str(made), None
        lines = [line for line in done.stdout.splitlines() if "error" in line.lower()]
        return None, next(iter(lines), f"status {done.returncode}")

    def build(self, way, sources, command):
        """Compiles C, unless that was done."""
        path = self.work / f"{way}-{digest(command, sources)}.so"
        if not path.exists():
            print(f"building {NAMES.get(way, way)}", file=sys.stderr)
            done = subprocess.run(
                [*command, "-o", path, *sources, "-lm"], capture_output=True, text=True
            )
            if done.returncode != 0:
                self.missing[way] = "does not build: " + done.stderr.splitlines()[0]
                return
        self.modules[way] = str(path)

    def build_cython(self, way, text, *flags):
        source = self.work / f"{way.replace('-', '_')}_programs.pyx"
        made = source.with_suffix(".c")
        if not source.exists() or source.read_text() != text or not made.exists():
            source.write_text(text)
            cython = [self.folder / "bin/cython", "-3", "-o", made, source]
            done = subprocess.run(cython, capture_output=True, text=True)
            if done.returncode != 0:
                made.unlink(missing_ok=True)
                self.missing[way] = "does not translate: " + done.stderr.splitlines()[-1]
                return
        self.build(way, [made], [*self.extension(), *flags])

    def extension(self):
        """How an extension module of C is compiled for the Python of the peers."""
        where = "import sysconfig; print(sysconfig.get_path('include'))"
        done = subprocess.run(
            [self.python, "-c", where], capture_output=True, text=True, check=True
        )
        return [self.cc, *C_FLAGS, "-shared", "-fPIC", f"-I{done.stdout.strip()}"]

    def calls(self):
        """The Cython module whose calls are measured, or None."""
        if "cython" not in self.modules:
            return None
        made = self.work / "calls.c"
        source = Path(__file__).with_name("calls.pyx")
        cython = [self.folder / "bin/cython", "-3", "-o", made, source]
        subprocess.run(cython, check=True, capture_output=True)
        self.build("calls", [made], [*self.extension(), "-O2"])
        return self.modules.pop("calls", None)

    def sampler(self):
        """The library that finds where time is spent, or None."""
        if self.cc:
            source = Path(__file__).with_name("sampler.c")
            self.build("sampler", [source], [self.cc, "-O2", "-shared", "-fPIC"])
        return self.modules.pop("sampler", None)


def digest(command, sources):
    """What a compiled file depends on."""
    texts = [" ".join(map(str, command)).encode(), *(s.read_bytes() for s in sources)]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()[:16]
