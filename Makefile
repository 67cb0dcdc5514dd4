# The project's commands; each sets up what it needs in .venv.
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps

.PHONY: run lab check test test-all golden docs strip lock clean

run: .venv/ready
	$(BIN)/python -P -m adoption_curves run

# JupyterLab in notebooks/, with kernels on sockets that are files. As root, as in a container, it starts only if allowed to.
lab: .venv/ready
	@echo 'Before a commit, "make strip" takes the outputs out of the notebooks.'
	$(BIN)/python -P -m jupyterlab --FileContentsManager.preferred_dir=notebooks --KernelManager.transport=ipc \
		$(if $(filter 0,$(shell id -u)),--allow-root)

# Rules, form, types and docstrings.
check: .venv/ready-dev
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/python -c "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True, no_logo=True))"
	$(BIN)/python tests/tools/docstrings.py

# All tests but those marked slow, which make whole runs; `test-all` runs these too.
test: .venv/ready-dev
	$(BIN)/python -m pytest -m 'not slow'

test-all: .venv/ready-dev
	$(BIN)/python -m pytest

# The runs of tests/golden/golden.yaml, which must stay as tests/golden keeps them.
golden: .venv/ready-dev
	$(BIN)/python -m pytest -m golden

# The site in docs/_build/html, of the pages in docs/, the docstrings, the default run and those of the gallery; a warning
# stops it. It is one folder, which any web server can hold.
docs: .venv/ready-dev run
	$(BIN)/python -P -m adoption_curves sweep docs/gallery.yaml
	$(BIN)/python -m sphinx -q -n -W --keep-going -E -d docs/_build/doctrees docs docs/_build/html
	@echo 'Read it: docs/_build/html/index.html'

# Take outputs and the marks of a run out of the notebooks, before a commit.
KERNEL := codemirror_mode file_extension mimetype nbconvert_exporter pygments_lexer version
strip: .venv/ready-dev
	$(BIN)/nbstripout --keep-id --extra-keys "metadata.papermill cell.metadata.papermill $(KERNEL:%=metadata.language_info.%)" notebooks/*.ipynb

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; set another with make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(INSTALL) --require-hashes --requirement requirements.lock
	$(INSTALL) --no-build-isolation --editable '.[lab,xlsx]'
	@touch $@

.venv/ready-dev: .venv/ready requirements-dev.lock
	$(INSTALL) --require-hashes --requirement requirements-dev.lock
	@touch $@

# Write both locks again after a change of pyproject.toml: what a run needs, and what check, test and docs need besides.
COMPILE := $(BIN)/python -m uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header
lock: .venv/ready
	$(BIN)/python -m pip install --quiet uv
	$(COMPILE) --extra build --extra lab --extra xlsx pyproject.toml --output-file requirements.lock
	$(COMPILE) --extra build --extra lab --extra xlsx --extra test --extra docs --constraint requirements.lock pyproject.toml \
		--output-file requirements-dev.lock

clean:
	rm -rf .venv .venv-newest docs/_build docs/run
