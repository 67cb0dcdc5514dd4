"""Forecasts on record: written once from a run, in the columns of the hubverse, and scored when the figure comes."""

import json
import shutil
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from test_own_data import call

from helpers import indicators
from helpers.forecast import register
from helpers.project import RunError, find_data
from helpers.runs import registry
from helpers.runs.pages import write_pages
from helpers.runs.sweep import run_sweep
from helpers.runs.sweep_file import read_sweep

TODAY = date(2026, 11, 26)
HUB = ["origin_date", "published", "target_end_date", "output_type", "output_type_id", "value"]


@pytest.fixture
def run(whole_run, outputs):
    return shutil.copytree(whole_run, outputs / "small")


@pytest.fixture
def record(tmp_path, monkeypatch):
    """An empty record, in place of the project's."""
    monkeypatch.setattr(registry, "find_register", lambda path: tmp_path / "forecasts")
    return tmp_path / "forecasts"


def test_a_forecast_is_put_on_record_as_the_run_has_it(run, record):
    table = pd.read_csv(run / "tables" / "05_quantiles.csv")
    first, last = table["target_end_date"].iloc[[0, -1]]
    path = registry.register_run(run, [first, last], TODAY)
    assert path == record / "2026-11-26_china_genai-users_internet-users.csv"
    rows = pd.read_csv(path)
    assert set(HUB) < set(rows.columns) == set(register.COLUMNS)
    assert rows["target_end_date"].unique().tolist() == [first, last]
    assert len(rows) == 46
    assert (rows[["origin_date", "published"]] == "2026-11-26").all().all()
    merged = rows.merge(table, on=["target_end_date", "output_type_id"])
    np.testing.assert_array_equal(merged["value_x"], merged["value_y"])


def test_what_is_on_record_is_never_written_over(run, record):
    before = registry.register_run(run, (), TODAY).read_bytes()
    with pytest.raises(RunError, match="is on record already, and a record is not written over"):
        registry.register_run(run, (), TODAY)
    assert [path.read_bytes() for path in record.iterdir()] == [before]


def test_a_run_that_was_changed_or_lacks_the_date_is_refused(run, record):
    with pytest.raises(RunError, match="has no forecast for 2026-01-01; it has 2026-06-30, "):
        registry.register_run(run, ["2026-01-01"], TODAY)
    path = run / "tables" / "05_quantiles.csv"
    path.write_text(path.read_text().replace("0.5,", "0.5,1"))
    with pytest.raises(RunError, match=r"is not as it was made: tables/05_quantiles.csv is changed"):
        registry.register_run(run, (), TODAY)
    assert not record.exists()


def test_the_command_says_where_the_record_is_and_what_is_wrong(run, record, capsys):
    code, out, _ = call(capsys, "register", "small", "--for", "2026-12-31")
    assert (code, out.startswith("On record: ")) == (0, True)
    code, _, error = call(capsys, "register", "nothing")
    assert (code, "There is no run 'nothing'" in error) == (1, True)
    assert len(list(record.iterdir())) == 1


@pytest.fixture(scope="module")
def data():
    return indicators.load()


@pytest.fixture(scope="module")
def series(data):
    return data.series("China", "genai_users", "internet_users")


def enter(day, values=(500.0, 600.0, 700.0), published="2026-01-01"):
    levels = (0.1, 0.5, 0.9)
    rows = [("m", "China", "genai_users", "", "million persons", published, published, day, "quantile", level, value)
            for level, value in zip(levels, values, strict=True)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=register.COLUMNS)
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in register.DAYS})


def test_scores_are_those_of_the_figure_that_came(series):
    found = register.score_register(enter("2025-12-31"), series).iloc[0]
    assert (found["outcome"], found["side"], found["inside"], found["hindsight"]) == (602, "exact", "yes", False)
    assert found["wis"] == pytest.approx((2 * 0.1 * 102 + 2 * 0.5 * 2 + 2 * 0.1 * 98) / 3)
    assert found["text"].endswith("Came on 5 February 2026: 602 million persons, inside the band.")
    late = register.score_register(enter("2025-12-31", (610, 620, 630), "2026-02-05"), series).iloc[0]
    assert (late["inside"], late["hindsight"]) == ("no", True)
    assert "in hindsight" in late["text"]


