"""The likelihood of censored observations ("more than 700 M") beside exact ones."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy.special import fdtri, log_ndtr

from ..base.dates import CurveError
from .descent import descend, evaluate
from .engine import Batch, Fit, typical_step
from .likelihoods import LeastSquares, fit_level
from .model import CurveModel
from .profile import CEILING, close, fix, follow, limits
from .search import fit_batch

LEAST_STEPS = 0.01
"""Median steps from an exact to a censored observation, at least: on one day they would have the same error."""

ROUNDS, ALONG = (200, 50), (1e-18, 1e-16)
"""Most steps of a search, and the fall of the loss that is left where it ends: of the fit, and along a profile."""
FARTHEST, FOUND = 3.0, 0.01
"""An end farther from the estimate than this, a factor of 20 or three spans, counts as none, and so does one where the
profile leaps past its target: out there curves are jumps or straight lines, between which a search loses its way."""


def fit_observed(model: CurveModel) -> LeastSquares:
    """Least squares on the level, or where there are censored observations their maximum likelihood.

    That is the normal density for exact values, and the normal probability of the stated side for censored ones.

    Under cumulative errors a censored observation carries along the error of the exact one before it.

    Raises
    ------
    CurveError
        For per-period data, or a prior on the ceiling.
    """
    if model.censored is None:
        return fit_level(model)
    if model.per_period or model.ceiling.kind == "prior":
        raise CurveError("censored observations are taken with levels and a free, known or shared ceiling")
    exact = fit_level(model)
    start = exact.model, exact.batch, exact.fit, exact.first
    return Censored(*start) if exact.df_resid > 0 else Unweighed(*start)


class Unweighed(LeastSquares):
    """Exact values that leave no variance to weigh the censored ones with: no error is known, and no likelihood."""

    llf = scale = np.nan

    @cached_property
    def covariance(self) -> np.ndarray:
        """NaN."""
        return np.full((self.count + 1,) * 2, np.nan)


class Censored(LeastSquares):
    """Normal errors with censored observations, over the log ceiling (where free), the coordinates and log sigma.

    `scale` is the likelihood's variance with the correction n / df for the exact observations. Standard errors from the
    observed information share it; profiles turn the likelihood ratio into the F statistic that least squares have.
    Points of the search are rows of (R, k) arrays; all of them are searched together.
    """

    def __init__(self, model: CurveModel, batch: Batch, start: Fit, first: float | None) -> None:
        super().__init__(model, batch, start, first)
        self._correction = len(model.endog) / self.df_resid
        order, later = model.order, model.censored
        assert later is not None  # `fit_observed` asks
        exact, years = model.exog[order], later["years"].to_numpy(float)
        self.size = float(np.abs(model.endog).max()) or 1.0
        self.values, count = model.endog[order], len(exact)
        self.bound = model.ceiling.bound_at(np.r_[exact, years])
        self.root = batch.scale[0] / self.bound[:count]
        self.carry = None if batch.before is None else batch.before[0] / self.bound[: count - 1]
        self.constant = float(-count * (0.5 * np.log(2 * np.pi) + np.log(self.size)) + self.log_roots)
        self.side = np.where(later["bound"] == "at_least", 1.0, -1.0)
        self.limits = later["value"].to_numpy(float)
        self.times = (np.r_[exact, years] - batch.origin[0]) / batch.span[0]
        # the exact observation before each censored one, the part of its error that is carried, and what comes to it
        self.prior_place = np.maximum(np.searchsorted(exact, years, side="right") - 1, 0)
        self.carried, self.spread = np.zeros(len(years)), np.ones(len(years))
        if self.carry is not None:
            steps = (years - exact[self.prior_place]) / typical_step(exact[None])[0]
            self.carried = (steps >= 0).astype(float)
            self.spread = np.sqrt(np.where(steps >= 0, np.maximum(steps, LEAST_STEPS), first or 1.0))
        low, high = (part[self.places, 0] for part in limits(batch))
        self.low, self.high = np.r_[low, -25.0], np.r_[high, 5.0]
        # with level shifts a curve may meet every value: then sigma stays that of the fit without them, as in `descent`
        self.sigma_fixed = bool(batch.family.priors) and count <= len(model.param_names)
        if self.sigma_fixed and batch.noise is not None:
            sigma = np.sqrt(batch.noise[0] * self.df_resid / count) / self.size
            self.low[-1] = self.high[-1] = np.clip(np.log(max(sigma, 1e-300)), self.low[-1], self.high[-1])
        points, losses = self._search(self._starts(self._join(start.ceiling, start.theta, start.ssr)))
        self.point, self.least = points[losses.argmin()], float(losses.min())
        self.fit = self._as_fit(start)
        self.ssr = float(self.fit.ssr[0])

    def drop_data(self) -> None:
        """Let go of what is as long as the series."""
        self.__dict__["covariance"] = self.covariance  # needs the data, and stays
        super().drop_data()
        for name in ("root", "carry", "values", "side", "limits", "times", "bound", "prior_place", "carried", "spread"):
            self.__dict__.pop(name, None)

    def _join(self, ceiling: np.ndarray, theta: np.ndarray, ssr: np.ndarray) -> np.ndarray:
        """Points (R, k) of least-squares fits of the exact values."""
        sigma = np.log(np.maximum(np.sqrt(ssr / len(self.values)) / self.size, 1e-8))
        return np.column_stack([*([np.log(np.maximum(ceiling, 1e-300))] if self.free else []), *theta, sigma])

    def _starts(self, point: np.ndarray) -> np.ndarray:
        """The fit without the censored values, and one each with larger noise and a larger ceiling."""
        moves = np.zeros((3, point.shape[1]))
        moves[1, -1], moves[2, : int(self.free)] = 1.5, 0.7
        return point + moves

    def _curve(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Curve at all times and its derivatives by the parameters, (R, n) and (R, n, k - 1)."""
        theta = points[:, self.free : -1].T[:, :, None]
        share = self.batch.family.share(self.times[None], *theta)
        level = (np.exp(points[:, :1]) if self.free else self.batch.ceiling[0]) * self.bound
        slopes = [level * slope for slope in self.batch.family.slopes(self.times[None], share, *theta)]
        return level * share, np.stack([*([level * share] if self.free else []), *slopes], axis=2)

    def _weigh(self, error: np.ndarray) -> np.ndarray:
        """What is new in errors of the exact values, or in derivatives of the curve there; (R, n, ...)."""
        shape = (-1,) + (1,) * (error.ndim - 2)
        new = error * self.root.reshape(shape)
        if self.carry is not None:
            new[:, 1:] -= error[:, :-1] * self.carry.reshape(shape)
        return new

    def _loss(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Negative log-likelihood (R,) and its gradient (R, k)."""
        mean, slopes = self._curve(points)
        count, sigma, log_sigma = len(self.values), np.exp(points[:, -1:]) * self.size, points[:, -1]
        error, place = self.values - mean[:, :count], self.prior_place
        residual, turned = self._weigh(error) / sigma, self._weigh(slopes[:, :count])
        ahead = mean[:, count:] + self.carried * error[:, place] - self.limits
        reach = self.side * ahead / (sigma * self.spread)
        near = np.maximum(reach, -1e4)
        hazard = np.exp(-0.5 * near**2 - 0.5 * np.log(2 * np.pi) - log_ndtr(near)) + near - reach
        value = count * log_sigma + 0.5 * (residual**2).sum(1) - log_ndtr(reach).sum(1)
        by_ahead = slopes[:, count:] - self.carried[:, None] * slopes[:, place]
        by_reach = hazard * self.side / (sigma * self.spread)
        gradient = -np.einsum("rn,rnk->rk", residual / sigma, turned) - np.einsum("rm,rmk->rk", by_reach, by_ahead)
        for coordinate, sd in self.batch.family.priors:
            shift, weight = points[:, self.free + coordinate], self._correction / sd**2
            value += 0.5 * weight * shift**2
            gradient[:, self.free + coordinate] += weight * shift
        return value, np.column_stack([gradient, count - (residual**2).sum(1) + (hazard * reach).sum(1)])

    def _hessian(self, points: np.ndarray, step: float = 1e-5) -> np.ndarray:
        """Second derivatives (R, k, k), from differences of the gradient."""
        rows, k = points.shape
        moves = step * np.vstack([np.eye(k), -np.eye(k)])
        gradient = self._loss((points[:, None] + moves).reshape(-1, k))[1].reshape(rows, 2, k, k)
        matrix = (gradient[:, 0] - gradient[:, 1]) / (2 * step)
        return (matrix + matrix.transpose(0, 2, 1)) / 2

    def _search(
        self, starts: np.ndarray, fixed: np.ndarray | None = None, along: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """Minima from starts (R, k), some coordinates fixed: Newton steps, damped where the loss is not convex."""
        points = np.clip(starts, self.low, self.high)
        (values, slopes), damping, active = self._loss(points), np.full(len(points), 1e-3), np.arange(len(points))
        fixed, k = np.zeros(points.shape, bool) if fixed is None else fixed, points.shape[1]
        for _ in range(ROUNDS[along]):
            here = points[active]
            gradient, hessian = slopes[active], self._hessian(here)
            still = fixed[active] | (here <= self.low) & (gradient > 0) | (here >= self.high) & (gradient < 0)
            gradient = np.where(still, 0.0, gradient)
            hessian = np.where(still[:, :, None] | still[:, None, :], np.eye(k), hessian)
            root, basis = np.linalg.eigh(hessian)
            root = np.maximum(np.abs(root), 1e-9) * (1 + damping[active, None])
            step = np.einsum("rij,rj->ri", basis, np.einsum("rji,rj->ri", basis, gradient) / root)
            trial = np.clip(here - np.clip(step, -1, 1), self.low, self.high)
            trial = np.where(still, here, trial)
            (new, turned), promise = self._loss(trial), (gradient * step).sum(1)
            better = new <= values[active] + 1e-13 * np.abs(values[active])
            rows = active[better]
            points[rows], values[rows], slopes[rows] = trial[better], new[better], turned[better]
            damping[active] = np.where(better, damping[active] * 0.1, np.maximum(damping[active] * 10, 1e-3))
            active = active[(promise >= ALONG[along]) & (damping[active] <= 1e9)]
            if len(active) == 0:
                break
        return points, values

    def _as_fit(self, start: Fit) -> Fit:
        theta = self.point[self.free : -1, None]
        ceiling = np.exp(self.point[:1]) if self.free else self.batch.ceiling
        error = self.values - self._curve(self.point[None])[0][:, : len(self.values)]
        low, high = self.low[self.free : -1, None], self.high[self.free : -1, None]
        boundary = (theta >= high - 1e-6).astype(int) - (theta <= low + 1e-6)
        diverged = np.array([self.free and self.point[0] >= self.high[0] - 1e-6])
        ssr = (self._weigh(error) ** 2).sum(1)
        flat = start.flat & (evaluate(self.batch, theta).ssr >= start.ssr * (1 - 1e-9))
        return Fit(theta, ceiling, ssr, ssr, boundary, diverged, flat, start.step, start.converged)

    @cached_property
    def covariance(self) -> np.ndarray:
        """Inverse observed information with the degrees-of-freedom correction; NaN for what lies on the boundary."""
        whole = np.full((self.count + 1,) * 2, np.nan)
        boundary, diverged = self.fit.on_boundary[:, 0] != 0, self.fit.diverged if self.free else []
        off = np.r_[diverged, boundary, self.sigma_fixed].astype(bool)
        inside = np.flatnonzero(~off)
        try:
            inverse = np.linalg.inv(self._hessian(self.point[None])[0][np.ix_(inside, inside)]) * self._correction
        except np.linalg.LinAlgError:
            return whole
        known = np.flatnonzero(inside < len(off) - 1)  # of the coordinates, without sigma
        place = inside[known] + (not self.free)
        whole[np.ix_(place, place)] = inverse[np.ix_(known, known)]
        return whole

    @property
    def scale(self) -> float:
        """Variance of an exact observation."""
        return float(np.exp(self.point[-1]) * self.size) ** 2 * self._correction

    @property
    def llf(self) -> float:
        """Log-likelihood: densities of the exact and probabilities of the censored observations."""
        return self.constant - self.least

    def _statistic(self, losses: np.ndarray) -> np.ndarray:
        """The F statistic of least squares whose likelihood ratio these losses have."""
        rise = np.minimum(2 * np.maximum(losses - self.least, 0) / len(self.values), 300.0)
        return self.df_resid * (rise if self.sigma_fixed else np.expm1(rise))

    @property
    def nuisance(self) -> np.ndarray:
        """The log of sigma, which `objective` takes after the coordinates."""
        return self.point[-1:]

    def objective(self, theta: np.ndarray) -> float:
        """Sum of squares that would have the same likelihood, at theta and a log of sigma."""
        loss = self._loss((theta if self.free else theta[1:])[None])[0]
        return float(self.fit.objective[0] * (1 + self._statistic(loss)[0] / self.df_resid))

    def objective_bounds(self, alpha: float) -> tuple[float, float]:
        """Objective at the optimum, and its limit in the region that the data do not exclude."""
        least = self.fit.objective[0]
        return least, least * (1 + fdtri(1, self.df_resid, 1 - alpha) / self.df_resid)

    def _refit(self, places: np.ndarray, values: np.ndarray, *starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Best points (R, k) and losses (R,) from several starts, with the coordinate at one place of each fixed."""
        rows = np.arange(len(values))
        points = np.concatenate(starts)
        fixed = np.zeros(points.shape, bool)
        for part in range(len(starts)):
            points[part * len(rows) + rows, places] = values
            fixed[part * len(rows) + rows, places] = True
        points, losses = self._search(points, fixed, along=True)
        losses = losses.reshape(len(starts), -1)
        best = losses.argmin(0)
        return points.reshape(len(starts), len(rows), -1)[best, rows], losses[best, rows]

    def _exact(self, places: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Points (v, k) of the exact values' own fits with one of the `coordinates` of each at a value."""
        rows = np.zeros(len(values), int)
        work, theta, fixed = fix(self.batch.take(rows), self.fit.theta[:, rows], places, values)
        whole, other = (np.flatnonzero(part) for part in (places == CEILING, places != CEILING))
        if len(whole):
            theta[:, whole] = fit_batch(work.take(whole)).theta
        if len(other):
            theta[:, other] = descend(work.take(other), theta[:, other], fixed[:, other])[0]
        state = evaluate(work, theta)
        return self._join(state.ceiling, theta, state.ssr)

    def along(self, place: int, values: np.ndarray) -> tuple[np.ndarray, ...]:
        """As `LeastSquares.along`; each value starts from the optimum, the exact values' fit, and its neighbours."""
        places, optimum = np.full(len(values), place - self.places[0]), np.tile(self.point, (len(values), 1))
        points, losses = self._refit(places, values, optimum, self._exact(places + self.places[0], values))
        for shift in (1, -1):  # a better valley next to a value is tried there too
            other, better = self._refit(places, values, np.roll(points, shift, axis=0))
            points, losses = np.where((better < losses)[:, None], other, points), np.minimum(better, losses)
        error = self.values - self._curve(points)[0][:, : len(self.values)]
        ceiling = np.exp(points[:, 0]) if self.free else np.full(len(values), self.fit.ceiling[0])
        return self._statistic(losses), (self._weigh(error) ** 2).sum(1), ceiling, points[:, self.free : -1].T

    def profile_bounds(self, places: np.ndarray, alphas: tuple[float, ...]) -> np.ndarray:
        """As `LeastSquares.profile_bounds`.

        The limits of the search are asked first: where the profile stays low there, it is open.
        """
        nth, side, level = (part.ravel() for part in np.indices((len(places), 2, len(alphas))))
        place = places[nth] - self.places[0]
        target = np.sqrt([fdtri(1, self.df_resid, 1 - each) for each in alphas])[level]
        centre, limit = self.point[place], np.where(side == 0, self.low[place], self.high[place])
        with np.errstate(invalid="ignore"):
            error = np.sqrt(np.diag(self.covariance))[place + (not self.free)]
        step, side = np.clip(np.nan_to_num(error, nan=0.5), 1e-8, 1.0), 2.0 * side - 1
        ends, optimum = side * np.inf, np.tile(self.point, (len(side), 1))
        exact = self._exact(self.places[place], limit)
        at_limit = np.sqrt(self._statistic(self._refit(place, limit, optimum, exact)[1]))
        search = np.flatnonzero((at_limit > target) & ((limit - centre) * side > 0))
        place, target, limit = place[search], target[search], limit[search]

        def refit(rows: np.ndarray, guess: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            points, losses = self._refit(place[rows], values, guess.T)
            return points.T, np.sqrt(self._statistic(losses))

        if len(search):
            side, centre, path = side[search], centre[search], optimum[search].T
            found, path = follow(refit, path, np.zeros_like(path), side, target, centre, step[search], limit)
            reached = refit(np.arange(len(search)), path, found)[1] / target
            trusted = (np.abs(reached - 1) < FOUND) & (np.abs(found - centre) <= FARTHEST)
            ends[search] = np.where(trusted, close(found, limit, side), side * np.inf)
        return ends.reshape(len(places), 2, -1).transpose(2, 0, 1)
