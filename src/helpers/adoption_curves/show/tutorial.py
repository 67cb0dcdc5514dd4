"""What a study shows as a lesson: the series whose forecast is explained, and frames of values for plain code."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from .. import forecast
from ..base.dates import decimal_years
from ..forecast.forecasting import REPORTED_QUANTILES
from ..forecast.hindcasts import cut_series, find_example
from ..indicators import AdoptionSeries, Data, cite_series


def explain_forecast(
    result: forecast.Forecast, references: Sequence[AdoptionSeries], horizon_years: float
) -> forecast.Forecast:
    """Forecast that is explained: the one in question, where it has an interval, else that of a reference.

    Parameters
    ----------
    result : Forecast
    references : sequence of AdoptionSeries
    horizon_years : number
        Of the forecast of a reference.

    Returns
    -------
    Forecast
    """
    if result.has_range:
        return result
    one, origin = find_example(references)
    return forecast.forecast(cut_series(one, origin), horizon_years=horizon_years)


def frame_window(data: Data, result: forecast.Forecast) -> pd.DataFrame:
    """The values that a forecast uses, and the limit as known at the last of them.

    Parameters
    ----------
    data : Data
    result : Forecast

    Returns
    -------
    DataFrame
        A row a value: date, year (with decimals), t (years before the last), y, limit and x (y / limit), which are
        missing without a limit, and assumed (whether the value is assumed for a "more than"). Its ``attrs`` are title,
        unit, measure and source.
    """
    series, values = result.printed, result.used
    years = decimal_years(values.index)
    limit = np.full(len(years), np.nan) if series.limit is None else series.limit.at(years, years[-1:].max(initial=0))
    rows = pd.DataFrame({"date": values.index, "year": years, "t": years - years[-1:], "y": values.to_numpy(float)})
    rows = rows.assign(limit=limit, x=rows["y"] / limit, assumed=values.index.isin(series.readings.index))
    source = cite_series(data, series, newer=False)
    rows.attrs = {"title": series.full_title, "unit": series.unit, "measure": series.measure, "source": source}
    return rows


def frame_horizon(result: forecast.Forecast) -> pd.DataFrame:
    """Dates of a forecast, and those of newer values that were published only as "more than" or "at most".

    Returns
    -------
    DataFrame
        date, h (years after the last value used), limit (as forecast), its error limit_sd, most (the largest possible
        value), at_least and at_most (a newer value), and quantiles such as q0.9.
    """
    newer = result.target.newer
    dates = result.dates.union(newer.index)
    years = decimal_years(dates) - decimal_years(result.used.index)[-1]
    limit, limit_sd = result.limit_ahead(years)
    rows = pd.DataFrame({"date": dates, "h": years, "limit": limit, "limit_sd": limit_sd, "most": result.target.most})
    for name in ("at_least", "at_most"):
        rows[name] = newer.loc[newer["qualifier"] == name, "value"].reindex(dates).to_numpy()
    rows[[f"q{level:g}" for level in REPORTED_QUANTILES]] = result.at(years, REPORTED_QUANTILES)
    return rows
