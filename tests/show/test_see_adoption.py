"""The tables of notebook 02 (growth, alignment, comparison) say what hand computation says; for any kind of series."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from cells import SAMPLE, run_notebook

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
    start, goal = own.iloc[0], own.max()
    shares["start_share"], shares["began"] = 100 * start, indicators.crossing_years(shares, start)
    years = indicators.crossing_years(shares, goal) - shares["began"]
    shares["years_to_target_share"] = years.fillna(np.inf)
    pace = indicators.rank_pace(data, indicators.align_shares(shares), goal)
    row = pace[pace["target"]].iloc[0]
    assert (row["place"], row["of"]) == (3, 28), "of 27 others that got there two were faster, on one side of a change"
    assert pace.loc[np.isinf(pace["years_to_target_share"]), "place"].isna().all()


def test_alignment_starts_all_at_the_same_share(tables):
    aligned = tables["02_aligned"]
    starts = aligned.groupby(["entity", "indicator"]).first()
    np.testing.assert_allclose(starts["years"], 0)
    np.testing.assert_allclose(starts["share"], 100 * 515 / 1123)  # of the values since the change of method
    assert aligned["target"].iloc[0]
    assert not aligned["indicator"].isin(["genai_adoption_rate"]).any()


def test_a_share_is_crossed_between_two_figures():
    """Germany's internet use crosses both shares between two years; linear in between."""
    germany = indicators.load(SAMPLE).series("Germany", "internet_use_itu", 100)
    germany = replace(germany, breaks=germany.breaks.iloc[:0])
    share, years = germany.share.to_numpy(), germany.values.index.year.to_numpy() + 1.0
    assert np.all(np.diff(share[:13]) >= 0)
    shares = indicators.list_shares(germany, [germany])
    for level in (230 / 1099.67, 602 / 1125):
        crossed = indicators.crossing_years(shares, level)
        np.testing.assert_allclose(crossed, np.interp(level, share[:20], years[:20]), atol=1e-9)


def test_a_share_that_is_never_reached_or_passed_from_the_start_is_not_crossed():
    shares = pd.DataFrame({"number": [0, 0, 0, 1, 1, 2, 2], "year": [1.0, 2, 3, 1, 2, 1, 2]})
    shares["share"] = [0.1, 0.3, 0.2, 0.4, 0.5, 0.2, 0.3]
    np.testing.assert_allclose(indicators.crossing_years(shares, 0.2), [1.5, 1.5, 1.5, np.nan, np.nan, 1, 1])
    np.testing.assert_allclose(indicators.crossing_years(shares, 0.5), [np.nan] * 3 + [2, 2, np.nan, np.nan])
    assert indicators.crossing_years(shares, np.nan).isna().all()


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


def test_series_on_the_clock_that_starts_where_the_first_began():
    """Half of the first series' way takes the second two years; the third begins above the start."""
    shares = pd.DataFrame({"number": [0, 0, 1, 1, 1, 2], "year": [1.0, 2, 1, 2, 5, 1]})
    shares["share"] = [0.2, 0.6, 0.1, 0.2, 0.5, 0.7]
    shares = shares.assign(entity="A", indicator="i", technology="t", target=shares["number"] == 0, start_share=20.0)
    shares["began"] = indicators.crossing_years(shares, 0.2)
    shares["years_to_target_share"] = (indicators.crossing_years(shares, 0.4) - shares["began"]).fillna(np.inf)
    aligned = indicators.align_shares(shares)
    assert aligned["number"].tolist() == [0, 0, 1, 1]
    np.testing.assert_allclose(aligned["years"], [0, 1, 0, 3])
    np.testing.assert_allclose(aligned["share"], [20, 60, 20, 50])
    np.testing.assert_allclose(aligned["years_to_target_share"], [0.5, 0.5, 2, 2])
    assert indicators.align_shares(shares.assign(began=shares["began"].where(~shares["target"]))).empty
    data = indicators.load(SAMPLE)
    pace = indicators.rank_pace(data, aligned, 0.4)
    assert pace["place"].tolist() == [1, 2]
    assert pace["of"].tolist() == [2, 2]
    assert pace["target_share"].tolist() == [40, 40]
