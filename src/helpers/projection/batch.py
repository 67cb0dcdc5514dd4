"""The data of many series in the form of the engine, and the way between its coordinates and natural parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, overload

import numpy as np

CEILING_CAP = 1e4
"""A ceiling above this many times the largest observation counts as infinite: no data here could tell."""


class Family:
    """What the engine knows of a curve; never an instance, the class itself is the family."""

    name: ClassVar[str]
    parameters: ClassVar[tuple[tuple[str, str], ...]]  # name and kind
    axes: ClassVar[tuple[np.ndarray, ...]]
    box: ClassVar[tuple[tuple[float, float], ...]]
    escape: ClassVar[tuple[tuple[str, int], ...]]
    needs_launch: ClassVar[bool]
    share: ClassVar[Callable[..., np.ndarray]]
    slopes: ClassVar[Callable[..., list[np.ndarray]]]
    inflection: ClassVar[Callable[..., np.ndarray]]


@dataclass
class Batch:
    """N series ready to fit; build it with `prepare`. A row is one series, one start or one point of a profile."""

    family: type[Family]
    times: np.ndarray  # (N or 1, n), or n + 1 period edges for adoptions per period; in spans from the origin
    target: np.ndarray  # (N, n) values times the root of the weight; 0 where missing
    scale: np.ndarray | None  # (N, n) bound times the root of the weight; None stands for ones
    ceiling: np.ndarray  # (N,) known ceiling, NaN = free
    top: np.ndarray  # (N,) largest observed value over bound
    count: np.ndarray  # (N,) observations
    origin: np.ndarray  # (N,) decimal years
    span: np.ndarray  # (N,) years
    per_period: bool = False
    prior_mean: np.ndarray | None = None  # (q, N) in coordinates; the last row is the logit of the share
    prior_sd: np.ndarray | None = None  # (q, N), infinity = no prior
    noise: np.ndarray | None = None  # (N,) noise variance that weighs the prior against the data

    @property
    def size(self) -> int:
        """Number of rows."""
        return len(self.target)

    @property
    def has_share(self) -> bool:
        """True where the share of the bound is itself a coordinate, the last one, held by a prior."""
        return self.prior_mean is not None and len(self.prior_mean) > len(self.family.parameters)

    def without_data(self) -> Batch:
        """The same without observations, which can still be turned into natural parameters and predictions."""
        return replace(self, times=None, target=None, scale=None)

    def take(self, rows: np.ndarray) -> Batch:
        """The same data for the given rows (repeats allowed)."""
        picked: dict[str, Any] = {
            name: _rows(getattr(self, name), rows) for name in ("target", "scale", "ceiling", "top", "count")
        }
        picked |= {name: _rows(getattr(self, name), rows) for name in ("origin", "span", "noise")}
        picked |= {name: _columns(getattr(self, name), rows) for name in ("prior_mean", "prior_sd")}
        picked["times"] = self.times if len(self.times) == 1 else self.times[rows]
        return replace(self, **picked)


@dataclass
class Fit:
    """What `fit` found, one entry per series."""

    shape: np.ndarray  # (q, N) coordinates; with a prior the last row is the logit of the share
    ceiling: np.ndarray  # (N,) in the units of the values over the bound; capped where it runs to infinity
    objective: np.ndarray  # (N,) weighted sum of squares plus the penalty of the prior
    ssr: np.ndarray  # (N,) weighted sum of squares
    edge: np.ndarray  # (q, N) -1 or +1 where a coordinate lies at the lower or upper end of its box
    runaway: np.ndarray  # (N,) True where a free ceiling passed CEILING_CAP
    flat: np.ndarray  # (N,) True where a constant fits as well: the series does not rise
    step: np.ndarray  # (N,) True where a jump at one observation fits better than the curve: the rate runs to infinity
    converged: np.ndarray  # (N,)

    def put(self, rows: np.ndarray, other: Fit) -> None:
        """Overwrite the fits of the rows with those of another."""
        for name in self.__dataclass_fields__:
            getattr(self, name)[..., rows] = getattr(other, name)


def _rows(array: np.ndarray | None, rows: np.ndarray) -> np.ndarray | None:
    return None if array is None else array[rows]


def _columns(array: np.ndarray | None, rows: np.ndarray) -> np.ndarray | None:
    return None if array is None else array[:, rows]


def prepare(
    family: type[Family],
    times: np.ndarray,
    values: np.ndarray,
    ceiling: float | np.ndarray | None = None,
    bound: float | np.ndarray | None = None,
    launch: float | np.ndarray | None = None,
    weights: np.ndarray | None = None,
    per_period: bool = False,
    prior: Mapping[str, tuple[Any, Any]] | None = None,
    edges: np.ndarray | None = None,
) -> Batch:
    """Put N series into the form that `fit` takes.

    Parameters
    ----------
    family : class or object of `helpers.curves.FAMILIES`
    times : (n,) or (N, n) decimal years, increasing; NaN where a series has no observation
    values : (N, n), NaN where missing
    ceiling : None (free), number or (N,): the known ceiling, with a bound a share of it; NaN entries are free
    bound : None, number, (n,) or (N, n): the known upper bound in the units of the values
    launch : None, number or (N,) decimal years; only for families that need it; None = `default_launch`
    weights : None or like values: inverse relative variances
    per_period : bool, the values are adoptions per period: differences of the cumulative curve
    prior : None or dict of name -> (mean, sd), numbers or (N,): ``share`` on the logit of the share of the bound
        (then the ceiling must be None), parameters of the family on the log of their value per year (dates: decimal
        years)
    edges : (n + 1,) or (N, n + 1) ends of the periods; None = the times and one spacing before the first

    Returns
    -------
    Batch
    """
    values = np.atleast_2d(np.asarray(values, float))
    times = (
        np.broadcast_to(np.asarray(times, float), values.shape)
        if np.ndim(times) > 1
        else np.asarray(times, float)[None]
    )
    seen = np.isfinite(values) & np.isfinite(times)
    complete = bool(seen.all())
    first, last = _first_last(times, seen, complete)
    if family.needs_launch:
        first = (
            default_launch(times, seen) if launch is None else np.broadcast_to(np.asarray(launch, float), first.shape)
        )
    span = np.where(last > first, last - first, 1.0)
    points = _period_edges(times) if per_period and edges is None else np.atleast_2d(edges) if per_period else times
    scaled = (points - first[:, None]) / span[:, None]
    if len(scaled) > 1 and len(points) == 1 and np.ptp(first) == 0 and np.ptp(span) == 0:
        scaled = scaled[:1]
    target, scale = _weigh(values, seen, complete, bound, weights)
    size = len(values)
    first, span = np.broadcast_to(first, size).copy(), np.broadcast_to(span, size).copy()
    level = np.full(size, np.nan) if ceiling is None else np.broadcast_to(np.asarray(ceiling, float), size).copy()
    relative = values if bound is None else values / np.broadcast_to(np.asarray(bound, float), values.shape)
    sizes = np.abs(relative if complete else np.where(seen, relative, 0.0))
    top = sizes.sum(1) if per_period else sizes.max(1)
    batch = Batch(family, np.nan_to_num(scaled), target, scale, level, top, seen.sum(1), first, span, per_period)
    return batch if prior is None else _with_prior(batch, prior)


def default_launch(times: np.ndarray, seen: np.ndarray | None = None) -> np.ndarray:
    """Launch assumed where none is given: a median spacing before the first observation; (N,) decimal years."""
    times = np.atleast_2d(times)
    kept = np.where(np.ones(times.shape, bool) if seen is None else seen, times, np.nan)
    kept = np.sort(kept, axis=1)
    spacing = np.diff(kept, axis=1)
    positive = np.where(spacing > 0, spacing, np.nan)
    known = np.isfinite(positive).any(1)
    median = np.ones(len(kept))
    median[known] = np.nanmedian(positive[known], axis=1)
    return kept[:, 0] - median


def _first_last(times: np.ndarray, seen: np.ndarray, complete: bool) -> tuple[np.ndarray, np.ndarray]:
    if complete and len(times) == 1:
        return times.min(1), times.max(1)
    first = np.where(seen, times, np.inf).min(1)
    last = np.where(seen, times, -np.inf).max(1)
    empty = ~np.isfinite(first)
    return np.where(empty, 0.0, first), np.where(empty, 1.0, last)


def _period_edges(times: np.ndarray) -> np.ndarray:
    step = times[:, 1:2] - times[:, :1] if times.shape[1] > 1 else 1.0
    return np.concatenate([times[:, :1] - step, times], axis=1)


def _weigh(
    values: np.ndarray, seen: np.ndarray, complete: bool, bound: float | np.ndarray | None, weights: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray | None]:
    if complete and bound is None and weights is None:
        return values, None
    root = (
        np.where(seen, 1.0, 0.0)
        if weights is None
        else np.where(seen, np.sqrt(np.broadcast_to(weights, values.shape)), 0.0)
    )
    factor = root if bound is None else root * np.broadcast_to(np.asarray(bound, float), values.shape)
    return np.where(seen, values, 0.0) * root, np.where(seen, factor, 0.0)


def _with_prior(batch: Batch, prior: Mapping[str, tuple[Any, Any]]) -> Batch:
    names = [name for name, _ in batch.family.parameters]
    rows = len(names) + ("share" in prior)
    unknown = set(prior) - {"share", *names}
    if unknown:
        raise ValueError(f"no parameter {min(unknown)!r} for a prior: choose among share, {', '.join(names)}")
    mean, sd = np.zeros((rows, batch.size)), np.full((rows, batch.size), np.inf)
    if "share" in prior:
        mean[-1], sd[-1] = prior["share"]
    for row, (name, kind) in enumerate(batch.family.parameters):
        if name in prior:
            centre, spread = prior[name]
            mean[row] = (centre - batch.origin) / batch.span if kind == "date" else centre + _log_unit(batch, kind)
            sd[row] = spread / batch.span if kind == "date" else spread
    return replace(batch, prior_mean=mean, prior_sd=sd)


def _log_unit(batch: Batch, kind: str) -> np.ndarray:
    return {"rate": np.log(batch.span), "duration": -np.log(batch.span), "number": np.zeros(batch.size)}[kind]


def to_natural(batch: Batch, shape: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates (p, N) as parameters in years, and the derivative of each by its coordinate, both (p, N)."""
    values, slopes = [], []
    for (_, kind), row in zip(batch.family.parameters, shape, strict=False):
        value = batch.origin + batch.span * row if kind == "date" else np.exp(row - _log_unit(batch, kind))
        values.append(value)
        slopes.append(batch.span + 0 * row if kind == "date" else value)
    return np.array(values), np.array(slopes)


