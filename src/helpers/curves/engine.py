"""The engine of least-squares fits: many series in one batch, their coordinates and what a fit found.

A curve is ``value = ceiling x bound(t) x share(t; theta)``. For a given theta the free ceiling is linear, so it is
projected out (variable projection: Golub and Pereyra 1973, with the Jacobian of Kaufman 1975). A grid over theta gives
the starts; `descent` goes on from them with Levenberg-Marquardt steps on all series at once. One series is the case
N = 1.

Arrays: N series, n observations, p coordinates theta. Time is counted in spans of each series from its origin (the
first observation, or the launch), which makes one grid serve every series. Coordinates are logarithms of rates,
durations and numbers, and dates in spans; `to_natural` turns them into units per year and decimal years.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, TypeAlias

import numpy as np
from statsmodels.genmod.families.links import Link

Array: TypeAlias = np.ndarray
CEILING_CAP = 1e4
"""A ceiling above this many times the largest observation counts as infinite: no data here could tell."""
LIMITS = {
    "rate": (0.0, np.inf), "duration": (0.0, np.inf), "number": (0.0, np.inf),
    "date": (-np.inf, np.inf),
}  # fmt: skip
"""Limits that a parameter of each kind runs to."""
EIGHTHS = np.linspace(0, 1, 9)[:, None]
UNITS = {"rate": -1, "duration": 1, "number": 0}
"""Power of the span in the unit of a coordinate."""


class Family:
    """What the engine knows of a curve: class attributes only, each family of `families` is a subclass."""

    name: ClassVar[str]
    parameters: tuple[tuple[str, str], ...]  # name and kind: rate (per year), date, duration (years), number
    axes: ClassVar[tuple[np.ndarray, ...]]  # the grid of starts of each coordinate
    box: ClassVar[tuple[tuple[float, float], ...]]  # limits of the coordinates
    diverging: ClassVar[tuple[tuple[str, int], ...]] = ()  # what goes to an end (-1, 1) as the ceiling diverges
    nested: ClassVar[tuple[tuple[str, int, str, tuple[tuple[str, int], ...]], ...]] = ()
    # a parameter, the end at which the curve is one of another family, that family, and what goes to an end beside it
    needs_launch: ClassVar[bool] = False
    link: ClassVar[Link | None] = None  # where the curve at a known ceiling is a generalised linear model
    log_time: ClassVar[bool] = False  # of the logarithm of time since the launch
    latex: ClassVar[str]
    share: ClassVar[Callable[..., np.ndarray]]
    slopes: ClassVar[Callable[..., list[np.ndarray]]]


@dataclass
class Batch:
    """N series ready to fit; build it with `prepare`. A row is one series, one start or one point of a profile."""

    family: type[Family]
    times: np.ndarray  # (N or 1, n) in spans from the origin
    target: np.ndarray  # (N, n) values times the root of the weight; 0 where missing
    scale: np.ndarray  # (N or 1, n) bound times the root of the weight
    ceiling: np.ndarray  # (N,) known ceiling, NaN = free
    top: np.ndarray  # (N,) largest observed value over bound
    count: np.ndarray  # (N,) observations
    origin: np.ndarray  # (N,) decimal years
    span: np.ndarray  # (N,) years
    noise: np.ndarray | None = None  # (N,) noise variance, where it is known
    before: np.ndarray | None = None  # (N or 1, n - 1) weighted bound one earlier, which correlated errors take off

    @property
    def size(self) -> int:
        """Number of rows."""
        return len(self.target)

    def take(self, rows: np.ndarray) -> Batch:
        """The same data for the given rows (repeats allowed)."""
        names = ("target", "ceiling", "top", "count", "origin", "span", "noise")
        picked: dict[str, Any] = {name: getattr(self, name)[rows] for name in names if getattr(self, name) is not None}
        for name in ("times", "scale", "before"):
            part = getattr(self, name)
            picked[name] = part if part is None or len(part) == 1 else part[rows]
        return replace(self, **picked)

    def with_weights(self, root: np.ndarray) -> Batch:
        """The same data, without weights until now, with weights whose roots are (n,) or (N, n)."""
        return replace(self, target=self.target * root, scale=self.scale * root)

    def weigh(self, column: np.ndarray) -> np.ndarray:
        """A curve or a derivative of its share at the times, (N, n), weighted as the target is."""
        weighted = column * self.scale
        if self.before is not None:
            weighted[:, 1:] -= column[:, :-1] * self.before
        return weighted


@dataclass
class Fit:
    """What `search.fit_batch` found, one entry per series."""

    theta: np.ndarray  # (p, N) coordinates
    ceiling: np.ndarray  # (N,) in the units of the values over the bound; capped where it diverges
    ssr: np.ndarray  # (N,) weighted sum of squares
    on_boundary: np.ndarray  # (p, N) -1 or +1 where a coordinate lies at the lower or upper end of its box
    diverged: np.ndarray  # (N,) True where a free ceiling passed CEILING_CAP
    flat: np.ndarray  # (N,) True where a constant fits as well: the series does not rise
    step: np.ndarray  # (N,) True where a jump at one observation fits better than the curve: the rate diverges
    converged: np.ndarray  # (N,)

    def put(self, rows: np.ndarray, other: Fit) -> None:
        """Overwrite the fits of the rows with those of another."""
        for name in self.__dataclass_fields__:
            getattr(self, name)[..., rows] = getattr(other, name)

    def take(self, rows: np.ndarray) -> Fit:
        """The fits of the given rows."""
        return Fit(**{name: getattr(self, name)[..., rows] for name in self.__dataclass_fields__})


def join(fits: Sequence[Fit]) -> Fit:
    """One `Fit` of several, in their order."""
    names = Fit.__dataclass_fields__
    return Fit(**{name: np.concatenate([getattr(fit, name) for fit in fits], axis=-1) for name in names})


def prepare(
    family: type[Family],
    times: np.ndarray,
    values: np.ndarray,
    ceiling: float | np.ndarray | None = None,
    bound: float | np.ndarray | None = None,
    launch: float | None = None,
) -> Batch:
    """Put N series into the form that `fit_batch` takes.

    Parameters
    ----------
    family : class of `helpers.curves.FAMILIES`
    times : (n,) or (N, n) decimal years, increasing; NaN where a series has no observation
    values : (N, n), NaN where missing
    ceiling : None (free), number or (N,): the known ceiling, with a bound a share of it; NaN entries are free
    bound : None, number, (n,) or (N, n): the known upper bound in the units of the values
    launch : None or decimal year; only for families that need it; None = `default_launch`

    Returns
    -------
    Batch
    """
    values = np.atleast_2d(np.asarray(values, float))
    times = np.asarray(times, float)
    times = np.broadcast_to(times, values.shape) if times.ndim > 1 else times[None]
    seen = np.isfinite(values) & np.isfinite(times)
    first, last = np.where(seen, times, np.inf).min(1), np.where(seen, times, -np.inf).max(1)
    first, last = np.where(np.isfinite(first), first, 0.0), np.where(np.isfinite(last), last, 1.0)
    if family.needs_launch:
        first = default_launch(times, seen) if launch is None else np.broadcast_to(float(launch), first.shape)
    span = np.where(last > first, last - first, 1.0)
    scaled = (times - first[:, None]) / span[:, None]
    bound = 1.0 if bound is None else np.asarray(bound, float)
    target, scale = np.where(seen, values, 0.0), np.where(seen, bound, 0.0)
    level = np.broadcast_to(np.asarray(np.nan if ceiling is None else ceiling, float), len(values)).copy()
    top = np.abs(np.where(seen, values / bound, 0.0)).max(1)
    count = seen.sum(1)
    times = np.nan_to_num(shared(scaled))
    return Batch(family, times, target, shared(scale), level, top, count, first, span)


def shared(part: np.ndarray) -> np.ndarray:
    """One row, where all are equal."""
    return part[:1] if (part == part[:1]).all() else part


def default_launch(times: np.ndarray, seen: np.ndarray | bool = True) -> np.ndarray:
    """Launch assumed where none is given: a median spacing before the first observation; (N,) decimal years."""
    kept = np.sort(np.where(seen, times, np.nan), axis=1)
    return kept[:, 0] - typical_step(kept)


def typical_step(times: np.ndarray) -> np.ndarray:
    """Median time between observations of different dates, (N,) years; 1 where there are none."""
    gap = np.diff(times, axis=1)
    gap = np.where(gap > 0, gap, np.nan)
    gap[np.isnan(gap).all(1)] = 1.0
    return np.nanmedian(gap, axis=1) if gap.size else np.ones(len(times))


def to_parameter(batch: Batch, kind: str, value: np.ndarray) -> np.ndarray:
    """Values of a coordinate, a logarithm or a date in spans, as the parameter in years."""
    if kind == "date":
        return batch.origin + batch.span * value
    with np.errstate(over="ignore"):  # beyond all numbers is infinite
        return np.exp(value) * batch.span ** UNITS[kind]


def to_coordinate(batch: Batch, kind: str, value: np.ndarray) -> np.ndarray:
    """The inverse of `to_parameter`."""
    return (value - batch.origin) / batch.span if kind == "date" else np.log(value / batch.span ** UNITS[kind])


def to_natural(batch: Batch, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates (p, N) as parameters in years, and the derivative of each by its coordinate, both (p, N)."""
    kinds = [kind for _, kind in batch.family.parameters]
    values = np.array([to_parameter(batch, kind, row) for kind, row in zip(kinds, theta, strict=True)])
    return values, np.where(np.array(kinds)[:, None] == "date", batch.span, values)


