"""Kernels of a run are of this interpreter, alike whether forked or not, and leave nothing behind."""

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from processes import wait_for

from helpers.runs import kernels
from helpers.runs.kernels import ENVIRONMENT, RUNNING, can_fork, open_kernel, preload, stop_kernels

pytestmark = pytest.mark.skipif(os.name == "nt", reason="unix-domain sockets are POSIX")
FORKED = [pytest.param(True, marks=pytest.mark.skipif(not can_fork(), reason="Linux only")), False]


def ask(forked, folder, question):
    """What a kernel answers to an expression, and the folder of its sockets."""
    if forked:
        preload()
    notebook = new_notebook(cells=[new_code_cell(question)])
    with open_kernel(forked) as manager:
        sockets = Path(manager.ip).parent
        client = NotebookClient(notebook, km=manager, shutdown_kernel="immediate")
        client.execute(env={**os.environ, **ENVIRONMENT, "ADOPTION_TEST": "yes"}, cwd=str(folder), cleanup_kc=True)
    assert not sockets.exists()
    assert not RUNNING
    return eval(nbformat.from_dict(notebook).cells[0].outputs[0].data["text/plain"])


@pytest.mark.parametrize("forked", FORKED)
def test_a_kernel_is_ours_and_where_and_how_we_chose(forked, tmp_path):
    question = (
        "import os, sys, numpy; (sys.prefix, os.getcwd(), os.environ['ADOPTION_TEST'], hash('x'), "
        "get_ipython().history_manager.enabled, numpy.random.random())"
    )
    first, second = ask(forked, tmp_path, question), ask(forked, tmp_path, question)
    assert first[:3] == (sys.prefix, str(tmp_path), "yes")
    assert first[3] == second[3], "hashes are the same in every kernel"
    assert first[4] is False, "what a run executes is no one's history"
    assert first[5] != second[5], "siblings don't draw the same numbers"
    assert "ADOPTION_TEST" not in os.environ


@pytest.mark.skipif(not can_fork(), reason="Linux only")
def test_what_is_done_beforehand_leaves_no_trace(tmp_path):
    question = (
        "import matplotlib, matplotlib.pyplot, helpers.show.figures.style\n"
        "sorted(map(str, matplotlib.rcParams.items())), matplotlib.pyplot.get_fignums()"
    )
    assert ask(True, tmp_path, question) == ask(False, tmp_path, question)
    assert ask(True, tmp_path, "import sys; 'statsmodels' in sys.modules and 'seaborn' in sys.modules")


@pytest.mark.parametrize("forked", FORKED)
def test_what_a_cell_s_own_processes_print_is_shown(forked, tmp_path, monkeypatch):
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # which ipykernel knows, and shows less
    code = (
        "import os, subprocess\nprint('before')\nchild = os.fork()\nif not child:\n    print('forked', flush=True)\n"
        "    os._exit(0)\nos.waitpid(child, 0)\nsubprocess.run(['echo', 'started'])\nprint('after')"
    )
    notebook = new_notebook(cells=[new_code_cell(code)])
    preload()
    with open_kernel(forked) as manager:
        client = NotebookClient(notebook, km=manager, shutdown_kernel="immediate")
        client.execute(env={**os.environ, **ENVIRONMENT}, cwd=str(tmp_path), cleanup_kc=True)
    shown = "".join(output.text for output in nbformat.from_dict(notebook).cells[0].outputs)
    assert sorted(shown.split()) == ["after", "before", "forked", "started"]


@pytest.mark.parametrize("forked", FORKED)
def test_kernels_can_be_stopped_at_once(forked, tmp_path):
    started = time.monotonic()
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(ask, forked, tmp_path, "import time; time.sleep(60)")
        wait_for(lambda: RUNNING and next(iter(RUNNING)).has_kernel)
        time.sleep(1)
        stop_kernels([waiting])
    assert waiting.exception()
    assert time.monotonic() - started < 40


@pytest.mark.skipif(not can_fork(), reason="Linux only")
def test_no_kernel_is_forked_with_helpers_that_have_changed_since(monkeypatch):
    preload()
    assert can_fork()
    monkeypatch.setattr(kernels, "hash_helpers", lambda: {"curves/model.py": "another"})
    assert not can_fork()
