"""Covariance of an optimum, and where the profile of a coordinate crosses a level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import brentq

from .fit import CEILING_CAP, Array, Optimum, Problem, descend, grid_starts

CEILING = 0
"""Place of the log ceiling among the coordinates."""
NEAR_LIMIT = 0.7
"""A crossing this near to the limit of the search (a factor of two) counts as none."""
PEAKS = 2
"""Peaks of the grid from which it is asked once whether a value outside the interval fits after all."""
OFF_GRID = 8.0
"""Distance from the grid of starts beyond which an end counts as none, since it lies on a flat ridge."""
PLAIN_STEP = 0.3
"""Expected distance of an end beyond which the profile is first tested for being open (a third for a log ceiling)."""
MAX_RATIO = 2.0
"""Upper over lower end up to which a ceiling is identified: a wider interval may be closed and says next to nothing."""


def covariance(problem: Problem, best: Optimum, variance: float) -> Array:
    """Wald covariance of the log ceiling and the coordinates, (1 + p, 1 + p).

    Coordinates on the boundary, a ceiling that diverged and a known ceiling have NaN rows; the others are conditional
    on them. A singular matrix is NaN.
    """
    columns = problem.jacobian(best.theta, best.ceiling)
    off = np.r_[not problem.free or best.diverged, best.boundary != 0] | best.flat
    found, inside = np.full((len(off), len(off)), np.nan), np.flatnonzero(~off)
    size = np.sqrt((columns[:, inside] ** 2).sum(axis=0))
    if len(inside) and (size > 0).all() and np.isfinite(size).all():
        scaled = columns[:, inside] / size
        if np.linalg.cond(information := scaled.T @ scaled) <= 1e14:
            with np.errstate(over="ignore"):  # of a coordinate that moves next to nothing: no error is known
                inverse = np.linalg.inv(information) * variance / np.outer(size, size)
            found[np.ix_(inside, inside)] = inverse
    return found


def limits(problem: Problem, place: int) -> tuple[float, float]:
    """Range in which a coordinate is searched; a log ceiling from its floor on, where it has one."""
    if place == CEILING:
        top, reach = np.log(max(problem.top, 1e-300)), np.log(CEILING_CAP)
        return np.log(problem.floor) if problem.floor > 0 else top - reach, top + reach
    low, high = problem.box[:, place - 1]
    return float(low), float(high)


def refit(problem: Problem, place: int, value: float, starts: Sequence[Array], peaks: int = 0) -> Optimum:
    """The best curve with one of the coordinates at a value, from these starts and from so many peaks of the grid."""
    fixed = None if place == CEILING else place - 1
    if fixed is None:
        problem = replace(problem, ceiling=float(np.exp(value)))
    else:
        starts = [np.r_[start[:fixed], value, start[place:]] for start in starts]
    starts = [*starts, *(grid_starts(problem, peaks, fixed, value) if peaks else [])]
    return min((descend(problem, start, fixed, 1e-12) for start in starts), key=lambda each: each.ssr)


def find_end(problem: Problem, best: Optimum, place: int, side: int, target: float, step: float) -> float:
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
    centre, limit = float(best.coordinates[place]), limits(problem, place)[side > 0]
    if best.diverged and side < 0 and place == CEILING:
        centre = limits(problem, place)[1]
    floored = place == CEILING and side < 0 and problem.floor > 0
    none = limit if floored else side * np.inf
    if best.flat or not np.isfinite(target) or (limit - centre) * side <= 0:
        return none
    if target <= 0:
        return centre
    if step > PLAIN_STEP and refit(problem, place, limit, [best.theta], PEAKS).ssr <= best.ssr + target:
        return none
    known, rises = {centre: best.theta}, {centre: -float(np.sqrt(target))}

    def rise(value: float, peaks: int = 0) -> float:
        if value not in rises or peaks:
            starts = [known[each] for each in sorted(known, key=lambda each: abs(each - value))[:2]]
            found = refit(problem, place, value, starts, peaks)
            known[value] = found.theta
            rises[value] = float(np.sqrt(max(found.ssr - best.ssr, 0.0)) - np.sqrt(target))
        return rises[value]

    inner, outer = centre, centre + side * min(step, abs(limit - centre))
    while rise(outer) < 0 or rise(outer, PEAKS) < 0:
        if outer == limit:
            return none
        inner, outer = outer, side * min(side * (2 * outer - centre), side * limit)
    end = float(brentq(rise, inner, outer, xtol=1e-10, rtol=1e-12))
    far = (not floored and abs(end - limit) < NEAR_LIMIT) or (
        place != CEILING and _is_off(problem.axes[place - 1], end)
    )
    return side * np.inf if far else end


def _is_off(axis: Array, end: float) -> bool:
    return bool(end < axis[0] - OFF_GRID or end > axis[-1] + OFF_GRID)


def is_narrow(low: float, high: float) -> bool:
    """True if an interval of a ceiling is closed and its upper end is at most `MAX_RATIO` times the lower."""
    return bool(low > 0 and np.isfinite(high) and high <= MAX_RATIO * low)
