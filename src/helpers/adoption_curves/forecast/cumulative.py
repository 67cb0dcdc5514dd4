"""Totals without a limit: the amounts that each period adds are forecast, and added to the last total.

`compute_increments` gives these amounts as rates a year, which are forecast like a series without a limit. `sum_up`
simulates paths of the rates and cumulates them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import ndtr

from ..base.dates import LEAST_OBSERVATIONS, LEAST_SPAN, decimal_years
from ..base.decline import find_newest
from ..indicators.series import AdoptionSeries
from .paths import draw_scores

_MOST_STEPS = 40  # largest number of periods; over longer horizons each spans several periods of the series


def compute_increments(series: AdoptionSeries) -> AdoptionSeries | None:
    """Increments of a total, as rates a year.

    Parameters
    ----------
    series : AdoptionSeries
        Cumulative observations, of which those are used that any forecast uses.

    Returns
    -------
    AdoptionSeries or None
        Increment since the observation before, divided by the years between both; without a limit and newer bounds.
        None if the last increment is not above 0, or fewer than three are, or these span less than half a year.
    """
    values = series.values[series.values > 0]
    values = values.iloc[find_newest(decimal_years(values.index))]
    rates = values.diff().iloc[1:] / np.diff(decimal_years(values.index))
    positive = rates[rates > 0]
    if len(positive) < LEAST_OBSERVATIONS or rates.iloc[-1] <= 0 or np.ptp(decimal_years(positive.index)) < LEAST_SPAN:
        return None
    nothing = series.censored.iloc[:0]
    return replace(series, values=rates, limit=None, most=np.inf, censored=nothing, measure="level")


def sum_up(added: Any, last: float, years: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Quantiles of a total from simulated paths of its increments.

    Parameters
    ----------
    added : Forecast
        Forecast of the increments, in units a year.
    last : float
        Last observation of the total.
    years : ndarray, shape (H,)
        Years after the last observation.
    levels : ndarray, shape (Q,) or (H, Q)
        Between 0 and 1.

    Returns
    -------
    ndarray, shape (H, Q)
        In the unit of the total, interpolated linearly within a period.
    """
    if not len(years):
        return np.empty((0, np.shape(levels)[-1]))
    gap = float(np.median(np.diff(decimal_years(added.used.index))))
    step = gap * max(1, int(np.ceil(years.max() / gap / _MOST_STEPS)))
    ends = step * np.arange(1, int(np.ceil(years.max() / step - 1e-9)) + 1)
    rates = added.margins(ends, ndtr(draw_scores(ends)).T)
    totals = last + step * np.cumsum(np.maximum(rates, 0.0), axis=0)
    totals = np.vstack([np.full((1, totals.shape[1]), last), totals])
    # interpolate linearly within a period
    before = np.minimum((years / step).astype(int), len(ends) - 1)
    part = (years / step - before)[:, None]
    reached = (1 - part) * totals[before] + part * totals[before + 1]
    wanted = np.broadcast_to(levels, (len(years), np.shape(levels)[-1]))
    return np.stack([np.quantile(row, level) for row, level in zip(reached, wanted, strict=True)])
