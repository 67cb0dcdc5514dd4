"""The best curve of every series: descents from several starts, a second look where the first is doubtful."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .descent import State, box, descend, dot
from .engine import CEILING_CAP, Batch, Fit, join
from .starts import FIRST_STARTS, SECOND_STARTS, grid_starts

BLOCK = 2000
"""Series that descend together: many enough to make the calls cheap, few enough for the cache."""
FIRST_STEPS, FINALISTS = 15, 3
"""Steps that every start gets where a series has more than FINALISTS, which then go on to the end."""
SHORT_SERIES, LONG_SERIES = 13, 2000
"""Series below the first number of points have many valleys, so they get SECOND_STARTS at once; above the second
none gets a second look."""
POOR_FIT = 0.1
"""Part of the variance that a curve may leave before its series gets a second look."""


def fit_batch(batch: Batch) -> Fit:
    """Best curve of every series: grid start, then descent.

    A series gets few starts, and many where it is short or its first fit doubtful; its fit is the same to the last bit
    whatever others are in the batch.

    Parameters
    ----------
    batch : Batch of N series from `prepare`

    Returns
    -------
    Fit
        Never raises for bad data: see its ``flat``, ``diverged``, ``on_boundary`` and ``converged``.
    """
    if batch.size > BLOCK:
        blocks = [slice(begin, begin + BLOCK) for begin in range(0, batch.size, BLOCK)]
        return join([fit_batch(batch.take(rows)) for rows in blocks])
    short = batch.count < SHORT_SERIES
    if short.any() and not short.all():
        parts = np.flatnonzero(short), np.flatnonzero(~short)
        fits = [fit_batch(batch.take(rows)) for rows in parts]
        return join(fits).take(np.argsort(np.concatenate(parts)))
    fit = fit_rows(batch, *grid_starts(batch, SECOND_STARTS if short.all() else FIRST_STARTS))
    again = np.flatnonzero(~short & (batch.count <= LONG_SERIES) & _is_doubtful(batch, fit))
    if len(again):
        part = batch.take(again)
        second = fit_rows(part, *grid_starts(part, SECOND_STARTS))
        better = second.ssr <= fit.ssr[again] * (1 + 1e-9)
        fit.put(again[better], second.take(better))
    return fit


def _is_doubtful(batch: Batch, fit: Fit) -> np.ndarray:
    """Whether a fit may have missed the global optimum: no plain optimum, or far from the data for a curve."""
    odd = fit.flat | fit.step | fit.diverged | (fit.on_boundary != 0).any(0) | ~fit.converged
    return odd | (fit.ssr > POOR_FIT * _constant_ssr(batch))


def fit_rows(batch: Batch, rows: np.ndarray, theta: np.ndarray, iterations: int = 150, tolerance: float = 1e-9) -> Fit:
    """Descend from several starts for each series (rows names the series of each column of theta) and keep the best."""
    if np.bincount(rows).max(initial=0) > FINALISTS:
        rows, theta = _choose_finalists(batch, rows, theta.copy())
    work = batch if len(rows) == batch.size else batch.take(rows)
    theta, state, done = descend(work, theta, None, iterations, tolerance)
    if len(rows) > batch.size:
        best = _choose(rows, state.ssr, 1)
        theta, state, done = theta[:, best], state.take(best), done[best]
    diverged = np.isnan(batch.ceiling) & (state.ceiling > CEILING_CAP * batch.top)
    if diverged.any():  # put at the cap, so that equal series end at equal curves whatever their path
        capped = batch.take(diverged)
        capped = replace(capped, ceiling=CEILING_CAP * capped.top)
        theta[:, diverged], end, done[diverged] = descend(capped, theta[:, diverged])
        state.put(diverged, end)
    low, high = box(batch)
    boundary = (theta >= high - 1e-9).astype(int) - (theta <= low + 1e-9)
    flat, step = _is_flat(batch, state), _is_step(batch, state)
    return Fit(theta, state.ceiling, state.ssr, boundary, diverged, flat, step, done)


def _choose_finalists(batch: Batch, rows: np.ndarray, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Take the first steps where a series has more than FINALISTS; rows and coordinates of the starts to keep."""
    several = np.flatnonzero(np.bincount(rows)[rows] > FINALISTS)
    theta[:, several], state, _ = descend(batch.take(rows[several]), theta[:, several], None, FIRST_STEPS, 1e-3)
    best = several[_choose(rows[several], state.ssr, FINALISTS)]
    kept = np.r_[np.setdiff1d(np.arange(len(rows)), several), best]
    kept = kept[np.argsort(rows[kept], kind="stable")]
    return rows[kept], theta[:, kept]


def _choose(rows: np.ndarray, ssr: np.ndarray, most: int) -> np.ndarray:
    """Places of the `most` lowest sums of squares of each series, series by series."""
    order = np.lexsort((ssr, rows))
    begin = np.r_[True, np.diff(rows[order]) > 0]
    rank = np.arange(len(rows)) - np.flatnonzero(begin)[np.cumsum(begin) - 1]
    return order[rank < most]


def _constant_ssr(batch: Batch) -> np.ndarray:
    """Sum of squares around the best constant share of the bound, (N,)."""
    constant = batch.scale if batch.before is None else batch.weigh(np.ones(batch.target.shape))
    level = dot(constant, batch.target) / np.maximum(dot(constant, constant), 1e-300)
    rest = batch.target - level[:, None] * constant
    return dot(rest, rest)


def _is_flat(batch: Batch, state: State) -> np.ndarray:
    """A constant share of the bound fits as well as the curve: the series does not rise."""
    return _constant_ssr(batch) <= state.ssr * (1 + 1e-9) + 1e-24 * dot(batch.target, batch.target)


def _is_step(batch: Batch, state: State) -> np.ndarray:
    """A jump at one observation fits no worse than the curve: the rate runs to infinity."""
    steep = np.zeros(batch.size, bool)
    if len(batch.family.parameters) == 1 or batch.before is not None:  # correlated errors: see `fit_cumulative`
        return steep
    # Where no two dates see a tenth of the ceiling pass between them, a jump cannot be the better fit.
    rows = np.flatnonzero((np.diff(state.share, axis=1) > 0.1).any(1))
    work, ssr, whole = batch.take(rows), state.ssr[rows], dot(batch.target, batch.target)[rows]
    least = jumps(work, work.ceiling[:, None]).min(1, initial=np.inf)
    steep[rows] = least <= ssr * (1 + 1e-7) + 1e-14 * whole
    return steep


def jumps(batch: Batch, known: np.ndarray) -> np.ndarray:
    """Sum of squares of a jump from nothing to the ceiling, known or free, through each observation but the last."""
    target, scale, squares = batch.target, batch.scale, batch.target**2
    until = np.cumsum(squares, axis=1)
    later = [np.cumsum(part[:, ::-1], axis=1)[:, ::-1] - part for part in (scale * target, scale**2)]
    level = np.maximum(later[0], 0) / np.maximum(later[1], 1e-300)
    level = np.where(np.isnan(known), level, known)
    at_step = target - np.clip(target, 0, level * scale)
    after = until[:, -1:] - until + level * (level * later[1] - 2 * later[0])
    return (until - squares + at_step**2 + np.maximum(after, 0))[:, :-1]
