"""The entry point of `snekc`.  Must import nothing heavy: it is on the path of every build."""

import sys

from . import _compiler


def main():
    """Run the command line in `sys.argv` and return the exit status."""
    return _compiler.main(sys.argv[1:], sys.executable)
