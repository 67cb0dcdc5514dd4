"""A whole run: what it leaves behind, and what it leaves alone when something goes wrong."""

import io
import json
import os
import shutil
import sys
import time

import pytest
from conftest import SAMPLE, WORDS, list_files
from processes import call, start, wait_for
from small_notebooks import ALL, write_notebooks

from adoption_curves.base.folders import lock_folder
from adoption_curves.base.project import BusyError, RunError, find_root
from adoption_curves.runs.ingredients import find_notebooks, read_declared
from adoption_curves.runs.notebook_process import _NotebookFailed
from adoption_curves.runs.parameters import Parameters, read_parameters
from adoption_curves.runs.record import list_runs
from adoption_curves.runs.runner import run_all
from adoption_curves.runs.steps import Execution, _describe_series

RUN_CELL = {"run": "baseline"}


def execute(tmp_path, *cells, **options):
    """Run one notebook of these cells as run 'mine'."""
    notebooks = write_notebooks(tmp_path / "notebooks", {"03_small": ["# 3. Small", RUN_CELL, *cells]})
    parameters = read_parameters({"run": "mine", "data": str(SAMPLE)})
    return run_all(parameters, notebooks, Execution(**options))


def test_a_run_has_all_its_parts(small_run):
    files = set(list_files(small_run))
    expected = {"run.json", "html/index.html", "tables/01_coverage.csv", "tables/06_key_numbers.csv"}
    expected |= {f"figures/05_forecast.{kind}" for kind in ("png", "svg")}
    expected |= {f"notebooks/{name}.ipynb" for name in ("01_check_small", "05_forecast_small", "06_summarise_small")}
    assert expected <= files
    assert {path.name for path in small_run.parent.iterdir()} == {".store", "small"}, (
        "something was left beside the run"
    )


def test_the_record_tells_how_the_run_was_made(small_run):
    record = json.loads((small_run / "run.json").read_text())
    assert (
        record["parameters"] == read_parameters({"run": "small", "data": str(SAMPLE), "horizon_years": 3}).model_dump()
    )
    assert record["parameters"]["data"] == "tests/sample"
    assert record["main_figure"] == "05_forecast"
    assert len(record["data"]["files"]["observations.csv"]) == 64
    assert {"runs/record.py", "runs/parameters.py"} <= set(record["helpers"])
    assert {"python", "pandas", "papermill"} <= set(record["versions"])
    assert record["notebooks"]["05_forecast_small"]["parameters"]["horizon_years"] == 3
    assert record["notebooks"]["05_forecast_small"]["tables"]["05_forecast"]["rows"] >= 3
    assert {source["use"] for source in record["sources"]} == {"series", "compared", "reference"}
    assert all(source["publisher"] and source["licence"] for source in record["sources"])


def test_no_file_of_a_run_names_a_folder_of_this_machine(small_run):
    for name, content in list_files(small_run).items():
        assert str(find_root()).encode() not in content, name
        assert str(small_run.parent).encode() not in content, name


def test_only_declared_parameters_reach_a_notebook(small_run):
    content = json.loads((small_run / "notebooks" / "06_summarise_small.ipynb").read_text())
    assert content["metadata"]["papermill"]["parameters"] == {"run": "small", "entity": "China"}


def test_the_project_notebooks_and_the_model_agree():
    defaults = Parameters().model_dump() | _describe_series(Parameters())
    for notebook in find_notebooks():
        declared = read_declared(notebook)
        assert "run" in declared, notebook.name
        assert declared == {name: defaults.get(name, "no such parameter") for name in declared}, notebook.name


