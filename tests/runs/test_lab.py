"""What `adoption new` begins and `adoption open` makes: whole or not there, checked as a run, never overwritten."""

import re
import sys

import nbformat
import pytest
import yaml
from conftest import SAMPLE
from processes import call

from adoption_curves import indicators
from adoption_curves.base.project import PROJECT_MARK, UserError, find_root
from adoption_curves.runs import lab
from adoption_curves.runs.parameters import ParameterError

PARTS = {"data", "notebooks", PROJECT_MARK, "CITATION.cff"}


@pytest.fixture
def project(here, tmp_path, monkeypatch):
    """A new project, begun from one of the small notebooks, in which the commands of this process stand."""
    folder = lab.begin_project(tmp_path / "my: own")
    monkeypatch.chdir(folder)
    return folder


def test_a_new_project_has_data_notebooks_a_mark_and_a_citation_to_fill_in(project, here):
    assert {path.name for path in project.iterdir()} == PARTS
    assert find_root() == project
    citation = yaml.safe_load((project / "CITATION.cff").read_text(encoding="utf-8"))
    assert (citation["cff-version"], citation["title"]) == ("1.2.0", "my: own")
    assert all(citation[key] for key in ("message", "authors", "date-released"))
    for part in ("data/observations.csv", *(f"notebooks/{path.name}" for path in here.glob("notebooks/*.ipynb"))):
        assert (project / part).read_bytes() == (here / part).read_bytes()


def test_an_empty_folder_in_which_one_stands_becomes_a_project_and_another_is_left_alone(
    here, tmp_path, monkeypatch, capsys
):
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert call(capsys, "new", ".")[0] == 0
    assert {path.name for path in folder.iterdir()} == PARTS
    with pytest.raises(UserError, match="is there already, and not empty"):
        lab.begin_project(folder)


def test_a_project_is_whole_or_not_there(here, tmp_path):
    (here / "notebooks" / "09_lost.ipynb").symlink_to("nowhere")
    with pytest.raises(OSError, match="09_lost"):
        lab.begin_project(tmp_path / "new")
    assert not (tmp_path / "new").exists()
    assert not list(tmp_path.glob(".*"))


def test_a_project_runs_from_below_and_writes_to_its_own_outputs(project, capsys, monkeypatch):
    monkeypatch.delenv("ADOPTION_OUTPUTS")
    monkeypatch.chdir(project / "notebooks")
    code, _, err = call(capsys, "run", "small", "-p", "horizon_years", "3", "-p", "data", str(project / "data"))
    assert code == 0, err
    assert (project / "outputs" / "small" / "html" / "index.html").is_file()


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
