"""What cannot be meant is refused with a sentence; years and periods are read as their last days."""

import numpy as np
import pandas as pd
import pytest

from adoption_curves import curves, forecast, indicators

VALUES = [12.0, 19, 31, 44, 52]
YEARS = range(2021, 2026)
TEXTS = [str(year) for year in YEARS]
ENDS = pd.to_datetime([f"{year}-12-31" for year in YEARS])


@pytest.fixture(scope="module")
def result():
    return forecast.forecast(pd.Series(VALUES, ENDS), 100, horizon_years=2)


@pytest.mark.parametrize(
    "index",
    [[*YEARS], TEXTS, pd.PeriodIndex(TEXTS, freq="Y"), [f"{year}-12" for year in YEARS]],
    ids=["whole years", "texts", "periods", "months"],
)
def test_years_and_periods_are_their_last_days(result, index):
    series = pd.Series(VALUES, index)
    made = forecast.forecast(series, 100, horizon_years=2)
    pd.testing.assert_frame_equal(made.quantiles, result.quantiles)
    limit = indicators.Limit(pd.Series(100.0, index))
    assert list(limit.values.index) == list(ENDS)


@pytest.mark.parametrize(
    ("index", "words"),
    [
        (pd.to_datetime([*YEARS]), r"on one day, 1970-01-01, because pd\.to_datetime\(\[2020, 2021\]\) reads years"),
        (ENDS - pd.DateOffset(years=300), "years must be between 1800 and 2100"),
        ([f"03/04/{year}" for year in YEARS], "write 2021-04-03 or 2021-03-04"),
        ([f"{year}" for year in "abcde"], "has no dates as index"),
        ([f"{year}.5" for year in range(5)], "has no dates as index"),
        ([f"{year}.5" for year in YEARS], "'2021.5' may mean a month or a decimal year"),
        ([float(year) for year in YEARS], "2021.0 is a number among dates"),
        (["2021", 2022, "2023-06", ENDS[3], "2025"], "2022 is a number among dates"),
    ],
)
def test_dates_that_cannot_be_meant_are_refused(index, words):
    with pytest.raises(ValueError, match=words):
        forecast.forecast(pd.Series(VALUES, index), 100)


def test_one_figure_of_a_year_that_was_read_as_a_part_of_a_second_is_refused():
    with pytest.raises(ValueError, match="on one day, 1970-01-01"):
        forecast.forecast(pd.Series([12.0], pd.to_datetime([2025])), 100)


def test_truth_values_are_no_figures_dates_or_years():
    with pytest.raises(ValueError, match="truth value"):
        forecast.forecast(pd.Series([12, True, 31, 44, 52], ENDS, dtype=object), 100)
    with pytest.raises(ValueError, match="truth value"):
        forecast.forecast(pd.Series(VALUES, ENDS), 100).at([True], [0.5])
    with pytest.raises(ValueError, match="truth value"):
        curves.Logistic(pd.Series([12, True, 31, 44, 52], ENDS, dtype=object))
    with pytest.raises(ValueError, match="neither dates nor numbers"):
        curves.Logistic(pd.Series(VALUES, ENDS)).fit().predict(True)
    for horizon in (True, "5", np.nan):
        with pytest.raises(ValueError, match=r"horizon_years is .*number above 0"):
            forecast.forecast(pd.Series(VALUES, ENDS), 100, horizon_years=horizon)


@pytest.mark.parametrize(("years", "levels"), [([-1], [0.5]), ([np.nan], [0.5]), ([1], [2]), ([1], [1.0]), ([1], [0])])
def test_times_before_the_last_figure_and_levels_that_are_none_are_refused(result, years, levels):
    with pytest.raises(ValueError, match=r"0 or more|between 0 and 1"):
        result.at(years, levels)


@pytest.mark.parametrize("share", [0, 1, -1, 1.5, True])
def test_shares_that_are_none_are_refused(result, share):
    for ask in (result.milestones, result.probability):
        with pytest.raises(ValueError, match="shares must be a list of shares between 0 and 1"):
            ask([share])


@pytest.mark.parametrize("values", [[], [np.nan, np.nan]])
def test_a_series_without_a_figure_is_refused(values):
    series = pd.Series(values, ENDS[: len(values)], dtype=float)
    with pytest.raises(ValueError, match=r"the series has no value\. Give at least one"):
        forecast.forecast(series, 100)
    assert curves.assess_ceiling(series).reason == "there is no exact value"


def test_what_is_missing_is_named():
    with pytest.raises(ValueError, match="no date after which to forecast"):
        forecast.next_dates(pd.DatetimeIndex([]), 5)
    with pytest.raises(ValueError, match="2 dates and 1 values"):
        curves.is_in_decline([2020, 2021], [1])
