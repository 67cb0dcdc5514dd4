"""Notebooks of a run are executed by this interpreter, alike whether forked or not, and leave nothing behind."""

import os
import sys
from ast import literal_eval

import nbformat
import pytest
from small_notebooks import write_notebook

from adoption_curves.runs import notebook_process
from adoption_curves.runs.notebook_process import _can_fork, execute_notebook, start_fork_server

pytestmark = pytest.mark.skipif(not _can_fork(), reason="Linux only")
WHERE = """import os, sys, numpy
(sys.prefix, os.getcwd(), os.environ["ADOPTION_OUTPUTS"], hash("x"), get_ipython().history_manager.enabled,
 numpy.random.random())"""
OWN = """from IPython.display import Markdown, display
import subprocess, sys
display(Markdown("**bold**"))
%time display("timed")
async def answer():
    return 42
display(await answer())
from tqdm.auto import tqdm
for _ in tqdm(range(3)):
    pass
from matplotlib import pyplot
pyplot.plot([1, 2])
pyplot.show()
print("beside", file=sys.stderr)
subprocess.run(["echo", "started"])
"not shown";"""


@pytest.fixture(params=[True, pytest.param(False, marks=pytest.mark.slow)], ids=["forked", "not forked"])
def _way(request, monkeypatch):
    monkeypatch.setattr(notebook_process, "_can_fork", lambda: request.param)


def execute(folder, code):
    """What a notebook of one cell wrote to its log, and its outputs."""
    start_fork_server()
    source = write_notebook(folder / "01_ask.ipynb", ["# Ask", code])
    target = folder / "work" / "notebooks" / "01_ask.ipynb"
    target.parent.mkdir(parents=True, exist_ok=True)
    _, stray = execute_notebook(source, target, {}, folder / "failed")
    return stray, nbformat.read(target, 4).cells[-1].outputs


@pytest.mark.usefixtures("_way")
def test_a_notebook_is_ours_and_where_and_how_we_chose(tmp_path):
    answers = [execute(tmp_path, WHERE)[1][-1].data["text/plain"] for _ in range(2)]
    first, second = map(literal_eval, answers)
    assert first[:3] == (sys.prefix, str(tmp_path), str(tmp_path))
    assert first[3] == second[3], "hashes are the same in every notebook"
    assert first[4] is False, "what a run executes is no one's history"
    assert first[5] != second[5], "siblings don't draw the same numbers"
    assert os.environ.get("ADOPTION_OUTPUTS") != str(tmp_path)


def test_no_notebook_is_forked_with_helpers_that_have_changed_since(monkeypatch):
    start_fork_server()
    assert _can_fork()
    monkeypatch.setattr(notebook_process, "hash_helpers", lambda: {"curves/adoption_curve.py": "another"})
    assert not _can_fork()


@pytest.mark.usefixtures("_way")
def test_a_notebook_of_ones_own_displays_waits_and_has_magics_and_progress_bars(tmp_path):
    """What goes to the error stream, such as a bar, and what its processes print is kept in the run's log."""
    stray, (stream, *shown) = execute(tmp_path, OWN)
    assert "Wall time" in stream.text
    assert shown[0].data["text/markdown"] == "**bold**"
    assert [each.data["text/plain"] for each in shown[1:3]] == ["'timed'", "42"]
    assert "image/png" in shown[3].data
    assert len(shown) == 4
    assert any("3/3" in line for line in stray)
    assert {"beside", "started"} <= {*stray}