def coordinates(batch: Batch, fit: Fit) -> np.ndarray:
    """The log ceiling, and below it the coordinates of the family; (1 + p, N)."""
    return np.vstack([np.log(np.maximum(fit.ceiling, 1e-300)), fit.theta])


def count_parameters(batch: Batch) -> np.ndarray:
    """Number of parameters estimated from the data, (N,): the family's, and the ceiling where it is free."""
    return len(batch.family.parameters) + np.isnan(batch.ceiling)


def limits_reached(family: type[Family], fit: Fit) -> np.ndarray:
    """Limits that the parameters run to, (p, N): -1 lower, 1 upper, 0 none; a diverging ceiling takes some along."""
    names = [name for name, _ in family.parameters]
    along = np.array([[dict(family.diverging).get(name, 0)] for name in names])
    reached = fit.on_boundary.copy()
    for name, end, _, others in family.nested:
        for other, its_end in others:
            reached[names.index(other), fit.on_boundary[names.index(name)] == end] = its_end
    return np.where(fit.diverged, along, reached)


def nested_families(family: type[Family], fit: Fit) -> np.ndarray:
    """Name of the family that is the limit where each estimate lies, (N,); "" inside, and where none is an estimate."""
    names, boundary = [name for name, _ in family.parameters], fit.on_boundary
    found, known = np.full(len(fit.ssr), "", object), np.zeros(boundary.shape, bool)
    for name, end, nested, _ in family.nested:
        here = boundary[names.index(name)] == end
        known[names.index(name)] |= here
        found[here] = nested
    found[((boundary != 0) & ~known).any(0) | fit.flat | fit.step | fit.diverged | ~fit.converged] = ""
    return found


