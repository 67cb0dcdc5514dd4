"""The forecasting methods, all through one interface: windows, dates ahead and a prior give (N, H) values.

To add a method, write the function and its line in `METHODS`; its bands, scores and place in every table follow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd
from statsmodels.genmod.families.links import Link

from helpers.curves import Gompertz, Logistic
from helpers.forecast import bands
from helpers.forecast.windows import (
    SHARE_LIMITS,
    Ahead,
    Windows,
    damp,
    mean_change,
    measure_growth,
    slope_of,
    to_link,
)
from helpers.indicators.series import AdoptionSeries

CEILING_NODES = np.linspace(-2, 2, 9)
"""Ceilings that a prior-ceiling method tries, in standard deviations of the prior on the logit of the share."""
MEASUREMENT = 0.005
"""Half a point of the bound: no fit is believed to be closer than figures are published."""


@dataclass
class Prior:
    """Prior knowledge from the reference technologies; numbers, or (N,) arrays with one entry per window."""

    mean: np.ndarray | float  # of the logit of the saturation share
    sd: np.ndarray | float  # of the same
    rate_intercept: np.ndarray | float = 0.0  # rate ahead = intercept + slope x rate of the window, both per year on
    rate_slope: np.ndarray | float = 1.0  # the link's scale
    technologies: np.ndarray | int = 0


Method: TypeAlias = Callable[[Windows, Ahead, Prior], np.ndarray]
NEEDS_BOUND: set[Method] = set()


def needs_bound(method: Method) -> Method:
    """Mark a method that means nothing without a bound."""
    NEEDS_BOUND.add(method)
    return method


def last_value(windows: Windows, ahead: Ahead, prior: Prior) -> np.ndarray:
    """Nothing changes."""
    return windows.values[:, -1:] + 0 * ahead.years


def drift(windows: Windows, ahead: Ahead, prior: Prior) -> np.ndarray:
    """The mean change per year goes on: a random walk with drift."""
    return windows.values[:, -1:] + mean_change(windows.years, windows.values)[:, None] * ahead.years


def damped_drift(windows: Windows, ahead: Ahead, prior: Prior) -> np.ndarray:
    """The mean change per year goes on but loses a tenth each year: statsmodels' damped Holt with smoothing 1 and 0."""
    return windows.values[:, -1:] + mean_change(windows.years, windows.values)[:, None] * damp(ahead.years)


@needs_bound
def gompertz_bound(windows: Windows, ahead: Ahead, prior: Prior) -> np.ndarray:
    """A Gompertz curve whose ceiling is the bound, anchored at the last observation."""
    return _anchored(Gompertz.link, windows, ahead, np.ones(len(windows.years)))[0]


@needs_bound
def gompertz_shrunk(windows: Windows, ahead: Ahead, prior: Prior) -> np.ndarray:
    """The same with the rate drawn towards what followed in the references: fast growth seldom lasts."""
    rate, *_ = measure_growth(windows)
    expected = np.atleast_1d(prior.rate_intercept + prior.rate_slope * rate)[:, None]
    link_share = to_link(Gompertz.link, windows.shares[:, -1:])
    gain = Gompertz.link.inverse(link_share + expected * ahead.years) - Gompertz.link.inverse(link_share)
    return ahead.bounds * (windows.shares[:, -1:] + gain)


@needs_bound
def gompertz_prior(windows: Windows, ahead: Ahead, prior: Prior) -> np.ndarray:
    """Gompertz curves over the ceiling's prior, weighted by how well each fits, anchored at the last observation."""
    return _over_ceilings(Gompertz.link, windows, ahead, prior)


@needs_bound
def logistic_prior(windows: Windows, ahead: Ahead, prior: Prior) -> np.ndarray:
    """Logistic curves over the ceiling's prior, weighted by how well each fits, anchored at the last observation."""
    return _over_ceilings(Logistic.link, windows, ahead, prior)


def combined(windows: Windows, ahead: Ahead, prior: Prior) -> np.ndarray:
    """The published forecast: the equal-weight mean of the members, so that no single curve decides.

    Without a bound it is damped drift; a fall is taken in proportion to what is left, so that it never reaches 0.
    """
    path = np.mean([METHODS[name](windows, ahead, prior) for name in members(windows.bounded)], axis=0)
    last = windows.values[:, -1:]
    return path if windows.bounded else np.where(path < last, last * np.exp(np.minimum(path / last - 1, 0)), path)


def curve_at(link: Link, windows: Windows, ahead: Ahead, ceiling: float) -> np.ndarray:
    """The anchored curve of each window for a known ceiling.

    Parameters
    ----------
    link : statsmodels link
        `Logistic.link` makes it a logistic curve, `Gompertz.link` a Gompertz curve.
    windows : Windows of N series
    ahead : Ahead with H dates
    ceiling : number, a share of the bound

    Returns
    -------
    (N, H) values; NaN where an observation lies at or above the ceiling.
    """
    with np.errstate(over="ignore"):  # as in `forecast_points`
        path, _ = _anchored(link, windows, ahead, np.full(len(windows.years), ceiling))
    return np.where((windows.shares.max(axis=1) < ceiling)[:, None], path, np.nan)


