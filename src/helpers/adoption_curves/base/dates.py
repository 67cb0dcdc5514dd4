"""Dates as decimal years and back: the end of a day counts, so 2025-12-31 is 2026.0. `CurveError` is for curves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

Dates: TypeAlias = pd.Index | pd.Series | np.ndarray | Sequence[Any]
"""Dates in any form that pandas reads, or decimal years."""
Times: TypeAlias = Dates | str | date | float
"""Dates or decimal years, or a single one."""
_FARTHEST_YEAR = 9999
OBSERVED_YEARS = (1800, 2100)
"""First and last year of dated observations, in files too; other years are typing errors or ends of calendars."""
SHORTEST, SHORTEST_SPAN = 3, 0.49
"""Figures, and years that they must span, for a forecast from a series' own growth."""
LEAST_FIGURES = 6
"""Fewest figures for the verdict "levels off"."""
REAL = (int, float, np.integer, np.floating)
_EITHER = re.compile(r"\s*(\d{1,2})\s*[-/. ]\s*(\d{1,2})\s*[-/. ]\s*(\d{4})")
"""A text in which a day and a month come before the year."""


class CurveError(ValueError):
    """The data or the arguments cannot be fitted; the message says what is wrong and what would be right."""


def decimal_years(dates: Times) -> np.ndarray:
    """Dates as decimal years, the end of the day; numbers are an axis of their own and stay what they are.

    Parameters
    ----------
    dates : DatetimeIndex, Series, list of dates or ISO strings, one date, or numbers (which pass through)

    Returns
    -------
    ndarray of float, shape (n,); a scalar date gives shape (), NaT gives NaN

    Raises
    ------
    CurveError
        If something is neither a date nor a number.
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
    """Dates of any form as an index; a text is read by `_read_text`. `wrong` is the error with {} for its reason."""
    if isinstance(dates, pd.Series) and dates.dtype.kind == "M":
        return pd.DatetimeIndex(dates)
    cells = np.atleast_1d(np.asarray(dates))
    try:
        if cells.dtype.kind != "M":
            cells = [_read_text(cell) if isinstance(cell, str) else cell for cell in cells.astype(object)]
            if numbers := [cell for cell in cells if isinstance(cell, REAL) and not pd.isna(cell)]:
                raise ValueError(f"{numbers[0]} is a number among dates")  # which pandas takes for parts of a second
        return pd.DatetimeIndex(pd.to_datetime(cells))
    except CurveError:
        raise
    except (ValueError, TypeError) as error:
        raise CurveError(wrong.replace("{}", str(error))) from None


def _read_text(text: str) -> pd.Timestamp:
    """The day that a text means: of a year, a quarter or a month the last one.

    >>> [f"{_read_text(text):%Y-%m-%d}" for text in ("2021", "2021Q2", "Jun 2021", "2021-06-15", "31/12/2021")]
    ['2021-12-31', '2021-06-30', '2021-06-30', '2021-06-15', '2021-12-31']

    Raises
    ------
    CurveError
        Where day and month may be each other.
    ValueError
        Where it is no date, or has no year of four digits.
    """
    if found := _EITHER.match(text):
        first, second, year = map(int, found.groups())
        if first != second and max(first, second) <= 12:
            meant = f"write {year}-{second:02}-{first:02} or {year}-{first:02}-{second:02}"
            raise CurveError(f"the date {text!r} may be either of two days: {meant}")
    if not re.search(r"\d{4}", text):
        raise ValueError(f"{text!r} has no year of four digits")
    if re.fullmatch(r"\s*\d{4}\.\d+\s*", text):
        raise ValueError(f"{text!r} may be a month or a part of a year")
    return pd.Period(text).end_time.normalize()


def read_days(dates: Dates, what: str) -> pd.DatetimeIndex:
    """Dates of figures as days; of a year, written as a whole number or a text, or of another period the last day.

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
        For anything else, a missing date or one outside `OBSERVED_YEARS`; and for dates of more than one figure all
        within a day, which are years that were read as parts of a second.

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
        raise CurveError(f"{what} has a figure without a date: give it one, or leave it out")
    days, (first, last) = index.normalize(), OBSERVED_YEARS
    shifted = days.nunique() == 1 and (index != days).any()
    if shifted and (index.nunique() > 1 or days[0].year == 1970):
        raise CurveError(
            f"{what} has all its figures on one day, {days[0]:%Y-%m-%d}: pd.to_datetime([2020, 2021]) takes years for "
            "parts of a second; write pd.Series(values, index=[2020, 2021])"
        )
    if len(outside := days.year[(days.year < first) | (days.year > last)]):
        raise CurveError(f"{what} has a date in the year {outside[0]}: dates lie from {first} to {last}; is it right?")
    return index


def to_dates(years: float | np.ndarray) -> pd.DatetimeIndex:
    """Decimal years as dates, to the nearest day; years that are not finite or beyond 9999 become NaT.

    Parameters
    ----------
    years : float or (n,) decimal years

    Returns
    -------
    DatetimeIndex
    """
    years = np.atleast_1d(np.asarray(years, float))
    valid = np.isfinite(years) & (np.abs(years) < _FARTHEST_YEAR)
    safe = np.where(valid, years, 2000.0)
    year = np.ceil(safe).astype(int) - 1
    start, end = ((year - epoch).astype("datetime64[Y]").astype("datetime64[D]") for epoch in (1970, 1969))
    dates = start + np.rint((safe - year) * (end - start).astype(int)).astype(int) - 1
    return pd.DatetimeIndex(np.where(valid, dates, np.datetime64("NaT")).astype("datetime64[s]"))
