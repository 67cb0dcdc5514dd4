"""Covariances and profile intervals of many fits at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import fdtri

from helpers.projection.batch import CEILING_CAP, Batch, Fit, evaluate_share, to_natural
from helpers.projection.descent import box, descend, fit_rows
from helpers.projection.grid import start

CEILING = "ceiling"
DOUBTFUL = 0.3
"""Where an end is expected this far away (a log ceiling: a third), the profile is first asked whether it is open."""
NEAR_LIMIT = 0.7
"""A crossing this near to the limit of the search (a factor of two) counts as none."""


def count_parameters(batch: Batch) -> np.ndarray:
    """Number of parameters estimated from the data alone, (N,): the shape, and the ceiling where it is free."""
    return len(batch.family.parameters) + np.isnan(batch.ceiling) * (not batch.has_share)


def noise_variance(batch: Batch, found: Fit) -> np.ndarray:
    """Residual variance with the degrees-of-freedom correction, (N,); NaN without degrees of freedom."""
    if batch.noise is not None:
        return batch.noise
    freedom = batch.count - count_parameters(batch)
    return np.where(freedom > 0, found.ssr / np.maximum(freedom, 1), np.nan)


def jacobian(batch: Batch, found: Fit) -> np.ndarray:
    """Derivatives of the weighted curve by the log ceiling (or logit share) and the coordinates, (N, n, 1 + p)."""
    p = len(batch.family.parameters)
    shape = found.shape[:p, :, None]
    share, slopes = evaluate_share(batch.family, batch.times, shape, batch.per_period, with_slopes=True)
    factor = found.ceiling[:, None] if batch.scale is None else found.ceiling[:, None] * batch.scale
    first = factor * share * (1 - found.ceiling[:, None] if batch.has_share else 1.0)
    return np.stack([first, *(factor * slope for slope in slopes)], axis=2)


def covariance(batch: Batch, found: Fit, natural: bool = True) -> np.ndarray:
    """Wald covariance of ceiling and shape, (N, 1 + p, 1 + p).

    Parameters at an end of their box, a ceiling that ran away and a known ceiling have NaN rows; the others are
    conditional on them. With `natural` the units are those of the parameters (`to_natural`); else logarithms and spans.
    """
    columns, p = jacobian(batch, found), len(batch.family.parameters)
    information = np.matmul(columns.transpose(0, 2, 1), columns)
    variance = noise_variance(batch, found)
    if batch.prior_sd is not None:
        order = [p, *range(p)] if batch.has_share else range(p)
        places = range(p + 1) if batch.has_share else range(1, p + 1)
        information[:, places, places] += (batch.noise / batch.prior_sd[order] ** 2).T
    estimated = np.isnan(batch.ceiling) | batch.has_share
    off = np.column_stack([~estimated | found.runaway, *(found.edge[:p] != 0)])
    inverse = _invert(information, off | found.flat[:, None]) * variance[:, None, None]
    if not natural:
        return inverse
    by_ceiling = found.ceiling * (1 - found.ceiling if batch.has_share else 1.0)
    unit = np.column_stack([by_ceiling, *to_natural(batch, found.shape[:p])[1]])
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


def profile_target(batch: Batch, found: Fit, alpha: float | np.ndarray) -> np.ndarray:
    """Rise of the objective at the ends of a profile interval, (N,): the F quantile times the noise variance.

    Infinite where the data leave no degree of freedom: then nothing is excluded.
    """
    freedom = batch.count - count_parameters(batch)
    quantile = fdtri(1, np.maximum(freedom, 1), 1 - alpha)
    return np.where(freedom > 0, quantile * np.nan_to_num(noise_variance(batch, found)), np.inf)


def profile_ceiling(batch: Batch, found: Fit, alpha: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the profile interval of a free ceiling (N,), (N,); infinity where the profile never crosses."""
    lower, upper = profile_ends(batch, found, CEILING, alpha)
    return np.exp(lower), np.exp(upper)


def limits(batch: Batch, coordinate: int | str) -> tuple[np.ndarray, np.ndarray]:
    """Range in which a coordinate is searched, two arrays (N,); the ceiling in logarithms."""
    if coordinate == CEILING:
        top = np.log(np.maximum(batch.top, 1e-300))
        return top - np.log(CEILING_CAP), top + np.log(CEILING_CAP)
    low, high = box(batch)
    return np.full(batch.size, low[coordinate, 0]), np.full(batch.size, high[coordinate, 0])


