"""What `adoption open` makes in outputs/lab/: copies to work on, checked as a run, never overwritten."""

import re
import sys

import nbformat
import pytest
from conftest import SAMPLE
from processes import call

from adoption_curves import indicators
from adoption_curves.base.project import UserError
from adoption_curves.runs import lab
from adoption_curves.runs.parameters import ParameterError


def test_open_prepares_a_copy_and_never_overwrites_one(outputs, capsys):
    code, out, _ = call(capsys, "open", "05", "-p", "horizon_years", "10", "--prepare-only")
    copy = outputs / "lab" / "05_forecast_adoption.ipynb"
    assert (code, str(copy) in out) == (0, True)
    notebook = nbformat.read(copy, 4)
    nbformat.validate(notebook)
    (given,) = [cell for cell in notebook.cells if "parameters" in " ".join(cell.metadata.get("tags", []))]
    assert "horizon_years = 10  # years ahead" in given.source
    names = {}
    exec(given.source, names)
    assert (names["horizon_years"], names["entity"], names["levels"]) == (10, "China", [0.5, 0.8, 0.9])
    assert lab.prepare_copy("5", {"horizon_years": 10}) == copy
    copy.write_text("mine")
    assert lab.prepare_copy("05", {"horizon_years": 10}).name == "05_forecast_adoption-2.ipynb"
    assert copy.read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "given", "kind", "words"),
    [
        ("09", {}, UserError, "No notebook is called '09'; there are 01_check_indicators"),
        ("05", {"horizon_year": 10}, ParameterError, "did you mean 'horizon_years'"),
        ("05", {"horizon_years": 0}, ParameterError, "it must be a number above 0"),
        ("01", {"horizon_years": 3}, ParameterError, "notebook 01_check_indicators doesn't read 'horizon_years'"),
        ("compare_runs", {"horizon_years": 3}, ParameterError, "it reads none of a run's parameters"),
        ("05", {"entity": "Chine", "data": str(SAMPLE)}, indicators.DataError, "nearest: China"),
    ],
)
def test_open_checks_as_a_run_does(outputs, name, given, kind, words):
    with pytest.raises(kind, match=re.escape(words)):
        lab.prepare_copy(name, given)
    assert not outputs.exists()


def test_open_becomes_jupyterlab(outputs, monkeypatch, capsys):
    called = []
    monkeypatch.setenv("ADOPTION_OUTPUTS", str(outputs))  # it is set for the kernels, and is taken back after this
    monkeypatch.setattr(lab.os, "execv", lambda *words: called.append(words))
    call(capsys, "open", "explore", "--no-browser", "--", "--port=9999")
    (words,) = called
    assert words[1][:3] == [sys.executable, "-m", "jupyterlab"]
    copy, root, transport, *options = words[1][3:]
    assert transport == "--KernelManager.transport=ipc", "no kernel warns of TCP"
    assert (copy, options) == (str(outputs / "lab" / "explore_adoption.ipynb"), ["--no-browser", "--port=9999"])
    assert root == f"--ServerApp.root_dir={outputs.parent}", "outputs/ is at hand"
