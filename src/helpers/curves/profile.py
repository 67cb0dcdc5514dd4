"""Covariances and profile intervals of many fits at once, and the search for one end of a profile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.optimize import brentq
from scipy.special import fdtri

from helpers.curves.descent import box, descend, fit_rows
from helpers.curves.engine import CEILING_CAP, Batch, Fit, grid_starts, to_natural

CEILING = "ceiling"
DOUBTFUL = 0.3
"""Where an end is expected this far away (a log ceiling: a third), the profile is first asked whether it is open."""
NEAR_LIMIT = 0.7
"""A crossing this near to the limit of the search (a factor of two) counts as none."""


def count_parameters(batch: Batch) -> np.ndarray:
    """Number of parameters estimated from the data alone, (N,): the family's, and the ceiling where it is free."""
    return len(batch.family.parameters) + np.isnan(batch.ceiling) * (not batch.has_share)


def noise_variance(batch: Batch, fit: Fit) -> np.ndarray:
    """Residual variance with the degrees-of-freedom correction, (N,); NaN without degrees of freedom."""
    if batch.noise is not None:
        return batch.noise
    freedom = batch.count - count_parameters(batch)
    return np.where(freedom > 0, fit.ssr / np.maximum(freedom, 1), np.nan)


def jacobian(batch: Batch, fit: Fit) -> np.ndarray:
    """Derivatives of the weighted curve by the log ceiling (or logit share) and the coordinates, (N, n, 1 + p)."""
    theta = fit.theta[: len(batch.family.parameters), :, None]
    share = batch.family.share(batch.times, *theta)
    columns = [share, *batch.family.slopes(batch.times, share, *theta)]
    if batch.per_period:
        columns = [np.diff(column, axis=-1) for column in columns]
    factor = fit.ceiling[:, None] if batch.scale is None else fit.ceiling[:, None] * batch.scale
    first = factor * columns[0] * (1 - fit.ceiling[:, None] if batch.has_share else 1.0)
    return np.stack([first, *(factor * slope for slope in columns[1:])], axis=2)


def covariance(batch: Batch, fit: Fit, natural: bool = True) -> np.ndarray:
    """Wald covariance of ceiling and parameters, (N, 1 + p, 1 + p).

    Parameters on the boundary, a ceiling that diverged and a known ceiling have NaN rows; the others are conditional
    on them. With `natural` the units are those of the parameters (`to_natural`); else logarithms and spans.
    """
    columns, p = jacobian(batch, fit), len(batch.family.parameters)
    information = np.matmul(columns.transpose(0, 2, 1), columns)
    variance = noise_variance(batch, fit)
    if batch.prior_sd is not None:
        order = [p, *range(p)] if batch.has_share else range(p)
        places = range(p + 1) if batch.has_share else range(1, p + 1)
        information[:, places, places] += (batch.noise / batch.prior_sd[order] ** 2).T
    estimated = np.isnan(batch.ceiling) | batch.has_share
    off = np.column_stack([~estimated | fit.diverged, *(fit.on_boundary[:p] != 0)])
    inverse = _invert(information, off | fit.flat[:, None]) * variance[:, None, None]
    if not natural:
        return inverse
    by_ceiling = fit.ceiling * (1 - fit.ceiling if batch.has_share else 1.0)
    unit = np.column_stack([by_ceiling, *to_natural(batch, fit.theta[:p])[1]])
    return inverse * unit[:, :, None] * unit[:, None, :]


def _invert(information: np.ndarray, off: np.ndarray) -> np.ndarray:
    """Inverse without the rows and columns that are off; these, and singular matrices, come back as NaN."""
    diagonal = np.arange(information.shape[1])
    matrix = np.where(off[:, :, None] | off[:, None, :], 0.0, information)
    size = np.sqrt(matrix[:, diagonal, diagonal])
    size = np.where(off, 1.0, size)
    empty = (size <= 0) | ~np.isfinite(size)
    size = np.where(empty, 1.0, size)
    matrix = matrix / size[:, :, None] / size[:, None, :]
    matrix[:, diagonal, diagonal] = 1.0
    singular = empty.any(1) | (np.linalg.cond(matrix) > 1e14)
    matrix[singular] = np.eye(len(diagonal))
    inverse = np.linalg.inv(matrix) / size[:, :, None] / size[:, None, :]
    return np.where(singular[:, None, None] | off[:, :, None] | off[:, None, :], np.nan, inverse)


def profile_target(batch: Batch, fit: Fit, alpha: float | np.ndarray) -> np.ndarray:
    """Rise of the objective at the ends of a profile interval, (N,): the F quantile times the noise variance.

    Infinite where the data leave no degree of freedom: then nothing is excluded.
    """
    freedom = batch.count - count_parameters(batch)
    quantile = fdtri(1, np.maximum(freedom, 1), 1 - alpha)
    return np.where(freedom > 0, quantile * np.nan_to_num(noise_variance(batch, fit)), np.inf)


