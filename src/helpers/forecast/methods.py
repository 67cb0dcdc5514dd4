"""The forecasting methods, all through one interface: windows, dates ahead and a prior give (N, H) values.

To add a method, write the function and its line in `METHODS`; its bands, scores and place in every table follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from statsmodels.genmod.families.links import Link, Logit, LogLog

from helpers.forecast.windows import Ahead, Windows, bend, damp, describe, mean_change, slope_of

CEILING_NODES = np.linspace(-2, 2, 9)
"""Ceilings that a prior-ceiling method tries, in standard deviations of the prior on the logit of the share."""
MEASUREMENT = 0.005
"""Half a point of the bound: no fit is believed to be closer than figures are published."""


@dataclass
class Prior:
    """What the reference technologies teach beforehand; numbers, or (N,) arrays with one entry per window."""

    mean: np.ndarray | float  # of the logit of the saturation share
    sd: np.ndarray | float  # of the same
    level: np.ndarray | float = 0.0  # rate ahead = level + pull x rate of the window, per year on the link's scale
    pull: np.ndarray | float = 1.0
    technologies: np.ndarray | int = 0


def last_value(windows: Windows, ahead: Ahead, prior: Prior | None = None) -> np.ndarray:
    """Nothing changes."""
    return windows.values[:, -1:] + 0 * ahead.years


def drift(windows: Windows, ahead: Ahead, prior: Prior | None = None) -> np.ndarray:
    """The mean change per year goes on: a random walk with drift."""
    return windows.values[:, -1:] + mean_change(windows.years, windows.values)[:, None] * ahead.years


def damped_drift(windows: Windows, ahead: Ahead, prior: Prior | None = None) -> np.ndarray:
    """The mean change per year goes on but loses a tenth each year: statsmodels' damped Holt with smoothing 1 and 0."""
    return windows.values[:, -1:] + mean_change(windows.years, windows.values)[:, None] * damp(ahead.years)


def gompertz_bound(windows: Windows, ahead: Ahead, prior: Prior | None = None) -> np.ndarray:
    """A Gompertz curve whose ceiling is the bound, anchored at the last observation."""
    return _anchored(LogLog(), windows, ahead, np.ones(len(windows.years)))[0]


def gompertz_shrunk(windows: Windows, ahead: Ahead, prior: Prior) -> np.ndarray:
    """The same with the rate pulled towards what followed in the references: fast growth seldom lasts."""
    rate, *_ = describe(windows)
    bent, expected = bend(LogLog(), windows.shares[:, -1:]), np.atleast_1d(prior.level + prior.pull * rate)[:, None]
    gain = LogLog().inverse(bent + expected * ahead.years) - LogLog().inverse(bent)
    return ahead.bounds * (windows.shares[:, -1:] + gain)


def gompertz_prior(windows: Windows, ahead: Ahead, prior: Prior) -> np.ndarray:
    """Gompertz curves over the ceiling's prior, weighted by how well each fits, anchored at the last observation."""
    return _over_ceilings(LogLog(), windows, ahead, prior)


def logistic_prior(windows: Windows, ahead: Ahead, prior: Prior) -> np.ndarray:
    """Logistic curves over the ceiling's prior, weighted by how well each fits, anchored at the last observation."""
    return _over_ceilings(Logit(), windows, ahead, prior)


def combined(windows: Windows, ahead: Ahead, prior: Prior) -> np.ndarray:
    """The published forecast: the equal-weight mean of the members, so that no single curve decides.

    Without a bound it is damped drift; a fall is taken in proportion to what is left, so that it never reaches 0.
    """
    path = np.mean([METHODS[name](windows, ahead, prior) for name in members(windows.bounded)], axis=0)
    last = windows.values[:, -1:]
    return path if windows.bounded else np.where(path < last, last * np.exp(np.minimum(path / last - 1, 0)), path)


