#!/bin/sh
# Everything: lints, tests of the crates, tests of the installed wheel.
set -eu
sh tests/lint.sh
# The extension module is tested by the Python tests: it cannot be linked into a program.
if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --release --locked --workspace --exclude snek-python --no-tests pass
else
    cargo test --release --locked --workspace --exclude snek-python
fi
python -m pytest tests
