#!/bin/sh
# Everything: lints, tests of the crates, tests of the installed wheel.
set -eu
# The whole workspace at once, and as the wheel is built: with other packages or variables, Cargo would choose
# other features and compile the dependencies anew.
export PYO3_BUILD_EXTENSION_MODULE=1
sh tests/lint.sh
if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --release --locked --workspace --no-tests pass
else
    cargo test --release --locked --workspace
fi
python -m pytest tests