def _anchored(link: Link, windows: Windows, ahead: Ahead, ceiling: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Curve through the last observation with the window's slope on the link's scale; its squared misfit."""
    link_share = to_link(link, windows.shares / ceiling[:, None])
    slope = slope_of(windows.years, link_share)[:, None]
    centred = windows.years - windows.years.mean(axis=1, keepdims=True)
    fitted = link_share.mean(axis=1, keepdims=True) + slope * centred
    misfit = ((windows.shares - ceiling[:, None] * link.inverse(fitted)) ** 2).sum(axis=1)
    gain = link.inverse(link_share[:, -1:] + slope * ahead.years) - link.inverse(link_share[:, -1:])
    return ahead.bounds * (windows.shares[:, -1:] + ceiling[:, None] * gain), misfit


def _over_ceilings(link: Link, windows: Windows, ahead: Ahead, prior: Prior) -> np.ndarray:
    """Mean of anchored curves over the ceiling's prior, each weighted by prior times likelihood.

    The noise is unknown, so the likelihood is the squared misfit to the power -(n - 2) / 2. It integrates over the
    ceiling where a fit would find its best single value: with four points the data hardly choose, and the mean is
    what counts.
    """
    total, weight = 0.0, 0.0
    top = windows.shares.max(axis=1)
    for node in CEILING_NODES:
        ceiling = 1 / (1 + np.exp(-(prior.mean + prior.sd * node))) * np.ones(len(top))
        path, misfit = _anchored(link, windows, ahead, ceiling)
        likelihood = (misfit + MEASUREMENT**2) ** (-(windows.points - 2) / 2)
        believed = np.where(top < 0.97 * ceiling, np.exp(-(node**2) / 2) * likelihood, 0.0)[:, None]
        total, weight = total + believed * path, weight + believed
    return np.where(weight > 0, total / np.where(weight > 0, weight, 1), last_value(windows, ahead, prior))


METHODS: dict[str, Method] = {
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


def members(bounded: bool = True) -> tuple[str, ...]:
    """Names of the methods that the combination averages; without a bound only damped drift proved itself."""
    return ("gompertz_shrunk", "gompertz_prior", "logistic_prior") if bounded else ("damped_drift",)


def methods_for(bounded: bool = True) -> tuple[str, ...]:
    """Names of the methods that apply, the published one first."""
    return tuple(name for name, method in METHODS.items() if bounded or method not in NEEDS_BOUND)


def forecast_points(
    windows: Windows, ahead: Ahead, prior: Prior, names: Sequence[str] | None = None
) -> dict[str, np.ndarray]:
    """Point forecasts of some methods, or of every one that applies: a dict of (N, H) arrays from 0 to the bound."""
    top = ahead.bounds if windows.bounded else np.inf
    names = names or methods_for(windows.bounded)
    with np.errstate(over="ignore"):  # where a curve falls so steeply that its share is 0
        return {name: np.clip(METHODS[name](windows, ahead, prior), 0, top) for name in names}


def saturation_shares(references: Sequence[AdoptionSeries]) -> pd.DataFrame:
    """Highest share of its bound that each reference technology has reached.

    A technology with several series counts once, by its mean. Shares that still grow make the prior low rather than
    high.

    Parameters
    ----------
    references : sequence of AdoptionSeries
        Those without a bound, or with fewer than four values, are passed over.

    Returns
    -------
    DataFrame
        logit and share by technology.
    """
    rows = []
    for series in references:
        if series.bound is not None and len(series.values) >= 4:
            highest = np.clip((series.values / series.bound_at(series.values.index)).max(), SHARE_LIMITS[0], 0.98)
            rows.append((series.technology, np.log(highest / (1 - highest))))
    frame = pd.DataFrame(rows, columns=["technology", "logit"]).groupby("technology").mean()
    return frame.assign(share=1 / (1 + np.exp(-frame["logit"])))


def learn_prior(reached: pd.DataFrame, residuals: pd.DataFrame, exclude: str = "") -> Prior:
    """`Prior` from all technologies but one: where they saturated, and how their growth went on.

    The rate that followed is a straight line of the rate in the window: weighted least squares on the Gompertz scale,
    each technology the same weight at each horizon, each row by the inverse of the variance that
    `bands.fit_variance_weights` finds for it. That is empirical Bayes shrinkage with two numbers.

    Parameters
    ----------
    reached : DataFrame
        From `saturation_shares`.
    residuals : DataFrame
        From `backtest.run_backtest` with bounds (the methods' columns are not needed).
    exclude : str
        Technology to leave out.

    Returns
    -------
    Prior
        With the number of technologies its saturation shares rest on.

    Raises
    ------
    ValueError
        When fewer than two other technologies remain.
    """
    logits = reached[reached.index != exclude]["logit"].to_numpy()
    rows = bands.leave_out(residuals, exclude)
    if len(logits) < 2 or rows["technology"].nunique() < 2:
        raise ValueError(
            "reference series of two technologies at least are needed, besides the technology that is forecast"
        )
    years, rate, actual, unit, share = (
        rows[name].to_numpy(float) for name in ("years", "rate", "actual", "unit_ahead", "share")
    )
    gain = to_link(Gompertz.link, actual / unit) - to_link(Gompertz.link, share)
    weights, components = bands.weigh_technologies(rows), bands.components_of(rows)
    variance = components @ bands.fit_variance_weights(components, gain - rate * years, weights)
    root = np.sqrt(weights / variance)
    design = np.stack([root * years, root * rate * years], axis=1)
    intercept, slope = np.linalg.lstsq(design, root * gain, rcond=None)[0]
    return Prior(float(np.mean(logits)), float(np.std(logits, ddof=1)), float(intercept), float(slope), len(logits))
