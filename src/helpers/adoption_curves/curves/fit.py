"""Least squares of one curve: where the search starts, how it goes down, and what is wrong with the optimum.

A curve is ``value = ceiling x limit(t) x share(t; theta)``. For a given theta the free ceiling is linear, so it is
projected out (variable projection: Golub and Pereyra 1973, with the Jacobian of Kaufman 1975), unless it would fall
below what has been published: there it is held. Time is counted in spans of the series from its origin (the first
observation, or the launch), so one grid of starts serves every series. The
coordinates theta are logarithms of rates, durations and numbers, and dates in spans.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, TypeAlias

import numpy as np
from scipy.ndimage import maximum_filter
from scipy.optimize import brentq, leastsq

Array: TypeAlias = np.ndarray
CEILING_CAP = 1e4
"""Ceilings above this many times the largest observation count as infinite."""
_SPAN_POWERS = {"rate": -1, "duration": 1, "number": 0}
"""Power of the span in the unit of a coordinate."""
PARAMETER_KINDS = ("date", *_SPAN_POWERS)
"""What a parameter of a family can be."""
_LAUNCH_BOX = (-40.0, 0.0)
"""Spans from the first observation back to a launch; with the earliest one Bass cannot be told from the logistic."""
_LAUNCHES = -np.array([0.0, 0.02, 0.06, 0.15, 0.35, 0.8, 2.0])
_STARTS, _CELLS = 12, 300
"""Fewest peaks of the grid from which a search starts, and cells of a larger grid for each; it follows the best quarter
of these ways to the end."""
_PIECE = 4_000_000
"""Values of the grid's curves in memory together: of a long series few cells are looked at at once."""
_ROUNDS = 6
"""Searches until one has settled."""
_SETTLED, _SSR_ROUNDING = 1e-12, 1e-15
"""A search has settled where one more step promises to lower the sum of squares by less than this part of it, or by
less than values rounded to this part of themselves would change it."""
_DEPENDENT = 1e-7
"""Relative singular value below which a direction of the Jacobian is rounding error."""
_FIRST_STEP = 0.02
"""The method's first step may be 100 times as long as its vector, which therefore begins with this length."""
_STEP = 1e-6
"""Of a coordinate, for differences in the place of derivatives."""


class Family:
    """Class attributes of a curve; each family of `families` is a subclass."""

    name: ClassVar[str]
    parameters: ClassVar[tuple[tuple[str, str], ...]]  # name and kind: rate (per year), date, duration (years), number
    axes: ClassVar[tuple[Array, ...]]  # the grid of starts of each coordinate
    box: ClassVar[tuple[tuple[float, float], ...]]  # limits of the coordinates
    diverging: ClassVar[tuple[tuple[str, int], ...]] = ()  # what goes to an end (-1, 1) as the ceiling diverges
    needs_launch: ClassVar[bool] = False
    latex: ClassVar[str]
    share: ClassVar[Callable[..., Array]]
    slopes: ClassVar[Callable[..., list[Array]] | None] = None  # derivatives of `share` by the coordinates


