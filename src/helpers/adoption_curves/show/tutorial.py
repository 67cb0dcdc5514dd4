"""What a study shows as a lesson: the series whose forecast is explained, and frames of values for plain code."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from .. import forecast
from ..base.dates import decimal_years
from ..forecast.hindcasts import cut_series, find_example, find_finished
from ..indicators import AdoptionSeries, Data, cite_series


def explain_series(series: AdoptionSeries, most: float | None, references: Sequence[AdoptionSeries]) -> AdoptionSeries:
    """Series whose forecast is explained: the one in question, where it has a range, else one of the references.

    Parameters
    ----------
    series : AdoptionSeries
    most : float or None
        Largest possible value.
    references : sequence of AdoptionSeries

    Returns
    -------
    AdoptionSeries
        Its newer values rule out paths; those that are read between two ends count as values.
    """
    result = forecast.forecast(series, most=most)
    if result.has_range and not result.target.cumulative:
        return result.printed
    one, origin = find_example(references)
    return cut_series(one, origin)


def _frame_values(data: Data, series: AdoptionSeries, values: pd.Series) -> pd.DataFrame:
    """Values of a series, and the limit as known at the last of them.

    Parameters
    ----------
    data : Data
    series : AdoptionSeries
    values : Series
        By date, in its unit.

    Returns
    -------
    DataFrame
        A row a value: date, year (with decimals), t (years before the last), y, limit and x (y / limit), which are
        missing without a limit. Its ``attrs`` are title, unit and source.
    """
    years = decimal_years(values.index)
    limit = np.full(len(years), np.nan) if series.limit is None else series.limit.at(years, years[-1:].max(initial=0))
    rows = pd.DataFrame({"date": values.index, "year": years, "t": years - years[-1:], "y": values.to_numpy(float)})
    rows = rows.assign(limit=limit, x=rows["y"] / limit)
    source = cite_series(data, series, newer=False)
    rows.attrs = {"title": series.full_title, "unit": series.unit, "source": source}
    return rows


def frame_window(data: Data, series: AdoptionSeries) -> pd.DataFrame:
    """The values of a series that its forecast uses, as `_frame_values`; and read: whether one is our reading."""
    rows = _frame_values(data, series, forecast.forecast(series).used)
    rows["read"] = rows["date"].isin(series.readings.index)
    return rows


def frame_horizon(series: AdoptionSeries, horizon_years: float, until: str = "") -> pd.DataFrame:
    """Dates ahead of a series, and those of its newer values that are only "more than" or "at most" values.

    Returns
    -------
    DataFrame
        date, h (years after its last value), limit (as forecast) and its error limit_sd.
    """
    result = forecast.forecast(series, horizon_years=horizon_years, until=until)
    dates = result.dates.union(result.target.newer.index)
    years = decimal_years(dates) - decimal_years(result.used.index)[-1]
    limit, limit_sd = result.limit_ahead(years)
    return pd.DataFrame({"date": dates, "h": years, "limit": limit, "limit_sd": limit_sd})


def frame_finished(data: Data, references: Sequence[AdoptionSeries]) -> pd.DataFrame:
    """Values of a technology that has since nearly reached its limit, as `_frame_values`."""
    finished = find_finished(references)
    return _frame_values(data, finished, finished.values)
