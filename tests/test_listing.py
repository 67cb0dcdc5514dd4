"""What there is: series and runs; how a run is removed, and that nothing else is; version and completion."""

import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import version

import pytest
from conftest import SAMPLE
from processes import call

from helpers.base.folders import lock_folder
from helpers.base.project import RECORD, RunError, UserError
from helpers.indicators.audit import read_expected
from helpers.runs.listing import list_runs, remove_run


def test_list_shows_series_with_span_bound_and_last_figure(capsys, tmp_path):
    code, out, _ = call(capsys, "list", "genai", "CHINA", "--data", SAMPLE)
    assert code == 0
    [header, first, *_, last] = out.splitlines()
    assert header.split() == ["entity", "indicator", "unit", "figures", "span", "bound", "last", "figure"]
    assert first.startswith("China   genai_adoption_rate  percent of population")
    assert last.startswith("2 series. Study one: adoption run NAME -p data ")
    assert last.endswith("-p entity China -p indicator genai_adoption_rate -p bound 100")
    found = json.loads(call(capsys, "list", "genai_users", "--data", SAMPLE, "--json")[1])
    assert [(one["indicator"], one["bound"], one["first"]) for one in found] == [
        ("genai_users", "population_year_end", "2024-06-30")
    ]
    (tmp_path / "mine.csv").write_text("year,users\n2019,1200000\n2020,3400000\n2021,9400000\n")
    row = call(capsys, "list", "--data", tmp_path / "mine.csv")[1].splitlines()[1]
    assert row.split("  ")[-1].strip() == "9.4 million"
    assert call(capsys, "list", "no such thing")[1].splitlines()[-1] == "No series has all of these words."


def test_no_figure_of_the_project_has_come_that_is_still_expected(data):
    """Who enters the figure writes when the next one is expected."""
    newest = data.observations.sort_values("date").groupby("indicator").tail(1).set_index("indicator")["published"]
    expected = data.indicators[data.indicators["next_expected"] != ""]
    assert len(expected) > 0
    for entry in expected.itertuples():
        assert newest[entry.indicator] < read_expected(entry.next_expected)[0], entry.indicator


def test_runs_are_listed_with_what_they_are_of(capsys, outputs, run):
    [row] = json.loads(call(capsys, "runs", "--json")[1])
    assert (row["run"], row["entity"], row["indicator"], row["state"]) == ("small", "China", "genai_users", "whole")
    shutil.copytree(run, outputs / "sweep" / "one")
    (run / RECORD).write_text("{")
    next((outputs / "sweep" / "one" / "tables").iterdir()).write_text("x")
    states = {row["run"]: row["state"] for row in list_runs(outputs)}
    assert states == {"small": "its record can't be read", "sweep/one": "1 file missing or changed"}
    assert call(capsys, "runs")[1].splitlines()[0].split()[:2] == ["run", "made"]
    shutil.rmtree(outputs)
    assert "No run yet" in call(capsys, "runs")[1]


def test_rm_removes_a_run_and_nothing_else(capsys, outputs, run):
    other = shutil.copytree(run, outputs / "other")
    assert call(capsys, "rm", "small")[:2] == (0, f"Removed run 'small': {count_files(other)} files.\n")
    assert not run.exists()
    assert call(capsys, "runs")[1].splitlines()[1].startswith("other")
    code, _, err = call(capsys, "rm", "small")
    assert code == 2
    assert "There is no run 'small' with a record, run.json; 'adoption runs' lists" in err
    assert call(capsys, "rm", "../small")[0] == 2


def test_rm_empties_the_folder_that_a_link_leads_to(capsys, outputs, run, tmp_path):
    run.rename(tmp_path / "elsewhere")
    run.symlink_to(tmp_path / "elsewhere")
    assert call(capsys, "rm", "small")[0] == 0
    assert (run.is_symlink(), list(run.iterdir())) == (True, [])


def count_files(folder):
    return sum(path.is_file() for path in folder.rglob("*"))


def test_rm_leaves_and_names_what_is_not_the_runs(capsys, outputs, run):
    (run / "notes.txt").write_text("mine")
    (run / "tables" / "mine.csv").write_text("mine")
    changed = min((run / "tables").glob("0*.csv"))
    changed.write_text("edited by hand")
    elsewhere = outputs / "elsewhere.csv"
    elsewhere.write_text("mine")
    linked = min((run / "figures").glob("*.png"))
    linked.unlink()
    linked.symlink_to(elsewhere)
    out = call(capsys, "rm", "small")[1]
    left = sorted(path.relative_to(run).as_posix() for path in run.rglob("*") if not path.is_dir())
    assert left == sorted(["notes.txt", "tables/mine.csv", f"tables/{changed.name}", f"figures/{linked.name}"])
    assert all(name in out.splitlines()[1] for name in left)
    assert (changed.read_text(), elsewhere.read_text()) == ("edited by hand", "mine")


def test_rm_never_leaves_the_folder_whatever_the_record_says(outputs, run):
    record = json.loads((run / RECORD).read_text())
    (outputs / "precious.html").write_text("mine")
    record["pages"]["../../precious.html"] = "0" * 64
    (run / RECORD).write_text(json.dumps(record))
    with pytest.raises(RunError, match=r"run\.json, can't be used"):
        remove_run(run)
    assert (outputs / "precious.html").exists()


def test_rm_waits_for_nobody_who_makes_the_run(run):
    program = "import sys, pathlib, helpers.runs.listing as room; room.remove_run(pathlib.Path(sys.argv[1]))"
    with lock_folder(run):
        done = subprocess.run([sys.executable, "-c", program, run], capture_output=True, text=True)
    assert "is being made by" in done.stderr
    assert (run / RECORD).exists()
    with pytest.raises(UserError):
        remove_run(run.with_name("nowhere"))


def test_version_and_completion(capsys, run):
    assert call(capsys, "--version")[:2] == (0, f"adoption {version('adoption-curves')}\n")
    for words, expected in (("adoption ru", ["run", "runs"]), ("adoption rm s", ["small"])):
        environment = {**os.environ, "_ADOPTION_COMPLETE": "complete_bash", "COMP_WORDS": words}
        environment["COMP_CWORD"] = str(words.count(" "))
        done = subprocess.run([sys.executable, "-m", "helpers"], env=environment, capture_output=True, text=True)
        assert done.stdout.split() == expected
