# make demo: install and look around.  make test: install what tests need and run them.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check install --constraint constraints.txt
JOBS ?= 2

.PHONY: demo test test-all check bench docs clean

demo: $(VENV)/installed
	$(BIN)/lexops demo --dir .demo

test: $(VENV)/installed-test
	$(BIN)/pytest -n $(JOBS) -m "not heavy"

test-all: $(VENV)/installed-test
	HYPOTHESIS_PROFILE=search $(BIN)/pytest -n $(JOBS)

check: $(VENV)/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/installed-test
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) .demo build dist *.egg-info

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "error: LexOps needs Python 3.11 or newer"; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) --editable .
	@touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(PIP) --editable '.[test]'
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed-test
	$(PIP) --editable '.[dev]'
	@touch $@
