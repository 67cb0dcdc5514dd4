"""Sweeps: what the file may say, and that what runs share is made once, whatever fails meanwhile."""

import threading
import time

import pandas as pd
import pytest
from conftest import SAMPLE
from jupyter_core.utils import ensure_event_loop
from page_faults import Page, find_faults
from processes import call
from small_notebooks import SWEPT, write_notebooks
from snapshots import check_snapshot

from adoption_curves.base.folders import lock_folder
from adoption_curves.base.project import RunError
from adoption_curves.runs.parameters import ParameterError
from adoption_curves.runs.steps import Execution
from adoption_curves.runs.sweep import read_sweep, run_sweep


@pytest.fixture
def notebooks(tmp_path):
    return write_notebooks(tmp_path / "notebooks", SWEPT)


def write(tmp_path, text, name="grid.yaml"):
    path = tmp_path / name
    path.write_text(f"parameters: {{data: {SAMPLE}}}\n{text}")
    return path


# ---- the file


def test_a_grid_and_a_list_become_named_runs(tmp_path):
    path = write(
        tmp_path,
        "grid:\n  horizon_years: [1, 2]\n  shares: [[0.5, 0.9], [0.75]]\nruns:\n- {run: own, as_of: 2025-10-31}\n",
    )
    sweep = read_sweep(path)
    assert (sweep.name, sweep.left_out) == ("grid", {})
    made = ["horizon_years-1_shares-0.5-0.9", "horizon_years-1_shares-0.75"]
    made += [name.replace("years-1", "years-2") for name in made]
    assert [run.run for run in sweep.runs] == [*made, "own"]
    assert sweep.runs[4].as_of == "2025-10-31"
    assert read_sweep(path, "mine").name == "mine"


def test_mistakes_are_told_all_at_once_with_their_sets(tmp_path, renew):
    def refuse(text):
        with pytest.raises(ParameterError) as caught:
            read_sweep(write(tmp_path, text))
        print(str(caught.value).replace(f"{tmp_path}/", ""))

    check_snapshot("sweep", {"refuse": refuse}, renew)


def test_too_many_runs_are_refused_at_once(tmp_path):
    values, started = "[" + ", ".join(map(str, range(1000))) + "]", time.process_time()
    grid = ", ".join(f"{name}: {values}" for name in ("horizon_years", "limit", "as_of"))
    with pytest.raises(ParameterError, match="1,000,000,000 runs; a sweep has 1 to 10,000"):
        read_sweep(write(tmp_path, f"grid: {{{grid}}}"))
    assert time.process_time() - started < 2


# ---- what is made of it


def read_horizons(folder):
    """Horizon of each run that the comparison of a sweep has."""
    return pd.read_csv(folder / "comparison" / "comparison.csv").set_index("run")["horizon_years"].to_dict()


def test_a_failing_run_stops_no_other_and_the_same_command_resumes(tmp_path, outputs, notebooks, capsys):
    sweep, made = read_sweep(write(tmp_path, "grid: {horizon_years: [1, 9, 13]}")), tmp_path / "made.txt"
    ensure_event_loop()  # as whatever ran a notebook in this process before left one in the context
    folder, failed = run_sweep(sweep, Execution(slots=threading.Semaphore(2)), notebooks=notebooks)
    assert list(failed) == ["horizon_years-13"]
    assert "AssertionError: thirteen" in failed["horizon_years-13"]
    said = capsys.readouterr().err.splitlines()
    assert [line for line in said if "begins" in line] == [f"horizon_years-{n} begins" for n in (1, 9, 13)]
    ends = [line for line in said if "begins" not in line]
    assert [line[:4] for line in ends] == ["1/3 ", "2/3 ", "3/3 "]
    assert sum("failed: Notebook 05_forecast failed" in line for line in ends) == 1
    found = {"grid/horizon_years-1": 1, "grid/horizon_years-9": 9}
    assert read_horizons(folder) == found
    assert sorted(made.read_text().split()) == ["1", "13", "9"]
    drawn = {(folder / run / "tables" / "01_drawn.csv").read_text() for run in ("horizon_years-1", "horizon_years-9")}
    assert len(drawn) == 1, "what runs share is made once"
    page = Page(folder / "comparison" / "index.html")
    assert "<h1>2 runs side by side</h1>" in page.text
    assert "grid/horizon_years-13</bdi>: Notebook 05_forecast failed" in page.text
    assert "../horizon_years-9/html/index.html" in page.links
    assert find_faults(folder / "comparison" / "index.html") == []
    (tmp_path / "mended").touch()
    folder, failed = run_sweep(sweep, Execution(slots=threading.Semaphore(1)), notebooks=notebooks)
    assert failed == {}
    assert sorted(made.read_text().split()) == ["1", "13", "13", "9"]
    assert read_horizons(folder) == found | {"grid/horizon_years-13": 13}
    assert call(capsys, "export", "grid/horizon_years-1", "--xlsx")[1].strip().endswith("horizon_years-1/tables.xlsx")


