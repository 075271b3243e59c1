"""Build compiled modules with setuptools.

A project asks for it in its `pyproject.toml`:

    [build-system]
    requires = ["setuptools", "snek"]
    build-backend = "setuptools.build_meta"

    [tool.snek]
    modules = ["src/package/*.py"]      # globs, relative to the project
    exclude = ["src/package/cli.py"]    # optional
    strict = true                       # optional: annotated functions must be native

Each of the modules is built to a `.so` beside its `.py`, in wheels, installs and
editable installs, for the machine that setuptools builds for (another one is named by
`--plat-name`, or by `_PYTHON_HOST_PLATFORM`, as cross builds set it).  The `.py` is
installed too: it is the fallback where there is no compiled module, and the text of
tracebacks.  With `SNEK_PURE=1` in the environment nothing is compiled, and the wheel is a
pure one.

setuptools calls `finalize_distribution_options` for every project that is built
where snek is installed, so that must be quick, and quiet when there is no
`[tool.snek]` table.
"""

import os
import platform
import subprocess
import sys
import tomllib
from pathlib import Path

from setuptools import Extension
from setuptools.errors import CompileError, SetupError

from ._program import find_snekc

_KEYS = {"modules", "exclude", "strict"}

# Machines that `snekc` builds for, as setuptools and as `snekc` call them.
_TARGETS = {
    "linux-x86_64": "x86_64-unknown-linux-gnu",
    "linux-aarch64": "aarch64-unknown-linux-gnu",
}


class _Module(Extension):
    """A module to compile.  Its name is the source's path until `build_ext` knows the packages."""

    def __init__(self, source):
        super().__init__(source, [source])


def finalize_distribution_options(dist):
    """Entry point: give `dist` the modules of `[tool.snek]` as extensions."""
    if os.environ.get("SNEK_PURE", "0") not in ("", "0"):
        return
    root = Path(dist.src_root or os.curdir)
    table = _read_table(root / "pyproject.toml")
    if table is None:
        return

    others = list(dist.ext_modules or [])
    dist.ext_modules = others + [_Module(source) for source in _find_sources(root, table)]
    dist.cmdclass["build_ext"] = _build_ext_class(
        dist.get_command_class("build_ext"), strict=table.get("strict", False)
    )
    if all(extension.py_limited_api for extension in others) and not _free_threaded():
        # One file serves every CPython from 3.11 on.
        wheel_options = dist.get_option_dict("bdist_wheel")
        wheel_options.setdefault("py_limited_api", ("pyproject.toml", "cp311"))


def _free_threaded():
    import sysconfig

    return bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def _read_table(path):
    """The checked `[tool.snek]` table of a pyproject.toml, or None if there is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    if "snek" not in text:
        return None
    try:
        table = tomllib.loads(text).get("tool", {}).get("snek")
    except tomllib.TOMLDecodeError:
        return None  # setuptools reads the file too and reports this better
    if table is None:
        return None

    def fail(message):
        raise SetupError(f"[tool.snek] in {path}: {message}")

    if not isinstance(table, dict):
        fail("must be a table")
    unknown = sorted(set(table) - _KEYS)
    if unknown:
        fail(f"unknown key `{unknown[0]}`; the keys are `modules`, `exclude` and `strict`")
    for key in ("modules", "exclude"):
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            fail(f'`{key}` must be a list of globs, as in {key} = ["src/package/*.py"]')
        for pattern in value:
            if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
                fail(f"`{key}` has {pattern!r}; globs are relative to the project and stay in it")
    if not table.get("modules"):
        fail('`modules` is missing; name the modules to compile: modules = ["src/package/*.py"]')
    if not isinstance(table.get("strict", False), bool):
        fail("`strict` must be true or false")
    return table


def _find_sources(root, table):
    """The files that the globs name, as sorted POSIX paths relative to `root`."""

    def matches(pattern):
        return {path for path in root.glob(pattern) if path.is_file()}

    def fail(message):
        raise SetupError(f"[tool.snek] in {root / 'pyproject.toml'}: {message}")

    excluded = set().union(*(matches(pattern) for pattern in table.get("exclude", [])))
    found = set()
    for pattern in table["modules"]:
        files = matches(pattern)
        if not files:
            fail(f"no file matches {pattern!r} of `modules`")
        for path in sorted(files - excluded):
            if path.suffix != ".py":
                fail(f"{pattern!r} matches {path.name}, which is no Python module")
        found |= files
    # Python looks for the source of these two itself, so they stay as they are.
    return sorted(
        path.relative_to(root).as_posix()
        for path in found - excluded
        if path.name not in ("__init__.py", "__main__.py")
    )


def _module_names(build_py):
    """Map each source file of the distribution to its module's full name."""
    names = {}
    for package in build_py.packages or []:
        directory = build_py.get_package_dir(package)
        for _, module, path in build_py.find_package_modules(package, directory):
            names[os.path.normpath(path)] = f"{package}.{module}"
    if build_py.py_modules:
        for package, module, path in build_py.find_modules():
            names[os.path.normpath(path)] = f"{package}.{module}" if package else module
    return names


def _build_ext_class(base, *, strict):
    """`build_ext` that hands snek's modules to the compiler and the others to `base`."""

    class build_ext(base):
        def finalize_options(self):
            self._name_modules()
            super().finalize_options()

        def _name_modules(self):
            modules = [
                extension
                for extension in self.distribution.ext_modules
                if isinstance(extension, _Module)
            ]
            names = _module_names(self.get_finalized_command("build_py")) if modules else {}
            for module in modules:
                source = module.sources[0]
                name = names.get(os.path.normpath(source))
                if name is None:
                    raise SetupError(
                        f"[tool.snek]: {source} is in no package or module of this project; "
                        "see `packages` and `py-modules` of setuptools"
                    )
                module.name = name

        def get_ext_filename(self, fullname):
            if isinstance(self.ext_map.get(fullname), _Module):
                # `x.so`, without an ABI in the name: it serves every CPython.
                return os.path.join(*fullname.split(".")) + ".so"
            return super().get_ext_filename(fullname)

        def build_extension(self, ext):
            if not isinstance(ext, _Module):
                super().build_extension(ext)
                return
            source = ext.sources[0]
            output = self.get_ext_fullpath(ext.name)
            directory = os.path.dirname(output) or os.curdir
            command = [find_snekc(), "build", "--module", ext.name, "--output-dir", directory]
            if strict:
                command.append("--strict")
            target = _TARGETS.get(self.plat_name)
            if target and self.plat_name != f"linux-{platform.machine()}":
                command += ["--target", target]
            sys.stdout.flush()
            if subprocess.run([*command, source], stdout=sys.stderr).returncode != 0:
                raise CompileError(f"snek cannot compile {source} (see above)")

    return build_ext
