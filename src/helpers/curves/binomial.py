"""Quasi-binomial fits at a known ceiling, where four of the curves are generalised linear models of statsmodels."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import fdtri
from statsmodels.genmod.families import Binomial, links
from statsmodels.genmod.generalized_linear_model import GLM

from helpers.curves.crossing import find_crossing
from helpers.curves.errors import CurveError
from helpers.curves.results import Results
from helpers.projection import Batch, Fit, limits

if TYPE_CHECKING:
    from helpers.curves.model import AdoptionCurve


LINKS = {
    "logistic": links.Logit,
    "gompertz": links.LogLog,
    "weibull": links.CLogLog,
    "exponential": links.CLogLog,
}
LOG_TIME = ("weibull", "exponential")


def fit_binomial(model: AdoptionCurve) -> BinomialResults:
    """Fit the share of the known ceiling by quasi-likelihood: binomial mean and variance, dispersion from Pearson's X2.

    Raises
    ------
    CurveError
        If the ceiling is not known, the family is no generalised linear model, or an observation lies outside 0 to the
        ceiling.
    """
    name = model.shape.name
    if name not in LINKS:
        raise CurveError(f"noise='binomial' serves {', '.join(LINKS)}; for the {name} curve use noise='level'")
    if model.ceiling.kind not in ("known", "share"):
        raise CurveError("noise='binomial' needs a known ceiling: a number or Share(bound, share)")
    if model.per_period or model.censored is not None:
        raise CurveError("noise='binomial' takes levels without censored values; use noise='level'")
    batch = model.batch()
    share = batch.target[0] if batch.scale is None else batch.target[0] / batch.scale[0]
    share = share / batch.ceiling[0]
    if share.min() < 0 or share.max() > 1:
        raise CurveError(
            f"{model.endog_name}: {share.max():.4g} of the ceiling is observed; it must lie between 0 and 1"
        )
    times = batch.times[0]
    if name in LOG_TIME and times.min() <= 0:
        raise CurveError("an observation lies at or before the launch; leave it out or set an earlier launch")
    weights = np.ones(len(share)) if model.weights is None else model.weights[model.order]
    return BinomialResults(model, batch, _Fitter(name, times, share, weights))


class _Fitter:
    """statsmodels' GLM of one series, also with one coordinate held."""

    def __init__(self, name: str, times: np.ndarray, share: np.ndarray, weights: np.ndarray) -> None:
        self.name, self.share, self.weights = name, share, weights
        self.line = np.log(times) if name in LOG_TIME else times
        self.one = np.ones_like(self.line)

    def fit(self, columns: list[np.ndarray], offset: np.ndarray | None = None) -> Any:
        family = Binomial(link=LINKS[self.name]())
        model = GLM(self.share, np.column_stack(columns), family, offset=offset, var_weights=self.weights)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fitted = model.fit(scale="X2", tol=1e-12, maxiter=200, use_t=True)
            _ = fitted.deviance  # statsmodels computes it when asked first, and may warn then
            return fitted

    def best(self) -> Any:
        """The unrestricted fit."""
        return self.fit([self.one], self.line) if self.name == "exponential" else self.fit([self.one, self.line])

    def held(self, coordinate: int, value: float) -> float:
        """Deviance with one coordinate held."""
        if self.name == "exponential":
            share = -np.expm1(-np.exp(self.line + value))
            return Binomial().deviance(self.share, np.clip(share, 1e-300, 1 - 1e-16), var_weights=self.weights)
        if (coordinate == 0) != (self.name == "weibull"):
            return self.fit([self.one], np.exp(value) * self.line).deviance
        return self.fit([self.line - value]).deviance

    def coordinates(self, coefficients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Coordinates of the engine and their derivatives by the coefficients."""
        if self.name == "exponential":
            return coefficients.copy(), np.ones((1, 1))
        constant, slope = coefficients
        by_place = np.array([-1 / slope, constant / slope**2])
        by_slope = np.array([0.0, 1 / slope])
        rows = [by_place, by_slope] if self.name == "weibull" else [by_slope, by_place]
        values = [-constant / slope, np.log(slope)]
        return np.array(values if self.name == "weibull" else values[::-1]), np.array(rows)


class BinomialResults(Results):
    """Results of a quasi-binomial fit; `glm` is statsmodels' own result.

    A quasi-likelihood has no likelihood: llf and the information criteria are NaN. `scale` is the dispersion.
    """

    def __init__(self, model: AdoptionCurve, batch: Batch, fitter: _Fitter) -> None:
        self.fitter, self.glm = fitter, fitter.best()
        rises = fitter.name == "exponential" or self.glm.params[-1] > 0
        count = len(model.shape.parameters)
        shape, turn = fitter.coordinates(self.glm.params) if rises else (np.zeros(count), np.eye(count))
        self._matrix = (
            turn @ self.glm.cov_params() @ turn.T if self.glm.df_resid > 0 else np.full((count, count), np.nan)
        )
        residual = batch.target[0] - batch.ceiling[0] * (
            model.shape.share(batch.times[0], *shape) * (1.0 if batch.scale is None else batch.scale[0])
        )
        ssr, settled = np.array([residual @ residual]), np.array([bool(self.glm.converged)])
        edge, no = np.zeros((count, 1), int), np.array([False])
        found = Fit(shape[:, None], batch.ceiling, ssr, ssr, edge, no, np.array([not rises]), no, settled)
        super().__init__(model, batch, found, noise="binomial")

    @property
    def coordinate_covariance(self) -> np.ndarray:
        """Covariance of the ceiling (not estimated: NaN) and the coordinates."""
        whole = np.full((len(self._matrix) + 1,) * 2, np.nan)
        whole[1:, 1:] = self._matrix
        return whole

    @property
    def scale(self) -> float:
        """Dispersion: Pearson's X2 over the degrees of freedom."""
        return float(self.glm.scale) if self.df_resid > 0 else np.nan

    @property
    def llf(self) -> float:
        """NaN: a quasi-likelihood has none."""
        return np.nan

    def observation_variance(self, share: np.ndarray, scale: np.ndarray | float) -> np.ndarray:
        """Variance of a new observation: dispersion times share times one less share, in the units of the series."""
        return self.scale * share * (1 - share) * (self.found.ceiling[0] * scale) ** 2

    def objective_at(self, place: np.ndarray) -> float:
        """Deviance at coordinates, with the ceiling first."""
        share = np.clip(self.model.shape.share(self.batch.times[0], *place[1:]), 1e-300, 1 - 1e-16)
        return self.glm.family.deviance(self.fitter.share, share, var_weights=self.fitter.weights)

    def objective_bounds(self, alpha: float) -> tuple[float, float]:
        """Deviance at the optimum, and its limit in the region that the data do not exclude."""
        if self.df_resid <= 0:
            return self.glm.deviance, np.inf
        return self.glm.deviance, self.glm.deviance + fdtri(1, self.df_resid, 1 - alpha) * self.scale

    def find_ends(self, coordinate: int | str, alpha: float) -> dict[float, tuple[float, float]]:
        """Ends of the quasi-likelihood F profile of a coordinate, a dict by alpha."""
        if self.found.flat[0] or self.df_resid <= 0:
            return {alpha: (-np.inf, np.inf)}
        least, limit = self.objective_bounds(alpha)
        limit -= least
        assert isinstance(coordinate, int)  # the ceiling is known

        def rise(value: float) -> float:
            return self.fitter.held(coordinate, value) - self.glm.deviance

        centre, step = self.found.shape[coordinate, 0], np.sqrt(self._matrix[coordinate, coordinate])
        low, high = (float(end[0]) for end in limits(self.batch, coordinate))
        lower = find_crossing(rise, centre, limit, low, step, -1)
        return {alpha: (lower, find_crossing(rise, centre, limit, high, step, 1))}
