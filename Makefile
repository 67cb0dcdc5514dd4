# The project's commands; `make run`, `make check` and the tests set up everything they need.
PYTHON ?= python3
BIN := .venv/bin
INSTALL := python -m pip install --quiet --disable-pip-version-check --no-deps

.PHONY: run check test test-all test-wheel golden snapshots contact test-newest coverage audit lab docs bench \
	peers lock clean

run: .venv/ready
	$(BIN)/python -P -m adoption_curves run

# Rules, form, types and docstrings.
check: .venv/ready
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/python -c "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True, no_logo=True))"
	$(BIN)/python tests/docstrings.py

# Every room and most promises once, in about five minutes on two cores; `test-all` adds whole runs and further cases.
test: .venv/ready
	$(BIN)/python -m pytest -m 'not slow'

test-all: .venv/ready
	$(BIN)/python -m pytest

# The wheel, installed beside nothing of the checkout and tried in empty folders; `test-all` has it too.
test-wheel: .venv/ready
	$(BIN)/python -m pytest tests/test_wheel.py

# The runs of tests/golden/golden.yaml, whose tables must stay as they are in git; RENEW=1 writes them anew.
golden: .venv/ready
	$(BIN)/python tests/golden.py $(if $(RENEW),--renew)

# The wording that people meet, as tests/snapshots keep it, written anew.
snapshots: .venv/ready
	$(BIN)/python -m pytest --renew -n 0

# One page of every figure of seven kinds of series, wide, narrow, dark and for print, with the faults that are found.
contact: .venv/ready
	$(BIN)/python tests/contact.py

# The tests of numbers and data, and the default run, with the newest versions that the bounds allow, whatever the lock
# says, on the newest Python here; these are looked up anew each time.
NUMERICAL := backtest curves data findings forecast indicators malformed many parameters projection properties \
	see_adoption tables values
NUMBERS = -m pytest $(NUMERICAL:%=tests/test_%.py) \
	tests/test_sequence.py::test_the_baseline_in_git_is_what_the_code_makes
NEWEST = $(shell for python in python3.14 python3.13 python3.12 $(PYTHON); do \
	$$python -c 'import ensurepip, ssl' 2> /dev/null && echo $$python && break; done)
test-newest:
	$(NEWEST) -m venv --clear .venv-newest
	.venv-newest/bin/python -m pip install --quiet --disable-pip-version-check --upgrade --upgrade-strategy eager \
		--editable '.[test]' || { echo "The newest versions that pyproject.toml allows could not be installed; this needs the package registry."; exit 1; }
	.venv-newest/bin/python $(NUMBERS)

# What the tests run, in all processes: 95 % of lines and branches, and every one in what checks data and parameters.
CHECKED := src/helpers/indicators/*,src/helpers/runs/parameters.py,src/helpers/cli/options.py
coverage: .venv/ready
	$(BIN)/python -m pytest --cov --cov-report=term:skip-covered --cov-fail-under=95
	$(BIN)/python -m coverage report --include='$(CHECKED)' --fail-under=100

lab: .venv/ready
	$(BIN)/python -P -m adoption_curves open explore

# The site in docs/_build/html, of the pages in docs/, the docstrings and the default run; a warning stops it.
docs: run
	$(BIN)/python -m sphinx -q -n -W --keep-going -E -d docs/_build/doctrees docs docs/_build/html
	@echo 'Read it: docs/_build/html/index.html'

bench: .venv/ready
	$(BIN)/python -m benchmarks

# Other forecasters on the same origins: the table and the numbers of docs/peers.md. They stay out of .venv and the locks.
peers:
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[peers]' \
		|| { echo "The other forecasters could not be installed; this needs the package registry."; exit 1; }
	.venv-peers/bin/python -m benchmarks.peers

.venv/ready: requirements.lock
.venv/ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; set another with make PYTHON=python3.12")'
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/$(INSTALL) --require-hashes --requirement requirements.lock
	$(@D)/bin/$(INSTALL) --no-build-isolation --editable .
	@echo ../../../../src | tee $(@D)/lib/python3*/site-packages/_*adoption_curves.pth > /dev/null
	@printf '%s\n' $(COMMAND) > $(@D)/bin/adoption
	@printf '%s\n' $(ACTIVATE) >> $(@D)/bin/activate
	@touch $@

# What pip and venv write names this folder; with these a project that is copied or moved runs itself, not the original.
COMMAND := '\#!/bin/sh' 'exec "$$(dirname "$$(readlink -f "$$0" || echo "$$0")")/python" -P -m adoption_curves "$$@"'
ACTIVATE := 'if [ -n "$${BASH_SOURCE:-}$${ZSH_VERSION:-}" ]; then' \
	'    VIRTUAL_ENV="$$(cd "$$(dirname "$${BASH_SOURCE:-$$0}")/.." && pwd)"' \
	'    PATH="$$VIRTUAL_ENV/bin:$$PATH"' 'fi'

# Known vulnerabilities of what the lock installs; asks OSV's database, so it needs the network.
OSV := https://api.osv.dev/v1/query
audit: .venv/ready
	@{ $(BIN)/python -c 'import requests; requests.get("$(OSV)", timeout=20)' && $(BIN)/python -m pip install --quiet uv; } \
		2> /dev/null || { echo "$(OSV) or the package index can't be reached, so nothing was audited; make audit needs the network."; exit 1; }
	$(BIN)/python -m uv tool run --quiet pip-audit --requirement requirements.lock --require-hashes --disable-pip --strict \
		--vulnerability-service osv --osv-url $(OSV) --progress-spinner off

# Write the lock again after a change of pyproject.toml.
COMPILE := python -m uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --extra test --no-header
lock: .venv/ready
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/$(COMPILE) --extra docs pyproject.toml --output-file requirements.lock

clean:
	rm -rf .venv .venv-newest .venv-peers docs/_build docs/run
