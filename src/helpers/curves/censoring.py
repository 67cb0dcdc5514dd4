"""Fits with censored observations ("more than 700 M"), by maximum likelihood."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import fdtri, log_ndtr

from helpers import projection
from helpers.curves.crossing import find_crossing
from helpers.curves.errors import CurveError
from helpers.curves.results import Results

if TYPE_CHECKING:
    from helpers.curves.model import AdoptionCurve


def fit_censored(model: AdoptionCurve) -> CensoredResults:
    """Maximum likelihood: normal density for exact values, normal probability of the stated side for censored ones.

    Raises
    ------
    CurveError
        For per-period data or a prior on the ceiling.
    """
    if model.per_period or model.ceiling.kind == "prior":
        raise CurveError("censored observations are taken with levels, and a free, known or shared ceiling")
    batch = model.batch()
    start = projection.fit(batch)
    if len(model.endog) <= projection.count_parameters(batch)[0]:
        return CensoredResults(model, batch, start, None)
    return CensoredResults(model, batch, start, _Likelihood(model, batch, start))


class _Likelihood:
    """Negative log-likelihood of the log ceiling (where free), the coordinates and the log of sigma."""

    def __init__(self, model: AdoptionCurve, batch: projection.Batch, start: projection.Fit) -> None:
        self.model, self.family = model, model.shape
        self.free = bool(model.ceiling.name)
        order = model.order
        self.size = float(np.abs(model.endog).max()) or 1.0
        self.root, self.values = model.root_weights[order], model.endog[order]
        later = model.censored
        assert later is not None  # `fit_censored` is for models that have some
        self.side = np.where(later["bound"] == "at_least", 1.0, -1.0)
        self.limits = later["value"].to_numpy(float)
        years = np.r_[model.exog[order], later["years"].to_numpy(float)]
        self.times = (years - batch.origin[0]) / batch.span[0]
        bound = model.ceiling.bound_at(years)
        self.bound = np.ones(len(years)) if bound is None else bound
        self.level = batch.ceiling[0]
        ranges = [projection.limits(batch, place) for place in self._places()]
        self.box = [(float(low[0]), float(high[0])) for low, high in ranges] + [(-25.0, 5.0)]
        sigma = np.log(max(np.sqrt(start.ssr[0] / len(self.values)) / self.size, 1e-8))
        self.start = np.r_[[np.log(max(start.ceiling[0], 1e-300))] if self.free else [], start.shape[:, 0], sigma]

    def _places(self) -> list[int | str]:
        return ([projection.CEILING] if self.free else []) + list(range(len(self.family.parameters)))

    def curve(self, point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Curve at all times and its derivatives by the parameters, (n,) and (n, k)."""
        shape = point[1:-1] if self.free else point[:-1]
        share = self.family.share(self.times, *shape)
        level = (np.exp(point[0]) if self.free else self.level) * self.bound
        slopes = [level * slope for slope in self.family.slopes(self.times, share, *shape)]
        return level * share, np.column_stack([*([level * share] if self.free else []), *slopes])

    def __call__(self, point: np.ndarray) -> tuple[float, np.ndarray]:
        """Value and gradient."""
        mean, slopes = self.curve(point)
        count, sigma = len(self.values), np.exp(point[-1]) * self.size
        residual = (self.values - mean[:count]) * self.root / sigma
        reach = self.side * (mean[count:] - self.limits) / sigma
        log_chance = log_ndtr(reach)
        near = np.maximum(reach, -1e4)
        hazard = np.exp(-0.5 * near**2 - 0.5 * np.log(2 * np.pi) - log_ndtr(near)) + near - reach
        value = count * point[-1] + 0.5 * residual @ residual - log_chance.sum()
        by_mean = np.r_[-residual * self.root / sigma, -hazard * self.side / sigma]
        by_sigma = count - residual @ residual + hazard @ reach
        return value, np.r_[by_mean @ slopes, by_sigma]

    def search(
        self, start: np.ndarray, held: int | Iterable[int] | None = None, rounds: int = 200
    ) -> tuple[np.ndarray, float]:
        """Minimum from a start, with one coordinate held: Newton steps, damped where the likelihood is not convex."""
        low, high = np.array(self.box).T
        point = np.clip(start, low, high)
        value, damping = self(point)[0], 1e-3
        for _ in range(rounds):
            gradient, hessian = self(point)[1], self.hessian(point)
            still = ((point <= low) & (gradient > 0)) | ((point >= high) & (gradient < 0))
            still[[] if held is None else list(np.atleast_1d(held))] = True
            free = np.flatnonzero(~still)
            root, basis = np.linalg.eigh(hessian[np.ix_(free, free)])
            root = np.maximum(np.abs(root), 1e-9) * (1 + damping)
            trial = point.copy()
            step = basis @ (basis.T @ gradient[free] / root)
            trial[free] = np.clip(point[free] - np.clip(step, -1, 1), low[free], high[free])
            new, promise = self(trial)[0], gradient[free] @ step
            if new <= value + 1e-13 * abs(value):
                point, value, damping = trial, new, damping * 0.1
            else:
                damping = max(damping * 10, 1e-3)
            if promise < 1e-18 or damping > 1e9:
                break
        return point, value

    def hessian(self, point: np.ndarray, step: float = 1e-5) -> np.ndarray:
        """Second derivatives, from differences of the gradient."""
        rows = []
        for place in range(len(point)):
            move = np.zeros(len(point))
            move[place] = step
            rows.append((self(point + move)[1] - self(point - move)[1]) / (2 * step))
        matrix = np.array(rows)
        return (matrix + matrix.T) / 2

    def best(self) -> tuple[np.ndarray, float]:
        """The best of several starts: without the censored values, and with larger noise and ceilings."""
        starts = [self.start.copy() for _ in range(3)]
        starts[1][-1] += 1.5
        starts[2][: int(self.free)] += 0.7
        return min((self.search(start) for start in starts), key=lambda pair: pair[1])

    def held_start(
        self, batch: projection.Batch, found: projection.Fit, coordinate: int | str, value: float
    ) -> np.ndarray:
        """Start with a coordinate held: the least squares of the exact values there."""
        held, theta, fixed = projection.hold(batch, found.shape, coordinate, np.array([value]))
        theta, state, _ = projection.descend(held, theta, fixed)
        if coordinate == projection.CEILING:
            rows, starts = projection.start(held)
            theta = projection.fit_rows(held, rows, starts).shape
            state = projection.evaluate(held, theta)
        sigma = np.log(max(np.sqrt(state.ssr[0] / len(self.values)) / self.size, 1e-8))
        return np.r_[np.log(np.maximum(state.ceiling, 1e-300)) if self.free else [], theta[:, 0], sigma]


