#!/bin/sh
# Formatting and lints, with the tools that are there.
set -eu
export PYO3_BUILD_EXTENSION_MODULE=1
cargo fmt --all --check
cargo fmt --manifest-path tests/model/Cargo.toml --check
if cargo clippy --version >/dev/null 2>&1; then
    cargo clippy --quiet --release --locked --workspace --all-targets -- -D warnings
    cargo clippy --quiet --release --locked --manifest-path tests/model/Cargo.toml --all-targets -- -D warnings
fi
ruff check .
ruff format --check .
