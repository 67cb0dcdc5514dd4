"""Predictions with standard errors, by the delta method."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from helpers import projection

if TYPE_CHECKING:
    from helpers.curves.results import Results


class CurvePrediction:
    """Curve at given times.

    Attributes
    ----------
    predicted_mean, se_mean, se_obs : Series; standard errors of the curve and of a new observation (of weight 1)
    """

    def __init__(self, results: Results, index: pd.Index, years: np.ndarray, bound: np.ndarray | None = None) -> None:
        batch, found, model = results.batch, results.found, results.model
        times = (years - batch.origin[0]) / batch.span[0]
        shape = found.shape[: len(model.shape.parameters), 0]
        if model.per_period:
            step = years - model.period_start(years)
            earlier = times - step / batch.span[0]
            share, slopes = _differences(model.shape, times, earlier, shape)
        else:
            share = model.shape.share(times, *shape)
            slopes = model.shape.slopes(times, share, *shape)
        scale = (
            1.0
            if model.ceiling.bounds is None
            else model.ceiling.bound_at(years)
            if bound is None
            else np.asarray(bound)
        )
        level = found.ceiling[0] * scale
        by_ceiling = (1 - found.ceiling[0] if batch.has_share else 1.0) * share
        gradient = np.column_stack([level * part for part in (by_ceiling, *slopes)])
        variance = _variance(gradient, results.coordinate_covariance)
        self.df_resid = results.df_resid
        self.predicted_mean = pd.Series(level * share, index, name="mean")
        self.se_mean = pd.Series(np.sqrt(variance), index, name="mean_se")
        noise = results.observation_variance(share, scale)
        self.se_obs = pd.Series(np.sqrt(variance + noise), index, name="obs_se")

    def conf_int(self, alpha: float = 0.05, obs: bool = False) -> np.ndarray:
        """Interval of the curve, or of a new observation, (h, 2)."""
        half = stdtrit(max(self.df_resid, 1), 1 - alpha / 2) * (self.se_obs if obs else self.se_mean)
        return np.column_stack([self.predicted_mean - half, self.predicted_mean + half])

    def summary_frame(self, alpha: float = 0.05) -> pd.DataFrame:
        """Frame of mean, mean_se, mean_ci_lower, mean_ci_upper, obs_ci_lower, obs_ci_upper; NaN = no error is known."""
        mean, observation = self.conf_int(alpha), self.conf_int(alpha, obs=True)
        return pd.DataFrame(
            {
                "mean": self.predicted_mean,
                "mean_se": self.se_mean,
                "mean_ci_lower": mean[:, 0],
                "mean_ci_upper": mean[:, 1],
                "obs_ci_lower": observation[:, 0],
                "obs_ci_upper": observation[:, 1],
            }
        )


def _differences(
    family: type[projection.Family], times: np.ndarray, earlier: np.ndarray, shape: np.ndarray
) -> tuple[np.ndarray, list[np.ndarray]]:
    share, before = family.share(times, *shape), family.share(earlier, *shape)
    slopes = zip(family.slopes(times, share, *shape), family.slopes(earlier, before, *shape), strict=True)
    return share - before, [late - early for late, early in slopes]


def _variance(gradient: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    known = np.isfinite(np.diag(covariance))
    if not known.any():
        return np.full(len(gradient), np.nan)
    part = gradient[:, known]
    return np.maximum(((part @ covariance[np.ix_(known, known)]) * part).sum(1), 0)
