"""Covariance of an optimum, and where the profile of a coordinate crosses a level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import brentq

from .fit import CEILING_CAP, Array, LeastSquares, Optimum, descend, grid_starts

CEILING = 0
"""Place of the log ceiling among the coordinates."""
_NO_CROSSING = 0.7
"""A crossing this near to the limit of the search (a factor of two) counts as none."""
_PEAKS = 2
"""Peaks of the grid from which it is asked once whether a value outside the interval fits after all."""
_OFF_GRID = 8.0
"""Distance from the grid of starts beyond which an end counts as none, since it lies on a flat ridge."""
_PLAIN_STEP = 0.3
"""Expected distance of an end beyond which the profile is first tested for being open (a third for a log ceiling)."""
_MAX_RATIO = 2.0
"""Upper over lower end up to which a ceiling is identified: a wider interval may be closed and says next to nothing."""


def covariance(problem: LeastSquares, best: Optimum, variance: float) -> Array:
    """Wald covariance of the log ceiling and the coordinates, (1 + p, 1 + p).

    Coordinates on the boundary, a ceiling that diverged and a known ceiling have NaN rows; the others are conditional
    on them. A singular matrix is NaN.

    Parameters
    ----------
    problem : LeastSquares
    best : Optimum
        Of it.
    variance : float
        Of the weighed errors.

    Returns
    -------
    (1 + p, 1 + p) array, of the log ceiling and the coordinates
    """
    columns = problem.jacobian(best.theta, best.ceiling)
    off = np.r_[not problem.free or best.diverged, best.boundary != 0] | best.flat
    found, inside = np.full((len(off), len(off)), np.nan), np.flatnonzero(~off)
    # the inverse of the information, on columns of length 1, scaled back
    size = np.sqrt((columns[:, inside] ** 2).sum(axis=0))
    if len(inside) and (size > 0).all() and np.isfinite(size).all():
        scaled = columns[:, inside] / size
        if np.linalg.cond(information := scaled.T @ scaled) <= 1e14:
            with np.errstate(over="ignore"):  # of a coordinate that moves next to nothing: no error is known
                inverse = np.linalg.inv(information) * variance / np.outer(size, size)
            found[np.ix_(inside, inside)] = inverse
    return found


def limits(problem: LeastSquares, place: int) -> tuple[float, float]:
    """Range in which a coordinate is searched; a log ceiling from its floor on, where it has one."""
    if place == CEILING:
        top, reach = np.log(max(problem.top, 1e-300)), np.log(CEILING_CAP)
        return np.log(problem.floor) if problem.floor > 0 else top - reach, top + reach
    low, high = problem.box[:, place - 1]
    return float(low), float(high)


def _refit(problem: LeastSquares, place: int, value: float, starts: Sequence[Array], peaks: int = 0) -> Optimum:
    """The best curve with one of the coordinates at a value.

    Parameters
    ----------
    problem : LeastSquares
    place : of the coordinate; `CEILING` is the log ceiling
    value : of the coordinate
    starts : sequence of (p,) coordinates from which it is searched
    peaks : so many peaks of the grid are starts too

    Returns
    -------
    Optimum
    """
    fixed = None if place == CEILING else place - 1
    if fixed is None:
        problem = replace(problem, ceiling=float(np.exp(value)))
    else:
        starts = [np.r_[start[:fixed], value, start[place:]] for start in starts]
    starts = [*starts, *(grid_starts(problem, peaks, fixed, value) if peaks else [])]
    return min((descend(problem, start, fixed, 1e-12) for start in starts), key=lambda each: each.ssr)


def refit_along(problem: LeastSquares, best: Optimum, place: int, values: Array) -> list[Optimum]:
    """The best curves with a coordinate at each of the values.

    Each is searched from its neighbour nearer the optimum, and then from the one farther away: where two shapes fit
    about as well, the way out alone would follow the first of them too far.

    Parameters
    ----------
    problem, best : the optimum
    place : of the coordinate; `CEILING` is the log ceiling
    values : (v,) coordinates: logarithms, or dates in spans

    Returns
    -------
    list of Optimum, one for each value, in their order
    """
    centre, found = best.coordinates[place], {}
    for part in (np.sort(values[values >= centre]), np.sort(values[values < centre])[::-1]):
        theta = best.theta
        for value in part:
            found[value] = _refit(problem, place, value, [theta])
            theta = found[value].theta
        for value in part[-2::-1]:
            back = _refit(problem, place, value, [theta])
            found[value] = min(found[value], back, key=lambda each: each.ssr)
            theta = found[value].theta
    return [found[value] for value in values]


def find_crossing(problem: LeastSquares, best: Optimum, place: int, side: int, target: float, step: float) -> float:
    """Profile end: the point on one side where the sum of squares is `target` above the optimum.

    Where there is none it is infinite, or the floor of a ceiling.

    Parameters
    ----------
    problem, best : the optimum
    place : of the coordinate
    side : -1 or 1
    target : rise of the sum of squares, above 0
    step : first guess of how far away the end is

    Returns
    -------
    float
    """
    lowest, highest = limits(problem, place)
    limit, centre, none = highest if side > 0 else lowest, float(best.coordinates[place]), side * np.inf
    if place == CEILING and side < 0:  # a ceiling that runs to infinity has a lower end, and none is below its floor
        centre = highest if best.diverged else centre
        none = limit if problem.floor > 0 else none
    if best.flat or not np.isfinite(target) or (limit - centre) * side <= 0:
        return none
    if target <= 0:
        return centre
    if step > _PLAIN_STEP and _refit(problem, place, limit, [best.theta], _PEAKS).ssr <= best.ssr + target:
        return none
    end = _cross(problem, best, place, (centre, limit), target, step)
    if end is None or (np.isinf(none) and _is_far(problem, place, end, limit)):
        return none
    return end


def _is_far(problem: LeastSquares, place: int, end: float, limit: float) -> bool:
    """True for an end that is only the limit of the search, or lies on a flat ridge beyond the grid of starts."""
    if abs(end - limit) < _NO_CROSSING:
        return True
    grid = np.array([end]) if place == CEILING else problem.axes[place - 1]
    return not grid[0] - _OFF_GRID <= end <= grid[-1] + _OFF_GRID


def _cross(
    problem: LeastSquares, best: Optimum, place: int, span: tuple[float, float], target: float, step: float
) -> float | None:
    """Where the profile of a coordinate rises by `target`, from the optimum to a limit; None where it does not."""
    centre, limit = span
    fits = {centre: best}  # the best curve at each value that has been tried

    def rise(value: float, peaks: int = 0) -> float:
        if value not in fits or peaks:
            near = sorted(fits, key=lambda tried: abs(tried - value))[:2]
            fits[value] = _refit(problem, place, value, [fits[tried].theta for tried in near], peaks)
        return float(np.sqrt(max(fits[value].ssr - best.ssr, 0.0)) - np.sqrt(target))

    # the step outwards is doubled until the rise is passed, also from other peaks of the grid
    away = float(np.sign(limit - centre))
    inner, outer = centre, centre + away * min(step, abs(limit - centre))
    while rise(outer) < 0 or rise(outer, _PEAKS) < 0:
        if outer == limit:
            return None
        inner, outer = outer, away * min(away * (2 * outer - centre), away * limit)
    return float(brentq(rise, inner, outer, xtol=1e-10, rtol=1e-12))


def is_narrow(low: float, high: float) -> bool:
    """True if an interval of a ceiling is closed and its upper end is at most `_MAX_RATIO` times the lower."""
    return bool(low > 0 and np.isfinite(high) and high <= _MAX_RATIO * low)
