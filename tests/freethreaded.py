"""A free-threaded CPython for the tests: built from Debian's sources, kept in the cache.

`python tests/freethreaded.py` builds it, if need be, and prints its path. It wants Debian's
`apt-get` (not root, and it leaves the system's lists alone), a C compiler and about four minutes;
`SNEK_FREETHREADED_PYTHON` names another one instead.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SUITE = "trixie"
PACKAGE = "python3.13"
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
MIRROR = "http://deb.debian.org/debian"


def folder():
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "snek" / f"{PACKAGE}t"


def find():
    """The interpreter, if there is one; and the folder of its NumPy, if that could be had."""
    named = os.environ.get("SNEK_FREETHREADED_PYTHON")
    python = Path(named) if named else folder() / "bin" / f"{PACKAGE}t"
    return (python, folder() / "packages") if python.exists() else None


def fetch(into):
    """The source, by a private list of sources."""
    state = into / "apt"
    for part in ("lists/partial", "cache/archives/partial"):
        (state / part).mkdir(parents=True)
    (state / "sources.list").write_text(f"deb-src [signed-by={KEYS}] {MIRROR} {SUITE} main\n")
    options = {
        "Dir::Etc::SourceList": state / "sources.list",
        "Dir::Etc::SourceParts": "-",
        "Dir::State::Lists": state / "lists",
        "Dir::Cache": state / "cache",
        # Nobody else may read the folder.
        "APT::Sandbox::User": "root",
    }
    apt = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in options.items())]
    subprocess.run([*apt, "update"], check=True, stdout=sys.stderr)
    source = [*apt, "source", "--download-only", "--tar-only", PACKAGE]
    subprocess.run(source, check=True, cwd=into, stdout=sys.stderr)
    (archive,) = into.glob("*.orig.tar.*")
    subprocess.run(["tar", "xf", archive], check=True, cwd=into)
    (source,) = into.glob("Python-*")
    return source


def build():
    """Builds it beside its place and moves it there, so that it is there whole or not at all."""
    place = folder()
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{PACKAGE}t-", dir=place.parent) as work:
        work = Path(work)
        source = fetch(work)
        configure = [
            "./configure",
            "--quiet",
            "--disable-gil",
            "--disable-test-modules",
            "--without-ensurepip",
            f"--prefix={place}",
        ]
        install = ["altinstall", f"DESTDIR={work / 'root'}", "COMPILEALL_OPTS=-qx."]
        for command in (configure, ["make", "-sj2"], ["make", "-s", *install]):
            subprocess.run(command, check=True, cwd=source, stdout=sys.stderr)
        made = work / "root" / place.relative_to("/")
        # A wheel of NumPy, by the pip of whoever runs this: the new interpreter may lack OpenSSL.
        numpy = [sys.executable, "-m", "pip", "install", "--quiet", "numpy"]
        numpy += ["--target", made / "packages", "--only-binary", ":all:"]
        numpy += ["--python-version", "3.13", "--implementation", "cp", "--abi", "cp313t"]
        numpy += ["--platform", f"manylinux2014_{platform.machine()}"]
        if subprocess.run(numpy, stdout=sys.stderr).returncode != 0:
            print("There is no NumPy for it; the tests do without.", file=sys.stderr)
        if place.exists():
            shutil.rmtree(place)
        made.rename(place)


if __name__ == "__main__":
    if find() is None:
        build()
    print(find()[0])
