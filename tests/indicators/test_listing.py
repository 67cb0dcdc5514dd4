"""What there is: series and runs; how a run is removed, and that nothing else is; the version."""

import json
import shutil
from importlib.metadata import version

import pandas as pd
from conftest import SAMPLE
from processes import call

from adoption_curves.base.project import RECORD
from adoption_curves.runs.manifest import list_runs


def test_list_shows_series_with_span_limit_and_last_figure(capsys, tmp_path):
    code, out, _ = call(capsys, "list", "genai", "CHINA", "--data", SAMPLE)
    assert code == 0
    [header, first, *_, last] = out.splitlines()
    assert header.split() == ["entity", "indicator", "unit", "observations", "span", "limit", "last", "value"]
    assert first.startswith("China   genai_adoption_rate  percent of population")
    assert last.startswith("2 series. To forecast the first: adoption run NAME -p data ")
    assert last.endswith("-p entity China -p indicator genai_adoption_rate")
    found = json.loads(call(capsys, "list", "genai_users", "--data", SAMPLE, "--json")[1])
    assert [(one["indicator"], one["limit"], one["first"]) for one in found] == [
        ("genai_users", "internet_users", "2024-06-30")
    ]
    (tmp_path / "mine.csv").write_text("year,users\n2019,1200000\n2020,3400000\n2021,9400000\n")
    row = call(capsys, "list", "--data", f"{tmp_path}/mine.csv?unit=people&measure=level")[1].splitlines()[1]
    assert row.split("  ")[-1].strip() == "9,400,000"
    assert call(capsys, "list", "chian")[1].splitlines()[-1].startswith("No series matches 'chian'; nearest: China")


def test_no_figure_of_the_project_has_come_that_is_still_expected(data):
    """Who enters the figure writes when the next one is expected."""
    newest = data.observations.sort_values("date").groupby("indicator").tail(1).set_index("indicator")["published"]
    expected = data.indicators[data.indicators["next_expected"] != ""]
    assert len(expected) > 0
    for entry in expected.itertuples():
        assert newest[entry.indicator] < pd.Period(entry.next_expected.partition("/")[0]).start_time, entry.indicator


def test_runs_are_listed_with_what_they_are_of(capsys, outputs, run):
    [row] = json.loads(call(capsys, "runs", "--json")[1])
    assert (row["run"], row["entity"], row["indicator"], row["state"]) == ("small", "China", "genai_users", "whole")
    shutil.copytree(run, outputs / "sweep" / "one")
    record = json.loads((run / RECORD).read_text())
    record["parameters"]["data"] = "/home/me/my file.csv?unit=%25+of+homes&date=Year"
    (run / RECORD).write_text(json.dumps(record))
    assert "  my file.csv (unit: % of homes, date: Year)  " in call(capsys, "runs")[1]
    assert record["parameters"]["data"] in [row["data"] for row in json.loads(call(capsys, "runs", "--json")[1])]
    (run / RECORD).write_text("{")
    next((outputs / "sweep" / "one" / "tables").iterdir()).write_text("x")
    states = {row["run"]: row["state"] for row in list_runs(outputs)}
    assert states == {
        "small": "The manifest of run 'small', run.json, is damaged (it is no file of JSON). Make the run again.",
        "sweep/one": "1 file missing or changed",
    }
    assert call(capsys, "runs")[1].splitlines()[0].split()[:2] == ["run", "made"]
    shutil.rmtree(outputs)
    assert "No run yet" in call(capsys, "runs")[1]


def test_version(capsys):
    assert call(capsys, "--version")[:2] == (0, f"adoption {version('adoption-curves')}\n")
