"""The quasi-binomial likelihood at a known ceiling: a generalised linear model of the share."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import fdtri
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM

from ..base.dates import CurveError
from .crossings import CrossingSearch
from .descent import evaluate
from .engine import Fit
from .likelihoods import LeastSquares
from .model import CurveModel
from .profile import limits
from .search import jumps


def fit_binomial(model: CurveModel) -> QuasiBinomial:
    """Fit the share of the known ceiling by quasi-likelihood: binomial mean and variance, dispersion from Pearson's X2.

    Raises
    ------
    CurveError
        If the ceiling is not known, or an observation lies outside 0 to the ceiling.
    """
    _check(model)
    batch = model.batch()
    share = batch.target[0] / batch.scale[0]
    share = share / batch.ceiling[0]
    if share.min() < 0 or share.max() > 1:
        raise CurveError(
            f"{model.endog_name}: {share.max():.4g} of the ceiling is observed; it must lie between 0 and 1"
        )
    if model.log_time and batch.times[0].min() <= 0:
        raise CurveError("an observation lies at or before the launch; leave it out or set an earlier launch")
    weights = np.ones(len(share)) if model.weights is None else model.weights[model.order]
    regression = ShareRegression(model, share, np.log(batch.times[0]) if model.log_time else batch.times[0], weights)
    glm = regression.fit()
    rises = not regression.has_slope or (glm.params[-1] > 0 and np.ptp(share) > 0)
    count = len(model.parameters)
    theta, turn = regression.to_coordinates(glm.params) if rises else (np.zeros(count), np.eye(count))
    residual = batch.target[0] - batch.ceiling[0] * (model.share(batch.times[0], *theta) * batch.scale[0])
    ssr, no = np.array([residual @ residual]), np.array([False])
    converged, boundary = np.array([bool(glm.converged)]), np.zeros((count, 1), int)
    step = jumps(batch, batch.ceiling[:, None]).min(1, initial=np.inf) <= 1e-14 * np.sum(batch.target**2)
    step &= regression.has_slope
    fit = Fit(theta[:, None], batch.ceiling, ssr, ssr, boundary, no, np.array([not rises]), step, converged)
    return QuasiBinomial(LeastSquares(model, batch, fit), regression, glm, turn)


def _check(model: CurveModel) -> None:
    """Refuse a model that has no binomial likelihood."""
    if model.ceiling.kind not in ("known", "share"):
        raise CurveError("noise='binomial' needs a known ceiling: a number or Share(bound, share)")
    if model.shift_sds:
        raise CurveError("noise='binomial' takes no level shifts; use noise='level'")
    if model.per_period or model.censored is not None:
        raise CurveError("noise='binomial' takes levels without censored values; use noise='level'")
    if model.errors == "cumulative" or model.variance != "constant" or model.known_se is not None:
        raise CurveError("noise='binomial' says itself how large errors are, and that they are independent")


@dataclass(frozen=True)
class ShareRegression:
    """The share as a generalised linear model of time, or of its logarithm, with the link of the family."""

    model: CurveModel
    share: np.ndarray  # (n,) oldest first
    line: np.ndarray  # (n,) time in spans, or its logarithm
    weights: np.ndarray  # (n,)

    @property
    def has_slope(self) -> bool:
        """False where the slope is 1 and only the height of the line is estimated."""
        return len(self.model.parameters) > 1

    @property
    def family(self) -> Binomial:
        """Binomial with the link of the curve."""
        return Binomial(link=self.model.link)

    def fit(self) -> Any:
        """Fit the share by its line in time; statsmodels' own result."""
        one = np.ones_like(self.line)
        return self._fit([one, self.line]) if self.has_slope else self._fit([one], self.line)

    def _fit(self, columns: list[np.ndarray], offset: np.ndarray | None = None) -> Any:
        glm = GLM(self.share, np.column_stack(columns), self.family, offset=offset, var_weights=self.weights)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                fitted = glm.fit(scale="X2", tol=1e-12, maxiter=200, use_t=True)
            except ValueError as error:
                name = self.model.endog_name
                raise CurveError(f"{name}: there is no binomial fit ({error}); use noise='level'") from None
            _ = fitted.deviance  # statsmodels computes it when asked first, and may warn then
            return fitted

    def to_coordinates(self, coefficients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Coordinates of the engine and their derivatives by the coefficients: log slope, and where the line is 0."""
        if not self.has_slope:
            return coefficients.copy(), np.ones((1, 1))
        constant, slope = coefficients
        values = [np.log(slope), -constant / slope]
        rows = [np.array([0.0, 1 / slope]), np.array([-1 / slope, constant / slope**2])]
        order = slice(None, None, -1 if self.model.log_time else 1)  # a scale and a shape; else a rate and a midpoint
        return np.array(values[order]), np.array(rows[order])

    def fix(self, place: int, value: float) -> tuple[float, np.ndarray]:
        """Least deviance with one coordinate fixed, and the coordinates there."""
        if not self.has_slope:
            return self.deviance(-np.expm1(-np.exp(self.line + value))), np.array([value])
        if (place == 1) != self.model.log_time:
            glm, slope = self._fit([np.ones_like(self.line)], np.exp(value) * self.line), np.exp(value)
            coefficients = np.array([glm.params[0], slope])
        else:
            glm = self._fit([self.line - value])
            coefficients = glm.params[0] * np.array([-value, 1.0])
        with np.errstate(invalid="ignore", divide="ignore"):
            return glm.deviance, self.to_coordinates(coefficients)[0]

    def deviance(self, share: np.ndarray) -> float:
        """Deviance of the observed share from another."""
        return self.family.deviance(self.share, np.clip(share, 1e-300, 1 - 1e-16), var_weights=self.weights)


class QuasiBinomial(LeastSquares):
    """Binomial mean and variance of the share; `glm` is statsmodels' own result.

    A quasi-likelihood has no likelihood: `llf` and with it the information criteria are NaN. `scale` is the dispersion.
    """

    noise = "binomial"
    llf = np.nan
    together = ()

    def __init__(self, level: LeastSquares, regression: ShareRegression, glm: Any, turn: np.ndarray) -> None:
        super().__init__(level.model, level.batch, level.fit)
        self.regression, self.glm = regression, glm
        self.turn = turn  # derivatives of the coordinates by the coefficients of the regression

    def drop_data(self) -> None:
        """Let go of what is as long as the series, but for statsmodels' result."""
        super().drop_data()
        del self.regression

    @cached_property
    def covariance(self) -> np.ndarray:
        """Covariance of `theta`, from the model's; the ceiling is not estimated: NaN."""
        known = self.turn @ self.glm.cov_params() @ self.turn.T if self.glm.df_resid > 0 else self.turn * np.nan
        return np.pad(known, ((1, 0), (1, 0)), constant_values=np.nan)

    @property
    def scale(self) -> float:
        """Dispersion: Pearson's X2 over the degrees of freedom."""
        return float(self.glm.scale) if self.df_resid > 0 else np.nan

    def observation_variance(self, share: np.ndarray, scale: np.ndarray | float, years: np.ndarray) -> np.ndarray:
        """Dispersion times share times one less share, in the units of the series."""
        return self.scale * share * (1 - share) * (self.fit.ceiling[0] * scale) ** 2

    def objective(self, theta: np.ndarray) -> float:
        """Deviance at theta."""
        return self.regression.deviance(self.model.share(self.batch.times[0], *theta[1:]))

    def objective_bounds(self, alpha: float) -> tuple[float, float]:
        """Deviance at the optimum, and its limit in the region that the data do not exclude."""
        if self.df_resid <= 0:
            return self.glm.deviance, np.inf
        return self.glm.deviance, self.glm.deviance + fdtri(1, self.df_resid, 1 - alpha) * self.scale

    def profile_bounds(self, places: np.ndarray, alphas: tuple[float, ...]) -> np.ndarray:
        """Ends of the quasi-likelihood F profiles of some of the coordinates."""
        k, centre = len(places), np.tile(self.theta[places], 2)
        if self.fit.flat[0]:
            return np.tile([-np.inf, np.inf], (1, k, 1))
        least, highest = self.objective_bounds(*alphas)
        if not highest > least:  # a perfect fit
            return centre.reshape(1, 2, k).swapaxes(1, 2)
        place, side = np.tile(places, 2), np.repeat([-1.0, 1.0], k)

        def rise(rows: np.ndarray, values: np.ndarray) -> np.ndarray:
            pairs = zip(place[rows], values, strict=True)
            return np.sqrt([max(self.regression.fix(each, value)[0] - least, 0) for each, value in pairs])

        step = np.sqrt(np.diag(self.covariance))[place]
        limit = np.concatenate([part[places, 0] for part in limits(self.batch)])
        target = np.full(2 * k, np.sqrt(highest - least))
        search = CrossingSearch(side, target, centre, step, limit)
        return search.open(search.find(rise)).reshape(1, 2, k).swapaxes(1, 2)

    def along(self, place: int, values: np.ndarray) -> tuple[np.ndarray, ...]:
        """As `LeastSquares.along`; the statistic is the deviance's rise over the dispersion."""
        pairs = [self.regression.fix(place, value) for value in values]
        theta = np.array([theta for _, theta in pairs]).T
        rise = np.array([deviance for deviance, _ in pairs]) - self.glm.deviance
        ssr = evaluate(self.batch.take(np.zeros(len(values), int)), theta).ssr
        with np.errstate(divide="ignore", invalid="ignore"):  # a perfect fit leaves no noise to measure by
            statistic = np.maximum(rise, 0) / self.scale
        return statistic, ssr, np.full(len(values), self.fit.ceiling[0]), theta
