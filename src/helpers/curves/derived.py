"""What follows from a fit: predictions, when it bends, how fast it grows and how long; outliers; the bootstrap."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import stdtr, stdtrit

from helpers.curves.dates import CurveError
from helpers.curves.descent import fit_batch
from helpers.curves.engine import Family, estimates
from helpers.curves.likelihoods import LeastSquares
from helpers.curves.profile import CEILING, jacobian, limits

EARLIEST = 1e-5
"""Spans after the launch at which growth that falls from the start is measured."""
DERIVED = {"inflection": False, "peak_growth": True, "takeover_years": True}
"""The derived quantities, and whether they are searched as logarithms."""


class CurvePrediction:
    """Curve at given times, with standard errors by the delta method.

    Attributes
    ----------
    predicted_mean, se_mean, se_obs : Series
        Curve; standard errors of the curve and of a new observation (of weight 1).
    """

    def __init__(self, likelihood: LeastSquares, index: pd.Index, years: np.ndarray, bound: np.ndarray | None) -> None:
        batch, fit, model = likelihood.batch, likelihood.fit, likelihood.model
        theta, times = fit.theta[: likelihood.count, 0], (years - batch.origin[0]) / batch.span[0]
        share = model.share(times, *theta)
        columns = [share, *model.slopes(times, share, *theta)]
        if model.per_period:
            earlier = times - (years - model.period_start(years)) / batch.span[0]
            before = model.share(earlier, *theta)
            others = [before, *model.slopes(earlier, before, *theta)]
            columns = [late - early for late, early in zip(columns, others, strict=True)]
        share, slopes = columns[0], columns[1:]
        known = model.ceiling.bound_at(years)
        scale = 1.0 if known is None else known if bound is None else np.asarray(bound)
        level = fit.ceiling[0] * scale
        by_ceiling = (1 - fit.ceiling[0] if batch.has_share else 1.0) * share
        gradient = np.column_stack([level * part for part in (by_ceiling, *slopes)])
        estimated = np.isfinite(np.diag(likelihood.covariance))
        part, matrix = gradient[:, estimated], likelihood.covariance[np.ix_(estimated, estimated)]
        variance = np.maximum(((part @ matrix) * part).sum(1), 0) if estimated.any() else np.full(len(share), np.nan)
        self.df_resid = likelihood.df_resid
        self.predicted_mean = pd.Series(level * share, index, name="mean")
        self.se_mean = pd.Series(np.sqrt(variance), index, name="mean_se")
        noise = likelihood.observation_variance(share, scale)
        self.se_obs = pd.Series(np.sqrt(variance + noise), index, name="obs_se")

    def conf_int(self, alpha: float = 0.05, obs: bool = False) -> np.ndarray:
        """Interval of the curve, or of a new observation, (h, 2)."""
        half = stdtrit(max(self.df_resid, 1), 1 - alpha / 2) * (self.se_obs if obs else self.se_mean)
        return np.column_stack([self.predicted_mean - half, self.predicted_mean + half])

    def summary_frame(self, alpha: float = 0.05) -> pd.DataFrame:
        """Frame of mean, mean_se, mean_ci_lower, mean_ci_upper, obs_ci_lower, obs_ci_upper; NaN = no error is known."""
        frame = pd.DataFrame({"mean": self.predicted_mean, "mean_se": self.se_mean})
        frame[["mean_ci_lower", "mean_ci_upper"]] = self.conf_int(alpha)
        frame[["obs_ci_lower", "obs_ci_upper"]] = self.conf_int(alpha, obs=True)
        return frame


def derive(likelihood: LeastSquares, alpha: float) -> pd.DataFrame:
    """Inflection, peak growth and takeover time, each with its profile interval; see `Results.derived`."""
    region = _Region(likelihood, alpha)
    rows = {name: np.exp(region.measure(name)) if log else region.measure(name) for name, log in DERIVED.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["estimate", "lower", "upper"])


def measure_curve(likelihood: LeastSquares, theta: np.ndarray, name: str) -> float:
    """One of the quantities at `LeastSquares.theta`; durations and growth as logarithms."""
    family, span, shape = likelihood.batch.family, likelihood.batch.span[0], np.asarray(theta)[1:]
    if name == "takeover_years":
        early, late = _time_of_share(family, shape, np.array([0.1, 0.9]))
        return np.log(max((late - early) * span, 1e-300))
    bend = float(family.inflection(*shape))
    if name == "inflection":
        return likelihood.batch.origin[0] + span * bend
    growth = _growth_of_share(family, shape, max(bend, EARLIEST) if family.needs_launch else bend)
    level = 1 / (1 + np.exp(-theta[0])) if likelihood.batch.has_share else np.exp(theta[0])
    bound = likelihood.model.ceiling.bound_at(likelihood.last)
    return np.log(max((level if bound is None else level * bound) * growth / span, 1e-300))


def _growth_of_share(family: type[Family], theta: np.ndarray, time: float) -> float:
    """Derivative of the share by time, exact: differences would be too rough for the search of its ends.

    A curve with a date moves with it; one from a launch shrinks with its rates and stretches with its durations.
    """
    slopes = family.slopes(time, family.share(time, *theta), *theta)
    by_kind = {"date": -1.0, "rate": 0.0, "duration": 0.0, "number": 0.0}
    if family.needs_launch:
        by_kind |= {"rate": 1 / time, "duration": -1 / time}
    return float(sum(by_kind[kind] * slope for (_, kind), slope in zip(family.parameters, slopes, strict=True)))


def _time_of_share(family: type[Family], theta: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Times in spans at which the curve reaches the shares, by bisection."""
    low, high = np.full(len(shares), 0.0 if family.needs_launch else -1e6), np.full(len(shares), 1e6)
    for _ in range(90):
        middle = (low + high) / 2
        below = family.share(middle, *theta) < shares
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return high


