#!/bin/sh
# Everything: tests of the crates, tests of the installed wheel. Lints have a target of their own, for Clippy compiles all again.
set -eu
# The whole workspace at once, and as the wheel is built: with other packages or variables, Cargo would choose
# other features and compile the dependencies anew.
export PYO3_BUILD_EXTENSION_MODULE=1
if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --release --locked --workspace --no-tests pass
else
    cargo test --release --locked --workspace
fi
python -m pytest tests
