"""Covariances and profile intervals of many fits at once, and the search for the ends of any profiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.special import fdtri

from .crossings import CrossingSearch
from .descent import box, descend, evaluate, jacobian
from .engine import CEILING_CAP, Batch, Fit, coordinates, count_parameters, to_natural
from .search import fit_rows
from .starts import grid_starts

CEILING = 0
"""Place of the log ceiling among the `coordinates` of a series."""
MAX_PLAIN_STEP = 0.3
"""Where an end is expected this far away (a log ceiling: a third), the profile is first asked whether it is open."""
MAX_RATIO = 2.0
"""Upper over lower end up to which a ceiling is identified: a wider interval may be closed and says next to nothing."""
FAR_END, FAR_STARTS, HALVINGS, WIDENED = 1.0, 8, 24, 8.0
"""An end this far away (a factor of 2.7, or a span) is searched again from this many starts, by halving, on axes that
reach this much farther than those of the grid; beyond them it counts as none."""


def noise_variance(batch: Batch, fit: Fit) -> np.ndarray:
    """Residual variance with the degrees-of-freedom correction, (N,); NaN without degrees of freedom."""
    if batch.noise is not None:
        return batch.noise
    freedom = batch.count - count_parameters(batch)
    return np.where(freedom > 0, fit.ssr / np.maximum(freedom, 1), np.nan)


def covariance(batch: Batch, fit: Fit, natural: bool = True) -> np.ndarray:
    """Wald covariance of ceiling and parameters, (N, 1 + p, 1 + p).

    Parameters on the boundary, a ceiling that diverged and a known ceiling have NaN rows; the others are conditional
    on them. With `natural` the units are those of the parameters (`to_natural`); else logarithms and spans.
    """
    columns = np.stack(jacobian(batch, fit.theta, fit.ceiling), axis=2)
    information = np.matmul(columns.transpose(0, 2, 1), columns)
    variance = noise_variance(batch, fit)
    off = np.column_stack([~np.isnan(batch.ceiling) | fit.diverged, *(fit.on_boundary != 0)])
    inverse = _invert(information, off | fit.flat[:, None]) * variance[:, None, None]
    unit = units(batch, fit) if natural else np.ones(off.shape)
    with np.errstate(over="ignore"):  # beyond all numbers is infinite
        return inverse * unit[:, :, None] * unit[:, None, :]


def units(batch: Batch, fit: Fit) -> np.ndarray:
    """Derivatives of ceiling and parameters by their coordinates, (N, 1 + p)."""
    return np.column_stack([fit.ceiling, *to_natural(batch, fit.theta)[1]])


def _invert(information: np.ndarray, off: np.ndarray) -> np.ndarray:
    """Inverse without the rows and columns that are off; these, and singular matrices, come back as NaN."""
    diagonal = np.arange(information.shape[1])
    size = np.sqrt(np.where(off, 1.0, information[:, diagonal, diagonal]))
    empty = ~((size > 0) & np.isfinite(size))
    size = np.where(empty, 1.0, size)
    either = off[:, :, None] | off[:, None, :]
    matrix = np.where(either, 0.0, information) / size[:, :, None] / size[:, None, :]
    matrix[:, diagonal, diagonal] = 1.0
    singular = empty.any(1)
    doubtful = np.flatnonzero(~(np.linalg.det(matrix) > 1e-8))  # with ones on the diagonal no other is near singular
    singular[doubtful] |= np.linalg.cond(matrix[doubtful]) > 1e14
    matrix[singular] = np.eye(len(diagonal))
    with np.errstate(over="ignore"):  # of a coordinate that moves next to nothing: no error is known
        inverse = np.linalg.inv(matrix) / size[:, :, None] / size[:, None, :]
    return np.where(singular[:, None, None] | either, np.nan, inverse)


def profile_target(batch: Batch, fit: Fit, alpha: float | np.ndarray) -> np.ndarray:
    """Rise of the sum of squares at the ends of a profile interval, (N,): the F quantile times the noise variance.

    Infinite where the data leave no degree of freedom: then nothing is excluded.
    """
    freedom = batch.count - count_parameters(batch)
    quantile = fdtri(1, np.maximum(freedom, 1), 1 - alpha)
    return np.where(freedom > 0, quantile * np.nan_to_num(noise_variance(batch, fit)), np.inf)


def limits(batch: Batch) -> tuple[np.ndarray, np.ndarray]:
    """Range in which each of the `coordinates` is searched, two arrays (1 + p, N)."""
    top = np.log(np.maximum(batch.top, 1e-300))
    low, high = (np.broadcast_to(part, (len(part), batch.size)) for part in box(batch))
    return np.vstack([top - np.log(CEILING_CAP), low]), np.vstack([top + np.log(CEILING_CAP), high])


def fix(batch: Batch, theta: np.ndarray, place: np.ndarray, value: np.ndarray) -> tuple[Batch, np.ndarray, np.ndarray]:
    """Batch, theta and mask of fixed coordinates with one of the `coordinates` of each row fixed at a value, (N,)."""
    theta, fixed = theta.copy(), np.zeros(theta.shape, bool)
    batch = replace(batch, ceiling=np.where(place == CEILING, np.exp(value), batch.ceiling))
    rows = np.flatnonzero(place != CEILING)
    inner = place[rows] - 1, rows
    theta[inner], fixed[inner] = value[rows], True
    return batch, theta, fixed


def profile_bounds(
    batch: Batch, fit: Fit, place: int | np.ndarray, alpha: float | np.ndarray = 0.05, target: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the profile interval of one of the `coordinates` of each series; (N,), (N,).

    An end that is not crossed within `limits` is minus or plus infinity. Both sides of all series are searched
    together: the limit first (from grid starts for the ceiling), then a secant on the root of the rise, safeguarded
    by a bracket. `target` (N,) is another rise than that of `profile_target`.
    """
    size, side, rows = batch.size, np.repeat([-1.0, 1.0], batch.size), np.tile(np.arange(batch.size), 2)
    work, fits, place = batch.take(rows), fit.take(rows), np.broadcast_to(place, size)
    step, tangent = (part[..., rows] for part in _local_shape(batch, fit, place, alpha))
    target = np.sqrt(profile_target(batch, fit, alpha) if target is None else target)[rows]
    place = place[rows]
    at = place, np.arange(2 * size)
    low, high = (part[at] for part in limits(work))
    limit, centre = np.where(side < 0, low, high), coordinates(work, fits)[at]
    centre = np.where(fits.diverged & (side < 0) & (place == CEILING), high, centre)
    ends = side * np.inf
    lost = ~np.isfinite(target) | fits.flat | ((limit - centre) * side <= 0)
    search = np.flatnonzero(~lost & (target > 0))
    ends[~lost & (target == 0)] = centre[~lost & (target == 0)]
    doubtful = search[step[search] > MAX_PLAIN_STEP]
    if len(doubtful):
        above = fits.ssr[doubtful] + target[doubtful] ** 2
        low = _stays_low(work.take(doubtful), fits.theta[:, doubtful], place[doubtful], limit[doubtful], above)
        search = np.setdiff1d(search, doubtful[low])
    if not len(search):
        return ends[:size], ends[size:]
    work, fits, place, side, limit = work.take(search), fits.take(search), place[search], side[search], limit[search]

    def refit(rows: np.ndarray, guess: np.ndarray, value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        fixed_batch, guess, fixed = fix(work.take(rows), np.clip(guess, *box(work)), place[rows], value)
        found, state, _ = descend(fixed_batch, guess, fixed, 40, 1e-6)
        return found, np.sqrt(np.maximum(state.ssr - fits.ssr[rows], 0))

    line = CrossingSearch(side, target[search], centre[search], step[search], limit)
    crossings = line.open(line.follow(refit, fits.theta, tangent[:, search])[0])
    far = np.isfinite(crossings) & (np.abs(crossings - centre[search]) > FAR_END) & (place != CEILING)
    for row in np.flatnonzero(far):
        above = fits.ssr[row] + target[search][row] ** 2
        one, which = work.take(np.array([row])), int(place[row])
        crossings[row] = _search_end(one, which, centre[search][row], crossings[row], above)
    ends[search] = crossings
    return ends[:size], ends[size:]


def _search_end(batch: Batch, place: int, centre: float, end: float, above: float) -> float:
    """The end that was found far away, or a farther one where there the path missed a valley that is not above."""

    def is_inside(value: float) -> bool:
        axes = [_widen(axis, *limits) for axis, limits in zip(batch.family.axes, batch.family.box, strict=True)]
        axes[place - 1] = np.array([value])
        grid = np.array([mesh.ravel() for mesh in np.meshgrid(*axes, indexing="ij")])
        ssr = evaluate(batch.take(np.zeros(grid.shape[1], int)), grid).ssr
        best = np.argsort(ssr, kind="stable")[:FAR_STARTS]
        theta, fixed = grid[:, best], np.zeros((len(grid), len(best)), bool)
        fixed[place - 1] = True
        found = descend(batch.take(np.zeros(len(best), int)), theta, fixed, 60, 1e-6, above)[1]
        return bool(found.ssr.min() < above * (1 - 1e-6))

    inner, step = end, end - centre
    axis = batch.family.axes[place - 1]
    farthest = axis[0] - WIDENED, axis[-1] + WIDENED
    if not is_inside(inner):
        return end
    while is_inside(outer := inner + step):
        inner, step = outer, 2 * step
        if not farthest[0] < inner < farthest[1]:
            return np.sign(step) * np.inf
    for _ in range(HALVINGS):
        middle = 0.5 * (inner + outer)
        inner, outer = (middle, outer) if is_inside(middle) else (inner, middle)
    return inner


def _widen(axis: np.ndarray, low: float, high: float) -> np.ndarray:
    """An axis of the grid, and on to its limits, where ridges lead."""
    below, above = max(low, axis[0] - WIDENED), min(high, axis[-1] + WIDENED)
    return np.r_[np.linspace(below, axis[0], 9)[:-1], axis[::2], np.linspace(axis[-1], above, 9)]


def _local_shape(batch: Batch, fit: Fit, place: np.ndarray, alpha: float | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First guess of the distance to the ends (N,), and how the other coordinates move along the profile (p, N)."""
    rows, matrix = np.arange(batch.size), covariance(batch, fit, natural=False)
    variance = matrix[rows, place, place]
    freedom = np.maximum(batch.count - count_parameters(batch), 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        step = np.sqrt(variance * fdtri(1, freedom, 1 - alpha))
        moved = (matrix[rows, :, place] / variance[:, None]).T
    return np.clip(np.nan_to_num(step, nan=0.5), 1e-7, 1.0), np.nan_to_num(moved[1:])


def _stays_low(work: Batch, theta: np.ndarray, place: np.ndarray, limit: np.ndarray, above: np.ndarray) -> np.ndarray:
    """True where the sum of squares at the limit is at most `above`: from the fit, or for the ceiling from the grid."""
    work, theta, fixed = fix(work, theta, place, limit)
    low = descend(work, theta, fixed, 60, 1e-5, above)[1].ssr <= above
    left = np.flatnonzero(~low & (place == CEILING))
    if len(left):
        work = work.take(left)
        low[left] = fit_rows(work, *grid_starts(work, most=1), 60, 1e-5).ssr <= above[left]
    return low


def bound_ceilings(fits: Sequence[tuple[Batch, Fit]], wanted: np.ndarray, alpha: float) -> np.ndarray:
    """Profile intervals of the ceilings of K batches of the same series where they are wanted, (2, K, N); else NaN."""
    ends = np.full((2, *wanted.shape), np.nan)
    for place, (batch, fit) in enumerate(fits):
        rows = np.flatnonzero(wanted[place])
        if len(rows):
            ends[:, place, rows] = np.exp(profile_bounds(batch.take(rows), fit.take(rows), CEILING, alpha))
    return ends


def is_narrow(low: np.ndarray | float, high: np.ndarray | float) -> np.ndarray:
    """Whether intervals of a ceiling are closed and their upper end is at most `MAX_RATIO` times the lower."""
    return (np.asarray(low) > 0) & np.isfinite(high) & (high <= MAX_RATIO * np.asarray(low))