@dataclass(frozen=True)
class LeastSquares:
    """Least squares problem of one series and one family, with weights that make errors independent and equal."""

    family: type[Family]
    times: Array  # (n,) spans from the origin, increasing
    target: Array  # (n,) weighed values
    scale: Array  # (n,) limit times the root of the weight
    ceiling: float  # known, NaN = free
    top: float  # largest observed value over limit
    floor: float  # no free ceiling lies below it; 0 for none
    origin: float  # decimal year
    span: float  # years
    free_launch: bool = False  # the launch is one more coordinate, the last
    before: Array | None = None  # (n - 1,) weighed limit at the previous date, times the correlation with it

    @property
    def free(self) -> bool:
        """True if the ceiling is estimated."""
        return math.isnan(self.ceiling)

    @property
    def kinds(self) -> list[str]:
        """Kind of the ceiling and of each coordinate, 1 + p; the places are those of `Optimum.coordinates`."""
        kinds = ["number", *(kind for _, kind in self.family.parameters)]
        return [*kinds, "date"] if self.free_launch else kinds

    @property
    def axes(self) -> tuple[Array, ...]:
        """Grid of starts; beside a launch thinner, so that there are as many cells as without."""
        if not self.free_launch:
            return self.family.axes
        return (*(axis[1::3] if len(axis) > 12 else axis[1::2] for axis in self.family.axes), _LAUNCHES)

    @property
    def box(self) -> Array:
        """Limits of the coordinates, (2, p)."""
        return np.array([*self.family.box, *([_LAUNCH_BOX] if self.free_launch else [])], float).T

    def share(self, times: Array, theta: Array) -> Array:
        """Share of the ceiling at times in spans; theta (p, ...) is broadcast against them.

        Parameters
        ----------
        times : ndarray (n,)
            Spans of the series since its origin.
        theta : ndarray (p, ...)
            Coordinates: logarithms, and dates in spans.

        Returns
        -------
        ndarray (..., n)
            Share of the ceiling, 0 to 1.
        """
        if self.free_launch:
            return self.family.share(times - theta[-1], *theta[:-1])
        return self.family.share(times, *theta)

    def slopes(self, times: Array, share: Array, theta: Array) -> list[Array]:
        """Derivatives of the share (n,) by each coordinate, p of (n,).

        Parameters
        ----------
        times : ndarray (n,)
            Spans of the series since its origin.
        share : ndarray (n,)
            Share of the ceiling at these times.
        theta : ndarray (p,)
            Coordinates.

        Returns
        -------
        list of ndarray (n,)
            One a coordinate.
        """
        if self.family.slopes is not None and not self.free_launch:
            return self.family.slopes(times, share, *theta)
        moves = _STEP * np.eye(len(theta))
        around = self.share(times, np.hstack([theta[:, None] + moves, theta[:, None] - moves])[:, :, None])
        return [*(around[: len(theta)] - around[len(theta) :]) / (2 * _STEP)]

    def weigh(self, column: Array) -> Array:
        """Curves or derivatives of their shares, (..., n), weighed as the target is."""
        weighed = column * self.scale
        if self.before is not None:
            weighed[..., 1:] -= column[..., :-1] * self.before
        return weighed

    def level(self, curve: Array) -> float:
        """Ceiling of a weighed curve of height 1, (n,): the known one, or the best that is not below the floor."""
        return max(curve @ self.target / max(curve @ curve, 1e-300), self.floor) if self.free else self.ceiling

    def residual(self, theta: Array) -> Array:
        """Target less the best curve with these coordinates, (n,)."""
        return self.leave(self.share(self.times, theta))

    def leave(self, share: Array) -> Array:
        """Target less the best curve of this share, both (n,)."""
        curve = self.weigh(share)
        return self.target - self.level(curve) * curve

    def jacobian(self, theta: Array, level: float) -> Array:
        """Derivatives of the weighed curve by the log ceiling and the coordinates, (n, 1 + p).

        Parameters
        ----------
        theta : ndarray (p,)
            Coordinates.
        level : float
            Ceiling in the unit of the series, or share of a known limit.

        Returns
        -------
        ndarray (n, 1 + p)
            In the unit of the weighed figures.
        """
        share = self.share(self.times, theta)
        columns = [share, *self.slopes(self.times, share, theta)]
        return level * np.array([self.weigh(column) for column in columns]).T

    def directions(self, theta: Array, share: Array) -> Array:
        """Derivatives by the coordinates; a free ceiling above its floor is projected out.

        Parameters
        ----------
        theta : ndarray (p,)
            Coordinates.
        share : ndarray (n,)
            Share of the ceiling with them.

        Returns
        -------
        ndarray (n, p)
        """
        curve, *slopes = [self.weigh(column) for column in (share, *self.slopes(self.times, share, theta))]
        level = self.level(curve)
        columns = level * np.array(slopes).T
        if not self.free or level <= self.floor:  # a ceiling that is held does not follow the coordinates
            return columns
        return columns - np.outer(curve, curve @ columns / max(curve @ curve, 1e-300))

    def to_parameter(self, place: int, value: Array | float) -> Array:
        """Values of a coordinate, a logarithm or a date in spans, as the parameter in years.

        Parameters
        ----------
        place : int
            Of the coordinate; 0 is the log ceiling.
        value : float or ndarray of any shape
            Coordinates.

        Returns
        -------
        ndarray of that shape
            Rates per year, decimal years, years, or numbers.
        """
        kind = self.kinds[place]
        if kind == "date":
            return self.origin + self.span * np.asarray(value)
        with np.errstate(over="ignore"):  # beyond all numbers is infinite
            return np.exp(value) * self.span ** _SPAN_POWERS[kind]

    def to_coordinate(self, place: int, value: Array) -> Array:
        """The inverse of `to_parameter`.

        Parameters
        ----------
        place : int
            Of the coordinate; 0 is the log ceiling.
        value : ndarray of any shape
            Parameters: rates per year, dates as decimal years, durations in years.

        Returns
        -------
        ndarray of that shape
            Dates in spans since the origin; of the others the logarithm, in spans.
        """
        kind = self.kinds[place]
        return (value - self.origin) / self.span if kind == "date" else np.log(value / self.span ** _SPAN_POWERS[kind])


