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
# Two halves at a time: most of it is programs that run on one core.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
python -m pytest tests/run >"$log" 2>&1 &
programs=$!
rest=0
python -m pytest tests --ignore tests/run || rest=$?
half=0
wait "$programs" || half=$?
cat "$log"
exit $((rest != 0 || half != 0))