def test_a_sweep_reads_the_notebooks_once(tmp_path, outputs, notebooks):
    """One is edited by the first notebook of the first run: all runs are made from the text of the beginning."""
    source = notebooks / "05_forecast.ipynb"
    cell = f"import pathlib\npath = pathlib.Path({str(source)!r})\npath.write_text('no notebook')"
    write_notebooks(notebooks, {"00_edit": ["# Edits", {"run": "x"}, cell]})
    folder, failed = run_sweep(read_sweep(write(tmp_path, "grid: {horizon_years: [1, 9]}")), notebooks=notebooks)
    assert (failed, source.read_text()) == ({}, "no notebook")
    assert read_horizons(folder) == {"grid/horizon_years-1": 1, "grid/horizon_years-9": 9}


def test_a_sweep_of_release_2_is_named_and_its_report_is_kept(tmp_path, outputs, notebooks, capsys):
    (outputs / "grid").mkdir(parents=True)
    for name in ("sweep.json", "index.html", "comparison.csv"):
        (outputs / "grid" / name).write_text("{}")
    sweep = read_sweep(write(tmp_path, "grid: {horizon_years: [1]}"))
    assert run_sweep(sweep, notebooks=notebooks)[1] == {}
    assert "Sweep 'grid' was made by release 2: it is made again." in capsys.readouterr().err
    kept = {path.name for path in (outputs / "grid.edited").glob("*/*")}
    assert kept == {"sweep.json", "index.html", "comparison.csv"}
    run_sweep(sweep, notebooks=notebooks)
    assert "release 2" not in capsys.readouterr().err


def test_a_set_that_cannot_be_is_told_and_left_out(tmp_path, outputs, notebooks, capsys):
    """Of a country that the data lack; where none is left the file is refused."""
    sweep = read_sweep(write(tmp_path, "grid: {entity: [China, Chine]}"))
    assert [run.run for run in sweep.runs] == ["China"]
    folder, failed = run_sweep(sweep, notebooks=notebooks)
    assert failed == {}
    why = "entity: 'Chine' is not in sample; nearest: China"
    assert f"Chine is left out: {why}" in capsys.readouterr().err.splitlines()
    assert f"<li><bdi>grid/Chine</bdi>: {why}" in Page(folder / "comparison" / "index.html").text.replace("&#39;", "'")
    with pytest.raises(ParameterError, match=r"^entity: 'Chine' is not in sample; nearest: China \(in a, b\)$"):
        read_sweep(write(tmp_path, "runs: [{run: a, entity: Chine}, {run: b, entity: Chine, horizon_years: 2}]"))


def test_what_isnt_this_sweeps_is_left_alone(tmp_path, outputs, notebooks):
    sweep = read_sweep(write(tmp_path, "grid: {horizon_years: [1]}"))
    with (
        lock_folder(outputs / "grid", "sweep"),
        pytest.raises(RunError, match="Sweep 'grid' is being made by process"),
    ):
        run_sweep(sweep, notebooks=notebooks)
    (outputs / "grid").mkdir(exist_ok=True)
    (outputs / "grid" / "run.json").write_text("{}")
    with pytest.raises(RunError, match="exists and was not made by a sweep"):
        run_sweep(sweep, notebooks=notebooks)
    assert [path.name for path in (outputs / "grid").iterdir()] == ["run.json"]


def test_a_run_of_an_earlier_sweep_is_not_taken_for_one_that_failed(tmp_path, outputs, notebooks):
    """Runs have the names that they are given, and the second time other parameters; one of them fails."""
    names = "runs: [{{run: a, horizon_years: 1}}, {{run: b, horizon_years: {}}}]"
    assert run_sweep(read_sweep(write(tmp_path, names.format(9))), notebooks=notebooks)[1] == {}
    folder, failed = run_sweep(read_sweep(write(tmp_path, names.format(13))), notebooks=notebooks)
    assert list(failed) == ["b"]
    assert read_horizons(folder) == {"grid/a": 1}
    page = Page(folder / "comparison" / "index.html")
    assert "<h1>1 run side by side</h1>" in page.text
    assert "grid/b</bdi>: Notebook 05_forecast failed" in page.text


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("runs: [{entity: China}, {limit: 2000}, {limit: none}]", ["China", "limit-2000", "no-limit"]),
        ("grid: {as_of: [2025-10-31, ''], limit: [2000]}", ["2025-10-31_limit-2000", "no-as_of_limit-2000"]),
        ("grid: {shares: [[0.5, 0.9], [0.51, 0.61, 0.71, 0.81, 0.91, 0.95, 0.97]]}", ["run-001", "run-002"]),
    ],
)  # fmt: skip
def test_runs_are_named_by_what_they_vary_as_far_as_forty_letters_go(tmp_path, text, names):
    assert [run.run for run in read_sweep(write(tmp_path, text)).runs] == names
