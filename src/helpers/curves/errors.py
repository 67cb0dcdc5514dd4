"""How the errors of a series hang together, and the weights that make them independent.

The errors of repeated surveys are independent. A cumulated count carries its past errors along: each error is the one
before it and something new, whose variance is in proportion to the time between them. In between lie errors with a
first-order correlation, rho to the power of the time in median steps.
"""

from __future__ import annotations

import numpy as np

from helpers.curves.engine import Batch, Fit, time_of_share

KINDS = (None, "independent", "ar1", "cumulative")
"""What may be said of errors; None: not known, so intervals hold under independent and under cumulative ones."""
CORRELATIONS = np.array([0.0, 0.25, 0.5, 0.7, 0.85, 0.95, 0.99])
"""Correlations a median step apart among which that of `ar1` is searched."""
EARLY = 0.05
"""Part of the last value where a curve is taken to begin, and its errors to add up."""
MOST_STEPS = 1000.0


def whiten(
    times: np.ndarray, correlation: float | np.ndarray, first: float | np.ndarray = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Weights of what is new in each error, and the part of the error before that it carries.

    Parameters
    ----------
    times : (N, n) decimal years, increasing; NaN, where a series has no more observations, last
    correlation : (N,) or number, of errors a median step apart: 0 independent, 1 cumulative
    first : (N,) or number, variance of the first of cumulative errors, in that of a median step

    Returns
    -------
    weights : ndarray, (N, n)
    carry : ndarray, (N, n)
    """
    gap = np.diff(times, axis=1)
    steps = np.nan_to_num(np.where(gap > 0, gap, np.nan) / typical_step(times)[:, None], nan=1.0)
    rho = np.broadcast_to(np.asarray(correlation, float), len(times))[:, None]
    carry = rho**steps
    variance = np.where(rho < 1, 1 - carry**2, steps)
    start = np.where(rho < 1, 1.0, np.broadcast_to(np.asarray(first, float), len(times))[:, None])
    return 1 / np.hstack([start, variance]), np.hstack([np.zeros_like(start), carry])


def typical_step(times: np.ndarray) -> np.ndarray:
    """Median time between observations of different dates, (N,) years; 1 where there are none."""
    gap = np.diff(times, axis=1)
    gap = np.where(gap > 0, gap, np.nan)
    gap[np.isnan(gap).all(1)] = 1.0
    return np.nanmedian(gap, axis=1) if gap.size else np.ones(len(times))


def count_steps(batch: Batch, fit: Fit, times: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Median steps over which the errors of the first observation have added up, (N,), at least 1.

    From where the fitted curve is at `EARLY` of the last value; whoever counts one step only is wrong for series that
    begin late, and whoever leaves the first error free gives up most of what they say (`make bench` simulates both).

    Parameters
    ----------
    batch, fit : the curves of least squares
    times : (N, n) decimal years, NaN last
    last : (N,) last value over the bound

    Returns
    -------
    ndarray, (N,)
    """
    share = np.clip(EARLY * last / np.maximum(fit.ceiling, 1e-300), 1e-12, 1 - 1e-12)
    begin = time_of_share(batch.family, fit.theta[: len(batch.family.parameters)], share)
    steps = (times[:, 0] - batch.origin - batch.span * begin) / typical_step(times)
    return np.clip(np.nan_to_num(steps, nan=1.0), 1.0, MOST_STEPS)
