"""Calibrated prediction intervals: normalised split conformal, leaving out the technology that is forecast.

An interval ends at a floor, twice as deep as the deepest fall of a reference within a horizon, and at the bound
(without a bound: at the largest growth of a reference). On a scale that runs between these two the error of a past
forecast is divided by the spread that one would have expected for it from what was known at the time: how much the
steps of the series varied (a random walk keeps varying so), how fast it grew (a trend is uncertain in proportion to
itself, less so with more points), the stage of adoption, and how far ahead one looked. The three weights in it are
estimated from the reference technologies, with a Student-t likelihood so that one failure does not decide; the
quantiles of the absolute quotient give the band. At every horizon and length of window a technology weighs the same,
however many windows it has there; one with figures at more of them weighs more. What is exchangeable are technologies,
so these are counted in the correction for a finite sample. The published quantiles are the mean of its members', each
with its own band.

Sources: Papadopoulos, Gammerman and Vovk 2008 (normalised scores); Lei, G'Sell, Rinaldo, Tibshirani and Wasserman 2018;
Tibshirani, Barber, Candes and Ramdas 2019 (weights); Dunn, Wasserman and Ramdas 2023 (groups).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pandas as pd
from scipy.special import ndtri
from statsmodels.genmod.families.links import Link, Log

from .ceilings import GOMPERTZ
from .windows import SHORTEST, STEEP_WITHIN, Levels, approach, damp, to_link

HEAVY_TAILS = 4.0
"""Degrees of freedom of the Student-t likelihood."""
REPORTED_QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
"""Quantiles of every forecast."""
INTEGRATION_QUANTILES = np.arange(1, 200) / 200
"""Quantiles from which means and probabilities are computed."""
FAST = 1.6
"""Last over first value of a window from which growth counts as fast."""
DEEPER, LEAST_FALL = 2.0, 0.05
"""The floor lies this many times as deep below the last value as a reference fell within a horizon, or at least so."""


@dataclass
class Cases:
    """Predictors of the errors of R forecasts, as known at their origins."""

    bounded: bool
    years: np.ndarray  # (R,) ahead
    last: np.ndarray  # (R,) last share of the bound; 1 where the last value stands in for it
    bound: np.ndarray  # (R,) as it is forecast
    bound_sd: np.ndarray  # (R,) standard error of that forecast
    components: np.ndarray  # (R, 3) variances, on the link's scale at the last share

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Self:
        """Cases of a frame from `windows.describe`, or of residual rows.

        The variances: a random walk of its own, an uncertain trend, and a drift common to all. Few points tell the
        deviation of the steps badly, and then the errors have heavier tails; n / (n - 2) makes up for that. Trend and
        common drift run down as growth does (`damp`); the common drift is two points of the bound in the first year, or
        two percent of the last value. One or two points know no walk of their own and one no trend: there these are
        common to all as well, the trend 1 a year on the link's scale.
        """
        names = ("years", "bound_ahead", "bound_sd", "rate", "roughness", "window", "stretch")
        years, bound, bound_sd, rate, step_sd, points, steep = (frame[name].to_numpy(float) for name in names)
        last = frame["share"].fillna(1.0).to_numpy(float)
        walk = step_sd**2 * years * points / np.maximum(points - 2, 1)
        walk = np.where(points < SHORTEST, (0.02 * steep) ** 2 * years, walk)
        trend = (np.where(points == 1, 1.0, rate) * damp(years)) ** 2 / points
        common = (0.02 * steep * damp(years)) ** 2
        return cls(is_bounded(frame), years, last, bound, bound_sd, np.stack([walk, trend, common], axis=-1))

    def take(self, rows: np.ndarray) -> Cases:
        """The cases of these rows."""
        names = ("years", "last", "bound", "bound_sd", "components")
        return replace(self, **{name: getattr(self, name)[rows] for name in names})

    @property
    def link(self) -> Link:
        """The link of the rows, as `Windows.link`."""
        return GOMPERTZ.link if self.bounded else Log()

    def scale(self, shares: np.ndarray, floor: float) -> tuple[np.ndarray, np.ndarray]:
        """Shares on the scale between floor and bound, and how much steeper than the link it is there, (R,) each."""
        lowest, within = floor * self.last, STEEP_WITHIN[self.bounded]
        held = np.clip(shares, *within)  # the same share for both slopes, or their quotient jumps near the limit
        part, above = ((each - lowest) / (1 - lowest) for each in (shares, held))
        steeper = self.link.deriv(np.clip(above, *within)) / (1 - lowest) / self.link.deriv(held)
        return to_link(self.link, part), steeper


def is_bounded(frame: pd.DataFrame) -> bool:
    """True if the rows of a frame are shares of a known bound."""
    return bool(frame["share"].notna().all())


def has_few(frame: pd.DataFrame) -> bool:
    """True if the windows of a frame have fewer points than a forecast of its own needs."""
    return bool(frame["window"].min() < SHORTEST)


def fit_variance_weights(components: np.ndarray, errors: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weights of the three variance components, all positive, by maximum likelihood (Fisher scoring).

    Parameters
    ----------
    components : (R, 3) from `Cases`
    errors : (R,) forecast errors on the same scale
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
    """(R,) weights: each technology counts the same at each horizon and length of window."""
    group = np.zeros(len(residuals), int)
    for name in ("technology", "horizon_years", "window"):
        place = pd.factorize(residuals[name])[0]
        group = group * (place.max(initial=0) + 1) + place
    group = np.unique(group, return_inverse=True)[1]
    return 1.0 / np.bincount(group)[group]


@dataclass
class Band:
    """Prediction intervals of one method: the distribution of its errors on other technologies."""

    floor: float  # part of the last share of the bound (without one: of the last value), below which no band goes
    variance_weights: np.ndarray  # (3,) of the components
    scores: np.ndarray  # (R,) increasing absolute quotients
    steps: np.ndarray  # (R,) share of the weight below each, midpoints
    count: float  # technologies: windows, horizons and series of one are correlated and count as one
    furthest: tuple[np.ndarray, np.ndarray] | None  # without a bound: damped years, and log of the most growth in them

    @property
    def widest(self) -> float:
        """Coverage of the widest interval that so many technologies calibrate; others end at the largest quotient."""
        return self.count / (self.count + 1)

    def score_quantile(self, levels: Levels) -> np.ndarray:
        """Signed distances of quantiles from the median in spreads, with the conformal correction for a finite sample.

        A level that passes 1 with the correction ends at the largest quotient.
        """
        levels = np.asarray(levels, float)  # of any shape
        inner = np.minimum(np.abs(2 * levels - 1) * (1 + 1 / self.count), 1.0)
        return np.sign(levels - 0.5) * np.interp(inner, np.r_[0, self.steps], np.r_[0, self.scores])

    def quantiles(self, cases: Cases, point: np.ndarray, levels: Levels) -> np.ndarray:
        """Quantiles (R, Q) around point forecasts (R,), at levels (Q,) or, where each row has its own, (R, Q).

        Moved on the scale, so above the floor and inside the bound; the error of the bound itself is independent of
        that: the squares of both distances from the median add up.
        """
        lowest = self.floor * cases.last[:, None]
        centre, steeper = cases.scale(point / cases.bound, self.floor)
        spread = np.sqrt(cases.components @ self.variance_weights) * steeper
        away = spread[:, None] * self.score_quantile(levels)
        moved = centre[:, None] + np.c_[np.zeros(len(centre)), away]
        share = lowest + (1 - lowest) * cases.link.inverse(np.clip(moved, -50, 50))
        if self.furthest is not None:
            years, most = self.furthest
            ahead = damp(cases.years)
            grown = np.interp(ahead, years, most) * np.maximum(ahead / years[-1], 1)
            share = approach(share, 1.0, np.exp(grown)[:, None])
        middle, away = share[:, :1], cases.bound[:, None] * (share[:, 1:] - share[:, :1])
        normal = ndtri(np.asarray(levels, float))
        by_bound = middle * cases.bound_sd[:, None] * normal
        return cases.bound[:, None] * middle + np.sign(normal) * np.sqrt(away**2 + by_bound**2)


class Errors:
    """Errors of the methods' forecasts in residual rows (R), and the bands that they give, each made once.

    Parameters
    ----------
    residuals : DataFrame
        From `backtest`.
    """

    def __init__(self, residuals: pd.DataFrame) -> None:
        self.residuals, self.cases = residuals, Cases.of(residuals)
        self.actual = (residuals["actual"] / residuals["bound_then"]).to_numpy(float)
        self.technologies, self.weights = residuals["technology"].to_numpy(), weigh_technologies(residuals)
        self._known = set(self.technologies)
        self._bands: dict[tuple[str, str | None], Band] = {}
        self._scaled: dict[tuple[str, float], tuple[np.ndarray, np.ndarray]] = {}

    def band(self, method: str, technology: str | None = None) -> Band:
        """`Band` of a method from all technologies but one; from all where that is None, or not among them."""
        technology = technology if technology in self._known else None
        if (method, technology) not in self._bands:
            self._bands[method, technology] = self._calibrate(method, self.technologies != technology)
        return self._bands[method, technology]

    def normal_scores(self, method: str) -> np.ndarray:
        """Normal scores (R,): standard normal quantiles at the ranks of the errors, divided by their spread."""
        band = self.band(method)
        errors, components = self._on_scale(method, band.floor)
        sizes = np.abs(errors) / np.sqrt(components @ band.variance_weights)
        inner = np.interp(sizes, band.scores, band.steps)
        return np.sign(errors) * ndtri((1 + inner) / 2)

    def _on_scale(self, method: str, floor: float) -> tuple[np.ndarray, np.ndarray]:
        """Errors (R,) and variances (R, 3) on the scale above a floor; most technologies left out change none."""
        if (method, floor) not in self._scaled:
            centre, steeper = self.cases.scale(self.residuals[method].to_numpy(float) / self.cases.bound, floor)
            errors = self.cases.scale(self.actual, floor)[0] - centre
            self._scaled[method, floor] = errors, self.cases.components * steeper[:, None] ** 2
        return self._scaled[method, floor]

    def _calibrate(self, method: str, rows: np.ndarray) -> Band:
        """`Band` from the given rows.

        The floor lies `DEEPER` times as far below the last value as any of them fell within a horizon.
        """
        fallen = 1 - float((self.actual[rows] / self.cases.last[rows]).min())
        floor = max(0.0, 1 - DEEPER * max(fallen, LEAST_FALL))
        errors, components = (part[rows] for part in self._on_scale(method, floor))
        weights = self.weights[rows]
        variance_weights = fit_variance_weights(components, errors, weights)
        scores = np.abs(errors) / np.sqrt(components @ variance_weights)
        order = np.argsort(scores, kind="stable")
        steps = (np.cumsum(weights[order]) - weights[order] / 2) / weights.sum()
        furthest = None if self.cases.bounded else _find_furthest(self.residuals[rows])
        return Band(floor, variance_weights, scores[order], steps, len(set(self.technologies[rows])), furthest)


def _find_furthest(residuals: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Damped years of each horizon, and the logarithm of the most that any series has grown by within them."""
    most = np.log(residuals["actual"] / residuals["last"]).groupby(residuals["horizon_years"]).max()
    years = damp(most.index.to_numpy(float))
    return np.r_[0, years], np.r_[0, np.maximum.accumulate(np.maximum(most.to_numpy(float), 0.0))]


def normal_quantiles(point: np.ndarray, sd: np.ndarray, levels: Levels) -> np.ndarray:
    """Quantiles (..., Q) of a normal distribution, cut at 0: the bands a random walk with drift claims for itself."""
    return np.maximum(point[..., None] + sd[..., None] * ndtri(np.asarray(levels, float)), 0.0)
