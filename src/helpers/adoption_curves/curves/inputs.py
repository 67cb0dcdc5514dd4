"""Series, ceilings and dates as they are given, for curves."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from ..base.dates import OBSERVED_YEARS, REAL, CurveError, decimal_years, read_days
from ..base.limit import Limit
from ..base.numbers import read_numbers
from ..indicators.series import AdoptionSeries

Array: TypeAlias = np.ndarray
ERRORS = ("independent", "ar1")  # kinds of errors: independent, or an autoregression of the first order


def read_values(series: Any) -> tuple[pd.Series, Array]:
    """Values of a series in order of date, and their dates as decimal years.

    Parameters
    ----------
    series : Series
        By date; a whole year, a text or a period is its last day. An index of floats is decimal years, or any other
        axis of numbers. Missing values are left out.

    Returns
    -------
    Series of float, ndarray of float (n,)

    Raises
    ------
    CurveError
        For no Series, for what is no number, and for what is no date.
    """
    if not isinstance(series, pd.Series):
        raise CurveError(f"give a Series with dates as index, not a {type(series).__name__}")
    what, series = str(series.name or "the series"), series.dropna()
    values = read_numbers(series, what)
    if series.index.dtype.kind == "f":
        index, years = series.index, series.index.to_numpy()
        if not np.isfinite(years).all():
            raise CurveError(f"{what} has a value without a date: give it one, or leave it out")
    else:
        index = read_days(series.index, what).tz_localize(None)
        years = decimal_years(index)
    order = np.argsort(years, kind="stable")
    return pd.Series(values[order], index[order], name=series.name), years[order]


def read_known(series: Any) -> tuple[pd.Series, float | None, tuple[str, ...]]:
    """What is known of a series: its values, the highest that was published, and its kinds of errors.

    Parameters
    ----------
    series : Series or AdoptionSeries
        Of an AdoptionSeries a newer value between two known ends counts too, as their mean.

    Returns
    -------
    Series, float or None, tuple of str
        Values as given; None is the highest of them; one kind of errors where it is known, else both.
    """
    if not isinstance(series, AdoptionSeries):
        return series, None, ERRORS
    read = series.use_readings()
    return read.values, read.highest, ERRORS if series.errors is None else (series.errors,)


def read_ceiling(ceiling: Any, is_dated: bool, what: str = "the ceiling") -> Limit:
    """A known ceiling as a Limit; a number is one without dates.

    Parameters
    ----------
    ceiling : float, Series or Limit
        In the unit of the series.
    is_dated : bool
        Whether the series has dates.
    what : str
        Its name, for the message.

    Returns
    -------
    Limit

    Raises
    ------
    CurveError
        For what is no number above 0, or has dates where the series has none.
    """
    if isinstance(ceiling, Limit):
        ceiling = ceiling.values
    if not isinstance(ceiling, pd.Series):
        if isinstance(ceiling, bool) or not isinstance(ceiling, REAL):
            raise CurveError(f"{what} is {ceiling!r}; it must be a number above 0, or a Series by date")
        ceiling = pd.Series([ceiling], [0.0])
    values, _ = read_values(ceiling.rename(what))
    if isinstance(values.index, pd.DatetimeIndex) and not is_dated:
        raise CurveError(f"{what} has dates, but the observations have decimal years: write both alike")
    if values.empty or not (values > 0).all():
        raise CurveError(f"{what} is {values.min():g}; it must be above 0 on every date")
    return Limit(values)


def read_times(times: Any, is_dated: bool, what: str) -> Array:
    """Dates that are asked of a curve, as decimal years.

    Parameters
    ----------
    times : dates, whole years or decimal years, or one of them
    is_dated : bool
        Whether the series has dates; of one with decimal years only such are asked.
    what : str
        What the dates are, for the message.

    Returns
    -------
    ndarray of float (n,)

    Raises
    ------
    CurveError
        For what is no date, and for what may be one of two.
    """
    index = times if isinstance(times, pd.Index) else pd.Index(np.atleast_1d(np.asarray(times)))
    is_whole, is_number = index.dtype.kind in "iu", index.dtype.kind in "iuf"
    if not is_dated and index.dtype.kind != "f":  # is 2027 the end of 2026 or of 2027? Only those who counted can say
        wrong = f"{what} is {index[0]}, but the observations have numbers for dates"
        raise CurveError(f"{wrong}: write the end of 2026 as 2027.0, or give the observations dates too")
    if is_dated and is_number and (index < OBSERVED_YEARS[0]).any():
        raise CurveError(f"{what} is {index.min():g}, which is no year: write dates, such as 2030 or '2030-12-31'")
    return decimal_years(read_days(index, what) if is_whole else index)
