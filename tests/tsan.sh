#!/bin/sh
# The runtime's tests of parallel loops and locks under ThreadSanitizer. Sanitizers are not stable yet, so
# this asks the stable compiler for an unstable option; nothing else in the project does.
#
# The standard library is compiled without it, so what its locks and scopes order is not seen: the runtime's own
# locks are others here (the feature `tsan`), and what is listed below is left out.
set -eu
cd "$(dirname "$0")/.."
host=$(rustc -vV | sed -n 's/^host: //p')
suppressions=$(mktemp)
trap 'rm -f "$suppressions"' EXIT
cat >"$suppressions" <<'END'
race_top:rayon_core::sleep
race:crossbeam_epoch
race:std::rt::thread_cleanup
race:drop<std::thread::lifecycle::Packet
race:Arc<std::thread::scoped::ScopeData
race:Mutex<core::option::Option<test::run_test
race:MaybeUninit<test::event::CompletedTest
END
export RUSTC_BOOTSTRAP=1
export RUSTFLAGS="-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/tsan"
export TSAN_OPTIONS="suppressions=$suppressions history_size=4 $*"
export SNEK_STRESS="${SNEK_STRESS:-200}"
# Not forks: the sanitizer's own thread is not there in a child. Nor what `tests/model` tests better: threads of a scope.
cargo test --quiet --locked --package snek-runtime --features tsan --target "$host" --lib -- --test-threads 1 --skip fork --skip threads_claim_each_chunk_once par:: lock::
