"""Calibrated prediction intervals: normalised split conformal, leaving out the technology that is forecast.

The error of a past forecast, on the link's scale, is divided by the spread that one would have expected for it from
what was known at the time: how much the steps of the series varied (a random walk keeps varying so), how fast it grew
(a trend is uncertain in proportion to itself, less so with more points), the stage of adoption, and how far ahead one
looked. The three weights in it are estimated from the reference technologies, with a Student-t likelihood so that one
failure does not decide; the quantiles of the absolute quotient give the band. Every technology weighs the same at
every horizon, however many windows it has.

Sources: Papadopoulos, Gammerman and Vovk 2008 (normalised scores); Lei, G'Sell, Rinaldo, Tibshirani and Wasserman 2018;
Tibshirani, Barber, Candes and Ramdas 2019 (weights); Dunn, Wasserman and Ramdas 2023 (groups).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd
from statsmodels.genmod.families.links import Link, Log

from helpers.curves import Gompertz
from helpers.forecast.windows import Levels, Windows, mean_change, to_link
from helpers.levels import band_ends

HEAVY_TAILS = 4.0
"""Degrees of freedom of the Student-t likelihood."""
REPORTED_QUANTILES = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
"""Quantiles that every forecast gives."""
INTEGRATION_QUANTILES = np.arange(1, 200) / 200
"""Quantiles from which means and probabilities are computed."""
MIN_FORECASTS = 10
"""Forecasts a technology must have before its coverage is quoted as the worst: one or two are 0 or 100 % by chance."""
NORMAL_DRIFT = "drift_normal"
"""Drift with the normal bands that it claims for itself, as textbooks give it; all other bands are conformal."""
FAST = 1.6
"""Last over first value of a window from which growth counts as fast."""


def variance_components(
    years: np.ndarray, rate: np.ndarray, step_sd: np.ndarray, points: np.ndarray | int, link_derivative: np.ndarray
) -> np.ndarray:
    """Three variances for each forecast, (..., 3): its own random walk, its uncertain trend, and a drift common to all.

    Few points tell the deviation of the steps badly, and then the errors have heavier tails; n / (n - 2) makes up for
    that. The common drift is counted in points of the bound (two a year), so on the link's scale it grows with the
    link's derivative.
    """
    walk = step_sd**2 * years * points / (points - 2)
    trend, common = rate**2 * years**2 / points, (0.02 * link_derivative * years) ** 2
    return np.stack(np.broadcast_arrays(walk, trend, common), axis=-1)


def components_of(residuals: pd.DataFrame) -> np.ndarray:
    """`variance_components` (R, 3) of residual rows."""
    columns = ("years", "rate", "roughness", "window", "stretch")
    return variance_components(*(residuals[name].to_numpy(float) for name in columns))


def fit_variance_weights(components: np.ndarray, errors: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weights of the three variance components, all positive, by maximum likelihood (Fisher scoring).

    Parameters
    ----------
    components : (R, 3) from `variance_components`
    errors : (R,) forecast errors on the link's scale
    weights : (R,) how much each row counts

    Returns
    -------
    (3,) weights of the variances.
    """
    weights, nu, squares = weights / weights.sum(), HEAVY_TAILS, errors**2
    start = np.average(np.minimum(squares, 1.0), weights=weights) / np.average(components.sum(1), weights=weights)
    logs, columns = np.full(3, np.log(start)), np.ascontiguousarray(components.T)
    for _ in range(100):
        shares = columns * np.exp(logs)[:, None]
        total = shares.sum(axis=0)
        shares /= total
        ratio = squares / total
        score = shares @ (weights * ((nu + 1) * ratio / (nu + ratio) - 1) / 2)
        information = (shares * (weights * nu / (nu + 3) / 2)) @ shares.T + 1e-4 * np.eye(3)
        step = np.clip(np.linalg.solve(information, score - 1e-4 * logs), -1, 1)
        logs = logs + step
        if np.abs(step).max() < 1e-6:
            break
    return np.exp(logs)


def weigh_technologies(residuals: pd.DataFrame) -> np.ndarray:
    """(R,) weights: each technology counts the same at each horizon."""
    technology, horizon = (pd.factorize(residuals[name])[0] for name in ("technology", "horizon_years"))
    group = technology * (horizon.max(initial=0) + 1) + horizon
    return 1.0 / np.bincount(group)[group]


@dataclass
class Calibration:
    """Distribution of one method's errors, estimated from its residuals."""

    variance_weights: np.ndarray  # (3,) of the components
    scores: np.ndarray  # (R,) increasing absolute quotients
    steps: np.ndarray  # (R,) share of the weight below each, midpoints
    count: float  # groups of scores: windows of one technology and horizon overlap, so together they count as one

    def spread(self, components: np.ndarray) -> np.ndarray:
        """Expected spread on the link's scale from `variance_components` (..., 3)."""
        return np.sqrt(components @ self.variance_weights)

    def score_quantile(self, levels: Levels) -> np.ndarray:
        """Spreads from the median to each quantile, signed, with the conformal correction for a finite sample."""
        levels = np.asarray(levels, float)
        inner = np.minimum(np.abs(2 * levels - 1) * (1 + 1 / self.count), 1.0)
        return np.sign(levels - 0.5) * np.interp(inner, np.r_[0, self.steps], np.r_[0, self.scores])


