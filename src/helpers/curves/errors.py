"""How the errors of a series hang together, and the weights that make them independent.

The errors of repeated surveys are independent. A cumulated count carries its past errors along: each error is the one
before it and something new, whose variance is in proportion to the time between them. In between lie errors with a
first-order correlation, rho to the power of the time in median steps.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from helpers.curves.descent import fit_batch
from helpers.curves.engine import Batch, Fit, shared, time_of_share, typical_step

KINDS = (None, "independent", "ar1", "cumulative")
"""What may be said of errors; None: not known, so intervals hold under independent and under cumulative ones."""
CORRELATIONS = np.array([0.0, 0.25, 0.5, 0.7, 0.85, 0.95, 0.99])
"""Correlations a median step apart among which that of `ar1` is searched."""
EARLY = 0.05
"""Part of the last value where a curve is taken to begin, and its errors to add up."""
MOST_STEPS = 1000.0


def whiten(
    batch: Batch,
    times: np.ndarray,
    correlation: float | np.ndarray,
    first: float | np.ndarray = 1.0,
    root: np.ndarray | None = None,
) -> Batch:
    """The batch of what is new in each error: each value less what its error carries of the one before.

    Parameters
    ----------
    batch : Batch whose errors count as independent; missing values last
    times : (N, n) decimal years, increasing; NaN, where a series has no more observations, last
    correlation : (N,) or number, of errors a median step apart: 0 independent, 1 cumulative
    first : (N,) or number, variance of the first of cumulative errors, in that of a median step
    root : (n,) roots of the weights, or None
        Weights of cumulative errors are those of what is new; others are those of the errors themselves.

    Returns
    -------
    Batch
    """
    gap = np.diff(times, axis=1)
    steps = np.nan_to_num(np.where(gap > 0, gap, np.nan) / typical_step(times)[:, None], nan=1.0)
    rho, first = (np.broadcast_to(np.asarray(part, float), len(times))[:, None] for part in (correlation, first))
    carry = rho**steps
    variance = np.hstack([np.where(rho < 1, 1.0, first), np.where(rho < 1, 1 - carry**2, steps)])
    scale = np.broadcast_to(batch.scale, batch.target.shape)
    new = np.where(scale > 0, np.sqrt(1 / variance), 0.0)
    before = new[:, 1:] * carry
    if root is not None:
        before = np.where(rho < 1, before, before * (root[1:] / root[:-1]))
    target = batch.target * new
    target[:, 1:] -= before * batch.target[:, :-1]
    before = shared(before * scale[:, :-1])
    return replace(batch, target=target, scale=shared(scale * new), before=before, noise=None)


def fit_cumulative(
    batch: Batch, fit: Fit, times: np.ndarray, root: np.ndarray | None = None
) -> tuple[Batch, Fit, np.ndarray]:
    """Least squares under cumulative errors, after those on the level.

    Parameters
    ----------
    batch, fit, times : as in `count_steps`
    root : as in `whiten`

    Returns
    -------
    batch : Batch
    fit : Fit
        A jump is one whatever the errors, so what least squares on the level say of it stays.
    first : ndarray, (N,)
        From `count_steps`.
    """
    first = count_steps(batch, fit, times)
    batch = whiten(batch, times, 1.0, first, root)
    return batch, replace(fit_batch(batch), step=fit.step), first


def count_steps(batch: Batch, fit: Fit, times: np.ndarray) -> np.ndarray:
    """Median steps over which the errors of the first observation have added up, (N,), at least 1.

    From where the fitted curve is at `EARLY` of the last value; whoever counts one step only is wrong for series that
    begin late, and whoever leaves the first error free gives up most of what they say (`make bench` simulates both).

    Parameters
    ----------
    batch, fit : the curves of least squares
    times : (N, n) decimal years, NaN last

    Returns
    -------
    ndarray, (N,)
    """
    scale = np.broadcast_to(batch.scale, batch.target.shape)
    place = np.arange(batch.size), np.maximum((scale > 0).sum(1) - 1, 0)
    last = np.abs(batch.target[place]) / np.maximum(scale[place], 1e-300)
    share = np.clip(EARLY * last / np.maximum(fit.ceiling, 1e-300), 1e-12, 1 - 1e-12)
    begin = time_of_share(batch.family, fit.theta[: len(batch.family.parameters)], share)
    steps = (times[:, 0] - batch.origin - batch.span * begin) / typical_step(times)
    return np.clip(np.nan_to_num(steps, nan=1.0), 1.0, MOST_STEPS)
