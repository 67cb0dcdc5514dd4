"""Whether a series is in decline: simulated series of which the truth is known, plain shapes, few figures."""

import numpy as np
import pandas as pd
import pytest
import simulated

from adoption_curves import curves, forecast, indicators
from adoption_curves.base.decline import find_newest
from adoption_curves.curves import decimal_years, is_in_decline


def ask(series):
    return is_in_decline(decimal_years(series.index), series.to_numpy())


def test_a_noisy_month_is_no_fall_and_a_third_lost_is_one():
    """Months that grow towards a level not yet reached, and years of which the last three lose a third."""
    random, months, years = np.random.default_rng(7), np.arange(36.0), np.arange(12.0)

    def add_noise(values, size):
        return values * (1 + size * random.standard_normal(len(values)))

    growing, falling = [], []
    for _ in range(2000):
        level = 1 / (1 + np.exp(-random.uniform(0.10, 0.16) * (months - random.uniform(20, 28))))
        growing.append(is_in_decline(2023 + months / 12, add_noise(level, 0.09)))
    for _ in range(500):
        level = 1 / (1 + np.exp(-random.uniform(0.7, 1.0) * (years - random.uniform(3, 4.5))))
        level[8:] = level[8] * (1 - np.arange(4) / 9)
        falling.append(is_in_decline(2014 + years, add_noise(level, 0.03)))
    assert np.mean(growing) <= 0.03
    assert np.mean(falling) >= 0.90


def test_of_the_plain_shapes_those_two_have_fallen_that_anyone_would_say_have():
    fallen = {name for name, series in simulated.shapes() if ask(series)}
    assert fallen == {"falls from the first", "fell of late"}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], False),
        ([20], False),
        ([20, 10], False),  # two figures tell no scatter
        ([10, 20, 12], False),  # the middle one lies as far off the line as the last one fell
        ([60, 50, 40], True),
        ([12, 60, 50, 30, 20], True),  # the peak lies far off the line, and each value since is lower
        ([12, 60, 50, 52, 20], False),
        ([12, 60, 59, 58, 57], False),  # less than a tenth
        ([60, 58, 56], False),  # less than a tenth
        ([50, 60, 60, 60, 30], True),
        ([100, 90, 80, 70, 62, 70, 78], True),
        ([100, 90, 80, 70, 62, 70, 78, 84], False),  # more than half is made up
        ([60, 58, 0, 50, 40], True),  # a figure of 0 is passed over
        ([60, 58, np.nan, 50, 40], True),
        ([5, 9, 14, 0], True),  # a last figure of 0 counts
        ([5, 0, 9, 14, 20], False),
        ([0, 0, 0, 0], False),
    ],
)
def test_few_figures_and_recoveries(values, expected):
    assert is_in_decline(2020.0 + np.arange(len(values)), values) is expected
    assert not is_in_decline(2020.0 + 0.01 * np.arange(len(values)), values), "within half a year nothing has fallen"


def test_the_figures_asked_are_those_that_a_forecast_uses():
    months = pd.date_range("2023-11-30", periods=36, freq="ME")
    kept = find_newest(decimal_years(months))
    assert (len(kept), kept[-1]) == (8, 35)
    assert (np.diff(decimal_years(months)[kept]) >= 0.4 - 1e-9).all()
    again = decimal_years(months)[kept]
    assert find_newest(again).tolist() == list(range(8))  # asked of the window itself, nothing more is left out
    assert find_newest(2020 + np.arange(10) / 50).tolist() == [0, 3, 6, 9]


def test_of_the_projects_series_microblogs_and_landlines_have_fallen():
    names = {series.indicator for series in indicators.load().references() if ask(series.values)}
    assert names == {"microblog_users", "us_landline_telephone"}


def test_a_series_that_ends_at_0_has_neither_a_forecast_nor_a_curve():
    series = pd.Series([5.0, 9, 14, 0], [2018, 2019, 2020, 2021])
    assert forecast.forecast(series, 100).kind == "fallen"
    assert curves.assess_ceiling(series, limit=100).verdict == "fallen"