def calibrate(residuals: pd.DataFrame, method: str) -> Calibration:
    """`Calibration` of one method from residual rows (of other technologies than the one forecast).

    Parameters
    ----------
    residuals : DataFrame as `backtest.run_backtest` gives it
    method : str, a column of it

    Returns
    -------
    Calibration
    """
    return _calibrate(components_of(residuals), link_errors(residuals, method), weigh_technologies(residuals))


def _calibrate(components: np.ndarray, errors: np.ndarray, weights: np.ndarray) -> Calibration:
    variance_weights = fit_variance_weights(components, errors, weights)
    scores = np.abs(errors) / np.sqrt(components @ variance_weights)
    order = np.argsort(scores, kind="stable")
    steps = (np.cumsum(weights[order]) - weights[order] / 2) / weights.sum()
    return Calibration(variance_weights, scores[order], steps, weights.sum())


def is_bounded(residuals: pd.DataFrame) -> bool:
    """Whether residual rows are shares of a known bound."""
    return bool(residuals["share"].notna().all())


def link_of(residuals: pd.DataFrame) -> Link:
    """The link of residual rows, as `Windows.link`."""
    return Gompertz.link if is_bounded(residuals) else Log()


def link_errors(residuals: pd.DataFrame, method: str) -> np.ndarray:
    """(R,) actual less forecast on the link's scale; both as shares of the bound as it was forecast."""
    link, unit = link_of(residuals), residuals["unit_ahead"].to_numpy(float)
    actual, point = residuals["actual"].to_numpy(float) / unit, residuals[method].to_numpy(float) / unit
    return to_link(link, actual) - to_link(link, point)


def band_quantiles(
    point: np.ndarray, unit: np.ndarray, spread: np.ndarray, score_quantile: np.ndarray, link: Link
) -> np.ndarray:
    """Quantiles (..., Q) around point forecasts: moved on the link's scale, so inside the bound and never below 0."""
    centre = to_link(link, point / unit)
    moved = link.inverse(np.clip(centre[..., None] + spread[..., None] * score_quantile, -50, 50))
    return np.maximum(unit[..., None] * moved, 0.0)


def leave_one_technology_out_quantiles(residuals: pd.DataFrame, method: str, levels: Levels) -> np.ndarray:
    """Quantiles (R, Q) of residual rows, each technology calibrated on the others.

    It is what `backtest` scores and what a forecast quotes as its measured coverage.
    """
    point, unit = (residuals[name].to_numpy(float) for name in (method, "unit_ahead"))
    components, link = components_of(residuals), link_of(residuals)
    errors, weights = link_errors(residuals, method), weigh_technologies(residuals)
    found = np.empty((len(residuals), len(levels)))
    for technology in residuals["technology"].unique():
        own = (residuals["technology"] == technology).to_numpy()
        calibration = _calibrate(components[~own], errors[~own], weights[~own])
        spread, score_quantile = calibration.spread(components[own]), calibration.score_quantile(levels)
        found[own] = band_quantiles(point[own], unit[own], spread, score_quantile, link)
    return found


def normal_quantiles(point: np.ndarray, sd: np.ndarray, levels: Levels) -> np.ndarray:
    """Quantiles (..., Q) of a normal distribution, cut at 0: the bands a random walk with drift claims for itself."""
    return np.maximum(point[..., None] + sd[..., None] * np.array([NormalDist().inv_cdf(q) for q in levels]), 0.0)


def drift_sd(windows: Windows, years: np.ndarray) -> np.ndarray:
    """(N, H) standard error of a random walk with drift: shocks to come, and the uncertain mean change."""
    gaps, change = np.diff(windows.years, axis=1), mean_change(windows.years, windows.values)[:, None]
    shocks = ((np.diff(windows.values, axis=1) - change * gaps) ** 2 / gaps).sum(axis=1) / (windows.points - 2)
    length = windows.years[:, -1:] - windows.years[:, :1]
    return np.sqrt(shocks[:, None] * years * (1 + years / length))


def quantiles_of(
    residuals: pd.DataFrame, method: str, levels: Levels, training: pd.DataFrame | None = None
) -> np.ndarray:
    """Quantiles (R, Q) of residual rows by any method or by `NORMAL_DRIFT`, with nothing learnt from the technology.

    They are calibrated on residual rows of other technologies, ``training``, or by default on each other.
    """
    if method == NORMAL_DRIFT:
        return normal_quantiles(residuals["drift"].to_numpy(float), residuals["drift_sd"].to_numpy(float), levels)
    if training is None:
        return leave_one_technology_out_quantiles(residuals, method, levels)
    calibration, link = calibrate(training, method), link_of(residuals)
    point, unit = (residuals[name].to_numpy(float) for name in (method, "unit_ahead"))
    spread, score_quantile = calibration.spread(components_of(residuals)), calibration.score_quantile(levels)
    return band_quantiles(point, unit, spread, score_quantile, link)


def leave_out(residuals: pd.DataFrame, technology: str) -> pd.DataFrame:
    """Residuals of all other technologies."""
    return residuals if not technology else residuals[residuals["technology"] != technology]


def measure_coverage(residuals: pd.DataFrame, method: str, levels: Sequence[float]) -> pd.DataFrame:
    """Whether the central bands of a method, by level, covered each residual row, its technology left out."""
    ends, actual = (
        np.array([band_ends(level) for level in levels]).ravel(),
        residuals["actual"].to_numpy(float)[:, None],
    )
    found = quantiles_of(residuals, method, ends)
    covered = (actual >= found[:, ::2]) & (actual <= found[:, 1::2])
    return pd.DataFrame(covered, index=residuals.index, columns=pd.Index(levels, name="nominal"))
