# make demo | test | stress | fuzz | bench | docs | lint: each sets up what it needs in .venv.
# PYTHON chooses the interpreter (3.11 or later).

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The wheel and the cargo tests share it, and the release profile: the dependencies are compiled once.
export CARGO_TARGET_DIR ?= $(CURDIR)/target

SOURCES := Cargo.toml Cargo.lock pyproject.toml README.md \
	$(shell find compiler runtime stdlib -type f -not -path '*/__pycache__/*' -not -name '*.md')

# The machines that modules can be built for. Where Rust's library for one cannot be had, the compiler is built without
# the runtime for it.
TARGETS := x86_64-unknown-linux-gnu aarch64-unknown-linux-gnu

.PHONY: demo test test-freethreaded test-aarch64 stress model tsan fuzz bench docs lint wheel clean

demo: $(VENV)/.installed
	$(BIN)/python examples/vision/demo.py

test: $(VENV)/.installed
	PATH="$(CURDIR)/$(BIN):$$PATH" sh tests/run_all.sh

# In a CPython without a GIL, which is built at first: some four minutes.
test-freethreaded: $(VENV)/.installed
	python=$$($(BIN)/python tests/freethreaded.py) && SNEK_TEST_PYTHONS=$$python \
		cargo test --release --locked --workspace --test python
	$(BIN)/python -m pytest tests/package/test_freethreaded.py tests/package/test_interpreters.py

# Modules for aarch64 under an emulator, which is fetched at first with a Python: half a minute.
test-aarch64: export PYO3_BUILD_EXTENSION_MODULE := 1
test-aarch64: $(VENV)/.installed
	python=$$($(BIN)/python tests/aarch64.py) && SNEK_AARCH64_PYTHON=$$python \
		cargo test --release --locked --workspace --test codegen
	$(BIN)/python -m pytest tests/package/test_cross.py

# What goes wrong rarely, at length: ten thousand random loops and forks, a thousand Ctrl-C; then the next two.
stress: $(VENV)/.installed
	SNEK_STRESS=10000 cargo test --release --locked --workspace --lib random_loops
	SNEK_STRESS=10000 $(BIN)/python -m pytest tests/package/test_parallel.py
	$(MAKE) model tsan

# How loops are handed to threads, in all orders; and loops and locks under ThreadSanitizer.
model:
	cargo test --release --locked --manifest-path tests/model/Cargo.toml

tsan:
	sh tests/tsan.sh

# make fuzz SECONDS=600: random loops, both ways, on random seeds, or on those from START on.
SECONDS ?= 600
START ?=
fuzz: $(VENV)/.installed
	$(BIN)/python tests/fuzz/loops.py --seconds $(SECONDS) $(if $(START),--start $(START))

# make bench ROWS=fib,sieve: only some programs, printed and not written.
bench: $(VENV)/.installed
	$(BIN)/python tests/bench/bench.py $(ROWS)

docs: $(VENV)/.installed
	$(BIN)/python docs/build.py

lint: $(VENV)/.tools
	PATH="$(CURDIR)/$(BIN):$$PATH" sh tests/lint.sh

wheel: $(VENV)/.wheel

$(VENV)/.tools: tests/requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "snek needs Python 3.11 or later: make PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet -r tests/requirements.txt
	touch $@

$(VENV)/.wheel: $(VENV)/.tools $(SOURCES)
	rm -rf $(VENV)/wheels
	@rustup target add $(TARGETS) >/dev/null 2>&1 || true
	$(BIN)/maturin build --release --locked --quiet --interpreter $(BIN)/python --out $(VENV)/wheels
	touch $@

$(VENV)/.installed: $(VENV)/.wheel
	$(BIN)/pip install --quiet --force-reinstall --no-deps --no-index $(VENV)/wheels/*.whl
	touch $@

clean:
	rm -rf $(VENV) .venvs .bench build dist target
