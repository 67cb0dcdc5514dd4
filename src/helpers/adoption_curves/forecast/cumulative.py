"""Values that count all so far: forecast is what each period adds, and `sum_up` adds it to the last observation.

`compute_increments` turns such a series into what it adds, a year's worth of it at each date; that is forecast without
a limit as any other series. `sum_up` draws its simulated paths and cumulates them.
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

_MOST_STEPS = 40  # periods that are added up at most; over longer horizons one of them spans several of the series'


def compute_increments(series: AdoptionSeries) -> AdoptionSeries | None:
    """The increments of a series that counts all so far, each in units a year over the time since the one before.

    Parameters
    ----------
    series : AdoptionSeries
        Its last observations are used, as in any forecast.

    Returns
    -------
    AdoptionSeries or None
        Without limit, limit or newer values. None where the last period added nothing or fewer than three added
        something: then there is no growth to forecast, and the series itself is.
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
    """The total's quantiles (H, Q): simulated paths of increments, cumulated from the last observation.

    Parameters
    ----------
    added : Forecast
        Of the increments, in units a year.
    last : float
        The last observation of the total.
    years : (H,) after the last observation
    levels : (Q,), or (H, Q)

    Returns
    -------
    ndarray
        Between the ends of two periods the total runs straight.
    """
    if not len(years):
        return np.empty((0, np.shape(levels)[-1]))
    gap = float(np.median(np.diff(decimal_years(added.used.index))))
    step = gap * max(1, int(np.ceil(years.max() / gap / _MOST_STEPS)))
    ends = step * np.arange(1, int(np.ceil(years.max() / step - 1e-9)) + 1)
    rates = added.margins(ends, ndtr(draw_scores(ends)).T)
    totals = last + step * np.cumsum(np.maximum(rates, 0.0), axis=0)
    totals = np.vstack([np.full((1, totals.shape[1]), last), totals])
    # between the ends of two periods
    before = np.minimum((years / step).astype(int), len(ends) - 1)
    part = (years / step - before)[:, None]
    reached = (1 - part) * totals[before] + part * totals[before + 1]
    wanted = np.broadcast_to(levels, (len(years), np.shape(levels)[-1]))
    return np.stack([np.quantile(row, level) for row, level in zip(reached, wanted, strict=True)])
