"""One and two figures have no forecast; and what other technologies did later is counted."""

from dataclasses import replace

import pandas as pd
import pytest

from adoption_curves import forecast, indicators
from adoption_curves.forecast import result_tables

DATES = pd.to_datetime(["2023-12-31", "2024-12-31", "2025-12-31"])


@pytest.mark.parametrize("values", [[12], [9, 12], [0, 0, 12], [0, 0]])
@pytest.mark.parametrize("limit", [100, None])
def test_few_figures_have_no_forecast(values, limit):
    result = forecast.forecast(pd.Series(values, DATES[-len(values) :], name="users", dtype=float), limit)
    assert (result.kind, result.has_range, len(result.dates)) == ("few", False, 0)
    tables = (result.quantiles, result.frame(), result.paths, result.milestones(), result.probability())
    assert all(each.empty for each in tables)
    others = (
        result_tables.end_frame,
        result_tables.scenario_frame,
        result_tables.limit_frame,
        result_tables.quantile_frame,
    )
    assert all(make_frame(result).empty for make_frame in others)
    assert f"no forecast: {result.printed.few}>" in repr(result)
    assert "three usable values that span half a year; the series has" in result.printed.few
    assert result._repr_html_()
    with pytest.raises(ValueError, match="three usable values that span half a year"):
        result.at([1.0], [0.5])
    assert forecast.hindcast(result.target.values, limit).empty


def test_a_series_of_which_only_limits_are_known_is_few():
    assert forecast.forecast(indicators.load().series("OECD", "genai_use_oecd")).kind == "few"


def test_figures_within_half_a_year_say_no_more_than_the_last():
    dates = pd.to_datetime(["2025-10-31", "2025-11-30", "2025-12-31"])
    near = forecast.forecast(pd.Series([10.0, 11, 12], dates), 100)
    assert (near.kind, near.used.tolist()) == ("few", [12.0])
    assert near.printed.few.endswith(
        "has three values, one of them usable: two are less than half a year from the next"
    )


def make_reference(values, technology):
    dates = pd.date_range("2001-12-31", periods=len(values), freq="YE")
    whole, limit = indicators.load().references()[0], indicators.Limit(pd.Series(100.0, dates))
    return replace(whole, technology=technology, values=pd.Series(values, dates), limit=limit)


def test_what_came_later_is_counted_between_figures_and_each_technology_alike():
    straight = [0.0, 10, 20, 30, 40, 50]
    fast, still = [0.0, 20, 40, 60, 80, 90], [0.0, 20, 20, 20, 20, 20]
    among = [make_reference(straight, "one"), make_reference(straight, "one"), make_reference(fast, "two")]
    found = forecast.later_shares(0.15, [1, 2, 3, 4], among)
    assert found["technologies"].tolist() == [2, 2, 2, 0]
    assert found.loc[1, 0.1] == pytest.approx(0.25, abs=1e-3)  # one year after 15 percent
    assert found.loc[1, 0.9] == pytest.approx(0.35, abs=1e-3)
    assert found.loc[4].drop(["technologies", "series"]).isna().all()
    above = make_reference([30.0, 40, 50], "begins above")
    assert forecast.later_shares(0.15, [1], [above])["technologies"].tolist() == [0]
    assert forecast.later_shares(0.5, [1], [make_reference(still, "never")])["technologies"].tolist() == [0]


def test_other_technologies_are_those_seen_to_cross_the_share_and_followed_from_there():
    """The share is a half; one begins above it, one ends too soon."""
    target = replace(make_reference([20.0, 30, 40, 50], "target"), entity="China")
    result = forecast.forecast(target, horizon_years=4)
    usual = [[10.0, 45, 55, 60, 65, 70, 75], [20.0, 40, 60, 70, 75, 80, 85], [20.0, 30, 55, 60, 70, 75, 78]]
    among = [make_reference(values, f"usual {place}") for place, values in enumerate(usual)]
    among += [make_reference([55.0, 60, 65, 70, 75, 80], "above"), make_reference([40.0, 60, 65, 90], "short")]
    among = [replace(each, entity="China") for each in among]
    date = result.dates[-1]
    found = result_tables.class_frame(result, date, among)
    assert found["technology"].tolist() == ["usual 0", "usual 2", "usual 1"]
    assert found["share"].tolist() == pytest.approx([72.5, 77.4, 82.5], abs=0.1)
    assert (found["technologies"] == 3).all()
    assert found["value"].tolist() == pytest.approx(found["share"].tolist()), "the limit is 100"
    nearly = replace(make_reference([46.0, 51, 60, 70, 80], "nearly"), entity="China")  # crosses at .8: 3.2 years left
    assert "nearly" not in set(result_tables.class_frame(result, date, [*among, nearly])["technology"])
    nearly = replace(make_reference([49.0, 60, 65, 70, 80], "nearly"), entity="China")  # crosses at .1: 3.9 years left
    row = result_tables.class_frame(result, date, [*among, nearly]).set_index("technology").loc["nearly"]
    assert (row["share"], row["years"]) == (80, pytest.approx(3.91, abs=0.01))
    twin = replace(nearly, technology="usual 0")  # of two series of a technology the one followed longer counts
    assert result_tables.class_frame(result, date, [twin, *among])["share"].tolist() == found["share"].tolist()
    assert result_tables.class_frame(result, date, among[1:]).empty, "two are none"


@pytest.mark.parametrize(("share", "years"), [(1.5, [1]), (-0.1, [1]), (0.5, [-1])])
def test_no_share_is_counted_outside_0_to_1_and_none_before_it_was_passed(share, years):
    with pytest.raises(ValueError, match="a share from 0 to 1, and years after it"):
        forecast.later_shares(share, years, [])


def test_what_a_table_of_tests_says_of_the_technology_in_question_is_left_out():
    """By hand notebook 5 reads the backtest of the published run, which may hold the series in question."""
    target = make_reference([20.0, 30, 40, 50], "usual 1")
    among = [make_reference([10.0 * place, 20, 30, 45, 60, 70, 75], f"usual {place}") for place in range(1, 4)]
    rows = forecast.backtest(among, "limit")
    outcomes = result_tables.list_outcomes(forecast.forecast(target), rows)
    assert set(outcomes["technology"]) == {"usual 2", "usual 3"}
    without = result_tables.list_outcomes(forecast.forecast(target), rows[rows["technology"] != "usual 1"])
    pd.testing.assert_frame_equal(outcomes.reset_index(drop=True), without.reset_index(drop=True))
    alone = result_tables.list_outcomes(forecast.forecast(target), forecast.backtest(among[:1], "limit"))
    assert alone.empty
