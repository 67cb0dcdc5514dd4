"""The forecast in arrays: equal to the trial that it was made from and to statsmodels, and what it learns is right."""

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import t as student
from statsmodels.tsa.holtwinters import Holt

from adoption_curves.forecast import model, rivals

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "tests" / "reference"))
import plain_forecast as trial  # noqa: E402

H = np.array([0.5, 1.0, 2.0, 3.0, 5.0])
NONE = np.zeros(1), np.ones(1)  # without a limit it does not count where other technologies stand


def draw_windows(points, count=20, seed=0):
    """Years before the last figure, and shares that mostly rise, (count, points) each."""
    random = np.random.default_rng(seed)
    t = np.sort(random.uniform(0, points, (count, points)), axis=1)
    x = np.clip(
        np.sort(random.uniform(0.03, 0.95, (count, points)), axis=1) + random.normal(0, 0.02, (count, points)),
        0.01,
        0.99,
    )
    return t - t[:, -1:], x


@pytest.mark.parametrize("points", [3, 4, 6, 8])
def test_path_and_variances_of_many_windows_are_those_of_the_trial_one_by_one(points):
    t, x = draw_windows(points)
    h, mean, sd = np.tile(H, (len(t), 1)), np.full(len(t), 1.1), np.full(len(t), 1.3)
    path, terms = model.find_path(t, x, h, mean, sd, True), model.variances(t, x, h, True)
    for row in range(len(t)):
        np.testing.assert_allclose(path[row], trial.path(t[row], x[row], H, 1.1, 1.3), rtol=1e-11)
        np.testing.assert_allclose(terms[row], trial.variances(t[row], x[row], H), rtol=1e-9)


def test_quantiles_are_those_of_the_trial_above_the_floor():
    levels, ones = np.array([0.05, 0.1, 0.5, 0.9, 0.95]), np.ones(len(H))
    share, terms, weights = np.linspace(0.5, 0.8, len(H)), np.full((len(H), 3), 0.02), np.array([0.4, 1.1, 0.5])
    rows = model.Rows(True, H, share, 0.4 * ones, terms, 1000 * ones, 20 * H)
    found = model.quantiles(rows, levels, model.Learnt(weights, trial.UP, trial.DOWN, 0.0))
    np.testing.assert_allclose(
        found, trial.quantiles(share, terms, weights, levels, rows.limit, rows.limit_sd), rtol=1e-9
    )
    held = model.quantiles(rows, levels, model.Learnt(weights * 100, 1.3, 1.0, 0.35))
    assert held.min() == pytest.approx(0.35 * 0.4 * 1000)


def test_the_weights_learnt_are_those_of_the_trial_and_of_the_truth():
    random = np.random.default_rng(3)
    terms, weights = random.gamma(0.5, 0.1, (20000, 3)) + 1e-4, np.array([0.6, 0.5, 0.2])
    errors = np.sqrt(terms @ weights) * student(model.TAILS).rvs(20000, random_state=random)
    counts = random.uniform(0.5, 1.5, 20000)
    found = model.learn_weights(terms, errors, counts)
    np.testing.assert_allclose(found, trial.learn(terms, errors, counts), rtol=1e-3)
    np.testing.assert_allclose(found, weights, rtol=0.15)


def test_up_and_down_leave_one_outcome_in_ten_on_each_side():
    ratios = student(4).rvs(20001, random_state=np.random.default_rng(0))
    ratios = np.where(ratios > 0, 1.4 * ratios, 0.8 * ratios)
    up, down = model.learn_sides(ratios, np.ones(len(ratios)))
    end = student(4).ppf(0.9)
    assert (ratios > up * end).mean() == pytest.approx(0.1, abs=1e-3)
    assert (ratios < -down * end).mean() == pytest.approx(0.1, abs=1e-3)
    assert model.learn_sides(9 * ratios, np.ones(len(ratios))) == model._STRETCH_LIMITS[1:] * 2


def test_without_a_limit_a_series_that_slows_is_continued_more_slowly():
    t, y = -np.array([[4.0, 3, 2, 1, 0]]), np.array([[10.0, 18, 24, 27, 28]])
    gain = 28 * (model.find_path(t, y / 28, H[None], *NONE, False)[0] - 1)
    counted = np.average([8, 6, 3, 1], weights=0.5 ** (np.array([3.5, 2.5, 1.5, 0.5]) / model._HALF_LIFE))
    np.testing.assert_allclose(gain, counted * model._damp(H), rtol=1e-12)
    fall = model.find_path(t, y[:, ::-1] / 10, np.array([[50.0]]), *NONE, False)[0, 0]
    assert 0 < fall < 1


def test_no_quantile_without_a_limit_passes_the_most_that_any_technology_grew():
    outcomes, years = np.array([1.5, 3.0, 9.0]), np.array([1.0, 2.0, 5.0])
    edge = model.find_edge(outcomes, years, bounded=False)
    assert (np.exp(edge * np.sqrt(model._damp(years))) >= outcomes * (1 - 1e-12)).all()
    ones = np.ones(3)
    rows = model.Rows(False, years, 5 * ones, ones, np.full((3, 3), 1.0), 27 * ones, 0 * ones)
    found = model.quantiles(rows, np.array([0.1, 0.999]), model.Learnt(np.ones(3), 1.3, 1.0, edge))
    assert (found[:, 1] < 27 * np.exp(edge * np.sqrt(model._damp(years)))).all()


def test_the_edge_with_a_limit_is_twice_the_deepest_fall_and_never_high():
    assert model.find_edge(np.array([0.8, 1.2]), np.ones(2), bounded=True) == pytest.approx(0.6)
    assert model.find_edge(np.array([0.97, 1.2]), np.ones(2), bounded=True) == model._HIGHEST_FLOOR
    assert model.find_edge(np.array([0.3]), np.ones(1), bounded=True) == 0


def test_damped_holt_is_that_of_statsmodels():
    y = np.array([[10.0, 14, 20, 27, 31], [5.0, 9, 8, 15, 16]])
    t = np.tile(np.arange(-4.0, 1), (2, 1))
    found = rivals._damped_holt(t, y, y, np.tile(np.arange(1.0, 5), (2, 1)), np.full((2, 4), np.inf))
    settings = {"smoothing_level": rivals._LEVEL, "smoothing_trend": rivals._TREND, "damping_trend": rivals._DAMPED}
    for row, figures in enumerate(y):
        start = {"initial_level": figures[0], "initial_trend": figures[1] - figures[0]}
        fitted = Holt(figures, damped_trend=True, initialization_method="known", **start).fit(
            optimized=False, **settings
        )
        np.testing.assert_allclose(found[row], fitted.forecast(4), rtol=1e-12)
