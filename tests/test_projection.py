"""The engine: derivatives, batches against single fits, global optima, profiles and priors."""

import numpy as np
import pytest
from courses import COURSES
from scipy.optimize import curve_fit

from helpers.curves import FAMILIES
from helpers.curves.engine import prepare, to_natural
from helpers.curves.profile import CEILING, covariance, profile_bounds, profile_target
from helpers.curves.search import fit_batch, fit_rows

TIMES = np.linspace(0.05, 1.0, 9)


def to_plain(shape, coordinates):
    pairs = zip(shape.parameters, coordinates, strict=True)
    return [value if kind == "date" else np.exp(value) for (_, kind), value in pairs]


@pytest.mark.parametrize("name", FAMILIES)
def test_share_and_slopes_agree_with_the_written_curve_by_complex_steps(name):
    shape, random = FAMILIES[name], np.random.default_rng(3)
    for _ in range(40):
        place = np.array([random.uniform(axis[0], axis[-1]) * 0.5 for axis in shape.axes])
        share = shape.share(TIMES, *place)
        np.testing.assert_allclose(share, COURSES[name][1](TIMES, *to_plain(shape, place)), rtol=1e-10, atol=1e-14)
        for row, slope in enumerate(shape.slopes(TIMES, share, *place)):
            moved = place.astype(complex)
            moved[row] += 1e-30j
            exact = COURSES[name][1](TIMES, *to_plain(shape, moved)).imag / 1e-30
            np.testing.assert_allclose(slope, exact, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("name", FAMILIES)
def test_extreme_coordinates_stay_finite_and_quiet(name):
    shape = FAMILIES[name]
    corners = np.array(np.meshgrid(*shape.box)).reshape(len(shape.box), -1)
    times = np.array([-1.0, 0.0, 1e-9, 0.5, 1.0, 50.0])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        share = shape.share(times[None], *corners[:, :, None])
        slopes = shape.slopes(times[None], share, *corners[:, :, None])
    assert np.isfinite(share).all()
    assert (share >= 0).all()
    assert (share <= 1).all()
    assert all(np.isfinite(slope).all() for slope in slopes)


def make_logistics(count, points, noise, seed=0):
    random = np.random.default_rng(seed)
    times = np.arange(points, dtype=float)
    rate, midpoint = random.uniform(0.2, 0.6, count), random.uniform(0.25, 0.75, count) * points
    ceiling = random.uniform(50, 150, count)
    clean = ceiling[:, None] / (1 + np.exp(-rate[:, None] * (times - midpoint[:, None])))
    return times, clean + random.normal(0, noise, clean.shape), ceiling


def test_many_series_agree_with_scipy_one_by_one():
    times, values, _ = make_logistics(60, 25, 1.0)
    batch = prepare(FAMILIES["logistic"], times, values)
    found = fit_batch(batch)
    rate, midpoint = to_natural(batch, found.theta)[0]

    def curve(t, ceiling, rate, midpoint):
        return ceiling / (1 + np.exp(-rate * (t - midpoint)))

    for row in range(len(values)):
        near = (found.ceiling[row] * 1.01, rate[row], midpoint[row])
        theirs, matrix = curve_fit(curve, times, values[row], p0=near, ftol=1e-14, xtol=1e-14, gtol=1e-14)
        np.testing.assert_allclose([found.ceiling[row], rate[row], midpoint[row]], theirs, rtol=1e-6)
        np.testing.assert_allclose(covariance(batch, found)[row], matrix, rtol=1e-4, atol=1e-10)


@pytest.mark.parametrize("name", FAMILIES)
def test_two_hundred_starts_find_nothing_better(name):
    shape, random = FAMILIES[name], np.random.default_rng(8)
    times, values, _ = make_logistics(8, 14, 4.0, seed=9)
    batch = prepare(shape, times, values)
    found = fit_batch(batch)
    rows = np.repeat(np.arange(batch.size), 200)
    theta = np.array([random.uniform(axis[0] - 1, axis[-1] + 1, len(rows)) for axis in shape.axes])
    searched = fit_rows(batch, rows, theta, 60, 1e-6)
    inside = found.converged & ~(found.flat | found.step | found.diverged | (found.on_boundary != 0).any(0))
    assert inside.any() or name == "exponential"
    assert (found.ssr[inside] <= searched.ssr[inside] * (1 + 1e-6)).all()


def test_profile_ends_solve_the_f_equation_and_may_be_open():
    times, values, _ = make_logistics(6, 20, 2.0)
    values[5] = np.exp(0.2 * times)  # no bend at all
    batch = prepare(FAMILIES["logistic"], times, values)
    found = fit_batch(batch)
    lower, upper = np.exp(profile_bounds(batch, found, CEILING, 0.1))
    assert np.isinf(upper[5])
    target = profile_target(batch, found, 0.1)
    for ends in (lower[:5], upper[:5]):
        assert np.isfinite(ends).all()
        held = prepare(FAMILIES["logistic"], times, values[:5], ceiling=ends)
        rise = fit_batch(held).ssr - found.ssr[:5]
        np.testing.assert_allclose(rise, target[:5], rtol=1e-6)
