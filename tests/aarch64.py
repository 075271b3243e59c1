"""A CPython for aarch64 and an emulator for it: Debian's packages, kept in the cache for the tests.

`python tests/aarch64.py` sets it up, if need be, and prints the path of a program that takes the
arguments of `python`. It wants Debian's `apt-get` and `dpkg-deb` on x86-64 (not root, and it leaves
the system's lists alone) and half a minute; `SNEK_AARCH64_PYTHON` names another one instead.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SUITE = "bookworm"
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
MIRROR = "http://deb.debian.org/debian"
# What runs here, and what is run; with all that they need, down to the C library.
PACKAGES = {
    "amd64": ["qemu-user"],
    "arm64": ["python3.11-minimal", "libpython3.11-stdlib", "libstdc++6"],
}
# NumPy has called its wheels by each of these.
PLATFORMS = ["manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014"]

# The emulator finds the files of its guest in a folder of its own, and its libraries by its loader:
# a variable would reach the guest, too.
PROGRAM = """\
#!/bin/sh
here={place}
export PYTHONPATH="$here/packages${{PYTHONPATH:+:$PYTHONPATH}}"
exec "$here/amd64/lib64/ld-linux-x86-64.so.2" --argv0 qemu-aarch64 \\
    --library-path "$here/amd64/lib/x86_64-linux-gnu:$here/amd64/usr/lib/x86_64-linux-gnu" \\
    "$here/amd64/usr/bin/qemu-aarch64" -L "$here/arm64" "$here/arm64/usr/bin/python3.11" "$@"
"""


def folder():
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "snek" / "aarch64"


def find():
    """The program that runs it, if there is one."""
    named = os.environ.get("SNEK_AARCH64_PYTHON")
    python = Path(named) if named else folder() / "python"
    return python if python.exists() else None


def fetch(into):
    """Downloads the packages, by a private list of sources, as for a machine that has none yet."""
    state = into / "apt"
    for part in ("lists/partial", "cache/archives/partial"):
        (state / part).mkdir(parents=True)
    (state / "status").touch()
    machines = ",".join(PACKAGES)
    (state / "sources.list").write_text(
        f"deb [arch={machines} signed-by={KEYS}] {MIRROR} {SUITE} main\n"
    )
    options = {
        "Dir::Etc::SourceList": state / "sources.list",
        "Dir::Etc::SourceParts": "-",
        "Dir::State::Lists": state / "lists",
        "Dir::State::status": state / "status",
        "Dir::Cache": state / "cache",
        "Acquire::Languages": "none",
        "APT::Architecture": "amd64",
        # Nobody else may read the folder, nor does anybody else write to it.
        "APT::Sandbox::User": "root",
        "Debug::NoLocking": "1",
        # Where there is no network, that is soon known.
        "Acquire::http::Timeout": "20",
        "Acquire::Retries": "1",
    }
    apt = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in options.items())]
    apt += [f"-oAPT::Architectures::={machine}" for machine in PACKAGES]
    subprocess.run([*apt, "update"], check=True, stdout=sys.stderr)
    wanted = [f"{name}:{machine}" for machine, names in PACKAGES.items() for name in names]
    install = ["install", "--no-install-recommends", "--download-only", "--yes"]
    subprocess.run([*apt, *install, *wanted], check=True, stdout=sys.stderr)
    return state / "cache" / "archives"


def set_up():
    """Makes it beside its place and moves it there, so that it is there whole or not at all."""
    place = folder()
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="aarch64-", dir=place.parent) as work:
        work = Path(work)
        archives = fetch(work)
        made = work / "made"
        made.mkdir()
        for archive in sorted(archives.glob("*.deb")):
            machine = archive.stem.rpartition("_")[2]
            for root in PACKAGES if machine == "all" else [machine]:
                subprocess.run(["dpkg-deb", "--extract", archive, made / root], check=True)
        for emulator in made.glob("amd64/usr/bin/qemu-*"):
            if emulator.name != "qemu-aarch64":
                emulator.unlink()
        numpy = [sys.executable, "-m", "pip", "install", "--quiet", "numpy"]
        numpy += ["--target", made / "packages", "--only-binary", ":all:"]
        numpy += ["--python-version", "3.11", "--implementation", "cp", "--abi", "cp311"]
        numpy += [argument for name in PLATFORMS for argument in ("--platform", f"{name}_aarch64")]
        subprocess.run(numpy, check=True, stdout=sys.stderr)
        program = made / "python"
        program.write_text(PROGRAM.format(place=place))
        program.chmod(0o755)
        if place.exists():
            shutil.rmtree(place)
        made.rename(place)


if __name__ == "__main__":
    if find() is None:
        set_up()
    print(find())
