"""Results of one fit, in statsmodels' convention."""

from __future__ import annotations

from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from helpers import projection
from helpers.curves.dates import Times, decimal_years
from helpers.curves.derived import derive
from helpers.curves.errors import CurveError
from helpers.curves.outcome import describe_flag, find_outliers, limit_value, mark_limits
from helpers.curves.picture import plot_results
from helpers.curves.prediction import CurvePrediction
from helpers.curves.profiles import profile_frame, profile_intervals
from helpers.curves.resampling import percentile_intervals, resample
from helpers.curves.summary import build_summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from statsmodels.iolib.summary import Summary

    from helpers.curves.model import AdoptionCurve


SHOWN = (0.2, 0.05)
"""One minus the levels of the intervals that tables show."""


class Results:
    """Estimates of one curve.

    Attributes
    ----------
    params, bse, tvalues, pvalues : Series by parameter; dates in decimal years, rates per year, the ceiling in the
        unit of the series. A parameter whose optimum lies at infinity or at a boundary has that limit as value and
        NaN as standard error, and the other errors are conditional on it; where the data single out no curve all are
        NaN. `flag` says so.
    ssr, scale, llf, aic, aicc, bic, nobs, df_model, df_resid : numbers. The criteria count the noise variance as a
        parameter, as R and Burnham and Anderson (2002) do.
    flag : str, "" or what is wrong with the optimum
    ceiling_kind : "free", "known", "share" or "prior"
    """

    use_t = True

    def __init__(
        self, model: AdoptionCurve, batch: projection.Batch, found: projection.Fit, noise: str = "level"
    ) -> None:
        self.model, self.batch, self.found, self.noise = model, batch, found, noise
        self.nobs = model.nobs
        self.ceiling_kind = model.ceiling.kind
        self.k_params = int(projection.count_parameters(batch)[0])
        self.df_model = self.k_params
        self.df_resid = self.nobs - self.k_params
        self.ssr = float(found.ssr[0])
        self.flag = describe_flag(self)

    # ---- estimates

    @property
    def param_names(self) -> list[str]:
        """Names of the estimated parameters."""
        return self.model.param_names

    @cached_property
    def params(self) -> pd.Series:
        """Estimates by name."""
        shape = projection.to_natural(self.batch, self.found.shape[: len(self.model.shape.parameters)])[0][:, 0]
        shape = [
            limit_value(kind, edge) if edge else value
            for (_, kind), edge, value in zip(self.model.shape.parameters, self.limits, shape, strict=True)
        ]
        values = [np.inf if self.found.runaway[0] else self.found.ceiling[0], *shape]
        if self.found.flat[0] or self.df_resid < 0:
            values = [np.nan] * len(values)
        return self._label(values if self.model.ceiling.name else values[1:])

    @property
    def limits(self) -> np.ndarray:
        """For each parameter of the shape -1 or 1 where its optimum is its lower or upper limit, else 0."""
        return mark_limits(self.model.shape, self.found)[:, 0]

    def _label(self, values: np.ndarray | list[float], name: str | None = None) -> pd.Series:
        return pd.Series(np.asarray(values, float), index=self.param_names, name=name)

    @property
    def ceiling(self) -> float:
        """The ceiling as a number: estimated or known; with a bound, its value at the last observation."""
        level = self.params[self.model.ceiling.name] if self.model.ceiling.name else self.model.ceiling.level
        bound = self.model.ceiling.bound_at(self.batch_last)
        return float(level if bound is None else level * bound)

    @property
    def batch_last(self) -> float:
        """Decimal year of the last observation."""
        return float(self.batch.origin[0] + self.batch.span[0])

    @cached_property
    def coordinate_covariance(self) -> np.ndarray:
        """Covariance of the log ceiling (or the logit of the share) and the coordinates, (1 + p, 1 + p)."""
        return projection.covariance(self.batch, self.found, natural=False)[0]

    def cov_params(self) -> pd.DataFrame:
        """Wald covariance of the estimates, a frame."""
        ceiling = self.found.ceiling[0]
        shape = projection.to_natural(self.batch, self.found.shape[: len(self.model.shape.parameters)])[1][:, 0]
        unit = np.r_[ceiling * (1 - ceiling if self.batch.has_share else 1.0), shape]
        unit[1:][self.limits != 0] = np.nan
        matrix = self.coordinate_covariance * np.outer(unit, unit)
        matrix = matrix if self.model.ceiling.name else matrix[1:, 1:]
        return pd.DataFrame(matrix, index=self.param_names, columns=self.param_names)

    @property
    def place(self) -> np.ndarray:
        """Coordinates of the optimum, with the log ceiling (or the logit of the share) first, (1 + p,)."""
        ceiling = self.found.ceiling[0]
        first = np.log(ceiling / (1 - ceiling)) if self.batch.has_share else np.log(max(ceiling, 1e-300))
        return np.r_[first, self.found.shape[: len(self.model.shape.parameters), 0]]

    def ceiling_from(self, first: float) -> float:
        """Ceiling in the unit of the series (at the last bound) from the first coordinate of `place`."""
        level = 1 / (1 + np.exp(-first)) if self.batch.has_share else np.exp(first)
        bound = self.model.ceiling.bound_at(self.batch_last)
        return level if bound is None else level * bound

    def objective_at(self, place: np.ndarray) -> float:
        """Sum of squares, with the penalty of a prior, at coordinates with the ceiling first."""
        if self.batch.has_share:
            return float(projection.evaluate(self.batch, np.r_[place[1:], place[0]][:, None]).objective[0])
        held = projection.hold(self.batch, place[1:, None], projection.CEILING, np.array([place[0]]))[0]
        return float(projection.evaluate(held, place[1:, None]).objective[0])

    def objective_bounds(self, alpha: float) -> tuple[float, float]:
        """Objective at the optimum, and its limit in the region that the data do not exclude at level 1 - alpha."""
        least = self.found.objective[0]
        return least, least + projection.profile_target(self.batch, self.found, alpha)[0]

    def find_ends(self, coordinate: int | str, alpha: float) -> dict[float, tuple[float, float]]:
        """Ends of the profile interval of a coordinate of the engine, or of the log ceiling; infinite where open.

        A dict by alpha: the two levels that tables show are searched together, which takes as long as one of them.
        """
        alphas = SHOWN if alpha in SHOWN else (alpha,)
        if self.df_resid <= 0:
            return dict.fromkeys(alphas, (-np.inf, np.inf))
        rows = np.zeros(len(alphas), int)
        batch, found = self.batch.take(rows), projection.collect(self.found, rows)
        lower, upper = projection.profile_ends(batch, found, coordinate, np.array(alphas))
        return dict(zip(alphas, zip(lower.tolist(), upper.tolist(), strict=True), strict=True))

    @cached_property
    def bse(self) -> pd.Series:
        """Standard errors by name."""
        with np.errstate(invalid="ignore"):
            return self._label(np.sqrt(np.diag(self.cov_params())))

    @property
    def tvalues(self) -> pd.Series:
        """Estimates over their standard errors."""
        return self.params / self.bse

    @property
    def pvalues(self) -> pd.Series:
        """Two-sided t tests of zero; for a date this has no meaning and is kept for the convention only."""
        return 2 * stdtr(max(self.df_resid, 1), -self.tvalues.abs()).where(self.bse.notna())

    def conf_int(self, alpha: float = 0.05, method: str = "wald", **options: Any) -> pd.DataFrame:
        """Intervals of the estimates.

        Parameters
        ----------
        alpha : float, one minus the level
        method : "wald" (t quantile times the standard error), "profile" (F; an end without crossing is infinite) or
            "bootstrap" (percentiles)
        **options : of the bootstrap, see `resample`

        Returns
        -------
        DataFrame with columns 0 and 1, as statsmodels has it
        """
        if method == "wald":
            half = stdtrit(max(self.df_resid, 1), 1 - alpha / 2) * self.bse
            return pd.DataFrame({0: self.params - half, 1: self.params + half})
        if method == "profile":
            return profile_intervals(self, alpha)
        if method == "bootstrap":
            return percentile_intervals(self, alpha, **options)
        raise CurveError(f"method={method!r} is unknown; choose 'wald', 'profile' or 'bootstrap'")

    @cached_property
    def identified(self) -> bool:
        """Whether the data bound the ceiling: its 95 % profile interval is closed.

        With a prior this is asked of the fit without it; with a given ceiling, of all parameters.
        """
        if self.flag:
            return False
        if self.ceiling_kind == "prior":
            return self.model.without_prior().fit().identified
        ends = self.conf_int(0.05, "profile")
        ends = ends.loc[[self.model.ceiling.name]] if self.model.ceiling.name else ends
        return bool(np.isfinite(ends.to_numpy()).all())

    def resample(self, repetitions: int = 999, kind: str = "residual", seed: int = 0) -> pd.DataFrame:
        """Bootstrap estimates, a frame: see `helpers.curves.resampling.resample`."""
        return resample(self, repetitions, kind, seed)

    def derived(self, alpha: float = 0.05) -> pd.DataFrame:
        """Inflection, peak growth and takeover time with intervals: see `helpers.curves.derived.derive`."""
        return derive(self, alpha)

    def outliers(self, alpha: float = 0.05) -> pd.DataFrame:
        """Observations whose residual no smooth curve explains: see `helpers.curves.outcome.find_outliers`."""
        return find_outliers(self, alpha)

    def profile(self, parameter: str = "ceiling", points: int = 41) -> pd.DataFrame:
        """Sum of squares along one parameter, the others refitted: see `helpers.curves.profiles.profile_frame`."""
        return profile_frame(self, parameter, points)

    # ---- fit statistics

    @property
    def scale(self) -> float:
        """Residual variance with the degrees-of-freedom correction."""
        return self.ssr / self.df_resid if self.df_resid > 0 else np.nan

    def observation_variance(self, share: np.ndarray, scale: np.ndarray | float) -> np.ndarray:
        """Variance of a new observation around the curve, (h,), where the curve has this share of the bound `scale`."""
        return np.full(len(share), self.scale)

    @property
    def llf(self) -> float:
        """Gaussian log-likelihood at its maximum over the variance; infinite for a perfect fit."""
        if self.ssr <= 0:
            return np.inf
        weights = 0.0 if self.model.weights is None else 0.5 * np.log(self.model.weights).sum()
        return -0.5 * self.nobs * (np.log(2 * np.pi * self.ssr / self.nobs) + 1) + weights

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

    # ---- curve

    def predict(self, exog: Times | None = None, bound: np.ndarray | None = None) -> pd.Series:
        """Curve at dates or decimal years.

        Parameters
        ----------
        exog : (h,) dates or decimal years; None = those of the data
        bound : (h,) bound at these times; None = the model's own, held constant after its last date

        Returns
        -------
        Series indexed by exog
        """
        return self.get_prediction(exog, bound).predicted_mean

    def get_prediction(self, exog: Times | None = None, bound: np.ndarray | None = None) -> CurvePrediction:
        """Curve with standard errors: `.summary_frame(alpha)` has statsmodels' columns. Arguments as in `predict`."""
        index = (
            self.model.index if exog is None else exog if isinstance(exog, pd.Index) else pd.Index(np.atleast_1d(exog))
        )
        years = self.model.exog if exog is None else np.atleast_1d(decimal_years(exog))
        return CurvePrediction(self, index, years, bound)

    @cached_property
    def fittedvalues(self) -> pd.Series:
        """Curve at the observations, a Series."""
        return self.predict().rename(self.model.endog_name)

    @property
    def resid(self) -> pd.Series:
        """Observation less curve, a Series."""
        return pd.Series(self.model.endog, self.fittedvalues.index, name=self.model.endog_name) - self.fittedvalues

    def remove_data(self) -> None:
        """Drop the observations, as statsmodels does, for small pickles: estimates, intervals and `predict` stay.

        Whatever needs the observations (profiles not yet asked for, resid, the bootstrap) is computed before or lost.
        """
        self.identified, self.bse, self.fittedvalues, self.conf_int(method="profile")
        self.batch = self.batch.without_data()
        self.model = self.model.without_data()

    # ---- print and draw

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw observations and curve, on new Axes or given ones: see `helpers.curves.picture.plot_results`."""
        return plot_results(self, ax)

    def summary(self, alpha: float = 0.05) -> Summary:
        """A statsmodels Summary: prints in a console and in a notebook."""
        return build_summary(self, alpha)

    def __repr__(self) -> str:
        numbers = ", ".join(f"{name} {value:.6g}" for name, value in self.params.items())
        warning = f"; {self.flag}" if self.flag else ""
        return f"<{type(self.model).__name__} of {self.model.endog_name}: {numbers}{warning}>"

    def _repr_html_(self) -> str:
        name = self.model.endog_name  # data are text, never markup
        return self.summary().as_html().replace(name, escape(name))

    def __dir__(self) -> list[str]:
        return sorted(name for name in object.__dir__(self) if not name.startswith("_") or name.endswith("__"))
