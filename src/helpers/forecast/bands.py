"""Calibrated prediction intervals: normalised split conformal, leaving out the technology that is forecast.

A band lives between a floor, below which nothing has ever fallen so fast, and the bound (without a bound: the furthest
that any reference has grown). On a scale that runs between these two the error of a past forecast is divided by the
spread that one would have expected for it from what was known at the time: how much the steps of the series varied (a
random walk keeps varying so), how fast it grew (a trend is uncertain in proportion to itself, less so with more
points), the stage of adoption, and how far ahead one looked. The three weights in it are estimated from the reference
technologies, with a Student-t likelihood so that one failure does not decide; the quantiles of the absolute quotient
give the band. Every technology weighs the same at every horizon and length of window, however many windows it has.

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
from helpers.forecast.windows import Levels, damp, to_link
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
DEEPER, LEAST_FALL = 2.0, 0.05
"""The floor lies this many times as deep below the last value as any reference ever fell, and at least so deep."""
STEEP_WITHIN = {True: ((0.01, 0.95), (0.005, 0.95)), False: ((0.05, np.inf), (0.05, np.inf))}
"""With and without a bound: shares outside which one point counts as much as at them, on the link and on the scale."""


def components_of(cases: pd.DataFrame) -> np.ndarray:
    """Three variances for each forecast, (R, 3): its own random walk, its uncertain trend, and a drift common to all.

    They are on the link's scale at the last share. Few points tell the deviation of the steps badly, and then the
    errors have heavier tails; n / (n - 2) makes up for that. Trend and common drift run down as growth does (`damp`);
    the common drift is two points of the bound in the first year, or two percent of the last value.
    """
    years, rate, step_sd, points = (cases[name].to_numpy(float) for name in ("years", "rate", "roughness", "window"))
    steep = link_of(cases).deriv(np.clip(_last_share(cases), *STEEP_WITHIN[is_bounded(cases)][0]))
    walk = step_sd**2 * years * points / (points - 2)
    return np.stack([walk, (rate * damp(years)) ** 2 / points, (0.02 * steep * damp(years)) ** 2], axis=-1)


def fit_variance_weights(
    components: np.ndarray, errors: np.ndarray, weights: np.ndarray, start: np.ndarray | None = None
) -> np.ndarray:
    """Weights of the three variance components, all positive, by maximum likelihood (Fisher scoring).

    Parameters
    ----------
    components : (R, 3) from `components_of`
    errors : (R,) forecast errors on the same scale
    weights : (R,) how much each row counts
    start : (3,) weights to start from

    Returns
    -------
    (3,) weights of the variances.
    """
    weights, nu, squares = weights / weights.sum(), HEAVY_TAILS, errors**2
    if start is None:
        mean = np.average(np.minimum(squares, 1.0), weights=weights) / np.average(components.sum(1), weights=weights)
        start = np.full(3, mean)
    logs, columns = np.log(start), np.ascontiguousarray(components.T)
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
    """(R,) weights: each technology counts the same at each horizon and length of window."""
    group = np.zeros(len(residuals), int)
    for name in ("technology", "horizon_years", "window"):
        place = pd.factorize(residuals[name])[0]
        group = group * (place.max(initial=0) + 1) + place
    group = np.unique(group, return_inverse=True)[1]
    return 1.0 / np.bincount(group)[group]


def is_bounded(cases: pd.DataFrame) -> bool:
    """Whether the rows are shares of a known bound."""
    return bool(cases["share"].notna().all())


def link_of(cases: pd.DataFrame) -> Link:
    """The link of the rows, as `Windows.link`."""
    return Gompertz.link if is_bounded(cases) else Log()


def _last_share(cases: pd.DataFrame) -> np.ndarray:
    """(R,) the last share of the bound; without a bound the last value is the unit: 1."""
    return cases["share"].fillna(1.0).to_numpy(float)


def find_floor(residuals: pd.DataFrame) -> float:
    """Part of its last value that no series is expected to fall below, from how far any of these fell, at most 0.9."""
    fallen = 1 - float((_actual_share(residuals) / _last_share(residuals)).min())
    return max(0.0, 1 - DEEPER * max(fallen, LEAST_FALL))


def _actual_share(residuals: pd.DataFrame) -> np.ndarray:
    """(R,) what came, in shares of the bound as it came, or in multiples of the last value."""
    return (residuals["actual"] / residuals["unit_then"]).to_numpy(float)


def _scale(cases: pd.DataFrame, shares: np.ndarray, floor: float) -> tuple[np.ndarray, np.ndarray]:
    """Shares on the scale between floor and bound, and how much steeper than the link it is there, (R,) each."""
    link, lowest = link_of(cases), floor * _last_share(cases)
    on_link, on_scale = STEEP_WITHIN[is_bounded(cases)]
    part = (shares - lowest) / (1 - lowest)
    steeper = link.deriv(np.clip(part, *on_scale)) / (1 - lowest) / link.deriv(np.clip(shares, *on_link))
    return to_link(link, part), steeper


@dataclass
class Calibration:
    """Distribution of one method's errors, estimated from its residuals."""

    floor: float  # part of the last value that the bands don't go below
    variance_weights: np.ndarray  # (3,) of the components
    scores: np.ndarray  # (R,) increasing absolute quotients
    steps: np.ndarray  # (R,) share of the weight below each, midpoints
    count: float  # groups of scores: windows of one technology, horizon and length overlap and count as one
    furthest: tuple[np.ndarray, np.ndarray] | None  # without a bound: damped years, and log of the most growth in them

    def score_quantile(self, levels: Levels) -> np.ndarray:
        """Spreads from the median to each quantile, signed, with the conformal correction for a finite sample."""
        levels = np.asarray(levels, float)
        inner = np.minimum(np.abs(2 * levels - 1) * (1 + 1 / self.count), 1.0)
        return np.sign(levels - 0.5) * np.interp(inner, np.r_[0, self.steps], np.r_[0, self.scores])

    def quantiles(self, cases: pd.DataFrame, point: np.ndarray, levels: Levels) -> np.ndarray:
        """Quantiles (R, Q) around point forecasts (R,).

        Moved on the scale, so above the floor and inside the bound; the error of the bound itself is independent of
        that: the squares of both distances from the median add up.
        """
        unit, lowest = cases["unit_ahead"].to_numpy(float), self.floor * _last_share(cases)
        centre, steeper = _scale(cases, point / unit, self.floor)
        spread = np.sqrt(components_of(cases) @ self.variance_weights) * steeper
        moved = centre[:, None] + np.c_[np.zeros(len(centre)), spread[:, None] * self.score_quantile(levels)]
        share = lowest[:, None] + (1 - lowest[:, None]) * link_of(cases).inverse(np.clip(moved, -50, 50))
        if self.furthest is not None:
            years, most = self.furthest
            ahead = damp(cases["years"].to_numpy(float))
            grown = np.interp(ahead, years, most) * np.maximum(ahead / years[-1], 1)
            share = np.minimum(share, np.exp(grown)[:, None])
        middle, away = share[:, :1], unit[:, None] * (share[:, 1:] - share[:, :1])
        normal = np.array([NormalDist().inv_cdf(level) for level in levels])
        by_bound = middle * cases["bound_sd"].to_numpy(float)[:, None] * normal
        return unit[:, None] * middle + np.sign(normal) * np.sqrt(away**2 + by_bound**2)