@dataclass(frozen=True)
class Optimum:
    """Optimum of a search."""

    theta: Array  # (p,)
    ceiling: float  # over the limit; capped where it diverges
    ssr: float
    settled: bool
    boundary: Array  # (p,) -1 or 1 where a coordinate lies at the lower or upper end of its box
    diverged: bool = False  # a free ceiling passed CEILING_CAP
    held: bool = False  # a free ceiling is held at the floor: the curve would end below it
    flat: bool = False  # a constant fits as well: the series does not rise
    step: bool = False  # a jump at one observation fits as well: the rate diverges

    @property
    def coordinates(self) -> Array:
        """The log ceiling, and the coordinates of the family; (1 + p,)."""
        return np.r_[np.log(max(self.ceiling, 1e-300)), self.theta]


def descend(problem: LeastSquares, theta: Array, fixed: int | None = None, tolerance: float = 1e-8) -> Optimum:
    """Go down from a start by Levenberg and Marquardt's method (Moré 1978, in MINPACK).

    Parameters
    ----------
    problem : LeastSquares
    theta : (p,) coordinates of the start
    fixed : place of a coordinate that stays, or None
    tolerance : relative change of the sum of squares, and of the coordinates, at which the method stops

    Returns
    -------
    Optimum
    """
    low, high = problem.box
    theta = np.clip(theta, low, high)
    # a coordinate at its limit from which the sum of squares falls outwards is held there
    share = problem.share(problem.times, theta)
    uphill = problem.directions(theta, share).T @ problem.leave(share)
    held = (theta <= low) & (uphill < 0) | (theta >= high) & (uphill > 0) | (np.arange(len(theta)) == fixed)
    moving = np.flatnonzero(~held)
    # the method sees the coordinates that move, shifted so that its first vector has the length `_FIRST_STEP`
    start, lowest, highest = theta[moving], low[moving], high[moving]
    shift = start - _FIRST_STEP / np.sqrt(max(len(moving), 1))
    # the method asks for as many figures as coordinates: rows of nothing stand for those that are missing
    nothing = np.zeros((max(len(moving) - len(problem.target), 0), len(moving)))
    last: dict[bytes, tuple[Array, Array]] = {}  # the method asks for slopes where it has just asked for a residual

    def put(x: Array) -> Array:  # all coordinates, inside their limits
        whole = theta.copy()
        inside = np.minimum(np.maximum(x + shift, lowest), highest)
        whole[moving] = np.where(np.isfinite(x), inside, start)  # columns of next to nothing lead the method to NaN
        return whole

    def look(x: Array) -> tuple[Array, Array]:  # coordinates and share
        if x.tobytes() not in last:
            last.clear()
            whole = put(x)
            last[x.tobytes()] = whole, problem.share(problem.times, whole)
        return last[x.tobytes()]

    def residual(x: Array) -> Array:
        return np.concatenate([problem.leave(look(x)[1]), nothing[:, 0]])

    def slopes(x: Array) -> Array:
        inside = (x + shift >= lowest) & (x + shift <= highest)
        return np.concatenate([-problem.directions(*look(x))[:, moving] * inside, nothing])

    if len(moving):
        given = {"ftol": tolerance, "xtol": tolerance, "gtol": tolerance, "maxfev": 200, "full_output": True}
        with np.errstate(over="ignore", invalid="ignore"):  # of the covariance, which is not used
            theta = put(leastsq(residual, start - shift, Dfun=slopes, **given)[0])
    # what the best curve there leaves, its ceiling, and the limits that it touches
    curve = problem.weigh(problem.share(problem.times, theta))
    level = problem.level(curve)
    left = problem.target - level * curve
    return Optimum(theta, level, float(left @ left), False, (theta >= high).astype(int) - (theta <= low))


