"""Notebook 8: a forecast for every economy of a list, a row with the reason where there is none, and no list."""

import shutil

import pandas as pd
import pytest
from cells import run_notebook

from adoption_curves import forecast, indicators
from adoption_curves.base.project import RunError, find_data
from adoption_curves.runs.check_series import list_left_out
from adoption_curves.runs.fingerprint import find_notebooks
from adoption_curves.runs.parameters import ParameterError, read_parameters

FIRMS = {"indicator": "firms_ai_use_eurostat", "entity": "Germany"}
NAMES = ["q0.1", "q0.5", "q0.9"]


@pytest.fixture
def edited(tmp_path):
    """The data with a firms' list of which Austria has two values left, Belgium is in decline and Cyprus ends early."""
    folder = shutil.copytree(find_data(), tmp_path / "edited")
    rows = pd.read_csv(folder / "observations.csv", dtype=str, keep_default_na=False)
    is_listed = rows["indicator"] == FIRMS["indicator"]
    of = {name: is_listed & (rows["entity"] == name) for name in ("Austria", "Belgium", "Cyprus")}
    rows.loc[of["Belgium"], "value"] = ["40", "30", "20", "10"]
    left = (of["Austria"] & (rows["date"] < "2024")) | (of["Cyprus"] & (rows["date"] > "2025"))
    rows[~left].to_csv(folder / "observations.csv", index=False)
    return folder


def test_the_world_has_the_forecast_of_each_economy_and_of_each_pool(tmp_path):
    names, tables, figures = run_notebook("08", tmp_path, data=str(find_data()))
    world, data = tables["08_world"].set_index("entity"), indicators.load()
    assert list(figures) == ["08_largest", "08_highest", "08_people"]
    assert world["q0.5"].dropna().is_monotonic_decreasing
    assert world.loc[world["pooled"], "pool"].nunique() == 6
    assert (world["note"] == "no value of June 2026").sum() == 2
    assert world.loc["South Sudan", "note"] == "the value lies above internet use, 6.7% in 2019"
    for entity in ("China", "Singapore", "Nigeria"):
        series = data.series(entity, "ai_user_share_microsoft", 100)
        quantiles = forecast.forecast(series).quantiles[[0.1, 0.5, 0.9]]
        before = forecast.forecast(series.values[:-1], limit=100, until="2026-06-30").quantiles
        row = world.loc[entity]
        assert row[NAMES].tolist() == pytest.approx(quantiles.loc[row["until"]].tolist(), rel=1e-9)
        assert row[[f"next_{name}" for name in NAMES]].tolist() == pytest.approx(quantiles.iloc[0].tolist(), rel=1e-9)
        if not row["pooled"]:
            assert row[["test_q0.1", "test_q0.9"]].tolist() == pytest.approx(before[[0.1, 0.9]].iloc[0].tolist())
    assert world.groupby("pool")["q0.5"].nunique().max() == 1
    assert names["sentence"].endswith("in 110 of 110 economies.")
    [row], [totals] = tables["08_page"].to_dict("records"), tables["08_totals"].to_dict("records")
    people = world["people_15_64"]
    assert totals["share"] == pytest.approx((people * world["value"]).sum() / people[world["value"].notna()].sum())
    assert f"{totals['share']:.1f}%" in row["text"]
    assert f"{totals['median_share']:.1f}%" in row["of"]


def test_an_economy_without_a_forecast_is_a_row_with_the_reason(edited, tmp_path):
    _, tables, figures = run_notebook("08", tmp_path, data=str(edited), **FIRMS)
    notes = tables["08_world"].set_index("entity")["note"]
    assert notes.dropna().to_dict() == {
        "Austria": "too few values for a forecast",
        "Belgium": "the values are in decline",
        "Cyprus": "no value of March 2025",
    }
    assert list(figures) == ["08_largest", "08_highest"], "shares of firms have no people"
    assert len(notes) == 27
    assert tables["08_page"].empty


@pytest.mark.parametrize(("indicator", "across"), [("internet_use_itu", ""), ("genai_users", "genai_use_eurostat")])
def test_without_a_list_the_notebook_says_so_and_a_run_leaves_it_out(indicator, across, tmp_path):
    with pytest.raises(RunError, match="three values or more for 20 countries and regions"):
        run_notebook("08", tmp_path, data=str(find_data()), indicator=indicator, across=across)
    chosen = read_parameters({"indicator": indicator, "across": across})
    if across:
        with pytest.raises(ParameterError, match="'across' is 'genai_use_eurostat', but"):
            list_left_out(indicators.load(), chosen, find_notebooks())
    else:
        assert [*list_left_out(indicators.load(), chosen, find_notebooks())] == ["08_world"]
        with pytest.raises(RunError, match="No notebook of this folder applies"):
            list_left_out(indicators.load(), chosen, find_notebooks()[-1:])
