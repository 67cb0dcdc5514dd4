"""Two waves in one series, and that they are not seen where there is one."""

import numpy as np
import pandas as pd
import pytest
from conftest import further

from helpers import indicators
from helpers.curves import CurveError, LevelShift, Logistic, TwoWaves, fit_waves

YEARS = np.arange(2000.0, 2030.0)
TRUTH = {"ceiling": 100.0, "rate": 0.8, "midpoint": 2006.0, "second_rate": 0.6, "lag": 14.0, "first_share": 0.4}


def draw_waves(noise, seed=0, years=YEARS):
    first, second = (1 / (1 + np.exp(-rate * (years - at))) for rate, at in ((0.8, 2006.0), (0.6, 2020.0)))
    return pd.Series(40 * first + 60 * second + np.random.default_rng(seed).normal(0, noise, len(years)), years)


def draw_one(noise, seed, points, cumulated):
    """One logistic or Gompertz wave with errors of 2 % of the ceiling, or such that are carried along."""
    years, random = np.linspace(2000, 2020, points), np.random.default_rng(seed)
    clean = 100 / (1 + np.exp(-0.45 * (years - 2010))) if seed % 2 else 100 * np.exp(-np.exp(-0.3 * (years - 2008)))
    error = random.normal(0, noise, points)
    return pd.Series(clean + (np.cumsum(error) if cumulated else error), years)


def test_two_waves_recover_their_parameters():
    fit = TwoWaves(draw_waves(1e-6)).fit()
    assert fit.params.to_dict() == pytest.approx(TRUTH, rel=1e-5)
    assert fit.flag == ""
    assert fit.identified
    assert fit.predict([2100.0]).iloc[0] == pytest.approx(100, rel=1e-5)


def test_slopes_are_derivatives_and_the_inflection_is_the_steepest_growth():
    random, times = np.random.default_rng(1), np.linspace(0, 1, 9)
    for _ in range(20):
        place = np.array([random.uniform(axis[0], axis[-1]) for axis in TwoWaves.axes])
        share = TwoWaves.share(times, *place)
        for row, slope in enumerate(TwoWaves.slopes(times, share, *place)):
            moves = 1e-6 * np.eye(len(place))[row]
            rise = (TwoWaves.share(times, *(place + moves)) - TwoWaves.share(times, *(place - moves))) / 2e-6
            np.testing.assert_allclose(slope, rise, rtol=1e-5, atol=1e-7)
        grid = np.linspace(-2, 5, 70_001)
        growth = np.diff(TwoWaves.share(grid, *place))
        assert TwoWaves.inflection(*place) == pytest.approx(grid[growth.argmax()], abs=2e-4)


def test_extreme_coordinates_stay_finite_and_quiet():
    corners = np.array(np.meshgrid(*TwoWaves.box)).reshape(len(TwoWaves.box), -1)
    times = np.array([-1.0, 0.0, 0.5, 50.0])
    with np.errstate(invalid="raise", divide="raise"):
        share = TwoWaves.share(times[None], *corners[:, :, None])
        slopes = TwoWaves.slopes(times[None], share, *corners[:, :, None])
    assert all(np.isfinite(part).all() for part in (share, *slopes))
    assert ((share >= 0) & (share <= 1)).all()


def test_intervals_and_errors_are_those_of_the_curve():
    series = draw_waves(1.0)
    fit = TwoWaves(series, errors="independent").fit()
    covered = 0
    for seed in range(40):
        low, high = (
            TwoWaves(draw_waves(1.0, seed), errors="independent").fit().conf_int(method="profile").loc["ceiling"]
        )
        covered += low <= 100 <= high
    assert covered >= 34
    assert fit.bse["first_share"] == pytest.approx(fit.resample(300)["first_share"].std(), rel=0.3)
    low, high = fit.conf_int(method="profile").loc["first_share"]
    assert 0 < low < fit.params["first_share"] < high < 1
    profile = fit.profile("first_share", values=[low, high])
    np.testing.assert_allclose(profile["confidence"], 0.95, atol=1e-4)


@pytest.mark.parametrize("errors", [None, "independent", "cumulative"])
def test_two_waves_are_chosen_where_they_are(errors):
    fit = fit_waves(draw_waves(1.5), errors=errors)
    assert fit.model.name == "two_waves"
    assert fit.aicc < Logistic(draw_waves(1.5), errors=errors).fit().aicc
    assert fit_waves(draw_waves(1.5), errors=errors, ceiling=100.0).model.name == "two_waves"


@pytest.mark.parametrize(("points", "cumulated"), [(10, False), (20, True), further(10, True), further(20, False)])
def test_one_wave_is_not_taken_for_two(points, cumulated):
    """At most one in twenty: skewed waves and errors that are carried along look like two to the logistic alone."""
    chosen = [fit_waves(draw_one(2.0, seed, points, cumulated)).model.name for seed in range(20)]
    assert chosen.count("two_waves") <= 1


def test_errors_that_are_carried_along_need_both_criteria():
    """Under independent errors alone sums of errors pass for waves."""
    both, alone = (
        [fit_waves(draw_one(2.0, seed, 30, True), errors=errors).model.name for seed in range(20)]
        for errors in (None, "independent")
    )
    assert both.count("two_waves") <= 3
    assert alone.count("two_waves") > both.count("two_waves")


def test_a_wave_whose_bend_is_not_seen_is_not_chosen():
    series = draw_waves(0.3).loc[:2017]
    assert TwoWaves(series).fit().aicc < Logistic(series).fit().aicc
    assert fit_waves(series).model.name != "two_waves"


def test_few_observations_are_one_wave():
    for points in (3, 5, 8):
        series = draw_waves(0.1).iloc[np.linspace(0, 29, points).astype(int)]
        assert fit_waves(series).model.name != "two_waves"
    assert "no curve is singled out" in TwoWaves(draw_waves(0.1).iloc[::6]).fit().flag
    with pytest.raises(CurveError, match="same date"):
        fit_waves([1, 2, 3], [2000, 2000, 2000])


def test_a_shift_is_no_second_wave():
    years = np.arange(2000.0, 2024.0)
    clean = 100 / (1 + np.exp(-0.4 * (years - 2010))) * np.where(years < 2015, 0.6, 1.0)
    series = pd.Series(clean + np.random.default_rng(3).normal(0, 1.0, 24), years)
    shifted = TwoWaves(series, shifts=LevelShift(2015.0, sd=0.5)).fit()
    assert shifted.params["shift"] == pytest.approx(-np.log(0.6), abs=0.15)


@pytest.mark.parametrize(
    ("entity", "indicator", "years"),
    [
        ("United States", "us_automobile", (1920, 1961)),  # before the depression and the war, and after
        ("United States", "us_refrigerator", (1936, 1950)),
        ("India", "internet_use_itu", (2013, 2021)),
        ("World", "internet_use_itu", (2008, 2020)),
    ],
)
def test_second_take_offs_of_the_projects_series(entity, indicator, years):
    series = indicators.load().exact_values(entity, indicator)
    fit = fit_waves(series)
    assert fit.model.name == "two_waves"
    first = fit.params["midpoint"]
    np.testing.assert_allclose([first, first + fit.params["lag"]], years, atol=1.0)
    assert fit.scale < 0.5 * Logistic(series).fit().scale
