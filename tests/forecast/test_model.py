"""The formula in arrays: many windows at once are what the reference says of each, and its edges hold."""

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from adoption_curves.forecast import benchmarks, model

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "tests" / "reference"))
import formula_forecast as reference  # noqa: E402

H = np.array([0.5, 1.0, 2.0, 3.0, 5.0])
LEVELS = np.array([0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95])


def draw_windows(points, count=40, seed=0):
    """Years before the last figure, and shares that mostly rise, (count, points) each."""
    random = np.random.default_rng(seed)
    t = np.sort(random.uniform(0, points, (count, points)), axis=1) + 0.01 * np.arange(points)
    x = np.sort(np.exp(random.uniform(np.log(0.001), np.log(0.97), (count, points))), axis=1)
    return t - t[:, -1:], x * random.uniform(0.95, 1.02, (count, points))


def compute(t, x, limit, limit_sd, levels=LEVELS, kind="limit"):
    """Quantiles (N, H, Q) of N windows, by the functions of the package."""
    h = np.tile(H, (len(t), 1))
    path, spread = model.find_path(t, x, h, kind), np.sqrt(model.variances(t, x, h, kind).sum(axis=-1))
    if kind == "free":
        return model.free_quantiles(path, spread, levels, h)
    return model.quantiles(path, spread, levels, limit, limit_sd, x[:, -1:], kind)


@pytest.mark.parametrize("kind", ["limit", "sales"])
@pytest.mark.parametrize("points", [3, 4, 6, 8])
def test_windows_with_a_limit_are_those_of_the_reference(kind, points):
    t, x = draw_windows(points)
    limit, limit_sd = (np.ones(5), np.zeros(5)) if kind == "sales" else (1000 + 40 * H, 20 * H)
    result = compute(t, x, np.tile(limit, (len(t), 1)), np.tile(limit_sd, (len(t), 1)), kind=kind)
    for window, (before, share) in zip(result, zip(t, x, strict=True), strict=True):
        if kind == "sales":
            expected = reference.quantiles_sales(before, share, H, LEVELS)
        else:
            expected = reference.quantiles(before, share, H, limit, limit_sd, LEVELS)
        np.testing.assert_allclose(window, expected, rtol=1e-12, atol=1e-12)


def test_the_limit_ahead_and_totals_are_those_of_the_reference():
    t, x = draw_windows(5, seed=2)
    limit = 1000 * (1 + np.arange(5) / 20) + np.random.default_rng(2).normal(0, 5, (len(t), 5))
    ahead = model.forecast_limit(t, limit, np.tile(H, (len(t), 1)))
    levels, last = compute(t, x, *ahead), 1000 * x[:, -1]
    for place in range(len(t)):
        expected = reference.limit_ahead(t[place], limit[place], H)
        np.testing.assert_allclose([each[place] for each in ahead], expected, rtol=1e-12)
        median = levels[place, :, 3]
        total = model.total_quantiles(levels[place], median, last[place])
        np.testing.assert_allclose(total, reference.so_far(levels[place], median, last[place]), rtol=1e-12)


@pytest.mark.parametrize("points", [3, 4, 6, 8])
def test_windows_without_a_limit_are_those_of_the_reference(points):
    t, x = draw_windows(points, seed=1)
    y = 700 * x
    found = 1.0 * y[:, -1:, None] * compute(t, y / y[:, -1:], None, None, kind="free")
    theirs = [reference.quantiles_free(*each, H, LEVELS) for each in zip(t, y, strict=True)]
    np.testing.assert_allclose(found, theirs, rtol=1e-12)


def test_each_date_may_have_levels_of_its_own():
    t, x = draw_windows(4)
    ones = np.ones((len(t), len(H)))
    same = compute(t, x, 100 * ones, 0 * ones, np.tile(LEVELS, (len(t), len(H), 1)))
    np.testing.assert_array_equal(same, compute(t, x, 100 * ones, 0 * ones))


@pytest.mark.parametrize("points", [1, 2])
@pytest.mark.parametrize("kind", model.CONSTANTS)
def test_one_figure_or_two_are_refused(points, kind):
    t, x = -np.arange(points)[::-1][None].astype(float), np.linspace(0.2, 0.4, points)[None]
    for function in (model.find_path, model.variances):
        with pytest.raises(ValueError, match="3 values or more"):
            function(t, x, H[None], kind)


