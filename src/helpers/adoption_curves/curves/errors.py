"""Error models of a series: independent, persistent or cumulative, and the weights that whiten them.

The errors of repeated surveys are independent. A cumulated count carries its past errors along: each error is the one
before it and something new, whose variance is in proportion to the time between them. Persistent errors are between
these: a walk that keeps its level.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .fit import Array, LeastSquares, Optimum, time_of_share

ASSUMED = ("independent", "persistent")
"""Error models whose intervals are joined when the user names none."""
KINDS = (None, *ASSUMED, "cumulative")
"""Error models that the user may name."""
_PERSISTENCE = 0.98
"""Correlation of persistent errors a median step apart."""
_BEGIN = 0.05
"""Part of the last value where a curve is taken to begin, and cumulative errors to add up."""
_MAX_STEPS = 1000.0


def typical_step(years: Array) -> float:
    """Median time between observations of different dates, in years; 1 where there are none. Dates increase."""
    gap = np.diff(years)
    return float(np.median(gap[gap > 0])) if (gap > 0).any() else 1.0


def _count_steps(years: Array) -> Array:
    """Time between observations in median steps, (n - 1,); 1 between equal dates."""
    gap = np.diff(years)
    return np.where(gap > 0, gap / typical_step(years), 1.0)


def _whiten(problem: LeastSquares, correlation: Array, deviation: Array, root: Array) -> LeastSquares:
    """The problem of what is new in each error.

    Parameters
    ----------
    problem : LeastSquares whose errors count as independent
    correlation : (n - 1,) part of each error that is carried on to the next
    deviation : (n,) standard deviation of what is new
    root : (n,) roots of the weights, which are those of what is new

    Returns
    -------
    LeastSquares
    """
    # weights scale errors, so the part that is carried on is scaled by their quotient
    target, before = problem.target / deviation, correlation * root[1:] / root[:-1] / deviation[1:]
    target[1:] -= before * problem.target[:-1]
    scale = problem.scale / deviation
    return replace(problem, target=target, scale=scale, before=before * problem.scale[:-1])


def persist(problem: LeastSquares, years: Array, root: Array) -> LeastSquares:
    """The problem under an autoregression of the first order whose correlation is `_PERSISTENCE` a median step.

    Parameters
    ----------
    problem : LeastSquares whose errors count as independent
    years : (n,) decimal years, increasing
    root : (n,) roots of the weights

    Returns
    -------
    LeastSquares
    """
    correlation = _PERSISTENCE ** _count_steps(years)
    return _whiten(problem, correlation, np.r_[1.0, np.sqrt(1 - correlation**2)], root)


def accumulate(problem: LeastSquares, best: Optimum, years: Array, root: Array) -> tuple[LeastSquares, float]:
    """The problem under cumulative errors, and the median steps over which the first error has added up, at least 1.

    They add up from where the curve of least squares, `best`, is at `_BEGIN` of the last value. With one step only,
    intervals are wrong for series that begin late; with a free first error they are mostly open.

    Parameters
    ----------
    problem : LeastSquares whose errors count as independent
    best : Optimum
        Of it.
    years : (n,) decimal years, increasing
    root : (n,) roots of the weights

    Returns
    -------
    LeastSquares, float
    """
    # the share of the ceiling at which the curve has `_BEGIN` of the last value
    last = abs(problem.target[-1]) / max(problem.scale[-1], 1e-300)
    share = float(np.clip(_BEGIN * last / max(best.ceiling, 1e-300), 1e-12, 1 - 1e-12))
    earliest = 0.0 if problem.family.needs_launch and not problem.free_launch else -1e6
    # when it is there, in spans from the origin, and how many median steps the first observation comes after it
    begin = time_of_share(lambda time: problem.share(time, best.theta), share, earliest)
    first = (years[0] - problem.origin - problem.span * begin) / typical_step(years)
    first = float(np.clip(np.nan_to_num(first, nan=1.0), 1.0, _MAX_STEPS))
    steps = _count_steps(years)  # what is new in an error grows with the time since the one before
    return _whiten(problem, np.ones(len(steps)), np.sqrt(np.r_[first, steps]), root), first
