"""What a forecast takes of a series: the values that it uses, and the dates that follow."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..base.dates import LEAST_SPAN, REAL, decimal_years
from ..base.decline import find_newest
from ..base.formats import quote
from ..base.limit import Limit
from ..indicators.date_formats import read_day
from ..indicators.from_pandas import find_double
from ..indicators.series import BASE_TOLERANCE, AdoptionSeries

_LIMIT_TOLERANCE = 0.02  # part by which values may lie above the limit: both are rounded, and of different days
_LONGEST_HORIZON = 100  # years; a run allows fewer
_LONGEST_UNTIL = 15  # years


def select_values(values: pd.Series, limit: Limit | None = None) -> pd.Series:
    """The values that a forecast uses: the last ones above 0, see `base.decline.find_newest`.

    Parameters
    ----------
    values : pandas.Series with a DatetimeIndex
        Exact observations, in the unit of the series.
    limit : Limit or None
        In that unit.

    Returns
    -------
    pandas.Series
        In that unit. Of values within half a year it is the last.

    Raises
    ------
    ValueError
        With values above the limit, or a limit that starts after them.
    """
    if values.index.has_duplicates:
        raise ValueError(f"two values on {find_double(values):%Y-%m-%d}: keep one per date")
    if (values < 0).any():
        raise ValueError(f"adoption cannot be negative: {values.min():g} on {values.idxmin():%Y-%m-%d}")
    values = values[values > 0]
    if values.empty:
        return values
    years = decimal_years(values.index)
    used = values.iloc[find_newest(years)] if np.ptp(years) >= LEAST_SPAN else values.iloc[-1:]
    if limit is None:
        return used
    first = limit.values.index[0]
    if first > used.index[-1]:
        raise ValueError(f"the limit starts on {first:%Y-%m-%d}, after the last observation: give earlier values of it")
    years = decimal_years(used.index)
    known = limit.at(years, years[-1])
    named = limit.name[:1].isalpha() or limit.values.nunique() > 1
    room = _LIMIT_TOLERANCE if named else 0.0  # a number that somebody gives is not rounded
    above = (used > (1 + room) * known).to_numpy()
    if above.any():
        highest = used[above].to_numpy().argmax()
        raise ValueError(f"values up to {used[above].max():.10g} lie above the limit, {known[above][highest]:.10g}")
    if wrong := limit.find_scale_fault(used):
        raise ValueError(f"the limit, {known.max():,.10g}, {wrong}")
    return used


def next_dates(index: pd.DatetimeIndex, horizon_years: float, until: str = "") -> pd.DatetimeIndex:
    """Dates to forecast: ends of half-years, or the day of the year of an annual series.

    Parameters
    ----------
    index : DatetimeIndex
        Dates of the observations used.
    horizon_years : float
        Length of the forecast; not used if `until` is a day.
    until : str
        ISO day, the last of the dates; or "".

    Returns
    -------
    DatetimeIndex

    Raises
    ------
    ValueError
        If the horizon is not allowed or ends before the first date, or `until` is not a day, not after the last
        observation, or too late.

    Examples
    --------
    >>> next_dates(pd.to_datetime(["2023-12-31", "2024-12-31"]), 2).strftime("%Y-%m-%d").tolist()
    ['2025-12-31', '2026-12-31']
    """
    check_horizon(horizon_years)
    if not len(index):
        raise ValueError("there is no date after which to forecast: give one value at least")
    last, gaps, end = index[-1], np.diff(decimal_years(index)), None
    if until:
        end = read_until(until, last)
        horizon_years = 1 + end.year - last.year
    if len(gaps) and np.median(gaps) > 0.75:
        day = pd.offsets.MonthEnd(0) if last.is_month_end else pd.DateOffset(0)
        dates = [last + pd.DateOffset(years=year) + day for year in range(1, int(horizon_years + 1e-9) + 1)]
    else:
        months = round(12 * horizon_years)
        ends = pd.date_range(last, last + pd.DateOffset(months=months + 3), freq="QE")
        limit = last + pd.DateOffset(months=months, days=16)
        dates = [date for date in ends if date.month in (6, 12) and last + pd.Timedelta(days=30) < date <= limit]
    if end is not None:
        dates = [*(date for date in dates if date < end), end]
    if not dates:
        raise ValueError(
            f"horizon_years is {horizon_years} and ends before the next date of the series; give at least 1"
        )
    return pd.DatetimeIndex(dates, name="date")


def read_until(until: str, last: pd.Timestamp) -> pd.Timestamp:
    """Last day of a forecast.

    Raises
    ------
    ValueError
        If it is not an ISO day, not after the last observation, or more than fifteen years after it.
    """
    day = read_day(until)
    if day is None:
        raise ValueError(f"until is {quote(until)}; it must be a day such as 2030-12-31")
    end = pd.Timestamp(day)
    if end <= last:
        raise ValueError(f"until is {until}, and the last value is of {last:%Y-%m-%d}: choose a later day")
    if end > last + pd.DateOffset(years=_LONGEST_UNTIL):
        raise ValueError(f"until is {until}; a forecast reaches at most {_LONGEST_UNTIL} years after {last:%Y-%m-%d}")
    return end


def check_horizon(horizon_years: float) -> None:
    """Raise an error if the horizon is not an allowed number of years.

    Raises
    ------
    ValueError
    """
    number = isinstance(horizon_years, REAL) and not isinstance(horizon_years, bool)
    if not number or not 0 < horizon_years <= _LONGEST_HORIZON:
        text = quote(horizon_years)
        raise ValueError(f"horizon_years is {text}; it must be a number above 0 and at most {_LONGEST_HORIZON}")


def check_limits(series: AdoptionSeries) -> None:
    """Raise an error for values and limits above `most`, and for "more than" values above the limit.

    Raises
    ------
    ValueError
    """
    at_least, highest = series.at_least, series.highest
    if highest > series.most * (1 + BASE_TOLERANCE):
        raise ValueError(
            f"most is {series.most:g}, and the series has reached {highest:g}: give a number that no value exceeds"
        )
    if series.limit is None:
        return
    if (known := series.limit.values.iloc[-1]) > series.most * (1 + BASE_TOLERANCE):
        raise ValueError(f"most is {series.most:g}, and the limit is {known:g}: give a value that no limit passes")
    above = at_least[at_least > (1 + _LIMIT_TOLERANCE) * series.limit.highest_at(at_least.index)]
    if len(above):
        raise ValueError(
            f"censored says at least {above.iloc[0]:g} on {above.index[0]:%Y-%m-%d}, which lies above the limit"
        )