NOT_SETTLED = "the search did not settle"


def flag_optima(family: type[Family], fit: Fit) -> np.ndarray:
    """What is wrong with each optimum, (N,), "" for nothing; a series may begin at its launch."""
    boundary = fit.on_boundary != 0
    for place, (name, _) in enumerate(family.parameters):
        if name == "launch":
            boundary[place] = fit.on_boundary[place] < 0
    wrong = {
        "does not rise": fit.flat,
        "its ceiling runs to infinity": fit.diverged,
        "a jump fits better": fit.step,
        "its best curve is a limit of the family": boundary.any(axis=0),
        NOT_SETTLED: ~fit.converged,
    }
    return np.select([*wrong.values()], [*wrong], "")


def estimates(batch: Batch, fit: Fit) -> np.ndarray:
    """Ceiling and natural parameters of many fits, (N, 1 + p): limits where they diverge, NaN where nothing rises."""
    values, reached = to_natural(batch, fit.theta)[0], limits_reached(batch.family, fit)
    low, high = np.array([LIMITS[kind] for _, kind in batch.family.parameters]).T[:, :, None]
    values = np.where(reached < 0, low, np.where(reached > 0, high, values))
    table = np.column_stack([np.where(fit.diverged, np.inf, fit.ceiling), *values])
    table[fit.flat] = np.nan
    return table


def predict(batch: Batch, fit: Fit, times: np.ndarray) -> np.ndarray:
    """Curve of each series, (N, h), at decimal years (h,)."""
    times = (times - batch.origin[:, None]) / batch.span[:, None]
    return fit.ceiling[:, None] * batch.family.share(times, *fit.theta[:, :, None])


def time_of_share(family: type[Family], theta: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Times in spans at which curves (p, N) or one curve (p,) reach shares (N,): an eighth of the range each round."""
    low, high = np.full(len(shares), 0.0 if family.needs_launch else -1e6), np.full(len(shares), 1e6)
    series = np.arange(len(shares))
    with np.errstate(over="ignore", invalid="ignore"):  # far from the curve
        for _ in range(30):
            times = low + (high - low) * EIGHTHS
            place = (family.share(times[1:-1], *theta) < shares).sum(0)
            low, high = times[place, series], times[place + 1, series]
    return high
