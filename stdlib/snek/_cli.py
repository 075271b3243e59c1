"""The entry point of `snekc`.  Must import nothing heavy: it is on the path of every build."""

import _signal
import sys

from . import _compiler


def main():
    """Run the command line in `sys.argv` and return the exit status."""
    # Python would only note Ctrl-C until the compiler returns. `signal` itself is slow to import.
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    return _compiler.main(sys.argv[1:], sys.executable)
