"""Least squares of two curves whose ceiling is held at some shares of the bound: Levenberg-Marquardt, many at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import expit
from statsmodels.genmod.families import links
from statsmodels.genmod.families.links import Link


class Family(NamedTuple):
    """A curve of two parameters as a share of its ceiling."""

    link: Link  # on which the curve is a straight line of time
    share: Callable[[np.ndarray, np.ndarray], np.ndarray]  # of rate and time since the midpoint
    slope: Callable[[np.ndarray], np.ndarray]  # derivative by rate x time, at a share


LOGISTIC = Family(links.Logit(), lambda rate, since: expit(rate * since), lambda share: share * (1 - share))
GOMPERTZ = Family(
    links.LogLog(),
    lambda rate, since: np.exp(-np.exp(np.minimum(-rate * since, 700.0))),  # exp overflows just above
    lambda share: -share * np.log(np.maximum(share, 1e-300)),
)
INSIDE = (1e-4, 0.995)
"""Shares of a ceiling are held inside these limits for the straight line from which the search starts."""
STEEPEST = 60.0
"""Rate per span of the series from which a search may start; the least is its inverse."""
BOX = np.array([[np.log(1e-4), -60.0], [np.log(1e4), 120.0]])
"""Limits of the search: logarithm of the rate per span, and midpoint in spans from the first figure."""
STEPS, LEAST_GAIN = 150, 1e-12
"""Most steps of a search, and the part of the sum of squares by which a last step may still lower it."""
LARGEST_STEP = 3.0
"""By which the logarithm of the rate, and the midpoint in spans, may change at once."""


@dataclass
class CeilingFits:
    """The best curve of each of N series at each of K ceilings."""

    family: Family
    shares: np.ndarray  # (N, K) ceilings, as shares of the bound
    ssr: np.ndarray  # (N, K) sum of squares of observation less curve
    rate: np.ndarray  # (N, K) per year
    midpoint: np.ndarray  # (N, K) decimal years

    def curve(self, years: np.ndarray) -> np.ndarray:
        """Each curve as a share of the bound, (N, K, H), at decimal years (N, H)."""
        since = years[:, None] - self.midpoint[..., None]
        return self.shares[..., None] * self.family.share(self.rate[..., None], since)


def fit_ceilings(
    family: Family, years: np.ndarray, values: np.ndarray, bound: np.ndarray, shares: np.ndarray
) -> CeilingFits:
    """Fits of rate and midpoint to each series with its ceiling at each of some shares of the bound.

    Every search starts from the straight line on the family's link, so all of them go side by side.

    Parameters
    ----------
    family : Family
    years, values, bound : (N, n) decimal years, observations and known bound
    shares : (N, K)

    Returns
    -------
    CeilingFits
    """
    start, span = years[:, :1], years[:, -1:] - years[:, :1]
    times, top = (years - start) / span, bound[:, None] * shares[..., None]
    line = family.link(np.clip(values[:, None] / top, *INSIDE))
    away = (times - times.mean(axis=1, keepdims=True))[:, None]
    slope = np.clip((away * line).sum(axis=2) / (away**2).sum(axis=2), 1 / STEEPEST, STEEPEST)
    midpoint = times.mean(axis=1, keepdims=True) - line.mean(axis=2) / slope
    theta, rows = np.array([np.log(slope), midpoint]).reshape(2, -1), np.repeat(np.arange(len(values)), shares.shape[1])
    theta, ssr = _descend(family, times[rows], values[rows], top.reshape(len(rows), -1), theta)
    rate, midpoint = np.exp(theta[0].reshape(shares.shape)) / span, start + theta[1].reshape(shares.shape) * span
    return CeilingFits(family, shares, ssr.reshape(shares.shape), rate, midpoint)


def _descend(
    family: Family, times: np.ndarray, values: np.ndarray, top: np.ndarray, theta: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Least-squares coordinates (2, R) and sums of squares (R,) of R curves, from starts `theta` (2, R).

    Levenberg-Marquardt with Marquardt's scaling; a coordinate that lies at its limit and would pass it is held there.
    """

    def look(theta: np.ndarray, rows: np.ndarray) -> list[np.ndarray]:
        """Residuals, and slopes of the curve by both coordinates, (R, n) each."""
        rate, since = np.exp(theta[0])[:, None], times[rows] - theta[1][:, None]
        share = family.share(rate, since)
        steep = top[rows] * family.slope(share) * rate
        return [values[rows] - top[rows] * share, steep * since, -steep]

    rows = np.arange(theta.shape[1])
    state, damping = look(theta, rows), np.full(len(rows), 1e-3)
    ssr = (state[0] ** 2).sum(axis=1)
    for _ in range(STEPS):
        miss, by_rate, by_midpoint = (part[rows] for part in state)
        more, here = 1 + damping[rows], theta[:, rows]
        uphill = np.stack([(by_rate * miss).sum(axis=1), (by_midpoint * miss).sum(axis=1)])
        held = (here <= BOX[0][:, None]) & (uphill < 0) | (here >= BOX[1][:, None]) & (uphill > 0)
        gain, other = np.where(held, 0.0, uphill)
        both = np.where(held.any(axis=0), 0.0, (by_rate * by_midpoint).sum(axis=1))
        first, second = ((part**2).sum(axis=1) * more + 1e-300 for part in (by_rate, by_midpoint))
        step = np.array([second * gain - both * other, first * other - both * gain])
        step = np.clip(step / np.maximum(first * second - both**2, 1e-300), -LARGEST_STEP, LARGEST_STEP)
        trial = np.clip(here + step, *BOX[..., None])
        new = look(trial, rows)
        total = (new[0] ** 2).sum(axis=1)
        better = total <= ssr[rows]
        done = better & (ssr[rows] - total <= LEAST_GAIN * total) | (damping[rows] > 1e12)
        damping[rows] *= np.where(better, 0.15, 8.0)
        taken = rows[better]
        theta[:, taken], ssr[taken] = trial[:, better], total[better]
        for part, fresh in zip(state, new, strict=True):
            part[taken] = fresh[better]
        rows = rows[~done]
        if not len(rows):
            break
    return theta, ssr