def calibrate(residuals: pd.DataFrame, method: str, start: np.ndarray | None = None) -> Calibration:
    """`Calibration` of one method from residual rows (of other technologies than the one forecast).

    Parameters
    ----------
    residuals : DataFrame as `backtest.run_backtest` gives it
    method : str, a column of it
    start : (3,) weights of the variances to start from

    Returns
    -------
    Calibration
    """
    floor, weights = find_floor(residuals), weigh_technologies(residuals)
    point = (residuals[method] / residuals["unit_ahead"]).to_numpy(float)
    centre, steeper = _scale(residuals, point, floor)
    errors = _scale(residuals, _actual_share(residuals), floor)[0] - centre
    components = components_of(residuals) * steeper[:, None] ** 2
    variance_weights = fit_variance_weights(components, errors, weights, start)
    scores = np.abs(errors) / np.sqrt(components @ variance_weights)
    order = np.argsort(scores, kind="stable")
    steps = (np.cumsum(weights[order]) - weights[order] / 2) / weights.sum()
    furthest = None if is_bounded(residuals) else _find_furthest(residuals)
    return Calibration(floor, variance_weights, scores[order], steps, weights.sum(), furthest)


def _find_furthest(residuals: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Damped years of each horizon, and the logarithm of the most that any series has grown by within them."""
    most = np.log(residuals["actual"] / residuals["last"]).groupby(residuals["horizon_years"]).max()
    years = damp(most.index.to_numpy(float))
    return np.r_[0, years], np.r_[0, np.maximum.accumulate(np.maximum(most.to_numpy(float), 0.0))]


def leave_one_technology_out_quantiles(residuals: pd.DataFrame, method: str, levels: Levels) -> np.ndarray:
    """Quantiles (R, Q) of residual rows, each technology calibrated on the others.

    It is what `backtest` scores and what a forecast quotes as its measured coverage.
    """
    found, start = np.empty((len(residuals), len(levels))), calibrate(residuals, method).variance_weights
    for technology in residuals["technology"].unique():
        own = (residuals["technology"] == technology).to_numpy()
        rows = residuals[own]
        found[own] = calibrate(residuals[~own], method, start).quantiles(rows, rows[method].to_numpy(float), levels)
    return found


def normal_quantiles(point: np.ndarray, sd: np.ndarray, levels: Levels) -> np.ndarray:
    """Quantiles (..., Q) of a normal distribution, cut at 0: the bands a random walk with drift claims for itself."""
    return np.maximum(point[..., None] + sd[..., None] * np.array([NormalDist().inv_cdf(q) for q in levels]), 0.0)


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
    return calibrate(training, method).quantiles(residuals, residuals[method].to_numpy(float), levels)


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


def judge(residuals: pd.DataFrame, method: str, level: float) -> pd.DataFrame:
    """How one band of a method did on each residual row, its technology left out.

    Returns
    -------
    DataFrame
        technology, horizon_years, growth, below and above (whether the outcome lay so), covered, width (of the band, in
        shares of the bound or multiples of the last value).
    """
    low, high = quantiles_of(residuals, method, band_ends(level)).T
    actual = residuals["actual"].to_numpy(float)
    frame = residuals[["technology", "horizon_years", "growth"]].assign(below=actual < low, above=actual > high)
    return frame.assign(covered=~(frame["below"] | frame["above"]), width=(high - low) / residuals["unit_ahead"])


def mean_by_technology(rows: pd.DataFrame, name: str) -> float:
    """Mean of a column over technologies, each with the mean of its rows."""
    return float(rows.groupby("technology")[name].mean().mean())
