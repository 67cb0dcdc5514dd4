"""What cannot be right is refused where it is read, whatever it is: numbers, dates, texts that hypothesis invents."""

# ruff: noqa: PT017  # what is said of a refused input is looked at where it is refused

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adoption_curves import curves, forecast
from adoption_curves.base import levels
from adoption_curves.runs.parameters import ParameterError, read_parameters

FEW = settings(max_examples=10, deadline=None, derandomize=True)
DATES = pd.to_datetime([f"{year}-12-31" for year in range(2021, 2026)])
VALUES = pd.Series([12.0, 19, 31, 44, 52], index=DATES, name="users")
LATER = pd.to_datetime(["2026-06-30"])


@pytest.fixture(scope="module")
def make():
    def made(series=VALUES, limit=100, **options):
        return forecast.forecast(series, limit, **{"horizon_years": 2} | options)

    return made


def censor(value=60.0, qualifier="at_least", index=LATER):
    return pd.DataFrame({"value": value, "qualifier": qualifier}, index=index)


# ---- a limit, and figures above it or above the limit

LEVELS_OF_ALL_KINDS = st.one_of(st.floats(), st.integers(), st.booleans(), st.text(max_size=5), st.just([80.0]))


@FEW
@given(most=LEVELS_OF_ALL_KINDS)
def test_the_largest_possible_value_is_kept_or_refused(make, most):
    try:
        made = make(most=most)
    except ValueError as error:
        assert "most" in str(error)
        return
    assert most >= 52 / 1.005, "the newest figure is 52"
    assert made.quantiles.to_numpy().max() <= most


def test_a_limit_that_grew_may_have_grown_further(make):
    grown = pd.Series([90.0, 100.0], DATES[[0, 4]])
    assert make(limit=grown, censored=censor(101.0)).target.newer["value"].tolist() == [101.0]
    assert make(censored=censor(120.0, "at_most")).target.newer["value"].tolist() == [120.0], "true of every path"


# ---- sizes and dates


@pytest.mark.parametrize("size", [1e-55, 1e55])
def test_sizes_from_1e_minus_60_to_1e60_are_computed_with(make, size):
    assert np.isfinite(make(VALUES * size, 100 * size).quantiles.to_numpy()).all()
    assert np.isfinite(curves.Logistic(VALUES * size, ceiling=100 * size).fit().predict(DATES)).all()


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_sizes_that_overflow_are_refused_at_every_door(make, size):
    words = r"must be between 1e-60 and 1e\+60\. Use another unit"
    for refused in (
        lambda: make(VALUES * size, None),
        lambda: make(limit=size),
        lambda: make(limit=pd.Series(size, DATES)),
        lambda: make(censored=censor(size)),
        lambda: curves.Logistic(VALUES * size),
        lambda: curves.assess_ceiling(VALUES * size),
    ):
        with pytest.raises(ValueError, match=words):
            refused()


BEYOND = st.one_of(st.integers(1, 1799), st.integers(2101, 9999), st.none())


@FEW
@given(year=BEYOND, place=st.integers(0, 4), zone=st.sampled_from([None, "UTC", "Asia/Shanghai"]))
def test_dates_on_which_nothing_was_observed_are_refused(make, year, place, zone):
    days = DATES.to_numpy("M8[s]").copy()
    days[place] = np.datetime64("NaT" if year is None else f"{year:04}-06-30", "s")
    index = pd.DatetimeIndex(days).tz_localize(zone)
    words = "without a date|without date or value" if year is None else f"in the year {year}, but years must be"
    for refused in (
        lambda: make(VALUES.set_axis(index)),
        lambda: make(limit=pd.Series(100.0, index)),
        lambda: make(censored=censor(index=index[[place]])),
        lambda: curves.Logistic(VALUES.set_axis(index)),
        lambda: curves.Logistic(VALUES, ceiling=pd.Series(100.0, index)),
    ):
        with pytest.raises(ValueError, match=words):
            refused()


def test_dates_with_a_zone_are_the_days_that_they_are_there(make):
    zoned = VALUES.tz_localize("Asia/Shanghai")
    made = make(zoned, censored=censor(index=LATER.tz_localize("UTC")))
    pd.testing.assert_frame_equal(made.quantiles, make(censored=censor()).quantiles)


# ---- levels


@FEW
@given(st.lists(st.one_of(st.floats(0, 1), st.sampled_from([0.5, 0.8, 0.8 + 1e-11, 0.8 - 1e-9])), max_size=4))
def test_levels_are_told_apart_by_their_columns_or_refused(given_levels):
    try:
        found = levels.check_levels(given_levels)
    except ValueError as error:
        assert "levels" in str(error)
        return
    columns = [column for level in found for column in levels.band_columns(level)]
    assert len(set(columns)) == len(columns), "each band has its own"
    assert [float(column[1:]) for column in columns] == [end for level in found for end in levels.band_ends(level)]


@pytest.mark.parametrize("near", [1e-11, 1e-8, 0.0])
def test_two_levels_that_tables_would_write_alike_are_refused(make, near):
    with pytest.raises(ValueError, match="which are the same in tables"):
        make(levels=[0.8, 0.8 + near])
    with pytest.raises(ParameterError, match="no two that tables would write alike"):
        read_parameters({"levels": [0.8, 0.8 + near]})
    assert read_parameters({"levels": [0.8, 0.81]}).levels == [0.8, 0.81]