def curve_at(link: Link, windows: Windows, ahead: Ahead, ceiling: np.ndarray | float) -> np.ndarray:
    """The anchored curve of each window for a known ceiling.

    Parameters
    ----------
    link : statsmodels link; `Logit` makes it a logistic curve, `LogLog` a Gompertz curve
    windows : Windows of N series
    ahead : Ahead with H dates
    ceiling : (N,) or number, ceiling as a share of the bound

    Returns
    -------
    (N, H) values; NaN where an observation lies at or above the ceiling.
    """
    ceiling = np.broadcast_to(np.asarray(ceiling, float), len(windows.years))
    with np.errstate(over="ignore"):  # as in `forecast_points`
        path, _ = _anchored(link, windows, ahead, ceiling)
    return np.where((windows.shares.max(axis=1) < ceiling)[:, None], path, np.nan)


def _anchored(link: Link, windows: Windows, ahead: Ahead, ceiling: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Curve through the last observation with the window's slope on the link's scale; its squared misfit."""
    bent = bend(link, windows.shares / ceiling[:, None])
    slope = slope_of(windows.years, bent)[:, None]
    fitted = bent.mean(axis=1, keepdims=True) + slope * (windows.years - windows.years.mean(axis=1, keepdims=True))
    misfit = ((windows.shares - ceiling[:, None] * link.inverse(fitted)) ** 2).sum(axis=1)
    gain = link.inverse(bent[:, -1:] + slope * ahead.years) - link.inverse(bent[:, -1:])
    return ahead.bounds * (windows.shares[:, -1:] + ceiling[:, None] * gain), misfit


def _over_ceilings(link: Link, windows: Windows, ahead: Ahead, prior: Prior) -> np.ndarray:
    """Mean of anchored curves over the ceiling's prior, each weighted by prior times likelihood.

    The noise is unknown, so the likelihood is the squared misfit to the power -(n - 2) / 2. It integrates over the
    ceiling where `helpers.projection` would find its best single value: with four points the data hardly choose, and
    the mean is what counts.
    """
    total, weight = 0.0, 0.0
    top = windows.shares.max(axis=1)
    for node in CEILING_NODES:
        ceiling = 1 / (1 + np.exp(-(prior.mean + prior.sd * node))) * np.ones(len(top))
        path, misfit = _anchored(link, windows, ahead, ceiling)
        likelihood = (misfit + MEASUREMENT**2) ** (-(windows.points - 2) / 2)
        believed = np.where(top < 0.97 * ceiling, np.exp(-(node**2) / 2) * likelihood, 0.0)[:, None]
        total, weight = total + believed * path, weight + believed
    still = windows.values[:, -1:] + 0 * ahead.years
    return np.where(weight > 0, total / np.where(weight > 0, weight, 1), still)


METHODS = {
    "combined": combined,
    "gompertz_shrunk": gompertz_shrunk,
    "gompertz_prior": gompertz_prior,
    "logistic_prior": logistic_prior,
    "gompertz_bound": gompertz_bound,
    "damped_drift": damped_drift,
    "drift": drift,
    "last_value": last_value,
}
"""Every method by name; the first is the published one."""
NEEDS_BOUND = ("gompertz_shrunk", "gompertz_prior", "logistic_prior", "gompertz_bound")
"""Methods that mean nothing without a bound."""


def members(bounded: bool = True) -> tuple[str, ...]:
    """Names of the methods that the combination averages; without a bound only damped drift held its own."""
    return ("gompertz_shrunk", "gompertz_prior", "logistic_prior") if bounded else ("damped_drift",)


def methods_for(bounded: bool = True) -> tuple[str, ...]:
    """Names of the methods that apply, the published one first."""
    return tuple(name for name in METHODS if bounded or name not in NEEDS_BOUND)


def forecast_points(
    windows: Windows, ahead: Ahead, prior: Prior, names: Sequence[str] | None = None
) -> dict[str, np.ndarray]:
    """Point forecasts of some methods, or of every one that applies: a dict of (N, H) arrays from 0 to the bound."""
    top = ahead.bounds if windows.bounded else np.inf
    names = names or methods_for(windows.bounded)
    with np.errstate(over="ignore"):  # where a curve falls so steeply that its share is 0
        return {name: np.clip(METHODS[name](windows, ahead, prior), 0, top) for name in names}
