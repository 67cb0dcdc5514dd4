"""Notebooks of a run are executed by this interpreter, alike whether forked or not, and leave nothing behind."""

import os
import sys

import nbformat
import pytest
from small_notebooks import write_notebook

from adoption_curves.runs import notebook_process
from adoption_curves.runs.notebook_process import _can_fork, execute_notebook, preload

WAYS = [
    pytest.param(False, marks=pytest.mark.skipif(not _can_fork(), reason="Linux only")),
    pytest.param(True, marks=pytest.mark.slow),
]


OWN = """from IPython.display import Markdown, display
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
"not shown";"""


def ask(isolated, folder, question):
    """What a notebook answers to an expression, its log, and its outputs."""
    preload()
    source = write_notebook(folder / "01_ask.ipynb", ["# Ask", question])
    target = folder / "work" / "notebooks" / "01_ask.ipynb"
    target.parent.mkdir(parents=True, exist_ok=True)
    stray = execute_notebook(source, target, {}, folder / "failed.ipynb", folder, isolated=isolated)
    outputs = nbformat.read(target, 4).cells[-1].outputs
    return eval(outputs[-1].data["text/plain"]), stray, outputs


@pytest.mark.parametrize("isolated", WAYS)
def test_a_notebook_is_ours_and_where_and_how_we_chose(isolated, tmp_path):
    question = (
        "import os, sys, numpy\n(sys.prefix, os.getcwd(), os.environ['ADOPTION_OUTPUTS'], hash('x'), "
        "get_ipython().history_manager.enabled, numpy.random.random())"
    )
    first, second = ask(isolated, tmp_path, question)[0], ask(isolated, tmp_path, question)[0]
    assert first[:3] == (sys.prefix, str(tmp_path), str(tmp_path))
    assert first[3] == second[3], "hashes are the same in every notebook"
    assert first[4] is False, "what a run executes is no one's history"
    assert first[5] != second[5], "siblings don't draw the same numbers"
    assert "ADOPTION_OUTPUTS" not in os.environ or os.environ["ADOPTION_OUTPUTS"] != str(tmp_path)


@pytest.mark.skipif(not _can_fork(), reason="Linux only")
def test_what_is_done_beforehand_leaves_no_trace(tmp_path):
    question = (
        "import matplotlib, matplotlib.pyplot, adoption_curves.show.figures.style\n"
        "sorted(map(str, matplotlib.rcParams.items())), matplotlib.pyplot.get_fignums()"
    )
    assert ask(False, tmp_path, question)[0] == ask(True, tmp_path, question)[0]
    assert ask(False, tmp_path, "import sys; 'statsmodels' in sys.modules and 'seaborn' in sys.modules")[0]


@pytest.mark.parametrize("isolated", WAYS)
def test_what_goes_to_the_error_stream_and_what_processes_print_is_kept_beside(isolated, tmp_path):
    code = "import subprocess, sys\nprint('shown')\nprint('beside', file=sys.stderr)\n"
    answer, stray, outputs = ask(isolated, tmp_path, code + "subprocess.run(['echo', 'started'])\n1")
    assert (answer, outputs[0].text) == (1, "shown\n")
    assert sorted(stray) == ["beside", "started"]


@pytest.mark.skipif(not _can_fork(), reason="Linux only")
def test_no_notebook_is_forked_with_helpers_that_have_changed_since(monkeypatch):
    preload()
    assert _can_fork()
    monkeypatch.setattr(notebook_process, "hash_helpers", lambda: {"curves/adoption_curve.py": "another"})
    assert not _can_fork()


@pytest.mark.parametrize("isolated", WAYS)
def test_a_notebook_of_ones_own_displays_waits_and_has_magics_and_progress_bars(isolated, tmp_path):
    source = write_notebook(tmp_path / "07_own.ipynb", ["# Own", OWN])
    target = tmp_path / "work" / "notebooks" / "07_own.ipynb"
    target.parent.mkdir(parents=True)
    stray = execute_notebook(source, target, {}, tmp_path / "failed.ipynb", tmp_path, isolated=isolated)
    stream, *shown = nbformat.read(target, 4).cells[-1].outputs
    assert "Wall time" in stream.text
    assert shown[0].data["text/markdown"] == "**bold**"
    assert [each.data["text/plain"] for each in shown[1:3]] == ["'timed'", "42"]
    assert "image/png" in shown[3].data
    assert len(shown) == 4
    assert any("3/3" in line for line in stray), "the bar is written to the error stream, which a run's log keeps"