def test_a_failing_cell_is_told_in_a_few_lines_and_spoils_nothing(tmp_path, outputs, small_run):
    shutil.copytree(small_run, outputs / "mine")
    before = list_files(outputs / "mine")
    with pytest.raises(_NotebookFailed) as caught:
        execute(
            tmp_path,
            "## Open the run",
            'from adoption_curves.runs import Study\nresults = Study("03_small")',
            "## Read the scores",
            'results.read_table("03_growth")',
        )
    lines = str(caught.value).splitlines()
    assert len(lines) <= 10
    assert lines[0] == 'Notebook 03_small failed in the part "Read the scores"'
    assert lines[1].startswith("  RunError: Run 'mine' has no table 03_growth yet.")
    assert not any(line.startswith("  at ") for line in lines), "a person's mistake needs no frame of ours"
    assert lines[-2:] == [
        '  in cell 6: results.read_table("03_growth")',
        f"Executed up to there: {outputs / 'mine.partial' / '03_small.html'}",
    ]
    assert list_files(outputs / "mine") == before


def test_the_morning_after_a_failure(tmp_path, outputs, capsys):
    """The error in plain words, the copy as a page, and a log to which the next attempt adds."""
    broken, left = "import sys\nprint('beside', file=sys.stderr)\nnothing + 1", outputs / "mine.partial"
    for _ in range(2):
        with pytest.raises(_NotebookFailed) as caught:
            execute(tmp_path, "## Add", broken)
    assert {path.name for path in left.iterdir()} == {"03_small.ipynb", "03_small.html", "error.txt", "run.log"}
    assert (left / "error.txt").read_text() == f"{caught.value}\n"
    assert "NameError: name 'nothing' is not defined" in (left / "error.txt").read_text()
    assert "NameError" in (left / "03_small.html").read_text()
    log = (left / "run.log").read_text()
    assert log.count("UTC, run mine") == log.count("NameError") == 2
    [row] = list_runs(outputs)
    assert row["state"].startswith("not made; attempt of 20")
    folder = execute(tmp_path, "## Add", "1")
    assert not left.exists()
    assert (folder / "run.log").read_text().startswith(log), "the whole run's log tells of the attempts before it"


def test_a_cell_that_hangs_is_stopped(tmp_path, outputs):
    started = time.monotonic()
    told = r'(?s)in the part "Wait".*Time-out: .* longer than 3 s, which --time-limit sets.*in cell 4: import time'
    with pytest.raises(_NotebookFailed, match=told):
        execute(tmp_path, "## Wait", "import time\ntime.sleep(60)", longest=3)
    assert time.monotonic() - started < 20


