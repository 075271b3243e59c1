"""The loop fuzzer on fixed seeds, so that a run of the tests is the same each time."""

import subprocess
import sys
from pathlib import Path

import pytest

LOOPS = Path(__file__).with_name("loops.py")


@pytest.mark.parametrize("first", range(0, 16, 4))
def test_loops_give_the_same_both_ways(first, tmp_path):
    seeds = ",".join(str(seed) for seed in range(first, first + 4))
    done = subprocess.run(
        [sys.executable, LOOPS, "--seeds", seeds, "--out", tmp_path],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