def settle(problem: LeastSquares, theta: Array) -> Optimum:
    """Go down to where no step promises any gain: the search of `descend`, until it has `_SETTLED`.

    Parameters
    ----------
    problem : LeastSquares
    theta : (p,) coordinates of the start

    Returns
    -------
    Optimum
    """
    best = descend(problem, theta, tolerance=3e-16)
    size = problem.target @ problem.target
    for _ in range(_ROUNDS):
        rounding = _SSR_ROUNDING * np.sqrt(best.ssr * size) + 100 * _SSR_ROUNDING**2 * size
        if _promise(problem, best) <= _SETTLED * best.ssr + rounding:
            return replace(best, settled=True)
        best = descend(problem, best.theta, tolerance=3e-16)
    return best


def _promise(problem: LeastSquares, best: Optimum) -> float:
    """Fall of the sum of squares that a whole step along all coordinates inside their limits promises."""
    share = problem.share(problem.times, best.theta)
    columns, residual = problem.directions(best.theta, share), problem.leave(share)
    outward = best.boundary * (columns.T @ residual) > 0
    # columns of length 1, without those that lead outwards or do nothing
    columns = columns[:, ~outward]
    sizes = np.sqrt((columns**2).sum(axis=0))
    columns = columns[:, sizes > 0] / sizes[sizes > 0]
    if not columns.size:
        return 0.0
    # the part of the residual in the span of the columns is what a whole step would take away
    basis, strength, _ = np.linalg.svd(columns, full_matrices=False)
    return float(((basis[:, strength > _DEPENDENT * strength[0]].T @ residual) ** 2).sum())


