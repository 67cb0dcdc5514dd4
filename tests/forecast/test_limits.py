"""A limit that cannot be one is refused, and no number passes what can be: 0 below, the limit of one's own above."""

import numpy as np
import pandas as pd
import pytest

from adoption_curves import forecast, indicators


@pytest.fixture
def read_own(tmp_path):
    """Gives the series of a file of one's own from its values since 2019, unit, measure and limit."""

    def read(values, unit, limit="", measure="level"):
        path = tmp_path / "own.csv"
        path.write_text("".join(["date,value\n", *(f"{year},{value}\n" for year, value in enumerate(values, 2019))]))
        return indicators.load(f"{path}?unit={unit}&measure={measure}").series("own data", "own", limit)

    return read


def make(values, limit=None, **facts):
    series = pd.Series(values, range(2019, 2019 + len(values)), name="users", dtype=float)
    series.attrs.update(facts)
    return forecast.forecast(series, limit, horizon_years=5)


def test_a_limit_a_million_times_above_the_figures_is_in_another_unit(read_own):
    with pytest.raises(ValueError, match=r"more than 1,000,000 times the highest observation, 44\. Write both"):
        make([10, 19, 31, 44], 1_400_000_000)
    with pytest.raises(indicators.DataError, match="Write both in one unit"):
        read_own([10, 19, 31, 44], "million people", 1_400_000_000)


def test_a_figure_a_little_above_the_limit_is_said_with_its_digits():
    with pytest.raises(ValueError, match=r"values up to 100\.0000001 lie above the limit, 100"):
        make([80, 95, 100.0000001], 100)
    with pytest.raises(ValueError, match="values up to 44 lie above the limit, 40"):
        make([10, 19, 31, 44], pd.Series([100.0, 40], [2019, 2022]))


def test_no_quantile_is_below_0():
    limit = pd.Series([100.0, 60, 130, 90], range(2019, 2023))
    found = make([0.004, 0.006, 0.01, 0.015], limit)
    assert (found.quantiles.to_numpy() >= 0).all()
    assert "\u2212" not in repr(found), "nothing is said to be below 0"


@pytest.mark.parametrize("limit", [None, 100])
def test_a_total_that_falls_is_refused_with_a_limit_too(limit):
    with pytest.raises(ValueError, match="is a cumulative total, so it cannot decrease, but it does on 2021-12-31"):
        make([10, 40, 20, 50], limit, measure="cumulative")


def test_percentages_may_be_above_100_where_a_file_or_the_limit_says_so(read_own):
    unit = "percent of people"
    with pytest.raises(indicators.DataError, match="if the unit has no limit add -p limit none"):
        read_own([90, 110, 130, 140], unit)
    assert (forecast.forecast(read_own([90, 110, 130, 140], unit, "none")).quantiles[0.5] > 140).all()
    assert make([90, 110, 130, 140], 200, unit=unit).quantiles.to_numpy().max() < 200
    assert make([10, 20, 40, 60], 150, unit=unit).quantiles.to_numpy().max() > 100
    assert make([10, 20, 40, 60], unit=unit).quantiles.to_numpy().max() <= 100


def test_none_means_none_for_shares_of_sales_too(read_own):
    sold = ([10, 19, 31, 44], "percent of new cars")
    assert forecast.forecast(read_own(*sold, measure="flow")).has_range
    free = forecast.forecast(read_own(*sold, "none", measure="flow"))
    assert not free.has_range
    assert "Pass limit=..." in repr(free)
    assert np.isfinite(free.quantiles.to_numpy()).all()


def test_the_largest_possible_value_is_not_below_the_limit():
    series = pd.Series([10.0, 19, 31, 44], range(2019, 2023), name="users")
    with pytest.raises(ValueError, match="most is 60, and the limit is 100: give a value that no limit passes"):
        forecast.forecast(series, 100, most=60)
