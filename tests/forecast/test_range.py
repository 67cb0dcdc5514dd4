"""Ranges are given where a limit is known, and nowhere else; few figures have no forecast."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PolyCollection

from adoption_curves import forecast, indicators
from adoption_curves.forecast import result_tables
from adoption_curves.forecast.hindcasts import _find_origins

DAYS = pd.to_datetime([f"{year}-12-31" for year in range(2018, 2026)])
USERS = pd.Series([3.0, 6, 10, 16, 24, 33, 41, 50], DAYS, name="users")


def describe(measure):
    """The series as one of this measure."""
    series = indicators.load().series("World", "chatgpt_weekly_active_users", "none")
    none = {"censored": series.censored.iloc[:0], "observations": series.observations.iloc[:0]}
    return replace(series, values=USERS, measure=measure, **none)


@pytest.fixture(scope="module", params=["no limit", "a total", "a flow"])
def result(request):
    series = {"no limit": USERS, "a total": describe("cumulative"), "a flow": describe("flow")}[request.param]
    return forecast.forecast(series, horizon_years=2)


def test_without_a_range_only_the_median_exists(result):
    assert (result.kind, result.has_range, result.quantile_levels) == ("forecast", False, (0.5,))
    assert list(result.quantiles) == [0.5]
    assert [name for name in result.frame() if name.startswith("q")] == ["q0.5"]
    assert result.at([1.0], [0.5]).shape == (1, 1)
    with pytest.raises(ValueError, match=r"only the median|no range"):
        result.at([1.0], [0.1, 0.5])
    empty = (result.paths, result.milestones(), result.probability(), result_tables.quantile_frame(result))
    assert all(each.empty for each in (*empty, result_tables.scenario_frame(result)))
    assert "without an interval" in repr(result)
    assert "80%" not in repr(result)


def test_the_picture_of_a_forecast_without_a_range_has_none(result):
    axes = result.plot()
    assert not [each for each in axes.collections if isinstance(each, PolyCollection)], "no band is filled"
    assert not [text for text in axes.get_legend().get_texts() if "interval" in text.get_text()]
    assert "% interval" not in result._repr_html_()


def test_what_would_give_a_range_is_said():
    free = forecast.forecast(USERS, horizon_years=2)
    assert "Pass limit=..., the largest possible value" in repr(free)
    with pytest.raises(ValueError, match=r"Pass limit=\.\.\., the largest possible value"):
        free.at([1.0], [0.9])
    flow = forecast.forecast(describe("flow"), horizon_years=2)
    assert "How many" not in repr(flow), "a limit gives none of numbers sold"


def test_with_a_limit_there_are_ranges_and_the_form_without_one_has_a_median_alone():
    made = forecast.forecast(USERS, 100, horizon_years=2)
    assert made.has_range
    assert {0.1, 0.5, 0.9} <= {*made.quantiles}
    data = indicators.load()
    series = data.series("China", "genai_users")
    result = forecast.forecast(series)
    limits = forecast.compare_limits(result, data.offer_limits(series))
    none = limits["limit"] == "none"
    assert limits.loc[none, "q0.5"].notna().all()
    assert limits.loc[none, ["q0.1", "q0.9"]].isna().all(axis=None)
    assert limits.loc[~none, ["q0.1", "q0.5", "q0.9"]].notna().all(axis=None)


def test_a_series_whose_growth_levels_off_within_a_year_has_hindcasts():
    """Its dates are a year apart in the median, and its earlier origins lie less than a year before the last figure."""
    data = indicators.load()
    series = data.series("United States", "firms_pay_for_ai_ramp", 100)
    origins = _find_origins(series)
    found = forecast.hindcast(series, None, origins[-1:])
    assert np.isfinite(found["q0.5"]).all()