def compute_benchmarks(t, y, h, limit=100.0):
    """Paths of every benchmark for one window."""
    limits = np.full_like(y, limit), np.full_like(h, limit)
    return {name: benchmark(t, y, h, *limits)[0] for name, benchmark in benchmarks.BENCHMARKS.items()}


@pytest.mark.parametrize(("shape", "inverse"), [("logistic", expit), ("gompertz", model.back)])
def test_a_curve_continues_values_that_lie_on_it(shape, inverse):
    t, h = -np.arange(8.0)[::-1][None], np.array([[1.0, 3.0, 5.0]])
    to_limit = compute_benchmarks(t, 100 * inverse(0.2 * t), h)[f"{shape}_to_limit"]
    np.testing.assert_allclose(to_limit, 100 * inverse(0.2 * h[0]), rtol=1e-9)
    levels_off = compute_benchmarks(t, 60 * inverse(0.4 + 0.3 * t), h)[f"free_{shape}"]
    np.testing.assert_allclose(levels_off, 60 * inverse(0.4 + 0.3 * h[0]), rtol=0.02)


def test_rivals_are_what_their_equations_say():
    t, y, h = np.array([[-4.0, -2, -1, 0]]), np.array([[10.0, 14, 20, 26]]), np.array([[1.0, 5.0]])
    found = {name: path.tolist() for name, path in compute_benchmarks(t, y, h).items()}
    damped = [26 + 4 * (0.8**years - 1) / np.log(0.8) for years in h[0]]
    assert found["no_change"] == [26, 26]
    assert found["straight_line"] == [30, 46]
    assert found["damped_line"] == pytest.approx(damped)
    assert found["half_pace"] == [28, 36]


SHARES = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 0.98)


def grow(last, points, doubling):
    """Yearly shares (1, points) that end at `last`, by equal steps or twofold."""
    back = np.arange(points)[::-1]
    return -back[None].astype(float), last * (2.0**-back if doubling else 1 - back / points)[None]


@pytest.mark.parametrize("doubling", [False, True], ids=["steady", "doubling"])
@pytest.mark.parametrize("points", [3, 5, 8])
@pytest.mark.parametrize(("kind", "most", "least_share"), [("limit", 4, 0.002), ("sales", 7, 0.005)])
def test_an_interval_one_year_ahead_is_narrow_enough_to_use(kind, most, least_share, points, doubling):
    for share in SHARES:
        if least_share <= share <= (0.9 if kind == "sales" else 0.98):
            t, x = grow(share, points, doubling)
            low, high = compute(t, x, np.ones((1, 5)), np.zeros((1, 5)), np.array([0.1, 0.9]), kind)[0, 1]
            assert high / low < most, share


@pytest.mark.parametrize("doubling", [False, True], ids=["steady", "doubling"])
@pytest.mark.parametrize("share", [0.002, 0.02, 0.2, 0.6, 0.9])
def test_quantiles_of_a_total_rise(share, doubling):
    t, x = grow(share, 5, doubling)
    values = compute(t, x, np.full((1, 5), 100.0), np.zeros((1, 5)))[0]
    total = model.total_quantiles(values, values[:, 3], 100 * share)
    assert (total > 100 * share).all()
    assert (np.diff(total, axis=1) > 0).all()
    assert (np.diff(total, axis=0) >= 0).all()
    np.testing.assert_array_equal(total[:, 3:], np.maximum.accumulate(values[:, 3:], axis=0))


def test_a_limit_that_grows_steadily_has_an_error_and_a_constant_one_has_none():
    t = -np.arange(5.0)[::-1][None]
    _, error = model.forecast_limit(t, 1000 * 1.03 ** np.arange(5)[None], H[None])
    assert (error > 9 * H).all()
    assert not model.forecast_limit(t, np.full((1, 5), 1000.0), H[None])[1].any()


@pytest.mark.parametrize("last", [0.1, 0.5, 0.8])
def test_sides_of_shares_of_sales_mirror(last):
    assert model.find_sides(last, "sales")[0] == pytest.approx(model.find_sides(1 - last, "sales")[1])
