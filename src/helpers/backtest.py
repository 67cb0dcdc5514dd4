"""The backtest: what each method would have said at every earlier date of the reference technologies, scored.

A residual frame (`run_backtest`) has one row per window, origin and horizon and one column per method. `evaluate` turns it into
one row per method and forecast, with bands that know nothing of the technology they are judged on; `score`,
`cover_by_technology`, `cover_by_stage`, `compare` and `check_calibration` summarise that. Every summary gives each technology the
same weight, however many series and dates it has.

Source of the scores: Bracher, Ray, Gneiting and Reich 2021 (WIS, as the mean of twice the quantile losses over seven quantiles);
Gneiting and Raftery 2007 (CRPS, the same over 39 quantiles).
"""

import numpy as np
import pandas as pd
from statsmodels.genmod.families.links import Log, LogLog

from helpers.forecast import bands
from helpers.forecast.methods import METHODS
from helpers.forecast.residuals import HORIZONS, WINDOWS, find_residuals

NORMAL_DRIFT = "drift_normal"
"""Drift with the normal bands that it claims for itself, as textbooks give it; all other bands are conformal."""
BENCHMARKS = ("last_value", "drift", "damped_drift", NORMAL_DRIFT)
STAGES = (0.05, 0.2, 0.4, 0.6001)
CRPS_QUANTILES = np.arange(1, 40) / 40


def run_backtest(references, windows=WINDOWS, horizons=HORIZONS, bounded=True):
    """Forecast every reference series from every earlier date at which 5 to 60 % of its bound was reached.

    Parameters
    ----------
    references : list of AdoptionSeries, for example ``indicators.load().references()``
    windows : numbers of points that the methods may see
    horizons : years ahead
    bounded : bool, False to calibrate forecasts without a bound

    Returns
    -------
    DataFrame as `helpers.forecast.residuals.find_residuals` describes it; pass it to `forecast.forecast(residuals=...)`.
    """
    return find_residuals(references, windows, horizons, bounded)


def evaluate(residuals):
    """Score every forecast of every method with bands that leave out its technology.

    Parameters
    ----------
    residuals : DataFrame from `run_backtest`, or one that `evaluate` has made (returned as it is)

    Returns
    -------
    DataFrame with a row per method and forecast: the residual frame's labels, method, forecast, actual, the seven quantiles, and
    ``ape`` (absolute error / actual), ``wis`` and ``crps`` (in shares of the unit at the origin), ``covered_50``, ``covered_80``,
    ``covered_95``.
    """
    if "wis" in residuals.columns:
        return residuals
    bounded = bool(residuals["share"].notna().all())
    link = LogLog() if bounded else Log()
    names = [name for name in METHODS if name in residuals.columns]
    parts = [_score_rows(residuals, name, bands.quantiles_elsewhere(residuals, name, link, bounded)) for name in names]
    point, sd = residuals["drift"].to_numpy(float), residuals["drift_sd"].to_numpy(float)
    parts.append(_score_rows(residuals, NORMAL_DRIFT, lambda levels: bands.normal_quantiles(point, sd, levels)))
    return pd.concat(parts, ignore_index=True)


def _score_rows(residuals, method, quantiles_at):
    """Rows of `evaluate` for one method."""
    labels = ["technology", "entity", "indicator", "window", "origin", "date", "horizon_years", "years", "share", "unit"]
    frame = residuals[labels].copy()
    point = residuals["drift" if method == NORMAL_DRIFT else method].to_numpy(float)
    actual, unit = residuals["actual"].to_numpy(float), residuals["unit"].to_numpy(float)
    seven = quantiles_at(bands.SEVEN)
    frame["method"], frame["forecast"], frame["actual"] = method, point, actual
    for position, level in enumerate(bands.SEVEN):
        frame[f"q{level:g}"] = seven[:, position]
    frame["ape"] = np.abs(actual - point) / actual
    frame["wis"] = quantile_score(actual, seven, bands.SEVEN) / unit
    frame["crps"] = quantile_score(actual, quantiles_at(CRPS_QUANTILES), CRPS_QUANTILES) / unit
    slack = 1e-9 * unit
    for name, low, high in (("covered_50", 2, 4), ("covered_80", 1, 5), ("covered_95", 0, 6)):
        frame[name] = (actual >= seven[:, low] - slack) & (actual <= seven[:, high] + slack)
    return frame


def quantile_score(actual, quantiles, levels):
    """Mean of twice the quantile losses: (R,) for actual (R,), quantiles (R, Q) and levels (Q,)."""
    levels, miss = np.asarray(levels, float), actual[:, None] - quantiles
    return (2 * np.where(miss >= 0, levels * miss, (levels - 1) * miss)).mean(axis=1)
