"""The likelihoods: least squares, and quasi-binomial at a known ceiling; `censored` holds the third.

Each is an objective around its optimum, in the coordinates of the engine with the log ceiling (or the logit of the
share) first: `theta`, `covariance`, `objective`, `profile_bounds`, `scale` and `llf`. Intervals, profiles and derived
quantities take everything from it.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import fdtr, fdtri
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM

from helpers.curves.descent import descend, evaluate, fit_batch, fit_rows, jumps
from helpers.curves.engine import Batch, Fit, grid_starts, to_coordinate, to_natural, to_parameter
from helpers.curves.model import CurveModel
from helpers.curves.profile import (
    CEILING,
    count_parameters,
    covariance,
    find_crossing,
    fix,
    limits,
    noise_variance,
    profile_bounds,
    profile_target,
)
from helpers.dates import CurveError

TABLE_ALPHAS = (0.2, 0.05)
"""One minus the levels of the intervals that tables show."""
OPEN_SPAN = np.log(100.0)
"""How far an open profile is drawn past the estimate: a factor of 100, or 4.6 spans of the series for a date."""


class LeastSquares:
    """Normal errors of equal variance (over the weights) on the level, with the penalty of a prior."""

    noise = "level"

    def __init__(self, model: CurveModel, batch: Batch, fit: Fit) -> None:
        self.model, self.batch, self.fit = model, batch, fit
        self.k_params = int(count_parameters(batch)[0])
        self.df_resid = model.nobs - self.k_params
        self.ssr = float(fit.ssr[0])
        self.free, self.count = bool(model.ceiling.name), len(model.parameters)
        self.last = float(batch.origin[0] + batch.span[0])  # decimal year of the last observation
        self._ends: dict[tuple[int | str, float], tuple[float, float]] = {}

    def drop_data(self) -> None:
        """Let go of what is as long as the series; whatever has been computed stays."""
        self.batch = replace(self.batch, times=None, target=None, scale=None)

    @property
    def theta(self) -> np.ndarray:
        """Coordinates of the optimum, with the log ceiling (or the logit of the share) first, (1 + p,)."""
        ceiling = self.fit.ceiling[0]
        first = to_coordinate(self.batch, "share" if self.batch.has_share else "number", np.maximum(ceiling, 1e-300))
        return np.r_[first, self.fit.theta[: self.count, 0]]

    @cached_property
    def covariance(self) -> np.ndarray:
        """Covariance of `theta`, (1 + p, 1 + p); NaN for what is not estimated or lies on the boundary."""
        return covariance(self.batch, self.fit, natural=False)[0]

    @property
    def scale(self) -> float:
        """Residual variance with the degrees-of-freedom correction."""
        return self.ssr / self.df_resid if self.df_resid > 0 else np.nan

    @property
    def llf(self) -> float:
        """Gaussian log-likelihood at its maximum over the variance; infinite for a perfect fit."""
        if self.ssr <= 0:
            return np.inf
        nobs, weights = self.model.nobs, self.model.weights
        by_weights = 0.0 if weights is None else 0.5 * np.log(weights).sum()
        return -0.5 * nobs * (np.log(2 * np.pi * self.ssr / nobs) + 1) + by_weights

    def observation_variance(self, share: np.ndarray, scale: np.ndarray | float) -> np.ndarray:
        """Variance of a new observation around the curve, (h,), where the curve has this share of the bound `scale`."""
        return np.full(len(share), self.scale)

    def objective(self, theta: np.ndarray) -> float:
        """Sum of squares, with the penalty of a prior, at theta."""
        if self.batch.has_share:
            return float(evaluate(self.batch, np.r_[theta[1:], theta[0]][:, None]).objective[0])
        fixed = fix(self.batch, theta[1:, None], CEILING, np.array([theta[0]]))[0]
        return float(evaluate(fixed, theta[1:, None]).objective[0])

    def objective_bounds(self, alpha: float) -> tuple[float, float]:
        """Objective at the optimum, and its limit in the region that the data do not exclude at level 1 - alpha."""
        least = self.fit.objective[0]
        return least, least + profile_target(self.batch, self.fit, alpha)[0]

    def profile_bounds(self, coordinate: int | str, alpha: float) -> dict[float, tuple[float, float]]:
        """Ends of the profile interval of a coordinate, or of the log ceiling; infinite where open.

        A dict by alpha: the two levels that tables show are searched together, which takes as long as one of them.
        """
        alphas = TABLE_ALPHAS if alpha in TABLE_ALPHAS else (alpha,)
        if self.df_resid <= 0:
            return dict.fromkeys(alphas, (-np.inf, np.inf))
        rows = np.zeros(len(alphas), int)
        lower, upper = profile_bounds(self.batch.take(rows), self.fit.take(rows), coordinate, np.array(alphas))
        return dict(zip(alphas, zip(lower.tolist(), upper.tolist(), strict=True), strict=True))

    # ---- parameters, in whose names everybody else asks

    def coordinate(self, parameter: str) -> int | str:
        """Coordinate of the engine for a parameter's name; "share" and "ceiling" both name an estimated ceiling."""
        if self.free and parameter in ("ceiling", "share"):
            return self.count if self.batch.has_share else CEILING
        names = self.model.param_names
        if parameter not in names:
            raise CurveError(f"no estimated parameter {parameter!r}: choose among {', '.join(names)}")
        return names.index(parameter) - self.free

    def kind(self, coordinate: int | str) -> str:
        """Kind of a coordinate, as `to_parameter` takes it."""
        if isinstance(coordinate, str):  # the ceiling
            return "number"
        return "share" if coordinate == self.count else self.model.parameters[coordinate][1]

    def bounds_of(self, coordinate: int | str, alpha: float) -> tuple[float, float]:
        """`profile_bounds` at one level, kept."""
        if (coordinate, alpha) not in self._ends:
            if self.batch.times is None:
                raise CurveError(f"remove_data() dropped the observations before alpha={alpha:g} was asked for")
            ends = self.profile_bounds(coordinate, alpha)
            self._ends |= {(coordinate, level): pair for level, pair in ends.items()}
        return self._ends[coordinate, alpha]

    def interval(self, parameter: str, alpha: float) -> np.ndarray:
        """Ends of the profile interval of one parameter, (2,); an end without crossing is infinite (0 for a rate)."""
        coordinate = self.coordinate(parameter)
        return to_parameter(self.batch, self.kind(coordinate), np.array(self.bounds_of(coordinate, alpha)))

    def _profile_values(self, coordinate: int | str, points: int, alpha: float = 0.05) -> np.ndarray:
        low, high = (float(limit[0]) for limit in limits(self.batch, coordinate))
        centre = np.log(self.fit.ceiling[0]) if coordinate == CEILING else self.fit.theta[coordinate, 0]
        centre = float(np.clip(centre, low, high))
        ends = zip(self.bounds_of(coordinate, alpha), (-1, 1), strict=True)
        reach = [1.3 * (end - centre) if np.isfinite(end) else side * OPEN_SPAN for end, side in ends]
        below = np.linspace(max(low, centre + reach[0]), centre, points // 2 + 1)
        return np.unique(np.r_[below, np.linspace(centre, min(high, centre + reach[1]), points - points // 2)])

    def profile(self, parameter: str, points: int, values: np.ndarray | None = None) -> pd.DataFrame:
        """Sum of squares along one parameter, the others refitted; see `Results.profile`."""
        batch, fit, coordinate = self.batch, self.fit, self.coordinate(parameter)
        if fit.flat[0] or self.df_resid < 0:
            return pd.DataFrame(columns=[parameter, "ssr", "statistic", "confidence"], dtype=float)
        kind = self.kind(coordinate)
        if values is None:
            values = self._profile_values(coordinate, points)
        else:
            values = to_coordinate(batch, kind, np.asarray(values, float))
        rows = np.zeros(len(values), int)
        work, theta, fixed = fix(batch.take(rows), fit.theta[:, rows], coordinate, values)
        if coordinate == CEILING:  # from the estimate, and from the grid
            more, starts = grid_starts(work, most=2)
            theta = fit_rows(work, np.r_[np.arange(len(values)), more], np.hstack([theta, starts]), 55, 1e-5).theta
        else:
            theta = descend(work, theta, fixed, 40, 1e-5)[0]
        state = evaluate(work, theta)
        frame = pd.DataFrame({parameter: to_parameter(batch, kind, values), "ssr": state.ssr})
        with np.errstate(divide="ignore", invalid="ignore"):  # a perfect fit leaves no noise to measure by
            frame["statistic"] = np.maximum(state.objective - fit.objective[0], 0) / noise_variance(batch, fit)[0]
        frame["confidence"] = fdtr(1, self.df_resid, frame["statistic"]) if self.df_resid > 0 else np.nan
        others = [*([state.ceiling] if self.free else []), *to_natural(work, theta)[0]]
        pairs = zip(self.model.param_names, others, strict=True)
        return frame.assign(**{name: value for name, value in pairs if name != parameter})


def fit_level(model: CurveModel) -> LeastSquares:
    """Least squares on the level."""
    batch = model.batch()
    return LeastSquares(model, batch, fit_batch(batch))


# ---- quasi-binomial: a generalised linear model of the share


def fit_binomial(model: CurveModel) -> QuasiBinomial:
    """Fit the share of the known ceiling by quasi-likelihood: binomial mean and variance, dispersion from Pearson's X2.

    Raises
    ------
    CurveError
        If the ceiling is not known, or an observation lies outside 0 to the ceiling.
    """
    if model.ceiling.kind not in ("known", "share"):
        raise CurveError("noise='binomial' needs a known ceiling: a number or Share(bound, share)")
    if model.per_period or model.censored is not None:
        raise CurveError("noise='binomial' takes levels without censored values; use noise='level'")
    batch = model.batch()
    share = batch.target[0] / batch.scale[0]
    share = share / batch.ceiling[0]
    if share.min() < 0 or share.max() > 1:
        raise CurveError(
            f"{model.endog_name}: {share.max():.4g} of the ceiling is observed; it must lie between 0 and 1"
        )
    if model.log_time and batch.times[0].min() <= 0:
        raise CurveError("an observation lies at or before the launch; leave it out or set an earlier launch")
    return QuasiBinomial(model, batch, share)


class QuasiBinomial(LeastSquares):
    """Binomial mean and variance of the share; `glm` is statsmodels' own result.

    A quasi-likelihood has no likelihood: `llf` and with it the information criteria are NaN. `scale` is the dispersion.
    """

    noise = "binomial"
    llf = np.nan

    def __init__(self, model: CurveModel, batch: Batch, share: np.ndarray) -> None:
        self.model, self.share = model, share
        self.weights = np.ones(len(share)) if model.weights is None else model.weights[model.order]
        self.line = np.log(batch.times[0]) if model.log_time else batch.times[0]
        self.one, self.has_slope = np.ones_like(self.line), len(model.parameters) > 1
        self.glm = self._glm([self.one, self.line]) if self.has_slope else self._glm([self.one], self.line)
        rises = not self.has_slope or self.glm.params[-1] > 0
        count = len(model.parameters)
        theta, turn = self._to_coordinates(self.glm.params) if rises else (np.zeros(count), np.eye(count))
        self.turn = turn
        curve = model.share(batch.times[0], *theta) * batch.scale[0]
        residual = batch.target[0] - batch.ceiling[0] * curve
        ssr, no = np.array([residual @ residual]), np.array([False])
        converged, boundary = np.array([bool(self.glm.converged)]), np.zeros((count, 1), int)
        step = jumps(batch, batch.ceiling[:, None]).min(1, initial=np.inf) <= 1e-14 * np.sum(batch.target**2)
        step &= self.has_slope
        fit = Fit(theta[:, None], batch.ceiling, ssr, ssr, boundary, no, np.array([not rises]), step, converged)
        super().__init__(model, batch, fit)

    def _glm(self, columns: list[np.ndarray], offset: np.ndarray | None = None) -> Any:
        family = Binomial(link=self.model.link)
        glm = GLM(self.share, np.column_stack(columns), family, offset=offset, var_weights=self.weights)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fitted = glm.fit(scale="X2", tol=1e-12, maxiter=200, use_t=True)
            _ = fitted.deviance  # statsmodels computes it when asked first, and may warn then
            return fitted

    def _to_coordinates(self, coefficients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Coordinates of the engine and their derivatives by the coefficients: log slope, and where the line is 0."""
        if not self.has_slope:
            return coefficients.copy(), np.ones((1, 1))
        constant, slope = coefficients
        values = [np.log(slope), -constant / slope]
        rows = [np.array([0.0, 1 / slope]), np.array([-1 / slope, constant / slope**2])]
        order = slice(None, None, -1 if self.model.log_time else 1)  # a scale and a shape; else a rate and a midpoint
        return np.array(values[order]), np.array(rows[order])

    def _fixed_deviance(self, coordinate: int, value: float) -> float:
        """Least deviance with one coordinate fixed."""
        if not self.has_slope:
            return self._deviance(-np.expm1(-np.exp(self.line + value)))
        if (coordinate == 0) != self.model.log_time:
            return self._glm([self.one], np.exp(value) * self.line).deviance
        return self._glm([self.line - value]).deviance

    def _deviance(self, share: np.ndarray) -> float:
        return self.glm.family.deviance(self.share, np.clip(share, 1e-300, 1 - 1e-16), var_weights=self.weights)

    @cached_property
    def covariance(self) -> np.ndarray:
        """Covariance of `theta`, from the model's; the ceiling is not estimated: NaN."""
        known = self.turn @ self.glm.cov_params() @ self.turn.T if self.glm.df_resid > 0 else self.turn * np.nan
        return np.pad(known, ((1, 0), (1, 0)), constant_values=np.nan)

    @property
    def scale(self) -> float:
        """Dispersion: Pearson's X2 over the degrees of freedom."""
        return float(self.glm.scale) if self.df_resid > 0 else np.nan

    def observation_variance(self, share: np.ndarray, scale: np.ndarray | float) -> np.ndarray:
        """Dispersion times share times one less share, in the units of the series."""
        return self.scale * share * (1 - share) * (self.fit.ceiling[0] * scale) ** 2

    def objective(self, theta: np.ndarray) -> float:
        """Deviance at theta."""
        return self._deviance(self.model.share(self.batch.times[0], *theta[1:]))

    def objective_bounds(self, alpha: float) -> tuple[float, float]:
        """Deviance at the optimum, and its limit in the region that the data do not exclude."""
        if self.df_resid <= 0:
            return self.glm.deviance, np.inf
        return self.glm.deviance, self.glm.deviance + fdtri(1, self.df_resid, 1 - alpha) * self.scale

    def profile_bounds(self, coordinate: int | str, alpha: float) -> dict[float, tuple[float, float]]:
        """Ends of the quasi-likelihood F profile of a coordinate."""
        if self.fit.flat[0] or self.df_resid <= 0:
            return {alpha: (-np.inf, np.inf)}
        least, limit = self.objective_bounds(alpha)
        assert isinstance(coordinate, int)  # the ceiling is known

        def rise(value: float) -> float:
            return self._fixed_deviance(coordinate, value) - least

        centre, step = self.fit.theta[coordinate, 0], np.sqrt(self.covariance[coordinate + 1, coordinate + 1])
        ends = zip(limits(self.batch, coordinate), (-1, 1), strict=True)
        low, high = (find_crossing(rise, centre, limit - least, float(end[0]), step, side) for end, side in ends)
        return {alpha: (low, high)}
