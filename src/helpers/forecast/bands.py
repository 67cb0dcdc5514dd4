"""Bands that cover what they claim: normalised split conformal, leaving out the technology that is forecast.

The error of a past forecast, on the link's scale, is divided by the spread that one would have expected for it from
what was known at the time: how rough the series was (a random walk keeps that roughness), how fast it grew (a trend is
uncertain in proportion to itself, less so with more points), the stage of adoption, and how far ahead one looked. The
three weights in it are estimated from the reference technologies, with a Student-t likelihood so that one failure does
not decide; the quantiles of the absolute quotient give the band. Every technology weighs the same at every horizon,
however many windows it has.

Sources: Papadopoulos, Gammerman and Vovk 2008 (normalised scores); Lei, G'Sell, Rinaldo, Tibshirani and Wasserman 2018;
Tibshirani, Barber, Candes and Ramdas 2019 (weights); Dunn, Wasserman and Ramdas 2023 (groups).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd
from statsmodels.genmod.families.links import Link

from helpers.forecast.windows import Windows, bend

HEAVY_TAILS = 4.0
"""Degrees of freedom of the Student-t likelihood."""
SEVEN = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
"""Quantiles that every forecast gives."""
FINE = np.arange(1, 200) / 200
"""Quantiles from which means and CRPS are computed."""


FEATURES = ("years", "rate", "roughness", "window", "stretch")
"""Columns of a residual frame from which the spread is told."""


def ingredients(
    years: np.ndarray, rate: np.ndarray, roughness: np.ndarray, points: np.ndarray | int, stretch: np.ndarray
) -> np.ndarray:
    """Three variances for each forecast, (..., 3): its own random walk, its uncertain trend, and a drift common to all.

    Few points judge roughness badly, and then the errors have heavier tails; n / (n - 2) makes up for that. The common
    drift is counted in points of the bound (two a year), so on the link's scale it grows with the stretch.
    """
    years, rate, roughness, points, stretch = np.broadcast_arrays(years, rate, roughness, points, stretch)
    walk = roughness**2 * years * points / (points - 2)
    return np.stack([walk, rate**2 * years**2 / points, (0.02 * stretch * years) ** 2], axis=-1)


def fit_spread(parts: np.ndarray, errors: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weights of the three ingredients, all positive, by maximum likelihood (Fisher scoring).

    Parameters
    ----------
    parts : (R, 3) from `ingredients`
    errors : (R,) forecast errors on the link's scale
    weights : (R,) how much each row counts

    Returns
    -------
    (3,) multipliers of the variances.
    """
    weights, nu, squares = weights / weights.sum(), HEAVY_TAILS, errors**2
    logs = np.full(
        3, np.log(np.average(np.minimum(squares, 1.0), weights=weights) / np.average(parts.sum(1), weights=weights))
    )
    columns = np.ascontiguousarray(parts.T)
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


def weigh_technologies(frame: pd.DataFrame) -> np.ndarray:
    """(R,) weights: each technology counts the same at each horizon."""
    technology, horizon = (pd.factorize(frame[name])[0] for name in ("technology", "horizon_years"))
    group = technology * (horizon.max(initial=0) + 1) + horizon
    return 1.0 / np.bincount(group)[group]


@dataclass
class Calibration:
    """What the residuals of one method teach about its errors."""

    multipliers: np.ndarray  # (3,) of the ingredients
    scores: np.ndarray  # (R,) increasing absolute quotients
    steps: np.ndarray  # (R,) share of the weight below each, midpoints
    count: float  # groups of scores: windows of one technology and horizon overlap, so together they count as one

    def spread(self, *features: np.ndarray | float) -> np.ndarray:
        """Expected spread on the link's scale from the `FEATURES`; arrays broadcast."""
        return np.sqrt(ingredients(*features) @ self.multipliers)

    def reach(self, quantiles: Sequence[float] | np.ndarray) -> np.ndarray:
        """Spreads from the median to each quantile, signed, with the conformal correction for a finite sample."""
        quantiles = np.asarray(quantiles, float)
        inner = np.minimum(np.abs(2 * quantiles - 1) * (1 + 1 / self.count), 1.0)
        return np.sign(quantiles - 0.5) * np.interp(inner, np.r_[0, self.steps], np.r_[0, self.scores])


def calibrate(residuals: pd.DataFrame, method: str, link: Link, bounded: bool = True) -> Calibration:
    """`Calibration` of one method from residual rows (of other technologies than the one forecast).

    Parameters
    ----------
    residuals : DataFrame as `find_residuals` gives it
    method : str, a column of it
    link : statsmodels link
    bounded : bool
    """
    return _calibrate(*_weigh_errors(residuals, method, link, bounded))


