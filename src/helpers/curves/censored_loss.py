"""The negative log-likelihood of exact and censored observations, and the search for its minima."""

from __future__ import annotations

import numpy as np
from scipy.special import log_ndtr

from .descent import evaluate
from .engine import Fit, typical_step
from .likelihoods import LeastSquares
from .profile import limits

LEAST_STEPS = 0.01
"""Median steps from an exact to a censored observation, at least: on one day they would have the same error."""
ROUNDS, ALONG = (200, 50), (1e-18, 1e-16)
"""Most steps of a search, and the fall of the loss that is left where it ends: of the fit, and along a profile."""


class CensoredLoss:
    """Negative log-likelihood over points: the log ceiling (where free), the coordinates and log sigma.

    Points are rows of (R, k) arrays; all of them are evaluated and searched together.

    Parameters
    ----------
    exact : least squares of the exact values, of a model with censored ones
    """

    def __init__(self, exact: LeastSquares) -> None:
        model, batch = exact.model, exact.batch
        self.batch, self.free, self.correction = batch, exact.free, len(model.endog) / exact.df_resid
        order, later = model.order, model.censored
        assert later is not None  # `fit_observed` asks
        known, years = model.exog[order], later["years"].to_numpy(float)
        self.size = float(np.abs(model.endog).max()) or 1.0
        self.values, count = model.endog[order], len(known)
        self.bound = model.ceiling.bound_at(np.r_[known, years])
        self.root = batch.scale[0] / self.bound[:count]
        self.carry = None if batch.before is None else batch.before[0] / self.bound[: count - 1]
        self.constant = float(-count * (0.5 * np.log(2 * np.pi) + np.log(self.size)) + exact.log_roots)
        self.side = np.where(later["bound"] == "at_least", 1.0, -1.0)
        self.limits = later["value"].to_numpy(float)
        self.times = (np.r_[known, years] - batch.origin[0]) / batch.span[0]
        # the exact observation before each censored one, the part of its error that is carried, and what comes to it
        self.prior_place = np.maximum(np.searchsorted(known, years, side="right") - 1, 0)
        self.carried, self.spread = np.zeros(len(years)), np.ones(len(years))
        if self.carry is not None:
            steps = (years - known[self.prior_place]) / typical_step(known[None])[0]
            self.carried = (steps >= 0).astype(float)
            self.spread = np.sqrt(np.where(steps >= 0, np.maximum(steps, LEAST_STEPS), exact.first or 1.0))
        low, high = (part[exact.places, 0] for part in limits(batch))
        self.low, self.high = np.r_[low, -25.0], np.r_[high, 5.0]
        # with level shifts a curve may meet every value: then sigma stays that of the fit without them, as in `search`
        self.sigma_fixed = bool(batch.family.priors) and count <= len(model.param_names)
        if self.sigma_fixed and batch.noise is not None:
            sigma = np.sqrt(batch.noise[0] * exact.df_resid / count) / self.size
            self.low[-1] = self.high[-1] = np.clip(np.log(max(sigma, 1e-300)), self.low[-1], self.high[-1])

    def join(self, ceiling: np.ndarray, theta: np.ndarray, ssr: np.ndarray) -> np.ndarray:
        """Points (R, k) of least-squares fits of the exact values."""
        sigma = np.log(np.maximum(np.sqrt(ssr / len(self.values)) / self.size, 1e-8))
        return np.column_stack([*([np.log(np.maximum(ceiling, 1e-300))] if self.free else []), *theta, sigma])

    def starts(self, point: np.ndarray) -> np.ndarray:
        """The fit without the censored values, and one each with larger noise and a larger ceiling."""
        moves = np.zeros((3, point.shape[1]))
        moves[1, -1], moves[2, : int(self.free)] = 1.5, 0.7
        return point + moves

    def curve(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Curve at all times and its derivatives by the parameters, (R, n) and (R, n, k - 1)."""
        theta = points[:, self.free : -1].T[:, :, None]
        share = self.batch.family.share(self.times[None], *theta)
        level = (np.exp(points[:, :1]) if self.free else self.batch.ceiling[0]) * self.bound
        slopes = [level * slope for slope in self.batch.family.slopes(self.times[None], share, *theta)]
        return level * share, np.stack([*([level * share] if self.free else []), *slopes], axis=2)

    def weigh(self, error: np.ndarray) -> np.ndarray:
        """What is new in errors of the exact values, or in derivatives of the curve there; (R, n, ...)."""
        shape = (-1,) + (1,) * (error.ndim - 2)
        new = error * self.root.reshape(shape)
        if self.carry is not None:
            new[:, 1:] -= error[:, :-1] * self.carry.reshape(shape)
        return new

    def loss(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Negative log-likelihood (R,) and its gradient (R, k)."""
        mean, slopes = self.curve(points)
        count, sigma, log_sigma = len(self.values), np.exp(points[:, -1:]) * self.size, points[:, -1]
        error, place = self.values - mean[:, :count], self.prior_place
        residual, turned = self.weigh(error) / sigma, self.weigh(slopes[:, :count])
        ahead = mean[:, count:] + self.carried * error[:, place] - self.limits
        reach = self.side * ahead / (sigma * self.spread)
        near = np.maximum(reach, -1e4)
        hazard = np.exp(-0.5 * near**2 - 0.5 * np.log(2 * np.pi) - log_ndtr(near)) + near - reach
        value = count * log_sigma + 0.5 * (residual**2).sum(1) - log_ndtr(reach).sum(1)
        by_ahead = slopes[:, count:] - self.carried[:, None] * slopes[:, place]
        by_reach = hazard * self.side / (sigma * self.spread)
        gradient = -np.einsum("rn,rnk->rk", residual / sigma, turned) - np.einsum("rm,rmk->rk", by_reach, by_ahead)
        for coordinate, sd in self.batch.family.priors:
            shift, weight = points[:, self.free + coordinate], self.correction / sd**2
            value += 0.5 * weight * shift**2
            gradient[:, self.free + coordinate] += weight * shift
        return value, np.column_stack([gradient, count - (residual**2).sum(1) + (hazard * reach).sum(1)])

    def hessian(self, points: np.ndarray, step: float = 1e-5) -> np.ndarray:
        """Second derivatives (R, k, k), from differences of the gradient."""
        rows, k = points.shape
        moves = step * np.vstack([np.eye(k), -np.eye(k)])
        gradient = self.loss((points[:, None] + moves).reshape(-1, k))[1].reshape(rows, 2, k, k)
        matrix = (gradient[:, 0] - gradient[:, 1]) / (2 * step)
        return (matrix + matrix.transpose(0, 2, 1)) / 2

    def search(
        self, starts: np.ndarray, fixed: np.ndarray | None = None, along: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """Minima from starts (R, k), some coordinates fixed: Newton steps, damped where the loss is not convex."""
        points = np.clip(starts, self.low, self.high)
        (values, slopes), damping, active = self.loss(points), np.full(len(points), 1e-3), np.arange(len(points))
        fixed, k = np.zeros(points.shape, bool) if fixed is None else fixed, points.shape[1]
        for _ in range(ROUNDS[along]):
            here = points[active]
            gradient, hessian = slopes[active], self.hessian(here)
            still = fixed[active] | (here <= self.low) & (gradient > 0) | (here >= self.high) & (gradient < 0)
            gradient = np.where(still, 0.0, gradient)
            hessian = np.where(still[:, :, None] | still[:, None, :], np.eye(k), hessian)
            root, basis = np.linalg.eigh(hessian)
            root = np.maximum(np.abs(root), 1e-9) * (1 + damping[active, None])
            step = np.einsum("rij,rj->ri", basis, np.einsum("rji,rj->ri", basis, gradient) / root)
            trial = np.clip(here - np.clip(step, -1, 1), self.low, self.high)
            trial = np.where(still, here, trial)
            (new, turned), promise = self.loss(trial), (gradient * step).sum(1)
            better = new <= values[active] + 1e-13 * np.abs(values[active])
            rows = active[better]
            points[rows], values[rows], slopes[rows] = trial[better], new[better], turned[better]
            damping[active] = np.where(better, damping[active] * 0.1, np.maximum(damping[active] * 10, 1e-3))
            active = active[(promise >= ALONG[along]) & (damping[active] <= 1e9)]
            if len(active) == 0:
                break
        return points, values

    def as_fit(self, point: np.ndarray, start: Fit) -> Fit:
        """A point as the engine has fits, beside that of the exact values alone."""
        theta = point[self.free : -1, None]
        ceiling = np.exp(point[:1]) if self.free else self.batch.ceiling
        error = self.values - self.curve(point[None])[0][:, : len(self.values)]
        low, high = self.low[self.free : -1, None], self.high[self.free : -1, None]
        boundary = (theta >= high - 1e-6).astype(int) - (theta <= low + 1e-6)
        diverged = np.array([self.free and point[0] >= self.high[0] - 1e-6])
        ssr = (self.weigh(error) ** 2).sum(1)
        flat = start.flat & (evaluate(self.batch, theta).ssr >= start.ssr * (1 - 1e-9))
        return Fit(theta, ceiling, ssr, ssr, boundary, diverged, flat, start.step, start.converged)
