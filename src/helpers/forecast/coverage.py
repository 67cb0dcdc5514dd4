"""Coverage on record: the bands of residual rows, each technology calibrated on the others, and what they covered."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..base.levels import band_ends
from .bands import Cases, Records, calibrate, normal_quantiles
from .methods import members_of
from .windows import Levels

MIN_FORECASTS = 10
"""Forecasts a technology must have before its coverage is quoted as the worst: one or two are 0 or 100 % by chance."""
NORMAL_DRIFT = "drift_normal"
"""Drift with the normal bands that it claims for itself, as textbooks give it; all other bands are conformal."""


def leave_one_technology_out_quantiles(records: Records, method: str, levels: Levels) -> np.ndarray:
    """Quantiles (R, Q) of residual rows, each technology calibrated on the others.

    It is what `backtest` scores and what a forecast quotes as its measured coverage.
    """
    parts = []
    for name in members_of(method, records.residuals):
        errors, quantiles = records[name], np.empty((len(records.residuals), len(levels)))
        for technology, calibration in enumerate(errors.left_out):
            own = errors.technologies == technology
            quantiles[own] = calibration.quantiles(errors.cases.take(own), errors.point[own], levels)
        parts.append(quantiles)
    return sum(parts) / len(parts)


def quantiles_of(
    residuals: pd.DataFrame,
    method: str,
    levels: Levels,
    training: pd.DataFrame | None = None,
    records: Records | None = None,
) -> np.ndarray:
    """Quantiles (R, Q) of residual rows by any method or by `NORMAL_DRIFT`, with nothing learnt from the technology.

    They are calibrated on residual rows of other technologies, ``training``, or by default on each other, for which
    ``records`` of the same rows save time.
    """
    if method == NORMAL_DRIFT:
        return normal_quantiles(residuals["drift"].to_numpy(float), residuals["drift_sd"].to_numpy(float), levels)
    if training is None:
        return leave_one_technology_out_quantiles(Records(residuals) if records is None else records, method, levels)
    cases = Cases.of(residuals)
    parts = [
        calibrate(training, name).quantiles(cases, residuals[name].to_numpy(float), levels)
        for name in members_of(method, residuals)
    ]
    return sum(parts) / len(parts)


def judge(
    residuals: pd.DataFrame, method: str, levels: Sequence[float], records: Records | None = None
) -> pd.DataFrame:
    """How the bands of a method did on each residual row, its technology left out.

    Returns
    -------
    DataFrame
        A row per level and residual row: level, technology, horizon_years, growth, share, below and above (whether the
        outcome lay so), covered, above_median, width (of the band, in shares of the bound or multiples of the last
        value).
    """
    ends = [0.5, *(end for level in levels for end in band_ends(level))]
    quantiles = quantiles_of(residuals, method, ends, None, records).T
    actual, frames = residuals["actual"].to_numpy(float), []
    about = residuals[["technology", "horizon_years", "growth", "share"]].assign(above_median=actual > quantiles[0])
    for level, low, high in zip(levels, quantiles[1::2], quantiles[2::2], strict=True):
        sides = {"below": actual < low, "above": actual > high, "covered": (actual >= low) & (actual <= high)}
        frames.append(about.assign(level=level, **sides, width=(high - low) / residuals["bound_ahead"]))
    return pd.concat(frames, ignore_index=True)


def summarise_coverage(judged: pd.DataFrame) -> pd.DataFrame:
    """Rows of `judge` by level and horizon; see `Forecast.coverage`."""
    sides, by = ["covered", "below", "above", "above_median"], ["level", "horizon_years"]
    means = judged.groupby([*by, "technology"])[sides].mean().groupby(by).mean() * 100
    counts = judged.groupby(by).agg(technologies=("technology", "nunique"), forecasts=("technology", "size"))
    return counts.join(means).reset_index()


def mean_by_technology(rows: pd.DataFrame, name: str) -> float:
    """Mean of a column over technologies, each with the mean of its rows."""
    return float(rows.groupby("technology")[name].mean().mean())