def _weigh_errors(residuals: pd.DataFrame, method: str, link: Link, bounded: bool) -> tuple[np.ndarray, ...]:
    """Ingredients (R, 3), errors (R,) and weights (R,) of residual rows: what a calibration is made from."""
    parts = ingredients(*features_of(residuals))
    return parts, bend_errors(residuals, method, link, bounded), weigh_technologies(residuals)


def _calibrate(parts: np.ndarray, errors: np.ndarray, weights: np.ndarray) -> Calibration:
    multipliers = fit_spread(parts, errors, weights)
    scores = np.abs(errors) / np.sqrt(parts @ multipliers)
    order = np.argsort(scores, kind="stable")
    steps = (np.cumsum(weights[order]) - weights[order] / 2) / weights.sum()
    return Calibration(multipliers, scores[order], steps, weights.sum())


def features_of(residuals: pd.DataFrame) -> list[np.ndarray]:
    """The `FEATURES` of residual rows, one (R,) array each."""
    return [residuals[name].to_numpy(float) for name in FEATURES]


def bend_errors(residuals: pd.DataFrame, method: str, link: Link, bounded: bool = True) -> np.ndarray:
    """(R,) actual less forecast on the link's scale; both as shares of the bound as it was forecast."""
    unit = residuals["unit_ahead"].to_numpy(float)
    actual, point = residuals["actual"].to_numpy(float) / unit, residuals[method].to_numpy(float) / unit
    return bend(link, actual, bounded) - bend(link, point, bounded)


def spread_out(
    point: np.ndarray, unit: np.ndarray, spread: np.ndarray, reach: np.ndarray, link: Link, bounded: bool = True
) -> np.ndarray:
    """Quantiles (..., Q) around point forecasts: moved on the link's scale, so inside the bound and never below 0."""
    centre = bend(link, point / unit, bounded)
    moved = link.inverse(np.clip(centre[..., None] + spread[..., None] * reach, -50, 50))
    return np.maximum(unit[..., None] * moved, 0.0)


def quantiles_elsewhere(
    residuals: pd.DataFrame, method: str, link: Link, bounded: bool = True
) -> Callable[[Sequence[float] | np.ndarray], np.ndarray]:
    """A function of the levels that gives (R, Q) quantiles of residual rows, each technology calibrated on the others.

    It is what `backtest` scores and what a forecast quotes as its measured coverage.
    """
    point, unit = (residuals[name].to_numpy(float) for name in (method, "unit_ahead"))
    judged, groups = _weigh_errors(residuals, method, link, bounded), []
    technology, names = pd.factorize(residuals["technology"])
    for number in range(len(names)):
        own = technology == number
        calibration = _calibrate(*(part[~own] for part in judged))
        groups.append((own, np.sqrt(judged[0][own] @ calibration.multipliers), calibration))

    def at(levels: Sequence[float] | np.ndarray) -> np.ndarray:
        found = np.empty((len(residuals), len(levels)))
        for rows, spread, calibration in groups:
            found[rows] = spread_out(point[rows], unit[rows], spread, calibration.reach(levels), link, bounded)
        return found

    return at


def normal_quantiles(point: np.ndarray, sd: np.ndarray, quantiles: Sequence[float] | np.ndarray) -> np.ndarray:
    """Quantiles (..., Q) of a normal distribution, cut at 0: the bands a random walk with drift claims for itself."""
    return np.maximum(point[..., None] + sd[..., None] * np.array([NormalDist().inv_cdf(q) for q in quantiles]), 0.0)


def drift_sd(windows: Windows, years: np.ndarray) -> np.ndarray:
    """(N, H) standard error of a random walk with drift: shocks to come, and the uncertain mean change."""
    gaps = np.diff(windows.years, axis=1)
    change = (windows.values[:, -1:] - windows.values[:, :1]) / (windows.years[:, -1:] - windows.years[:, :1])
    shocks = ((np.diff(windows.values, axis=1) - change * gaps) ** 2 / gaps).sum(axis=1) / (windows.points - 2)
    length = windows.years[:, -1:] - windows.years[:, :1]
    return np.sqrt(shocks[:, None] * years * (1 + years / length))


def leave_out(residuals: pd.DataFrame, technology: str) -> pd.DataFrame:
    """Residuals of all other technologies."""
    return residuals if not technology else residuals[residuals["technology"] != technology]


def technologies_of(frame: pd.DataFrame) -> list[str]:
    """Sorted names of the technologies in a frame."""
    return sorted(pd.unique(frame["technology"]))
