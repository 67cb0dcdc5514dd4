"""The tables of notebook 02 (growth, alignment, comparison) say what hand computation says; for any kind of series."""

import numpy as np
import pandas as pd
import pytest
from cells import run_notebook

from adoption_curves import indicators
from adoption_curves.indicators.labels import list_levels


@pytest.fixture(scope="module")
def tables(executed):
    """Of generative AI users in China below internet users: four figures."""
    return executed("02")[1]


def test_growth_of_the_published_figures(tables):
    growth = tables["02_growth"]
    assert growth["change"].tolist()[1:] == [19, 266, 87]
    np.testing.assert_allclose(growth["growth"][2], 100 * (515 / 249 - 1))
    np.testing.assert_allclose(growth["growth_per_year"][3], 100 * ((602 / 515) ** (365 / 184) - 1))
    np.testing.assert_allclose(growth["share_of_limit"][3], 100 * 602 / 1125)
    np.testing.assert_allclose(growth["years"][3], 184 / 365)
    assert growth["published_rate"].tolist() == [16.4, 17.7, 36.5, 42.8]


def test_growth_through_a_change_of_method_has_a_mark():
    """June 2025 is four times December 2024 a year on, and a change of method is suspected in between."""
    data = indicators.load()
    levels = list_levels(data, data.series("China", "genai_users")).set_index("date")["change_of_method"]
    assert levels[levels != ""].index.strftime("%Y-%m").tolist() == ["2025-06"]
    assert "may have named more products" in levels["2025-06-30"]
    hard = data.series("China", "ride_hailing_users")
    assert (list_levels(data, hard)["change_of_method"] == "").all(), "a certain one begins the series"


def test_nothing_is_ranked_through_a_change_of_method():
    """Of generative AI in China the values since June 2025 count, of internet use in the United Kingdom both sides."""
    data = indicators.load()
    series, others = data.series("China", "genai_users"), data.references()
    shares = indicators.list_shares(series, others)
    own = shares.loc[shares["target"], "share"]
    assert own.round(3).tolist() == [0.459, 0.535]
    british = shares[(shares["entity"] == "United Kingdom") & (shares["indicator"] == "internet_use_itu")]
    assert british["number"].nunique() == 2
    assert british.groupby("number")["year"].agg(["min", "max"]).to_numpy().ravel()[1:3].tolist() == [2002, 2003]


def test_alignment_starts_all_at_the_same_share(tables):
    aligned = tables["02_aligned"]
    starts = aligned.groupby(["entity", "indicator"]).first()
    np.testing.assert_allclose(starts["years"], 0)
    np.testing.assert_allclose(starts["share"], 100 * 515 / 1123)  # of the values since the change of method
    assert aligned["target"].iloc[0]
    assert not aligned["indicator"].isin(["genai_adoption_rate"]).any()


def test_a_share_is_crossed_on_a_line_between_two_values(executed, monkeypatch):
    """It is not crossed where it is never reached, or passed from the start."""
    names = executed("02")[0]
    shares = pd.DataFrame({"number": [0, 0, 0, 1, 1, 2, 2], "year": [1.0, 2, 3, 1, 2, 1, 2]})
    monkeypatch.setitem(names, "shares", shares.assign(share=[0.1, 0.3, 0.2, 0.4, 0.5, 0.2, 0.3]))
    np.testing.assert_allclose(names["find_years"](0.2), [1.5, 1.5, 1.5, np.nan, np.nan, 1, 1])
    np.testing.assert_allclose(names["find_years"](0.5), [np.nan] * 3 + [2, 2, np.nan, np.nan])
    assert names["find_years"](np.nan).isna().all()


@pytest.mark.parametrize(
    "given",
    [
        {"limit": "none"},
        {"data": "data", "entity": "Romania", "indicator": "firms_ai_use_eurostat", "limit": 100},
    ],
    ids=["no limit", "always below a tenth of its limit"],
)
def test_a_series_without_a_place_on_the_clock_is_compared_with_nothing(tmp_path, given):
    _, tables, figures = run_notebook("02", tmp_path, **given)
    assert tables["02_aligned"].empty
    assert len(tables["02_growth"]) >= 3
    assert "02_growth" in figures
    assert "02_aligned" not in figures


def test_comparison_keeps_measures_apart_and_takes_the_latest(tables):
    compared = tables["02_countries"]
    measures = {"genai_adoption_rate", "genai_use_eurostat", "genai_use_msit", "genai_use_rps"}
    assert set(compared["indicator"]) == measures
    own = compared[compared["entity"] == "China"].iloc[0]
    assert (own["value"], own["date"]) == (42.8, pd.Timestamp("2025-12-31"))
    assert compared["unit"].str.startswith("percent").all()
