# make demo    a real server, 10,000 records with known truth, and one click explained
# make test    every test
# make lint    style, types, import directions, the wire contract
# make bench   speed and accuracy beside the peers: one JSON line per figure
# make ci      what has to pass before a change is accepted
#
# Each makes what it needs in .venv and is quick the second time. PYTHON=… chooses the interpreter (3.11 or newer).

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
# Compiling every installed module takes half of the installation's CPU time; Python compiles what it imports, and may keep it.
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install --no-compile
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test lint lint-style lint-types lint-imports lint-contract bench ci
.DELETE_ON_ERROR:

demo: .venv/lab.stamp
	@$(BIN)/python -m training demo

test: .venv/dev.stamp
	@$(BIN)/python -m pytest -n 2 --dist loadfile -rs

lint: lint-style lint-types lint-imports lint-contract

lint-style: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

lint-types: .venv/dev.stamp
	$(BIN)/mypy

lint-imports: .venv/dev.stamp
	$(BIN)/lint-imports --no-logo

lint-contract: .venv/dev.stamp
	$(BIN)/buf lint protos
	$(BIN)/python protos/generate.py --check

bench: .venv/dev.stamp
	@$(BIN)/python -m benchmarks.service
	@$(BIN)/python -m benchmarks.accuracy

ci:
	@.ci/run

# An interpreter of a distribution may come without ensurepip; its own pip then fills the environment.
$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3 …" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { \
		$(PYTHON) -m venv --clear --without-pip .venv && $(PYTHON) -m pip --python $(BIN)/python install --quiet pip; }

# What the demo needs is less than what the tests need, and whoever wants to see it should not wait for compilers of protos.
.venv/lab.stamp: pyproject.toml | $(BIN)/python
	@echo "installing into .venv (once) …"
	@$(PIP) -e '.[lab]'
	@touch $@

.venv/dev.stamp: pyproject.toml | $(BIN)/python
	@echo "installing into .venv with the development tools (once) …"
	@$(PIP) -e '.[lab,dev]'
	@touch $@ .venv/lab.stamp
