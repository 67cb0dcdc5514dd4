"""Sweeps: what the file may say, and that what runs share is made once, whatever fails meanwhile."""

import sys
import threading
import time

import pandas as pd
import pytest
from conftest import SAMPLE
from jupyter_core.utils import ensure_event_loop
from page_faults import Page, find_faults
from processes import call
from reports import make
from small_notebooks import SWEPT, write_notebooks
from snapshots import check_snapshot

from adoption_curves.base.folders import lock_folder
from adoption_curves.base.project import RunError
from adoption_curves.runs.parameters import ParameterError
from adoption_curves.runs.report import make_report
from adoption_curves.runs.steps import Execution
from adoption_curves.runs.sweep import read_sweep, run_sweep

SLOW = pytest.mark.slow

linux = pytest.mark.skipif(sys.platform != "linux", reason="ends kernels as Linux does")


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
    with pytest.raises(ParameterError, match="1,000,000,000 runs; a sweep has at most 10,000"):
        read_sweep(write(tmp_path, f"grid: {{{grid}}}"))
    assert time.process_time() - started < 2


def test_many_sets_are_checked_in_seconds(tmp_path):
    """Their data are loaded once."""
    text = f"grid: {{horizon_years: {list(range(1, 31))}, shares: [[0.5], [0.6]], limit: [internet_users, 2000]}}"
    began = time.process_time()
    assert len(read_sweep(write(tmp_path, text)).runs) == 120
    assert time.process_time() - began < 8


# ---- what is made of it


def read_last(folder):
    """The key number "last" of each run that the comparison of a sweep has."""
    return pd.read_csv(folder / "comparison.csv").set_index("run")["last"].to_dict()


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
    found = {"grid/horizon_years-1": 601, "grid/horizon_years-9": 609}
    assert read_last(folder) == found
    assert sorted(made.read_text().split()) == ["1", "13", "9"]
    drawn = {(folder / run / "tables" / "01_drawn.csv").read_text() for run in ("horizon_years-1", "horizon_years-9")}
    assert len(drawn) == 1, "what runs share is made once"
    page = Page(folder / "index.html")
    assert "<h1>2 runs side by side</h1>" in page.text
    assert "grid/horizon_years-13</bdi>: Notebook 05_forecast failed" in page.text
    assert "horizon_years-9/html/index.html" in page.links
    assert find_faults(folder / "index.html") == []
    (tmp_path / "mended").touch()
    folder, failed = run_sweep(sweep, Execution(slots=threading.Semaphore(1)), notebooks=notebooks)
    assert failed == {}
    assert sorted(made.read_text().split()) == ["1", "13", "13", "9"]
    assert read_last(folder) == found | {"grid/horizon_years-13": 613}
    assert call(capsys, "export", "grid/horizon_years-1", "--xlsx")[1].strip().endswith("horizon_years-1/tables.xlsx")


@pytest.mark.parametrize(
    ("medians", "failed", "said"),
    [
        ([700, 750, 710, 760], [], "Of 4 runs the 80% ranges for December 2027 lie within 610 to 830 million people"),
        ([700, 750, 710, 760], [3], "Of 3 runs the 80% ranges for December 2027 lie within 610 to 820 million people"),
        ([800, 800, 800, 800], [], "Of 4 runs the 80% ranges for December 2027 lie within 710 to 870 million people"),
        ([700], [], "The 80% ranges for December 2027 lie within 610 to 770 million people"),
    ],
)
def test_what_a_sweep_comes_to_is_said_as_far_as_it_can_be(outputs, tmp_path, medians, failed, said):
    names = [f"grid/{place}" for place in range(len(medians))]
    for name, median in zip(names, medians, strict=True):
        make(outputs, name, float(median))
    for place in failed:
        (outputs / "grid" / str(place) / "run.json").unlink()
    missing = {f"grid/{place}": "Oh\nno" for place in failed}
    page = make_report(names, outputs / "grid", "", missing, tmp_path)["index.html"].decode()
    assert said in page
    assert ("<li><bdi>grid/3</bdi>: Oh\nno</li>" in page) == bool(failed)