class _Region:
    """Parameters that the data do not exclude: the objective stays below its limit."""

    def __init__(self, likelihood: LeastSquares, alpha: float) -> None:
        self.likelihood, batch = likelihood, likelihood.batch
        self.least, limit = likelihood.objective_bounds(alpha)
        self.limit = np.log(limit / self.least) if self.least > 0 else 0.0
        first = likelihood.count if batch.has_share else CEILING
        free = slice(0 if likelihood.free else 1, None)
        ranges = [limits(batch, place) for place in [first, *range(likelihood.count)][free]]
        self.start, self.fixed = likelihood.theta[free], likelihood.theta[: free.start]
        low, high = (np.array([float(pair[side][0]) for pair in ranges]) for side in (0, 1))
        errors = np.sqrt(np.diag(likelihood.covariance[free, free]))
        self.unit = np.where(np.isfinite(errors), np.clip(errors, 1e-9, 1.0), 1.0)
        self.low, self.high = ((end - self.start) / self.unit for end in (low, high))

    def _theta(self, inner: np.ndarray) -> np.ndarray:
        return np.r_[self.fixed, self.start + inner * self.unit]

    def _room(self, inner: np.ndarray) -> float:
        return self.limit - np.log(max(self.likelihood.objective(self._theta(inner)), 1e-300) / self.least)

    def measure(self, name: str) -> tuple[float, float, float]:
        """Estimate and both ends of the quantity."""
        estimate = measure_curve(self.likelihood, self.likelihood.theta, name)
        if np.isinf(self.limit):
            return estimate, -np.inf, np.inf
        if not np.isfinite(self.limit) or self.least <= 0:
            return estimate, estimate, estimate
        return estimate, self._end(name, -1, estimate), self._end(name, 1, estimate)

    def _end(self, name: str, side: int, estimate: float) -> float:
        scale = max(abs(self.likelihood.batch.span[0]), 1e-9) if name == "inflection" else 1.0

        def goal(inner: np.ndarray) -> float:
            return -side * (measure_curve(self.likelihood, self._theta(inner), name) - estimate) / scale

        best = minimize(
            goal,
            np.zeros(len(self.unit)),
            method="SLSQP",
            bounds=list(zip(self.low, self.high, strict=True)),
            constraints={"type": "ineq", "fun": self._room},
            options={"maxiter": 200, "ftol": 1e-10},
        )
        if np.any(best.x <= self.low + 1e-6) or np.any(best.x >= self.high - 1e-6) or not best.success:
            return side * np.inf
        return estimate - side * best.fun * scale


