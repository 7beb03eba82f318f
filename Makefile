# Needs cargo and rustc, Python >= 3.11 with venv and pip, and make; everything else is installed into .venv.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
TARGET ?= json
SECONDS ?= 60
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

# pyo3 asks the interpreter for its version; the one found first may be too old.
export PYO3_PYTHON := $(abspath $(BIN)/python)

RUST := $(shell find rust -name '*.rs' -o -name '*.toml') Cargo.toml Cargo.lock
PY := $(shell find python -name '*.py' -o -name '*.pyi' -o -name '*.json' -o -name '*.toml' -o -name 'py.typed')

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test lint check-rust check-python wheel bench fuzz docs clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: demo/.written ## build and install the wheel, write a seeded demo pair, compare it
	$(BIN)/tracelens compare demo/real demo/sim -o demo/result.json

test: check-rust check-python ## everything that must pass, Rust and Python

check-rust: $(VENV)/.made ## rustfmt, clippy (warnings are errors) and the Rust tests
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	if cargo nextest --version >/dev/null 2>&1; then cargo nextest run --workspace --locked --no-tests pass; \
	else cargo test --workspace --locked --all-targets; fi
	cargo test --workspace --locked --doc

check-python: lint ## lint, types, stubs, the import contract, and pytest against the installed wheel
	$(BIN)/python -m pytest -n 2

lint: $(VENV)/.dev ## ruff, mypy, stubtest and lint-imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest tracelens._core
	$(BIN)/lint-imports

wheel: dist/.built ## build the release wheel into dist/
	@ls dist/*.whl

bench: $(VENV)/.dev ## reading speed beside chdb, duckdb, polars, ...: make bench [BENCH="jsonl csv --quick --data dir"]
	$(PIP) install chdb duckdb msgspec
	$(BIN)/python benchmarks/reading.py $(BENCH)

fuzz: ## look for inputs that break a reader, guided by coverage: make fuzz [TARGET=json] [SECONDS=60]
	cargo fuzz --version >/dev/null 2>&1 || cargo install --locked cargo-fuzz
	# Its instrumentation is not stable in the compiler yet.
	cd rust/fuzz && RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir . --sanitizer none $(TARGET) -- -max_total_time=$(SECONDS)

docs: $(VENV)/.installed ## write docs/metrics.md from the registry of metrics
	$(BIN)/python -c 'from tracelens.report.explain import reference; print(reference(), end="")' > docs/metrics.md

clean: ## remove what was built, the environment included
	rm -rf $(VENV) dist demo target .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

# Stamps: each step again only when something it is made of has changed.

$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "Python >= 3.11 with venv is needed: make PYTHON=/path/to/python"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) install 'maturin>=1.13,<2'
	@touch $@

dist/.built: $(VENV)/.made $(RUST) $(PY) pyproject.toml README.md LICENSE
	@mkdir -p dist && rm -f dist/*.whl
	$(BIN)/maturin build --release --out dist
	@touch $@

$(VENV)/.installed: dist/.built
	$(PIP) uninstall --yes tracelens-behavior
	$(PIP) install dist/*.whl
	@touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(PIP) install "$$(ls dist/*.whl)[dev]"
	@touch $@

demo/.written: $(VENV)/.installed
	$(BIN)/tracelens demo demo
	@touch $@
