"""Least squares on the level: what one fit says of its parameters, in the engine's coordinates and in people's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import fdtr

from ..base.dates import CurveError
from .descent import descend, evaluate
from .engine import Batch, Fit, coordinates, count_parameters, to_coordinate, to_natural, to_parameter, typical_step
from .error_models import fit_cumulative, proportional_roots
from .model import CurveModel
from .profile import (
    CEILING,
    covariance,
    fix,
    limits,
    noise_variance,
    profile_bounds,
)
from .search import fit_batch, fit_rows
from .starts import grid_starts

TABLE_ALPHAS = (0.2, 0.05)
"""One minus the levels of the intervals that tables show."""
OPEN_SPAN = np.log(100.0)
"""How far an open profile is drawn past the estimate: a factor of 100, or 4.6 spans of the series for a date."""


class LeastSquares:
    """Normal errors of equal variance (over the weights) on the level."""

    together: tuple[float, ...] = TABLE_ALPHAS
    """One minus the levels whose intervals are searched together, which takes as long as one of them."""

    def __init__(self, model: CurveModel, batch: Batch, fit: Fit, first: float | None = None) -> None:
        self.model, self.batch, self.fit = model, batch, fit
        self.first = first  # steps over which cumulative errors have added up at the first observation; else None
        self.k_params = int(count_parameters(batch)[0])
        self.df_resid = len(model.endog) - self.k_params
        self.ssr = float(fit.ssr[0])
        self.log_roots = float(_log_roots(model, batch)[0])
        self.free, self.count = bool(model.ceiling.name), len(model.parameters)
        self.places = np.arange(0 if self.free else 1, self.count + 1)  # of the parameters among the `coordinates`
        self.last = float(batch.origin[0] + batch.span[0])  # decimal year of the last observation
        self._ends: dict[tuple[int, float], np.ndarray] = {}  # by place and alpha

    @property
    def theta(self) -> np.ndarray:
        """Coordinates of the optimum, with the log ceiling first, (1 + p,)."""
        return coordinates(self.batch, self.fit)[:, 0]

    @cached_property
    def covariance(self) -> np.ndarray:
        """Covariance of `theta`, (1 + p, 1 + p); NaN for what is not estimated or lies on the boundary."""
        return covariance(self.batch, self.fit, natural=False)[0]

    @property
    def scale(self) -> float:
        """Residual variance with the degrees-of-freedom correction, 1 beside known standard errors."""
        if self.model.known_se is not None:
            return 1.0
        return self.ssr / self.df_resid if self.df_resid > 0 else np.nan

    @property
    def llf(self) -> float:
        """Gaussian log-likelihood at its maximum over the variance; infinite for a perfect fit."""
        if self.ssr <= 0:
            return np.inf
        nobs = self.model.nobs
        return -0.5 * nobs * (np.log(2 * np.pi * self.ssr / nobs) + 1) + self.log_roots

    def observation_variance(self, years: np.ndarray) -> np.ndarray:
        """Variance of a new observation around the curve, (h,).

        That of cumulative errors grows with the time since they began. Beside known standard errors it is the model's
        own and that of the last observation.
        """
        if self.model.known_se is not None and self.first is None:
            return np.full(len(years), self.model.model_error**2 + self.model.known_se[self.model.exog.argmax()] ** 2)
        if self.first is None:
            return np.full(len(years), self.scale)
        exact = np.sort(self.model.exog)
        steps = (years - exact[0]) / typical_step(exact[None])[0]
        return self.scale * np.maximum(self.first + steps, 0.0)

    def profile_bounds(self, places: np.ndarray, alphas: tuple[float, ...]) -> np.ndarray:
        """Ends of the profile intervals of some of the `coordinates`, (a, k, 2); infinite where open."""
        level, place = (part.ravel() for part in np.indices((len(alphas), len(places))))
        rows = np.zeros(len(place), int)
        ends = profile_bounds(self.batch.take(rows), self.fit.take(rows), places[place], np.array(alphas)[level])
        return np.column_stack(ends).reshape(len(alphas), -1, 2)

    # ---- parameters, in whose names everybody else asks

    def place(self, parameter: str) -> int:
        """Place of a parameter among the `coordinates`; "share" and "ceiling" both name an estimated ceiling."""
        if self.free and parameter in ("ceiling", "share"):
            return CEILING
        names = self.model.param_names
        if parameter not in names:
            raise CurveError(f"no estimated parameter {parameter!r}: choose among {', '.join(names)}")
        return int(self.places[names.index(parameter)])

    def kind(self, place: int) -> str:
        """Kind of a coordinate, as `to_parameter` takes it."""
        return "number" if place == CEILING else self.model.parameters[place - 1][1]

    def bounds_of(self, places: Sequence[int], alpha: float) -> np.ndarray:
        """Ends of the profile intervals of coordinates, (k, 2), kept; without a degree of freedom none is excluded.

        Those that have not been asked for before are searched together.
        """
        left = np.array([place for place in places if (place, alpha) not in self._ends], int)
        if len(left):
            alphas = self.together if alpha in self.together else (alpha,)
            nothing = np.tile([-np.inf, np.inf], (len(alphas), len(left), 1))
            ends = self.profile_bounds(left, alphas) if self.df_resid > 0 else nothing
            for each, pairs in zip(alphas, ends, strict=True):
                self._ends |= {(place, each): pair for place, pair in zip(left.tolist(), pairs, strict=True)}
        return np.array([self._ends[place, alpha] for place in places])

    def intervals(self, parameters: Sequence[str], alpha: float) -> np.ndarray:
        """Ends of the profile intervals of parameters, (k, 2); an end without crossing is infinite (0 for a rate)."""
        places = [self.place(parameter) for parameter in parameters]
        pairs = zip(places, self.bounds_of(places, alpha), strict=True)
        return np.array([to_parameter(self.batch, self.kind(place), ends) for place, ends in pairs]).reshape(-1, 2)

    def profile_values(self, parameter: str, points: int, ends: tuple[float, float]) -> np.ndarray:
        """Values of a parameter to draw its profile at: a third past its ends, `OPEN_SPAN` where they are open."""
        place = self.place(parameter)
        low, high = (part[place, 0] for part in limits(self.batch))
        centre = float(np.clip(self.theta[place], low, high))
        reach = [
            1.3 * (end - centre) if np.isfinite(end) else side * OPEN_SPAN
            for end, side in zip(ends, (-1, 1), strict=True)
        ]
        below = np.linspace(max(low, centre + reach[0]), centre, points // 2 + 1)
        values = np.unique(np.r_[below, np.linspace(centre, min(high, centre + reach[1]), points - points // 2)])
        return to_parameter(self.batch, self.kind(place), values)

    def along(self, place: int, values: np.ndarray) -> tuple[np.ndarray, ...]:
        """The best fits with one of the `coordinates` at each of the values (v,).

        Returns
        -------
        statistic : ndarray, (v,)
            F of the value: how much worse it is than the optimum, in noise variances.
        ssr, ceiling : ndarray, (v,)
        theta : ndarray, (p, v)
        """
        batch, fit, rows = self.batch, self.fit, np.zeros(len(values), int)
        work, theta, fixed = fix(batch.take(rows), fit.theta[:, rows], rows + place, values)
        if place == CEILING:  # from the estimate, and from the grid
            more, starts = grid_starts(work, most=2)
            theta = fit_rows(work, np.r_[np.arange(len(values)), more], np.hstack([theta, starts]), 55, 1e-5).theta
        else:
            theta = descend(work, theta, fixed, 40, 1e-5)[0]
        state = evaluate(work, theta)
        with np.errstate(divide="ignore", invalid="ignore"):  # a perfect fit leaves no noise to measure by
            statistic = np.maximum(state.ssr - fit.ssr[0], 0) / noise_variance(batch, fit)[0]
        return statistic, state.ssr, state.ceiling, theta

    def profile(self, parameter: str, values: np.ndarray) -> pd.DataFrame:
        """Fit at values of one parameter, the others refitted; see `Results.profile`."""
        place = self.place(parameter)
        if self.fit.flat[0] or self.df_resid < 0:
            return pd.DataFrame(columns=[parameter, "ssr", "statistic", "confidence"], dtype=float)
        kind = self.kind(place)
        values = to_coordinate(self.batch, kind, np.asarray(values, float))
        statistic, ssr, ceiling, theta = self.along(place, values)
        frame = pd.DataFrame({parameter: to_parameter(self.batch, kind, values), "ssr": ssr, "statistic": statistic})
        frame["confidence"] = fdtr(1, self.df_resid, statistic) if self.df_resid > 0 else np.nan
        others = [*([ceiling] if self.free else []), *to_natural(self.batch, theta)[0]]
        pairs = zip(self.model.param_names, others, strict=True)
        return frame.assign(**{name: value for name, value in pairs if name != parameter})


def fit_level(model: CurveModel) -> LeastSquares:
    """Least squares on the level, generalised where the model says that errors are correlated or of unequal size."""
    model = imply_weights(model)
    batch = model.batch()
    fit = fit_batch(batch)
    if model.errors == "cumulative":
        root = None if model.weights is None else np.sqrt(model.weights[model.order])
        batch, fit, first = fit_cumulative(batch, fit, model.exog[None, model.order], root)
        return LeastSquares(model, batch, fit, float(first[0]))
    if model.known_se is not None:  # the weights are variances, not in proportion to them
        batch = replace(batch, noise=np.ones(1))
    return LeastSquares(model, batch, fit)


def imply_weights(model: CurveModel) -> CurveModel:
    """The model with the weights that its own fit implies, where errors grow with the curve or have known parts.

    With known standard errors the variance of the model's own error is the one at which the residuals are as large as
    expected, or 0 (Paule and Mandel 1982).
    """
    if model.variance == "curve":
        batch, weights = model.batch(), np.empty(len(model.endog))
        weights[model.order] = proportional_roots(batch, fit_batch(batch))[0] ** 2
        model = model.changed(weights=weights)
    if model.known_se is not None:
        known, freedom = model.known_se**2, len(model.endog) - len(model.param_names)

        def excess(variance: float) -> float:
            return float(fit_batch(model.changed(weights=1 / (known + variance)).batch()).ssr[0]) - freedom

        top, variance = float(np.var(model.endog)) + 1e-300, 0.0
        if freedom > 0 and excess(0.0) > 0:
            while excess(top) > 0:  # a curve that doesn't describe the series
                top *= 4
            variance = brentq(excess, 0.0, top, xtol=1e-12 * top)
        model = model.changed(weights=1 / (known + variance), model_error=np.sqrt(variance))
    return model


def _log_roots(model: CurveModel, batch: Batch) -> np.ndarray:
    """Sum of the logarithms of the roots of the weights, (N,)."""
    bound = model.ceiling.bound_at(model.exog[model.order])
    return np.log(batch.scale / bound).sum(1) * np.ones(batch.size)
