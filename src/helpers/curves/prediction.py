"""The curve at dates, with standard errors: what `Results.predict` and `get_prediction` answer with."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from ..base.dates import CurveError, Times, years_among
from .descent import jacobian
from .inputs import check_alpha, read_numbers
from .likelihoods import LeastSquares


class CurvePrediction:
    """Curve at given times, with standard errors by the delta method.

    Attributes
    ----------
    predicted_mean, se_mean, se_obs : Series
        Curve; standard errors of the curve and of a new observation (of weight 1, or known as well as the last one).
    """

    def __init__(self, likelihood: LeastSquares, index: pd.Index, years: np.ndarray, bound: np.ndarray | None) -> None:
        batch, fit, model = likelihood.batch, likelihood.fit, likelihood.model
        known = model.ceiling.bound_at(years)
        scale = known if bound is None or model.ceiling.bounds is None else read_numbers(bound, "the bound")
        if np.ndim(scale) and len(scale) != len(years):
            raise CurveError(f"the bound has {len(scale)} values for {len(years)} dates; give one for each")
        times = (years[None] - batch.origin[0]) / batch.span[0]
        levels = replace(batch, times=times, scale=np.atleast_2d(scale), before=None)
        gradient = np.stack(jacobian(levels, fit.theta, fit.ceiling), axis=2)[0]
        mean = gradient[:, 0]
        estimated = np.isfinite(np.diag(likelihood.covariance))
        part, matrix = gradient[:, estimated], likelihood.covariance[np.ix_(estimated, estimated)]
        variance = np.maximum(((part @ matrix) * part).sum(1), 0) if estimated.any() else np.full(len(mean), np.nan)
        noise = likelihood.observation_variance(years)
        self.df_resid = likelihood.df_resid
        self.predicted_mean = pd.Series(mean, index, name="mean")
        self.se_mean = pd.Series(np.sqrt(variance), index, name="mean_se")
        self.se_obs = pd.Series(np.sqrt(variance + noise), index, name="obs_se")

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


class Predicted:
    """The methods of `Results` that give the curve at dates."""

    def predict(self: Any, exog: Times | None = None, bound: np.ndarray | None = None) -> pd.Series:
        """Curve at dates or decimal years.

        Parameters
        ----------
        exog : dates or decimal years, (h,)
            None: those of the data. Data with numbers for dates are asked for numbers.
        bound : array, (h,)
            Bound at these times; None: the model's own, constant after its last date.

        Returns
        -------
        Series
            Indexed by exog.
        """
        return self.get_prediction(exog, bound).predicted_mean

    def get_prediction(self: Any, exog: Times | None = None, bound: np.ndarray | None = None) -> CurvePrediction:
        """Curve with standard errors: `.summary_frame(alpha)` has statsmodels' columns. Arguments as in `predict`."""
        if exog is None:
            return CurvePrediction(self.likelihood, self.model.index, self.model.exog, bound)
        index = exog if isinstance(exog, pd.Index) else pd.Index(np.atleast_1d(exog))
        years = np.atleast_1d(years_among(exog, self.model.is_dated, "what is asked for"))
        return CurvePrediction(self.likelihood, index, years, bound)

    @cached_property
    def fittedvalues(self: Any) -> pd.Series:
        """Curve at the observations, a Series."""
        return self.predict().rename(self.model.endog_name)

    @property
    def resid(self: Any) -> pd.Series:
        """Observation less curve, a Series."""
        return pd.Series(self.model.endog, self.fittedvalues.index, name=self.model.endog_name) - self.fittedvalues
