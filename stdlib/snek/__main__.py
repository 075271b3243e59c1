"""`python -m snek` is `snekc`."""

import os
import sys

from ._program import find_snekc

if __name__ == "__main__":
    program = find_snekc()
    # `snekc run` starts this very Python.
    os.environ["SNEK_PYTHON"] = sys.executable
    os.execv(program, [program, *sys.argv[1:]])