def find_outliers(likelihood: LeastSquares, resid: pd.Series, alpha: float) -> pd.DataFrame:
    """Observations that lie too far from the curve for chance; see `Results.outliers`."""
    freedom, model = likelihood.df_resid - 1, likelihood.model
    if freedom < 1 or likelihood.fit.flat[0]:
        return pd.DataFrame(columns=["student_resid", "bonf(p)"], dtype=float)
    columns = jacobian(likelihood.batch, likelihood.fit)[0]
    basis, triangle = np.linalg.qr(columns if likelihood.free else columns[:, 1:])
    basis = basis[:, np.abs(np.diag(triangle)) > 1e-10 * np.abs(triangle).max()]
    residual = (resid.to_numpy() * model.root_weights)[model.order]
    left = np.maximum(1 - (basis**2).sum(1), 1e-9)
    deleted = np.maximum(likelihood.ssr - residual**2 / left, 1e-12 * likelihood.ssr + 1e-300) / freedom
    student = residual / np.sqrt(deleted * left)
    chance = np.minimum(2 * stdtr(freedom, -np.abs(student)) * len(student), 1)
    frame = pd.DataFrame({"student_resid": student, "bonf(p)": chance}, index=model.index[model.order])
    return frame[frame["bonf(p)"] < alpha]


def resample(
    likelihood: LeastSquares, fitted: pd.Series, resid: pd.Series, repetitions: int, kind: str, seed: int
) -> pd.DataFrame:
    """Estimates from series made of the curve and its residuals, all fitted together; see `Results.resample`."""
    model, random = likelihood.model, np.random.default_rng(seed)
    if likelihood.noise != "level" or model.censored is not None:
        raise CurveError("the bootstrap serves least squares without censored values; use method='profile'")
    if likelihood.df_resid <= 0:
        raise CurveError(f"{model.nobs} observations leave no residual to draw for {likelihood.k_params} parameters")
    root = model.root_weights
    residual = resid.to_numpy() * root * np.sqrt(len(root) / likelihood.df_resid)
    if kind == "residual":
        drawn = random.choice(residual - residual.mean(), size=(repetitions, len(residual))) / root
    elif kind == "wild":
        drawn = random.choice([-1.0, 1.0], size=(repetitions, len(residual))) * residual / root
    else:
        raise CurveError(f"kind={kind!r} is unknown; choose 'residual' or 'wild'")
    batch = model.batch(fitted.to_numpy() + drawn)
    table = estimates(batch, fit_batch(batch))
    return pd.DataFrame(table if likelihood.free else table[:, 1:], columns=model.param_names)


def percentile_intervals(drawn: pd.DataFrame, alpha: float) -> pd.DataFrame:
    """Percentile intervals of resampled estimates, columns 0 and 1; series that do not rise count at neither end."""
    ends = {}
    for name, column in drawn.items():
        known = np.sort(column.dropna().to_numpy())
        place = np.clip(np.array([alpha / 2, 1 - alpha / 2]) * (len(known) + 1) - 1, 0, len(known) - 1)
        ends[name] = known[[int(np.floor(place[0])), int(np.ceil(place[1]))]] if len(known) else [np.nan, np.nan]
    return pd.DataFrame.from_dict(ends, orient="index", columns=[0, 1])
