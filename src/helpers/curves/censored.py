"""The likelihood of censored observations ("more than 700 M") beside exact ones."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy.special import fdtri

from ..base.dates import CurveError
from .censored_loss import CensoredLoss
from .crossings import CrossingSearch
from .descent import descend, evaluate
from .likelihoods import LeastSquares, fit_level
from .model import CurveModel
from .profile import CEILING, fix
from .search import fit_batch

MAX_DISTANCE, MISS_TOLERANCE = 3.0, 0.01
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
    if exact.df_resid <= 0:
        return Unweighed(exact.model, exact.batch, exact.fit, exact.first)
    loss, fit = CensoredLoss(exact), exact.fit
    points, losses = loss.search(loss.starts(loss.join(fit.ceiling, fit.theta, fit.ssr)))
    return Censored(exact, loss, points[losses.argmin()], float(losses.min()))


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
    """

    def __init__(self, exact: LeastSquares, loss: CensoredLoss, point: np.ndarray, least: float) -> None:
        super().__init__(exact.model, exact.batch, loss.as_fit(point, exact.fit), exact.first)
        self.loss, self.point, self.least = loss, point, least

    def drop_data(self) -> None:
        """Let go of what is as long as the series."""
        _ = self.covariance, self.scale, self.llf  # need the data, and stay
        super().drop_data()
        del self.loss

    @cached_property
    def covariance(self) -> np.ndarray:
        """Inverse observed information with the degrees-of-freedom correction; NaN for what lies on the boundary."""
        whole = np.full((self.count + 1,) * 2, np.nan)
        boundary, diverged = self.fit.on_boundary[:, 0] != 0, self.fit.diverged if self.free else []
        off = np.r_[diverged, boundary, self.loss.sigma_fixed].astype(bool)
        inside = np.flatnonzero(~off)
        try:
            inverse = (
                np.linalg.inv(self.loss.hessian(self.point[None])[0][np.ix_(inside, inside)]) * self.loss.correction
            )
        except np.linalg.LinAlgError:
            return whole
        known = np.flatnonzero(inside < len(off) - 1)  # of the coordinates, without sigma
        place = inside[known] + (not self.free)
        whole[np.ix_(place, place)] = inverse[np.ix_(known, known)]
        return whole

    @cached_property
    def scale(self) -> float:
        """Variance of an exact observation."""
        return float(np.exp(self.point[-1]) * self.loss.size) ** 2 * self.loss.correction

    @cached_property
    def llf(self) -> float:
        """Log-likelihood: densities of the exact and probabilities of the censored observations."""
        return self.loss.constant - self.least

    def _statistic(self, losses: np.ndarray) -> np.ndarray:
        """The F statistic of least squares whose likelihood ratio these losses have."""
        rise = np.minimum(2 * np.maximum(losses - self.least, 0) / len(self.loss.values), 300.0)
        return self.df_resid * (rise if self.loss.sigma_fixed else np.expm1(rise))

    @property
    def nuisance(self) -> np.ndarray:
        """The log of sigma, which `objective` takes after the coordinates."""
        return self.point[-1:]

    def objective(self, theta: np.ndarray) -> float:
        """Sum of squares that would have the same likelihood, at theta and a log of sigma."""
        loss = self.loss.loss((theta if self.free else theta[1:])[None])[0]
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
        points, losses = self.loss.search(points, fixed, along=True)
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
        return self.loss.join(state.ceiling, theta, state.ssr)

    def along(self, place: int, values: np.ndarray) -> tuple[np.ndarray, ...]:
        """As `LeastSquares.along`; each value starts from the optimum, the exact values' fit, and its neighbours."""
        places, optimum = np.full(len(values), place - self.places[0]), np.tile(self.point, (len(values), 1))
        points, losses = self._refit(places, values, optimum, self._exact(places + self.places[0], values))
        for shift in (1, -1):  # a better valley next to a value is tried there too
            other, better = self._refit(places, values, np.roll(points, shift, axis=0))
            points, losses = np.where((better < losses)[:, None], other, points), np.minimum(better, losses)
        error = self.loss.values - self.loss.curve(points)[0][:, : len(self.loss.values)]
        ceiling = np.exp(points[:, 0]) if self.free else np.full(len(values), self.fit.ceiling[0])
        return self._statistic(losses), (self.loss.weigh(error) ** 2).sum(1), ceiling, points[:, self.free : -1].T

    def profile_bounds(self, places: np.ndarray, alphas: tuple[float, ...]) -> np.ndarray:
        """As `LeastSquares.profile_bounds`.

        The limits of the search are asked first: where the profile stays low there, it is open.
        """
        nth, side, level = (part.ravel() for part in np.indices((len(places), 2, len(alphas))))
        place = places[nth] - self.places[0]
        target = np.sqrt([fdtri(1, self.df_resid, 1 - each) for each in alphas])[level]
        centre, limit = self.point[place], np.where(side == 0, self.loss.low[place], self.loss.high[place])
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
            line = CrossingSearch(side, target, centre, step[search], limit)
            found, path = line.follow(refit, path, np.zeros_like(path))
            reached = refit(np.arange(len(search)), path, found)[1] / target
            trusted = (np.abs(reached - 1) < MISS_TOLERANCE) & (np.abs(found - centre) <= MAX_DISTANCE)
            ends[search] = np.where(trusted, line.open(found), side * np.inf)
        return ends.reshape(len(places), 2, -1).transpose(2, 0, 1)
