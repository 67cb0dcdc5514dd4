"""One and two figures have no forecast; and what other technologies did later is counted."""

from dataclasses import replace

import pandas as pd
import pytest

from adoption_curves import forecast, indicators
from adoption_curves.forecast import frames

DATES = pd.to_datetime(["2023-12-31", "2024-12-31", "2025-12-31"])


@pytest.mark.parametrize("values", [[12], [9, 12], [0, 0, 12], [0, 0]])
@pytest.mark.parametrize("limit", [100, None])
def test_few_figures_have_no_forecast(values, limit):
    result = forecast.forecast(pd.Series(values, DATES[-len(values) :], name="users", dtype=float), limit)
    assert (result.kind, result.has_range, len(result.dates)) == ("few", False, 0)
    tables = (result.quantiles, result.frame(), result.paths, result.milestones(), result.probability())
    assert all(each.empty for each in tables)
    others = (frames.end_frame, frames.scenario_frame, frames.limit_frame, frames.quantile_frame)
    assert all(make_frame(result).empty for make_frame in others)
    assert f"no forecast: {result.printed.few}>" in repr(result)
    assert "three usable values that span half a year; the series has" in result.printed.few
    assert result._repr_html_()
    with pytest.raises(ValueError, match="three usable values that span half a year"):
        result.at([1.0], [0.5])
    assert forecast.hindcast(result.target.values, limit).empty


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


def test_a_class_counts_from_the_first_figure_and_with_the_last_one():
    """Of ten series, one begins above the share, and one ends two years after it."""
    among = [make_reference([10, 20, 30, 40, 50, 60], f"usual {place}") for place in range(8)]
    among += [make_reference([45, 50, 55, 60, 65, 70], "above"), make_reference([10, 20, 30, 35], "short")]
    strict = forecast.later_shares(0.15, [4.5], among)
    assert strict["technologies"].tolist() == [0], "further than three years nothing is counted"
    found = forecast.later_shares(0.15, [4.5], among, (0.1, 0.5, 0.9), least_years=1.0).iloc[0]
    assert (found["technologies"], found["series"]) == (10, 10)
    assert found[0.1] == pytest.approx(0.475, abs=0.13)
    assert found[0.5] == pytest.approx(0.60, abs=0.01)
    assert forecast.later_shares(0.95, [4.5], among, least_years=1.0)["series"].tolist() == [0]
