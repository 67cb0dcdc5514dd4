"""The formula in arrays: many windows at once are what the reference says of each, and its edges hold."""

import sys
from pathlib import Path

import numpy as np
import pytest

from adoption_curves.forecast import model, rivals

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "tests" / "reference"))
import formula_forecast as reference  # noqa: E402

H = np.array([0.5, 1.0, 2.0, 3.0, 5.0])
LEVELS = np.array([0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95])
ROWS = {
    "limit": (reference.WEIGHTS, reference.SIDES),
    "sales": (reference.WEIGHTS_SALES, reference.SIDES_SALES),
}


def draw_windows(points, count=40, seed=0):
    """Years before the last figure, and shares that mostly rise, (count, points) each."""
    random = np.random.default_rng(seed)
    t = np.sort(random.uniform(0, points, (count, points)), axis=1) + 0.01 * np.arange(points)
    x = np.sort(random.uniform(0.03, 0.97, (count, points)), axis=1) + random.normal(0, 0.02, (count, points))
    return t - t[:, -1:], np.clip(x, 0.01, 0.99)


def compute(t, x, limit, limit_sd, levels=LEVELS, kind="limit"):
    """Quantiles (N, H, Q) of N windows, by the functions of the package."""
    h = np.tile(H, (len(t), 1))
    path, spread = model.find_path(t, x, h, kind), np.sqrt(model.variances(t, x, h, kind).sum(axis=-1))
    if kind == "free":
        return model.free_quantiles(path, spread, levels, h)
    return model.quantiles(path, spread, levels, limit, limit_sd, kind)


@pytest.mark.parametrize("kind", ROWS)
@pytest.mark.parametrize("points", [3, 4, 6, 8])
def test_windows_with_a_limit_are_those_of_the_reference(kind, points):
    t, x = draw_windows(points)
    limit, limit_sd = np.tile(1000 + 40 * H, (len(t), 1)), np.tile(20 * H, (len(t), 1))
    found = compute(t, x, limit, limit_sd, kind=kind)
    theirs = [
        reference.quantiles(*each, H, limit[0], limit_sd[0], LEVELS, *ROWS[kind]) for each in zip(t, x, strict=True)
    ]
    np.testing.assert_allclose(found, theirs, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("points", [3, 4, 6, 8])
def test_windows_without_a_limit_are_those_of_the_reference(points):
    t, x = draw_windows(points, seed=1)
    y = 700 * x
    found = 1.0 * y[:, -1:, None] * compute(t, y / y[:, -1:], None, None, kind="free")
    theirs = [reference.quantiles_free(*each, H, LEVELS) for each in zip(t, y, strict=True)]
    np.testing.assert_allclose(found, theirs, rtol=1e-10)


def test_each_date_may_have_levels_of_its_own():
    t, x = draw_windows(4)
    ones = np.ones((len(t), len(H)))
    same = compute(t, x, 100 * ones, 0 * ones, np.tile(LEVELS, (len(t), len(H), 1)))
    np.testing.assert_array_equal(same, compute(t, x, 100 * ones, 0 * ones))


def test_round_numbers_stay_round():
    """Figures of a straight line through the limit's own scale: nothing is rounded on the way, and the median is it."""
    t, h = np.array([[-2.0, -1, 0]]), np.array([[1.0, 2.0]])
    x = model.back(np.array([[-1.0, -0.5, 0.0]]))
    path = model.find_path(t, x, h)
    ones = np.ones((1, 2))
    found = model.quantiles(path, 0.3 * ones, np.array([0.5]), 1000 * ones, 30 * ones, "limit")
    np.testing.assert_array_equal(found[..., 0], 1000 * path)


@pytest.mark.parametrize("points", [1, 2])
@pytest.mark.parametrize("kind", model.CONSTANTS)
def test_one_figure_or_two_are_refused(points, kind):
    t, x = -np.arange(points)[::-1][None].astype(float), np.linspace(0.2, 0.4, points)[None]
    for function in (model.find_path, model.variances):
        with pytest.raises(ValueError, match="3 figures or more"):
            function(t, x, H[None], kind)


def test_without_a_limit_a_series_that_slows_is_continued_more_slowly():
    t, y = -np.array([[4.0, 3, 2, 1, 0]]), np.array([[10.0, 18, 24, 27, 28]])
    gain = 28 * (model.find_path(t, y / 28, H[None], "free") - 1)[0]
    counted = np.average([8, 6, 3, 1], weights=0.5 ** (np.array([3.5, 2.5, 1.5, 0.5]) / model._HALF_LIFE))
    np.testing.assert_allclose(gain, counted * model.damp(H), rtol=1e-12)
    fall = model.find_path(t, y[:, ::-1] / 10, np.array([[50.0]]), "free")[0, 0]
    assert 0 < fall < 1


def test_rivals_are_what_their_equations_say():
    t, y, h = np.array([[-4.0, -2, -1, 0]]), np.array([[10.0, 14, 20, 26]]), np.array([[1.0, 5.0]])
    found = {name: rival(t, y, h)[0].tolist() for name, rival in rivals.RIVALS.items()}
    damped = [26 + 4 * (0.8**years - 1) / np.log(0.8) for years in h[0]]
    assert found["no_change"] == [26, 26]
    assert found["straight_line"] == [30, 46]
    assert found["damped_line"] == pytest.approx(damped)
    assert found["half_pace"] == [28, 36]
