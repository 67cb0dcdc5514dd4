"""What follows from a fit: predictions, inflection, peak growth and takeover time; outliers; the bootstrap."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import fdtrc, stdtr
from statsmodels.stats.stattools import durbin_watson

from ..base.dates import CurveError, Times, decimal_years, to_dates
from .descent import evaluate, jacobian
from .engine import Batch, Family, Fit, coordinates, estimates, time_of_share, to_parameter
from .inputs import check_alpha
from .likelihoods import LeastSquares
from .model import CurveModel
from .profile import covariance, limits
from .search import fit_batch

EARLIEST = 1e-5
"""Spans after the launch at which growth that falls from the start is measured."""
DERIVED = {"inflection": False, "peak_growth": True, "takeover_years": True}
"""The derived quantities, and whether they are searched as logarithms."""
MAX_STEPS_AHEAD = 1000
"""As many steps are rather a year."""


def measure_curve(likelihood: LeastSquares, theta: np.ndarray, name: str) -> float:
    """One of the quantities at `LeastSquares.theta`; durations and growth as logarithms."""
    family, span = getattr(likelihood.batch.family, "base", likelihood.batch.family), likelihood.batch.span[0]
    shape = np.asarray(theta)[1 : 1 + len(family.parameters)]  # without level shifts, which move no adopter
    if name == "takeover_years":
        early, late = time_of_share(family, shape, np.array([0.1, 0.9]))
        return np.log(max((late - early) * span, 1e-300))
    steepest = float(family.inflection(*shape))
    if name == "inflection":
        return likelihood.batch.origin[0] + span * steepest
    growth = _growth_of_share(family, shape, max(steepest, EARLIEST) if family.needs_launch else steepest)
    level = 1 / (1 + np.exp(-theta[0])) if likelihood.batch.has_share else np.exp(theta[0])
    level = level * likelihood.model.ceiling.bound_at(likelihood.last)
    return np.log(max(level * growth / span, 1e-300))


def _growth_of_share(family: type[Family], theta: np.ndarray, time: float) -> float:
    """Derivative of the share by time, exact: differences would be too rough for the search of its ends.

    A curve with a date moves with it; one from a launch grows faster with its rates and slower with its durations.
    """
    slopes = family.slopes(time, family.share(time, *theta), *theta)
    by_kind = {"rate": 1 / time, "duration": -1 / time} if family.needs_launch else {"date": -1.0}
    return float(np.dot([by_kind.get(kind, 0.0) for _, kind in family.parameters], slopes))


def measure_all(likelihood: LeastSquares, alpha: float) -> pd.DataFrame:
    """Each quantity with its profile interval under one likelihood: estimate, lower, upper."""
    batch, best = likelihood.batch, np.r_[likelihood.theta, likelihood.nuisance]
    free = slice(0 if likelihood.free else 1, None)
    with np.errstate(invalid="ignore"):
        errors = np.sqrt(np.diag(likelihood.covariance[free, free]))
    unit = np.r_[np.where(np.isfinite(errors), np.clip(errors, 1e-9, 1.0), 1.0), np.ones_like(likelihood.nuisance)]
    ranges = np.column_stack([part[likelihood.places, 0] for part in limits(batch)])
    ranges = np.vstack([ranges, np.add.outer(likelihood.nuisance, [-20.0, 20.0])])
    low, high = (ranges.T - best[free]) / unit
    least, limit = likelihood.objective_bounds(alpha)
    allowed = np.log(limit / least) if least > 0 else 0.0

    def move(inner: np.ndarray) -> np.ndarray:
        return np.r_[best[: free.start], best[free] + inner * unit]

    def room(inner: np.ndarray) -> float:
        return allowed - np.log(max(likelihood.objective(move(inner)), 1e-300) / least)

    def find_end(name: str, side: int, estimate: float) -> float:
        scale = max(abs(batch.span[0]), 1e-9) if name == "inflection" else 1.0
        found = minimize(
            lambda inner: -side * (measure_curve(likelihood, move(inner), name) - estimate) / scale,
            np.zeros(len(unit)), method="SLSQP", bounds=np.column_stack([low, high]),
            constraints={"type": "ineq", "fun": room}, options={"maxiter": 200, "ftol": 1e-10},
        )  # fmt: skip
        if np.any(found.x <= low + 1e-6) or np.any(found.x >= high - 1e-6) or not found.success:
            return side * np.inf
        return estimate - side * found.fun * scale

    rows = {}
    for name, is_log in DERIVED.items():
        estimate = measure_curve(likelihood, best, name)
        ends = [side * np.inf if np.isposinf(allowed) else estimate for side in (-1, 1)]
        if likelihood.fit.flat[0]:
            ends = [-np.inf, np.inf]
        elif np.isfinite(allowed) and least > 0:
            ends = [find_end(name, side, estimate) for side in (-1, 1)]
        rows[name] = np.exp([estimate, *ends]) if is_log else [estimate, *ends]
    return pd.DataFrame.from_dict(rows, orient="index", columns=["estimate", "lower", "upper"])


def draw_series(likelihood: LeastSquares, repetitions: int, kind: str, seed: int) -> tuple[Batch, Fit]:
    """Series made of the fitted curve and its residuals, freed of their correlation, and their fits; see `resample`."""
    batch, model = likelihood.batch, likelihood.model
    if likelihood.noise != "level" or model.censored is not None:
        raise CurveError("the bootstrap serves least squares without censored values; use method='profile'")
    if likelihood.df_resid <= 0:
        raise CurveError(f"{model.nobs} observations leave no residual to draw for {likelihood.k_params} parameters")
    if kind not in ("residual", "wild"):
        raise CurveError(f"kind={kind!r} is unknown; choose 'residual' or 'wild'")
    random, shape = np.random.default_rng(seed), (repetitions, batch.target.shape[1])
    residual = _residual(likelihood)
    curve, residual = batch.target[0] - residual, residual * np.sqrt(shape[1] / likelihood.df_resid)
    if kind == "wild":
        drawn = random.choice([-1.0, 1.0], size=shape) * residual
    else:
        drawn = random.choice(residual - residual.mean(), size=shape)
    drawn = replace(batch.take(np.zeros(repetitions, int)), target=curve + drawn)
    return drawn, fit_batch(drawn)


def bootstrap_intervals(
    likelihood: LeastSquares, alpha: float, repetitions: int = 999, kind: str = "residual", seed: int = 0
) -> np.ndarray:
    """Bootstrap-t intervals of the estimated parameters, (k, 2), in the coordinates of the search (Efron 1981).

    Each resampled series is measured by its own standard error, which percentiles are not: they cover .79 to .89 at
    six and eight points. A series whose optimum runs away has none and counts against the upper end;
    where none of them rises there is no interval.
    """
    drawn, fit = draw_series(likelihood, repetitions, kind, seed)
    free = not likelihood.free
    if fit.flat.all():
        return np.full((len(likelihood.places), 2), np.nan)
    found = coordinates(drawn, fit).T[:, free:]
    errors = np.sqrt(np.diagonal(covariance(drawn, fit, natural=False), axis1=1, axis2=2))[:, free:]
    own, best = np.sqrt(np.diag(likelihood.covariance))[free:], likelihood.theta[free:]
    with np.errstate(invalid="ignore", divide="ignore"):
        scores = np.sort(np.where(errors > 0, (found - best) / errors, -np.inf)[~fit.flat], axis=0)
    place = np.array([1 - alpha / 2, alpha / 2]) * (len(scores) + 1) - 1
    low, high = np.clip([np.ceil(place[0]), np.floor(place[1])], 0, len(scores) - 1).astype(int)
    ends = np.column_stack([best - scores[low] * own, best - scores[high] * own])
    kinds = [likelihood.kind(place) for place in likelihood.places]
    return np.array([to_parameter(likelihood.batch, kind, pair) for kind, pair in zip(kinds, ends, strict=True)])


def _tangent_basis(likelihood: LeastSquares) -> np.ndarray:
    """Orthonormal basis of the directions in which the parameters move the curve, (n, k), oldest observation first."""
    columns = np.stack(jacobian(likelihood.batch, likelihood.fit.theta, likelihood.fit.ceiling), axis=2)[0]
    basis, triangle = np.linalg.qr(columns if likelihood.free else columns[:, 1:])
    return basis[:, np.abs(np.diag(triangle)) > 1e-10 * np.abs(triangle).max()]


def _residual(likelihood: LeastSquares) -> np.ndarray:
    """What is new in each error, weighted, (n,), oldest observation first."""
    curve = evaluate(likelihood.batch, likelihood.fit.theta).curve[0]
    return likelihood.batch.target[0] - likelihood.fit.ceiling[0] * curve


def prediction_dates(model: CurveModel, ahead: Times) -> Times:
    """Dates or numbers as they are, and a whole number as that many steps at the median spacing of the observations."""
    if not isinstance(ahead, int | np.integer):
        return ahead
    if not 0 < ahead < MAX_STEPS_AHEAD:
        raise CurveError(
            f"steps={ahead}; it must lie between 0 and {MAX_STEPS_AHEAD}; a year is asked for as [{ahead}]"
        )
    known = np.unique(model.exog)
    years = known[-1] + np.arange(1, ahead + 1) * (np.median(np.diff(known)) if len(known) > 1 else 1.0)
    dates = to_dates(known)
    if model.is_dated and len(dates) > 1 and dates.is_month_end.all():  # ends of months stay ends of months
        months = int(np.median(np.diff(12 * dates.year + dates.month)))
        return pd.date_range(dates[-1], periods=ahead + 1, freq=pd.offsets.MonthEnd(months))[1:]
    return to_dates(years) if model.is_dated else years


class Derived:
    """The methods of `Results` that search and draw on from a fit."""

    def derived(self: Any, alpha: float = 0.05) -> pd.DataFrame:
        """Inflection, peak growth and takeover time, each with its profile interval.

        The interval is the range over all parameters whose sum of squares stays below the F limit. An end that the
        search pushes to the limits of the parameters is infinite or 0.

        Parameters
        ----------
        alpha : float
            One minus the level.

        Returns
        -------
        DataFrame
            Rows inflection (decimal year; the launch where growth falls from the start), peak_growth (units of the
            series a year, at the last value of a bound) and takeover_years (10 to 90 % of the ceiling); columns
            estimate, lower, upper. At a `limit` they are those of the nested family.
        """
        check_alpha(alpha)
        self.need_data("derived()")
        if self.limit:
            return self.nested.derived(alpha)
        if self.flag and not np.isfinite(self.params).all():
            return pd.DataFrame(np.nan, index=list(DERIVED), columns=["estimate", "lower", "upper"])
        frames = [measure_all(likelihood, alpha) for likelihood in self.likelihoods]
        ends = frames[0].assign(lower=np.minimum.reduce([frame["lower"] for frame in frames]))
        return ends.assign(upper=np.maximum.reduce([frame["upper"] for frame in frames]))

    def outliers(self: Any, alpha: float = 0.05) -> pd.DataFrame:
        """Observations that lie too far from the curve for chance.

        Externally studentised residuals with a Bonferroni t test, as statsmodels' `outlier_test` has for linear models.

        Parameters
        ----------
        alpha : float
            The chance that a clean series yields any.

        Returns
        -------
        DataFrame
            student_resid and bonf(p) by observation; empty where fewer than two degrees of freedom are left.
        """
        check_alpha(alpha)
        self.need_data("outliers()")
        likelihood = self.likelihood
        freedom, model = likelihood.df_resid - 1, likelihood.model
        if freedom < 1 or likelihood.fit.flat[0]:
            return pd.DataFrame(columns=["student_resid", "bonf(p)"], dtype=float)
        basis, residual = _tangent_basis(likelihood), _residual(likelihood)
        left = np.maximum(1 - (basis**2).sum(1), 1e-9)
        deleted = np.maximum(likelihood.ssr - residual**2 / left, 1e-12 * likelihood.ssr + 1e-300) / freedom
        student = residual / np.sqrt(deleted * left)
        chance = np.minimum(2 * stdtr(freedom, -np.abs(student)) * len(student), 1)
        frame = pd.DataFrame({"student_resid": student, "bonf(p)": chance}, index=model.index[model.order])
        return frame[frame["bonf(p)"] < alpha]

    def forecast(self: Any, steps: Times = 1) -> pd.Series:
        """Curve after the last observation; for intervals see `get_prediction`.

        Parameters
        ----------
        steps : int, or dates or decimal years
            Steps continue at the median spacing of the observations.

        Returns
        -------
        Series
            Indexed by date.
        """
        return self.predict(prediction_dates(self.model, steps))

    def simulate(self: Any, steps: Times = 1, repetitions: int = 1, seed: int = 0) -> pd.DataFrame:
        """Draw new observations: the curve as estimated, and normal errors of the fit's kind and variance.

        Where errors are not known, independent ones are drawn.

        Parameters
        ----------
        steps : int, or dates or decimal years
            As in `forecast`.
        repetitions : int
            Number of series.
        seed : int
            Of numpy's default_rng.

        Returns
        -------
        DataFrame
            Dates as index, one series a column.

        Raises
        ------
        CurveError
            Without a curve or a residual variance; for cumulative errors at dates that do not increase.
        """
        made = self.get_prediction(prediction_dates(self.model, steps))
        spread = made.error_sd
        if not np.isfinite(made.predicted_mean + made.se_obs).all():
            raise CurveError(f"{self.model.endog_name}: no curve or no residual variance to draw from: {self.flag}")
        errors = np.random.default_rng(seed).normal(size=(repetitions, len(spread))).T
        size = spread.to_numpy()
        if self.likelihood.first is not None:  # each standardised error carries a part of the one before
            if (np.diff(decimal_years(made.predicted_mean.index)) <= 0).any():
                raise CurveError("cumulative errors are drawn in the order of time: ask for dates that increase")
            for place, part in enumerate(size[:-1] / np.maximum(size[1:], 1e-300), start=1):
                errors[place] = part * errors[place - 1] + np.sqrt(1 - part**2) * errors[place]
        return pd.DataFrame(made.predicted_mean.to_numpy()[:, None] + size[:, None] * errors, spread.index)

    def test_serial_correlation(self: Any) -> pd.Series:
        """Ask whether each residual goes with the one before.

        The test is Breusch and Godfrey's of the first order in its F form: the lagged residual beside the directions in
        which the parameters move the curve, which take out what fitting them did to the residuals.

        Returns
        -------
        Series
            durbin_watson (2 without correlation), lag_1 (correlation), f_statistic, p_value; NaN where there are too
            few residuals, or a likelihood without equal variances.
        """
        self.need_data("a test of the residuals")
        likelihood, model = self.likelihood, self.likelihood.model
        names = ["durbin_watson", "lag_1", "f_statistic", "p_value"]
        values = pd.Series(np.nan, index=names)
        residual = _residual(likelihood)
        total = residual @ residual
        if len(residual) < 3 or likelihood.fit.flat[0] or not total > 1e-20 * (model.endog @ model.endog):
            return values
        values["durbin_watson"] = durbin_watson(residual)
        values["lag_1"] = (residual[1:] @ residual[:-1]) / total
        basis = _tangent_basis(likelihood)
        freedom = len(residual) - basis.shape[1] - 1
        if freedom > 0 and likelihood.noise == "level":
            lagged = np.r_[0.0, residual[:-1]]
            lagged = lagged - basis @ (basis.T @ lagged)
            explained = (lagged @ residual) ** 2 / max(lagged @ lagged, 1e-300)
            left = total - (basis.T @ residual) @ (basis.T @ residual) - explained
            values["f_statistic"] = explained / left * freedom if left > 1e-12 * total else np.inf
            values["p_value"] = fdtrc(1, freedom, values["f_statistic"])
        return values

    def resample(self: Any, repetitions: int = 999, kind: str = "residual", seed: int = 0) -> pd.DataFrame:
        """Bootstrap: estimates from series made of the curve and its residuals, all fitted together.

        Errors are taken to be independent where they are not known; those that are correlated are drawn as what is
        new in each.

        Parameters
        ----------
        repetitions : int
            Number of series.
        kind : {"residual", "wild"}
            Residuals drawn with replacement after centring and scaling by sqrt(n / df); or each residual keeps its
            place and gets a random sign, for errors of unequal size (Wu 1986).
        seed : int
            Of numpy's default_rng.

        Returns
        -------
        DataFrame
            One row per series, the parameters as columns; those that diverge are infinite, not left out.

        Raises
        ------
        CurveError
            For an unknown kind, no degrees of freedom, or a binomial or censored fit.
        """
        self.need_data("the bootstrap")
        likelihood = self.likelihood
        table = estimates(*draw_series(likelihood, repetitions, kind, seed))
        return pd.DataFrame(table if likelihood.free else table[:, 1:], columns=self.param_names)