def limits(batch: Batch, coordinate: int | str) -> tuple[np.ndarray, np.ndarray]:
    """Range in which a coordinate is searched, two arrays (N,); the ceiling in logarithms."""
    if coordinate == CEILING:
        top = np.log(np.maximum(batch.top, 1e-300))
        return top - np.log(CEILING_CAP), top + np.log(CEILING_CAP)
    low, high = box(batch)
    return np.full(batch.size, low[coordinate, 0]), np.full(batch.size, high[coordinate, 0])


def fix(
    batch: Batch, theta: np.ndarray, coordinate: int | str, value: np.ndarray
) -> tuple[Batch, np.ndarray, np.ndarray]:
    """Batch, theta and mask of fixed coordinates with one coordinate (or the log ceiling) fixed at value (N,)."""
    fixed = np.zeros(theta.shape, bool)
    if coordinate == CEILING:
        return replace(batch, ceiling=np.exp(value)), theta, fixed
    theta = theta.copy()
    theta[coordinate], fixed[coordinate] = value, True
    return batch, theta, fixed


def profile_bounds(batch: Batch, fit: Fit, coordinate: int | str, alpha: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the profile interval of one coordinate, or of the log ceiling with ``"ceiling"``; (N,), (N,).

    An end that is not crossed within `limits` is minus or plus infinity. Both sides of all series are searched
    together: the limit first (from grid starts for the ceiling), then a secant on the root of the rise, safeguarded
    by a bracket.
    """
    size, side = batch.size, np.repeat([-1.0, 1.0], batch.size)
    rows = np.tile(np.arange(size), 2)
    work = batch.take(rows)
    target = np.sqrt(profile_target(batch, fit, alpha))[rows]
    limit = np.concatenate(limits(batch, coordinate))
    centre = (np.log(np.maximum(fit.ceiling, 1e-300)) if coordinate == CEILING else fit.theta[coordinate])[rows]
    step, tangent = _local_shape(batch, fit, coordinate, alpha)
    step = step[rows]
    ends = side * np.inf
    diverged = fit.diverged[rows] & (side < 0) & (coordinate == CEILING)
    centre = np.where(diverged, limit[rows + size * (side < 0)], centre)
    lost = ~np.isfinite(target) | fit.flat[rows] | ((limit - centre) * side <= 0)
    search = np.flatnonzero(~lost & (target > 0))
    ends[~lost & (target == 0)] = centre[~lost & (target == 0)]
    doubtful = search[step[search] > DOUBTFUL]
    if len(doubtful):
        above = fit.objective[rows[doubtful]] + target[doubtful] ** 2
        low = _stays_low(work.take(doubtful), fit, rows[doubtful], coordinate, limit[doubtful], above)
        search = np.setdiff1d(search, doubtful[low])
    if len(search):
        walk = _Walk(work.take(search), fit, rows[search], coordinate, side[search], target[search], tangent)
        crossing = walk.run(centre[search], step[search], limit[search])
        ends[search] = np.where(np.abs(crossing - limit[search]) < NEAR_LIMIT, side[search] * np.inf, crossing)
    return ends[:size], ends[size:]


def _local_shape(batch: Batch, fit: Fit, coordinate: int | str, alpha: float) -> tuple[np.ndarray, np.ndarray]:
    """First guess of the distance to the ends (N,), and how the other coordinates move along the profile (q, N)."""
    p, matrix = len(batch.family.parameters), covariance(batch, fit, natural=False)
    order = [*range(1, p + 1), 0] if batch.has_share else list(range(1, p + 1))
    place = 0 if isinstance(coordinate, str) or coordinate == p else coordinate + 1
    variance = matrix[:, place, place]
    freedom = np.maximum(batch.count - count_parameters(batch), 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        step = np.sqrt(variance * fdtri(1, freedom, 1 - alpha))
        tangent = (matrix[:, order, place] / variance[:, None]).T
    return np.clip(np.nan_to_num(step, nan=0.5), 1e-7, 1.0), np.nan_to_num(tangent)


def _stays_low(
    work: Batch, fit: Fit, rows: np.ndarray, coordinate: int | str, limit: np.ndarray, above: np.ndarray
) -> np.ndarray:
    """True where the objective at the limit is at most `above`: from the fit, or for the ceiling from the grid."""
    work, theta, fixed = fix(work, fit.theta[:, rows], coordinate, limit)
    low = descend(work, theta, fixed, 60, 1e-5, above)[1].objective <= above
    left = np.flatnonzero(~low)
    if coordinate == CEILING and len(left):
        work = work.take(left)
        low[left] = fit_rows(work, *grid_starts(work, most=1), 60, 1e-5).objective <= above[left]
    return low


class _Walk:
    """Search for the crossing on one side of each row, with the last inner point as the warm start."""

    def __init__(
        self,
        work: Batch,
        fit: Fit,
        rows: np.ndarray,
        coordinate: int | str,
        side: np.ndarray,
        target: np.ndarray,
        tangent: np.ndarray,
    ) -> None:
        self.work, self.coordinate, self.side, self.target = work, coordinate, side, target
        self.least, self.theta, self.slope = fit.objective[rows], fit.theta[:, rows], tangent[:, rows]

    def rise(self, rows: np.ndarray, value: np.ndarray, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Root of the rise of the objective with the coordinate fixed at value, and the coordinates there."""
        work, theta, fixed = fix(self.work.take(rows), theta, self.coordinate, value)
        theta, state, _ = descend(work, theta, fixed, 40, 1e-6)
        return np.sqrt(np.maximum(state.objective - self.least[rows], 0)), theta

    def run(self, centre: np.ndarray, step: np.ndarray, limit: np.ndarray, rounds: int = 60) -> np.ndarray:
        """Crossings, one for each row."""
        inner, outer = centre.copy(), limit.copy()
        inner_rise, outer_rise = np.zeros_like(centre), np.full_like(centre, np.nan)
        value, rows = centre + self.side * np.minimum(step, np.abs(limit - centre)), np.arange(len(centre))
        for count in range(rounds):
            guess = self.theta[:, rows] + self.slope[:, rows] * (value[rows] - inner[rows])
            rise, theta = self.rise(rows, value[rows], np.clip(guess, *box(self.work)))
            inside = rise < self.target[rows]
            within, beyond = rows[inside], rows[~inside]
            with np.errstate(divide="ignore", invalid="ignore"):
                slope = (theta[:, inside] - self.theta[:, within]) / (value[within] - inner[within])
            self.slope[:, within] = np.nan_to_num(slope, posinf=0, neginf=0)
            self.theta[:, within], inner[within], inner_rise[within] = theta[:, inside], value[within], rise[inside]
            outer[beyond], outer_rise[beyond] = value[beyond], rise[~inside]
            gap = np.abs(outer[rows] - inner[rows]) <= 1e-10 * np.maximum(np.abs(value[rows]), 1e-3)
            rows = rows[(np.abs(rise / self.target[rows] - 1) > 1e-7) & ~gap]
            if len(rows) == 0:
                break
            bracket = (part[rows] for part in (inner, outer, inner_rise, outer_rise, centre, step))
            value[rows] = self._next(rows, (count + 1) % 6 == 0, *bracket)
        return value

    def _next(
        self,
        rows: np.ndarray,
        halve: bool,
        inner: np.ndarray,
        outer: np.ndarray,
        low: np.ndarray,
        high: np.ndarray,
        centre: np.ndarray,
        step: np.ndarray,
    ) -> np.ndarray:
        """Secant between the bracket's ends, or from the centre without an outer point; halved when it hugs an end."""
        side, target, width = self.side[rows], self.target[rows], outer - inner
        with np.errstate(divide="ignore", invalid="ignore"):
            bracketed = inner + width * (target - low) / (high - low)
            ahead = centre + (inner - centre) * target / low * 1.02
        longest = inner + side * np.maximum(4 * np.abs(inner - centre), step)
        ahead = np.where(np.isfinite(ahead) & ((ahead - inner) * side > 0), ahead, longest)
        ahead = np.where(np.abs(ahead - inner) > np.abs(longest - inner), longest, ahead)
        proposal = np.where(np.isnan(high), ahead, bracketed)
        part = (proposal - inner) / np.where(width == 0, 1, width)
        return np.where(~np.isfinite(part) | (part <= 0) | (part >= 1) | halve, inner + 0.5 * width, proposal)


def find_crossing(
    rise: Callable[[float], float], centre: float, target: float, limit: float, step: float, side: int
) -> float:
    """Where rise, zero at centre, first reaches target on the way to limit; infinite on that side if it does not.

    Parameters
    ----------
    rise : function of one number
    centre : number
    target : number above 0, or infinite
    limit : number on the given side of the centre, or the centre itself
    step : first step away from the centre, doubled until the target is passed
    side : -1 or +1

    Returns
    -------
    float
    """
    if not np.isfinite(target) or (limit - centre) * side <= 0:
        return side * np.inf
    known = {centre: 0.0}  # a search that starts from the last one may find another value the second time

    def excess(value: float) -> float:
        if value not in known:
            known[value] = rise(value)
        return known[value] - target

    inner, width = centre, min(max(abs(step), 1e-8), 1.0) if np.isfinite(step) else 0.5
    while True:
        outer = centre + side * width
        if (limit - outer) * side <= 0:
            outer = limit
        if excess(outer) > 0:
            return brentq(excess, inner, outer, xtol=1e-10, rtol=1e-12)
        if outer == limit:
            return side * np.inf
        inner, width = outer, width * 2
