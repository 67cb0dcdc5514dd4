"""Least squares of one curve: derivatives, fits against scipy's, global optima, ends of profiles."""

import numpy as np
import pytest
from courses import COURSES
from scipy.optimize import curve_fit
from scipy.stats import f as fisher

from adoption_curves.curves import FAMILIES
from adoption_curves.curves.fit import descend, search
from adoption_curves.curves.inputs import Ceiling

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
        problem = shape(TIMES, TIMES, launch=0.0 if shape.needs_launch else None).problem()
        slopes = problem.slopes(TIMES, problem.share(TIMES, place), place)
        for row, slope in enumerate(slopes):
            moved = place.astype(complex)
            moved[row] += 1e-30j
            exact = COURSES[name][1](TIMES, *to_plain(shape, moved)).imag / 1e-30
            limits = (1e-8, 1e-12) if shape.slopes else (1e-5, 1e-8)
            np.testing.assert_allclose(slope, exact, *limits)


@pytest.mark.parametrize("name", FAMILIES)
def test_extreme_coordinates_stay_finite_and_quiet(name):
    shape = FAMILIES[name]
    corners = np.array(np.meshgrid(*shape.box)).reshape(len(shape.box), -1)
    times = np.array([-1.0, 0.0, 1e-9, 0.5, 1.0, 50.0])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        share = shape.share(times[None], *corners[:, :, None])
    assert np.isfinite(share).all()
    assert (share >= 0).all()
    assert (share <= 1).all()
    model = shape(times + 2, times + 2, launch=0.0 if shape.needs_launch else None)
    assert all(np.isfinite(model.problem().directions(corner)).all() for corner in corners.T)


def make_logistics(count, points, noise, seed=0):
    random = np.random.default_rng(seed)
    times = np.arange(points, dtype=float)
    rate, midpoint = random.uniform(0.2, 0.6, count), random.uniform(0.25, 0.75, count) * points
    ceiling = random.uniform(50, 150, count)
    clean = ceiling[:, None] / (1 + np.exp(-rate[:, None] * (times - midpoint[:, None])))
    return times, clean + random.normal(0, noise, clean.shape), ceiling


def test_fits_agree_with_scipy():
    times, values, _ = make_logistics(20, 25, 1.0)

    def curve(t, ceiling, rate, midpoint):
        return ceiling / (1 + np.exp(-rate * (t - midpoint)))

    for row in values:
        found = FAMILIES["logistic"](row, times, errors="independent").fit()
        near = found.params * [1.01, 1, 1]
        theirs, matrix = curve_fit(curve, times, row, p0=near, ftol=1e-14, xtol=1e-14, gtol=1e-14)
        np.testing.assert_allclose(found.params, theirs, rtol=1e-6)
        np.testing.assert_allclose(found.cov_params(), matrix, rtol=1e-4, atol=1e-10)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_hundred_starts_find_nothing_better(name):
    shape, random = FAMILIES[name], np.random.default_rng(8)
    times, values, _ = make_logistics(4, 14, 4.0, seed=9)
    inside = 0
    for row in values:
        problem = shape(row, times).problem()
        found = search(problem)
        if found.wrong:
            continue
        inside += 1
        for _ in range(100):
            start = np.array([random.uniform(axis[0] - 1, axis[-1] + 1) for axis in shape.axes])
            assert found.ssr <= descend(problem, start, tolerance=1e-6).ssr * (1 + 1e-6)
    assert inside or name == "exponential"


def test_profile_ends_solve_the_f_equation_and_may_be_open():
    times, values, _ = make_logistics(6, 20, 2.0)
    values[5] = np.exp(0.2 * times)  # no bend at all
    for number, row in enumerate(values):
        fit = FAMILIES["logistic"](row, times, errors="independent").fit()
        low, high = fit.intervals(["ceiling"], 0.1)[0]
        assert np.isinf(high) == (number == 5)
        if number < 5:
            for end in (low, high):
                held = search(FAMILIES["logistic"](row, times).changed(ceiling=Ceiling("known", end)).problem())
                assert (held.ssr - fit.ssr) / fit.scale == pytest.approx(fisher.ppf(0.9, 1, 17), rel=1e-6)


def test_a_search_that_goes_on_along_a_ridge_says_that_it_has_not_settled():
    """Growth without a bend: with a far ceiling any rate and midpoint on a line fit alike, and none is an estimate."""
    problem = FAMILIES["gompertz"](np.exp(0.2 * np.arange(12)), np.arange(12)).problem()
    found = search(problem)
    assert found.wrong
    stopped = descend(problem, np.array([0.0, 3.0]), tolerance=0.1)
    assert not stopped.settled
