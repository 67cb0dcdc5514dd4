"""Fits of many series at many known ceilings: how likely each ceiling is, and the curve that goes with it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .descent import descend
from .engine import Family, prepare
from .error_models import count_steps, whiten
from .search import fit_batch

INSIDE = (1e-4, 0.995)
"""Shares of a ceiling are held inside these limits for the straight line from which the search starts."""
STEEPEST = 60.0
"""Rate per span of the series, from which a search may start; the least is its inverse."""
STEPS, TOLERANCE = 40, 1e-6
"""Most steps of a search, and how near it comes to the optimum, in standard errors."""


@dataclass
class CeilingFits:
    """The best curve of each of N series at each of K ceilings."""

    family: type[Family]
    shares: np.ndarray  # (N, K) ceilings, as shares of the bound
    ssr: np.ndarray  # (N, K) sum of squares of observation less curve, or of what is new in it under cumulative errors
    theta: np.ndarray  # (p, N, K) coordinates of the engine
    origin: np.ndarray  # (N,) decimal years
    span: np.ndarray  # (N,) years

    def curve(self, years: np.ndarray) -> np.ndarray:
        """Each curve as a share of the bound, (N, K, H), at decimal years (N, H)."""
        times = (years - self.origin[:, None]) / self.span[:, None]
        share = self.family.share(times[:, None, :], *self.theta[:, :, :, None])
        return self.shares[:, :, None] * share

    def put(self, rows: np.ndarray, other: CeilingFits) -> CeilingFits:
        """The same with the fits of some rows taken from others."""
        names = ("shares", "ssr", "origin", "span")
        parts = {name: getattr(self, name).copy() for name in names} | {"theta": self.theta.copy()}
        for name in names:
            parts[name][rows] = getattr(other, name)
        parts["theta"][:, rows] = other.theta
        return replace(self, **parts)


def fit_ceilings(
    family: type[Family],
    years: np.ndarray,
    values: np.ndarray,
    bounds: np.ndarray,
    shares: np.ndarray,
    errors: str = "independent",
) -> CeilingFits:
    """Fit one family to each series with its ceiling at each of some shares of the bound.

    The sums of squares are those that ``Results.profile("share")`` gives for a fit with ``ceiling=Share(bound)`` and
    the same errors. Where the family is a generalised linear model in time, every search starts from the straight line
    on its link scale, so all of them go side by side.

    Parameters
    ----------
    family : class of `helpers.curves.FAMILIES`, or one of your own
    years, values, bounds : (N, n) decimal years, observations and known bound; NaN where there is no observation
    shares : (N, K)
    errors : "independent" or "cumulative"

    Returns
    -------
    CeilingFits
    """
    ends = np.where(np.isfinite(values), np.arange(values.shape[1]), 0).max(axis=1) + 1
    blocks = np.ceil(np.log2(ends))  # series of like length side by side: beside a long one they'd be mostly empty
    theta = np.empty((len(family.parameters), *shares.shape))
    fits = CeilingFits(family, shares, np.empty(shares.shape), theta, np.empty(len(shares)), np.empty(len(shares)))
    for block in np.unique(blocks):
        rows = np.flatnonzero(blocks == block)
        seen, level, bound = (part[rows, : ends[rows].max()] for part in (years, values, bounds))
        fits = fits.put(rows, _fit_block(family, seen, level, bound, shares[rows], errors))
    return fits


def _fit_block(
    family: type[Family], years: np.ndarray, values: np.ndarray, bounds: np.ndarray, shares: np.ndarray, errors: str
) -> CeilingFits:
    count = shares.shape[1]
    at, level, bound = (np.repeat(part, count, axis=0) for part in (years, values, bounds))
    batch = prepare(family, at, level, shares.ravel(), bound)
    if errors == "cumulative":
        free = prepare(family, years, values, None, bounds)
        first = count_steps(free, fit_batch(free), years)
        batch = whiten(batch, at, np.repeat(first, count))
    if family.link is None or family.log_time:  # no straight line in time to start from
        fit = fit_batch(batch)
        theta = fit.theta.reshape(-1, *shares.shape)
        return CeilingFits(
            family, shares, fit.ssr.reshape(shares.shape), theta, batch.origin[::count], batch.span[::count]
        )
    line = family.link(np.clip(level / bound / shares.reshape(-1, 1), *INSIDE))
    seen, times = np.isfinite(line), (at - batch.origin[:, None]) / batch.span[:, None]
    weights = seen / seen.sum(axis=1, keepdims=True)
    line, times = np.where(seen, line, 0.0), np.where(seen, times, 0.0)
    height, centre = (weights * line).sum(axis=1), (weights * times).sum(axis=1)
    away = np.where(seen, times - centre[:, None], 0.0)
    slope = np.clip((away * line).sum(axis=1) / (away**2).sum(axis=1), 1 / STEEPEST, STEEPEST)
    theta, state, _ = descend(batch, np.array([np.log(slope), centre - height / slope]), None, STEPS, TOLERANCE)
    ssr, theta = state.ssr.reshape(shares.shape), theta.reshape(-1, *shares.shape)
    return CeilingFits(family, shares, ssr, theta, batch.origin[::count], batch.span[::count])