def test_a_bound_is_scored_by_the_probability_it_was_given(series):
    found = register.score_register(enter("2026-06-30", (500, 700, 900)), series).iloc[0]
    assert (found["side"], found["probability"], found["inside"]) == ("at_least", 0.5, "")
    assert np.isnan(found["wis"])
    assert register.score_register(enter("2026-06-30", (500, 600, 650)), series).iloc[0]["inside"] == "no"
    rows = series.observations.assign(bound=series.observations["bound"].replace("at_least", "at_most"))
    below = register.score_register(enter("2026-06-30", (500, 600, 800)), replace(series, observations=rows)).iloc[0]
    assert below["probability"] == pytest.approx(0.7)


def test_a_figure_to_come_is_no_score(series):
    found = register.score_register(enter("2031-12-31"), series).iloc[0]
    assert (found["side"], found["inside"]) == ("", "")
    assert found["text"].endswith("the figure has not come yet.")
    assert register.score_register(enter("2031-12-31").iloc[:0], series).empty


def test_the_record_of_the_project_is_read_as_it_was_known_on_a_day(data):
    entries = register.read_register(data, "China", "genai_users")
    asked = entries.groupby("origin_date")["target_end_date"].unique()
    assert pd.Timestamp("2026-06-30") in asked[pd.Timestamp("2026-03-31")]
    for day in ("2026-12-31", "2027-12-31"):
        assert any(pd.Timestamp(day) in days for days in asked)
    assert register.read_register(data.known_on("2026-06-30"), "China", "genai_users").empty
    assert register.read_register(data, "Atlantis").empty


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("output_type_id", "quantile", "the header must be model_id,"),
        ("2026-06-30", "30.6.2026", "row 2: a day is YYYY-MM-DD"),
        ("quantile,0.1,", "mean,0.1,", "every row is a quantile between 0 and 1"),
        ("quantile,0.1,", "quantile,1.5,", "every row is a quantile between 0 and 1"),
        ("500.0", "900", "their values must not fall"),
        ("500.0", "many", "quantile and value are numbers"),
    ],
)
def test_an_entry_that_cannot_be_right_is_named(data, tmp_path, old, new, message):
    folder = shutil.copytree(find_data(), tmp_path / "data", ignore=shutil.ignore_patterns("forecasts"))
    (folder / "forecasts").mkdir()
    text = enter("2026-06-30").to_csv(index=False)
    (folder / "forecasts" / "one.csv").write_text(text.replace(old, new, 1))
    with pytest.raises(indicators.DataError, match=message) as caught:
        register.read_register(replace(data, path=folder))
    assert str(caught.value).startswith("forecasts/one.csv")


def test_the_record_changes_only_the_notebook_that_reads_it():
    from helpers.runs.sequence import find_notebooks
    from helpers.runs.store import describe_parts

    inputs = {"helpers": {}, "versions": {}, "data": {"files": {"observations.csv": "1"}}}
    more = inputs | {"data": {"files": {"observations.csv": "1", "forecasts/new.csv": "2"}}}
    changed = [
        path.stem
        for path in find_notebooks()
        if describe_parts(path, {"data": "data"}, inputs, {}) != describe_parts(path, {"data": "data"}, more, {})
    ]
    assert changed == ["06_summarise_findings"]


def test_the_index_shows_what_is_on_record(run):
    table = pd.read_csv(run / "tables" / "06_register.csv")
    page = write_pages(run).read_text(encoding="utf-8")
    assert ("Forecasts on record" in page) == bool(len(table))


@pytest.mark.slow
@pytest.mark.usefixtures("outputs")
def test_a_sweep_over_as_of_makes_the_entries_of_the_record_again(tmp_path, record):
    """Byte for byte; who changes the forecast changes the version, and the entries of earlier versions stay."""
    from importlib.metadata import version

    mine = [path for path in sorted((find_data() / "forecasts").glob("*.csv"))
            if f"adoption-curves-{version('adoption-curves')}," in path.read_text()]  # fmt: skip
    rows = [pd.read_csv(path) for path in mine]
    assert rows
    origins = [each["origin_date"].iloc[0] for each in rows]
    (tmp_path / "record.yaml").write_text(f"grid:\n  as_of: {json.dumps(origins)}\n")
    folder, failed = run_sweep(read_sweep(tmp_path / "record.yaml", "record", False))
    assert not failed
    for path, each, origin in zip(mine, rows, origins, strict=True):
        published = date.fromisoformat(each["published"].iloc[0])
        [run] = [one for one in folder.iterdir() if one.is_dir() and one.name.endswith(origin)]
        again = registry.register_run(run, each["target_end_date"].unique().tolist(), published)
        assert again.name == path.name
        assert again.read_bytes() == path.read_bytes()