def search(problem: LeastSquares, near: Sequence[Array] = ()) -> Optimum:
    """The best curve of a series, and what is wrong with it.

    Parameters
    ----------
    problem : LeastSquares
    near : sequence of (p,) coordinates from which it is searched too, besides the peaks of the grid

    Returns
    -------
    Optimum
    """
    most = max(_STARTS, math.prod(map(len, problem.axes)) // _CELLS)
    ways = [descend(problem, start, tolerance=1e-3) for start in [*near, *grid_starts(problem, most)]]
    ways = sorted(ways, key=lambda way: way.ssr)[: most // 4]
    best = min((descend(problem, way.theta) for way in ways), key=lambda way: way.ssr)
    best = settle(problem, best.theta)
    # a ceiling that runs to infinity is held at a large one, where the other coordinates have an optimum
    cap = CEILING_CAP * problem.top
    if problem.free and best.ceiling > cap:
        capped = replace(problem, ceiling=cap)
        ways = [descend(capped, start) for start in [best.theta, *grid_starts(capped, most // 4)]]
        best = replace(settle(capped, min(ways, key=lambda way: way.ssr).theta), diverged=True)
    held = problem.free and 0 < problem.floor >= best.ceiling
    return replace(best, held=held, flat=_is_flat(problem, best), step=_is_step(problem, best))


def _is_flat(problem: LeastSquares, best: Optimum) -> bool:
    """True if a constant share of the limit fits as well as the curve: the series does not rise."""
    constant = problem.weigh(np.ones(len(problem.target)))
    level = max(constant @ problem.target, 0.0) / max(constant @ constant, 1e-300)
    rest, size = problem.target - level * constant, problem.target @ problem.target
    return bool(rest @ rest <= best.ssr * (1 + 1e-9) + 1e-24 * size)


def _is_step(problem: LeastSquares, best: Optimum) -> bool:
    """True if a jump from nothing to the ceiling, through one observation, fits no worse than the curve.

    A jump is one whatever the errors, so it is looked for under independent ones only.
    """
    if len(best.theta) == 1 or problem.before is not None:
        return False
    target, scale = problem.target, problem.scale
    # sums of squares of figures before each place, which the jump leaves at 0, and sums over those after it
    before = np.cumsum(target**2) - target**2
    later = [np.cumsum(part[::-1])[::-1] - part for part in (scale * target, scale**2, target**2)]
    level = np.maximum(later[0] / np.maximum(later[1], 1e-300), problem.floor) if problem.free else problem.ceiling
    # the figure at the jump is met wherever it lies between 0 and the level
    at_step = target - np.clip(target, 0, level * scale)
    after = later[2] + level * (level * later[1] - 2 * later[0])
    least = (before + at_step**2 + np.maximum(after, 0))[:-1].min(initial=np.inf)
    return bool(least <= best.ssr * (1 + 1e-7) + 1e-14 * (target @ target))


def grid_starts(problem: LeastSquares, most: int, fixed: int | None = None, value: float = 0.0) -> list[Array]:
    """Coordinates of the highest peaks of the fall of the sum of squares over the family's grid.

    Parameters
    ----------
    problem : LeastSquares
    most : peaks at most
    fixed : place of a coordinate that has one value at every point of the grid, or None
    value : this value

    Returns
    -------
    list of (p,) arrays, the highest peak first
    """
    axes = [np.array([value]) if place == fixed else axis for place, axis in enumerate(problem.axes)]
    grid = np.array([mesh.ravel() for mesh in np.meshgrid(*axes, indexing="ij")])
    gains, lot = np.empty(grid.shape[1]), max(1, _PIECE // len(problem.target))
    for begin in range(0, len(gains), lot):
        # of each point the best ceiling, which is linear, and by how much its curve lowers the sum of squares
        share = problem.share(problem.times, grid[:, begin : begin + lot, None])
        curves = problem.weigh(share)
        linear, square = curves @ problem.target, np.maximum((curves**2).sum(axis=1), 1e-12 * problem.scale.max() ** 2)
        level = np.maximum(linear / square, problem.floor) if problem.free else problem.ceiling
        gain = level * (2 * linear - level * square)
        gains[begin : begin + lot] = np.where(share.max(axis=1) < 1 / CEILING_CAP, -np.inf, gain)
    # a peak is as high as each of its neighbours
    table = gains.reshape([len(axis) for axis in axes])
    peaks = np.flatnonzero((table == maximum_filter(table, 3, mode="nearest")).ravel())
    best = peaks[np.argsort(-gains[peaks], kind="stable")[:most]]
    return [*grid[:, best].T]


def time_of_share(curve: Callable[[Array], Array], share: float, earliest: float = -1e6) -> float:
    """Time at which a curve reaches a share of its ceiling.

    Parameters
    ----------
    curve : function of times (any shape, in spans) that gives shares, 0 to 1, of the same shape
    share : 0 to 1
    earliest : first time, in spans

    Returns
    -------
    float
        In spans from `earliest` to 1e6; one of these two where the share is reached before or after them.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # far from the curve
        if not curve(np.array(1e6)) > share:
            return 1e6
        if not curve(np.array(earliest)) < share:
            return earliest
        return float(brentq(lambda time: float(curve(np.array(time))) - share, earliest, 1e6, xtol=1e-12))