def test_a_set_that_cannot_be_is_told_and_left_out(tmp_path, outputs, notebooks, capsys):
    """Of a country that the data lack; where none is left the file is refused."""
    sweep = read_sweep(write(tmp_path, "grid: {entity: [China, Chine]}"))
    assert [run.run for run in sweep.runs] == ["China"]
    folder, failed = run_sweep(sweep, notebooks=notebooks)
    assert failed == {}
    why = "entity: 'Chine' is not in sample; nearest: China"
    assert f"Chine is left out: {why}" in capsys.readouterr().err.splitlines()
    assert f"<li><bdi>grid/Chine</bdi>: {why}" in Page(folder / "index.html").text.replace("&#39;", "'")
    with pytest.raises(ParameterError, match=r"^entity: 'Chine' is not in sample; nearest: China \(in a, b\)$"):
        read_sweep(write(tmp_path, "runs: [{run: a, entity: Chine}, {run: b, entity: Chine, horizon_years: 2}]"))


def test_a_sweep_of_which_every_run_fails_has_no_page(tmp_path, outputs, notebooks):
    sweep = read_sweep(write(tmp_path, "grid: {horizon_years: [13]}"))
    folder, failed = run_sweep(sweep, notebooks=notebooks)
    assert list(failed) == ["horizon_years-13"]
    assert not (folder / "index.html").exists()


def test_what_isnt_this_sweeps_is_left_alone(tmp_path, outputs, notebooks):
    sweep = read_sweep(write(tmp_path, "grid: {horizon_years: [1]}"))
    with (
        lock_folder(outputs / "grid", "sweep"),
        pytest.raises(RunError, match="Sweep 'grid' is being made by process"),
    ):
        run_sweep(sweep, notebooks=notebooks)
    (outputs / "grid").mkdir(exist_ok=True)
    (outputs / "grid" / "run.json").write_text("{}")
    with pytest.raises(RunError, match="exists and isn't a sweep's"):
        run_sweep(sweep, notebooks=notebooks)
    assert [path.name for path in (outputs / "grid").iterdir()] == ["run.json"]


def test_a_run_of_an_earlier_sweep_is_not_taken_for_one_that_failed(tmp_path, outputs, notebooks):
    """Runs have the names that they are given, and the second time other parameters; one of them fails."""
    names = "runs: [{{run: a, horizon_years: 1}}, {{run: b, horizon_years: {}}}]"
    assert run_sweep(read_sweep(write(tmp_path, names.format(9))), notebooks=notebooks)[1] == {}
    folder, failed = run_sweep(read_sweep(write(tmp_path, names.format(13))), notebooks=notebooks)
    assert list(failed) == ["b"]
    assert read_last(folder) == {"grid/a": 601}
    page = Page(folder / "index.html")
    assert "<h1>1 run side by side</h1>" in page.text
    assert "grid/b</bdi>: Notebook 05_forecast failed" in page.text


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("runs: [{entity: China}, {limit: 2000}, {limit: none}]", ["China", "limit-2000", "no-limit"]),
        ("grid: {as_of: [2025-10-31, ''], limit: [2000]}", ["2025-10-31_limit-2000", "no-as_of_limit-2000"]),
        ("grid: {horizon_years: [1], shares: [[0.5, 0.9]]}", ["horizon_years-1_shares-0.5-0.9"]),
        ("grid: {shares: [[0.5, 0.9], [0.51, 0.61, 0.71, 0.81, 0.91, 0.95, 0.97]]}", ["run-001", "run-002"]),
    ],
)  # fmt: skip
def test_runs_are_named_by_what_they_vary_as_far_as_forty_letters_go(tmp_path, text, names):
    assert [run.run for run in read_sweep(write(tmp_path, text)).runs] == names