def to_coordinates(batch: Batch, natural: np.ndarray) -> np.ndarray:
    """The inverse of `to_natural`: parameters (p, N) as coordinates (p, N)."""
    rows = []
    for (_, kind), value in zip(batch.family.parameters, natural, strict=True):
        rows.append((value - batch.origin) / batch.span if kind == "date" else np.log(value) + _log_unit(batch, kind))
    return np.array(rows)


@overload
def evaluate_share(
    family: type[Family],
    times: np.ndarray,
    shape: np.ndarray,
    per_period: bool = ...,
    with_slopes: Literal[False] = ...,
) -> np.ndarray: ...
@overload
def evaluate_share(
    family: type[Family], times: np.ndarray, shape: np.ndarray, per_period: bool, with_slopes: Literal[True]
) -> tuple[np.ndarray, list[np.ndarray]]: ...
def evaluate_share(
    family: type[Family], times: np.ndarray, shape: np.ndarray, per_period: bool = False, with_slopes: bool = False
) -> np.ndarray | tuple[np.ndarray, list[np.ndarray]]:
    """Share of the ceiling at times in spans, and its derivatives by each coordinate; shape is p arrays."""
    share = family.share(times, *shape)
    slopes = family.slopes(times, share, *shape) if with_slopes else []
    if per_period:
        share, slopes = np.diff(share, axis=-1), [np.diff(slope, axis=-1) for slope in slopes]
    return (share, slopes) if with_slopes else share


def join(fits: Sequence[Fit]) -> Fit:
    """One `Fit` of several, in their order."""
    joined = {}
    for name in Fit.__dataclass_fields__:
        parts = [getattr(found, name) for found in fits]
        joined[name] = np.concatenate(parts, axis=parts[0].ndim - 1)
    return Fit(**joined)


def predict(batch: Batch, found: Fit, times: np.ndarray, bound: float | np.ndarray | None = None) -> np.ndarray:
    """Curve of each series, (N, h), at decimal years (h,) or (N, h); bound alike, where the ceiling is a share."""
    times = (np.atleast_2d(times) - batch.origin[:, None]) / batch.span[:, None]
    shape = found.shape[: len(batch.family.parameters), :, None]
    level = found.ceiling[:, None] * batch.family.share(times, *shape)
    return level if bound is None else level * bound