def test_a_kernel_that_dies_is_told(tmp_path, outputs):
    with pytest.raises(_NotebookFailed, match=r"(?s)in the part \"Die\".*Process died"):
        execute(tmp_path, "## Die", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")


@pytest.mark.parametrize("made_before", [False, True])
def test_a_reader_who_goes_ends_the_run(made_before, tmp_path, outputs, monkeypatch):
    if made_before:
        execute(tmp_path, "1")
    write_notebooks(tmp_path / "notebooks", {"04_later": ["# 4. Later", RUN_CELL]})
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", GoneReader())
        with pytest.raises(BrokenPipeError):
            execute(tmp_path, "1")
    assert execute(tmp_path, "1") == outputs / "mine"


class GoneReader(io.StringIO):
    """The end of a pipe whose other end is closed."""

    def write(self, text):
        raise BrokenPipeError(text)


def test_a_run_that_is_being_made_is_left_alone(tmp_path, outputs):
    with lock_folder(outputs / "mine"), pytest.raises(BusyError) as caught:
        execute(tmp_path, "pass")
    assert caught.value.exit_code == 75
    assert str(caught.value).startswith(f"Run 'mine' is being made by process {os.getpid()} on ")
    assert [path.name for path in outputs.iterdir()] == []


def test_a_run_that_another_process_makes_is_waited_for_where_one_asks(here, capsys):
    """Two commands of one name, the second of which waits and finds all made."""
    first = start(here, *WORDS)
    wait_for((here / "outputs" / ".small.making").exists)
    code, _, err = call(capsys, *WORDS, "--wait")
    assert first.wait(60) == 0
    assert (code, err.splitlines()[-1]) == (0, "Nothing changed: 3 notebooks and their pages are as they were.")
    assert "waiting for it" in err


def test_strict_refuses_own_data_that_were_not_read_whole(here, capsys):
    (here / "mine.csv").write_text(
        "date,value,unit\n2021-06-30,12,%\n2022-06-30,..,%\n2023-06-30,31,%\n2024-06-30,44,%\n"
    )
    words = ["run", "mine", "-p", "data", "mine.csv"]
    code, _, err = call(capsys, *words, "--strict")
    assert (code, "was not read whole, which --strict asks for: 1 cell without a figure left out" in err) == (1, True)
    assert call(capsys, *words)[0] == 0


GOOD = "date,value,unit\n2021-06-30,12,%\n2022-06-30,19,%\n2023-06-30,31,%\n2024-06-30,44,%\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD.replace("44", "x7.1"), "row 5"),
        (None, "there is no such folder or file"),
        ("", "mine.csv"),
        (GOOD.replace("44", ".."), "was not read whole"),
    ],
)
def test_bad_data_leave_as_much_as_a_notebook_that_fails(here, capsys, text, said):
    """The page of last week stays, and whoever looks in the morning is told that it is last week's."""
    path, words = here / "mine.csv", ["run", "mine", "-p", "data", "mine.csv"]
    path.write_text(GOOD)
    assert call(capsys, *words)[0] == 0
    path.unlink() if text is None else path.write_text(text)
    code, _, err = call(capsys, *words, "--strict")
    assert code in (1, 2)
    assert said in err
    left = here / "outputs" / "mine.partial"
    assert said in (left / "error.txt").read_text()
    assert said in (left / "run.log").read_text()
    [row] = list_runs(here / "outputs")
    assert row["state"].startswith("whole; attempt of 20")
    assert "failed" in row["state"]
    path.write_text(GOOD)
    assert call(capsys, *words)[0] == 0
    assert not left.exists()


def test_strict_refuses_a_file_that_has_lost_figures_of_the_last_run(here, capsys):
    """As a download that was cut; a revised figure is no loss."""
    words = ["run", "mine", "-p", "data", "mine.csv"]
    keep = 'results.keep("01_observations", series.observations[["date", "value"]])'
    write_notebooks(here / "notebooks", {"01_check_small": [*ALL["01_check_small"], keep]})
    (here / "mine.csv").write_text(GOOD)
    assert call(capsys, *words, "--strict")[0] == 0
    (here / "mine.csv").write_text(
        GOOD.replace("2022-06-30,19,%\n", "").replace("2024-06-30,44,%\n", "2025-06-30,50,%\n")
    )
    for more in ([], ["--dry-run"]):
        code, _, err = call(capsys, *words, "--strict", *more)
        assert (code, "mine.csv has lost 2 figures of the last whole run, of 2022-06-30 to 2024-06-30" in err) == (
            1,
            True,
        )
    (here / "mine.csv").write_text(GOOD.replace("44", "45"))
    assert call(capsys, *words, "--strict")[0] == 0
    (here / "mine.csv").write_text(GOOD.replace("2024-06-30,44,%\n", ""))
    assert call(capsys, *words)[0] == 0, "without it the loss is taken"


def test_quiet_prints_nothing_unless_it_fails(here, capsys):
    assert call(capsys, *WORDS, "--quiet") == (0, "", "")
    code, out, err = call(capsys, *WORDS)
    assert (code, out.splitlines()[-1]) == (0, str(here / "outputs" / "small" / "run.json"))
    assert err == "Nothing changed: 3 notebooks and their pages are as they were.\n"
    code, out, err = call(capsys, *WORDS, "--quiet", "-p", "data", "nowhere.csv")
    assert (code, out, len(err.splitlines())) == (2, "", 1)


def test_a_folder_without_notebooks_is_told(tmp_path):
    with pytest.raises(RunError, match="There are no numbered notebooks"):
        find_notebooks(tmp_path)
