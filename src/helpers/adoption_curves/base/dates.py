"""Conversion between dates and decimal years; a date counts as the end of its day, so 2025-12-31 is 2026.0."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

# Dates in any form that pandas reads, or decimal years.
Dates: TypeAlias = pd.Index | pd.Series | np.ndarray | Sequence[Any]
# Dates or decimal years, or a single one.
Times: TypeAlias = Dates | str | date | float
_FARTHEST_YEAR = 9999
# First and last year allowed for an observation; other years are typing errors or limits of a calendar.
OBSERVED_YEARS = (1800, 2100)
# Number of observations that a forecast needs, and the years that they must span.
LEAST_OBSERVATIONS, LEAST_SPAN = 3, 0.49
# Number of observations that the verdict "levels off" needs.
LEAST_TO_LEVEL_OFF = 6
REAL = (int, float, np.integer, np.floating)
# A text in which a day and a month come before the year.
_EITHER = re.compile(r"\s*(\d{1,2})\s*[-/. ]\s*(\d{1,2})\s*[-/. ]\s*(\d{4})")


class CurveError(ValueError):
    """Raised if a curve cannot be fitted to the data or arguments; the message says what to change."""


def decimal_years(dates: Times) -> np.ndarray:
    """Dates as decimal years.

    A date counts as the end of its day. Numbers are returned unchanged, because they may already be decimal years.

    Parameters
    ----------
    dates : DatetimeIndex, PeriodIndex, Series, array_like, str, date or float
        Dates, ISO strings or numbers; n of them, or a single one.

    Returns
    -------
    ndarray of float, shape (n,)
        Years; shape () for a single date. NaT becomes NaN.

    Raises
    ------
    CurveError
        If an item is neither a date nor a number.

    Examples
    --------
    >>> decimal_years(["2024-12-31", "2025-06-30"]).round(3).tolist()
    [2025.0, 2025.496]
    """
    if isinstance(dates, pd.PeriodIndex):
        dates = dates.to_timestamp(how="end")
    if not isinstance(dates, pd.DatetimeIndex):
        cells = np.ravel(np.asarray(dates, object))
        is_number = all(isinstance(cell, REAL) and not isinstance(cell, bool) for cell in cells)
        if is_number and np.asarray(dates).dtype.kind != "M":
            return np.asarray(dates, float)
    wrong = "these are neither dates nor numbers: {}; write dates as 2025-12-31"
    index = dates if isinstance(dates, pd.DatetimeIndex) else _parse_dates(dates, wrong)
    years = index.year.to_numpy() + index.day_of_year.to_numpy() / (365 + index.is_leap_year)
    return years if np.ndim(dates) or isinstance(dates, pd.Index) else years[0]


def _parse_dates(dates: Times, wrong: str) -> pd.DatetimeIndex:
    """Convert dates of any type to an index; `wrong` is the error message, with {} for the reason."""
    if isinstance(dates, pd.Series) and dates.dtype.kind == "M":
        return pd.DatetimeIndex(dates)
    cells = np.atleast_1d(np.asarray(dates))
    try:
        if cells.dtype.kind != "M":
            cells = [_read_text(cell) if isinstance(cell, str) else cell for cell in cells.astype(object)]
            if numbers := [cell for cell in cells if isinstance(cell, REAL) and not pd.isna(cell)]:
                raise ValueError(f"{numbers[0]} is a number among dates")  # pandas would read it as nanoseconds
        return pd.DatetimeIndex(pd.to_datetime(cells))
    except CurveError:
        raise
    except (ValueError, TypeError) as error:
        raise CurveError(wrong.replace("{}", str(error))) from None


def _read_text(text: str) -> pd.Timestamp:
    """Day that a text means; for a year, a quarter or a month, its last day.

    >>> [f"{_read_text(text):%Y-%m-%d}" for text in ("2021", "2021Q2", "Jun 2021", "2021-06-15", "31/12/2021")]
    ['2021-12-31', '2021-06-30', '2021-06-30', '2021-06-15', '2021-12-31']

    Raises
    ------
    CurveError
        If day and month cannot be told apart.
    ValueError
        If the text is not a date, or has no year of four digits.
    """
    if match := _EITHER.match(text):
        first, second, year = map(int, match.groups())
        if first != second and max(first, second) <= 12:
            dates = f"write {year}-{second:02}-{first:02} or {year}-{first:02}-{second:02}"
            raise CurveError(f"the date {text!r} may mean two different days: {dates}")
    if not re.search(r"\d{4}", text):
        raise ValueError(f"{text!r} has no year of four digits")
    if re.fullmatch(r"\s*\d{4}\.\d+\s*", text):
        raise ValueError(f"{text!r} may mean a month or a decimal year")
    return pd.Period(text).end_time.normalize()


def read_days(dates: Dates, what: str) -> pd.DatetimeIndex:
    """Dates of observations as days; a year or another period counts as its last day.

    Parameters
    ----------
    dates : DatetimeIndex, PeriodIndex, or index of whole years, texts or dates
    what : str
        Name of the dated values, for the message.

    Returns
    -------
    DatetimeIndex

    Raises
    ------
    CurveError
        If an item is not a date, is missing or lies outside `OBSERVED_YEARS`; or if all of several dates are within one
        day, which happens if pandas reads years as nanoseconds.

    Examples
    --------
    >>> read_days(pd.Index([2020, 2021]), "x").equals(read_days(pd.Index(["2020", "2021"]), "x"))
    True
    """
    index = pd.Index(dates)
    if isinstance(index, pd.PeriodIndex):
        index = index.to_timestamp(how="end").normalize()
    elif not isinstance(index, pd.DatetimeIndex):
        whole = all(isinstance(each, int | np.integer) and not isinstance(each, bool) for each in index)
        texts = [f"{each:04}" for each in index] if whole else index.to_numpy(object)
        wrong = f"{what} has no dates as index ({{}}): write years as 2025 or days as 2025-12-31"
        index = _parse_dates(texts, wrong)
    if index.hasnans:
        raise CurveError(f"{what} has a value without a date. Add the date, or remove the value.")
    days, (first, last) = index.normalize(), OBSERVED_YEARS
    shifted = days.nunique() == 1 and (index != days).any()
    if shifted and (index.nunique() > 1 or days[0].year == 1970):
        raise CurveError(
            f"{what} has all its values on one day, {days[0]:%Y-%m-%d}, because pd.to_datetime([2020, 2021]) reads "
            "years as nanoseconds. Write pd.Series(values, index=[2020, 2021])."
        )
    if len(outside := days.year[(days.year < first) | (days.year > last)]):
        raise CurveError(f"{what} has a date in the year {outside[0]}, but years must be between {first} and {last}")
    return index


def to_dates(years: float | np.ndarray) -> pd.DatetimeIndex:
    """Decimal years as dates, rounded to the nearest day.

    Parameters
    ----------
    years : float or ndarray of float, shape (n,)
        Decimal years.

    Returns
    -------
    DatetimeIndex, length n
        NaT for years that are not finite or beyond 9999.
    """
    years = np.atleast_1d(np.asarray(years, float))
    valid = np.isfinite(years) & (np.abs(years) < _FARTHEST_YEAR)
    safe = np.where(valid, years, 2000.0)
    year = np.ceil(safe).astype(int) - 1
    start, end = ((year - epoch).astype("datetime64[Y]").astype("datetime64[D]") for epoch in (1970, 1969))
    dates = start + np.rint((safe - year) * (end - start).astype(int)).astype(int) - 1
    return pd.DatetimeIndex(np.where(valid, dates, np.datetime64("NaT")).astype("datetime64[s]"))
