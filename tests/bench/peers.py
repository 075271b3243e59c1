"""The compilers that snek is compared with: what is there is used, what is not is said.

Numba, Cython and NumPy are installed into `.bench/peers`, where that is possible; C needs `cc`.
All are built without fast-math, except the ways whose names end in `-fast`.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import forms

PACKAGES = ["numba==0.68.1", "cython==3.3.1", "numpy", "setuptools"]
C_FLAGS = ["-O3", "-march=native", "-w"]
NAMES = {
    "numba": "Numba",
    "cython": "Cython",
    "c": "C",
    "numba-fast": "Numba fastmath",
    "c-fast": "C -ffast-math",
    "numpy": "NumPy",
    "numba-omp": "Numba (omp)",
    "numba-workqueue": "Numba (workqueue)",
    "cython-parallel": "Cython (OpenMP)",
    "threads": "`ThreadPoolExecutor`",
    "processes": "`multiprocessing.Pool`",
}
STRICT = ("numba", "cython", "c")
FAST = ("numba-fast", "c-fast")
# The layers of threads that Numba can have, with the modules in which they are.
LAYERS = {"numba-omp": "omppool", "numba-workqueue": "workqueue"}
PARALLEL = (*LAYERS, "cython-parallel")


class Peers:
    """`modules` has the file of each way that can be used; `missing` says why others cannot."""

    def __init__(self, work):
        self.work = work
        self.folder = work / "peers"
        self.python = self.folder / "bin/python"
        self.modules = {}
        self.missing = {}
        self.cc = shutil.which("cc")
        installed = self.install()
        if installed:
            self.modules |= {"numba": "", "numba-fast": "", "numpy": ""}
            self.find_layers()
        else:
            self.python = Path(sys.executable)
            self.modules["numpy"] = ""
            for way in ("numba", "numba-fast", "cython", *PARALLEL):
                self.missing[way] = "could not be installed"
        if not self.cc:
            for way in ("c", "c-fast", "cython", "cython-parallel"):
                self.missing[way] = "needs a C compiler, `cc`"
            return
        files = sorted(forms.PROGRAMS.glob("*.c"))
        for way, flags in (("c", []), ("c-fast", ["-ffast-math"])):
            self.build(way, files, [self.cc, *C_FLAGS, *flags, "-shared", "-fPIC"])
        if installed:
            self.build_cython("cython", forms.cython(forms.serial()))
            text = forms.cython(forms.parallel(), parallel=True)
            self.build_cython("cython-parallel", text, "-fopenmp")

    def find_layers(self):
        for way, layer in LAYERS.items():
            command = [self.python, "-c", f"from numba.np.ufunc import {layer}"]
            if subprocess.run(command, capture_output=True).returncode == 0:
                self.modules[way] = ""
            else:
                self.missing[way] = "is not in this build of Numba"

    def install(self):
        marker = self.folder / ".installed"
        if marker.exists() and marker.read_text() == " ".join(PACKAGES):
            return True
        print("installing the peers", file=sys.stderr)
        try:
            subprocess.run([sys.executable, "-m", "venv", self.folder], check=True)
            subprocess.run([self.folder / "bin/pip", "install", "--quiet", *PACKAGES], check=True)
        except subprocess.CalledProcessError:
            return False
        marker.write_text(" ".join(PACKAGES))
        return True

    def build(self, way, sources, command):
        """Compiles C, unless that was done."""
        texts = [" ".join(map(str, command)).encode(), *(s.read_bytes() for s in sources)]
        digest = hashlib.sha256(b"\0".join(texts)).hexdigest()[:16]
        path = self.work / f"{way}-{digest}.so"
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