def hold(
    batch: Batch, theta: np.ndarray, coordinate: int | str, value: np.ndarray
) -> tuple[Batch, np.ndarray, np.ndarray]:
    """Batch, coordinates and mask with one coordinate (or the log ceiling) held at value (N,)."""
    fixed = np.zeros(theta.shape, bool)
    if coordinate == CEILING:
        return replace(batch, ceiling=np.exp(value)), theta, fixed
    theta = theta.copy()
    theta[coordinate], fixed[coordinate] = value, True
    return batch, theta, fixed


def profile_ends(batch: Batch, found: Fit, coordinate: int | str, alpha: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the profile interval of one coordinate, or of the log ceiling with ``"ceiling"``; (N,), (N,).

    An end that is not crossed within `limits` is minus or plus infinity. Both sides of all series are searched
    together: the limit first (from grid starts for the ceiling), then a secant on the root of the rise, safeguarded
    by a bracket.
    """
    size, side = batch.size, np.repeat([-1.0, 1.0], batch.size)
    rows = np.tile(np.arange(size), 2)
    work = batch.take(rows)
    target = np.sqrt(profile_target(batch, found, alpha))[rows]
    limit = np.concatenate(limits(batch, coordinate))
    centre = (np.log(np.maximum(found.ceiling, 1e-300)) if coordinate == CEILING else found.shape[coordinate])[rows]
    step, tangent = _local_shape(batch, found, coordinate, alpha)
    step = step[rows]
    ends = side * np.inf
    centre = np.where(
        found.runaway[rows] & (side < 0) & (coordinate == CEILING), limit[rows + size * (side < 0)], centre
    )
    lost = ~np.isfinite(target) | found.flat[rows] | ((limit - centre) * side <= 0)
    search = np.flatnonzero(~lost & (target > 0))
    ends[~lost & (target == 0)] = centre[~lost & (target == 0)]
    if len(search) == 0:
        return ends[:size], ends[size:]
    doubtful = search[step[search] > DOUBTFUL]
    if len(doubtful):
        above = found.objective[rows[doubtful]] + target[doubtful] ** 2
        low = _stays_low(work.take(doubtful), found, rows[doubtful], coordinate, limit[doubtful], above)
        search = np.setdiff1d(search, doubtful[low])
    if len(search):
        walk = _Walk(work.take(search), found, rows[search], coordinate, side[search], target[search], tangent)
        crossing = walk.run(centre[search], step[search], limit[search])
        ends[search] = np.where(np.abs(crossing - limit[search]) < NEAR_LIMIT, side[search] * np.inf, crossing)
    return ends[:size], ends[size:]


def _local_shape(batch: Batch, found: Fit, coordinate: int | str, alpha: float) -> tuple[np.ndarray, np.ndarray]:
    """First guess of the distance to the ends (N,), and how the other coordinates move along the profile (q, N)."""
    p, matrix = len(batch.family.parameters), covariance(batch, found, natural=False)
    order = [*range(1, p + 1), 0] if batch.has_share else list(range(1, p + 1))
    place = 0 if isinstance(coordinate, str) or coordinate == p else coordinate + 1
    variance = matrix[:, place, place]
    freedom = np.maximum(batch.count - count_parameters(batch), 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        step = np.sqrt(variance * fdtri(1, freedom, 1 - alpha))
        tangent = (matrix[:, order, place] / variance[:, None]).T
    return np.clip(np.nan_to_num(step, nan=0.5), 1e-7, 1.0), np.nan_to_num(tangent)


def _stays_low(
    work: Batch, found: Fit, rows: np.ndarray, coordinate: int | str, limit: np.ndarray, above: np.ndarray
) -> np.ndarray:
    """True where the objective at the limit is at most `above`: from the fit, or for the ceiling from the grid."""
    held, theta, fixed = hold(work, found.shape[:, rows], coordinate, limit)
    low = descend(held, theta, fixed, 60, 1e-5, above)[1].objective <= above
    left = np.flatnonzero(~low)
    if coordinate == CEILING and len(left):
        held = held.take(left)
        low[left] = fit_rows(held, *start(held, most=1), 60, 1e-5).objective <= above[left]
    return low


class _Walk:
    """Search for the crossing on one side of each row, with the last inner point as the warm start."""

    def __init__(
        self,
        work: Batch,
        found: Fit,
        rows: np.ndarray,
        coordinate: int | str,
        side: np.ndarray,
        target: np.ndarray,
        tangent: np.ndarray,
    ) -> None:
        self.work, self.coordinate, self.side, self.target = work, coordinate, side, target
        self.least = found.objective[rows]
        self.theta = found.shape[:, rows].copy()
        self.slope = tangent[:, rows]

    def rise(self, rows: np.ndarray, value: np.ndarray, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Root of the rise of the objective with the coordinate held at value, and the coordinates there."""
        held, theta, fixed = hold(self.work.take(rows), theta, self.coordinate, value)
        theta, state, _ = descend(held, theta, fixed, 40, 1e-6)
        return np.sqrt(np.maximum(state.objective - self.least[rows], 0)), theta

    def run(self, centre: np.ndarray, step: np.ndarray, limit: np.ndarray, rounds: int = 60) -> np.ndarray:
        """Crossings, one for each row."""
        inner, outer = centre.copy(), limit.copy()
        inner_rise, outer_rise = np.zeros_like(centre), np.full_like(centre, np.nan)
        value, open_rows = centre + self.side * np.minimum(step, np.abs(limit - centre)), np.arange(len(centre))
        for _ in range(rounds):
            rows = open_rows
            guess = self.theta[:, rows] + self.slope[:, rows] * (value[rows] - inner[rows])
            rise, theta = self.rise(rows, value[rows], np.clip(guess, *box(self.work)))
            inside = rise < self.target[rows]
            self._advance(rows[inside], value, inner, theta[:, inside])
            inner_rise[rows[inside]], outer_rise[rows[~inside]] = rise[inside], rise[~inside]
            outer[rows[~inside]] = value[rows[~inside]]
            gap = np.abs(outer[rows] - inner[rows]) <= 1e-10 * np.maximum(np.abs(value[rows]), 1e-3)
            open_rows = rows[(np.abs(rise / self.target[rows] - 1) > 1e-7) & ~gap]
            if len(open_rows) == 0:
                break
            value[open_rows] = self._next(open_rows, inner, outer, inner_rise, outer_rise, centre, step)
        return value

    def _advance(self, rows: np.ndarray, value: np.ndarray, inner: np.ndarray, theta: np.ndarray) -> None:
        move = value[rows] - inner[rows]
        with np.errstate(divide="ignore", invalid="ignore"):
            self.slope[:, rows] = np.nan_to_num((theta - self.theta[:, rows]) / move, posinf=0, neginf=0)
        self.theta[:, rows], inner[rows] = theta, value[rows]

    def _next(
        self,
        rows: np.ndarray,
        inner: np.ndarray,
        outer: np.ndarray,
        inner_rise: np.ndarray,
        outer_rise: np.ndarray,
        centre: np.ndarray,
        step: np.ndarray,
    ) -> np.ndarray:
        """Secant between the bracket's ends, or from the centre without an outer point; halved when it hugs an end."""
        a, low, high = inner[rows], inner_rise[rows], outer_rise[rows]
        target, width = self.target[rows], outer[rows] - inner[rows]
        with np.errstate(divide="ignore", invalid="ignore"):
            bracketed = a + width * (target - low) / (high - low)
            ahead = centre[rows] + (a - centre[rows]) * target / low * 1.02
        longest = a + self.side[rows] * np.maximum(4 * np.abs(a - centre[rows]), step[rows])
        ahead = np.where(np.isfinite(ahead) & ((ahead - a) * self.side[rows] > 0), ahead, longest)
        ahead = np.where(np.abs(ahead - a) > np.abs(longest - a), longest, ahead)
        proposal = np.where(np.isnan(high), ahead, bracketed)
        part = (proposal - a) / np.where(width == 0, 1, width)
        self.rounds = getattr(self, "rounds", 0) + 1
        halve = (~np.isfinite(part)) | (part <= 0) | (part >= 1) | (self.rounds % 6 == 0)
        return np.where(halve, a + 0.5 * width, proposal)


def collect(found: Fit, rows: np.ndarray) -> Fit:
    """The fits of the given rows."""
    columns = {name: getattr(found, name)[:, rows] for name in ("shape", "edge")}
    names = ("ceiling", "objective", "ssr", "runaway", "flat", "step", "converged")
    return Fit(**columns, **{name: getattr(found, name)[rows] for name in names})