class CensoredResults(Results):
    """Results with censored observations.

    `scale` is the likelihood's variance with the correction n / df for the exact observations. Standard errors from the
    observed information share it; profiles turn the likelihood ratio into the F statistic that least squares have.
    """

    def __init__(
        self, model: AdoptionCurve, batch: projection.Batch, start: projection.Fit, likelihood: _Likelihood | None
    ) -> None:
        self.likelihood, found = likelihood, start
        if likelihood is not None:
            self.point, self.least = likelihood.best()
            found = self._found(likelihood, batch, start)
        super().__init__(model, batch, found)
        self.df_resid = len(model.endog) - self.k_params

    def _found(self, likelihood: _Likelihood, batch: projection.Batch, start: projection.Fit) -> projection.Fit:
        free = likelihood.free
        shape = (self.point[1:-1] if free else self.point[:-1])[:, None]
        state = projection.evaluate(batch, shape)
        ceiling = np.exp(self.point[:1]) if free else batch.ceiling
        mean = likelihood.curve(self.point)[0][: len(likelihood.model.endog)]
        residual = (likelihood.values - mean) * likelihood.root
        low, high = np.array(likelihood.box[-1 - len(shape) : -1]).T[:, :, None]
        edge = (shape >= high - 1e-6).astype(int) - (shape <= low + 1e-6)
        runaway = np.array([free and self.point[0] >= likelihood.box[0][1] - 1e-6])
        ssr, flat = np.array([residual @ residual]), start.flat & (state.ssr >= start.ssr)
        return projection.Fit(shape, ceiling, ssr, ssr, edge, runaway, flat, start.step, start.converged)

    @property
    def _correction(self) -> float:
        return len(self.model.endog) / self.df_resid if self.df_resid > 0 else np.nan

    @property
    def coordinate_covariance(self) -> np.ndarray:
        """Inverse observed information with the degrees-of-freedom correction; NaN for what lies at a limit."""
        count = len(self.model.shape.parameters)
        whole = np.full((count + 1, count + 1), np.nan)
        if self.likelihood is None:
            return whole
        off = np.r_[self.found.runaway if self.likelihood.free else [], self.found.edge[:, 0] != 0, False].astype(bool)
        inside = np.flatnonzero(~off)
        try:
            inverse = np.linalg.inv(self.likelihood.hessian(self.point)[np.ix_(inside, inside)]) * self._correction
        except np.linalg.LinAlgError:
            return whole
        place = inside[:-1] + (0 if self.likelihood.free else 1)
        whole[np.ix_(place, place)] = inverse[:-1, :-1]
        return whole

    @property
    def scale(self) -> float:
        """Variance of an exact observation."""
        if self.likelihood is None or self.df_resid <= 0:
            return np.nan
        return float(np.exp(self.point[-1]) * self.likelihood.size) ** 2 * self._correction

    @property
    def llf(self) -> float:
        """Log-likelihood: densities of the exact and probabilities of the censored observations."""
        if self.likelihood is None:
            return np.nan
        count = len(self.model.endog)
        fixed = -count * (0.5 * np.log(2 * np.pi) + np.log(self.likelihood.size)) + np.log(self.likelihood.root).sum()
        return float(fixed - self.least)

    def objective_at(self, place: np.ndarray) -> float:
        """Sum of squares that would have the same likelihood, at coordinates with the log ceiling first."""
        assert self.likelihood is not None  # without one there is no region to search
        point = np.r_[place if self.likelihood.free else place[1:], self.point[-1]]
        over_sigma = self.likelihood.search(point, range(len(point) - 1))[1]
        excess = 2 * (over_sigma - self.least) / len(self.model.endog)
        return self.found.objective[0] * np.exp(min(excess, 600.0))

    def objective_bounds(self, alpha: float) -> tuple[float, float]:
        """Objective at the optimum, and its limit in the region that the data do not exclude."""
        if self.likelihood is None or self.df_resid <= 0:
            return self.found.objective[0], np.inf
        least = self.found.objective[0]
        return least, least * (1 + fdtri(1, self.df_resid, 1 - alpha) / self.df_resid)

    def find_ends(self, coordinate: int | str, alpha: float) -> dict[float, tuple[float, float]]:
        """Ends of the profile of a coordinate, or of the log ceiling, a dict by alpha."""
        if self.likelihood is None or self.df_resid <= 0:
            return {alpha: (-np.inf, np.inf)}
        likelihood = self.likelihood
        place = 0 if isinstance(coordinate, str) else coordinate + (1 if likelihood.free else 0)
        target = fdtri(1, self.df_resid, 1 - alpha) / self.df_resid
        warm = {"point": self.point}

        def rise(value: float) -> float:
            start = warm["point"].copy()
            start[place] = value
            other = likelihood.held_start(self.batch, self.found, coordinate, value)
            pairs = [likelihood.search(begin, place) for begin in (start, other)]
            warm["point"], least = min(pairs, key=lambda pair: pair[1])
            return np.expm1(2 * max(least - self.least, 0) / len(self.model.endog))

        row = place + (0 if likelihood.free else 1)
        step = np.sqrt(self.coordinate_covariance[row, row])

        def find(side: int, end: float) -> float:
            warm["point"] = self.point
            return find_crossing(rise, self.point[place], target, end, step, side)

        low, high = likelihood.box[place]
        return {alpha: (find(-1, low), find(1, high))}
