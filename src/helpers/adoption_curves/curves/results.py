"""Results of one fit, as in statsmodels, with identification of the ceiling and profile intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import fdtr, fdtri, stdtr, stdtrit
from statsmodels.base.model import LikelihoodModelResults
from statsmodels.stats.stattools import durbin_watson

from ..base.dates import CurveError, Times, years_among
from ..base.numbers import read_numbers
from . import printing
from .arguments import check_alpha
from .errors import ASSUMED, accumulate, persist, typical_step
from .fit import Optimum, search
from .profile import CEILING, covariance, find_crossing, is_narrow, limits, refit_along

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from statsmodels.iolib.summary import Summary

_UNSETTLED = "the search did not settle: the sum of squares hardly changes along a ridge of parameters"
_LIMITS = {"rate": (0.0, np.inf), "duration": (0.0, np.inf), "number": (0.0, np.inf), "date": (-np.inf, np.inf)}
"""Limits that a parameter of each kind runs to."""
_NARROW_ALPHA = 0.2
"""One minus the level of the interval that every wider one holds."""
_OPEN_SPAN = np.log(100.0)
"""Length of a drawn open profile past the estimate: a factor of 100, or 4.6 spans of the series for a date."""


class _CurvePrediction:
    """Curve at given times, with standard errors by the delta method.

    Attributes
    ----------
    predicted_mean, se_mean, se_obs : Series
        Curve; standard errors of the curve and of a new observation (of weight 1, or known as well as the last one).
    """

    def __init__(self, results: Results, index: pd.Index, years: np.ndarray, limit: np.ndarray | None) -> None:
        problem, best, model = results.problem, results.best, results.model
        if limit is not None and model.ceiling.limit is None:
            raise CurveError("this curve was fitted without a limit, so a later one says nothing: leave limit=None")
        scale = model.ceiling.limit_at(years) if limit is None else read_numbers(limit, "the limit")
        if np.ndim(scale) and len(scale) != len(years):
            raise CurveError(f"the limit has {len(scale)} values for {len(years)} dates; give one for each")
        levels = replace(problem, times=(years - problem.origin) / problem.span, scale=scale, before=None)
        gradient = levels.jacobian(best.theta, best.ceiling)
        mean = gradient[:, 0]
        estimated = np.isfinite(np.diag(results.covariance))
        part, matrix = gradient[:, estimated], results.covariance[np.ix_(estimated, estimated)]
        variance = np.maximum(((part @ matrix) * part).sum(1), 0) if estimated.any() else np.full(len(mean), np.nan)
        self.df_resid = results.df_resid
        self.predicted_mean = pd.Series(mean, index, name="mean")
        self.se_mean = pd.Series(np.sqrt(variance), index, name="mean_se")
        self.se_obs = pd.Series(np.sqrt(variance + results.observation_variance(years)), index, name="obs_se")

    def conf_int(self, alpha: float = 0.05, obs: bool = False) -> np.ndarray:
        """Interval of the curve, or of a new observation, (h, 2)."""
        check_alpha(alpha)
        half = stdtrit(max(self.df_resid, 1), 1 - alpha / 2) * (self.se_obs if obs else self.se_mean)
        return np.column_stack([self.predicted_mean - half, self.predicted_mean + half])

    def summary_frame(self, alpha: float = 0.05) -> pd.DataFrame:
        """Frame of mean, mean_se, mean_ci_lower, mean_ci_upper, obs_ci_lower, obs_ci_upper; NaN = no error is known."""
        frame = pd.DataFrame({"mean": self.predicted_mean, "mean_se": self.se_mean})
        frame[["mean_ci_lower", "mean_ci_upper"]] = self.conf_int(alpha)
        frame[["obs_ci_lower", "obs_ci_upper"]] = self.conf_int(alpha, obs=True)
        return frame


class Results(LikelihoodModelResults):
    """Estimates of one curve, with what statsmodels' results have: `t_test`, `wald_test`, `f_test`, `save`, `load`.

    Attributes
    ----------
    params, bse, tvalues, pvalues : Series by parameter
        Dates in decimal years, rates per year, the ceiling in the unit of the series. A parameter whose optimum lies at
        infinity or on the boundary has that limit as value and NaN as standard error (the other errors are conditional
        on it); where the data single out no curve all are NaN. `flag` says so.
    ssr, scale, llf, aic, aicc, bic, nobs, df_model, df_resid : numbers
        The criteria count the noise variance as a parameter, as R and Burnham and Anderson (2002) do.
    param_names : list of str
        Names of the estimated parameters.
    flag : str
        "" or why the optimum is no estimate.
    """

    model: Any

    def __init__(self, model: Any, level: Optimum | None = None) -> None:
        """Fit the model; `level` is its optimum under independent errors, where that is known."""
        self.problem, self.first = model.problem(), None
        on_level = level or search(self.problem)
        if model.errors == "persistent":
            self.problem = persist(self.problem, model.exog, np.sqrt(model.weights))
        elif model.errors == "cumulative":
            self.problem, self.first = accumulate(self.problem, on_level, model.exog, np.sqrt(model.weights))
        carried = self.problem.before is not None
        self.best = replace(search(self.problem, [on_level.theta]), step=on_level.step) if carried else on_level
        self.errors, self.nobs, self.param_names, self.ssr = model.errors, model.nobs, model.param_names, self.best.ssr
        self.k_params = self.df_model = len(self.param_names)
        self.df_resid = self.nobs - self.k_params
        self._ends: dict[tuple[int, float], tuple[float, float]] = {}  # by place and alpha
        self.limits = self._find_limits()
        scale = self.ssr / self.df_resid if self.df_resid > 0 else np.nan
        scale = 1.0 if model.known_se is not None and not carried else scale  # weights are variances
        super().__init__(model, pd.Series(self._estimate(), index=self.param_names), scale=scale, use_t=True)
        self.flag = self._describe_flag()

    def _find_limits(self) -> np.ndarray:
        """Limits that the coordinates run to, (p,): -1 lower, 1 upper, 0 none; a series may begin at its launch."""
        if self.best.diverged:
            ends = dict(self.problem.family.diverging)
            return np.array([ends.get(name, 0) for name in self._coordinate_names])
        limits = self.best.boundary.copy()
        if self.problem.free_launch:
            limits[-1] = min(limits[-1], 0)
        return limits

    @property
    def _coordinate_names(self) -> list[str]:
        """Names of the parameters but the ceiling."""
        return self.param_names[1:] if self.problem.free else self.param_names

    def _estimate(self) -> list[float]:
        """Estimates in people's units; limits where they run there, NaN where no curve is singled out."""
        if self.best.flat or self.df_resid < 0:
            return [np.nan] * self.k_params
        found = list[float]()
        if self.problem.free:
            found.append(np.inf if self.best.diverged else self.best.ceiling)
        for place, (end, value) in enumerate(zip(self.limits, self.best.theta, strict=True), 1):
            limit = _LIMITS[self.problem.kinds[place]][int(end > 0)]
            found.append(limit if end else float(self.problem.to_parameter(place, value)))
        return found

    @property
    def wrong(self) -> str:
        """What is wrong with the optimum, in a word or two; "" for nothing."""
        best = self.best
        reasons = {
            "does not rise": best.flat,
            "its ceiling runs to infinity": best.diverged,
            "a jump fits better": best.step,
            "its best curve is a limit of the family": bool(self.limits.any()),
            "the search did not settle": not best.settled,
        }
        return next((reason for reason, holds in reasons.items() if holds), "")

    def _describe_flag(self) -> str:
        best, series, freedom = self.best, self.model.endog_name, self.df_resid
        if freedom < 0:
            return f"{self.nobs} observations of {series} for {self.k_params} parameters: no curve is singled out"
        if best.flat:
            return f"{series} does not rise: a constant fits as well as any curve"
        reasons = ["the ceiling runs to infinity: the data show no bend"] if best.diverged else []
        words = {np.inf: "infinity", -np.inf: "minus infinity", 0.0: "0"}
        for name, end in zip(self._coordinate_names, self.limits, strict=True):
            if end:
                reasons.append(f"{name} runs to {words[self.params[name]]}")
        if best.step:
            reasons.append("a jump at one date fits better than any smooth curve: the rate runs to infinity")
        if not reasons and freedom == 0:
            reasons.append("as many parameters as observations: the curve meets each of them and its error is unknown")
        if not reasons and (not best.settled or np.isnan(np.diag(self.cov_params_default)).any()):
            reasons.append(_UNSETTLED)
        return "; ".join(reasons)

    @property
    def ceiling(self) -> float:
        """The ceiling as a number: estimated or known; with a limit, its value at the last observation."""
        ceiling = self.model.ceiling
        level = self.params[ceiling.name] if ceiling.name else ceiling.level
        return float(level * ceiling.limit_at(self.model.exog[-1]))

    @cached_property
    def by_errors(self) -> dict[str, Results]:
        """The fits that profile intervals join, by kind of errors.

        Where errors are not known these are independent and persistent ones; where they are, or there is no degree of
        freedom, there is one fit.
        """
        if self.errors is not None or self.df_resid <= 0:
            return {self.errors or "independent": self}
        return {kind: Results(self.model.changed(errors=kind), self.best) for kind in ASSUMED}

    # ---- profiles

    def place(self, parameter: str) -> int:
        """Place of a parameter among the coordinates, the first of which is the ceiling."""
        if parameter not in self.param_names:
            raise CurveError(f"no estimated parameter {parameter!r}: choose among {', '.join(self.param_names)}")
        place = self.param_names.index(parameter)
        return place if self.problem.free else place + 1

    def coordinate_ends(self, place: int, alpha: float) -> tuple[float, float]:
        """Ends of the profile interval of a coordinate under the errors of this fit; infinite where open."""
        if (place, alpha) not in self._ends:
            target = step = np.inf
            if self.df_resid > 0:
                target = float(fdtri(1, self.df_resid, 1 - alpha) * self.scale)
                step = np.sqrt(self.covariance[place, place] / self.scale * target) if self.scale > 0 else np.nan
                step = float(np.clip(np.nan_to_num(step, nan=0.5), 1e-7, 1.0))
            low, high = (find_crossing(self.problem, self.best, place, side, target, step) for side in (-1, 1))
            if place != CEILING and alpha < _NARROW_ALPHA:  # along a ridge the search may stop too early
                inner = self.coordinate_ends(place, _NARROW_ALPHA)
                low, high = min(low, inner[0]), max(high, inner[1])
            self._ends[place, alpha] = low, high
        return self._ends[place, alpha]

    def intervals(self, names: Sequence[str], alpha: float) -> np.ndarray:
        """Profile intervals of parameters, (k, 2): the hulls of those of all fits in `by_errors`."""
        found = []
        for name in names:
            place = self.place(name)
            ends = np.array([fit.coordinate_ends(place, alpha) for fit in self.by_errors.values()])
            hull = self.problem.to_parameter(place, np.array([ends[:, 0].min(), ends[:, 1].max()]))
            floor = self.problem.floor
            found.append(np.where(hull <= floor * (1 + 1e-12), floor, hull) if place == CEILING else hull)
        return np.array(found).reshape(-1, 2)

    def profile(self, parameter: str = "ceiling", points: int = 41, values: np.ndarray | None = None) -> pd.DataFrame:
        """Sum of squares along one parameter, the others fitted again.

        Parameters
        ----------
        parameter : str
            An estimated parameter.
        points : int
            Number of values, over the 95% interval and a third more, or two powers of ten where it is open.
        values : array or None
            The values themselves, in the unit of the parameter; ceilings below the `floor` are left out.

        Returns
        -------
        DataFrame
            The parameter, ssr (under the first kind of errors) and confidence (level of the profile interval that ends
            there). Where errors are not known the confidence is the lowest of those under the kinds in `by_errors`,
            which the columns of their names hold. No row of a series that does not rise.

        Raises
        ------
        CurveError
            If the parameter is not estimated, or one of the values is none that it can have.
        """
        place = self.place(parameter)
        if self.best.flat or self.df_resid < 0:
            return pd.DataFrame(columns=[parameter, "ssr", "confidence"], dtype=float)
        values = self._spread(place, points) if values is None else read_numbers(values, "values")
        least = -np.inf if self.problem.kinds[place] == "date" else 0.0
        if not (values >= least).all():
            raise CurveError(f"one of the values is no {parameter}: it is missing, or below 0")
        if place == CEILING:
            values = values[values >= self.problem.floor * (1 - 1e-12)]
        traced = {kind: fit.trace(place, values) for kind, fit in self.by_errors.items()}
        ssr, confidence = next(iter(traced.values()))
        frame = pd.DataFrame({parameter: values, "ssr": ssr, "confidence": confidence})
        if len(traced) > 1:
            each = {kind: confidence for kind, (_, confidence) in traced.items()}
            frame = frame.assign(confidence=np.minimum.reduce([*each.values()]), **each)
        return frame

    def _spread(self, place: int, points: int) -> np.ndarray:
        """Values of a parameter to draw its profile at: a third past its ends, `_OPEN_SPAN` where they are open."""
        first = next(iter(self.by_errors.values()))
        low, high = limits(first.problem, place)
        centre = float(np.clip(first.best.coordinates[place], low, high))
        ends = np.array([fit.coordinate_ends(place, 0.05) for fit in self.by_errors.values()])
        below, above = ends[:, 0].min() - centre, ends[:, 1].max() - centre
        start = max(low, centre + (1.3 * below if np.isfinite(below) else -_OPEN_SPAN))
        end = min(high, centre + (1.3 * above if np.isfinite(above) else _OPEN_SPAN))
        values = np.r_[np.linspace(start, centre, points // 2 + 1), np.linspace(centre, end, points - points // 2)]
        return self.problem.to_parameter(place, np.unique(values))

    def trace(self, place: int, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sums of squares with a parameter at each of some values, and the confidence at which each is rejected.

        Parameters
        ----------
        place : int
            Of the parameter among the coordinates; 0 is the ceiling.
        values : ndarray (v,)
            Values of the parameter: per year, decimal years, years or numbers.

        Returns
        -------
        ndarray (v,), ndarray (v,)
            The confidence is NaN without a degree of freedom, and 0 where the figures do not rise.
        """
        if self.best.flat:
            return np.full(len(values), self.ssr), np.zeros(len(values))
        with np.errstate(divide="ignore", invalid="ignore"):  # a perfect fit leaves no noise to measure by
            coordinates = self.problem.to_coordinate(place, values)
            ssr = np.array([fit.ssr for fit in refit_along(self.problem, self.best, place, coordinates)])
            statistic = np.maximum(ssr - self.ssr, 0) / self.scale
        return ssr, fdtr(1, self.df_resid, statistic)

    # ---- estimates and their errors

    @cached_property
    def covariance(self) -> np.ndarray:
        """Covariance of the log ceiling and the coordinates, (1 + p, 1 + p); NaN for what has no error."""
        return covariance(self.problem, self.best, self.scale)

    @cached_property
    def cov_params_default(self) -> pd.DataFrame:
        """Wald covariance of the estimates: what `cov_params()` returns."""
        problem, best = self.problem, self.best
        # a parameter's derivative by its coordinate, which is a logarithm, or a date in spans
        pairs = enumerate(zip(problem.kinds, best.coordinates, strict=True))
        slopes = [problem.span if kind == "date" else problem.to_parameter(at, value) for at, (kind, value) in pairs]
        unit = np.array(slopes, float)
        unit[1:][self.limits != 0] = np.nan
        unit[np.diag(self.covariance) == 0] = np.nan  # it misses nothing: there is no test
        with np.errstate(over="ignore"):  # beyond all numbers is infinite
            matrix = self.covariance * np.outer(unit, unit)
        if not problem.free:  # of a ceiling that is known nothing is estimated
            matrix = matrix[1:, 1:]
        return pd.DataFrame(matrix, index=self.param_names, columns=self.param_names)

    @cached_property
    def bse(self) -> pd.Series:
        """Standard errors by name."""
        with np.errstate(invalid="ignore"):
            return pd.Series(np.sqrt(np.diag(self.cov_params_default)), index=self.param_names)

    @property
    def pvalues(self) -> pd.Series:
        """Two-sided t tests of zero; for a date this has no meaning and is kept for the convention only."""
        return 2 * stdtr(max(self.df_resid, 1), -self.tvalues.abs()).where(self.bse.notna())

    @property
    def _plain(self) -> LikelihoodModelResults:
        """Covariance matrix without labels, as the tests of statsmodels need it."""
        plain = LikelihoodModelResults(
            self.model, self.params.to_numpy(), self.cov_params_default.to_numpy(), use_t=True
        )
        plain.df_resid = self.df_resid
        return plain

    def t_test(self, r_matrix: Any, cov_p: np.ndarray | None = None, use_t: bool | None = None) -> Any:
        """Test linear hypotheses such as "rate = 0.5" one by one; see statsmodels' `t_test`.

        Parameters
        ----------
        r_matrix : str, sequence of str, or ndarray (k, p)
            Hypotheses, k of them on p parameters.
        cov_p : ndarray (p, p), optional
            Covariance of the parameters, in products of their units; None takes that of the fit.
        use_t : bool, optional
            True tests by Student's t, False by the normal distribution.

        Returns
        -------
        statsmodels.stats.contrast.ContrastResults
        """
        with np.errstate(invalid="ignore"):  # of a limit there is no test: NaN
            return self._plain.t_test(r_matrix, cov_p, use_t)

    def wald_test(self, r_matrix: Any, **options: Any) -> Any:
        """Test linear hypotheses together; see statsmodels' `wald_test`."""
        with np.errstate(invalid="ignore"):
            return self._plain.wald_test(r_matrix, **options)

    def conf_int(self, alpha: float = 0.05, method: str = "wald") -> pd.DataFrame:
        """Intervals of the estimates.

        Parameters
        ----------
        alpha : float
            One minus the level.
        method : {"wald", "profile"}
            t quantile times the standard error, which holds for independent errors; F profile (an end without crossing
            is infinite, 0 for a rate), under the errors of the model: where they are not known, the hull of the
            intervals under independent and persistent errors. None of a ceiling reaches below the model's `floor`.

        Returns
        -------
        DataFrame
            Columns 0 and 1, as statsmodels has it.

        Raises
        ------
        CurveError
            For an unknown method, or an alpha that does not lie between 0 and 1.
        """
        check_alpha(alpha)
        if method == "wald":
            half = stdtrit(max(self.df_resid, 1), 1 - alpha / 2) * self.bse
            return pd.DataFrame({0: self.params - half, 1: self.params + half})
        if method == "profile":
            return pd.DataFrame(self.intervals(self.param_names, alpha), self.param_names, [0, 1])
        raise CurveError(f"method={method!r} is unknown; choose 'wald' or 'profile'")

    @cached_property
    def identified(self) -> bool:
        """True if the data limit the ceiling: its 95% profile interval is closed, and at most 2 : 1.

        A closed interval from 35 to 2,416 says no more than an open one; an upper end at most twice the lower one is
        the coarsest answer to "where will it end" that still tells a reader the order of size. With a given ceiling it
        is asked whether the intervals of all parameters are closed.
        """
        if self.flag:
            return False
        if self.model.ceiling.name:
            return bool(is_narrow(*self.intervals([self.model.ceiling.name], 0.05)[0]))
        return bool(np.isfinite(self.intervals(self.param_names, 0.05)).all())

    @property
    def llf(self) -> float:
        """Gaussian log-likelihood at its maximum over the variance; infinite for a perfect fit."""
        if self.ssr <= 0:
            return np.inf
        roots = np.log(self.problem.scale / self.model.ceiling.limit_at(self.model.exog)).sum()
        return float(-0.5 * self.nobs * (np.log(2 * np.pi * self.ssr / self.nobs) + 1) + roots)

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return -2 * self.llf + 2 * (self.k_params + 1)

    @property
    def aicc(self) -> float:
        """Akaike's criterion with the correction for short series; infinite where it is undefined."""
        count, left = self.k_params + 1, self.nobs - self.k_params - 2
        return self.aic + 2 * count * (count + 1) / left if left > 0 else np.inf

    @property
    def bic(self) -> float:
        """Schwarz's criterion."""
        return -2 * self.llf + np.log(self.nobs) * (self.k_params + 1)

    @property
    def durbin_watson(self) -> float:
        """Durbin and Watson's statistic of the residuals, 2 without serial correlation; NaN where there are too few."""
        residual, values = self.problem.residual(self.best.theta), self.model.endog
        if len(residual) < 3 or self.best.flat or residual @ residual <= 1e-20 * (values @ values):
            return np.nan
        return float(durbin_watson(residual))

    # ---- the curve at dates

    def observation_variance(self, years: np.ndarray) -> np.ndarray:
        """Variance of a new observation around the curve, (h,).

        That of cumulative errors grows with the time since they began. Beside known standard errors it is the model's
        own and that of the last observation.
        """
        model = self.model
        if self.first is not None:
            steps = (years - model.exog[0]) / typical_step(model.exog)
            return self.scale * np.maximum(self.first + steps, 0.0)
        variance = self.scale if model.known_se is None else model.model_error**2 + model.known_se[-1] ** 2
        return np.full(len(years), variance)

    def predict(self, exog: Times | None = None, limit: np.ndarray | None = None) -> pd.Series:
        """Curve at dates or decimal years.

        Parameters
        ----------
        exog : dates or decimal years, (h,)
            None: those of the data. Data with numbers for dates are asked for numbers.
        limit : array, (h,)
            Limit at these times, of a model with one; None: the model's own, constant after its last date.

        Returns
        -------
        Series
            Indexed by exog.
        """
        return self.get_prediction(exog, limit).predicted_mean

    def get_prediction(self, exog: Times | None = None, limit: np.ndarray | None = None) -> _CurvePrediction:
        """Curve with standard errors: `.summary_frame(alpha)` has statsmodels' columns. Arguments as in `predict`.

        Parameters
        ----------
        exog : date, decimal year or sequence of either (n,), or None
            None predicts at the dates of the figures.
        limit : ndarray (n,), optional
            The limit at these dates in the unit of the series, for a ceiling that is a share of it.

        Returns
        -------
        _CurvePrediction
        """
        if exog is None:
            return _CurvePrediction(self, self.model.index, self.model.exog, limit)
        index = exog if isinstance(exog, pd.Index) else pd.Index(np.atleast_1d(exog))
        years = np.atleast_1d(years_among(exog, self.model.is_dated, "what is asked for"))
        return _CurvePrediction(self, index, years, limit)

    @cached_property
    def fittedvalues(self) -> pd.Series:
        """Curve at the observations, a Series."""
        return self.predict().rename(self.model.endog_name)

    @property
    def resid(self) -> pd.Series:
        """Observation less curve, a Series."""
        return pd.Series(self.model.endog, self.fittedvalues.index, name=self.model.endog_name) - self.fittedvalues

    # ---- in print

    def summary(self, alpha: float = 0.05) -> Summary:
        """A statsmodels Summary with Wald and profile intervals and what to bear in mind; without date and time."""
        return printing.summarise(self, alpha)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the observations and the curve, half the span of the series further on.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            By default new ones in a figure of their own.

        Returns
        -------
        matplotlib Axes
        """
        from ..show.figures.on_axes import plot_curve

        return plot_curve(self, ax)

    def _repr_html_(self) -> str:
        return self.summary().as_html()

    def __repr__(self) -> str:
        numbers = ", ".join(f"{name} {value:.6g}" for name, value in self.params.items())
        warning = f"; {self.flag}" if self.flag else ""
        return f"<{type(self.model).__name__} of {self.model.endog_name}: {numbers}{warning}>"
