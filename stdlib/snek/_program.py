"""Where the program `snekc` of this package is."""

import os
import sys
import sysconfig


def find_snekc():
    """Return the path of `snekc`, as it was installed with this package."""
    places = [sysconfig.get_path("scripts")]
    if os.name == "posix":
        places.append(sysconfig.get_path("scripts", scheme="posix_user"))
    package = os.path.dirname(os.path.abspath(__file__))
    # `pip install --target DIR` and `--prefix DIR`; the second is what build frontends do, too.
    places.append(os.path.join(package, "..", "bin"))
    places.append(os.path.join(package, "..", "..", "..", "..", "bin"))
    for place in places:
        program = os.path.normpath(os.path.join(place, "snekc"))
        if os.access(program, os.X_OK) and os.path.isfile(program):
            return program
    looked = ", ".join(os.path.normpath(place) for place in places)
    raise FileNotFoundError(
        f"the program `snekc` is not beside {sys.executable} (looked in {looked}); "
        "install snek again: pip install --force-reinstall snek"
    )
