"""The likelihood of censored observations ("more than 700 M") beside exact ones."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import numpy as np
from scipy.special import fdtri, log_ndtr

from helpers.curves.descent import descend, evaluate, fit_batch
from helpers.curves.engine import Batch, Fit
from helpers.curves.likelihoods import LeastSquares
from helpers.curves.model import CurveModel
from helpers.curves.profile import CEILING, find_crossing, fix, limits
from helpers.dates import CurveError


def fit_censored(model: CurveModel) -> LeastSquares:
    """Maximum likelihood: normal density for exact values, normal probability of the stated side for censored ones.

    Raises
    ------
    CurveError
        For per-period data or a prior on the ceiling.
    """
    if model.per_period or model.ceiling.kind == "prior":
        raise CurveError("censored observations are taken with levels, and a free, known or shared ceiling")
    batch = model.batch()
    return Censored(model, batch, fit_batch(batch))


class Censored(LeastSquares):
    """Normal errors with censored observations, over the log ceiling (where free), the coordinates and log sigma.

    `scale` is the likelihood's variance with the correction n / df for the exact observations. Standard errors from the
    observed information share it; profiles turn the likelihood ratio into the F statistic that least squares have.
    """

    def __init__(self, model: CurveModel, batch: Batch, start: Fit) -> None:
        super().__init__(model, batch, start)
        self.df_resid = len(model.endog) - self.k_params
        self.solved = self.df_resid > 0  # else there is no variance to weigh the censored values with
        if not self.solved:
            return
        order = model.order
        self.size = float(np.abs(model.endog).max()) or 1.0
        self.root, self.values = model.root_weights[order], model.endog[order]
        later = model.censored
        assert later is not None  # `fit_censored` is for models that have some
        count, by_weight = len(self.values), np.log(self.root).sum()
        self.constant = float(-count * (0.5 * np.log(2 * np.pi) + np.log(self.size)) + by_weight)
        self.side = np.where(later["bound"] == "at_least", 1.0, -1.0)
        self.limits = later["value"].to_numpy(float)
        years = np.r_[model.exog[order], later["years"].to_numpy(float)]
        self.times = (years - batch.origin[0]) / batch.span[0]
        bound = model.ceiling.bound_at(years)
        self.bound = np.ones(len(years)) if bound is None else bound
        places: list[int | str] = [*([CEILING] if self.free else []), *range(self.count)]
        self.low, self.high = np.array([*(np.ravel(limits(batch, place)) for place in places), (-25.0, 5.0)]).T
        self.point, self.least = self._best(self._join(start.ceiling, start.theta, start.ssr))
        self.fit = self._as_fit(start)
        self.ssr = float(self.fit.ssr[0])

    def drop_data(self) -> None:
        """Let go of what is as long as the series."""
        self.__dict__["covariance"] = self.covariance  # needs the data, and stays
        super().drop_data()
        for name in ("root", "values", "side", "limits", "times", "bound"):
            self.__dict__.pop(name, None)

    def _join(self, ceiling: np.ndarray, theta: np.ndarray, ssr: np.ndarray) -> np.ndarray:
        """The point of a least-squares fit of the exact values."""
        sigma = np.log(max(np.sqrt(ssr[0] / len(self.values)) / self.size, 1e-8))
        return np.r_[[np.log(max(ceiling[0], 1e-300))] if self.free else [], theta[:, 0], sigma]

    def _curve(self, point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Curve at all times and its derivatives by the parameters, (n,) and (n, k)."""
        theta = point[self.free : -1]
        share = self.model.share(self.times, *theta)
        level = (np.exp(point[0]) if self.free else self.batch.ceiling[0]) * self.bound
        slopes = [level * slope for slope in self.model.slopes(self.times, share, *theta)]
        return level * share, np.column_stack([*([level * share] if self.free else []), *slopes])

    def _loss(self, point: np.ndarray) -> tuple[float, np.ndarray]:
        """Negative log-likelihood and its gradient."""
        mean, slopes = self._curve(point)
        count, sigma = len(self.values), np.exp(point[-1]) * self.size
        residual = (self.values - mean[:count]) * self.root / sigma
        reach = self.side * (mean[count:] - self.limits) / sigma
        near = np.maximum(reach, -1e4)
        hazard = np.exp(-0.5 * near**2 - 0.5 * np.log(2 * np.pi) - log_ndtr(near)) + near - reach
        value = count * point[-1] + 0.5 * residual @ residual - log_ndtr(reach).sum()
        by_mean = np.r_[-residual * self.root / sigma, -hazard * self.side / sigma]
        return value, np.r_[by_mean @ slopes, count - residual @ residual + hazard @ reach]

    def _hessian(self, point: np.ndarray, step: float = 1e-5) -> np.ndarray:
        """Second derivatives, from differences of the gradient."""
        moves = step * np.eye(len(point))
        matrix = np.array([(self._loss(point + move)[1] - self._loss(point - move)[1]) / (2 * step) for move in moves])
        return (matrix + matrix.T) / 2

    def _search(self, start: np.ndarray, fixed: Iterable[int] = (), rounds: int = 200) -> tuple[np.ndarray, float]:
        """Minimum from a start, some coordinates fixed: Newton steps, damped where the likelihood is not convex."""
        point = np.clip(start, self.low, self.high)
        value, damping = self._loss(point)[0], 1e-3
        for _ in range(rounds):
            gradient, hessian = self._loss(point)[1], self._hessian(point)
            still = ((point <= self.low) & (gradient > 0)) | ((point >= self.high) & (gradient < 0))
            still[list(fixed)] = True
            free = np.flatnonzero(~still)
            root, basis = np.linalg.eigh(hessian[np.ix_(free, free)])
            root = np.maximum(np.abs(root), 1e-9) * (1 + damping)
            trial = point.copy()
            step = basis @ (basis.T @ gradient[free] / root)
            trial[free] = np.clip(point[free] - np.clip(step, -1, 1), self.low[free], self.high[free])
            new, promise = self._loss(trial)[0], gradient[free] @ step
            if new <= value + 1e-13 * abs(value):
                point, value, damping = trial, new, damping * 0.1
            else:
                damping = max(damping * 10, 1e-3)
            if promise < 1e-18 or damping > 1e9:
                break
        return point, value

    def _best(self, start: np.ndarray) -> tuple[np.ndarray, float]:
        """The best of several starts: without the censored values, and with larger noise and ceilings."""
        moves = np.zeros((3, len(start)))
        moves[1, -1], moves[2, : int(self.free)] = 1.5, 0.7
        return min((self._search(start + move) for move in moves), key=lambda pair: pair[1])

    def _as_fit(self, start: Fit) -> Fit:
        theta = self.point[self.free : -1, None]
        ceiling = np.exp(self.point[:1]) if self.free else self.batch.ceiling
        residual = (self.values - self._curve(self.point)[0][: len(self.values)]) * self.root
        low, high = self.low[self.free : -1, None], self.high[self.free : -1, None]
        boundary = (theta >= high - 1e-6).astype(int) - (theta <= low + 1e-6)
        diverged = np.array([self.free and self.point[0] >= self.high[0] - 1e-6])
        ssr, flat = np.array([residual @ residual]), start.flat & (evaluate(self.batch, theta).ssr >= start.ssr)
        return Fit(theta, ceiling, ssr, ssr, boundary, diverged, flat, start.step, start.converged)

    @cached_property
    def _correction(self) -> float:
        return len(self.model.endog) / self.df_resid if self.df_resid > 0 else np.nan

    @cached_property
    def covariance(self) -> np.ndarray:
        """Inverse observed information with the degrees-of-freedom correction; NaN for what lies on the boundary."""
        whole = np.full((self.count + 1,) * 2, np.nan)
        if not self.solved:
            return whole
        off = np.r_[self.fit.diverged if self.free else [], self.fit.on_boundary[:, 0] != 0, False].astype(bool)
        inside = np.flatnonzero(~off)
        try:
            inverse = np.linalg.inv(self._hessian(self.point)[np.ix_(inside, inside)]) * self._correction
        except np.linalg.LinAlgError:
            return whole
        place = inside[:-1] + (not self.free)
        whole[np.ix_(place, place)] = inverse[:-1, :-1]
        return whole

    @property
    def scale(self) -> float:
        """Variance of an exact observation."""
        return float(np.exp(self.point[-1]) * self.size) ** 2 * self._correction if self.solved else np.nan

    @property
    def llf(self) -> float:
        """Log-likelihood: densities of the exact and probabilities of the censored observations."""
        return self.constant - self.least if self.solved else np.nan

    def objective(self, theta: np.ndarray) -> float:
        """Sum of squares that would have the same likelihood, at theta."""
        point = np.r_[theta if self.free else theta[1:], self.point[-1]]
        loss = self._search(point, range(len(point) - 1))[1]
        return self.fit.objective[0] * np.exp(min(2 * (loss - self.least) / len(self.values), 600.0))

    def objective_bounds(self, alpha: float) -> tuple[float, float]:
        """Objective at the optimum, and its limit in the region that the data do not exclude."""
        least = self.fit.objective[0]
        return least, least * (1 + fdtri(1, self.df_resid, 1 - alpha) / self.df_resid) if self.solved else np.inf

    def _fixed_start(self, coordinate: int | str, value: float) -> np.ndarray:
        """Start with a coordinate fixed: the least squares of the exact values there."""
        work, theta, fixed = fix(self.batch, self.fit.theta, coordinate, np.array([value]))
        theta = fit_batch(work).theta if coordinate == CEILING else descend(work, theta, fixed)[0]
        state = evaluate(work, theta)
        return self._join(state.ceiling, theta, state.ssr)

    def profile_bounds(self, coordinate: int | str, alpha: float) -> dict[float, tuple[float, float]]:
        """Ends of the profile of a coordinate, or of the log ceiling."""
        if not self.solved:
            return {alpha: (-np.inf, np.inf)}
        place = 0 if isinstance(coordinate, str) else coordinate + self.free
        target = fdtri(1, self.df_resid, 1 - alpha) / self.df_resid
        row = place + (not self.free)
        step = np.sqrt(np.maximum(self.covariance[row, row], 0))
        ends = []
        for side, end in ((-1, self.low[place]), (1, self.high[place])):
            warm = {"point": self.point}

            def rise(value: float, warm: dict[str, np.ndarray] = warm) -> float:
                start = warm["point"].copy()
                start[place] = value
                starts = (start, self._fixed_start(coordinate, value))
                warm["point"], least = min((self._search(each, [place]) for each in starts), key=lambda pair: pair[1])
                return np.expm1(2 * max(least - self.least, 0) / len(self.values))

            ends.append(find_crossing(rise, self.point[place], target, end, step, side))
        return {alpha: (ends[0], ends[1])}
